import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseMesh } from "../../mesh/load";
import { twoClusters as aksClusters } from "../mesh/two-clusters";

/** The mesh of two clusters, with the split of the walk-through. */
export const twoClusters = `${aksClusters}sample:
  weights: { v1: 50, v2: 50 }
`;

/** One more cluster, to put before `sample:`. */
export const thirdCluster = "  - name: remote1\n    network: network3\n    aks: aks-third\n";

/**
 * A CA for all three, made once a run: RSA keys and the library that issues certificates take a second. The keys are
 * small, since nothing here depends on their length.
 */
export async function sharedCa(): Promise<string> {
  const ca = join(process.env.MESH_TEST_RUN!, "mesh.ca");
  const mesh = parseMesh(twoClusters.replace("sample:", `${thirdCluster}sample:`), "mesh.yaml");
  if (!mesh.clusters.every(({ name }) => existsSync(join(ca, name)))) {
    const { generateCa } = await import("../../ca/generate");
    await generateCa(mesh, ca, new Date(), 2048);
  }
  return ca;
}

/** An empty folder with a `mesh.yaml` and a CA, and the process in it until `leave`. */
export async function project(text = twoClusters): Promise<{ folder: string; leave: () => void }> {
  const ca = await sharedCa();
  const folder = mkdtempSync(join(tmpdir(), "mesh-test-"));
  const before = process.cwd();
  process.chdir(folder);
  writeFileSync("mesh.yaml", text);
  cpSync(ca, "mesh.ca", { recursive: true });
  const leave = () => {
    process.chdir(before);
    rmSync(folder, { recursive: true, force: true });
  };
  return { folder, leave };
}
