import { parseMesh } from "../../../mesh/load";
import type { Cluster } from "../../../mesh/mesh";
import { refuseForeign, whyForeign } from "../../../ops/clusters/owner";
import { ProgramFailed } from "../../../ops/exec/errors";
import { kubectlFor } from "../../../ops/exec/kubectl";
import type { Programs } from "../../../ops/exec/programs";

const mesh = parseMesh(
  "clusters:\n  - {name: main0, role: primary, network: n1, context: one}\n  - {name: remote0, network: n2, context: two}\n",
  "mesh.yaml",
);

/** @param labels of istio-system; undefined: there is none */
function ask(
  labels: Record<string, string> | undefined,
  deployments: string[],
  cluster: Cluster = mesh.primary,
) {
  const object = (kind: string, name: string, more = {}) => ({ kind, metadata: { name, ...more } });
  const answers = (args: readonly string[]) => {
    if (args.includes("namespace")) return labels && object("Namespace", "istio-system", { labels });
    return {
      kind: "List",
      items: deployments.map((name) => object("Deployment", name, { namespace: "istio-system" })),
    };
  };
  const programs: Programs = {
    run: async (_, args) => ({ code: 0, stdout: JSON.stringify(answers(args)) ?? "", stderr: "" }),
  };
  return whyForeign(kubectlFor(programs, "one"), mesh, cluster, new AbortController().signal);
}
const madeBy = (name: string) => ({
  "app.kubernetes.io/managed-by": "mesh",
  "app.kubernetes.io/part-of": name,
});

test.each([
  ["a bare cluster", undefined, []],
  ["a cluster of this mesh", madeBy("mesh1"), ["istiod"]],
  ["a namespace that was created before the mesh", {}, []],
])("%s may be changed", async (_, labels, deployments) => {
  expect(await ask(labels, deployments)).toBeUndefined();
});

test("a cluster of another mesh is refused, and the message names the mesh", async () => {
  expect(await ask(madeBy("shop"), ["istiod"])).toMatch(
    /^the context one of main0 leads to a cluster of the mesh shop, and mesh\.yaml is of mesh1; put the context right/,
  );
});

test.each([
  ["has no labels", {}],
  [
    "has the labels of another tool",
    { "app.kubernetes.io/managed-by": "Helm", "app.kubernetes.io/part-of": "istio" },
  ],
])("an Istio whose namespace %s is refused", async (_, labels) => {
  expect(await ask(labels, ["istiod"])).toMatch(
    /^the context one of main0 leads to a cluster with an Istio that is not of mesh1 \(Deployment istio-system\/istiod\)/,
  );
});

test("another cluster of the mesh is refused, and the message names it", async () => {
  expect(await ask({ ...madeBy("mesh1"), "topology.istio.io/network": "n2" }, ["istiod"])).toBe(
    "the context one of main0 leads to remote0: its istio-system is of n2, and main0 has n1 in mesh.yaml; " +
      "put the context right in mesh.yaml or in the kubeconfig",
  );
});

test("a cluster that was removed from mesh.yaml may be changed, even if another cluster now has its network", async () => {
  const left = {
    name: "old",
    context: "three",
    network: "n2",
    role: "remote",
    aks: undefined,
    egressRanges: [],
  } as const;
  const found = { ...madeBy("mesh1"), "topology.istio.io/network": "n2" };
  expect(await ask(found, ["istiod"], left)).toBeUndefined();
});

test("a cluster whose network was renamed in mesh.yaml may be changed", async () => {
  expect(
    await ask({ ...madeBy("mesh1"), "topology.istio.io/network": "before" }, ["istiod"]),
  ).toBeUndefined();
});

test("a cluster that does not answer is refused", async () => {
  const programs: Programs = {
    run: async () => {
      throw new ProgramFailed(
        "kubectl",
        1,
        "Unable to connect to the server: net/http: TLS handshake timeout",
      );
    },
  };
  const { signal } = new AbortController();
  await expect(refuseForeign(kubectlFor(programs, "one"), mesh, mesh.primary, signal)).rejects.toThrow(
    "TLS handshake timeout",
  );
});
