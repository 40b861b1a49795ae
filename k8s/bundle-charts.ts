import type { App, Chart } from "cdk8s";
import { istiodPorts } from "../mesh/istio-lines";
import type { Bundle } from "./bundle";
import { CaCerts } from "./charts/ca-certs";
import { ExposeIstiod } from "./charts/expose-istiod";
import { ExposeServices } from "./charts/expose-services";
import { Kiali } from "./charts/kiali";
import { MonitoringDashboards } from "./charts/monitoring-dashboards";
import { Namespaces } from "./charts/namespaces";
import { Prometheus } from "./charts/prometheus";
import { Routing } from "./charts/routing";
import { Sample } from "./charts/sample";
import { kialiSettings } from "./kiali-settings";

export type ChartId =
  | "crds"
  | "namespaces"
  | "cacerts"
  | "expose-istiod"
  | "expose-services"
  | "sample"
  | "routing"
  | "prometheus"
  | "kiali";

interface ChartRow {
  /** Part of the file's name. */
  readonly id: ChartId;
  /** Applied before Istio is installed: it needs neither Istio's CRDs nor its webhooks, and Istio needs it. */
  readonly beforeIstio?: true;
  /** Not written before there is a CA. */
  readonly needsCa?: true;
  /** Readable by its owner alone. */
  readonly holdsKeys?: true;
  /** Whether the cluster gets it, whatever is known of CA and addresses. */
  readonly belongsTo: (bundle: Where) => boolean;
  readonly make: (app: App, id: string, bundle: Bundle) => Chart;
}

type Where = Pick<Bundle, "mesh" | "cluster">;

const isPrimary = ({ cluster }: Where) => cluster.role === "primary";

/** In the order in which they are applied. */
const rows: readonly ChartRow[] = [
  {
    id: "crds",
    beforeIstio: true,
    belongsTo: ({ mesh, cluster }) =>
      isPrimary({ mesh, cluster }) &&
      mesh.addons.kiali &&
      kialiSettings[mesh.istio.line.installation].dashboards,
    make: (...props) => new MonitoringDashboards(...props),
  },
  {
    id: "namespaces",
    beforeIstio: true,
    belongsTo: () => true,
    make: (...props) => new Namespaces(...props),
  },
  {
    id: "cacerts",
    beforeIstio: true,
    needsCa: true,
    holdsKeys: true,
    belongsTo: () => true,
    make: (app, id, bundle) => new CaCerts(app, id, bundle, bundle.ca!),
  },
  {
    id: "expose-istiod",
    belongsTo: ({ mesh, cluster }) => isPrimary({ mesh, cluster }) && istiodPorts(mesh.istio.line).length > 0,
    make: (...props) => new ExposeIstiod(...props),
  },
  {
    id: "expose-services",
    belongsTo: ({ mesh, cluster }) =>
      isPrimary({ mesh, cluster }) || mesh.istio.line.gateway.exposure.on === "every cluster",
    make: (...props) => new ExposeServices(...props),
  },
  {
    id: "sample",
    belongsTo: ({ mesh }) => mesh.sample !== undefined,
    make: (app, id, bundle) => new Sample(app, id, bundle, bundle.mesh.sample!),
  },
  {
    id: "routing",
    belongsTo: ({ mesh, cluster }) => isPrimary({ mesh, cluster }) && mesh.sample !== undefined,
    make: (app, id, bundle) => new Routing(app, id, bundle, bundle.mesh.sample!),
  },
  {
    id: "prometheus",
    belongsTo: ({ mesh, cluster }) => isPrimary({ mesh, cluster }) && mesh.addons.prometheus,
    make: (...props) => new Prometheus(...props),
  },
  {
    id: "kiali",
    belongsTo: ({ mesh, cluster }) => isPrimary({ mesh, cluster }) && mesh.addons.kiali,
    make: (...props) => new Kiali(...props),
  },
];

export interface BundleChart extends Omit<ChartRow, "belongsTo"> {
  /** Name of its file in the cluster's folder. */
  readonly file: string;
}

/** The charts of one cluster, in the order in which they are applied. */
export function bundleCharts(where: Where): readonly BundleChart[] {
  return rows
    .filter(({ belongsTo }) => belongsTo(where))
    .map((row, index) => ({ ...row, file: `${String(index).padStart(4, "0")}-${row.id}.k8s.yaml` }));
}
