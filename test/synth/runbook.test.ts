import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseMesh } from "../../mesh/load";
import { meshPaths } from "../../mesh/paths";
import { shellQuote } from "../../mesh/shell-quote";
import { picture } from "../../synth/picture/picture";
import { runbook } from "../../synth/runbook/runbook";
import { fixtureMesh } from "../fixtures";

const root = join(__dirname, "../..");
const of = (fixture: string, file = "mesh.yaml") =>
  runbook({ mesh: fixtureMesh(fixture), paths: meshPaths(file) });

test("has every command of the default mesh", () => {
  expect(of("default")).toMatchSnapshot();
});

test("has every command of the walk-through's mesh of Istio 1.7", () => {
  expect(of("istio-1.7")).toMatchSnapshot();
});

test("README and docs cite its steps by title, because the numbers depend on the mesh", () => {
  const titles = [...of("default").matchAll(/^## \d+\. (.*)$/gm)].map(([, title]) => title!);
  expect(of("default")).toContain("## 12. Kiali");
  expect(of("existing-clusters")).toContain("## 12. Uninstall the mesh");
  for (const file of ["README.md", ...readdirSync(join(root, "docs")).map((name) => `docs/${name}`)]) {
    if (!file.endsWith(".md")) continue;
    const text = readFileSync(join(root, file), "utf8");
    expect([file, text.match(/runbook[^|]{0,30} steps? \d+/gi)]).toEqual([file, null]);
    for (const [, cited] of text.matchAll(/runbook step \*([^*]+)\*/gi)) {
      expect([file, cited, titles.some((title) => title.startsWith(cited!))]).toEqual([file, cited, true]);
    }
  }
});

test("waits for istio-cni in every cluster before pods need it", () => {
  const mesh = parseMesh(
    "istio: { cni: true }\nclusters:\n  - { name: a, role: primary, network: n1, context: one }\n  - { name: b, network: n2, context: two }\n",
    "mesh.yaml",
  );
  const text = runbook({ mesh, paths: meshPaths("mesh.yaml") });
  for (const [context, cluster] of [
    ["one", "a"],
    ["two", "b"],
  ]) {
    const status = "rollout status --namespace istio-system daemonset/istio-cni-node --timeout=5m";
    const inOrder = [
      `istioctl install --context ${context} `,
      `kubectl --context ${context} ${status}\n`,
      `kubectl --context ${context} apply -f dist/${cluster}\n`,
    ].map((command) => text.indexOf(command));
    expect(inOrder).toEqual(inOrder.toSorted((one, other) => one - other));
    expect(inOrder).not.toContain(-1);
  }
  expect(of("existing-clusters")).not.toContain("daemonset");
});

test("begins with the CA if the clusters exist, and does not mention Terraform", () => {
  const text = of("existing-clusters");
  expect(text).toMatch(/## 2\. Certificate authority/);
  expect(text).not.toMatch(/terraform|az /);
});

test("names the file of the mesh in every command of mesh, where it is not mesh.yaml", () => {
  const text = of("three-clusters", "prod/shop.yaml");
  const calls = text.match(/npx --no mesh [^;\n]*/gm) ?? [];
  expect(calls.length).toBeGreaterThanOrEqual(4);
  for (const call of calls) expect(call).toMatch(/ -f prod\/shop\.yaml\b/);
  expect(text).toContain("> prod/shop.addresses.yaml");
});

test("copies images only if the clusters pull from another registry", () => {
  expect(of("default")).not.toContain("skopeo");
  const mesh = fixtureMesh("default", (text) => `images: { registry: mirror.example/team }\n${text}`);
  const text = runbook({ mesh, paths: meshPaths("mesh.yaml") });
  expect(text).toMatch(/^## \d+\. Images$/m);
  expect(text.match(/^skopeo copy .*$/gm)).toHaveLength(7);
  expect(text).toContain(
    "skopeo copy --all docker://quay.io/kiali/kiali:v2.31 docker://mirror.example/team/kiali/kiali:v2.31",
  );
});

test("has a step for every remote", () => {
  const text = of("three-clusters");
  for (const remote of ["north", "south"]) expect(text).toContain(`The remote ${remote}`);
  expect(text).toContain("delete secret istio-remote-secret-south");
});

test("does not create a CA if the user brings one", () => {
  expect(of("own-ca")).not.toContain("mesh ca");
});

test("leaves nothing to fill in", () => {
  for (const file of ["default", "istio-1.7", "three-clusters"]) {
    expect(of(file)).not.toMatch(/<[a-z-]+>|undefined|\bnull\b/);
  }
});

test.each(["AKS Dev Env", "ctx1 (aws)", "default/api:6443/Jörg Müller", "$(touch pwned) `x` 'y'"])(
  "quotes the context in every command: %s",
  (context) => {
    for (const line of ["1.31", "1.7"]) {
      const clusters = ["role: primary, ", ""].map(
        (role, index) =>
          `  - { name: c${index}, ${role}network: n${index}, context: ${JSON.stringify(`${context} ${index}`)} }`,
      );
      const mesh = parseMesh(
        `istio: { line: "${line}" }\nclusters:\n${clusters.join("\n")}\naddons: { kiali: true, prometheus: true }\n`,
        "mesh.yaml",
      );
      const text = runbook({ mesh, paths: meshPaths("mesh.yaml") });
      const quoted = mesh.clusters.map((cluster) => `--context ${shellQuote(cluster.context)}`);
      expect(text.split("--context ").length).toBeGreaterThan(15);
      expect(quoted.reduce((rest, flag) => rest.replaceAll(flag, ""), text)).not.toContain("--context");
    }
  },
);

test.each([
  ["one file", "/home/me/one", "/home/me/one"],
  ["several", ".mesh/kubeconfig:/home/me/my config", "/home/me/my config"],
  ["none", undefined, "/root/.kube/config"],
])("az is given one file where KUBECONFIG names %s", (_, KUBECONFIG, file) => {
  const [lines] = /^KUBECONFIG_FILE=.*\n(az aks get-credentials .*)$/m.exec(of("default"))!;
  const az = 'az() { for word; do :; done; printf %s "$word"; }';
  const { stdout } = spawnSync("sh", ["-uec", `${az}\n${lines}`], {
    env: { HOME: "/root", ...(KUBECONFIG && { KUBECONFIG }) },
    encoding: "utf8",
  });
  expect(stdout).toBe(file);
});

test("a closed network: runbook and picture say who can reach what, by ranges and clusters", () => {
  const yaml = `azure:
  profile: production
  location: centralus
  resourceGroup: rg-shop
  authorizedIpRanges: [198.51.100.0/24]
  adminGroupObjectIds: [00000000-0000-0000-0000-000000000000]
clusters:
  - { name: main0, role: primary, network: n1, aks: aks-main }
  - { name: remote0, network: n2, aks: aks-remote0, location: westeurope }
  - { name: remote1, network: n3, aks: aks-remote1 }
`;
  const closed = parseMesh(yaml, "mesh.yaml");
  const text = runbook({ mesh: closed, paths: meshPaths("mesh.yaml") });
  expect(text).toContain("| main0 | 198.51.100.0/24, main0 | remote0, remote1 |\n");
  expect(text).toContain("| remote0 | 198.51.100.0/24, main0, remote0 | main0, remote1 |\n");
  expect(text).toContain(
    'kubelogin convert-kubeconfig --context aks-remote0 --login azurecli --kubeconfig "${KUBECONFIG_FILE##*:}"',
  );
  const peered = parseMesh(
    yaml
      .replace("clusters:", "  network: peered\nclusters:")
      .replace(/(aks: aks-(main|remote0|remote1))/g, (_, aks, name) => {
        const at = ["main", "remote0", "remote1"].indexOf(name) + 1;
        return `${aks}, addressSpace: 10.${at}.0.0/16`;
      }),
    "mesh.yaml",
  );
  expect(runbook({ mesh: peered, paths: meshPaths("mesh.yaml") })).toContain(
    "| main0 | 198.51.100.0/24, main0 | the networks of remote0, remote1 |\n",
  );
  const svg = picture(closed, {});
  for (const value of [
    "198.51.100.0/24",
    "from operators, itself",
    "from operators, primary, itself",
    "from the other clusters",
  ])
    expect(svg).toContain(`>${value}<`);
  expect(svg).toContain("Azure centralus, westeurope, rg-shop");
});
