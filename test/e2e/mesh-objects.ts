import { createHash } from "node:crypto";
import type { KubernetesObject } from "../../ops/exec/kubernetes-object";
import { loadBalancerAddress, objectId } from "../../ops/exec/kubernetes-object";
import { must } from "./lab";

/**
 * Every object of clusters, normalized so that two meshes of the same mesh.yaml and CA are equal: without counters, random
 * and derived values, with load balancers' addresses by name, and with digests for secrets.
 */
export type Objects = Readonly<Record<string, string>>;

/** Kinds that depend on the time, on a machine, or on other objects. */
const passing =
  /^(events|pods|endpoints|nodes|leases|csinodes|componentstatuses|ipaddresses|certificatesigningrequests|podmetrics|nodemetrics)(\.|$)/;

export function objectsOf(contexts: readonly string[]): Objects {
  const found = contexts.flatMap((context) =>
    objectsIn(context).map((object) => ({ id: `${context} ${objectId(object)}`, object })),
  );
  const addresses = found.flatMap(({ id, object }) => {
    const address = object.kind === "Service" && loadBalancerAddress(object);
    return address ? [[address, `(address of ${id})`] as const] : [];
  });
  const told = ({ id, object }: (typeof found)[number]) => {
    const text = JSON.stringify(lasting(object), undefined, 1);
    return [id, addresses.reduce((named, [address, name]) => named.replaceAll(address, name), text)] as const;
  };
  return Object.fromEntries(found.map(told).sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** How two states differ, one line each with the first line that is not the same; empty when they are equal. */
export function differencesBetween(before: Objects, after: Objects): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].sort().flatMap((id) => {
    const [one, other] = [before[id], after[id]];
    if (one === other) return [];
    if (one === undefined) return [`+ ${id}`];
    if (other === undefined) return [`- ${id}`];
    const [lines, others] = [one.split("\n"), other.split("\n")];
    const at = lines.findIndex((line, index) => line !== others[index]);
    return [`~ ${id}: ${lines[at]?.trim()} / ${others[at]?.trim()}`];
  });
}

function objectsIn(context: string): KubernetesObject[] {
  const kubectl = `kubectl --context ${context}`;
  const kinds = must(`${kubectl} api-resources --verbs=list -o name`)
    .split("\n")
    .filter((kind) => kind !== "" && !passing.test(kind));
  const { items } = JSON.parse(
    must(`${kubectl} get ${kinds.join(",")} --all-namespaces --show-managed-fields -o json`),
  );
  return (items as KubernetesObject[]).filter(
    // Controllers create these from other objects, with random names.
    ({ metadata }) => metadata.ownerReferences === undefined,
  );
}

function lasting(object: KubernetesObject): object {
  const { uid, resourceVersion, creationTimestamp, generation, managedFields, ...metadata } = object.metadata;
  const { status, ...rest } = object;
  const { clusterIP, clusterIPs, healthCheckNodePort, ...spec } = rest.spec ?? {};
  return {
    ...rest,
    metadata: {
      ...metadata,
      annotations: {
        ...metadata.annotations,
        // The leader and its start time.
        "control-plane.alpha.kubernetes.io/leader": undefined,
        // The random UID of a token's ServiceAccount.
        "kubernetes.io/service-account.uid": undefined,
        ...(object.kind === "Secret" && {
          [lastAppliedKey]: withoutData(metadata.annotations?.[lastAppliedKey]),
        }),
      },
      // A remote's two IstioOperators share objects; the label names the one that was applied last.
      labels: { ...metadata.labels, "install.operator.istio.io/owning-resource": undefined },
      managers: managersOf(managedFields),
    },
    ...(rest.spec && { spec: { ...spec, ports: spec.ports?.map(withoutNodePort) } }),
    ...(object.kind === "Secret" && { data: secretData(object) }),
  };
}

const lastAppliedKey = "kubectl.kubernetes.io/last-applied-configuration";

/** kubectl stores a Secret's values again in its last-applied annotation. */
function withoutData(applied: string | undefined): object | undefined {
  if (applied === undefined) return undefined;
  const { data, stringData, ...rest } = JSON.parse(applied);
  return rest;
}

const withoutNodePort = ({ nodePort, ...port }: Record<string, unknown>) => port;

/** Field managers of the object, without the controllers of Kubernetes and Istio. */
function managersOf(fields: unknown): string[] {
  const entries = (fields ?? []) as readonly { manager: string; operation: string }[];
  return [
    ...new Set(
      entries
        .filter(({ manager }) => !/^(kube-|pilot-discovery|cloud-|kubelet)/.test(manager))
        .map(({ manager, operation }) => `${manager} ${operation}`),
    ),
  ].sort();
}

/** Digests. A token, and a kubeconfig with it, differs each time it is created. */
function secretData({ type, data = {} }: KubernetesObject): Record<string, string> {
  const digest = (text: string) => createHash("sha256").update(text).digest("hex").slice(0, 16);
  return Object.fromEntries(
    Object.entries<string>(data).map(([key, value]) => {
      if (type === "kubernetes.io/service-account-token" && key === "token") return [key, "(token)"];
      const text = Buffer.from(value, "base64").toString("utf8");
      return [key, digest(text.replace(/^(\s*token:).*$/gm, "$1"))];
    }),
  );
}
