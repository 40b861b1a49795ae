/**
 * Seconds after which a step of `mesh apply` is given up. A cloud's load balancer and a first image pull are slow; the
 * rest is a few requests to an API server.
 */
export const deadlines = {
  requests: 90,
  terminating: 180,
  rollout: 300,
  address: 600,
  injection: 180,
  addon: 120,
  removedCluster: 900,
  /** For each IstioOperator file. */
  install: 390,
} as const;
