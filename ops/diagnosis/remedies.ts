/** What to do about a cause in the cluster, by the words in which Kubernetes or the cloud reports it. */
export interface Remedy {
  readonly advice: string;
  /** Arguments of kubectl that show the cause, or remove it where this is safe. @default none */
  readonly commands: readonly (readonly string[])[];
  /** `mesh apply` puts it right where the mesh's own objects were changed. */
  readonly byApply: boolean;
}

type Words = Readonly<Record<string, string>>;

interface Row {
  /** Its named groups are what `advice` and `commands` speak of. */
  readonly said: RegExp;
  readonly advice: string | ((words: Words) => string);
  readonly commands?: (words: Words, namespace: string) => readonly (readonly string[])[];
  readonly byApply?: true;
}

const taintsOfNodes = [
  ["get", "nodes", "-o", "custom-columns=NAME:.metadata.name,TAINTS:.spec.taints[*].key"],
];

/**
 * What to do about a failure, by the words in which Kubernetes, the cloud or a program tells it: they are terse, and the
 * same few causes stand behind most of them. Words of Kubernetes 1.34, read in a cluster or in its sources on 2026-11-27.
 */
const rows: readonly Row[] = [
  {
    // plugin/pkg/admission/... policy/validating
    said: /ValidatingAdmissionPolicy '(?<policy>[^']+)' with binding '(?<binding>[^']+)' denied request/,
    advice: ({ policy, binding }) =>
      `the ValidatingAdmissionPolicy ${policy} refuses the pod: ask its administrator to exempt the namespace (in the binding ${binding}), or to change the policy`,
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
    said: /admission webhook "(?<webhook>[^"]+)" denied the request/,
    advice: ({ webhook }) =>
      `the admission webhook ${webhook} refuses the pod: ask the administrator of its policies to exempt the namespace (Azure Policy: excluded namespaces of the assignment; Gatekeeper: the constraint that is named above)`,
    commands: () => [["get", "validatingwebhookconfigurations,mutatingwebhookconfigurations"]],
  },
  {
    said: /exceeded quota: (?<quota>[^,\s]+),/,
    advice: ({ quota }) =>
      `the ResourceQuota ${quota} has no room left for the pod: raise its limits, or ask the administrator of the namespace to`,
    commands: ({ quota }, namespace) => [["-n", namespace, "describe", "resourcequota", quota!]],
  },
  {
    said: /failed quota: (?<quota>[^:\s]+): must specify/,
    advice: ({ quota }) =>
      `the ResourceQuota ${quota} refuses pods whose containers do not set what it limits: add a LimitRange with defaults to the namespace, or ask the administrator of the namespace to`,
    commands: ({ quota }, namespace) => [["-n", namespace, "describe", "resourcequota", quota!]],
  },
  {
    said: /(maximum|minimum) \S+ usage per (Container|Pod) is/,
    advice:
      "a LimitRange of the namespace refuses the pod's requests or limits: change it, or ask its administrator to",
    commands: (_, namespace) => [["-n", namespace, "describe", "limitranges"]],
  },
  {
    // istio-init sets up the redirection of traffic (istio.io/latest/docs/ops/deployment/application-requirements).
    said: /violates PodSecurity "(?<level>[^":]+)/,
    advice: ({ level }) =>
      `the namespace enforces the Pod Security level ${level}, and a pod with a sidecar needs NET_ADMIN and NET_RAW, which only privileged allows: set the level of the namespace, or ask the administrator who set it`,
    commands: (_, namespace) => [
      ["label", "namespace", namespace, "pod-security.kubernetes.io/enforce=privileged", "--overwrite"],
    ],
  },
  {
    said: /taint(\(s\))? \{node\.kubernetes\.io\/[\w-]+:/,
    advice: "the nodes are not ready, under pressure or cordoned: see their conditions",
    commands: () => [["describe", "nodes"]],
  },
  {
    said: /taint(\(s\))? \{(?<taint>(?!node\.kubernetes\.io\/)[^:}]+):/,
    advice: ({ taint }) =>
      `no node without the taint ${taint} has room: add a node pool without it (on AKS a pool of mode User), or remove the taint from the nodes that are meant for these pods`,
    commands: () => taintsOfNodes,
  },
  {
    said: /didn't match Pod's node affinity\/selector/,
    advice: "no node matches the pod's node selector or affinity: label a node, or change the selector",
    commands: () => [["get", "nodes", "--show-labels"]],
  },
  {
    said: /Insufficient \S+|Too many pods/,
    advice: "no node has room for the pod: add nodes, or make room",
    commands: () => [["describe", "nodes"]],
  },
  {
    // Docker Hub's words, and containerd's for its status: as people report them, read 2026-11-27.
    said: /toomanyrequests|429 Too Many Requests/i,
    advice:
      "the registry limits pulls without a login, as Docker Hub does, and lifts the limit after some hours: copy what mesh images lists to a registry of your own and name it in images.registry",
  },
  {
    said: /^(?![\s\S]*(?:toomanyrequests|429 Too Many Requests))[\s\S]*(?:ErrImagePull|ImagePullBackOff|InvalidImageName|Failed to pull image)/i,
    advice:
      "see that the registry has this image (images.registry, istio.hub and istio.version in mesh.yaml name it; mesh images -o json lists where each is pulled from) and that the nodes may reach it; apply sets the images of mesh.yaml",
    byApply: true,
  },
  {
    said: /serviceaccount "[^"]+" not found/,
    advice: "apply creates the mesh's ServiceAccounts again",
    byApply: true,
  },
  {
    said: /failed calling webhook/,
    advice:
      "a webhook stands in the way whose server does not answer: if its Istio is gone, delete its configuration (kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations), else bring its pods back",
  },
  {
    said: /is forbidden: User/,
    advice: "this context's identity lacks the right that is named above; mesh doctor lists what is needed",
  },
  {
    // In kubectl's and istioctl's words alone: pods and registries are refused connections as well.
    said: /API server behind .* does not answer|connection to the server \S+ was refused|unable to connect to the server|"https:\/\/[^"]*\/(apis?|version|openapi)\b[^"]*": .*(refused|timeout|no route to host|connection reset|EOF|unreachable|connection lost)/i,
    advice:
      "the API server cannot be reached: see that the cluster runs and that this machine may reach it, then run again",
  },
  {
    said: /^address of .*not done within/,
    advice:
      "the cloud has given the gateway's Service no address yet: a quota of public addresses, the subnet and the cluster's identity are the usual causes; run again, it goes on from here",
  },
  {
    said: /finalizers? remaining|SomeFinalizersRemain|NamespaceFinalizersRemaining|NamespaceContentRemaining/i,
    advice:
      "something in the namespace waits for a controller that may be gone: bring that controller back, or remove the finalizers of what is named above",
  },
  { said: /ENOSPC|no space left on device/, advice: "the disk is full: make room and run again" },
];

/**
 * What to do about what was said; none where nothing is known to help.
 * @param namespace in which it was said
 */
export const remediesFor = (text: string, namespace = "NAMESPACE"): Remedy[] =>
  rows.flatMap(({ said, advice, commands, byApply = false }) => {
    const found = said.exec(text);
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

/** Sentences that fit what was said; none where nothing is known to help. */
export const adviceOn = (text: string): readonly string[] =>
  remediesFor(text).map(({ advice }) => `fix: ${advice}`);
