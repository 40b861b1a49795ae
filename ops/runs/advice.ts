/**
 * What to do about a failure, by the words in which Kubernetes, the cloud or a program tells it: they are terse, and the
 * same few causes stand behind most of them.
 */
const remedies: readonly { readonly said: RegExp; readonly advice: string }[] = [
  {
    said: /ErrImagePull|ImagePullBackOff|Failed to pull image/,
    advice:
      "see that the registry has this image (for Istio's own, istio.hub and istio.version in mesh.yaml name it) and that the nodes may reach it",
  },
  {
    said: /failed calling webhook/,
    advice:
      "a webhook stands in the way whose server does not answer: if its Istio is gone, delete its configuration (kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations), else bring its pods back",
  },
  {
    said: /is forbidden: User|\(Forbidden\)/,
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
    said: /Insufficient (cpu|memory)|nodes are available/,
    advice: "no node has room for the pod: add nodes, or make room",
  },
  {
    said: /finalizers? remaining|SomeFinalizersRemain|NamespaceFinalizersRemaining|NamespaceContentRemaining/i,
    advice:
      "something in the namespace waits for a controller that may be gone: bring that controller back, or remove the finalizers of what is named above",
  },
  { said: /ENOSPC|no space left on device/, advice: "the disk is full: make room and run again" },
];

/** Sentences that fit what was said; none where nothing is known to help. */
export function adviceOn(text: string): readonly string[] {
  return remedies.filter(({ said }) => said.test(text)).map(({ advice }) => `fix: ${advice}`);
}
