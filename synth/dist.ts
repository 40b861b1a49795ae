import { mkdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { type BundleGap, bundleGaps } from "../k8s/bundle";
import { meshCommand } from "../mesh/paths";
import type { Inputs } from "./inputs";
import type { SynthesizedApp } from "./mesh-app";
import { picture } from "./picture/picture";
import { runbook } from "./runbook/runbook";

/** Whether there is a CA or not: the file is the same in CI, which has none. */
const keysPattern = "*-cacerts.k8s.yaml";

/** Keeps keys out of Git, and tells `mesh synth` that the folder is its own, and from which file it was generated. */
export const distMarker = {
  file: ".gitignore",
  /** @param secrets files of `mesh.extend.ts` with a Secret */
  write: (mesh: string, secrets: readonly string[]) =>
    [
      `# Made by \`mesh synth\` from ${nameOf(mesh)}; these files hold CA keys. Never commit them.`,
      keysPattern,
      ...secrets.map((file) => `/${file}`),
      "",
    ].join("\n"),
  readSecrets: (text: string) => [...text.matchAll(/^\/(.+)$/gm)].map(([, file]) => file!),
  /** Earlier versions ignored the whole folder. @returns the file in the text; undefined if `mesh synth` did not write it */
  read: (text: string) =>
    /^# Made by `mesh synth` from (.+); (?:these files hold|it holds) CA keys\./.exec(text)?.[1],
} as const;

/** Relative to the working directory, so that the file has one name however it was given. */
export const nameOf = (mesh: string) => relative(".", mesh);

/**
 * Writes all of `dist` into `outdir`: a folder per cluster, the runbook and the picture.
 * @param app made for this `outdir`
 * @param outdir created if it does not exist; existing files stay
 */
export function writeDist(inputs: Inputs, app: SynthesizedApp, outdir: string): void {
  const { mesh, addresses } = inputs;
  mkdirSync(outdir, { recursive: true });
  const secrets = app.bundles.flatMap((bundle) =>
    bundle.filesWithSecrets().map((file) => `${bundle.cluster.name}/${file}`),
  );
  const others = secrets.filter((file) => !file.endsWith(keysPattern.slice(1)));
  writeFileSync(join(outdir, distMarker.file), distMarker.write(inputs.paths.mesh, others));
  app.writeBundles();
  writeFileSync(join(outdir, "RUNBOOK.md"), runbook(inputs));
  writeFileSync(join(outdir, "mesh.svg"), picture(mesh, addresses));
}

/** An input that is not known yet, and what the output lacks without it. */
export interface MissingInput {
  readonly what: string;
  /** Files that are not written without it. */
  readonly files: readonly string[];
  /** How to provide it. */
  readonly remedy: string;
}

/** Files of `dist` that are not written without this input. */
export function filesWithout(inputs: Inputs, input: BundleGap["missing"]): readonly string[] {
  return gapsOf(inputs, input).map(({ cluster, file }) => `${inputs.paths.dist}/${cluster.name}/${file}`);
}

const gapsOf = ({ mesh, ca, addresses }: Inputs, input: BundleGap["missing"]) =>
  bundleGaps(mesh, { ca, addresses }).filter(({ missing }) => missing === input);

export function missingInputs(inputs: Inputs): readonly MissingInput[] {
  const { mesh, ca, paths } = inputs;
  const withoutCa = new Set(gapsOf(inputs, "ca").map(({ cluster }) => cluster.name));
  return [
    {
      what: ca ? `the CA of ${[...withoutCa].join(", ")}` : "a certificate authority",
      files: filesWithout(inputs, "ca"),
      remedy: `\`${meshCommand(paths.mesh, "ca")}\` creates it${ca ? " from the same root" : ""}; \`mesh apply\` requires it`,
    },
    {
      what: `the address of ${mesh.primary.name}'s ${mesh.istio.line.gateway.name}`,
      files: filesWithout(inputs, "primary address"),
      remedy: `\`${meshCommand(paths.mesh, "apply")}\` finds it and writes it to ${paths.addresses}; ${paths.dist}/RUNBOOK.md has the manual steps`,
    },
  ].filter(({ files }) => files.length > 0);
}
