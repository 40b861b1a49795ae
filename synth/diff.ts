import { structuredPatch } from "diff";
import { consequencesOf } from "./consequences";
import { type Action, changesBetween } from "./files";
import type { Inputs } from "./inputs";
import { distFiles, refuseOtherOutput, terraformFiles, terraformFilesToReplace } from "./output";
import { hideSecrets } from "./redact";
import { type Resource, resourcesOf } from "./resources";
import { withStaging } from "./staging";
import { stage } from "./synthesize";

/** One resource that a synth would add, change or remove. */
export interface ResourceChange {
  readonly action: Action;
  /** Cluster, `terraform`, or `dist` for the files that are about the whole mesh. */
  readonly scope: string;
  /** For example `VirtualService sample/helloworld`. */
  readonly resource: string;
  /** Changed lines with some around them, each led by '+', '-' or ' '; secrets are hidden. */
  readonly lines: readonly string[];
  /** What the change does to something that runs, where that is not what one would expect. */
  readonly means: readonly string[];
}

/**
 * What a synth would change against what `dist` and `cdktf.out` hold, resource by resource. Changes nothing.
 * @throws OutputError where a synth would refuse
 */
export function diff(inputs: Inputs): readonly ResourceChange[] {
  refuseOtherOutput(inputs);
  return withStaging((staging) => {
    const staged = stage(inputs, staging);
    const { dist, terraform } = inputs.paths;
    const before = resourcesOf(distFiles(dist), terraformFilesToReplace(staged.terraform, terraform));
    const after = resourcesOf(distFiles(staged.dist), terraformFiles(staged.terraform));
    return changesBetween(texts(before), texts(after)).map(({ key, action }) => {
      const [one, other] = hideSecrets(before.get(key), after.get(key));
      const { kind, scope, resource } = (after.get(key) ?? before.get(key))!;
      // The runbook and the picture follow from the rest: that they change is enough to know.
      const lines = kind === "about" ? [] : changedLines(one, other);
      return { action, scope, resource, lines, means: consequencesOf(before.get(key), after.get(key)) };
    });
  });
}

function texts(resources: ReadonlyMap<string, Resource>): Map<string, string> {
  return new Map([...resources].map(([key, { text }]) => [key, text]));
}

/** Changed lines with some around them, each led by '+', '-' or ' '. */
export function changedLines(before: string, after: string): string[] {
  const { hunks } = structuredPatch("", "", before, after, "", "", { context: 3 });
  return hunks
    .flatMap(({ lines }, index) => (index > 0 ? ["...", ...lines] : lines))
    .filter((line) => !line.startsWith("\\"));
}
