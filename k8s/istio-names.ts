/** Namespace of Istio's control plane, its gateways and the addons. */
export const istioNamespace = "istio-system";

/** Label of a namespace, a Service or a pod: the network that it belongs to. api/label/labels.gen.go of istio/api. */
export const networkLabel = "topology.istio.io/network";

/**
 * Secret in istio-system of the primary, through which it reads a remote (istioctl/pkg/multicluster/remote_secret.go,
 * read 2026-11-23).
 */
export const remoteSecretName = (cluster: string) => `istio-remote-secret-${cluster}`;

/** DaemonSet of the node agent (manifests/charts/istio-cni/templates/daemonset.yaml, read 2026-11-30). */
export const cniName = "istio-cni-node";
