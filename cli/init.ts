import { appendFileSync, existsSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parseMesh } from "../mesh/load";
import { fileProblem, InputError } from "../mesh/problem";
import { readTextFile, UnreadableFile } from "../mesh/text-file";
import { exitCode, type Output } from "./command";

/**
 * Writes a first `mesh.yaml`, and the lines of `.gitignore` that keep keys and state out of Git.
 * @param contexts kubeconfig contexts of clusters that exist, the primary first; none: two AKS clusters
 * @throws InputError when the file is there already, a context cannot be one, or a `.gitignore` is no file
 */
export function init(file: string, contexts: readonly string[], output: Output): number {
  if (existsSync(file)) {
    throw new InputError([
      fileProblem(file, "is there already, and is not overwritten", "edit it, or name another with -f"),
    ]);
  }
  const text = contexts.length > 0 ? existingClusters(contexts) : aksClusters;
  parseMesh(text, file);
  // The CA lies beside mesh.yaml; Terraform's state and what is made anew, where commands are run.
  const additions = [...new Set([dirname(file), "."].map((folder) => resolve(folder, ".gitignore")))].map(
    missingLines,
  );
  writeFileSync(file, text, { flag: "wx" });
  for (const { ignoreFile, lines } of additions) if (lines !== "") appendFileSync(ignoreFile, lines);
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

const ignored = [
  "dist/",
  "cdktf.out/",
  "mesh-report.html",
  "*.ca/",
  "*.tfstate",
  "*.tfstate.*",
  ".terraform/",
  ".mesh/",
];

/** @throws InputError when there is something else of that name */
function missingLines(ignoreFile: string): { ignoreFile: string; lines: string } {
  const present = linesOf(ignoreFile);
  const missing = ignored.filter((line) => !present.includes(line));
  const lines = `\n# mesh: CA keys, Terraform state, and what is made anew.\n${missing.join("\n")}\n`;
  return { ignoreFile, lines: missing.length > 0 ? lines : "" };
}

function linesOf(ignoreFile: string): string[] {
  try {
    return readTextFile(ignoreFile, largestIgnoreFile).text.split(/\r?\n/);
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error;
    if (error.reason === "absent") return [];
    throw new InputError([
      fileProblem(
        ignoreFile,
        error.message,
        "it has to keep the CA's keys out of Git: put a text file there",
      ),
    ]);
  }
}

/** Bytes. */
const largestIgnoreFile = 1_000_000;
