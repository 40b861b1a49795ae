import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseMesh } from "../mesh/load";
import { fileProblem, InputError } from "../mesh/problem";
import { exitCode, type Output } from "./command";

/**
 * Writes a first `mesh.yaml`, and the lines of `.gitignore` that keep keys and state out of Git.
 * @param contexts kubeconfig contexts of clusters that exist, the primary first; none: two AKS clusters
 * @throws InputError when the file is there already, or a context cannot be one
 */
export function init(file: string, contexts: readonly string[], output: Output): number {
  if (existsSync(file)) {
    throw new InputError([
      fileProblem(file, "is there already, and is not overwritten", "edit it, or name another with -f"),
    ]);
  }
  const text = contexts.length > 0 ? existingClusters(contexts) : aksClusters;
  parseMesh(text, file);
  writeFileSync(file, text, { flag: "wx" });
  ignore(join(dirname(file), ".gitignore"));
  output.note(`${file}: written; change the names, then: mesh ca && mesh synth`);
  return exitCode.fine;
}

const sample = `# Percent of the sample app's requests per version.
sample:
  weights: { v1: 50, v2: 50 }
`;

const aksClusters = `azure:
  location: centralus
  resourceGroup: rg-mesh-centralus

# One primary, which runs the control plane, and any number of remotes. Every cluster is a network of its own.
clusters:
  - name: main0
    role: primary
    network: network1
    aks: aks-mesh-main0
  - name: remote0
    network: network2
    aks: aks-mesh-remote0

${sample}`;

function existingClusters(contexts: readonly string[]): string {
  const clusters = contexts.map((context, index) =>
    [
      `  - name: ${index === 0 ? "main0" : `remote${index - 1}`}`,
      ...(index === 0 ? ["    role: primary"] : []),
      `    network: network${index + 1}`,
      `    context: ${JSON.stringify(context)}`,
      "",
    ].join("\n"),
  );
  return `# One primary, which runs the control plane, and any number of remotes. Every cluster is a network of its own.
clusters:
${clusters.join("")}
${contexts.length > 1 ? sample : ""}`;
}

const ignored = ["dist/", "cdktf.out/", "*.ca/", "*.tfstate", "*.tfstate.*", ".terraform/", ".mesh/"];

function ignore(file: string): void {
  const present = existsSync(file) ? readFileSync(file, "utf8").split("\n") : [];
  const missing = ignored.filter((line) => !present.includes(line));
  if (missing.length > 0) {
    appendFileSync(
      file,
      `\n# mesh: CA keys, Terraform state, and what is made anew.\n${missing.join("\n")}\n`,
    );
  }
}
