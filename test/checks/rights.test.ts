import { rightsToRead } from "../../checks/basics/rights";
import { meshProbesOf } from "../../checks/verify/mesh-probes";
import { defaultIstioLine } from "../../mesh/istio-lines";
import { parseMesh } from "../../mesh/load";
import type { Kubectl } from "../../ops/exec/kubectl";
import { referenceMeshes, render } from "../k8s/render";

const meshOf = (line: string, more = "") =>
  parseMesh(
    `istio: { line: "${line}" }
clusters:
  - { name: main0, role: primary, network: network1, context: main0 }
  - { name: remote0, network: network2, context: remote0 }
${more}`,
    "mesh.yaml",
  );
const lines = [defaultIstioLine.id, "1.7"];

const named = (mesh: ReturnType<typeof meshOf>, cluster = mesh.primary) =>
  rightsToRead(mesh, cluster).map(({ verb, resource, namespace = "" }) =>
    `${verb} ${resource} ${namespace}`.trimEnd(),
  );

test.each(lines)("on line %s, what is listed in istio-system is asked for as a right", async (line) => {
  const mesh = meshOf(line);
  const asked: string[] = [];
  const kubectl = {
    get: async (args: readonly string[]) => {
      asked.push(args.at(-1)!);
      return [];
    },
  } as unknown as Kubectl;
  const probes = meshProbesOf(mesh, { kubectl, version: async () => undefined } as never);
  await Promise.all([probes.istioSystem(), probes.secrets()]);
  const kinds = asked.flatMap((words) => words.split(","));
  expect(kinds).toHaveLength(5);
  const rights = named(mesh);
  for (const kind of kinds) {
    expect(
      rights.filter((right) => [`list ${kind}`, `list ${kind} istio-system`].includes(right)),
    ).toHaveLength(1);
  }
});

test("DaemonSets of istio-system are listed where istio-cni is one of them", async () => {
  const right = "list daemonsets istio-system";
  expect(named(meshOf(defaultIstioLine.id))).not.toContain(right);
  const other = meshOf(defaultIstioLine.id);
  const mesh = { ...other, istio: { ...other.istio, cni: true } };
  expect(named(mesh)).toContain(right);
  const asked: string[] = [];
  const kubectl = { get: async (args: readonly string[]) => asked.push(args.at(-1)!) } as unknown as Kubectl;
  await meshProbesOf(mesh, { kubectl, version: async () => undefined } as never).istioSystem();
  expect(asked[0]!.split(",")).toContain("daemonsets");
});

test("events are read, because they explain why a gateway has no address", () => {
  for (const line of lines) expect(named(meshOf(line))).toContain("list events istio-system");
});

test("Prometheus is asked through the primary's API server, where it is asked at all", () => {
  const right = "get services/proxy istio-system";
  const mesh = meshOf(defaultIstioLine.id);
  expect(named(mesh)).toContain(right);
  expect(named(mesh, mesh.remotes[0])).not.toContain(right);
  expect(named(meshOf("1.7"))).not.toContain(right);
  expect(named(meshOf(defaultIstioLine.id, "addons: { prometheus: false, kiali: false }"))).not.toContain(
    right,
  );
  // Reviews of all clusters ask for the same.
  expect(rightsToRead(mesh).map(({ resource }) => resource)).toContain("services/proxy");
});

test("istiod is asked through the primary's API server, where it answers", () => {
  const rights = ["get pods", "create pods/portforward", "create serviceaccounts/token"].map(
    (right) => `${right} istio-system`,
  );
  const mesh = meshOf(defaultIstioLine.id);
  expect(named(mesh)).toEqual(expect.arrayContaining(rights));
  for (const others of [named(mesh, mesh.remotes[0]), named(meshOf("1.7"))])
    for (const right of rights) expect(others).not.toContain(right);
});

describe.each(Object.entries(referenceMeshes))("the reference mesh %s", (_, reference) => {
  const mesh = reference();
  test.each(mesh.clusters.map((cluster) => [cluster.name, cluster] as const))(
    "asks for the right to get every object of %s that is compared with its manifest",
    (name, cluster) => {
      const rights = rightsToRead(mesh, cluster);
      const missing = [...render(mesh, name)]
        .filter(([file]) => !file.includes("/"))
        .flatMap(([, { resources }]) => resources)
        // The CA's Secret is compared by its own checks.
        .filter(({ kind }) => kind !== "Secret")
        .filter(({ apiVersion, kind, metadata }) => {
          const group = apiVersion.includes("/") ? apiVersion.split("/")[0] : "";
          return !rights.some(
            ({ verb, resource, group: ofRight, namespace }) =>
              verb === "get" &&
              resource === `${kind.toLowerCase()}s` &&
              ofRight === group &&
              (namespace === undefined || namespace === metadata.namespace),
          );
        });
      expect(missing.map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`)).toEqual(
        [],
      );
    },
  );
});
