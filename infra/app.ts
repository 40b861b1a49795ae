import { mkdirSync } from "node:fs";
import { App } from "cdktf";
import { terraformStackName } from "../mesh/azure-names";
import type { Mesh } from "../mesh/mesh";
import { isMade, MeshStack } from "./mesh-stack";

/**
 * Writes the mesh's Terraform as cdktf does: `<outdir>/stacks/<stack>/cdk.tf.json` and `<outdir>/manifest.json`. A
 * mesh whose clusters all exist already has no stack: only the manifest is written. Nothing else in `outdir` is
 * touched, so `.terraform` beside a stack stays. The same mesh gives the same bytes, wherever `outdir` is.
 * @param outdir folder, made if it is missing. Left out: cdktf's own choice (the CLI's --output, or cdktf.out)
 */
export function synthesizeTerraform(mesh: Mesh, outdir?: string): void {
  if (outdir !== undefined) mkdirSync(outdir, { recursive: true });
  const app = new App({ outdir });
  if (mesh.azure && mesh.clusters.some(isMade))
    new MeshStack(app, terraformStackName(mesh.azure), { mesh, azure: mesh.azure });
  app.synth();
}
