import { readFileSync } from "node:fs";
import { join } from "node:path";
import { docsOf } from "../../checks/check";
import { checksDocument } from "../../checks/docs";
import { doctorChecks } from "../../checks/doctor/doctor";
import { scaleChecks } from "../../checks/verify/scale";
import { verifyChecks } from "../../checks/verify/verify";

const file = join(__dirname, "../../docs/checks.md");

test("docs/checks.md says what the checks say; `npx tsx checks/write-docs.ts` writes it", () => {
  expect(readFileSync(file, "utf8")).toBe(
    checksDocument({ doctor: doctorChecks, verify: verifyChecks, "verify --scale": scaleChecks }),
  );
});

test("every check has its own heading", () => {
  // GitHub's anchors: lower case, blanks to dashes, everything else but letters, digits, - and _ dropped.
  const anchors = [...readFileSync(file, "utf8").matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(" ", "-")
      .replace(/[^\w-]/g, ""),
  );
  for (const check of [...doctorChecks, ...verifyChecks, ...scaleChecks])
    expect(anchors).toContain(docsOf(check).split("#")[1]);
  expect(new Set(anchors).size).toBe(anchors.length);
});
