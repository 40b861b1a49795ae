import { parseMesh } from "../../../mesh/load";
import { whyForeign } from "../../../ops/clusters/foreign";
import { kubectlFor } from "../../../ops/programs/kubectl";
import type { Programs } from "../../../ops/programs/programs";

const mesh = parseMesh(
  "clusters:\n  - {name: main0, role: primary, network: n1, context: one}\n  - {name: remote0, network: n2, context: two}\n",
  "mesh.yaml",
);

/** @param labels of istio-system; undefined: there is none */
function ask(labels: Record<string, string> | undefined, ...deployments: string[]) {
  const items = deployments.map((name) => ({
    kind: "Deployment",
    metadata: { name, namespace: "istio-system" },
  }));
  const programs: Programs = {
    run: async () => ({ code: 0, stdout: JSON.stringify({ kind: "List", items }), stderr: "" }),
  };
  const namespace = labels && {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: "istio-system", labels },
  };
  const { signal } = new AbortController();
  return whyForeign(kubectlFor(programs, "one"), mesh, mesh.primary, namespace, signal);
}
const madeBy = (name: string) => ({
  "app.kubernetes.io/managed-by": "mesh",
  "app.kubernetes.io/part-of": name,
});

test.each([
  ["a bare cluster", undefined, []],
  ["a cluster of this mesh", madeBy("mesh1"), ["istiod"]],
  ["a namespace that was made ahead of the mesh", {}, []],
])("%s may be changed", async (_, labels, deployments) => {
  expect(await ask(labels, ...deployments)).toBeUndefined();
});

test("a cluster of another mesh may not, and the mesh is named", async () => {
  expect(await ask(madeBy("shop"), "istiod")).toMatch(
    /^the context one of main0 leads to a cluster of the mesh shop, and mesh\.yaml is of mesh1; put the context right/,
  );
});

test.each([
  ["nobody", {}],
  ["another tool", { "app.kubernetes.io/managed-by": "Helm", "app.kubernetes.io/part-of": "istio" }],
])("an Istio whose namespace says that it is of %s may not", async (_, labels) => {
  expect(await ask(labels, "istiod")).toMatch(
    /^the context one of main0 leads to a cluster with an Istio that is not of mesh1 \(Deployment istio-system\/istiod\)/,
  );
});
