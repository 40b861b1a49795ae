/** Phases of `mesh apply` in their order; `--until` names the last one to run. */
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
  "extension",
] as const;
export type Phase = (typeof phases)[number];
