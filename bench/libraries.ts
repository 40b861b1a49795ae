import { build } from "esbuild";

/**
 * The entry points of libraries that `mesh synth` loads: static imports, followed from the CLI's entry and from the
 * command.
 */
export async function librariesOfSynth(root: string): Promise<string[]> {
  const entries = ["cli/main.ts", "cli/synth.ts"];
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: entries,
    bundle: true,
    packages: "external",
    platform: "node",
    metafile: true,
    write: false,
    outdir: "unused",
    logLevel: "silent",
  });
  const libraries = new Set<string>();
  const seen = new Set<string>();
  const follow = (file: string) => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const { path, kind, external } of metafile.inputs[file]!.imports) {
      if (kind === "dynamic-import") continue;
      if (external) libraries.add(path);
      else follow(path);
    }
  };
  for (const entry of entries) follow(entry);
  return [...libraries].filter((name) => !name.startsWith("node:")).sort();
}
