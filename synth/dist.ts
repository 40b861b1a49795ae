import { mkdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { writeBundle } from "../k8s/write-bundle";
import type { Inputs } from "./inputs";
import { picture } from "./picture";
import { runbook } from "./runbook";

/**
 * Stands in every `dist`, so that nobody commits keys, and so that `mesh synth` knows the folder for its own and the
 * file that it was made from.
 */
export const distMarker = {
  file: ".gitignore",
  write: (mesh: string) =>
    `# Made by \`mesh synth\` from ${nameOf(mesh)}; it holds CA keys. Never commit it.\n*\n`,
  /** @returns the file that is named; undefined where the text is somebody else's */
  read: (text: string) => /^# Made by `mesh synth` from (.+); it holds CA keys\./.exec(text)?.[1],
} as const;

/** As seen from here, where `dist` is as well: however the file was given, it has one name. */
export const nameOf = (mesh: string) => relative(".", mesh);

/**
 * Writes all of `dist` into `outdir`: a folder per cluster, the runbook and the picture.
 * @param outdir folder, made if it is missing; what it holds already is not looked at
 */
export function writeDist(inputs: Inputs, outdir: string): void {
  const { mesh, ca, addresses } = inputs;
  mkdirSync(outdir, { recursive: true });
  writeFileSync(join(outdir, distMarker.file), distMarker.write(inputs.paths.mesh));
  for (const cluster of mesh.clusters) {
    writeBundle(mesh, cluster, { ca: ca?.[cluster.name], addresses }, join(outdir, cluster.name));
  }
  writeFileSync(join(outdir, "RUNBOOK.md"), runbook(inputs));
  writeFileSync(join(outdir, "mesh.svg"), picture(mesh, addresses));
}
