import type { Cluster } from "../../mesh/mesh";
import type { Inputs } from "../../synth/inputs";
import { explainTimeout } from "../diagnosis/unreachable";
import type { Context } from "../run/context";
import type { Step } from "../run/steps";
import type { Discovered } from "./discovery";
import type { Installation } from "./installation";
import type { Phase } from "./phases";

/** What to apply, and how. `dist` has been written from these inputs. */
export interface ApplyInputs extends Inputs {
  /** Version of the istioctl on the PATH, for example `1.31.1`. */
  readonly istioctlVersion: string;
  /** PEM text of the mesh's root certificate. */
  readonly rootCertificate: string;
  /** Delete what mesh.yaml no longer has. @default false: it is named, and stays */
  readonly prune?: boolean;
  /** Seconds, instead of every step's own deadline. @default - each step's own */
  readonly timeoutSeconds?: number;
}

/** A step of `apply`: `--until` goes by its phase, `--only` by its cluster. */
export type ApplyStep = Step & {
  readonly phase: Phase;
  /** Its result is not in `dist`: also on a mesh whose `dist` a GitOps tool applies, this tool does it. */
  readonly outsideDist?: true;
};

/** Shared by the steps of a run. */
export interface Run extends ApplyInputs, Discovered {
  readonly context: Context;
  readonly installations: ReadonlyMap<string, Installation>;
  /** Kinds of the objects that mesh.extend.ts adds, or has added in earlier runs. */
  readonly extensionKinds: readonly string[];
  /** Gateway addresses by cluster name; the run adds those that it finds. */
  readonly addresses: Record<string, string>;
}

/** A step without its cluster and its id, which is `<cluster>/<key of the row>`. */
export type StepRow = Omit<ApplyStep, "id" | "cluster" | "needs"> & {
  readonly needs: readonly string[];
};

/** `needs` names steps of the same cluster, or `primary/...` for the primary's; `after` holds ids, of any cluster. */
export function stepsOf(
  run: Run,
  cluster: Cluster,
  rows: Readonly<Record<string, StepRow | undefined>>,
): ApplyStep[] {
  const idOf = (need: string) =>
    need.startsWith("primary/")
      ? `${run.mesh.primary.name}/${need.slice("primary/".length)}`
      : `${cluster.name}/${need}`;
  return Object.entries(rows).flatMap(([name, row]) =>
    row === undefined
      ? []
      : [
          {
            ...row,
            id: idOf(name),
            cluster: cluster.name,
            needs: row.needs.map(idOf),
            deadlineSeconds: run.timeoutSeconds ?? row.deadlineSeconds,
            explain: explainTimeout(run.installations.get(cluster.name)!.kubectl, row.explain),
          },
        ],
  );
}
