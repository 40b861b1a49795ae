import type { App } from "cdk8s";
import { IntOrString, KubeService, KubeServiceAccount } from "cdk8s-plus-27/lib/imports/k8s";
import { pulledFrom } from "../../mesh/images";
import { helloworldPort } from "../../mesh/istio-lines";
import type { Mesh, Sample as SampleApp } from "../../mesh/mesh";
import type { Bundle } from "../bundle";
import { MeshChart } from "../mesh-chart";
import { resources, Workload } from "../workload";

/**
 * Istio's helloworld in the versions that run in this cluster, and a client. Every cluster has the Service, also where
 * no version runs: without it the name does not resolve there.
 */
export class Sample extends MeshChart {
  constructor(app: App, id: string, { mesh, cluster }: Bundle, sample: SampleApp) {
    super(app, id, mesh);
    const { namespace } = sample;
    new KubeService(this, "helloworld", {
      metadata: { name: "helloworld", namespace, labels: { app: "helloworld", service: "helloworld" } },
      spec: { ports: [{ name: "http", port: helloworldPort }], selector: { app: "helloworld" } },
    });
    for (const { name, clusters } of sample.versions) {
      if (clusters.includes(cluster.name)) helloworld(this, mesh, namespace, name);
    }
    client(this, mesh, namespace);
  }
}

function helloworld(chart: Sample, mesh: Mesh, namespace: string, version: string): void {
  const health = { httpGet: { path: "/health", port: IntOrString.fromNumber(helloworldPort) } };
  new Workload(chart, `helloworld-${version}`, {
    mesh,
    namespace,
    selector: { app: "helloworld", version },
    containers: [
      {
        name: "helloworld",
        image: `${mesh.istio.hub}/${mesh.istio.line.sample.helloworld[version]}`,
        ports: [{ containerPort: helloworldPort }],
        resources: resources({ cpu: "100m", memory: "64Mi", memoryLimit: "256Mi" }),
        // The app has one thread: under load its health endpoint answers late.
        readinessProbe: { ...health, periodSeconds: 5, timeoutSeconds: 5 },
        livenessProbe: { ...health, periodSeconds: 20, timeoutSeconds: 10, failureThreshold: 6 },
        volumeMounts: [{ name: "tmp", mountPath: "/tmp" }],
      },
    ],
    // gunicorn keeps the heartbeat files of its workers there.
    volumes: [{ name: "tmp", emptyDir: {} }],
  });
}

function client(chart: Sample, mesh: Mesh, namespace: string): void {
  const { name, image, command } = mesh.istio.line.sample.client;
  new KubeServiceAccount(chart, `${name}-service-account`, {
    metadata: { name, namespace },
    automountServiceAccountToken: false,
  });
  new KubeService(chart, `${name}-service`, {
    metadata: { name, namespace, labels: { app: name, service: name } },
    spec: { ports: [{ name: "http", port: 80 }], selector: { app: name } },
  });
  new Workload(chart, name, {
    mesh,
    namespace,
    selector: { app: name },
    serviceAccount: { name, mountToken: false },
    // `sleep` as process 1 ignores SIGTERM: a grace period would only delay the end.
    terminationGracePeriodSeconds: 0,
    containers: [
      {
        name,
        image: pulledFrom(mesh, image),
        command: [...command],
        resources: resources({ cpu: "10m", memory: "16Mi", memoryLimit: "128Mi" }),
      },
    ],
  });
}
