import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateCa } from "../../ca/generate";
import { parseMesh } from "../../mesh/load";
import { twoClusters as aksClusters } from "../mesh/two-clusters";

/** The mesh of two clusters, with the split of the walk-through. */
export const twoClusters = `${aksClusters}sample:
  weights: { v1: 50, v2: 50 }
`;

/** One more cluster, to put before `sample:`. */
export const thirdCluster = "  - name: remote1\n    network: network3\n    aks: aks-third\n";

/** A CA for all three, made once: with small keys, since their length is of no account for what is tested. */
let madeCa: Promise<string> | undefined;

async function makeCa(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "mesh-test-ca-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  const mesh = parseMesh(twoClusters.replace("sample:", `${thirdCluster}sample:`), "mesh.yaml");
  await generateCa(mesh, join(folder, "mesh.ca"), new Date(), 2048);
  return join(folder, "mesh.ca");
}

/** An empty folder with a `mesh.yaml` and a CA, and the process in it until `leave`. */
export async function project(text = twoClusters): Promise<{ folder: string; leave: () => void }> {
  madeCa ??= makeCa();
  const ca = await madeCa;
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
