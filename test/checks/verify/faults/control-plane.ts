import { objectIn } from "../composed-mesh";
import { type Fault, objects, scaleToZero } from "../fault";

export const controlPlaneFaults: readonly Fault[] = [
  {
    name: "istiod scaled to zero",
    break: (composed) =>
      scaleToZero(objectIn(objects(composed, "main0").istioSystem, "Deployment", "istiod")),
    expect: "fail control-plane.istiod main0",
    says: /Deployment istiod is scaled to 0/,
  },
  {
    name: "istiod in CrashLoopBackOff",
    break: (composed) => {
      const { istioSystem } = objects(composed, "main0");
      objectIn(istioSystem, "Deployment", "istiod").status = {
        observedGeneration: 1,
        replicas: 1,
        updatedReplicas: 1,
      };
      objectIn(istioSystem, "Pod", "istiod-0").status = {
        containerStatuses: [
          {
            name: "discovery",
            ready: false,
            state: { waiting: { reason: "CrashLoopBackOff", message: "back-off 5m0s" } },
            lastState: { terminated: { reason: "Error", exitCode: 255 } },
          },
        ],
      };
    },
    expect: "fail control-plane.istiod main0",
    says: /0 of 1 replicas are available\nPod istio-system\/istiod-0: container discovery: CrashLoopBackOff, after Error with exit code 255: back-off 5m0s/,
  },
  {
    name: "istio-cni is missing on a node",
    lines: ["current"],
    break: (composed) => {
      const { istioSystem } = objects(composed, "remote0");
      objectIn(istioSystem, "DaemonSet", "istio-cni-node").status.numberAvailable = 1;
      objectIn(istioSystem, "Pod", "istio-cni-node-1").status = {
        containerStatuses: [
          {
            name: "install-cni",
            ready: false,
            state: { waiting: { reason: "ImagePullBackOff", message: "x" } },
          },
        ],
      };
    },
    expect: "fail control-plane.cni remote0",
    says: /^DaemonSet istio-cni-node: 1 of 2 pods are available\nPod istio-system\/istio-cni-node-1: container install-cni: ImagePullBackOff: x$/,
  },
  {
    name: "a policy denies istio-cni's pods",
    lines: ["current"],
    break: (composed) => {
      const { istioSystem } = objects(composed, "main0");
      objectIn(istioSystem, "DaemonSet", "istio-cni-node").status = {
        observedGeneration: 1,
        desiredNumberScheduled: 2,
      };
      objects(composed, "main0").istioSystem = [
        ...istioSystem.filter(({ metadata }) => !/^istio-cni-node-/.test(metadata.name)),
        {
          kind: "Event",
          type: "Warning",
          reason: "FailedCreate",
          metadata: { name: "denied" },
          involvedObject: { kind: "DaemonSet", name: "istio-cni-node" },
          message:
            'Error creating: admission webhook "validation.gatekeeper.sh" denied the request: [azurepolicy-k8sazurev3allowedcapabilities-5] container <install-cni> has a disallowed capability',
        },
      ];
    },
    expect: "fail control-plane.cni main0",
    says: /^DaemonSet istio-cni-node: 0 of 2 pods are available\nDaemonSet istio-cni-node: FailedCreate: Error creating: admission webhook/,
    fix: /ask the administrator of its policies to exempt the namespace/,
  },
  {
    name: "istio-cni was deleted",
    lines: ["current"],
    break: (composed) => {
      const own = objects(composed, "main0");
      own.istioSystem = own.istioSystem.filter(({ metadata }) => !/^istio-cni-node/.test(metadata.name));
    },
    expect: "fail control-plane.cni main0",
    says: /^DaemonSet istio-cni-node does not exist$/,
    command: /^mesh apply -f \S+$/,
  },
  {
    name: "swapped contexts",
    lines: ["current"],
    break: (composed) => {
      const { istioSystem, namespaces } = objects(composed, "main0");
      objects(composed, "main0").istioSystem = istioSystem.filter(
        ({ metadata }) => metadata.name !== "istiod" && metadata.name !== "istiod-0",
      );
      objectIn(namespaces, "Namespace", "istio-system").metadata.annotations = {
        "topology.istio.io/controlPlaneClusters": "main0",
      };
    },
    expect: "fail control-plane.istiod main0",
    says: /leads to a remote of main0: are contexts swapped/,
  },
  {
    name: "the annotation with the primary's name is missing",
    lines: ["current"],
    break: (composed) => {
      delete objectIn(objects(composed, "remote0").namespaces, "Namespace", "istio-system").metadata
        .annotations;
    },
    expect: "fail control-plane.primary remote0",
    says: /the annotation is missing; expected main0/,
  },
  {
    name: "no network label",
    lines: ["current"],
    break: (composed) => {
      delete objectIn(objects(composed, "remote0").namespaces, "Namespace", "istio-system").metadata.labels[
        "topology.istio.io/network"
      ];
    },
    expect: "fail control-plane.network remote0",
    says: /the label is missing; expected network2/,
  },
  {
    name: "two clusters with the same network label",
    lines: ["current"],
    break: (composed) => {
      objectIn(objects(composed, "remote0").namespaces, "Namespace", "istio-system").metadata.labels[
        "topology.istio.io/network"
      ] = "network1";
    },
    expect: "fail control-plane.network remote0",
    says: /the label is network1; expected network2\nnetwork1 is the network of main0 too/,
  },
  {
    name: "a network missing in meshNetworks",
    lines: ["1.7"],
    break: (composed) => {
      objects(composed, "main0").meshConfig.data.meshNetworks =
        "networks:\n  network1:\n    endpoints:\n    - fromRegistry: main0\n";
    },
    expect: "fail control-plane.mesh-networks",
    says: /network2 with the registry remote0 is missing/,
  },
  {
    name: "a remote with a wrong address of istiod",
    break: (composed) => {
      const { istioSystem } = objects(composed, "remote0");
      const way = istioSystem.find(
        ({ kind, metadata }) => /^Endpoint/.test(kind) && metadata.name.startsWith("istiod"),
      );
      if (way.endpoints) way.endpoints[0].addresses = ["203.0.113.66"];
      else way.subsets[0].addresses[0].ip = "203.0.113.66";
    },
    expect: "fail control-plane.address remote0",
    says: /leads to 203\.0\.113\.66; istio-\w+gateway of main0 is at 203\.0\.113\.100/,
  },
  {
    name: "an istiod Service without endpoints in the remote",
    break: (composed) => {
      objects(composed, "remote0").istioSystem = objects(composed, "remote0").istioSystem.filter(
        ({ kind, metadata }) => !/^Endpoint/.test(kind) || !metadata.name.startsWith("istiod"),
      );
    },
    expect: "fail control-plane.address remote0",
    says: /leads to no address/,
  },
  {
    name: "an empty caBundle",
    break: (composed) => {
      objects(composed, "remote0").webhooks[0].webhooks[0].clientConfig.caBundle = "";
    },
    expect: "fail control-plane.webhook remote0",
    says: /istio-sidecar-injector: caBundle has no certificate; expected SHA-256/,
  },
  {
    name: "a caBundle of another root",
    break: (composed, other) => {
      objects(composed, "main0").webhooks[0].webhooks[0].clientConfig.caBundle = Buffer.from(
        other.root.pem,
      ).toString("base64");
    },
    expect: "fail control-plane.webhook main0",
    says: /caBundle has SHA-256/,
  },
  {
    name: "istiod unschedulable because of a taint",
    break: (composed) => {
      const { istioSystem } = objects(composed, "main0");
      objectIn(istioSystem, "Deployment", "istiod").status = {};
      const message = "0/1 nodes are available: 1 node(s) had untolerated taint {CriticalAddonsOnly: true}.";
      objectIn(istioSystem, "Pod", "istiod-0").status = {
        conditions: [{ type: "PodScheduled", status: "False", message }],
      };
    },
    expect: "fail control-plane.istiod main0",
    says: /untolerated taint \{CriticalAddonsOnly: true\}/,
    fix: /^no node without the taint CriticalAddonsOnly has room/,
    command: /^kubectl --context main0 get nodes -o .?custom-columns=/,
  },
];
