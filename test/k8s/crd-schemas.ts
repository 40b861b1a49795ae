import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import Ajv from "ajv";
import { loadAll } from "js-yaml";
import type { Resource } from "./render";

type Schema = { [key: string]: Schema } & {
  properties?: Record<string, Schema>;
  items?: Schema;
  additionalProperties?: Schema | boolean;
};

/**
 * What is wrong with a resource by Istio's own CRDs, unknown fields included: the API server would drop those with a
 * warning. Undefined for resources that the file has no CRD of.
 */
export class CrdSchemas {
  private readonly ajv = new Ajv({ allErrors: true, strict: false, validateFormats: false });
  private readonly schemas = new Map<string, Schema>();

  /** @param file under imports/crds */
  constructor(file: string) {
    const crds = loadAll(readFileSync(resolve(__dirname, "../../imports/crds", file), "utf8")) as Resource[];
    for (const { spec } of crds) {
      for (const { name, schema } of spec.versions) {
        this.schemas.set(`${spec.group}/${name} ${spec.names.kind}`, closed(schema.openAPIV3Schema));
      }
    }
  }

  problemsOf(resource: Resource): string[] | undefined {
    const schema = this.schemas.get(`${resource.apiVersion} ${resource.kind}`);
    if (!schema) return undefined;
    const { spec } = resource;
    const validate = this.ajv.compile(schema.properties!.spec!);
    validate(spec);
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
    );
  }
}

/** The schema, knowing no fields but its own. What stands under oneOf and not only says which go together. */
function closed(schema: Schema): Schema {
  const properties = Object.entries(schema.properties ?? {}).map(([name, inner]) => [name, closed(inner)]);
  return {
    ...schema,
    ...(schema.items && { items: closed(schema.items) }),
    ...(typeof schema.additionalProperties === "object" && {
      additionalProperties: closed(schema.additionalProperties),
    }),
    ...(schema.properties && {
      properties: Object.fromEntries(properties),
      ...(!schema["x-kubernetes-preserve-unknown-fields"] && { additionalProperties: false }),
    }),
  } as Schema;
}
