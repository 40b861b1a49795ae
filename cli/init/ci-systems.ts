/** CI systems for which `mesh init` writes a pipeline. */
export const ciSystems = ["github", "azure-pipelines"] as const;
export type CiSystem = (typeof ciSystems)[number];
