/** In the order in which a person would go; `--until` names the last. */
export const phases = [
  "namespaces",
  "services",
  "control-plane",
  "address",
  "exposure",
  "remotes",
  "sample",
  "routing",
  "hand-over",
  "addons",
  "removals",
] as const;
export type Phase = (typeof phases)[number];

/**
 * Seconds after which a step is given up. A cloud's load balancer and a first image pull are the slow ones; the rest
 * is a few requests to an API server.
 */
export const deadlines = {
  requests: 90,
  terminating: 180,
  rollout: 300,
  address: 600,
  injection: 180,
  addon: 120,
  removedCluster: 900,
  /** Of every operator file. */
  install: 390,
} as const;
