import { gatewayAddress, objectIn } from "../composed-mesh";
import { type Fault, gatewayOf, objects, scaleToZero, serviceOf } from "../fault";

export const gatewayFaults: readonly Fault[] = [
  {
    name: "a gateway scaled to zero",
    break: (composed) =>
      scaleToZero(objectIn(objects(composed, "remote0").istioSystem, "Deployment", gatewayOf(composed))),
    expect: "fail gateways.ready remote0",
    says: /Deployment istio-\w+gateway is scaled to 0/,
  },
  {
    name: "an ingress gateway scaled to zero",
    lines: ["current"],
    break: ({ clusters }) =>
      scaleToZero(objectIn(clusters.main0!.istioSystem, "Deployment", "istio-ingressgateway")),
    expect: "warn gateways.ingress main0",
    says: /Deployment istio-ingressgateway is scaled to 0/,
  },
  {
    name: "an ingress gateway without an address",
    lines: ["current"],
    break: ({ clusters }) => {
      objectIn(clusters.main0!.istioSystem, "Service", "istio-ingressgateway").status = { loadBalancer: {} };
    },
    expect: "warn gateways.ingress main0",
    says: /istio-ingressgateway has no address/,
    command: /^mesh apply/,
  },
  {
    name: "an unschedulable gateway",
    break: (composed) => {
      const { istioSystem } = objects(composed, "main0");
      objectIn(istioSystem, "Deployment", gatewayOf(composed)).status = {};
      objectIn(istioSystem, "Pod", `${gatewayOf(composed)}-0`).status = {
        conditions: [
          { type: "PodScheduled", status: "False", message: "0/3 nodes are available: 3 Insufficient cpu." },
        ],
      };
    },
    expect: "fail gateways.ready main0",
    says: /0\/3 nodes are available: 3 Insufficient cpu\./,
  },
  {
    // The words are those of AKS#1945.
    name: "a load balancer address that stays pending",
    break: (composed) => {
      serviceOf(composed, "remote0").status = { loadBalancer: {} };
      objects(composed, "remote0").istioSystem.push({
        kind: "Event",
        metadata: {},
        type: "Warning",
        reason: "SyncLoadBalancerFailed",
        message:
          "PublicIPCountLimitReached: Cannot create more than 10 public IP addresses for this subscription in this region.",
        lastTimestamp: "2030-06-01T12:00:00Z",
        involvedObject: { kind: "Service", name: gatewayOf(composed) },
      });
    },
    expect: "fail gateways.address remote0",
    says: /has no address\nService istio-\w+gateway: SyncLoadBalancerFailed: PublicIPCountLimitReached/,
  },
  {
    // istio/istio#29359: 1.7 passes over gateways with host names.
    name: "a load balancer with a host name on Istio 1.7",
    lines: ["1.7"],
    break: (composed) => {
      serviceOf(composed, "remote0").status = { loadBalancer: { ingress: [{ hostname: "lb.example.com" }] } };
    },
    expect: "fail gateways.address remote0",
    says: /has the host name lb\.example\.com; Istio 1\.7 ignores gateways without an IPv4 address/,
  },
  {
    name: "the gateway's Service lacks the data port",
    break: (composed) => {
      const service = serviceOf(composed, "remote0");
      const { dataPort } = composed.mesh.istio.line.gateway;
      service.spec.ports = service.spec.ports.filter(({ port }: { port: number }) => port !== dataPort);
    },
    expect: "fail gateways.ports remote0",
    says: /missing: (15443|443); offered: /,
  },
  {
    // Azure/AKS#3646
    name: "appProtocol makes Azure probe /",
    break: (composed) => {
      serviceOf(composed, "main0").spec.ports[1].appProtocol = "https";
    },
    expect: "warn gateways.probes main0",
    says: /port \d+ has appProtocol https/,
  },
  {
    name: "a gateway Service without its network label",
    lines: ["current"],
    break: (composed) => {
      serviceOf(composed, "remote0").metadata.labels = {};
    },
    expect: "fail gateways.network remote0",
    says: /the network label of Service istio-eastwestgateway is missing; expected network2/,
  },
  {
    name: "no Gateway opens the data port",
    break: (composed) => {
      const { name } = composed.mesh.istio.line.gateway.exposure;
      const main0 = objects(composed, "main0");
      main0.networking = main0.networking.filter(({ metadata }) => metadata.name !== name);
    },
    expect: "fail gateways.exposed",
    says: /nothing opens port (15443|443) for requests/,
  },
  {
    name: "no Gateway opens istiod's ports",
    lines: ["current"],
    break: (composed) => {
      const main0 = objects(composed, "main0");
      main0.networking = main0.networking.filter(({ metadata }) => metadata.name !== "istiod-gateway");
    },
    expect: "fail gateways.exposed",
    says: /nothing opens port 15012 to istiod \(istiod-gateway, PASSTHROUGH\)\nnothing opens port 15017 to istiod/,
  },
  {
    name: "a load balancer is healthy in Kubernetes but times out from the other cluster",
    break: (composed) => {
      objects(composed, "main0").unreachable.add(gatewayAddress(composed.mesh, composed.mesh.remotes[0]!));
    },
    expect: "fail gateways.dial",
    says: /from main0 to remote0: no connection to 203\.0\.113\.101:(15443|443) within 4 s/,
  },
  {
    name: "a gateway's Service that selects no pod",
    break: (composed) => {
      const slice = objects(composed, "remote0").istioSystem.find(
        ({ metadata }) => metadata.labels?.["kubernetes.io/service-name"] === gatewayOf(composed),
      );
      // As the API server gives it.
      slice.endpoints = null;
    },
    expect: "fail gateways.pods remote0",
    says: /istio-\w+gateway has no endpoints: no Ready pod has the labels/,
    command: /^mesh apply/,
  },
  {
    // istio/istio#57299
    name: "the second address of a gateway is unreachable",
    break: (composed) => {
      serviceOf(composed, "remote0").status.loadBalancer.ingress.push({ ip: "192.0.2.77" });
      objects(composed, "main0").unreachable.add("192.0.2.77");
    },
    expect: "fail gateways.dial",
    says: /of remote0 has more than one address; 192\.0\.2\.77 is unreachable, the others are not/,
    command: /patch service istio-\w+gateway --subresource=status .*ingress\/1/,
  },
  {
    name: "the first address of a gateway is unreachable",
    break: (composed) => {
      serviceOf(composed, "remote0").status.loadBalancer.ingress.unshift({ ip: "192.0.2.77" });
      objects(composed, "main0").unreachable.add("192.0.2.77");
    },
    expect: "fail gateways.dial",
    says: /192\.0\.2\.77 is unreachable/,
    command: /ingress\/0/,
  },
  {
    name: "an external IPv6 address of a gateway is unreachable",
    break: (composed) => {
      serviceOf(composed, "remote0").spec.externalIPs = ["2001:db8::77"];
      objects(composed, "main0").unreachable.add("[2001:db8::77]");
    },
    expect: "fail gateways.dial",
    says: /no connection to \[2001:db8::77\]:\d+ within 4 s/,
    command: /patch service istio-\w+gateway --type=json .*externalIPs\/0/,
  },
  {
    // istio/istio#29119
    name: "a policy for a web host blocks the remote's proxies at the gateway",
    lines: ["current"],
    break: (composed) => {
      objects(composed, "main0").istioConfig.push({
        apiVersion: "security.istio.io/v1",
        kind: "AuthorizationPolicy",
        metadata: { name: "office", namespace: "istio-system" },
        spec: {
          selector: { matchLabels: { istio: "eastwestgateway" } },
          action: "DENY",
          rules: [{ to: [{ operation: { hosts: ["jenkins.example.com"] } }] }],
        },
      });
      objects(composed, "remote0").istiodDial = 35;
    },
    expect: "fail gateways.istiod remote0",
    says: /203\.0\.113\.100:15012 accepts the connection and closes it\n.*:15017 .*\ncause: AuthorizationPolicy istio-system\/office of main0: it has the action DENY/,
    command: /delete authorizationpolicy\.security\.istio\.io office$/,
  },
  {
    name: "large packets are lost between a remote and istiod",
    lines: ["current"],
    break: (composed) => {
      objects(composed, "remote0").istiodDial = 28;
    },
    expect: "fail gateways.istiod remote0",
    says: /a large request gets no answer within 4 s: large packets are lost on the way \(MTU\)/,
    fix: /lower the MTU/,
  },
  {
    name: "discoverySelectors that hide a namespace",
    lines: ["current"],
    break: (composed) => {
      objects(composed, "main0").meshConfig.data.mesh =
        "discoverySelectors:\n- matchLabels: { istio-discovery: enabled }\n";
      objectIn(objects(composed, "main0").namespaces, "Namespace", "sample").metadata.labels[
        "istio-discovery"
      ] = "enabled";
      for (const [name, cluster] of Object.entries(composed.clusters)) {
        const other = name === "main0" ? "remote0" : "main0";
        const address = composed.mesh.clusters.find((one) => one.name === other)!;
        cluster.unreachable.add(gatewayAddress(composed.mesh, address));
      }
    },
    expect: "fail gateways.dial",
    says: /cause: ConfigMap istio-system\/istio of main0: it hides namespaces .*: istio-system of main0, istio-system of remote0, sample of remote0/,
    command: /^mesh apply/,
  },
  {
    name: "the remote's proxies cannot connect to istiod",
    break: (composed) => {
      objects(composed, "remote0").unreachable.add(
        `${gatewayAddress(composed.mesh, composed.mesh.primary)}:15012`,
      );
    },
    expect: "fail gateways.dial",
    says: /^from remote0 to main0: no connection to 203\.0\.113\.100:15012 within 4 s$/,
  },
  {
    name: "a ResourceQuota rejects the gateway's pod",
    break: (composed) => {
      const gateway = objectIn(objects(composed, "remote0").istioSystem, "Deployment", gatewayOf(composed));
      const message =
        'pods "x" is forbidden: exceeded quota: q, requested: pods=1, used: pods=0, limited: pods=0';
      gateway.status = { conditions: [{ type: "ReplicaFailure", status: "True", message }] };
    },
    expect: "fail gateways.ready remote0",
    says: /0 of 1 replicas are available\npods "x" is forbidden: exceeded quota: q, /,
    fix: /^the ResourceQuota q is used up/,
    command: /^kubectl --context remote0 -n istio-system describe resourcequota q$/,
  },
];
