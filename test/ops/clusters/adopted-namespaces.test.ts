import { parseMesh } from "../../../mesh/load";
import { adoptNamespaces, giveBack, isAdopted } from "../../../ops/clusters/adopted-namespaces";
import { deleteObjects } from "../../../ops/clusters/prune";
import { kubectlFor } from "../../../ops/exec/kubectl";
import type { KubernetesObject } from "../../../ops/exec/kubernetes-object";
import type { Programs } from "../../../ops/exec/programs";

const mesh = parseMesh(
  "clusters:\n  - {name: main0, role: primary, network: n1, context: one}\n  - {name: remote0, network: n2, context: two}\n",
  "mesh.yaml",
);
const ours = { "app.kubernetes.io/managed-by": "mesh", "app.kubernetes.io/part-of": "mesh1" };
const namespace = (name: string, more: object = {}): KubernetesObject => ({
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name, ...more },
});
const { signal } = new AbortController();

/** A cluster with these namespaces and with these pods in each of them. */
function cluster(namespaces: readonly KubernetesObject[] = [], ...pods: string[]) {
  const calls: string[] = [];
  const programs: Programs = {
    async run(_, args, { input = "" } = {}) {
      if (args.includes("get")) {
        const items = args.includes("namespaces")
          ? namespaces
          : pods.map((name) => ({ kind: "Pod", metadata: { name, namespace: "sample" } }));
        return { code: 0, stdout: JSON.stringify({ kind: "List", items }), stderr: "" };
      }
      calls.push([...args.slice(2), input].join(" ").trim());
      return { code: 0, stdout: "", stderr: "" };
    },
  };
  return { kubectl: kubectlFor(programs, "one"), calls };
}
const adopt = ({ kubectl }: ReturnType<typeof cluster>) =>
  adoptNamespaces(kubectl, mesh, mesh.primary, ["istio-system", "sample"], signal);

test("a namespace that existed before the mesh is marked", async () => {
  const found = cluster([namespace("istio-system"), namespace("sample", { labels: { team: "shop" } })]);
  await adopt(found);
  expect(found.calls).toEqual([
    "annotate namespace istio-system mesh/adopted=true --overwrite",
    "annotate namespace sample mesh/adopted=true --overwrite",
  ]);
});

test("a namespace that the mesh owns, or that is Terminating, is not marked", async () => {
  const leaving = namespace("sample", { deletionTimestamp: "2026-01-01T00:00:00Z" });
  const found = cluster([namespace("istio-system", { labels: ours }), leaving]);
  await adopt(found);
  expect(found.calls).toEqual([]);
});

test.each([
  ["without labels", {}],
  ["of another mesh", { ...ours, "app.kubernetes.io/part-of": "shop" }],
])("the sample does not use a namespace with other workloads, %s", async (_, labels) => {
  const found = cluster([namespace("sample", { labels })], "web-0");
  await expect(adopt(found)).rejects.toThrow(
    "the namespace sample of main0 does not belong to mesh1 and runs Pod sample/web-0; nothing was changed there; " +
      "the sample needs its own namespace: set another one in mesh.yaml (sample.namespace)",
  );
  expect(found.calls).toEqual([]);
});

const applied = JSON.stringify({
  apiVersion: "v1",
  kind: "Namespace",
  metadata: {
    name: "istio-system",
    labels: { ...ours, "topology.istio.io/network": "n1" },
    annotations: { "topology.istio.io/controlPlaneClusters": "main0" },
  },
});
const adopted = namespace("istio-system", {
  labels: { ...ours, team: "shop" },
  annotations: { "mesh/adopted": "true", "kubectl.kubernetes.io/last-applied-configuration": applied },
});

test("a namespace that is given back has nothing of the mesh", async () => {
  const found = cluster();
  await giveBack(found.kubectl, adopted, signal);
  expect(found.calls).toEqual([
    "label namespace istio-system app.kubernetes.io/managed-by- app.kubernetes.io/part-of- topology.istio.io/network-",
    "annotate namespace istio-system topology.istio.io/controlPlaneClusters- " +
      "kubectl.kubernetes.io/last-applied-configuration- mesh/adopted-",
  ]);
});

test("an adopted namespace is given back, an owned one is deleted", async () => {
  const found = cluster();
  expect([adopted, namespace("sample")].map(isAdopted)).toEqual([true, false]);
  await deleteObjects(found.kubectl, [adopted, namespace("sample")], 270, signal);
  expect(found.calls[0]).toMatch(/^delete -f - .*"items":\[\{[^[]*"name":"sample"\}\}\]/);
  expect(found.calls[0]).not.toContain("istio-system");
  expect(found.calls.slice(1).every((call) => / namespace istio-system /.test(call))).toBe(true);

  const nothingElse = cluster();
  await deleteObjects(nothingElse.kubectl, [adopted], 270, signal);
  expect(nothingElse.calls.filter((call) => call.startsWith("delete"))).toEqual([]);
});
