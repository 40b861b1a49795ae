import { parseMesh } from "../../../mesh/load";
import { addressesAtFirst } from "../../../ops/apply/addresses";
import { discover } from "../../../ops/apply/discovery";
import { inventoryManifest, inventoryOf } from "../../../ops/clusters/inventory";
import type { Programs } from "../../../ops/exec/programs";
import { silentReporter } from "../../../ops/run/progress";

const mesh = parseMesh(
  "clusters:\n  - {name: main0, role: primary, network: n1, context: one}\n  - {name: remote0, network: n2, context: two}\n",
  "mesh.yaml",
);
const known = { main0: "203.0.113.9", remote0: "203.0.113.7" };
const service = (address?: string) => ({
  kind: "Service",
  metadata: { name: "istio-eastwestgateway" },
  status: { loadBalancer: address === undefined ? {} : { ingress: [{ ip: address }] } },
});

/** What a run knows of addresses, given what the primary holds. */
async function addresses(objects: { configmap?: object; service?: object }) {
  const programs: Programs = {
    async run(_, args) {
      const asked = args.includes("configmap") ? objects.configmap : objects.service;
      return { code: 0, stdout: asked ? JSON.stringify(asked) : "", stderr: "" };
    },
  };
  const { signal } = new AbortController();
  const context = { programs, reporter: silentReporter, now: () => new Date(), signal, workFolder: "." };
  return addressesAtFirst(mesh, await discover(context, mesh), known);
}
const ours = inventoryManifest(inventoryOf(mesh));
const theirs = inventoryManifest({ ...inventoryOf(mesh), mesh: "other" });

test("the primary's address is that of its gateway, whatever the file says", async () => {
  expect(await addresses({ configmap: ours, service: service("203.0.113.1") })).toEqual({
    ...known,
    main0: "203.0.113.1",
  });
});

test("of several addresses the one in use is kept", async () => {
  const two = {
    ...service(),
    status: { loadBalancer: { ingress: [{ ip: "192.0.2.77" }, { ip: known.main0 }] } },
  };
  expect(await addresses({ configmap: ours, service: two })).toEqual(known);
});

test.each([
  ["a bare primary", {}],
  ["the primary of another mesh", { configmap: theirs, service: service("203.0.113.1") }],
  ["a primary with a foreign Istio", { service: service("203.0.113.1") }],
])("of %s no address is used, but that of the file", async (_, objects) => {
  expect(await addresses(objects)).toEqual(known);
});

test.each([
  ["whose gateway has none yet", { configmap: ours, service: service() }],
  ["without its gateway", { configmap: ours }],
])("a primary %s has no address for remotes", async (_, objects) => {
  expect(await addresses(objects)).toEqual({ remote0: known.remote0 });
});
