import {
  type Container,
  KubeDeployment,
  Quantity,
  type ResourceRequirements,
  type Volume,
} from "cdk8s-plus-27/lib/imports/k8s";
import { Construct } from "constructs";
import type { Mesh } from "../mesh/mesh";

/** Kiali's image runs as this user. The others set none, a name instead of a number, or root without needing it. */
const user = 1000;

export interface WorkloadProps {
  readonly mesh: Mesh;
  readonly namespace: string;
  /** Labels by which upstream's tools and Services find the pods. Immutable: they are the Deployment's selector. */
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

/** The workload sets the security context. */
export interface WorkloadContainer extends Omit<Container, "securityContext"> {
  /** @default - false: the root file system is read-only */
  readonly writesRootFilesystem?: boolean;
}

/**
 * A Deployment of one unprivileged pod. It has no PodDisruptionBudget: for a single pod it either protects nothing or
 * blocks every drain.
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

/** The field, unless its value is empty. */
function given<Key extends string, Value extends object>(key: Key, value: Value): { [key in Key]?: Value } {
  return (Object.keys(value).length > 0 ? { [key]: value } : {}) as { [key in Key]?: Value };
}

const seccompField = { field: { seccompProfile: { type: "RuntimeDefault" } }, annotation: {} };
const seccompAnnotation = {
  field: {},
  annotation: { "seccomp.security.alpha.kubernetes.io/pod": "runtime/default" },
};

/**
 * Requests and limits, as Kubernetes quantities. Memory has a limit, so that a leak hurts only its own pod; CPU has none,
 * because it would throttle the pod while its node idles.
 */
export function resources(sizes: { cpu: string; memory: string; memoryLimit: string }): ResourceRequirements {
  return {
    requests: { cpu: Quantity.fromString(sizes.cpu), memory: Quantity.fromString(sizes.memory) },
    limits: { memory: Quantity.fromString(sizes.memoryLimit) },
  };
}
