import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

// `npm run build`: bundles the tool into one file, and writes the licences of the code in it. With --if-missing only if
// there is no bundle: `npm ci` builds it, unless npm's ignore-scripts is set.

const outfile = "build/mesh.js";

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
  if (process.argv.includes("--if-missing") && existsSync(outfile)) return;
  const { metafile } = await build({
    entryPoints: ["cli/main.ts"],
    bundle: true,
    platform: "node",
    target: "node20",
    outfile,
    metafile: true,
    logLevel: "warning",
  });
  const notices = packagesIn(Object.keys(metafile.inputs)).filter((folder) =>
    existsSync(join(folder, "package.json")),
  );
  const rule = `\n\n${"-".repeat(80)}\n\n`;
  writeFileSync(
    "build/THIRD-PARTY.txt",
    `${["mesh.js contains unchanged code of these packages.", ...notices.map(notice)].join(rule)}\n`,
  );
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
