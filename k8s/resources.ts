import { Quantity, type ResourceRequirements } from "cdk8s-plus-27/lib/imports/k8s";

/**
 * Requests and limits. Memory is limited, so that a leak hurts its own pod alone; CPU is not: a limit would throttle
 * the pod while its node idles.
 * @param cpu requested, in Kubernetes' notation, for example 100m
 */
export function resources(cpu: string, memory: string, memoryLimit: string): ResourceRequirements {
  return {
    requests: { cpu: Quantity.fromString(cpu), memory: Quantity.fromString(memory) },
    limits: { memory: Quantity.fromString(memoryLimit) },
  };
}
