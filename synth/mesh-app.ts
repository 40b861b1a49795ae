import { join } from "node:path";
import type { TerraformApp } from "../infra/app";
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

export interface SynthesizedApp {
  readonly bundles: readonly ClusterBundle[];
  /** Writes the bundles into `dist/<cluster>`. */
  readonly writeBundles: () => void;
  /** Writes the Terraform JSON. */
  readonly writeTerraform: () => void;
}

/**
 * Makes the bundles and the stack, and lets the extension add to them. Nothing is written, except that cdktf makes its
 * empty folder when the extension uses the stack.
 */
export function makeMeshApp(
  { mesh, ca, addresses = {}, extension }: AppInputs,
  { dist, terraform }: OutputFolders,
): SynthesizedApp {
  const bundles = mesh.clusters.map(
    (cluster) =>
      new ClusterBundle({
        mesh,
        cluster,
        ca: ca?.[cluster.name],
        addresses,
        outdir: join(dist, cluster.name),
      }),
  );
  // Loaded on demand: cdktf takes some hundred milliseconds, and most commands have no use for it.
  let made: TerraformApp | undefined;
  const terraformOfMesh = () => {
    const { terraformApp } = require("../infra/app") as typeof import("../infra/app");
    made ??= terraformApp(mesh, terraform);
    return made;
  };
  extension?.({
    mesh,
    bundles: byKnownNames(bundles),
    get stack() {
      return terraformOfMesh().stack;
    },
  });
  return {
    bundles,
    writeBundles: () => {
      for (const bundle of bundles) bundle.synth();
    },
    writeTerraform: () => terraformOfMesh().app.synth(),
  };
}

/** A mistyped cluster is an error that names it, not an undefined scope far below. */
function byKnownNames(bundles: readonly ClusterBundle[]): MeshApp["bundles"] {
  return new Proxy(Object.fromEntries(bundles.map((bundle) => [bundle.cluster.name, bundle])), {
    get(target, name) {
      if (typeof name === "symbol" || Object.hasOwn(target, name)) return target[name as string];
      throw new Error(`no cluster ${name} in mesh.yaml: expected one of ${Object.keys(target).join(", ")}`);
    },
  });
}
