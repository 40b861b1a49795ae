import { istioNamespace } from "../../k8s/istio-names";
import { type Check, faulty, sound, unjudged } from "../check";
import { unready } from "./readiness";
import type { VerifyWorld } from "./world";

/** The Kubernetes API server passes requests on to Services. */
const query = (text: string) =>
  `/api/v1/namespaces/${istioNamespace}/services/prometheus:9090/proxy/api/v1/query?query=${encodeURIComponent(text)}`;

/** As Prometheus answers: https://prometheus.io/docs/prometheus/latest/querying/api/#instant-queries */
interface Answer {
  readonly data: {
    readonly result: readonly {
      readonly metric: { readonly source_cluster?: string; readonly destination_cluster?: string };
    }[];
  };
}

const isSwitchedOn =
  (addon: "prometheus" | "kiali") =>
  ({ addons }: VerifyWorld["mesh"]) =>
    addons[addon];

export const addonChecks: readonly Check<VerifyWorld>[] = [
  ...(["prometheus", "kiali"] as const).map(
    (addon): Check<VerifyWorld> => ({
      id: `addons.${addon}`,
      of: "mesh",
      severity: "warn",
      applies: isSwitchedOn(addon),
      title: `${addon === "kiali" ? "Kiali" : "Prometheus"} runs`,
      looksAt: `the Deployment ${addon} in istio-system of the primary`,
      why: "The mesh works without it; nobody can look at it.",
      fix: "see what its pod waits for; apply brings it back",
      needs: ["primary/installed.mesh"],
      async look(world) {
        const { primary } = world.mesh;
        const objects = await world.meshProbes(primary).istioSystem();
        return (await unready(world, primary, istioNamespace, objects, [addon])) ?? sound();
      },
    }),
  ),
  {
    id: "addons.metrics",
    of: "mesh",
    severity: "warn",
    applies: ({ addons, istio }) => addons.prometheus && istio.line.countsRequestsByCluster,
    title: "requests of every cluster are counted",
    looksAt: "istio_requests_total in the primary's Prometheus: clusters that stand as source or destination",
    why: "Kiali draws what Prometheus counts. It sees the proxies of its own cluster alone, so each other cluster must stand in their counts as the other end; where it is `unknown`, Kiali's graph has gaps.",
    fix: "give the cluster's proxies their name (values.global.multiCluster.clusterName): apply, then have the pods start anew",
    needs: ["addons.prometheus", "traffic.answers"],
    async look({ mesh, probes }) {
      const counts = "sum by (source_cluster, destination_cluster) (istio_requests_total)";
      const { stdout } = await probes(mesh.primary).kubectl.run(["get", "--raw", query(counts)]);
      const pairs = (JSON.parse(stdout) as Answer).data.result.map(({ metric }) => [
        metric.source_cluster ?? "unknown",
        metric.destination_cluster ?? "unknown",
      ]);
      if (pairs.length === 0) {
        return unjudged("no request has been counted yet", {
          fix: "send some (`mesh traffic`), and look again in a minute: Prometheus asks the proxies now and then",
        });
      }
      const counted = new Set(pairs.flat());
      const missing = mesh.clusters.filter(({ name }) => !counted.has(name));
      return missing.length > 0
        ? faulty(
            missing.map(
              ({ name }) => `no request from or to ${name}; counted are ${[...counted].sort().join(", ")}`,
            ),
          )
        : sound(`${pairs.length} pairs of clusters`);
    },
  },
];
