import { type Container, KubeDeployment, type Volume } from "cdk8s-plus-27/lib/imports/k8s";
import { Construct } from "constructs";
import type { Mesh } from "../mesh/mesh";

/**
 * User that containers run as. Kiali's own image means this one; the others name none, a name that Kubernetes cannot
 * judge, or root without needing it.
 */
const user = 1000;

export interface WorkloadProps {
  readonly mesh: Mesh;
  readonly namespace: string;
  /** Labels by which upstream's tools and Services find the pods; the selector, never to be changed. */
  readonly selector: Readonly<Record<string, string>>;
  /** Further labels of the pods. @default - none */
  readonly podLabels?: Readonly<Record<string, string>>;
  /** @default - none */
  readonly podAnnotations?: Readonly<Record<string, string>>;
  /** @default - the namespace's default ServiceAccount, its token not mounted */
  readonly serviceAccount?: { readonly name: string; readonly mountToken: boolean };
  readonly containers: readonly WorkloadContainer[];
  /** @default - none */
  readonly volumes?: readonly Volume[];
  /** @default - Kubernetes' own, 30 */
  readonly terminationGracePeriodSeconds?: number;
}

/** A container; how it is locked in is the workload's business. */
export interface WorkloadContainer extends Omit<Container, "securityContext"> {
  /** @default - false: the root file system is read-only */
  readonly writesRootFilesystem?: boolean;
}

/**
 * A Deployment of one pod, which runs without rights. It has no PodDisruptionBudget: for a single pod one that lets
 * nodes be drained protects nothing, and one that protects blocks every drain.
 */
export class Workload extends Construct {
  constructor(scope: Construct, name: string, props: WorkloadProps) {
    super(scope, name);
    const { mesh, namespace, selector } = props;
    const { kubernetes } = mesh.istio.line;
    new KubeDeployment(this, "Deployment", {
      metadata: { name, namespace, labels: selector },
      spec: {
        replicas: 1,
        selector: { matchLabels: selector },
        template: {
          metadata: {
            labels: { ...selector, ...props.podLabels },
            ...given("annotations", { ...props.podAnnotations, ...seccompAnnotation[kubernetes.seccomp] }),
          },
          spec: {
            serviceAccountName: props.serviceAccount?.name,
            automountServiceAccountToken: props.serviceAccount?.mountToken ?? false,
            ...given(
              "imagePullSecrets",
              mesh.istio.pullSecrets.map((secret) => ({ name: secret })),
            ),
            terminationGracePeriodSeconds: props.terminationGracePeriodSeconds,
            containers: props.containers.map(({ writesRootFilesystem = false, ...container }) => ({
              imagePullPolicy: "IfNotPresent",
              ...container,
              securityContext: {
                runAsNonRoot: true,
                runAsUser: user,
                runAsGroup: user,
                allowPrivilegeEscalation: false,
                readOnlyRootFilesystem: !writesRootFilesystem,
                capabilities: { drop: ["ALL"] },
                ...seccompField[kubernetes.seccomp],
              },
            })),
            volumes: props.volumes && [...props.volumes],
          },
        },
      },
    });
  }
}

/** The field, unless it would hold nothing. */
function given<Key extends string, Value extends object>(key: Key, value: Value): { [key in Key]?: Value } {
  return (Object.keys(value).length > 0 ? { [key]: value } : {}) as { [key in Key]?: Value };
}

const seccompField = { field: { seccompProfile: { type: "RuntimeDefault" } }, annotation: {} };
const seccompAnnotation = {
  field: {},
  annotation: { "seccomp.security.alpha.kubernetes.io/pod": "runtime/default" },
};
