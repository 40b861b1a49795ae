/** What to do about a failure. */
export interface Remedy {
  readonly advice: string;
  /** Arguments of kubectl that show the cause, or remove it if that is safe. */
  readonly commands: readonly (readonly string[])[];
  /** `mesh apply` fixes it if the mesh's own objects were changed. */
  readonly byApply: boolean;
}

type Words = Readonly<Record<string, string>>;

interface Row {
  /** `advice` and `commands` get its named groups. */
  readonly message: RegExp;
  readonly advice: string | ((words: Words) => string);
  readonly commands?: (words: Words, namespace: string) => readonly (readonly string[])[];
  readonly byApply?: true;
}

const taintsOfNodes = [
  ["get", "nodes", "-o", "custom-columns=NAME:.metadata.name,TAINTS:.spec.taints[*].key"],
];

/**
 * Failures by the message of Kubernetes, the cloud or a program. Messages of Kubernetes 1.34, read in a cluster or in its
 * sources on 2026-11-27.
 */
const rows: readonly Row[] = [
  {
    // plugin/pkg/admission/... policy/validating
    message: /ValidatingAdmissionPolicy '(?<policy>[^']+)' with binding '(?<binding>[^']+)' denied request/,
    advice: ({ policy, binding }) =>
      `the ValidatingAdmissionPolicy ${policy} denies the pod: ask its administrator to exempt the namespace (in the binding ${binding}), or to change the policy`,
    commands: ({ policy, binding }) => [
      [
        "get",
        `validatingadmissionpolicy/${policy}`,
        `validatingadmissionpolicybinding/${binding}`,
        "-o",
        "yaml",
      ],
    ],
  },
  {
    message: /admission webhook "(?<webhook>[^"]+)" denied the request/,
    advice: ({ webhook }) =>
      `the admission webhook ${webhook} denies the pod: ask the administrator of its policies to exempt the namespace (Azure Policy: excluded namespaces of the assignment; Gatekeeper: the constraint named above)`,
    commands: () => [["get", "validatingwebhookconfigurations,mutatingwebhookconfigurations"]],
  },
  {
    message: /exceeded quota: (?<quota>[^,\s]+),/,
    advice: ({ quota }) =>
      `the ResourceQuota ${quota} is used up: raise it, or ask the administrator of the namespace to`,
    commands: ({ quota }, namespace) => [["-n", namespace, "describe", "resourcequota", quota!]],
  },
  {
    message: /failed quota: (?<quota>[^:\s]+): must specify/,
    advice: ({ quota }) =>
      `the ResourceQuota ${quota} requires requests or limits that the containers do not set: add a LimitRange with defaults to the namespace, or ask the administrator of the namespace to`,
    commands: ({ quota }, namespace) => [["-n", namespace, "describe", "resourcequota", quota!]],
  },
  {
    message: /(maximum|minimum) \S+ usage per (Container|Pod) is/,
    advice:
      "a LimitRange of the namespace does not allow the pod's requests or limits: change it, or ask its administrator to",
    commands: (_, namespace) => [["-n", namespace, "describe", "limitranges"]],
  },
  {
    // istio-init or istio-cni sets up the redirection of traffic (istio.io/latest/docs/ops/deployment/application-requirements).
    message: /violates PodSecurity "(?<level>[^":]+)/,
    advice: ({ level }) =>
      `the namespace enforces the Pod Security level ${level}, and istio-init and istio-cni need capabilities that only privileged allows: set the level of the namespace, or ask the administrator who set it; with istio.cni in mesh.yaml only istio-system needs it`,
    commands: (_, namespace) => [
      ["label", "namespace", namespace, "pod-security.kubernetes.io/enforce=privileged", "--overwrite"],
    ],
  },
  {
    message: /taint(\(s\))? \{node\.kubernetes\.io\/[\w-]+:/,
    advice: "the nodes are not ready, under pressure or cordoned: check their conditions",
    commands: () => [["describe", "nodes"]],
  },
  {
    message: /taint(\(s\))? \{(?<taint>(?!node\.kubernetes\.io\/)[^:}]+):/,
    advice: ({ taint }) =>
      `no node without the taint ${taint} has room: add a node pool without it (on AKS a pool of mode User), or remove the taint from the nodes that are meant for these pods`,
    commands: () => taintsOfNodes,
  },
  {
    // 1.34.4 names no taint; read in a cluster 2026-11-30
    message: /untolerated taint\(s\)(?! \{)/,
    advice:
      "no node without a taint has room: a taint of node.kubernetes.io ends with the node's condition; otherwise add a node pool without taints (on AKS a pool of mode User), or remove the taint from the nodes that are meant for these pods",
    commands: () => taintsOfNodes,
  },
  {
    message: /didn't match Pod's node affinity\/selector/,
    advice: "no node matches the pod's node selector or affinity: label a node, or change the selector",
    commands: () => [["get", "nodes", "--show-labels"]],
  },
  {
    message: /Insufficient \S+|Too many pods/,
    advice: "no node has enough free resources for the pod: add nodes, or free resources",
    commands: () => [["describe", "nodes"]],
  },
  {
    // Messages of Docker Hub and containerd, as users report them, read 2026-11-27.
    message: /toomanyrequests|429 Too Many Requests/i,
    advice:
      "the registry limits the rate of anonymous pulls, as Docker Hub does: retry in some hours, or copy the images that mesh images lists to your own registry and set images.registry",
  },
  {
    message:
      /^(?![\s\S]*(?:toomanyrequests|429 Too Many Requests))[\s\S]*(?:ErrImagePull|ImagePullBackOff|InvalidImageName|Failed to pull image)/i,
    advice:
      "the image cannot be pulled: check that the registry has it (set by images.registry, istio.hub and istio.version in mesh.yaml; mesh images -o json lists where each image is pulled from) and that the nodes can reach the registry; apply restores the images of mesh.yaml",
    byApply: true,
  },
  {
    message: /serviceaccount "[^"]+" not found/,
    advice: "apply creates the mesh's ServiceAccounts",
    byApply: true,
  },
  {
    message: /failed calling webhook/,
    advice:
      "a webhook is unreachable: if its Istio was removed, delete its configuration (kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations), otherwise restore its pods",
  },
  {
    message: /is forbidden: User/,
    advice:
      "the identity of this context lacks the permission named above; mesh doctor lists the required permissions",
  },
  {
    // Only as kubectl and istioctl word it: pods and registries refuse connections too.
    message:
      /API server of .* does not answer|connection to the server \S+ was refused|unable to connect to the server|"https:\/\/[^"]*\/(apis?|version|openapi)\b[^"]*": .*(refused|timeout|no route to host|connection reset|EOF|unreachable|connection lost)/i,
    advice:
      "the API server is unreachable: check that the cluster is running and that this machine can reach it, then run again",
  },
  {
    message: /^address of .*not done within/,
    advice:
      "the cloud has not assigned an address to the gateway's Service: common causes are the quota of public IP addresses, the subnet and the cluster's identity; run again to continue",
  },
  {
    message:
      /finalizers? remaining|SomeFinalizersRemain|NamespaceFinalizersRemaining|NamespaceContentRemaining/i,
    advice:
      "a finalizer in the namespace waits for a controller that may be gone: restore the controller, or remove the finalizers of the objects named above",
  },
  { message: /ENOSPC|no space left on device/, advice: "the disk is full: free some space, then run again" },
];

/**
 * Remedies for a failure; empty if none is known.
 * @param namespace of the object that failed
 */
export const remediesFor = (text: string, namespace = "NAMESPACE"): Remedy[] =>
  rows.flatMap(({ message, advice, commands, byApply = false }) => {
    const found = message.exec(text);
    if (!found) return [];
    const words = found.groups ?? {};
    return [
      {
        advice: typeof advice === "string" ? advice : advice(words),
        commands: commands?.(words, namespace) ?? [],
        byApply,
      },
    ];
  });

/** The same as lines to print. */
export const adviceOn = (text: string): readonly string[] =>
  remediesFor(text).map(({ advice }) => `fix: ${advice}`);
