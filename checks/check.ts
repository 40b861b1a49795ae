import type { Cluster, Mesh } from "../mesh/mesh";

/** Layers in the order of the report; each depends on the ones before. */
export const layers = {
  programs: "local programs",
  reachable: "clusters reachable",
  versions: "versions",
  rights: "rights",
  clusters: "clusters",
  installed: "existing installations",
  trust: "trust",
  capacity: "node capacity",
  "control-plane": "control plane",
  gateways: "gateways",
  endpoints: "endpoints",
  traffic: "traffic",
  split: "split",
  scale: "scaling",
  addons: "addons",
  exposure: "exposure",
  azure: "Azure",
} as const;
export type Layer = keyof typeof layers;

/** Status of a check that finds something: the mesh does not work, may not work, or nothing is wrong. */
export type Severity = "fail" | "warn" | "info";

/** `<layer>.<name>`; stable, because scripts and searches rely on it. */
export type CheckId = `${Layer}.${string}`;

/** A check without its function: what the documentation is made of. */
export interface CheckFacts {
  readonly id: CheckId;
  readonly severity: Severity;
  /** The expected state, as a sentence without its full stop. */
  readonly title: string;
  /** What the check reads, so that a person can look there too. */
  readonly looksAt: string;
  /** The impact of a failure. */
  readonly why: string;
  /** The general fix; a verdict may have a more specific one. */
  readonly fix: string;
  /**
   * Checks without which this one means nothing: of the same cluster, or with `primary/` before the id of the primary,
   * on which every cluster stands.
   */
  readonly needs: readonly Need[];
}

export type Need = CheckId | `primary/${CheckId}`;
export const idOfNeed = (need: Need) => need.replace(/^primary\//, "") as CheckId;

/** A check of the mesh as a whole. */
export interface MeshCheck<World> extends CheckFacts {
  readonly of: "mesh";
  /** @default - every mesh */
  readonly applies?: (mesh: Mesh) => boolean;
  readonly look: (world: World) => Verdict | Promise<Verdict>;
}

/** A check of each cluster. What it needs is needed of the same cluster. */
export interface ClusterCheck<World> extends CheckFacts {
  readonly of: "cluster";
  /** @default - every cluster */
  readonly applies?: (mesh: Mesh, cluster: Cluster) => boolean;
  readonly look: (world: World, cluster: Cluster) => Verdict | Promise<Verdict>;
}

/** @typeParam World what the checks of a command look at */
export type Check<World> = MeshCheck<World> | ClusterCheck<World>;

/** How requests fell to one version, or to one cluster. */
export interface Share {
  /** Name of the version or of the cluster. */
  readonly name: string;
  /** Percent of the requests that should come to it, 100 in all. */
  readonly wanted: number;
  /** Requests that came to it. */
  readonly seen: number;
}

/** The result of a check's look. Evidence contains no keys and no tokens. */
export interface Verdict {
  readonly kind: "pass" | "problem" | "info" | "not judged";
  /** What it saw, a line each. */
  readonly evidence: readonly string[];
  /** What it counted. @default - it does not count */
  readonly shares?: readonly Share[];
  /** @default - the check's own */
  readonly fix?: string;
  /** Ready to paste. @default - none */
  readonly commands?: readonly string[];
}

export type Remedy = Pick<Verdict, "fix" | "commands">;

export const pass = (...evidence: string[]): Verdict => ({ kind: "pass", evidence });

/** The check found something wrong; its severity says how bad that is. */
export const problem = (evidence: string | readonly string[], remedy: Remedy = {}): Verdict => ({
  kind: "problem",
  evidence: [evidence].flat(),
  ...remedy,
});

/**
 * A problem, or a pass if there is no evidence of one.
 * @param seen what a passing check saw
 */
export const passIfNone = (evidence: readonly string[], remedy: Remedy = {}, ...seen: string[]): Verdict =>
  evidence.length > 0 ? problem(evidence, remedy) : pass(...seen);

/** Nothing is wrong, but the user should know. */
export const info = (...evidence: string[]): Verdict => ({ kind: "info", evidence });

/** The check cannot tell yet. */
export const notJudged = (evidence: string, remedy: Remedy = {}): Verdict => ({
  kind: "not judged",
  evidence: [evidence],
  ...remedy,
});

export const layerOf = ({ id }: Pick<CheckFacts, "id">) => id.slice(0, id.indexOf(".")) as Layer;

/** The check's section in the documentation, with GitHub's anchor. */
export const docsOf = ({ id }: Pick<CheckFacts, "id">) => `docs/checks.md#${id.replace(".", "")}`;
