import { toJSONSchema } from "zod";
import { meshConfigSchema } from "./config";

/** The JSON Schema of `mesh.yaml`, for completion and hints in editors: `mesh.schema.json` holds it. */
export function meshJsonSchema(): string {
  const schema = toJSONSchema(meshConfigSchema, { target: "draft-7", io: "input" });
  return `${JSON.stringify({ ...schema, title: "mesh.yaml" }, null, 2)}\n`;
}
