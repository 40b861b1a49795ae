import { Quantity, type ResourceRequirements } from "cdk8s-plus-27/lib/imports/k8s";

/** Kubernetes quantities, for example 100m and 64Mi. */
export interface Sizes {
  readonly cpu: string;
  readonly memory: string;
  readonly memoryLimit: string;
}

/**
 * Requests and limits. Memory is limited, so that a leak hurts its own pod alone; CPU is not: a limit would throttle
 * the pod while its node idles.
 */
export function resources({ cpu, memory, memoryLimit }: Sizes): ResourceRequirements {
  return {
    requests: { cpu: Quantity.fromString(cpu), memory: Quantity.fromString(memory) },
    limits: { memory: Quantity.fromString(memoryLimit) },
  };
}
