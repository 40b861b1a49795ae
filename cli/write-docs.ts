import { writeFileSync } from "node:fs";
import { cliDocument } from "./docs";
import { program } from "./program";

writeFileSync("docs/cli.md", cliDocument(program(() => {})));
