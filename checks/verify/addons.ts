import { istioNamespace } from "../../k8s/istio-names";
import { type Check, notJudged, pass, passIfNone } from "../check";
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
      title: `${addon === "kiali" ? "Kiali" : "Prometheus"} is ready`,
      looksAt: `the Deployment ${addon} in istio-system of the primary`,
      why: "The mesh works without it, but is not observable.",
      fix: "see why its pod is not ready; apply restores it",
      needs: ["primary/installed.mesh"],
      async look(world) {
        const { primary } = world.mesh;
        const objects = await world.meshProbes(primary).istioSystem();
        return (await unready(world, primary, istioNamespace, objects, [addon])) ?? pass();
      },
    }),
  ),
  {
    id: "addons.metrics",
    of: "mesh",
    severity: "warn",
    applies: ({ addons, istio }) => addons.prometheus && istio.line.countsRequestsByCluster,
    title: "Prometheus has metrics of every cluster",
    looksAt: "istio_requests_total in the primary's Prometheus: its source and destination clusters",
    why: "Kiali draws the metrics of the primary's Prometheus, which scrapes only its own cluster. Another cluster must appear as source or destination; if it is `unknown`, Kiali's graph has gaps.",
    fix: "set the cluster name of the proxies (values.global.multiCluster.clusterName): apply, then restart the Deployments",
    needs: ["addons.prometheus", "traffic.answers"],
    async look({ mesh, probes }) {
      const counts = "sum by (source_cluster, destination_cluster) (istio_requests_total)";
      const { stdout } = await probes(mesh.primary).kubectl.run(["get", "--raw", query(counts)]);
      const pairs = (JSON.parse(stdout) as Answer).data.result.map(({ metric }) => [
        metric.source_cluster ?? "unknown",
        metric.destination_cluster ?? "unknown",
      ]);
      if (pairs.length === 0) {
        return notJudged("Prometheus has no request yet", {
          fix: "send requests (`mesh traffic`) and run this again in a minute; Prometheus scrapes the proxies periodically",
        });
      }
      const counted = new Set(pairs.flat());
      const missing = mesh.clusters.filter(({ name }) => !counted.has(name));
      return passIfNone(
        missing.map(({ name }) => `no request from or to ${name}; found ${[...counted].sort().join(", ")}`),
        {},
        `${pairs.length} pairs of clusters`,
      );
    },
  },
];
