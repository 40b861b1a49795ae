import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readAddresses } from "../../mesh/addresses";
import { parseMesh, readMesh } from "../../mesh/load";
import { readTextFile } from "../../mesh/text-file";
import { twoClusters } from "./two-clusters";

const folder = mkdtempSync(join(tmpdir(), "mesh-text-file-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);

test("reads a file with its permissions, up to the limit", () => {
  writeFileSync(at("some.pem"), "text\n");
  chmodSync(at("some.pem"), 0o640);
  const { text, mode } = readTextFile(at("some.pem"), 5);
  expect([text, mode & 0o777]).toEqual(["text\n", 0o640]);
  expect(() => readTextFile(at("some.pem"), 4)).toThrow("has 5 bytes: expected at most 4");
});

test.each([
  ["a named pipe without a writer", at("pipe"), "is not a file"],
  ["a device that never ends", "/dev/zero", "is not a file"],
  ["a folder", folder, "is not a file"],
  ["a file of ten gigabytes", at("huge"), "has 10000000000 bytes: expected at most 800000"],
])("mesh.yaml and the addresses are not read from %s", (_, file, says) => {
  execFileSync("sh", ["-c", `[ -p '${at("pipe")}' ] || mkfifo '${at("pipe")}'`]);
  writeFileSync(at("huge"), "");
  truncateSync(at("huge"), 10_000_000_000);
  expect(() => readMesh(file)).toThrow(`${file}: ${says}\n  fix: `);
  const mesh = parseMesh(twoClusters, "mesh.yaml");
  expect(() => readAddresses(file, mesh)).toThrow(`${file}: ${says}\n  fix: `);
});
