import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { loadAll } from "js-yaml";
import { bundleObjects } from "../../ops/clusters/bundle-objects";
import { type FakePath, fakePath } from "../ops/exec/fake-programs";
import { project } from "../synth/project";
import { mesh } from "./run";

const edit = (from: string | RegExp, to: string) =>
  writeFileSync("mesh.yaml", readFileSync("mesh.yaml", "utf8").replace(from, to));

/** An istioctl that renders a Deployment of istiod and one of a gateway, which carry a checksum of their input. */
const istioctl = (version: string) => `
if [ "$1" = version ]; then echo '{"clientVersion":{"version":"${version}"}}'; exit; fi
sum=$(cksum < "$4" | cut -d' ' -f1)
cat <<END
apiVersion: apps/v1
kind: Deployment
metadata: { name: istiod, annotations: { sum: "$sum" } }
---
# A document without an object.
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: gateway
  labels: { operator.istio.io/component: IngressGateways }
  annotations: { sum: "$sum", looksLike: "yes", octal: "0644" }
END`;

let programs: FakePath;
let leave: () => void;
const path = process.env.PATH;
beforeEach(async () => {
  ({ leave } = await project());
  programs = fakePath();
  programs.add("istioctl", istioctl("1.31.1"));
  process.env.PATH = programs.env.PATH;
  writeFileSync("mesh.addresses.yaml", "main0: 203.0.113.7\n");
});
afterEach(() => {
  process.env.PATH = path;
  programs.remove();
  leave();
});

const renderings = [
  "dist/main0/istio/rendered/istio-gateways.yaml",
  "dist/main0/istio/rendered/istio.yaml",
  "dist/remote0/istio/rendered/control-plane.yaml",
  "dist/remote0/istio/rendered/eastwest-gateway.yaml",
];
const names = (file: string) =>
  (loadAll(readFileSync(file, "utf8")) as { metadata: { name: string } }[]).map(
    ({ metadata }) => metadata.name,
  );

test("writes istioctl's rendering beside its input, the gateways apart, and nothing at a second run", async () => {
  const { code, result } = await mesh("render");
  expect(code).toBe(0);
  expect(result.split("\n").filter((line) => line.includes("rendered"))).toEqual(
    renderings.map((file) => `+ ${file}`),
  );
  expect(renderings.map(names)).toEqual([["gateway"], ["istiod"], ["istiod"], ["gateway"]]);
  const [gateways] = loadAll(readFileSync(renderings[0]!, "utf8")) as { metadata: { annotations: object } }[];
  expect(gateways!.metadata.annotations).toMatchObject({ looksLike: "yes", octal: "0644" });
  const before = renderings.map((file) => readFileSync(file, "utf8"));
  expect((await mesh("render")).result).toContain("dist: unchanged");
  expect(renderings.map((file) => readFileSync(file, "utf8"))).toEqual(before);
});

test("another istioctl than the mesh's is refused before anything is written", async () => {
  programs.add("istioctl", istioctl("1.31.0"));
  expect(await mesh("render")).toMatchObject({
    code: 1,
    notes: expect.stringMatching(
      /istioctl is 1\.31\.0; expected 1\.31\.1, the Istio version of mesh\.yaml: .*\n {2}fix: put istioctl 1\.31\.1 first on the PATH: https:\/\/.*1\.31\.1$/m,
    ),
  });
  expect(existsSync("dist")).toBe(false);
});

test("a failed rendering leaves the earlier ones", async () => {
  await mesh("render");
  const before = renderings.map((file) => readFileSync(file, "utf8"));
  programs.add("istioctl", `case "$*" in *eastwest*) echo no >&2; exit 1;; esac ${istioctl("1.31.1")}`);
  edit("network2", "network3");
  expect(await mesh("render")).toMatchObject({ code: 1, notes: expect.stringContaining("no") });
  expect(renderings.map((file) => readFileSync(file, "utf8"))).toEqual(before);
});

