import { join } from "node:path";
import { structuredPatch } from "diff";
import {
  type Action,
  changesBetween,
  distFiles,
  distFilesToReplace,
  refuseOtherOutput,
  terraformFiles,
  terraformFilesToReplace,
} from "../existing-output";
import type { Inputs } from "../inputs";
import { withStaging } from "../staging";
import { stage } from "../synthesize";
import { consequencesOf } from "./consequences";
import { hideSecrets } from "./redact";
import { type Resource, resourcesOf } from "./resources";

/** One resource that a synth would add, change or remove. */
export interface ResourceChange {
  readonly action: Action;
  /** Cluster, `terraform`, or `dist` for files about the whole mesh. */
  readonly scope: string;
  /** For example `VirtualService sample/helloworld`. */
  readonly resource: string;
  /** mesh.extend.ts adds or changes the resource. */
  readonly extended?: true;
  /** Changed lines with context, each with '+', '-' or ' ' in front; secrets are hidden. */
  readonly lines: readonly string[];
  /** Effects on a running mesh that the lines do not show. */
  readonly means: readonly string[];
}

/**
 * What a synth would change in `dist` and `cdktf.out`, resource by resource. Changes nothing.
 * @throws OutputError if a synth would
 */
export function diff(inputs: Inputs): readonly ResourceChange[] {
  refuseOtherOutput(inputs);
  return withStaging((staging) => {
    const staged = stage(inputs, staging);
    const { dist, terraform } = inputs.paths;
    const before = resourcesOf(
      distFilesToReplace(inputs.mesh, staged.dist, dist),
      terraformFilesToReplace(staged.terraform, terraform),
    );
    const after = resourcesOf(distFiles(staged.dist), terraformFiles(staged.terraform));
    const unextended = inputs.extension && stagedResources({ ...inputs, extension: undefined }, staging);
    return changesBetween(texts(before), texts(after)).map(({ key, action }) => {
      const [one, other] = hideSecrets(before.get(key), after.get(key));
      const { kind, scope, resource } = (after.get(key) ?? before.get(key))!;
      // The runbook and the picture follow from the rest: their lines tell nothing new.
      const lines = kind === "about" ? [] : changedLines(one, other);
      const means = consequencesOf(before.get(key), after.get(key));
      const isExtended = unextended && after.get(key)?.text !== unextended.get(key)?.text;
      return { action, scope, resource, ...(isExtended ? { extended: true } : {}), lines, means };
    });
  });
}

function stagedResources(inputs: Inputs, staging: string): ReadonlyMap<string, Resource> {
  const { dist, terraform } = stage(inputs, join(staging, "unextended"));
  return resourcesOf(distFiles(dist), terraformFiles(terraform));
}

function texts(resources: ReadonlyMap<string, Resource>): Map<string, string> {
  return new Map([...resources].map(([key, { text }]) => [key, text]));
}

/** Changed lines with context, each with '+', '-' or ' ' in front. */
export function changedLines(before: string, after: string): string[] {
  const { hunks } = structuredPatch("", "", before, after, "", "", { context: 3 });
  return hunks
    .flatMap(({ lines }, index) => (index > 0 ? ["...", ...lines] : lines))
    .filter((line) => !line.startsWith("\\"));
}
