import { versionChecks } from "../../../checks/basics/versions";
import type { World } from "../../../checks/basics/world";
import { defaultIstioLine } from "../../../mesh/istio-lines";
import { parseMesh } from "../../../mesh/load";
import { parseVersion } from "../../../mesh/versions";

const mesh = parseMesh(
  "clusters:\n  - {name: main0, role: primary, network: n1, context: main0}\n  - {name: remote0, network: n2, context: remote0}\n",
  "mesh.yaml",
);
const { min, max } = defaultIstioLine.kubernetes;
const fitting = {
  kubectl: "v1.34.4",
  istioctl: defaultIstioLine.version,
  kubernetes: { main0: "v1.34.1", remote0: "v1.35.2-gke.1" } as Record<string, string>,
};

/** What is found, and the fix. */
async function problems({ kubectl, istioctl, kubernetes }: typeof fitting) {
  const world = {
    mesh,
    program: async (name: string) => parseVersion({ kubectl, istioctl }[name] ?? ""),
    probes: ({ name }: { name: string }) => ({ version: async () => parseVersion(kubernetes[name] ?? "") }),
  } as unknown as World;
  const clusters = mesh.clusters.filter(({ name }) => kubernetes[name]);
  const verdicts = await Promise.all(
    versionChecks.flatMap((check) =>
      check.of === "mesh" ? [check.look(world)] : clusters.map((cluster) => check.look(world, cluster)),
    ),
  );
  return verdicts.flatMap(({ kind, evidence, fix }) => (kind === "problem" ? [[...evidence, fix]] : []));
}

test("versions that fit together pass", async () => {
  expect(await problems(fitting)).toEqual([]);
});

test("istioctl of another minor version is refused, with the one to get", async () => {
  expect(await problems({ ...fitting, istioctl: "1.7.3" })).toEqual([
    [
      `istioctl is 1.7.3; mesh.yaml asks for Istio ${defaultIstioLine.version}`,
      `put istioctl ${defaultIstioLine.id} first on the PATH, or change istio.line in mesh.yaml`,
    ],
  ]);
});

test("kubectl two minor versions from one server is refused for that one", async () => {
  expect(await problems({ ...fitting, kubectl: "v1.33.0" })).toEqual([
    [
      "kubectl is 1.33.0 and remote0 runs Kubernetes 1.35.2-gke.1; expected at most one minor version apart",
      "install kubectl 1.35",
    ],
  ]);
});

test.each(["v1.31.9", "v1.37.0", "v2.34.0"])("Kubernetes %s is outside the line's range", async (version) => {
  expect(await problems({ ...fitting, kubectl: version, kubernetes: { main0: version } })).toEqual([
    [
      `main0 runs Kubernetes ${version.slice(1)}; Istio ${defaultIstioLine.id} supports ${min} to ${max}`,
      "upgrade the cluster or choose another istio.line",
    ],
  ]);
});
