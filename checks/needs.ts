import type { Cluster } from "../mesh/mesh";
import { type Check, type CheckId, idOfNeed } from "./check";

/** A check, and the cluster that it looks at; undefined: the mesh. */
export interface Look<World> {
  readonly check: Check<World>;
  readonly cluster: Cluster | undefined;
}

/** In the order of `all`. */
export function withNeeds<World>(
  wanted: readonly Look<World>[],
  all: readonly Look<World>[],
  neededBy: (look: Look<World>) => readonly Look<World>[],
): Look<World>[] {
  const taken = new Set(wanted);
  // A set goes on to what is added to it meanwhile.
  for (const look of taken) for (const needed of neededBy(look)) taken.add(needed);
  return all.filter((look) => taken.has(look));
}

/**
 * For each look those that it needs, in their order. What is needed of a cluster is needed by checks of that cluster and
 * of the mesh; what the primary has, by all.
 */
export function needsAmong<World>(
  all: readonly Look<World>[],
): (look: Look<World>) => readonly Look<World>[] {
  const byId = new Map<string, Look<World>[]>();
  for (const look of all) byId.set(look.check.id, [...(byId.get(look.check.id) ?? []), look]);
  const order = new Map(all.map((look, index) => [look, index]));
  return ({ check, cluster }) => {
    const needed = check.needs.flatMap((need) => {
      const looks = byId.get(idOfNeed(need)) ?? [];
      return need.startsWith("primary/")
        ? looks.filter((other) => other.cluster?.role === "primary")
        : looks.filter((other) => !cluster || !other.cluster || other.cluster === cluster);
    });
    return needed.sort((one, other) => order.get(one)! - order.get(other)!);
  };
}

/** A need that is not there would be taken for one that is met, and a circle would never be judged. */
export function refuseWrongNeeds<World>(checks: readonly Check<World>[]): void {
  const byId = new Map(checks.map((check) => [check.id, check]));
  if (byId.size < checks.length) {
    const twice = checks.find((check) => byId.get(check.id) !== check)!;
    throw new Error(`there are two checks ${twice.id}`);
  }
  const met = new Set<CheckId>();
  const meet = ({ id, needs }: Check<World>, above: readonly CheckId[]) => {
    if (above.includes(id)) throw new Error(`checks that need each other: ${[...above, id].join(", ")}`);
    if (met.has(id)) return;
    for (const need of needs) {
      const needed = byId.get(idOfNeed(need));
      if (!needed) throw new Error(`check ${id} needs ${need}, which is no check`);
      meet(needed, [...above, id]);
    }
    met.add(id);
  };
  for (const check of checks) meet(check, []);
}
