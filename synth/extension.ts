import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { createJiti } from "jiti";
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
  const exported = blaming(file, () => createJiti(__filename, { fsCache: false })(resolve(file))) as {
    readonly default?: unknown;
  };
  const { default: extension } = exported;
  if (typeof extension !== "function") {
    const found =
      extension === undefined ? "no default export" : `a default export that is ${typeof extension}`;
    throw problem(
      file,
      `${found}: expected a function`,
      "export default ({ bundles, stack }: MeshApp) => { ... };",
    );
  }
  return (app) => {
    const result: unknown = blaming(file, () => extension({ ...app, bundles: withKnownNames(app.bundles) }));
    if (result instanceof Promise) {
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

/** A mistyped cluster is an error that names it, not an undefined scope far below. */
function withKnownNames<T>(bundles: Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  return new Proxy(bundles, {
    get(target, name) {
      if (typeof name === "symbol" || Object.hasOwn(target, name)) return target[name as string];
      throw new Error(`no cluster ${name} in mesh.yaml: expected one of ${Object.keys(target).join(", ")}`);
    },
  });
}

/** Runs code of the file; its errors name the line. */
function blaming<T>(file: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof InputError) throw error;
    const { message, stack = "" } = error instanceof Error ? error : new Error(String(error));
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
