import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mesh } from "./run";

const clusters =
  "clusters:\n  - { name: main0, role: primary, network: n1, context: one }\n  - { name: remote0, network: n2, context: two }\n";

const before = process.cwd();
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mesh-dashboard-"));
  process.chdir(folder);
});
afterEach(() => {
  process.chdir(before);
  rmSync(folder, { recursive: true, force: true });
});

test("an addon that is switched off in mesh.yaml is bad input", async () => {
  writeFileSync("mesh.yaml", `${clusters}addons: { kiali: false }\n`);
  expect(await mesh("dashboard")).toMatchObject({
    code: 2,
    notes: expect.stringMatching(
      /mesh.yaml: addons.kiali is switched off, and there is nothing to open\n {2}fix: write addons: { kiali: true }, then run mesh apply/,
    ),
  });
});

test.each(["0", "65536", "http", "-1"])("%s is not a port", async (port) => {
  writeFileSync("mesh.yaml", clusters);
  expect(await mesh("dashboard", `--port=${port}`)).toMatchObject({
    code: 2,
    notes: expect.stringContaining(
      `invalid value "${port}" for --port: expected a whole number from 1 to 65535`,
    ),
  });
});

test("an unknown dashboard is bad input", async () => {
  expect(await mesh("dashboard", "grafana")).toMatchObject({
    code: 2,
    notes: expect.stringContaining('invalid value "grafana" for name: expected one of kiali, prometheus'),
  });
});
