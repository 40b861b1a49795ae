import { istioNamespace, remoteSecretName } from "../k8s/istio-names";
import type { Cluster, Mesh } from "../mesh/mesh";
import { caAmong } from "../ops/clusters/ca-secret";
import { type Inventory, removedClusters } from "../ops/clusters/inventory";
import type { Context } from "../ops/run/context";
import {
  type Certificate,
  clusterFacts,
  daysLeft,
  type Gateway,
  type Replicas,
} from "../ops/status/cluster-facts";
import { placeChecks } from "./basics/place";
import type { CheckInputs } from "./basics/world";
import { type Check, idOfNeed } from "./check";
import { asProof, type CheckReport, type CheckResult } from "./report";
import { runChecks } from "./run-checks";
import { kubectlIn } from "./suggested-commands";
import { verifyChecks } from "./verify/verify";
import { type VerifyWorld, verifyWorld } from "./verify/world";

/** How a mesh is, on one screen. Field names are part of `-o json`. */
export interface MeshStatus {
  readonly mesh: string;
  /** Version that mesh.yaml asks for. */
  readonly istio: string;
  /** False: the primary answers, and there is no mesh on it. */
  readonly installed: boolean;
  readonly clusters: readonly ClusterStatus[];
  /** What is not well. */
  readonly problems: readonly Remark[];
  /** What the clusters hold otherwise than mesh.yaml says. */
  readonly differences: readonly Remark[];
  /** There is a mesh, no problem and no difference. */
  readonly ok: boolean;
}

/** What is undefined could not be read: a remark says why. */
export interface ClusterStatus {
  readonly name: string;
  readonly role: "primary" | "remote";
  readonly context: string;
  readonly reachable: boolean;
  readonly kubernetes: string | undefined;
  /** One, unless an upgrade is under way. */
  readonly istio: readonly string[];
  readonly istiod: Replicas | undefined;
  /** What the primary's istiod is at with this cluster: `synced`. */
  readonly synced: string | undefined;
  readonly gateways: readonly Gateway[];
  readonly proxies: { readonly connected: number; readonly inSync: number } | undefined;
  /** Whole days until the first certificate of its CA ends. */
  readonly certificateDaysLeft: number | undefined;
  /** Of its CA, the root first. Undefined: there is no Secret `cacerts`, or it could not be read. */
  readonly certificates: readonly Certificate[] | undefined;
}

/** What is wrong with a cluster, which is named as in mesh.yaml. */
export interface Remark {
  readonly cluster: string;
  readonly text: string;
  /** Id of the check that found it. @default - no check */
  readonly check?: CheckResult["id"];
  readonly fix?: string;
  /** Ready to paste. */
  readonly commands?: readonly string[];
}

/** Checks of a cluster that only differs from mesh.yaml. */
const differing = ["versions.istio", "installed.drift"];

/** What status looks at. Other checks send requests, or dial from pods. */
const shown: readonly string[] = [
  "programs.kubectl",
  "programs.istioctl",
  "reachable.context",
  "reachable.entries",
  "reachable.api",
  "reachable.nodes",
  "versions.istioctl",
  "rights.read",
  "clusters.terminating",
  "clusters.place",
  "installed.mesh",
  "versions.skew",
  "trust.secret",
  "trust.dates",
  "trust.one-root",
  "trust.unread",
  "trust.lasts",
  "control-plane.istiod",
  "control-plane.remote-secret",
  "control-plane.synced",
  "gateways.ready",
  "gateways.address",
  "gateways.ingress",
  "endpoints.proxies",
  ...differing,
];

/** Status execs in no remote, and asks istiod through the primary's nodes. */
const ofPrimary = (check: Check<VerifyWorld>): Check<VerifyWorld> =>
  check.of === "cluster" ? { ...check, applies: (_, { role }) => role === "primary" } : check;

/** Those of verify, each without the needs that status does not look at. */
export const statusChecks: readonly Check<VerifyWorld>[] = [...verifyChecks, ...placeChecks]
  .filter(({ id }) => shown.includes(id))
  .map((check) => (check.id === "reachable.nodes" ? ofPrimary(check) : check))
  .map((check) => ({ ...check, needs: check.needs.filter((need) => shown.includes(idOfNeed(need))) }));

/**
 * Asks every cluster; changes nothing. A cluster that does not answer is a problem.
 * @throws Interrupted on Ctrl-C
 */
export async function meshStatus(context: Context, inputs: CheckInputs): Promise<MeshStatus> {
  const { report, world } = await look(statusChecks, context, inputs);
  return statusFrom(world, report.results);
}

/** What `verify` finds and what `status` shows beside it, from the same answers. */
export async function verifyWithStatus(
  context: Context,
  inputs: CheckInputs,
): Promise<{ readonly checks: CheckReport; readonly status: MeshStatus }> {
  const { report, world } = await look(verifyChecks, context, inputs);
  return { checks: asProof(report), status: await statusFrom(world, []) };
}