test("synth keeps renderings and says which are stale; --check fails on them, and on edited ones", async () => {
  await mesh("render");
  edit("network2", "network3");
  const { result, notes } = await mesh("synth");
  expect(result).not.toContain("rendered");
  expect(notes).toContain(`stale: ${renderings[2]}, ${renderings[3]}; run \`mesh render\``);
  expect(JSON.parse((await mesh("synth", "-o", "json")).result).stale).toEqual(renderings.slice(2));
  expect(await mesh("synth", "--check")).toMatchObject({
    code: 1,
    result: `~ ${renderings[2]}: differs\n~ ${renderings[3]}: differs\n2 files are not what mesh.yaml gives; run \`mesh render\` and commit the result`,
  });
  await mesh("render");
  expect((await mesh("synth", "--check")).code).toBe(0);
  writeFileSync(renderings[0]!, readFileSync(renderings[0]!, "utf8").replace("gateway", "getaway"));
  expect((await mesh("synth", "--check")).result).toContain(`~ ${renderings[0]}: differs`);
});

test("a GitOps tool needs every rendering, with its waves and without a failure policy that istiod changes", async () => {
  programs.add(
    "istioctl",
    `${istioctl("1.31.1")}\nprintf -- '---\\nkind: ValidatingWebhookConfiguration\\nmetadata: {name: v}\\nwebhooks: [{name: w, failurePolicy: Ignore}]\\n'`,
  );
  edit("clusters:", "gitops: { tool: argocd, repository: https://github.com/team/mesh.git }\nclusters:");
  expect((await mesh("synth")).notes).toContain(`stale: ${renderings[1]}, ${renderings[0]}`);
  expect((await mesh("synth", "--check")).result).toContain(`+ ${renderings[0]}: missing`);
  await mesh("render");
  expect((await mesh("synth", "--check")).code).toBe(0);
  const objects = (file: string) =>
    loadAll(readFileSync(file, "utf8")) as {
      metadata: { name: string; annotations: Record<string, string> };
      webhooks?: object;
    }[];
  const wavesOf = (file: string) =>
    objects(file).map(
      ({ metadata: { name, annotations } }) => `${name} ${annotations["argocd.argoproj.io/sync-wave"]}`,
    );
  expect(wavesOf(renderings[0]!)).toEqual(["gateway 3"]);
  expect(wavesOf(renderings[1]!)).toEqual(["istiod 2", "v 2"]);
  expect(objects(renderings[1]!)[1]!.webhooks).toEqual([{ name: "w", failurePolicy: "Fail" }]);
  // Another tool needs other files.
  edit("tool: argocd, repository: https://github.com/team/mesh.git", "tool: flux");
  expect((await mesh("synth")).notes).toContain("stale: ");
  await mesh("render");
  expect(readFileSync(renderings[1]!, "utf8")).not.toContain("argoproj");
});

test("in CI without addresses, a remote's files for the GitOps tool are not judged", async () => {
  edit("clusters:", "gitops: { tool: flux }\nclusters:");
  await mesh("render");
  rmSync("mesh.addresses.yaml");
  expect(await mesh("synth", "--check")).toMatchObject({
    code: 0,
    notes: expect.stringContaining(", dist/remote0/gitops, "),
  });
});

test("a mesh without renderings has none that are missing", async () => {
  await mesh("synth");
  expect(await mesh("synth", "--check")).toMatchObject({ code: 0 });
});

test("renderings of a removed cluster go with its other files, and diff announces it", async () => {
  await mesh("render");
  expect(await mesh("diff")).toMatchObject({ code: 0 });
  edit(/ {2}- name: remote0\n.*\n.*\n/, "");
  edit(/sample:\n.*\n/, "");
  expect((await mesh("diff")).result).toContain("- remote0: Deployment gateway");
  expect((await mesh("synth", "--check")).result).toContain(`- ${renderings[2]}: left over`);
  expect((await mesh("synth")).result).toContain(`- ${renderings[2]}`);
  expect(existsSync("dist/remote0")).toBe(false);
});

test("where the address is unknown, a remote's rendering is not judged", async () => {
  await mesh("render");
  rmSync("mesh.addresses.yaml");
  expect(await mesh("synth", "--check")).toMatchObject({
    code: 0,
    notes: expect.stringContaining(`not checked: dist/remote0/istio/control-plane.yaml, ${renderings[2]}, `),
  });
});

test("`kubectl apply -f dist/<cluster>`, drift and prune do not see renderings", async () => {
  await mesh("render");
  expect(bundleObjects("dist/main0").filter(({ kind }) => kind === "Deployment")).not.toContainEqual(
    expect.objectContaining({ metadata: expect.objectContaining({ name: "istiod" }) }),
  );
});
