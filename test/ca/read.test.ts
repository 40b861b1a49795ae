import { readCa } from "../../ca/read";
import { meshOf, newFolder, removeFolders, writeFiles } from "./authority";

afterAll(removeFolders);

test("a cluster called constructor has a CA only if its files exist", () => {
  const folder = newFolder();
  const names = ["ca-cert", "ca-key", "root-cert", "cert-chain"];
  writeFiles(folder, Object.fromEntries(names.map((name) => [`main0/${name}.pem`, name])));
  const mesh = meshOf("", ["main0", "constructor"]);
  const { material, missing } = readCa(mesh, folder);
  expect(missing).toEqual(["constructor"]);
  expect(mesh.clusters.map(({ name }) => material[name]?.caCert)).toEqual(["ca-cert", undefined]);

  writeFiles(folder, { "constructor/ca-cert.pem": "its own" });
  writeFiles(folder, Object.fromEntries(names.slice(1).map((name) => [`constructor/${name}.pem`, name])));
  expect(readCa(mesh, folder).material.constructor).toMatchObject({ caCert: "its own" });
});
