import { writeFileSync } from "node:fs";
import { checksDocument } from "./docs";
import { doctorChecks } from "./doctor/doctor";
import { scaleChecks } from "./verify/scale";
import { verifyChecks } from "./verify/verify";

writeFileSync(
  "docs/checks.md",
  checksDocument({ doctor: doctorChecks, verify: verifyChecks, "verify --scale": scaleChecks }),
);
