import { writeFileSync } from "node:fs";
import { checksDocument } from "./docs";
import { doctorChecks } from "./doctor/doctor";

writeFileSync("docs/checks.md", checksDocument({ doctor: doctorChecks }));
