import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Jest's globalSetup: a private folder for what one run of all tests makes once. */
export default function makeRunFolder(): void {
  const folder = mkdtempSync(join(tmpdir(), "mesh-test-run-"));
  process.env.MESH_TEST_RUN = folder;
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
}
