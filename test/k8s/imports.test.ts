import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const root = resolve(__dirname, "../..");

test("imports/ is what `cdk8s import` makes of the CRDs that cdk8s.yaml names", () => {
  const output = mkdtempSync(join(tmpdir(), "mesh-imports-"));
  try {
    execFileSync(
      join(root, "node_modules/.bin/cdk8s"),
      ["import", "--check-upgrade=false", "--output", output],
      {
        cwd: root,
        stdio: "pipe",
      },
    );
    const made = readdirSync(output);
    expect(made.sort()).toEqual(
      readdirSync(join(root, "imports"))
        .filter((name) => name.endsWith(".ts"))
        .sort(),
    );
    for (const name of made) {
      // Compared as a whole, but not printed: a difference would fill many screens.
      const same = readFileSync(join(output, name)).equals(readFileSync(join(root, "imports", name)));
      expect([name, same]).toEqual([name, true]);
    }
  } finally {
    rmSync(output, { recursive: true });
  }
}, 60_000);
