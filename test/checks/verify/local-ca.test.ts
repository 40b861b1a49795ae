import { rmSync } from "node:fs";
import { join } from "node:path";
import { loadCa } from "../../../ca/load";
import { localCa } from "../../../checks/verify/trust/local-ca";
import type { VerifyWorld } from "../../../checks/verify/world";
import type { Mesh } from "../../../mesh/mesh";
import {
  clusterCa,
  days,
  filesOf,
  type Issued,
  issue,
  keyPem,
  meshOf,
  newFolder,
  now,
  ownCa,
  removeFolders,
  writeFiles,
} from "../../ca/authority";

afterAll(removeFolders);

const generated = meshOf();
const root = issue({ subject: "CN=root" });

interface Made {
  /** Days that the intermediates last. @default 1000 */
  readonly lasts?: Readonly<Record<string, number>>;
  readonly mesh?: Mesh;
  /** @default - that of the other tests */
  readonly of?: Promise<Issued>;
}

/** A CA beside mesh.yaml, by the names of its clusters. */
async function caOf(clusters: readonly string[], { lasts = {}, mesh = generated, of = root }: Made = {}) {
  const folder = newFolder();
  const from = await of;
  const made = await Promise.all(
    clusters.map(async (name) => {
      const to = days(lasts[name] ?? 1000);
      return [name, await clusterCa(await issue({ subject: `CN=${name}`, issuer: from, to }), from)] as const;
    }),
  );
  const ca = join(folder, mesh.ca.directory ?? "mesh.ca");
  const rootFiles = { "root-cert.pem": from.pem, "root-key.pem": await keyPem(from.keys) };
  writeFiles(ca, { ...filesOf(Object.fromEntries(made)), ...rootFiles });
  const meshFile = join(folder, "mesh.yaml");
  const world = { mesh, meshFile, now: () => now, ca: () => loadCa(mesh, meshFile, now) } as VerifyWorld;
  return { ca, meshFile, bring: () => localCa(world, mesh.primary) };
}

test("a valid CA is used unchanged", async () => {
  const { bring } = await caOf(["main0", "remote0"]);
  expect(bring()).toEqual({ prepare: [] });
});

test("intermediates that have expired are taken away first: `mesh ca` leaves alone what is there", async () => {
  const one = await caOf(["main0", "remote0"], { lasts: { main0: -0.5 } });
  expect(one.bring()).toEqual({ prepare: [`rm -r ${one.ca}/main0`, `mesh ca -f ${one.meshFile}`] });
  const all = await caOf(["main0", "remote0"], { lasts: { main0: -0.5, remote0: -0.5 } });
  expect(all.bring().prepare[0]).toBe(`rm -r ${all.ca}/main0 ${all.ca}/remote0`);
});

test("the command for missing files is mesh ca", async () => {
  const { bring, meshFile } = await caOf(["remote0"]);
  expect(bring()).toEqual({ prepare: [`mesh ca -f ${meshFile}`] });
});

test("without the root's key no command creates or deletes files", async () => {
  for (const { ca, bring } of [await caOf(["remote0"]), await caOf(["main0"], { lasts: { main0: -0.5 } })]) {
    rmSync(join(ca, "root-key.pem"));
    expect(bring()).toEqual({
      prepare: [],
      lacks: expect.stringMatching(/^put root-cert.pem and root-key.pem into/),
    });
  }
});

test("without the folder the mesh's root is elsewhere", async () => {
  const { ca, bring } = await caOf(["main0"]);
  rmSync(ca, { recursive: true });
  expect(bring()).toEqual({
    prepare: [],
    lacks: expect.stringMatching(/^copy the CA folder to .* first: .* would create another root$/),
  });
});

test("an expired root and other invalid files have no command that fixes them", async () => {
  const expired = await caOf(["main0"], { of: issue({ subject: "CN=old", to: days(-0.5) }) });
  const short = await caOf(["main0", "remote0"], { lasts: { main0: -0.5 } });
  rmSync(join(short.ca, "remote0", "ca-key.pem"));
  for (const { bring } of [expired, short]) {
    expect(bring()).toEqual({
      prepare: [],
      lacks: expect.stringMatching(/^fix the CA in .* first \(docs\/ca\.md\): `mesh doctor`/),
    });
  }
});

test("a CA of one's own is issued elsewhere", async () => {
  const { bring } = await caOf(["main0", "remote0"], { mesh: meshOf(ownCa), lasts: { main0: -0.5 } });
  expect(bring()).toEqual({ prepare: [], lacks: expect.stringMatching(/which your own CA issues/) });
});
