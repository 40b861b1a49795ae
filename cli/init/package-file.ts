import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileProblem, InputError } from "../../mesh/problem";
import { commandLine } from "../../mesh/shell-quote";
import { name as packageName, devDependencies as tested, version } from "../../package.json";

/** The parts of a package.json that a mesh's project has. */
export interface PackageFile {
  readonly name?: string;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly jest?: object;
}

/**
 * `jest` alone writes the first snapshots on a person's machine, and none in CI.
 * https://jestjs.io/docs/cli#--ci, read 2026-11-30
 */
const scripts = {
  lint: "tsc --noEmit",
  synth: "mesh synth",
  test: "jest",
  "test:update": "jest --updateSnapshot",
};

/** swc is the smallest that runs tests in TypeScript: jest's own Babel would need two presets and their plugins. */
const swc = { jsc: { parser: { syntax: "typescript" }, target: "es2022" }, module: { type: "commonjs" } };
const jestConfig = {
  testEnvironment: "node",
  roots: ["<rootDir>/test"],
  transform: { "^.+\\.ts$": ["@swc/jest", swc] },
};

/** In the versions with which this package is tested. */
const tools = ["@swc/core", "@swc/jest", "@types/jest", "@types/node", "jest", "typescript"] as const;

const devDependencies = (packageSpec: string) => ({
  ...Object.fromEntries(tools.map((tool) => [tool, tested[tool]])),
  [packageName]: packageSpec,
});

export function newPackage(packageSpec: string): object {
  return { private: true, scripts, devDependencies: devDependencies(packageSpec), jest: jestConfig };
}

/**
 * The package.json of the current folder.
 * @throws InputError if it is not JSON
 */
export function readPackage(): PackageFile | undefined {
  const file = "package.json";
  if (!existsSync(file)) return undefined;
  try {
    const parsed = JSON.parse(readFileSync(file, "utf8"));
    if (typeof parsed === "object" && parsed !== null) return parsed;
  } catch {
    // Below, as for a file that has something else.
  }
  throw new InputError([fileProblem(file, "is not a JSON object", "repair it, or move it away")]);
}

/** Commands that add to a package.json what it lacks of a new one; they change nothing else. */
export function missingCommands(existing: PackageFile, packageSpec: string): string[] {
  const present = { ...existing.dependencies, ...existing.devDependencies };
  const lackedScripts = Object.entries(scripts).filter(([name]) => !hasScript(existing, name));
  const lackedPackages = Object.entries(devDependencies(packageSpec)).filter(([name]) => !(name in present));
  return [
    ...(lackedScripts.length > 0
      ? [
          commandLine("npm", [
            "pkg",
            "set",
            ...lackedScripts.map(([name, text]) => `scripts.${name}=${text}`),
          ]),
        ]
      : []),
    ...(existing.jest
      ? []
      : [commandLine("npm", ["pkg", "set", "--json", `jest=${JSON.stringify(jestConfig)}`])]),
    ...(lackedPackages.length > 0
      ? [
          commandLine("npm", [
            "install",
            "--save-dev",
            ...lackedPackages.map(([name, spec]) => (spec.startsWith("file:") ? spec : `${name}@${spec}`)),
          ]),
        ]
      : []),
  ];
}

/** `npm init` writes a test that only fails. */
function hasScript({ scripts: present }: PackageFile, name: string): boolean {
  const script = present?.[name];
  return script !== undefined && !script.includes("no test specified");
}

/**
 * How a project of the current folder names this package: its version, or the `file:` from which npm installed it.
 * @param packageFolder where this package is
 */
export function packageSpecOf(packageFolder: string): string {
  const modules = dirname(packageFolder);
  const owner = dirname(modules);
  const listing = join(owner, "package.json");
  if (basename(modules) !== "node_modules" || !existsSync(listing)) return version;
  const { dependencies, devDependencies }: PackageFile = JSON.parse(readFileSync(listing, "utf8"));
  const spec = { ...dependencies, ...devDependencies }[packageName];
  if (!spec?.startsWith("file:")) return version;
  return `file:${relative(".", resolve(owner, spec.slice("file:".length))).replaceAll("\\", "/")}`;
}
