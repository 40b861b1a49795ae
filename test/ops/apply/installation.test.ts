import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dump } from "js-yaml";
import { parseMesh } from "../../../mesh/load";
import { installationIn } from "../../../ops/apply/installation";
import { ProgramFailed } from "../../../ops/exec/errors";
import { addedByInstall } from "../../../ops/exec/istioctl";
import { type KubernetesObject, objectId } from "../../../ops/exec/kubernetes-object";
import type { Output, Programs } from "../../../ops/exec/programs";
import { silentReporter } from "../../../ops/run/progress";

// Against a cluster that is a list of objects, and an istioctl that renders and, at the end of an install, adds its tag.

const mesh = parseMesh(
  "clusters:\n  - {name: main0, role: primary, network: n1, context: one}\n  - {name: remote0, network: n2, context: two}\n",
  "mesh.yaml",
);
const { signal } = new AbortController();
const ingress = object("Service", "istio-ingressgateway");
const rendered = [object("ServiceAccount", "istiod"), object("Service", "istiod"), ingress];

let folder: string;
let live: KubernetesObject[];
let calls: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mesh-installation-"));
  live = [];
  calls = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function object(kind: string, name: string, more: object = {}): KubernetesObject {
  return { apiVersion: "v1", kind, metadata: { name, namespace: "istio-system", ...more } };
}
const isSame = (one: KubernetesObject) => (other: KubernetesObject) => objectId(one) === objectId(other);
/** As istioctl applies it: annotations that others have made stay. */
const applied = ({ kind, metadata: { name } }: KubernetesObject) => {
  const before = live.find((one) => one.kind === kind && one.metadata.name === name);
  const { annotations } = before?.metadata ?? {};
  return object(kind, name, { labels: { "operator.istio.io/managed": "Reconcile" }, annotations });
};

/**
 * @param isKilled istioctl ends after it has applied what it renders
 * @param refusal of the API server, once
 */
function installation(objects: readonly KubernetesObject[], { isKilled = false, refusal = "" } = {}) {
  const programs: Programs = {
    async run(program, args): Promise<Output> {
      const line = [program, ...args].join(" ");
      const answer = (stdout = "") => ({ code: 0, stdout, stderr: "" });
      if (line.includes("manifest generate")) return answer(objects.map((one) => dump(one)).join("---\n"));
      if (args.includes("get")) return answer(JSON.stringify({ kind: "List", items: live }));
      calls.push(
        args.includes("install") ? "install" : line.replace(/mesh\/installed=\w+/, "mesh/installed"),
      );
      if (args.includes("apply") && refusal) {
        const stderr = refusal;
        refusal = "";
        throw new ProgramFailed(line, 1, stderr);
      }
      if (args.includes("install")) {
        const [wanted, rest] = [objects.map(applied), live.filter((one) => !objects.some(isSame(one)))];
        live = [...wanted, ...rest];
        if (isKilled) throw new Error("killed");
        live = [...wanted, ...addedByInstall(mesh)];
      }
      if (args.includes("annotate")) {
        const [key, value] = args.at(-1)!.split("=");
        live = live.map((one) =>
          one.kind === "ServiceAccount"
            ? { ...one, metadata: { ...one.metadata, annotations: { [key!]: value! } } }
            : one,
        );
      }
      return answer();
    },
  };
  const context = { programs, reporter: silentReporter, now: () => new Date(), signal, workFolder: folder };
  // Another rendering is what another version of istioctl gives.
  const istioctlVersion = String(objects.length);
  const props = { mesh, cluster: mesh.primary, dist: "dist", istioctlVersion };
  return installationIn(context, props);
}
const install = (objects: readonly KubernetesObject[], how?: { isKilled: boolean }) =>
  installation(objects, how).install({}, { signal, deadlineSeconds: 300, note: () => {} });

test("istioctl install runs once, and not again without changes", async () => {
  expect(await install(rendered)).toBe("changed");
  expect(calls).toEqual([
    "install",
    "kubectl --context one -n istio-system annotate --overwrite serviceaccount istiod mesh/installed",
  ]);
  expect(await install(rendered)).toBe("unchanged");
});

test("a completed install leaves its receipt, an interrupted one does not", async () => {
  await expect(install(rendered, { isKilled: true })).rejects.toThrow("killed");
  const receiptOf = (objects: readonly KubernetesObject[]) =>
    objects.find(({ kind }) => kind === "ServiceAccount")!.metadata.annotations?.["mesh/installed"];
  expect(receiptOf(live)).toBeUndefined();
  const wanted = await installation(rendered).installed({});
  expect(wanted.map(objectId)).toEqual([...rendered, ...addedByInstall(mesh)].map(objectId));
  await install(rendered);
  expect(receiptOf(wanted)).toMatch(/^\w{16}$/);
  expect(receiptOf(live)).toBe(receiptOf(wanted));
});

test("an istioctl that was killed after its apply runs again", async () => {
  await expect(install(rendered, { isKilled: true })).rejects.toThrow("killed");
  expect(await install(rendered)).toBe("changed");
  expect(await install(rendered)).toBe("unchanged");
});

test("istioctl prunes, also after it was killed before that", async () => {
  await install(rendered);
  const fewer = rendered.filter((one) => one !== ingress);
  await expect(install(fewer, { isKilled: true })).rejects.toThrow("killed");
  expect(live).toContainEqual(applied(ingress));
  expect(await install(fewer)).toBe("changed");
  expect(live).not.toContainEqual(applied(ingress));
  expect(await install(fewer)).toBe("unchanged");
});

test.each(addedByInstall(mesh).map(({ kind, metadata }) => [kind, metadata.name]))(
  "without the %s %s that istioctl adds, it is run again",
  async (kind, name) => {
    await install(rendered);
    live = live.filter((one) => one.kind !== kind || one.metadata.name !== name);
    expect(await install(rendered)).toBe("changed");
  },
);

test("an object that is being deleted is applied when it is gone", async () => {
  const service = { ...object("Service", "istio-ingressgateway"), spec: { type: "LoadBalancer" } };
  live = [{ ...service, metadata: { ...service.metadata, deletionTimestamp: "2026-01-01T10:00:00Z" } }];
  const notes: string[] = [];
  const step = { signal, deadlineSeconds: 36, note: (text: string) => notes.push(text) };
  expect(await installation([service]).applyRendered("services", {}, step)).toBe("changed");
  expect(calls).toEqual([
    "kubectl --context one wait --for=delete --timeout=36s -f -",
    expect.stringMatching(/^kubectl --context one apply --server-side .*rendered-services\.json$/),
  ]);
  expect(notes).toEqual(["waiting for Service istio-system/istio-ingressgateway to be deleted"]);
});

test("a kind that is not served yet is retried, any other rejection fails", async () => {
  const filter = { ...object("EnvoyFilter", "stats-filter-1.7"), apiVersion: "networking.istio.io/v1alpha3" };
  const step = { signal, deadlineSeconds: 36, note: () => {} };
  const refusal = 'error: resource mapping not found: no matches for kind "EnvoyFilter" in version';
  expect(await installation([filter], { refusal }).applyRendered("controlPlane", {}, step)).toBe("changed");
  expect(calls).toHaveLength(2);
  const forbidden = installation([filter], { refusal: "Error from server (Forbidden): no" });
  await expect(forbidden.applyRendered("controlPlane", {}, step)).rejects.toThrow("(Forbidden)");
  expect(calls).toHaveLength(3);
});
