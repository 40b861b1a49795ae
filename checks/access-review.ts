import type { Kubectl } from "../ops/exec/kubectl";
import type { KubernetesObject } from "../ops/exec/kubernetes-object";

/** Something that is done to a kind of resource. */
export interface Right {
  readonly verb: string;
  /** As `kubectl auth can-i` takes it, for example `pods/exec`. */
  readonly resource: string;
  /** API group; empty: Kubernetes' core. */
  readonly group: string;
  /** Undefined: in the whole cluster. */
  readonly namespace?: string;
}

/** The user, clock and missing rights, as the API server reports them. */
export interface AccessReview {
  /** User name; undefined on Kubernetes before 1.28. */
  readonly user: string | undefined;
  /** The server's clock; undefined on Kubernetes before 1.28. */
  readonly clock: ServerClock | undefined;
  /** Missing rights. */
  readonly refused: readonly Right[];
}

export interface ServerClock {
  /** What it said, to the second. */
  readonly time: Date;
  /** Seconds by which it is ahead of this machine's; below zero: behind. */
  readonly ahead: number;
}

/**
 * Asks everything at once: reviews are objects that are created and never kept, and kubectl creates as many as it is
 * given. `kubectl auth can-i` would start a process for each; `--list` knows nothing of authorizers outside the cluster,
 * such as Azure's.
 */
export async function reviewAccess(
  kubectl: Kubectl,
  rights: readonly Right[],
  now: () => Date,
): Promise<AccessReview> {
  const input = JSON.stringify({
    apiVersion: "v1",
    kind: "List",
    items: [
      { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" },
      ...rights.map((right) => ({
        apiVersion: "authorization.k8s.io/v1",
        kind: "SelfSubjectAccessReview",
        spec: { resourceAttributes: attributesOf(right) },
      })),
    ],
  });
  const before = now();
  // Old servers do not know the first kind: kubectl ends with 1 and prints the others.
  const { stdout, stderr } = await kubectl.run(["create", "--validate=false", "-o", "json", "-f", "-"], {
    input,
    answers: [0, 1],
  });
  const after = now();
  const answers = readObjects(stdout);
  const reviews = answers.filter(({ kind }) => kind === "SelfSubjectAccessReview");
  if (reviews.length < rights.length) throw new Error(stderr.trim() || "kubectl printed no reviews");
  const self = answers.find(({ kind }) => kind === "SelfSubjectReview");
  return {
    user: self?.status.userInfo.username,
    clock: self && serverClock(new Date(String(self.metadata.creationTimestamp)), before, after),
    refused: rights.filter((_, index) => reviews[index]!.status?.allowed !== true),
  };
}

function attributesOf({ resource: name, ...right }: Right) {
  const [resource, subresource] = name.split("/");
  return { ...right, resource, ...(subresource && { subresource }) };
}

/** One object after another, each ending in a brace at the start of a line. */
function readObjects(stdout: string): KubernetesObject[] {
  return stdout
    .split(/(?<=^\})\n/m)
    .filter((text) => text.trim() !== "")
    .map((text) => JSON.parse(text));
}

/** A time within the span in which it was asked for is right; the server cuts its own to the second. */
function serverClock(time: Date, before: Date, after: Date): ServerClock {
  const [at, from, to] = [time.getTime(), before.getTime() - 1000, after.getTime()];
  return { time, ahead: (at < from ? at - from : at > to ? at - to : 0) / 1000 };
}
