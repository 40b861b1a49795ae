import type { Mesh } from "../mesh/mesh";
import type { Version } from "../mesh/versions";
import type { Context } from "./context";
import { MissingProgram } from "./programs";
import { programVersion, serverVersion, skewRules, type Versions } from "./versions";

/** Found before anything was changed. */
export class PreflightError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(problems.join("\n"));
    this.name = "PreflightError";
  }
}

/**
 * Programs are there, clusters answer, versions go together: looked at side by side, before anything is changed.
 * @returns the versions that were found
 * @throws PreflightError with everything that stands in the way
 */
export async function preflight({ programs }: Context, mesh: Mesh): Promise<Versions> {
  const problems: string[] = [];
  const ask = async (question: Promise<Version | undefined>, about: (error: Error) => string) => {
    try {
      return await question;
    } catch (error) {
      if ((error as Error).name === "Interrupted") throw error;
      problems.push(error instanceof MissingProgram ? error.message : about(error as Error));
      return undefined;
    }
  };
  const asIs = ({ message }: Error) => message;
  const [kubectl, istioctl] = await Promise.all([
    ask(programVersion(programs, "kubectl"), asIs),
    ask(programVersion(programs, "istioctl"), asIs),
  ]);
  if (problems.length > 0) throw new PreflightError(problems);
  const kubernetes = Object.fromEntries(
    await Promise.all(
      mesh.clusters.map(async ({ name, context }) => {
        const unreachable = ({ message }: Error) =>
          `${name} cannot be reached through the context ${context}; check kubectl --context ${context} version\n${message}`;
        return [name, await ask(serverVersion(programs, context), unreachable)] as const;
      }),
    ),
  );
  const versions = { kubectl, istioctl, kubernetes };
  const all = [...problems, ...skewRules.flatMap((rule) => rule(mesh, versions))];
  if (all.length > 0) throw new PreflightError(all);
  return versions;
}
