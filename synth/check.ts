import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { distMarker, filesWithout } from "./dist";
import {
  changesBetween,
  distFiles,
  distFilesToReplace,
  type FileChange,
  refuseForeign,
  terraformFiles,
  terraformFilesToReplace,
} from "./existing-output";
import type { Inputs } from "./inputs";
import { renderingsIn, staleRenderings } from "./renderings";
import { stage } from "./synthesize";

export interface CheckedOutput {
  /** What `run` would change. */
  readonly changes: readonly FileChange[];
  readonly unjudged: readonly Unjudged[];
  /** The command that writes what mesh.yaml gives. */
  readonly run: "synth" | "render";
}

/** Files, or a folder, that these inputs say nothing about. */
export interface Unjudged {
  readonly files: readonly string[];
  readonly why: string;
}

/**
 * Compares `dist`, and `cdktf.out` if it exists, with what a synth would write. Writes nothing outside of the system's
 * temporary folder, so that it works in a read-only checkout.
 * @param inputs their CA is not used: keys are not committed
 * @throws OutputError if `dist` is not this mesh's
 */
export function checkOutput(inputs: Inputs): CheckedOutput {
  const { dist, terraform } = inputs.paths;
  refuseForeign(inputs.paths);
  const folder = mkdtempSync(join(tmpdir(), "mesh-check-"));
  try {
    const staged = stage({ ...inputs, ca: undefined }, folder);
    const marker = readFileSync(join(staged.dist, distMarker.file), "utf8");
    const secrets = distMarker.readSecrets(marker).map((file) => join(dist, file));
    const unjudged = unjudgedFiles({ ...inputs, ca: undefined }, secrets);
    const isJudged = ({ file }: FileChange) =>
      !unjudged.some(({ files }) => files.some((one) => file === one || file.startsWith(`${one}/`)));
    const before = terraformFilesToReplace(staged.terraform, terraform);
    const stale = staleRenderings(inputs.mesh, staged.dist, dist);
    const changes = [
      ...changesBetween(distFilesToReplace(inputs.mesh, staged.dist, dist), distFiles(staged.dist)).map(
        inFolder(dist),
      ),
      ...stale
        .map(({ file }) => join(dist, file))
        .map((file) => ({ action: existsSync(file) ? "changed" : "added", file }) as const),
      ...changesBetween(before, terraformFiles(staged.terraform)).map(inFolder(terraform)),
    ];
    return { changes: changes.filter(isJudged), unjudged, run: stale.length > 0 ? "render" : "synth" };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const inFolder =
  (folder: string) =>
  ({ key, action }: ReturnType<typeof changesBetween>[number]): FileChange => ({
    action,
    file: join(folder, key),
  });

function unjudgedFiles(inputs: Inputs, secrets: readonly string[]): readonly Unjudged[] {
  const { mesh, addresses, paths } = inputs;
  const known = Object.keys(addresses).length > 0;
  const lacking = filesWithout(inputs, "primary address");
  // What follows from these files is not written either.
  const followers = [
    ...renderingsIn(mesh, paths.dist)
      .filter(({ input }) => lacking.includes(join(paths.dist, input)))
      .map(({ file }) => file),
    ...mesh.clusters
      .filter(({ name }) => lacking.some((file) => file.startsWith(`${paths.dist}/${name}/`)))
      .map(({ name }) => join(name, "gitops")),
  ].map((file) => join(paths.dist, file));
  return [
    { files: [...filesWithout(inputs, "ca"), ...secrets], why: "keys are not committed" },
    {
      // The picture shows the addresses of all clusters.
      files: [
        ...lacking,
        ...followers.filter((file) => existsSync(file)),
        ...(known ? [] : [`${paths.dist}/mesh.svg`]),
      ],
      why: `${paths.addresses} does not have the address of ${mesh.primary.name}'s ${mesh.istio.line.gateway.name}; commit that file to check them`,
    },
    {
      files: terraformFiles(paths.terraform).size > 0 ? [] : [paths.terraform],
      why: "the folder does not exist here",
    },
  ].filter(({ files }) => files.length > 0);
}
