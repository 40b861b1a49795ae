import { writeFileSync } from "node:fs";
import { project } from "../synth/project";
import { mesh } from "./run";

let leave: () => void;
beforeEach(async () => {
  ({ leave } = await project());
});
afterEach(() => leave());

const registry = "images: { registry: mirror.example/team }\n";

test("one upstream image per line and nothing else, ready for xargs", async () => {
  const { code, result, notes } = await mesh("images");
  expect(code).toBe(0);
  expect(notes).toBe("");
  expect(result.split("\n")).toEqual([
    "docker.io/istio/pilot:1.31.1",
    "docker.io/istio/proxyv2:1.31.1",
    "docker.io/istio/examples-helloworld-v1:1.0",
    "docker.io/istio/examples-helloworld-v2:1.0",
    "docker.io/curlimages/curl:8.16.0",
    "docker.io/prom/prometheus:v3.10.0",
    "quay.io/kiali/kiali:v2.31",
  ]);
});

test("with a registry in mesh.yaml the list stays the same, and JSON adds the target", async () => {
  const before = (await mesh("images")).result;
  writeFileSync(
    "mesh.yaml",
    `${registry}clusters:\n  - { name: a, role: primary, network: n, context: a }\n`,
  );
  // With one cluster there is no v2.
  expect((await mesh("images")).result).toBe(before.replace(/.*helloworld-v2.*\n/, ""));
  const { result, notes } = await mesh("images", "-o", "json");
  expect(notes).toBe("");
  expect(JSON.parse(result)).toContainEqual({
    source: "quay.io/kiali/kiali:v2.31",
    target: "mirror.example/team/kiali/kiali:v2.31",
  });
});

test("needs no CA and no cluster, and refuses a file with a problem", async () => {
  writeFileSync("mesh.yaml", "images: { registry: team }\n");
  const { code, result, notes } = await mesh("images");
  expect([code, result]).toEqual([2, ""]);
  expect(notes).toContain('images.registry: invalid value "team"');
});
