import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { replaceFile } from "../../../ops/exec/replace-file";

test("a file is replaced, and what killed runs left beside it is removed, but nothing of others", () => {
  const folder = mkdtempSync(join(tmpdir(), "mesh-replace-"));
  try {
    const file = join(folder, "mesh.addresses.yaml");
    // Processes have numbers up to 4194304 (2^22) on Linux, and the test itself runs.
    for (const name of [
      "mesh.addresses.yaml.4194305",
      `mesh.addresses.yaml.${process.ppid}`,
      "other.4194305",
    ])
      writeFileSync(join(folder, name), "left");
    replaceFile(file, "new", 0o600);
    expect(readFileSync(file, "utf8")).toBe("new");
    expect(readdirSync(folder).sort()).toEqual(
      ["mesh.addresses.yaml", `mesh.addresses.yaml.${process.ppid}`, "other.4194305"].sort(),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
