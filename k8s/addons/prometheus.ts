import { type App, Yaml } from "cdk8s";
import {
  IntOrString,
  KubeClusterRole,
  KubeClusterRoleBinding,
  KubeConfigMap,
  KubeService,
  KubeServiceAccount,
  Quantity,
} from "cdk8s-plus-27/lib/imports/k8s";
import { pulledFrom } from "../../mesh/images";
import type { Cluster, Mesh } from "../../mesh/mesh";
import type { Bundle } from "../bundle";
import { istioNamespace } from "../istio-names";
import { MeshChart } from "../mesh-chart";
import { resources, Workload, type WorkloadContainer } from "../workload";

const name = "prometheus";
const port = 9090;
/** `istioctl dashboard prometheus` selects by `app` on 1.7, by the other label on current lines. */
const selector = { app: name, "app.kubernetes.io/name": name };
const config = { name: "config", mountPath: "/etc/config", readOnly: true };
const data = { name: "data", mountPath: "/data" };

/** Metrics of the primary's control plane, gateways and sidecars. They are kept for a day, and lost with the pod. */
export class Prometheus extends MeshChart {
  constructor(app: App, id: string, { mesh, cluster }: Bundle) {
    super(app, id, mesh);
    const metadata = { name, namespace: istioNamespace };
    new KubeServiceAccount(this, "service-account", { metadata });
    new KubeClusterRole(this, "cluster-role", {
      metadata: { name: clusterRole },
      rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch"] }],
    });
    new KubeClusterRoleBinding(this, "cluster-role-binding", {
      metadata: { name: clusterRole },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: clusterRole },
      subjects: [{ kind: "ServiceAccount", name, namespace: istioNamespace }],
    });
    new KubeConfigMap(this, "config", {
      metadata,
      data: { "prometheus.yml": Yaml.stringify(scrapeConfig(mesh, cluster)) },
    });
    new KubeService(this, "service", {
      metadata: { ...metadata, labels: selector },
      spec: { ports: [{ name: "http", port, targetPort: IntOrString.fromString("http") }], selector },
    });
    new Workload(this, name, {
      mesh,
      namespace: istioNamespace,
      selector,
      podLabels: { "sidecar.istio.io/inject": "false" },
      podAnnotations: { "prometheus.io/scrape": "true", "prometheus.io/port": String(port) },
      serviceAccount: { name, mountToken: true },
      containers: containers(mesh),
      volumes: [
        { name: config.name, configMap: { name } },
        { name: data.name, emptyDir: { sizeLimit: Quantity.fromString("4Gi") } },
      ],
    });
  }
}

/** The namespace keeps the cluster-wide name apart from another Prometheus's. */
const clusterRole = `${name}-${istioNamespace}`;

function containers(mesh: Mesh): WorkloadContainer[] {
  const { prometheus, prometheusReloader } = mesh.istio.line.addons;
  const reload =
    prometheusReloader === undefined ? "--enable-feature=auto-reload-config" : "--web.enable-lifecycle";
  const server: WorkloadContainer = {
    name,
    image: pulledFrom(mesh, prometheus),
    args: [
      `--config.file=${config.mountPath}/prometheus.yml`,
      `--storage.tsdb.path=${data.mountPath}`,
      "--storage.tsdb.retention.time=1d",
      "--storage.tsdb.retention.size=3GB",
      reload,
    ],
    ports: [{ name: "http", containerPort: port }],
    resources: resources({ cpu: "100m", memory: "256Mi", memoryLimit: "2Gi" }),
    readinessProbe: { httpGet: { path: "/-/ready", port: IntOrString.fromString("http") }, periodSeconds: 5 },
    livenessProbe: {
      httpGet: { path: "/-/healthy", port: IntOrString.fromString("http") },
      periodSeconds: 15,
      timeoutSeconds: 10,
      failureThreshold: 6,
    },
    volumeMounts: [config, data],
  };
  if (prometheusReloader === undefined) return [server];
  return [
    server,
    {
      name: "configmap-reload",
      image: pulledFrom(mesh, prometheusReloader),
      args: [`--volume-dir=${config.mountPath}`, `--webhook-url=http://127.0.0.1:${port}/-/reload`],
      resources: resources({ cpu: "10m", memory: "16Mi", memoryLimit: "64Mi" }),
      volumeMounts: [config],
    },
  ];
}

/**
 * Every pod whose annotations say where its metrics are: istiod, and every pod with a proxy, whose agent merges the
 * app's metrics with Envoy's.
 * https://istio.io/latest/docs/ops/integrations/prometheus/#option-1-metrics-merging, read 2026-11-23
 */
function scrapeConfig(mesh: Mesh, cluster: Cluster) {
  const annotation = "__meta_kubernetes_pod_annotation_prometheus_io";
  const copy = (from: string, to: string) => ({ source_labels: [from], target_label: to });
  return {
    global: {
      scrape_interval: "15s",
      // For a Prometheus that federates or receives the metrics of several clusters.
      external_labels: { mesh: mesh.name, cluster: cluster.name },
    },
    scrape_configs: [
      {
        job_name: "pods",
        kubernetes_sd_configs: [{ role: "pod" }],
        relabel_configs: [
          { source_labels: [`${annotation}_scrape`], regex: "true", action: "keep" },
          { source_labels: ["__meta_kubernetes_pod_phase"], regex: "Running", action: "keep" },
          { ...copy(`${annotation}_path`, "__metrics_path__"), regex: "(.+)" },
          // A pod with several ports is found once per port; the same address makes it one target.
          {
            source_labels: ["__meta_kubernetes_pod_ip", `${annotation}_port`],
            regex: "(.+);(\\d+)",
            replacement: "$1:$2",
            target_label: "__address__",
          },
          copy("__meta_kubernetes_namespace", "namespace"),
          copy("__meta_kubernetes_pod_name", "pod"),
          copy("__meta_kubernetes_pod_label_app", "app"),
          copy("__meta_kubernetes_pod_label_version", "version"),
        ],
      },
    ],
  };
}
