import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { azure, stack } from "./synthesize";

const config = resolve(__dirname, "../../.checkov.yaml");
const { stdout: version, error } = spawnSync("checkov", ["--version"], { encoding: "utf8" });
if (error) console.warn("SKIPPED: checkov of the production profile: checkov is not installed");

(error ? test.skip : test)(
  `checkov ${version?.trim()} has no objection to the production profile but those with a reason`,
  () => {
    const folder = mkdtempSync(join(tmpdir(), "mesh-checkov-"));
    try {
      const { resource } = stack({
        azure: {
          ...azure,
          profile: "production",
          authorizedIpRanges: ["198.51.100.0/24"],
          adminGroupObjectIds: ["00000000-0000-0000-0000-000000000000"],
        },
      });
      // checkov does not read the lists that cdktf writes for providers.
      writeFileSync(join(folder, "main.tf.json"), JSON.stringify({ resource }, null, 1));
      const { stdout } = spawnSync("checkov", ["-d", folder, "--config-file", config, "-o", "json"], {
        encoding: "utf8",
      });
      const { results, summary } = JSON.parse(stdout);
      expect(results.failed_checks.map((one: { check_id: string }) => one.check_id)).toEqual([]);
      expect(summary.passed).toBeGreaterThan(40);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
  120_000,
);
