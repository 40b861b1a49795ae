import { join } from "node:path";
import { terraformApp } from "../infra/app";
import { ClusterBundle } from "../k8s/cluster-bundle";
import type { MeshApp } from "./extension";
import type { Inputs } from "./inputs";

/** Without a CA and addresses, the files that need them are left out. */
export type AppInputs = Pick<Inputs, "mesh" | "extension"> & Partial<Pick<Inputs, "ca" | "addresses">>;

/** Folders of the output. */
export interface OutputFolders {
  readonly dist: string;
  /** @default - cdktf's choice */
  readonly terraform?: string;
}

export interface SynthesizedApp extends MeshApp {
  /** Writes the bundles into `dist/<cluster>`. */
  readonly writeBundles: () => void;
  /** Writes the Terraform JSON. */
  readonly writeTerraform: () => void;
}

/** Makes the bundles and the stack, and lets the extension add to them. Only cdktf's empty folder is written. */
export function makeMeshApp(
  { mesh, ca, addresses = {}, extension }: AppInputs,
  { dist, terraform }: OutputFolders,
): SynthesizedApp {
  const { app, stack } = terraformApp(mesh, terraform);
  const bundles = Object.fromEntries(
    mesh.clusters.map((cluster) => [
      cluster.name,
      new ClusterBundle({
        mesh,
        cluster,
        ca: ca?.[cluster.name],
        addresses,
        outdir: join(dist, cluster.name),
      }),
    ]),
  );
  extension?.({ mesh, bundles, stack });
  return {
    mesh,
    bundles,
    stack,
    writeBundles: () => {
      for (const bundle of Object.values(bundles)) bundle.synth();
    },
    writeTerraform: () => app.synth(),
  };
}