async function look(checks: readonly Check<VerifyWorld>[], context: Context, inputs: CheckInputs) {
  let world!: VerifyWorld;
  const worldIn = (given: Context) => {
    world = verifyWorld(given, inputs);
    // No check of verify asks for it.
    world.probes(inputs.mesh.primary).inventory().catch(ignore);
    return world;
  };
  const report = await runChecks(checks, inputs.mesh, worldIn, context);
  return { report, world };
}

const ignore = () => undefined;

/**
 * @param world whose questions have been asked by the checks: one without an answer gets none here either
 * @param results of `statusChecks`
 */
export async function statusFrom(world: VerifyWorld, results: readonly CheckResult[]): Promise<MeshStatus> {
  const { mesh } = world;
  const tellsJson = mesh.istio.line.istiodTellsJson;
  const [clusters, inventory, read, proxies] = await Promise.all([
    Promise.all(mesh.clusters.map((cluster) => answersOf(world, cluster))),
    world.probes(mesh.primary).inventory().catch(ignore),
    tellsJson ? world.readClusters().catch(ignore) : undefined,
    tellsJson ? world.connectedProxies().catch(ignore) : undefined,
  ]);
  const primary = clusters[mesh.clusters.indexOf(mesh.primary)]!;
  const installed = !primary.reachable || inventory !== undefined || primary.istiod !== undefined;
  const found = results
    .filter(({ status }) => status === "fail" || status === "warn")
    .filter((result) => isAbout(result, mesh, installed, inventory));
  const isDifference = ({ id }: CheckResult) => differing.includes(id);
  const problems = found.filter((result) => !isDifference(result)).map((result) => remarkOf(result, mesh));
  const differences = installed
    ? [
        ...membership(mesh, inventory, Object.keys(read ?? {})),
        ...found.filter(isDifference).flatMap((result) => linesOf(result)),
      ]
    : [];
  return {
    mesh: mesh.name,
    istio: mesh.istio.version,
    installed,
    clusters: clusters.map((cluster) => {
      const connected = proxies?.filter((proxy) => proxy.cluster === cluster.name);
      return {
        ...cluster,
        synced: read?.[cluster.name],
        proxies: connected && {
          connected: connected.length,
          inSync: connected.filter(({ stale }) => stale.length === 0).length,
        },
      };
    }),
    problems,
    differences,
    ok: installed && problems.length + differences.length === 0,
  };
}

async function answersOf({ mesh, now, probes, meshProbes }: VerifyWorld, cluster: Cluster) {
  const version = probes(cluster).version();
  const [reachable, kubernetes, objects, secrets] = await Promise.all([
    version.then(() => true).catch(() => false),
    version.catch(ignore),
    meshProbes(cluster)
      .istioSystem()
      .catch(() => []),
    meshProbes(cluster)
      .secrets()
      .catch(() => []),
  ]);
  const facts = clusterFacts({ version: kubernetes, objects, ca: caAmong(secrets, mesh)?.ca });
  const { certificates, ...shownFacts } = facts;
  return {
    name: cluster.name,
    role: cluster.role,
    context: cluster.context,
    reachable,
    ...shownFacts,
    certificateDaysLeft: certificates && daysLeft(certificates, now()),
    certificates: certificates?.list,
  };
}

/** A cluster that was just added to mesh.yaml lacks everything, which is one remark. */
const isApplied = (inventory: Inventory | undefined, name: string) =>
  !inventory || inventory.clusters.some((applied) => applied.name === name);

/** Before a mesh is installed, only problems that prevent its installation count. */
function isAbout(
  { id, cluster }: CheckResult,
  { primary }: Mesh,
  installed: boolean,
  inventory: Inventory | undefined,
): boolean {
  const isOfCluster = /^(reachable|clusters)\./.test(id);
  return isOfCluster || (installed && isApplied(inventory, cluster ?? primary.name));
}

const remarkOf = ({ id, cluster, evidence, fix, commands }: CheckResult, { primary }: Mesh): Remark => ({
  cluster: cluster ?? primary.name,
  text: evidence.join("; "),
  check: id,
  ...(fix && { fix }),
  commands,
});

const linesOf = ({ id, cluster, evidence }: CheckResult): Remark[] =>
  evidence.map((text) => ({ cluster: cluster!, text, check: id }));

/** Clusters that mesh.yaml and the mesh do not both have. */
function membership(mesh: Mesh, inventory: Inventory | undefined, read: readonly string[]): Remark[] {
  const { primary } = mesh;
  const gone = removedClusters(inventory, mesh).map(({ name }) => name);
  const unknown = read.filter((name) => !mesh.clusters.some((cluster) => cluster.name === name));
  return [
    ...[...new Set([...gone, ...unknown])].map((name) => ({
      cluster: primary.name,
      text: gone.includes(name)
        ? `${name} is part of the mesh, and mesh.yaml does not name it`
        : `its istiod reads ${name}, which neither mesh.yaml nor an earlier apply names; if there is no such cluster: ` +
          kubectlIn(primary, "-n", istioNamespace, "delete", "secret", remoteSecretName(name)),
    })),
    ...mesh.clusters
      .filter(({ name }) => !isApplied(inventory, name))
      .map(({ name }) => ({ cluster: name, text: "is in mesh.yaml, and was not applied yet" })),
  ];
}
