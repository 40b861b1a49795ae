import { ProgramFailed } from "../../../../ops/exec/errors";
import { objectIn } from "../composed-mesh";
import { type Fault, objects, scaleToZero } from "../fault";

export const endpointFaults: readonly Fault[] = [
  {
    // istio/istio#28798: without mTLS a gateway cannot route by SNI.
    name: "mTLS switched off for the sample",
    lines: ["current"],
    break: (composed) => {
      objects(composed, "main0").istioConfig.push({
        apiVersion: "security.istio.io/v1",
        kind: "PeerAuthentication",
        metadata: {
          name: "default",
          namespace: "sample",
          annotations: { "meta.helm.sh/release-name": "web" },
        },
        spec: { mtls: { mode: "DISABLE" } },
      });
      objects(composed, "main0").endpoints.v2 = {};
    },
    expect: "fail endpoints.set main0",
    says: /v2: 203\.0\.113\.101 is missing .*\ncause: PeerAuthentication sample\/default of main0, managed by Helm release web: it disables mTLS/,
    fix: /change PeerAuthentication sample\/default where it is managed \(Helm release web\)/,
    command:
      /get peerauthentication\.security\.istio\.io default -o yaml >peerauthentication-default\.yaml\nkubectl --context main0 -n sample delete peerauthentication\.security\.istio\.io default$/,
  },
  {
    name: "the Service is missing in one cluster",
    break: (composed) => {
      const remote0 = objects(composed, "remote0");
      remote0.sample = remote0.sample.filter(
        ({ kind, metadata }) => kind !== "Service" || metadata.name !== "helloworld",
      );
    },
    expect: "fail endpoints.service remote0",
    says: /there is no Service helloworld in sample/,
  },
  {
    name: "a Service port with another protocol",
    break: (composed) => {
      objectIn(objects(composed, "remote0").sample, "Service", "helloworld").spec.ports[0].name = "tcp";
    },
    expect: "fail endpoints.service remote0",
    says: /no port 5000 named http/,
  },
  {
    name: "a Service with a wrong selector",
    break: (composed) => {
      objectIn(objects(composed, "remote0").sample, "Service", "helloworld").spec.selector = { app: "hello" };
    },
    expect: "fail endpoints.service remote0",
    says: /selector is \{"app":"hello"\}; expected/,
  },
  {
    name: "a version scaled to zero",
    break: (composed) =>
      scaleToZero(objectIn(objects(composed, "remote0").sample, "Deployment", "helloworld-v2")),
    expect: "fail endpoints.pods remote0",
    says: /Deployment helloworld-v2 is scaled to 0/,
  },
  {
    name: "the API server cannot reach the injection webhook",
    break: (composed) => {
      objects(composed, "remote0").injected = new ProgramFailed(
        "kubectl create",
        1,
        'Error from server (InternalError): failed calling webhook "namespace.sidecar-injector.istio.io": context deadline exceeded',
      );
    },
    expect: "fail endpoints.injection remote0",
    says: /failed calling webhook .* context deadline exceeded/,
  },
  {
    name: "Pod Security refuses new pods while old pods keep running",
    break: (composed) => {
      objects(composed, "remote0").injected = new ProgramFailed(
        "kubectl create",
        1,
        'Error from server (Forbidden): error when creating "STDIN": pods "mesh-verify" is forbidden: violates PodSecurity "baseline:latest": non-default capabilities (container "istio-init" must not include "NET_ADMIN", "NET_RAW" in securityContext.capabilities.add)',
      );
    },
    expect: "fail endpoints.injection remote0",
    says: /violates PodSecurity "baseline:latest"/,
    fix: /Pod Security level baseline/,
    command:
      /^kubectl --context remote0 label namespace sample pod-security\.kubernetes\.io\/enforce=privileged --overwrite$/,
  },
  {
    name: "a client that is not running is the only cause reported",
    break: (composed) => {
      const { sample } = objects(composed, "main0");
      const { name } = composed.mesh.istio.line.sample.client;
      objectIn(sample, "Deployment", name).status = {};
      objectIn(sample, "Pod", `${name}-0`).status = {
        containerStatuses: [
          {
            name: "curl",
            state: { waiting: { reason: "ImagePullBackOff", message: "Back-off pulling image" } },
          },
        ],
      };
    },
    expect: "fail endpoints.client main0",
    says: /0 of 1 replicas are available\nPod sample\/\w+-0: container curl: ImagePullBackOff/,
    command: /^mesh apply -f \S+$/,
    fix: /check that the registry has it/,
  },
  {
    name: "no injection label",
    break: (composed) => {
      objects(composed, "remote0").injected = ["verify"];
      objectIn(objects(composed, "remote0").namespaces, "Namespace", "sample").metadata.labels = {};
    },
    expect: "fail endpoints.injection remote0",
    says: /the namespace's label istio-injection is missing; expected enabled/,
  },
  {
    name: "a pod created before injection was enabled",
    break: (composed) => {
      objectIn(objects(composed, "remote0").sample, "Pod", "helloworld-v2-0").spec.containers.shift();
    },
    expect: "fail endpoints.sidecars remote0",
    says: /Pod sample\/helloworld-v2-0 has no istio-proxy/,
    command: /remote0 -n sample rollout restart deployment helloworld-v2$/,
  },
  {
    name: "a proxy with stale configuration",
    lines: ["current"],
    break: (composed) => {
      composed.proxies = composed.proxies.map((proxy) =>
        proxy.name === "curl-0.sample" && proxy.cluster === "remote0"
          ? { ...proxy, stale: ["RouteConfiguration"] }
          : proxy,
      );
    },
    expect: "fail endpoints.proxies remote0",
    says: /curl-0\.sample has stale configuration: RouteConfiguration/,
  },
  {
    name: "a proxy disconnected from istiod",
    lines: ["current"],
    break: (composed) => {
      composed.proxies = composed.proxies.filter(({ name }) => !name.startsWith("helloworld-v1"));
    },
    expect: "fail endpoints.proxies main0",
    says: /helloworld-v1-0\.sample is not connected/,
    command: /main0 -n sample rollout restart deployment helloworld-v1$/,
  },
  {
    name: "a DestinationRule only in the remote",
    break: ({ clusters }) => {
      const rule = clusters.main0!.networking.find(({ kind }) => kind === "DestinationRule");
      clusters.main0!.networking = clusters.main0!.networking.filter((object) => object !== rule);
      clusters.remote0!.networking.push(rule);
    },
    expect: "fail endpoints.routing",
    says: /no DestinationRule of main0 has the subsets v1, v2\nDestinationRule sample\/helloworld-destination exists in remote0, where istiod does not read it/,
    command: /remote0 -n sample delete destinationrule\.networking\.istio\.io helloworld-destination/,
  },
  {
    name: "pod addresses of the other cluster as endpoints",
    break: ({ clusters }) => {
      clusters.main0!.endpoints.v2 = { "10.1.0.60": 1 };
    },
    expect: "fail endpoints.set main0",
    says: /v2: 203\.0\.113\.101 is missing \(istio-\w+gateway of remote0\)\nv2: 10\.1\.0\.60:5000 is unexpected \(no pod that serves here and no gateway/,
  },
  {
    // istio/istio#61043
    name: "endpoints lost after the remote secret was rewritten",
    break: ({ clusters }) => {
      clusters.main0!.endpoints.v2 = {};
    },
    expect: "fail endpoints.set main0",
    says: /v2: 203\.0\.113\.101 is missing/,
    command: /rollout restart deployment istiod/,
  },
  {
    // istio/istio#35082
    name: "an endpoint of a removed cluster",
    break: ({ clusters }) => {
      clusters.main0!.endpoints.v2!["203.0.113.150"] = 1;
    },
    expect: "fail endpoints.set main0",
    says: /v2: 203\.0\.113\.150:5000 is unexpected \(no pod/,
  },
  {
    name: "an endpoint ejected by Envoy",
    break: ({ clusters }) => {
      clusters.main0!.sick["203.0.113.101"] = "failed_outlier_check";
    },
    expect: "fail endpoints.healthy main0",
    says: /203\.0\.113\.101:5000 \(gateway istio-\w+gateway of remote0\): failed outlier check/,
  },
];
