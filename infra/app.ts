import { mkdirSync } from "node:fs";
import { App } from "cdktf";
import { terraformStackName } from "../mesh/azure-names";
import type { Mesh } from "../mesh/mesh";
import { isCreated } from "../mesh/network-access";
import { MeshStack } from "./mesh-stack";

export interface TerraformApp {
  readonly app: App;
  /** Undefined for a mesh of existing clusters. */
  readonly stack: MeshStack | undefined;
}

/**
 * The mesh's Terraform. `app.synth()` writes it as cdktf does: `<outdir>/stacks/<stack>/cdk.tf.json` and
 * `<outdir>/manifest.json`. A mesh of existing clusters has no stack, only the manifest. Other files in `outdir`, such as
 * `.terraform` beside a stack, are unchanged. The same mesh gives the same bytes, in any `outdir`.
 * @param outdir folder, created if missing @default - cdktf's choice (the CLI's --output, or cdktf.out)
 */
export function terraformApp(mesh: Mesh, outdir?: string): TerraformApp {
  if (outdir !== undefined) mkdirSync(outdir, { recursive: true });
  const app = new App({ outdir });
  const stack =
    mesh.azure && mesh.clusters.some(isCreated)
      ? new MeshStack(app, terraformStackName(mesh.azure), { mesh, azure: mesh.azure })
      : undefined;
  return { app, stack };
}
