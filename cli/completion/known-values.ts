import { statSync } from "node:fs";
import type { Command } from "commander";
import type { Mesh } from "../../mesh/mesh";

export interface Suggestion {
  readonly value: string;
  /** What it is, for shells that show it. */
  readonly about?: string;
}

/** Finds the possible values. If it throws, nothing is offered. */
export type Known = (file: string, mesh: Command) => Promise<readonly Suggestion[]> | "files";

/** Possible values by command and option or argument, or by option alone. Options with `choices` need no row. */
export const knownValues: Readonly<Record<string, Known>> = {
  "--file": () => "files",
  "report --to": () => "files",
  "apply --only": clusters,
  "traffic --from": clusters,
  "up --replace": aksClusters,
  "verify --only": checks,
  "verify --context": contexts,
  "help command": async (_, mesh) =>
    mesh.commands.map((command) => ({ value: command.name(), about: command.description() })),
};

async function clusters(file: string): Promise<Suggestion[]> {
  const mesh = await quicklyRead(file);
  return mesh.clusters.map(({ name, role }) => ({ value: name, about: role }));
}

async function aksClusters(file: string): Promise<Suggestion[]> {
  const mesh = await quicklyRead(file);
  return mesh.clusters.flatMap(({ name, aks }) => (aks ? [{ value: name, about: aks.name }] : []));
}

async function contexts(file: string): Promise<Suggestion[]> {
  const mesh = await quicklyRead(file);
  return mesh.clusters.map(({ context, name }) => ({ value: context, about: name }));
}

/** Layers first, because there are few. */
async function checks(): Promise<Suggestion[]> {
  const { verifyChecks } = await import("../../checks/verify/verify");
  const { layers } = await import("../../checks/check");
  const named = new Set(verifyChecks.map(({ id }) => id.split(".")[0]!));
  return [
    ...Object.entries(layers)
      .filter(([layer]) => named.has(layer))
      .map(([value, about]) => ({ value, about })),
    ...verifyChecks.map(({ id, title }) => ({ value: id, about: title })),
  ];
}

/** Bytes of a `mesh.yaml` of two hundred clusters: a larger file would delay the completion. */
const quicklyReadBytes = 20_000;

async function quicklyRead(file: string): Promise<Mesh> {
  if (statSync(file).size > quicklyReadBytes) throw new Error("too large");
  const { readMesh } = await import("../../mesh/load");
  return readMesh(file);
}
