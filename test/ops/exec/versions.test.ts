import { defaultIstioLine } from "../../../mesh/istio-lines";
import { parseMesh } from "../../../mesh/load";
import { parseVersion } from "../../../mesh/versions";
import { createPrograms } from "../../../ops/exec/programs";
import { programVersion, skewRules, type Versions } from "../../../ops/exec/versions";
import { type FakePath, fakePath } from "./fake-programs";

const mesh = parseMesh(
  "clusters:\n  - {name: main0, role: primary, network: n1, context: main0}\n  - {name: remote0, network: n2, context: remote0}\n",
  "mesh.yaml",
);
const { min, max } = defaultIstioLine.kubernetes;
const fitting: Versions = {
  kubectl: parseVersion("v1.34.4"),
  istioctl: parseVersion(defaultIstioLine.version),
  kubernetes: { main0: parseVersion("v1.34.1"), remote0: parseVersion("v1.35.2-gke.1") },
};
const problems = (versions: Versions) => skewRules.flatMap((rule) => rule(mesh, versions));

test("versions that fit together pass", () => {
  expect(problems(fitting)).toEqual([]);
});

test("istioctl of another minor version is refused, with the one to get", () => {
  expect(problems({ ...fitting, istioctl: parseVersion("1.7.3") })).toEqual([
    `istioctl is 1.7.3; mesh.yaml asks for Istio ${defaultIstioLine.version}; put istioctl ${defaultIstioLine.id} first on the PATH, or change istio.line in mesh.yaml`,
  ]);
});

test("kubectl two minor versions from one server is refused for that one", () => {
  expect(problems({ ...fitting, kubectl: parseVersion("v1.33.0") })).toEqual([
    "kubectl is 1.33.0 and remote0 runs Kubernetes 1.35.2-gke.1; allowed is one minor version apart; install kubectl 1.35",
  ]);
});

test.each(["v1.31.9", "v1.37.0", "v2.34.0"])("Kubernetes %s is outside the line's range", (version) => {
  const found = problems({
    ...fitting,
    kubectl: parseVersion(version),
    kubernetes: { main0: parseVersion(version) },
  });
  expect(found).toEqual([expect.stringContaining(`Istio ${defaultIstioLine.id} supports ${min} to ${max}`)]);
});

describe("programs on the PATH", () => {
  let path: FakePath;
  beforeEach(() => {
    path = fakePath();
  });
  afterEach(() => path.remove());

  test.each([
    ["kubectl", '{"clientVersion":{"gitVersion":"v1.34.4"}}', "kubectl version --client -o json"],
    [
      "istioctl",
      '{"clientVersion":{"version":"1.31.1"}}',
      "istioctl version --remote=false -o json --log_target stderr",
    ],
    ["terraform", '{"terraform_version":"1.34.0"}', "terraform version -json"],
    ["az", '{"azure-cli":"2.34.0"}', "az version -o json"],
  ] as const)("%s is asked in its own way", async (program, answer, call) => {
    path.add(program, `echo '${answer}'`);
    const version = await programVersion(createPrograms({ env: path.env }), program);
    expect(version).toMatchObject({ text: expect.stringMatching(/^[12]\.3[14]/) });
    expect(path.calls()).toEqual([call]);
  });

  test("lines that a wrapper puts before the answer are read past", async () => {
    path.add(
      "terraform",
      `echo "[command]/opt/terraform-bin $*"; printf '{\\n  "terraform_version": "1.11.4"\\n}\\n'`,
    );
    const version = await programVersion(createPrograms({ env: path.env }), "terraform");
    expect(version?.text).toBe("1.11.4");
  });

  test("an answer that is not understood is an unknown version, not a crash", async () => {
    path.add("kubectl", "echo hello");
    expect(await programVersion(createPrograms({ env: path.env }), "kubectl")).toBeUndefined();
  });
});
