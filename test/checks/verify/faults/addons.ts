import { objectIn } from "../composed-mesh";
import { type Fault, scaleToZero } from "../fault";

export const addonFaults: readonly Fault[] = [
  {
    name: "Prometheus scaled to zero",
    break: ({ clusters }) => scaleToZero(objectIn(clusters.main0!.istioSystem, "Deployment", "prometheus")),
    expect: "warn addons.prometheus",
    says: /Deployment prometheus is scaled to 0/,
  },
  {
    // kiali/kiali#7672
    name: "no metrics from or to a cluster",
    lines: ["current"],
    break: (composed) => {
      composed.pairs = [
        { source_cluster: "main0", destination_cluster: "main0" },
        { source_cluster: "main0" },
      ];
    },
    expect: "warn addons.metrics",
    says: /no request from or to remote0; found main0, unknown/,
  },
];
