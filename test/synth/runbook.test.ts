import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readMesh } from "../../mesh/load";
import { meshPaths } from "../../mesh/paths";
import { runbook } from "../../synth/runbook";

const root = join(__dirname, "../..");
const of = (file: string) => runbook({ mesh: readMesh(join(root, file)), paths: meshPaths(file) });

test("has every command of the default mesh", () => {
  expect(of("mesh.yaml")).toMatchSnapshot();
});

test("has every command of the walk-through's mesh of Istio 1.7", () => {
  expect(of("examples/istio-1.7.yaml")).toMatchSnapshot();
});

test("README and docs cite its steps by title, since the numbers move with the mesh", () => {
  const titles = [...of("mesh.yaml").matchAll(/^## \d+\. (.*)$/gm)].map(([, title]) => title!);
  expect(of("mesh.yaml")).toContain("## 12. Kiali");
  expect(of("examples/existing-clusters.yaml")).toContain("## 12. Taking it down");
  for (const file of ["README.md", ...readdirSync(join(root, "docs")).map((name) => `docs/${name}`)]) {
    if (!file.endsWith(".md")) continue;
    const text = readFileSync(join(root, file), "utf8");
    expect([file, text.match(/runbook[^|]{0,30} steps? \d+/gi)]).toEqual([file, null]);
    for (const [, cited] of text.matchAll(/runbook step \*([^*]+)\*/gi)) {
      expect([file, cited, titles.some((title) => title.startsWith(cited!))]).toEqual([file, cited, true]);
    }
  }
});

test("begins with the CA where the clusters exist, and never speaks of Terraform", () => {
  const text = of("examples/existing-clusters.yaml");
  expect(text).toMatch(/## 2\. Certificate authority/);
  expect(text).not.toMatch(/terraform|az /);
});

test("names the file of the mesh in every command of mesh, where it is not mesh.yaml", () => {
  const text = of("examples/three-clusters.yaml");
  const calls = text.match(/npx --no mesh [^;\n]*/gm) ?? [];
  expect(calls.length).toBeGreaterThanOrEqual(4);
  for (const call of calls) expect(call).toMatch(/ -f examples\/three-clusters\.yaml\b/);
  expect(text).toContain("> examples/three-clusters.addresses.yaml");
});

test("has a step for every remote", () => {
  const text = of("examples/three-clusters.yaml");
  for (const remote of ["north", "south"]) expect(text).toContain(`The remote ${remote}`);
  expect(text).toContain("delete secret istio-remote-secret-south");
});

test("does not make a CA where the user brings one", () => {
  expect(of("examples/own-ca.yaml")).not.toContain("mesh ca");
});

test("leaves nothing to fill in", () => {
  for (const file of ["mesh.yaml", "examples/istio-1.7.yaml", "examples/three-clusters.yaml"]) {
    expect(of(file)).not.toMatch(/<[a-z-]+>|undefined|\bnull\b/);
  }
});
