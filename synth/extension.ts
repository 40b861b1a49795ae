import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { types } from "node:util";
import type { MeshStack } from "../infra/mesh-stack";
import type { ClusterBundle } from "../k8s/cluster-bundle";
import type { Mesh } from "../mesh/mesh";
import { fileProblem, InputError, type Position } from "../mesh/problem";

/** Everything that a mesh is made of, before it is written. */
export interface MeshApp {
  readonly mesh: Mesh;
  /** By the clusters' names in mesh.yaml. */
  readonly bundles: Readonly<Record<string, ClusterBundle>>;
  /** Undefined if Terraform creates none of the clusters. */
  readonly stack: MeshStack | undefined;
}

/**
 * What `mesh.extend.ts` exports as default: adds charts of your own to the bundles, and changes what the mesh is made of.
 * It runs on every synth, so the same input has to give the same output.
 */
export type MeshExtension = (app: MeshApp) => void;

/**
 * The function in `mesh.extend.ts`; undefined if there is no such file. It is TypeScript, and not type-checked here.
 * @throws InputError if the file cannot be loaded, or exports no function
 */
export function loadExtension(file: string): MeshExtension | undefined {
  if (!existsSync(file)) return undefined;
  // Loaded on demand: most meshes have no extension.
  const { createJiti } = require("jiti") as typeof import("jiti");
  const load = createJiti(__filename, { fsCache: false });
  const { default: extension } = blaming(file, () => load(resolve(file))) as { readonly default?: unknown };
  if (typeof extension !== "function")
    throw problem(
      file,
      "the default export is not a function",
      "export one: export default ({ bundles, stack }: MeshApp) => { ... };",
    );
  return (app) => {
    const result: unknown = blaming(file, () => extension(app));
    if (types.isPromise(result)) {
      // Its own failure must not end the process beside the message.
      result.catch(() => {});
      throw problem(
        file,
        "an asynchronous function: expected one that returns nothing",
        "remove async and await",
      );
    }
  };
}

/** Runs code of the file; its errors name the line. */
function blaming<T>(file: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof InputError) throw error;
    // An error of another realm, as under jest, is no instance of this one's Error.
    const { message = String(error), stack = "" } = (error ?? {}) as Partial<Error>;
    const place = placeIn(`${message}\n${stack}`, resolve(file));
    // jiti's own messages end with the place.
    const [text] = message.replace(/^ParseError: /, "").split("\n");
    throw problem(file, text!.trim(), "correct the file, or remove it to go on without it", place);
  }
}

function placeIn(stack: string, file: string): Position | undefined {
  const [, rest] = stack.split(`${file}:`, 2);
  const [, line, column] = /^(\d+):(\d+)/.exec(rest ?? "") ?? [];
  return line === undefined ? undefined : { line: Number(line), column: Number(column) };
}

function problem(file: string, message: string, fix: string, position?: Position): InputError {
  return new InputError([{ ...fileProblem(file, message, fix), position }]);
}
