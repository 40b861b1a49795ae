import { join } from "node:path";
import { certificatesIn, type Certificate as FullCertificate } from "../../ca/certificate";
import { istioNamespace } from "../../k8s/istio-names";
import type { Cluster, Mesh } from "../../mesh/mesh";
import { bundleObjects } from "../clusters/bundle-objects";
import { readPublicCa } from "../clusters/ca-secret";
import { readClusterState } from "../clusters/cluster-state";
import { type Inventory, readInventory } from "../clusters/inventory";
import { istioVersionOfPod } from "../clusters/istio-version";
import { objectsToPrune } from "../clusters/prune";
import { deletionBlockers, deletionMessages, isTerminating } from "../clusters/terminating";
import { whyNotReady } from "../diagnosis/pods";
import { type Kubectl, kubectlFor } from "../exec/kubectl";
import { type KubernetesObject, loadBalancerAddress, objectId, objectTitle } from "../exec/kubernetes-object";
import { serverVersion } from "../exec/versions";
import type { Context } from "../run/context";

/** What one cluster says of itself. */
export interface ClusterFacts {
  /** Version of its API server; undefined where it says something that is none. */
  readonly kubernetes: string | undefined;
  /** Versions of istiod and the gateways that run there. One, unless an upgrade is under way. */
  readonly istio: readonly string[];
  /** Undefined: there is none, as on a remote. */
  readonly istiod: Replicas | undefined;
  readonly gateways: readonly Gateway[];
  /** Undefined: there is no Secret `cacerts`. */
  readonly certificates: Certificates | undefined;
  /** Undefined: nothing was applied here, or this is a remote. */
  readonly inventory: Inventory | undefined;
  /** Why a namespace of the mesh is being deleted and still there, a sentence each. */
  readonly leaving: readonly string[];
  /** Why istiod or a gateway is not ready, by the name of its Deployment, in the words of Kubernetes. */
  readonly reasons: Readonly<Record<string, string>>;
  /** How it differs from the manifests that mesh.yaml gives, a sentence an object. */
  readonly drift: readonly string[];
}

export interface Replicas {
  readonly ready: number;
  readonly wanted: number;
}

export interface Gateway {
  /** Name of its Service and Deployment. */
  readonly name: string;
  /** Undefined: the cloud has given it none yet. */
  readonly address: string | undefined;
  readonly replicas: Replicas;
}

/** The public part of `cacerts`. */
export interface Certificates {
  /** When the first of them ends. */
  readonly notAfter: Date;
  /** SHA-256 of the root. */
  readonly root: string;
  /** Each once, the root first. */
  readonly list: readonly Certificate[];
}

/** A certificate, for people to read. */
export interface Certificate {
  /** A root stands in `root-cert.pem`. */
  readonly role: "root" | "intermediate";
  /** For example `O=Istio, CN=Root CA`. */
  readonly subject: string;
  readonly notAfter: Date;
  /** SHA-256, lower-case hex. */
  readonly fingerprint: string;
}

/**
 * Asks one cluster everything at once.
 * @param dist folder with this version's manifests
 * @throws when it does not answer
 */
export async function readCluster(
  { programs, signal }: Context,
  mesh: Mesh,
  cluster: Cluster,
  dist: string,
): Promise<ClusterFacts> {
  const kubectl = kubectlFor(programs, cluster.context);
  const [version, objects, certificates, inventory, { drift, leaving }] = await Promise.all([
    serverVersion(kubectl, { signal }),
    kubectl.get(["-n", istioNamespace, "deployments,services,pods"], { signal }),
    readCertificates(kubectl, mesh, signal),
    cluster.role === "primary" ? readInventory(kubectl, signal) : undefined,
    readDrift(kubectl, mesh, cluster, dist, signal),
  ]);
  const ofKind = (kind: string) => objects.filter((object) => object.kind === kind);
  const deployment = (name: string) => ofKind("Deployment").find(({ metadata }) => metadata.name === name);
  const istiod = deployment("istiod");
  return {
    kubernetes: version?.text,
    istio: istioVersions(ofKind("Pod")),
    istiod: istiod && replicasOf(istiod),
    gateways: ofKind("Service")
      .filter(({ spec }) => spec.type === "LoadBalancer")
      .map((service) => ({
        name: service.metadata.name,
        address: loadBalancerAddress(service),
        replicas: replicasOf(deployment(service.metadata.name)),
      })),
    certificates,
    inventory,
    leaving,
    reasons: reasonsIn(objects),
    drift,
  };
}

