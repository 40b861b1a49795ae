import { writeFileSync } from "node:fs";
import { meshJsonSchema } from "../mesh/config";

writeFileSync("mesh.schema.json", meshJsonSchema());
