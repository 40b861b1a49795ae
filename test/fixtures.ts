import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseMesh } from "../mesh/load";
import type { Mesh } from "../mesh/mesh";

// The meshes that the tests are about. `mesh.yaml` and `examples/` are the user's, who may change them.

const folder = join(__dirname, "fixtures");

/** Names of the meshes, for example `three-clusters`. */
export const fixtures = readdirSync(folder).map((file) => file.replace(/\.yaml$/, ""));

export const fixtureFile = (name: string) => join(folder, `${name}.yaml`);

export const fixtureText = (name: string) => readFileSync(fixtureFile(name), "utf8");

/** The mesh as if its file were called `mesh.yaml`, changed as a text. */
export function fixtureMesh(name: string, change: (text: string) => string = (text) => text): Mesh {
  return parseMesh(change(fixtureText(name)), "mesh.yaml");
}