function reasonsIn(objects: readonly KubernetesObject[]): ClusterFacts["reasons"] {
  return Object.fromEntries(
    objects
      .filter(({ kind }) => kind === "Deployment")
      .flatMap(({ metadata: { name } }) => {
        const [first] = whyNotReady(objects, name)?.reasons ?? [];
        return first === undefined ? [] : [[name, first]];
      }),
  );
}

const replicasOf = (deployment: KubernetesObject | undefined): Replicas => ({
  ready: deployment?.status?.readyReplicas ?? 0,
  wanted: deployment ? (deployment.spec?.replicas ?? 1) : 0,
});

const istioVersions = (pods: readonly KubernetesObject[]) =>
  [
    ...new Set(
      pods.flatMap((pod) =>
        (["discovery", "istio-proxy"] as const).flatMap(
          (container) => istioVersionOfPod(pod, container)?.text ?? [],
        ),
      ),
    ),
  ].sort();

async function readCertificates(
  kubectl: Kubectl,
  mesh: Mesh,
  signal: AbortSignal,
): Promise<Certificates | undefined> {
  const found = await readPublicCa(kubectl, mesh, { signal });
  return found && certificatesOf(found.rootCert, [found.caCert, found.certChain]);
}

/**
 * @param rootCert PEM text of `root-cert.pem`
 * @param others PEM texts of the intermediate and its chain, which may name the same ones again
 * @returns undefined where there is no root
 */
export function certificatesOf(rootCert: string, others: readonly string[]): Certificates | undefined {
  const roots = certificatesIn(rootCert).map((found) => readable(found, "root"));
  const intermediates = others.flatMap(certificatesIn).map((found) => readable(found, "intermediate"));
  const [root] = roots;
  if (!root) return undefined;
  const list = [...roots, ...intermediates].filter(
    ({ fingerprint }, index, all) => all.findIndex((one) => one.fingerprint === fingerprint) === index,
  );
  const ends = list.map(({ notAfter }) => notAfter.getTime());
  return { notAfter: new Date(Math.min(...ends)), root: root.fingerprint, list };
}

const readable = (
  { subject, notAfter, fingerprint }: FullCertificate,
  role: Certificate["role"],
): Certificate => ({
  role,
  subject,
  notAfter,
  fingerprint,
});

async function readDrift(
  kubectl: Kubectl,
  mesh: Mesh,
  cluster: Cluster,
  dist: string,
  signal: AbortSignal,
): Promise<Pick<ClusterFacts, "drift" | "leaving">> {
  const folder = join(dist, cluster.name);
  const wanted = bundleObjects(folder);
  const [state, unwanted] = await Promise.all([
    readClusterState(kubectl, [folder], signal),
    // Before Istio's CRDs are there kubectl does not know every kind; then nothing of the mesh is there either.
    objectsToPrune(kubectl, mesh, cluster, dist, signal).catch(() => []),
  ]);
  const namespaces = wanted.flatMap((object) =>
    object.kind === "Namespace" ? (state.initial(objectId(object)) ?? []) : [],
  );
  const drift = [
    ...state
      .missing(wanted)
      .map((object) =>
        state.initial(objectId(object))
          ? `${objectTitle(object)} is not as mesh.yaml has it`
          : `${objectTitle(object)} is not there`,
      ),
    ...unwanted
      .filter(({ metadata }) => metadata.name !== "cacerts")
      .map((object) => `${objectTitle(object)} is not in mesh.yaml any more`),
  ];
  const leaving = namespaces.filter(isTerminating).map((namespace) => whyLeaving(kubectl, namespace, signal));
  return { drift, leaving: await Promise.all(leaving) };
}

async function whyLeaving(
  kubectl: Kubectl,
  namespace: KubernetesObject,
  signal: AbortSignal,
): Promise<string> {
  const { name, deletionTimestamp } = namespace.metadata;
  const holds = await deletionBlockers(kubectl, namespace, signal);
  return [
    `the namespace ${name} has been Terminating since ${deletionTimestamp}`,
    ...(holds.length > 0
      ? holds.flatMap(({ text, commands }) => [text, ...commands.map((command) => `fix: ${command}`)])
      : deletionMessages(namespace)),
  ].join("; ");
}
