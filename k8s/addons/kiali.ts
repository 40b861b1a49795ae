import { createHash } from "node:crypto";
import { type App, Yaml } from "cdk8s";
import {
  IntOrString,
  KubeClusterRole,
  KubeClusterRoleBinding,
  KubeConfigMap,
  KubeRole,
  KubeRoleBinding,
  KubeService,
  KubeServiceAccount,
} from "cdk8s-plus-27/lib/imports/k8s";
import { pulledFrom } from "../../mesh/images";
import type { Bundle } from "../bundle";
import { installationOf } from "../installations";
import { istioNamespace } from "../istio-names";
import { MeshChart } from "../mesh-chart";
import { resources, Workload } from "../workload";
import { type KialiSettings, kialiServer } from "./kiali-settings";

const name = "kiali";
const ports = [
  { name: "http", port: kialiServer.port },
  { name: "http-metrics", port: 9090 },
];
/** Both names: `istioctl dashboard kiali` looks for the first, upstream's own manifests for the second. */
const selector = { app: name, "app.kubernetes.io/name": name };
const configuration = { name: "configuration", mountPath: "/kiali-configuration", readOnly: true };

/**
 * Kiali for the primary, view-only: changes go through Git. It has no login, so it is reached only by port-forward
 * (`istioctl dashboard kiali`), with the rights of the user who opens that.
 */
export class Kiali extends MeshChart {
  constructor(app: App, id: string, { mesh, cluster }: Bundle) {
    super(app, id, mesh);
    const settings = installationOf(mesh).kiali;
    const config = Yaml.stringify(settings.config(cluster));
    const metadata = { name, namespace: istioNamespace };
    new KubeServiceAccount(this, "service-account", { metadata });
    rights(this, settings);
    new KubeConfigMap(this, "config", { metadata, data: { "config.yaml": config } });
    new KubeService(this, "service", {
      metadata: { ...metadata, labels: selector },
      spec: { ports, selector },
    });
    const health = {
      httpGet: { path: `${kialiServer.web_root}/healthz`, port: IntOrString.fromString("http") },
    };
    new Workload(this, name, {
      mesh,
      namespace: istioNamespace,
      selector,
      podLabels: { "sidecar.istio.io/inject": "false" },
      podAnnotations: {
        // Kiali reads its configuration at start: a changed one needs a new pod.
        "checksum/config": createHash("sha256").update(config).digest("hex"),
        "prometheus.io/scrape": "true",
        "prometheus.io/port": "9090",
      },
      serviceAccount: { name, mountToken: true },
      containers: [
        {
          name,
          image: pulledFrom(mesh, mesh.istio.line.addons.kiali),
          command: ["/opt/kiali/kiali", "-config", `${configuration.mountPath}/config.yaml`],
          env: [
            { name: "ACTIVE_NAMESPACE", valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } } },
            { name: "LOG_LEVEL", value: "info" },
          ],
          ports: ports.map((port) => ({ name: port.name, containerPort: port.port })),
          writesRootFilesystem: settings.writesRootFilesystem,
          resources: resources({ cpu: "10m", memory: "64Mi", memoryLimit: "1Gi" }),
          readinessProbe: { ...health, periodSeconds: 10, timeoutSeconds: 5 },
          livenessProbe: { ...health, initialDelaySeconds: 30, periodSeconds: 30, timeoutSeconds: 5 },
          volumeMounts: [configuration],
        },
      ],
      volumes: [{ name: configuration.name, configMap: { name } }],
    });
    settings.dashboards?.add(this);
  }
}

/** The namespace keeps the cluster-wide name apart from another Kiali's. */
const clusterRole = `${name}-${istioNamespace}`;

function rights(chart: Kiali, { rules, istioSystemRules }: KialiSettings): void {
  const subjects = [{ kind: "ServiceAccount", name, namespace: istioNamespace }];
  const apiGroup = "rbac.authorization.k8s.io";
  new KubeClusterRole(chart, "cluster-role", { metadata: { name: clusterRole }, rules: [...rules] });
  new KubeClusterRoleBinding(chart, "cluster-role-binding", {
    metadata: { name: clusterRole },
    roleRef: { apiGroup, kind: "ClusterRole", name: clusterRole },
    subjects,
  });
  if (istioSystemRules.length === 0) return;
  const metadata = { name, namespace: istioNamespace };
  new KubeRole(chart, "role", { metadata, rules: [...istioSystemRules] });
  new KubeRoleBinding(chart, "role-binding", {
    metadata,
    roleRef: { apiGroup, kind: "Role", name },
    subjects,
  });
}
