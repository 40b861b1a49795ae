import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, relative } from "node:path";
import { stemOf } from "../../mesh/paths";
import { name as packageName } from "../../package.json";
import { missingCommands, newPackage, type PackageFile, readPackage } from "./package-file";
import { projectReadme } from "./readme";

/** The npm project in which a mesh is tested: the current folder, where commands write their output. */
export interface Project {
  /** `mesh.yaml`, relative to the project. */
  readonly meshFile: string;
  /** Version or `file:` of this package. */
  readonly packageSpec: string;
  /** Files of the pipeline. @default - there is none */
  readonly ci?: readonly ProjectFile[];
}

/** A file of a new project, relative to it. */
export interface ProjectFile {
  readonly file: string;
  readonly text: string;
}

/** Whether the current folder is a project of a mesh, or can become one: it has no package.json of something else. */
export function isMeshProject(existing: PackageFile | undefined): boolean {
  if (existing === undefined) return true;
  return packageName in { ...existing.dependencies, ...existing.devDependencies };
}

/** Without package.json. */
function filesOf({ meshFile, ci }: Project): ProjectFile[] {
  return [
    { file: "tsconfig.json", text: tsconfig },
    { file: `test/${stemOf(meshFile)}.test.ts`, text: snapshotTest(meshFile) },
    { file: "README.md", text: projectReadme(meshFile, ci !== undefined) },
    ...(ci ?? []),
  ];
}

/** What was done with a file, in words. */
export interface Written {
  readonly file: string;
  readonly what: "written" | "kept";
  /** Commands that complete a kept file. */
  readonly complete?: readonly string[];
}

/**
 * Writes the files that do not exist yet.
 * @throws InputError if a package.json cannot be read
 */
export function writeProject(project: Project): Written[] {
  const existing = readPackage();
  const written = filesOf(project).map(writeIfAbsent);
  if (existing)
    return [
      { file: "package.json", what: "kept", complete: missingCommands(existing, project.packageSpec) },
      ...written,
    ];
  const text = `${JSON.stringify(newPackage(project.packageSpec), null, 2)}\n`;
  return [writeIfAbsent({ file: "package.json", text }), ...written];
}

function writeIfAbsent({ file, text }: ProjectFile): Written {
  if (existsSync(file)) return { file, what: "kept" };
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text, { flag: "wx" });
  return { file, what: "written" };
}

/** `mesh.yaml` as the project's files name it. */
export const inProject = (file: string) => relative(".", file).replaceAll("\\", "/");

const snapshotTest = (meshFile: string) => `import { describeMesh } from "${packageName}/jest";

describeMesh(${JSON.stringify(meshFile)});
`;

/** `nodenext` reads the package's "exports". */
const tsconfig = `${JSON.stringify(
  {
    compilerOptions: {
      target: "es2022",
      module: "nodenext",
      types: ["node", "jest"],
      strict: true,
      skipLibCheck: true,
      noEmit: true,
    },
    include: ["*.ts", "test"],
  },
  null,
  2,
)}\n`;
