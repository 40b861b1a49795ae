import { writeFileSync } from "node:fs";
import { meshJsonSchema } from "./json-schema";

writeFileSync("mesh.schema.json", meshJsonSchema());
