import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { terraformApp } from "../../infra/app";
import { parseMesh } from "../../mesh/load";

/** A `mesh.yaml` as an object, so that a test says only what it is about. JSON is YAML. */
export interface Written {
  readonly [section: string]: unknown;
}

export const azure = { location: "centralus", resourceGroup: "rg-mesh" };
export const main0 = { name: "main0", role: "primary", network: "network1", aks: "aks-main" };
export const remote0 = { name: "remote0", network: "network2", aks: "aks-remote0" };
const twoClusters: Written = { azure, clusters: [main0, remote0] };

/** Text of the stack's `cdk.tf.json`, or undefined where there is no stack. */
export function stackText(written: Written | string): string | undefined {
  const outdir = mkdtempSync(join(tmpdir(), "mesh-infra-"));
  try {
    const text = typeof written === "string" ? written : JSON.stringify({ ...twoClusters, ...written });
    terraformApp(parseMesh(text, "mesh.yaml"), outdir).app.synth();
    const stacks = readdirSync(join(outdir, "stacks"));
    expect(stacks.length).toBeLessThan(2);
    return stacks[0] && readFileSync(join(outdir, "stacks", stacks[0], "cdk.tf.json"), "utf8");
  } finally {
    rmSync(outdir, { recursive: true });
  }
}

/** The stack as Terraform reads it. Untyped on purpose: a test names what it expects. */
// biome-ignore lint/suspicious/noExplicitAny: see above
export function stack(written: Written | string = {}): any {
  return JSON.parse(stackText(written) ?? "{}");
}

/** The resource of an AKS cluster, by the cluster's name on Azure. */
// biome-ignore lint/suspicious/noExplicitAny: see above
export function aksResource(written: Written, aks = "aks-main"): any {
  return stack(written).resource.azurerm_kubernetes_cluster[aks];
}
