import { appendFileSync, existsSync, realpathSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { parseMesh } from "../mesh/load";
import { foldersUpFrom, isDefaultFile, meshCommand, sameNameAbove } from "../mesh/paths";
import { fileProblem, InputError } from "../mesh/problem";
import { commandLine } from "../mesh/shell-quote";
import { readTextFile, UnreadableFile } from "../mesh/text-file";
import { name as packageName } from "../package.json";
import { exitCode, type Output } from "./command";

export interface InitFlags {
  /** Kubeconfig contexts of existing clusters, the primary first. @default - two AKS clusters that Terraform creates */
  readonly context?: readonly string[];
}

/**
 * Writes a first `mesh.yaml`, and the lines of `.gitignore` that keep keys and state out of Git.
 * @throws InputError when the file exists, or a folder above has one and `-f` does not name this one, when a context is
 * not valid, or a `.gitignore` is not a file
 */
export function init(file: string, { context: contexts = [] }: InitFlags, output: Output): number {
  if (existsSync(file)) {
    throw new InputError([
      fileProblem(file, "exists already, and is not overwritten", "edit it, or name another file with -f"),
    ]);
  }
  refuseBelowProject(file);
  requireFolder(file);
  const text = `${schemaLine(file)}${contexts.length > 0 ? existingClusters(contexts) : aksClusters}`;
  parseMesh(text, file);
  // The CA is beside mesh.yaml; Terraform's state and all output are in the folder where commands run.
  const additions = [...new Set([dirname(file), "."].map((folder) => resolve(folder, ".gitignore")))].map(
    missingLines,
  );
  // First, so that Git never sees a key; without mesh.yaml this command can be repeated.
  for (const { ignoreFile, lines } of additions) if (lines !== "") appendFileSync(ignoreFile, lines);
  writeFileSync(file, text, { flag: "wx" });
  output.note(
    `${file}: written; change the names, then: ${meshCommand(file, "ca")} && ${meshCommand(file, "synth")}`,
  );
  return exitCode.fine;
}

/** @throws InputError when mesh.yaml would be written below another one, and -f does not name it */
function refuseBelowProject(file: string): void {
  const above = isDefaultFile(file) ? sameNameAbove(file) : undefined;
  if (above === undefined) return;
  throw new InputError([
    fileProblem(
      file,
      `${above} exists already, and this folder is below it`,
      `run the commands there: ${commandLine("cd", [dirname(above)])}; for another mesh here: ${meshCommand(`./${file}`, "init")}`,
    ),
  ]);
}

/** @throws InputError when the folder of the file does not exist */
function requireFolder(file: string): void {
  const folder = dirname(file);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return;
  throw new InputError([
    fileProblem(file, `there is no folder ${folder}`, "create it, or name another file with -f"),
  ]);
}

/**
 * For editors with a YAML language server: the path of the schema from the file. Empty where the tool is installed
 * outside of the project, because the path would differ from machine to machine.
 */
function schemaLine(file: string): string {
  const schema = "mesh.schema.json";
  const own = join(__dirname, "..", schema);
  const folder = realpathSync(dirname(file));
  const places = foldersUpFrom(folder).flatMap((above) => [
    join(above, "node_modules", packageName, schema),
    join(above, schema),
  ]);
  const found = places.find((place) => existsSync(place) && realpathSync(place) === realpathSync(own));
  if (found === undefined) return "";
  const path = relative(folder, found).split(sep).join("/");
  return `# yaml-language-server: $schema=${path.startsWith(".") ? path : `./${path}`}\n`;
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

/** Lines of `.gitignore`, under the reason for them. */
const ignored = [
  {
    why: "mesh: CA keys, Terraform state, and generated output.",
    lines: [
      "cdktf.out/",
      "mesh-report.html",
      "*.ca/",
      "own-ca/",
      "*-key.pem",
      "tls.key",
      "*.tfstate",
      "*.tfstate.*",
      ".terraform/",
      ".mesh/",
    ],
  },
  {
    why: "mesh: generated manifests. Remove this line to commit them: dist/.gitignore still ignores the files with keys.",
    lines: ["dist/"],
  },
  {
    why: "mesh: gateway addresses found at run time. Remove this line to share them through Git instead.",
    lines: ["*.addresses.yaml"],
  },
];

/** @throws InputError when it is not a text file */
function missingLines(ignoreFile: string): { ignoreFile: string; lines: string } {
  const present = linesOf(ignoreFile);
  const isNew = present.join("") === "";
  const blocks = ignored.flatMap(({ why, lines }) => {
    // The line was removed on purpose where its comment is still there.
    if (present.includes(`# ${why}`) && lines.length === 1) return [];
    const missing = lines.filter((line) => !present.includes(line));
    return missing.length > 0 ? [[`# ${why}`, ...missing, ""].join("\n")] : [];
  });
  const lines = blocks.join("\n");
  return { ignoreFile, lines: isNew || lines === "" ? lines : `\n${lines}` };
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
        "it has to keep the CA's keys out of Git: replace it with a text file",
      ),
    ]);
  }
}

/** Bytes. */
const largestIgnoreFile = 1_000_000;
