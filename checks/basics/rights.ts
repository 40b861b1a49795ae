import { installationOf } from "../../k8s/installations";
import { istioNamespace } from "../../k8s/istio-names";
import type { Cluster, Mesh } from "../../mesh/mesh";
import type { AccessReview, Right } from "../access-review";
import { type ClusterCheck, pass, problem, type Verdict } from "../check";
import { kubectlIn } from "../suggested-commands";
import type { World } from "./world";

export interface RightRow {
  readonly verbs: readonly string[];
  readonly group: string;
  readonly resources: readonly string[];
  /** @default - the whole cluster */
  readonly in?: "istio" | "sample";
  /** @default - of every cluster */
  readonly of?: (mesh: Mesh, cluster: Cluster) => boolean;
}

const readsEndpoints =
  (kind: "endpointslices" | "endpoints") =>
  ({ istio }: Mesh) =>
    istio.line.kubernetes.endpoints === kind;

const asksIstiod = ({ istio }: Mesh, { role }: Cluster) => role === "primary" && istio.line.istiodTellsJson;

const hasAddons = ({ addons }: Mesh, { role }: Cluster) =>
  role === "primary" && (addons.prometheus || addons.kiali);

/** What the checks look at. */
const reading: readonly RightRow[] = [
  { verbs: ["list"], group: "", resources: ["nodes", "pods"] },
  { verbs: ["get", "list"], group: "", resources: ["namespaces"] },
  { verbs: ["get", "list"], group: "apps", resources: ["deployments"] },
  { verbs: ["get", "list"], group: "apiextensions.k8s.io", resources: ["customresourcedefinitions"] },
  {
    verbs: ["list"],
    group: "admissionregistration.k8s.io",
    resources: ["mutatingwebhookconfigurations", "validatingwebhookconfigurations"],
  },
  {
    verbs: ["get", "list"],
    group: "networking.istio.io",
    resources: ["gateways", "virtualservices", "destinationrules"],
  },
  {
    verbs: ["list"],
    group: "apps",
    resources: ["daemonsets"],
    in: "istio",
    of: ({ istio }) => istio.cni,
  },
  // Of the addons' manifests, which are compared with the cluster.
  { verbs: ["get"], group: "", resources: ["services", "serviceaccounts"], in: "istio", of: hasAddons },
  {
    verbs: ["get"],
    group: "rbac.authorization.k8s.io",
    resources: ["clusterroles", "clusterrolebindings"],
    of: hasAddons,
  },
  {
    verbs: ["get"],
    group: "rbac.authorization.k8s.io",
    resources: ["roles", "rolebindings"],
    in: "istio",
    of: hasAddons,
  },
  {
    verbs: ["get"],
    group: "monitoring.kiali.io",
    resources: ["monitoringdashboards"],
    in: "istio",
    of: (mesh, cluster) => hasAddons(mesh, cluster) && installationOf(mesh).kiali.dashboards !== undefined,
  },
  { verbs: ["get"], group: "", resources: ["configmaps"], in: "istio" },
  { verbs: ["list"], group: "", resources: ["services", "secrets", "events"], in: "istio" },
  {
    verbs: ["list"],
    group: "discovery.k8s.io",
    resources: ["endpointslices"],
    in: "istio",
    of: readsEndpoints("endpointslices"),
  },
  { verbs: ["list"], group: "", resources: ["endpoints"], in: "istio", of: readsEndpoints("endpoints") },
  {
    verbs: ["get"],
    group: "",
    // Prometheus is asked through it.
    resources: ["services/proxy"],
    in: "istio",
    of: ({ addons, istio }, { role }) =>
      addons.prometheus && role === "primary" && istio.line.countsRequestsByCluster,
  },
  // istioctl asks istiod through a port-forward, with a token of the namespace (istioctl/pkg/multixds, pkg/xds).
  { verbs: ["get"], group: "", resources: ["pods"], in: "istio", of: asksIstiod },
  {
    verbs: ["create"],
    group: "",
    resources: ["pods/portforward", "serviceaccounts/token"],
    in: "istio",
    of: asksIstiod,
  },
  { verbs: ["get", "list"], group: "", resources: ["services"], in: "sample" },
  { verbs: ["get"], group: "", resources: ["serviceaccounts"], in: "sample" },
];
export const rightsToRead = (mesh: Mesh, cluster?: Cluster) => rightsOf(reading, mesh, cluster);

/** @param cluster of which they are needed @default - of any */
export function rightsOf(rows: readonly RightRow[], mesh: Mesh, cluster?: Cluster): Right[] {
  const { sample, clusters } = mesh;
  const isNeeded = ({ of }: RightRow) => !of || (cluster ? [cluster] : clusters).some((one) => of(mesh, one));
  const namespaces = { istio: istioNamespace, sample: sample?.namespace };
  return rows
    .filter((row) => (row.in !== "sample" || sample) && isNeeded(row))
    .flatMap(({ verbs, group, resources, in: place }) =>
      resources.flatMap((resource) =>
        verbs.map((verb) => ({ verb, group, resource, ...(place && { namespace: namespaces[place] }) })),
      ),
    );
}

/** What checks of rights have in common. */
export const rightsCheck = (rights: (mesh: Mesh, cluster: Cluster) => readonly Right[]) =>
  ({
    of: "cluster",
    severity: "fail",
    looksAt: "a SelfSubjectAccessReview for each right, as `kubectl auth can-i` asks",
    look: async ({ mesh, probes }: World, cluster) =>
      judgeRights(await probes(cluster).accessReview(), rights(mesh, cluster), cluster.context),
  }) satisfies Partial<ClusterCheck<World>>;

export const readingChecks: readonly ClusterCheck<World>[] = [
  {
    ...rightsCheck(rightsToRead),
    id: "rights.read",
    title: "you have permission to read the cluster",
    why: "Without read permission verify cannot see another Istio, the installed root CA, or the capacity of the nodes.",
    fix: "ask an administrator for the permissions; cluster-admin has them",
    needs: ["reachable.api"],
  },
];

export function judgeRights(
  { user = "you", refused }: AccessReview,
  wanted: readonly Right[],
  context: string,
): Verdict {
  const lacking = refused.filter((right) => wanted.some((one) => isSame(one, right)));
  if (lacking.length === 0) return pass(`${user} may do all ${wanted.length} things asked`);
  return problem([`${user} may not:`, ...describeRights(lacking).map((line) => `  ${line}`)], {
    commands: [grant(user, context)],
  });
}

const isSame = (one: Right, other: Right) => JSON.stringify(one) === JSON.stringify(other);

/** `create, patch secrets in istio-system`: a line for each kind of resource. */
function describeRights(rights: readonly Right[]): string[] {
  const verbs = new Map<string, string[]>();
  for (const { verb, resource, group, namespace } of rights) {
    const what = `${resource}${group && `.${group}`}${namespace ? ` in ${namespace}` : ""}`;
    verbs.set(what, [...(verbs.get(what) ?? []), verb]);
  }
  return [...verbs].map(([what, ofIt]) => `${ofIt.join(", ")} ${what}`);
}

/** For someone who is administrator there. */
function grant(user: string, context: string): string {
  const [, account] = /^system:serviceaccount:(.+:.+)$/.exec(user) ?? [];
  const subject = account ? `--serviceaccount=${account}` : `--user=${user}`;
  const binding = ["create", "clusterrolebinding", "mesh-admin", "--clusterrole=cluster-admin", subject];
  return kubectlIn({ context }, ...binding);
}
