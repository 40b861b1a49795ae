import { readFileSync } from "node:fs";
import { join } from "node:path";
import Ajv from "ajv";
import { load } from "js-yaml";
import { meshJsonSchema } from "../../mesh/config";
import { fixtures, fixtureText } from "../fixtures";

const root = join(__dirname, "../..");
const accepts = new Ajv({ allErrors: true }).compile(JSON.parse(meshJsonSchema()));

describe("mesh.schema.json", () => {
  test("is what the validator says (npm run schema writes it)", () => {
    expect(readFileSync(join(root, "mesh.schema.json"), "utf8")).toBe(meshJsonSchema());
  });

  test.each(fixtures)("accepts %s, as an editor reads it", (name) => {
    expect(accepts(load(fixtureText(name))) || accepts.errors).toBe(true);
  });

  test("refuses a mistyped key", () => {
    expect(accepts({ clusters: [{ name: "a", netwrok: "n" }] })).toBe(false);
  });

  test("describes every field for editors", () => {
    const without: string[] = [];
    const look = (schema: { properties?: Record<string, { description?: string }> }, path: string) => {
      for (const [key, inner] of Object.entries(schema.properties ?? {})) {
        if (!inner.description) without.push(`${path}.${key}`);
        look(inner as typeof schema, `${path}.${key}`);
      }
    };
    look(JSON.parse(meshJsonSchema()), "mesh");
    expect(without).toEqual([]);
  });
});
