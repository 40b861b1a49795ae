/** A Kubernetes object as YAML or JSON hold it. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly generation?: number;
    readonly [key: string]: unknown;
  };
  // biome-ignore lint/suspicious/noExplicitAny: the API server is the judge of what is in here
  readonly [key: string]: any;
}

/** The same id for a rendered object and for the live one. */
export function objectId({ apiVersion, kind, metadata }: KubernetesObject): string {
  const group = apiVersion.includes("/") ? apiVersion.split("/")[0] : "";
  return `${kind}.${group}/${metadata.namespace ?? ""}/${metadata.name}`;
}

/**
 * Whether both are one object. A manifest may have a namespace although its kind has none, or leave it to kubectl, so a
 * namespace on one side only is no difference.
 */
export function isSameObject(one: KubernetesObject, other: KubernetesObject): boolean {
  const areNamed = one.metadata.namespace !== undefined && other.metadata.namespace !== undefined;
  return areNamed ? objectId(one) === objectId(other) : clusterWideId(one) === clusterWideId(other);
}

const clusterWideId = (object: KubernetesObject) =>
  objectId({ ...object, metadata: { ...object.metadata, namespace: undefined } });

/** `Deployment istio-system/istiod` */
export function objectTitle({ kind, metadata }: KubernetesObject): string {
  return `${kind} ${metadata.namespace ? `${metadata.namespace}/` : ""}${metadata.name}`;
}

/** `Namespace sample, Deployment sample/curl` */
export const objectTitles = (objects: readonly KubernetesObject[]) => objects.map(objectTitle).join(", ");

/** The object of this kind and name among those of one namespace. */
export const objectNamed = (objects: readonly KubernetesObject[], kind: string, name: string) =>
  objects.find((object) => object.kind === kind && object.metadata.name === name);

export const podsOf = (objects: readonly KubernetesObject[], labels: Readonly<Record<string, string>>) =>
  objects.filter(
    ({ kind, metadata }) =>
      kind === "Pod" && Object.entries(labels).every(([key, value]) => metadata.labels?.[key] === value),
  );

/** How many pods a Deployment or DaemonSet has. */
export interface PodCounts {
  readonly wanted: number;
  /** Of the current template. */
  readonly updated: number;
  readonly available: number;
  readonly all: number;
}

/** A DaemonSet has a pod on every node, and no number in its spec. */
export function podCounts({ kind, spec, status = {} }: KubernetesObject): PodCounts {
  return kind === "DaemonSet"
    ? {
        wanted: status.desiredNumberScheduled ?? 0,
        updated: status.updatedNumberScheduled ?? 0,
        available: status.numberAvailable ?? 0,
        all: status.currentNumberScheduled ?? 0,
      }
    : {
        wanted: spec?.replicas ?? 1,
        updated: status.updatedReplicas ?? 0,
        available: status.availableReplicas ?? 0,
        all: status.replicas ?? 0,
      };
}

/**
 * Every pod is up to date and available, as in `kubectl rollout status`. A Deployment that is scaled to 0 is not rolled
 * out, and neither is a DaemonSet without a node.
 */
export function isRolledOut(workload: KubernetesObject): boolean {
  const { metadata, status } = workload;
  const { wanted, updated, available, all } = podCounts(workload);
  return (
    wanted > 0 &&
    (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0) &&
    updated >= wanted &&
    all <= updated &&
    available >= wanted
  );
}

/**
 * Address that the cloud assigned to a LoadBalancer Service, an IP before a host name; undefined until then.
 * @param inUse is preferred if the Service has several
 */
export function loadBalancerAddress(service: KubernetesObject, inUse?: string): string | undefined {
  const addresses = ingressAddresses(service);
  return addresses.find((address) => address === inUse) ?? addresses[0];
}

/**
 * Every address of a LoadBalancer Service, `externalIPs` included: istiod uses all of a gateway's
 * (pilot/pkg/serviceregistry/kube/conversion.go of istio/istio, read 2026-11-27).
 */
export const serviceAddresses = (service: KubernetesObject): string[] => [
  ...ingressAddresses(service),
  ...(service.spec?.externalIPs ?? []),
];

function ingressAddresses({ status }: KubernetesObject): string[] {
  const ingress: readonly { ip?: string; hostname?: string }[] = status?.loadBalancer?.ingress ?? [];
  return ingress.flatMap(({ ip, hostname }) => ip || hostname || []);
}

/** What kubectl needs to find an object. */
export const nameAlone = ({
  apiVersion,
  kind,
  metadata: { name, namespace },
}: KubernetesObject): KubernetesObject => ({ apiVersion, kind, metadata: { name, namespace } });

/** Objects as the JSON of one List, for a file or the input of kubectl. */
export const listOf = (items: readonly KubernetesObject[]) =>
  JSON.stringify({ apiVersion: "v1", kind: "List", items });
