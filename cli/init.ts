import { appendFileSync, existsSync, realpathSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { parseMesh, readMesh } from "../mesh/load";
import type { Mesh } from "../mesh/mesh";
import { foldersUpFrom, isDefaultFile, meshCommand, sameNameAbove } from "../mesh/paths";
import { fileProblem, InputError } from "../mesh/problem";
import { commandLine } from "../mesh/shell-quote";
import { readTextFile, UnreadableFile } from "../mesh/text-file";
import { hasStack } from "../ops/azure/terraform";
import { name as packageName } from "../package.json";
import { exitCode, type Output } from "./command";
import { ciFiles, pipelineOf } from "./init/ci";
import type { CiSystem } from "./init/ci-systems";
import { packageSpecOf, readPackage } from "./init/package-file";
import { inProject, isMeshProject, type Project, type Written, writeProject } from "./init/project";

export interface InitFlags {
  /** Kubeconfig contexts of existing clusters, the primary first. @default - two AKS clusters that Terraform creates */
  readonly context?: readonly string[];
  /** Write a pipeline for this system. @default - none */
  readonly ci?: CiSystem;
}

/**
 * Writes a first `mesh.yaml`, the project around it, and the lines of `.gitignore` that keep keys and state out of Git.
 * No file is overwritten. Where a package.json belongs to something else, there is a project only with a pipeline.
 * @throws InputError when no project is written and the file exists, or a folder above has one and `-f` does not name
 * this one, when a context or an existing file is not valid, or a `.gitignore` is not a file
 */
export function init(file: string, flags: InitFlags, output: Output): number {
  const around = aroundMesh(flags);
  const exists = existsSync(file);
  refuseImpossible(file, exists, around, flags);
  const text = exists ? undefined : newMesh(file, flags, around);
  const mesh = text === undefined ? readMesh(file) : parseMesh(text, file);
  // The CA is beside mesh.yaml; Terraform's state and all output are in the folder where commands run.
  const additions = [...new Set([dirname(file), "."].map((folder) => resolve(folder, ".gitignore")))].map(
    (ignoreFile) => missingLines(ignoreFile, around.hasProject && dirname(ignoreFile) === resolve(".")),
  );
  // First, so that Git never sees a key; without mesh.yaml this command can be repeated.
  for (const { ignoreFile, lines } of additions) if (lines !== "") appendFileSync(ignoreFile, lines);
  if (text !== undefined) writeFileSync(file, text, { flag: "wx" });
  const files: Written[] = [
    { file, what: exists ? "kept" : "written" },
    ...(around.hasProject ? writeProject(projectOf(file, mesh, flags)) : []),
  ];
  reportFiles(files, output);
  reportNext(file, mesh, files, around, flags, output);
  return exitCode.fine;
}

/** What is beside `mesh.yaml`. */
interface Around {
  /** The files of a mesh's project are written. */
  readonly hasProject: boolean;
  /** The current folder is this repository. */
  readonly isCheckout: boolean;
}

function aroundMesh({ ci }: InitFlags): Around {
  const packageFile = readPackage();
  const isCheckout = packageFile?.name === packageName;
  return { isCheckout, hasProject: !isCheckout && (ci !== undefined || isMeshProject(packageFile)) };
}

/** @throws InputError before anything is written */
function refuseImpossible(
  file: string,
  exists: boolean,
  { hasProject, isCheckout }: Around,
  { context, ci }: InitFlags,
): void {
  if (ci !== undefined && isCheckout) throw new InputError([noPipelineInCheckout]);
  if (exists && (context !== undefined || !hasProject)) {
    throw new InputError([
      fileProblem(file, "exists already, and is not overwritten", "edit it, or name another file with -f"),
    ]);
  }
  if (!exists) refuseBelowProject(file);
  requireFolder(file);
  if (ci === "github") requireTopOfRepository(file);
}

function projectOf(file: string, mesh: Mesh, { ci }: InitFlags): Project {
  const meshFile = inProject(file);
  const packageSpec = packageSpecOf(packageFolder);
  return { meshFile, packageSpec, ci: ci && ciFiles(ci, pipelineOf(meshFile, mesh)) };
}

const packageFolder = join(__dirname, "..");

/** Files that were written, in a line, and what completes those that were kept. */
function reportFiles(all: readonly Written[], output: Output): void {
  const named = (what: Written["what"]) => all.filter((one) => one.what === what).map(({ file }) => file);
  for (const what of ["written", "kept"] as const)
    if (named(what).length > 0) output.note(`${what}: ${named(what).join(", ")}`);
  for (const { file, complete = [] } of all) {
    if (complete.length === 0) continue;
    output.note(`${file} lacks parts of a mesh's project; these commands add them:`);
    for (const command of complete) output.note(`  ${command}`);
  }
}

/** What the user has to do or know. */
function reportNext(
  file: string,
  mesh: Mesh,
  files: readonly Written[],
  { hasProject, isCheckout }: Around,
  { ci }: InitFlags,
  output: Output,
): void {
  const spec = packageSpecOf(packageFolder);
  if (hasProject && spec.startsWith("file:..")) {
    output.warning(
      `package.json has ${packageName} as ${spec}, outside of this folder: others and CI do not have that file; copy it into this folder and change the path`,
    );
  }
  if (ci !== undefined && hasStack(mesh) && !mesh.azure!.backend) {
    output.warning(
      `${file} has no azure.backend: a runner would lose Terraform's state, so the pipeline stops; docs/azure.md shows a backend`,
    );
  }
  if (!hasProject && !isCheckout) {
    output.note(
      `package.json belongs to another project; ${meshCommand("mesh.yaml", "init")} in an empty folder also writes snapshot tests`,
    );
  }
  if (ci !== undefined) output.note("ci/README.md has the set-up of the pipeline");
  const isNew = (name: string) => files.some((one) => one.file === name && one.what === "written");
  output.note(
    [
      isNew(file) ? `change the names in ${file}; next: ` : "next: ",
      isNew("package.json") ? "npm install && " : "",
      `${meshCommand(file, "ca")} && ${meshCommand(file, "synth")}`,
    ].join(""),
  );
}

const noPipelineInCheckout = fileProblem(
  "package.json",
  `this is the checkout of ${packageName}: expected a project of yours for a pipeline`,
  "run mesh init --ci in an empty folder, with the package of npm pack installed",
);

/** @throws InputError where GitHub would not find a workflow: it reads those at the top of a repository only */
function requireTopOfRepository(file: string): void {
  const here = resolve(".");
  const top = foldersUpFrom(here).find((folder) => existsSync(join(folder, ".git")));
  if (top === undefined || top === here) return;
  throw new InputError([
    fileProblem(
      ".github/workflows",
      "this folder is below the top of a Git repository, and GitHub reads workflows at the top only",
      `run it there: ${commandLine("cd", [relative(here, top)])} && ${meshCommand(relative(top, resolve(file)), "init", "--ci", "github")}`,
    ),
  ]);
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

function newMesh(file: string, { context = [], ci }: InitFlags, { hasProject }: Around): string {
  const body = context.length > 0 ? existingClusters(context) : aksClusters(ci !== undefined);
  return `${schemaLine(file, hasProject)}${body}`;
}

/**
 * For editors with a YAML language server: the path of the schema from the file. Empty where the tool is installed
 * outside of the project, because the path would differ from machine to machine.
 * @param hasProject into which npm will install the tool
 */
function schemaLine(file: string, hasProject: boolean): string {
  const schema = "mesh.schema.json";
  const own = join(packageFolder, schema);
  const folder = realpathSync(dirname(file));
  const places = foldersUpFrom(folder).flatMap((above) => [
    join(above, "node_modules", packageName, schema),
    join(above, schema),
  ]);
  const installed = places.find((place) => existsSync(place) && realpathSync(place) === realpathSync(own));
  const found =
    installed ?? (hasProject ? join(realpathSync("."), "node_modules", packageName, schema) : undefined);
  if (found === undefined) return "";
  const path = relative(folder, found).split(sep).join("/");
  return `# yaml-language-server: $schema=${path.startsWith(".") ? path : `./${path}`}\n`;
}

const sample = `# Percent of the sample app's requests per version.
sample:
  weights: { v1: 50, v2: 50 }
`;

const backend = `  backend: # Terraform's state. The name of a storage account is unique in all of Azure
    azurerm:
      resource_group_name: rg-terraform-state
      storage_account_name: meshterraformstate
      container_name: state
      key: mesh.tfstate
      use_azuread_auth: true
`;

const aksClusters = (hasPipeline: boolean) => `azure:
  location: centralus
  resourceGroup: rg-mesh-centralus
${hasPipeline ? backend : ""}
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

const packages = { why: "mesh: packages, which `npm ci` installs.", lines: ["node_modules/"] };

/** @throws InputError when it is not a text file */
function missingLines(ignoreFile: string, hasPackages: boolean): { ignoreFile: string; lines: string } {
  const present = linesOf(ignoreFile);
  const isNew = present.join("") === "";
  const blocks = [...ignored, ...(hasPackages ? [packages] : [])].flatMap(({ why, lines }) => {
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
