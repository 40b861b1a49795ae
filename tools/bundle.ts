import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { dependencies, peerDependencies } from "../package.json";

// `npm run build`: bundles the tool, what the package exports and its types, and writes the licences of the code in the
// bundles. With --if-missing only if there is no bundle: `npm ci` builds it, unless npm's ignore-scripts is set.

/** File in `build/` by its source. */
const entryPoints = { mesh: "cli/main.ts", index: "lib/index.ts", jest: "lib/jest.ts" };

/** The packages that users' own code shares with the tool: an object of another copy would not be recognized. */
const shared = [...Object.keys(peerDependencies), ...Object.keys(dependencies)];

/** Packages that have files in the bundle. */
function packagesIn(inputs: readonly string[]): string[] {
  const names = inputs.flatMap((file) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? []);
  return [...new Set(names)].sort();
}

/** Name, licence, source, and the text of the licence in the package. */
function notice(folder: string): string {
  const { name, version, license, repository } = JSON.parse(
    readFileSync(join(folder, "package.json"), "utf8"),
  );
  const file = readdirSync(folder).find((entry) => /^(licen[cs]e|copying)/i.test(entry));
  return [
    `${name} ${version}`,
    `License: ${license ?? "see below"}`,
    `Source: ${repository?.url ?? repository ?? `https://www.npmjs.com/package/${name}`}`,
    "",
    file ? readFileSync(join(folder, file), "utf8").trim() : "(the package has no licence text)",
  ].join("\n");
}

async function main(): Promise<void> {
  if (process.argv.includes("--if-missing") && existsSync("build/mesh.js")) return;
  const { metafile } = await build({
    entryPoints,
    bundle: true,
    external: shared,
    platform: "node",
    target: "node20",
    outdir: "build",
    metafile: true,
    logLevel: "warning",
  });
  execFileSync("tsc", ["-p", "tsconfig.types.json"], { stdio: "inherit" });
  const notices = packagesIn(Object.keys(metafile.inputs)).filter((folder) =>
    existsSync(join(folder, "package.json")),
  );
  const rule = `\n\n${"-".repeat(80)}\n\n`;
  writeFileSync(
    "build/THIRD-PARTY.txt",
    `${["The bundles contain unchanged code of these packages.", ...notices.map(notice)].join(rule)}\n`,
  );
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
