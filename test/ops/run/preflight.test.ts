import { defaultIstioLine } from "../../../mesh/istio-lines";
import { parseMesh } from "../../../mesh/load";
import { createPrograms } from "../../../ops/exec/programs";
import type { Context } from "../../../ops/run/context";
import { preflight } from "../../../ops/run/preflight";
import { silentReporter } from "../../../ops/run/progress";
import { type FakePath, fakePath } from "../exec/fake-programs";

const mesh = parseMesh(
  "clusters:\n  - {name: main0, role: primary, network: n1, context: one}\n  - {name: remote0, network: n2, context: two}\n",
  "mesh.yaml",
);
let path: FakePath;
beforeEach(() => {
  path = fakePath();
});
afterEach(() => path.remove());

const kubectl = (more = "") => `
${more}
case "$*" in
  "version --client -o json") echo '{"clientVersion":{"gitVersion":"v1.34.4"}}';;
  *"get --raw /version") echo '{"gitVersion":"v1.34.1"}';;
  *"one get namespace kube-system"*) printf uid-one;;
  *"two get namespace kube-system"*) printf uid-two;;
  *) exit 9;;
esac`;
const istioctl = `echo '{"clientVersion":{"version":"${defaultIstioLine.version}"}}'`;
const check = () => {
  const { signal } = new AbortController();
  const context: Context = {
    // Nothing but the fakes: the machine may have a kubectl of its own.
    programs: createPrograms({ env: { ...path.env, PATH: path.folder }, signal }),
    reporter: silentReporter,
    now: () => new Date(0),
    signal,
    workFolder: path.folder,
  };
  return preflight(context, mesh);
};

test("all is well: nothing but questions was asked", async () => {
  path.add("kubectl", kubectl());
  path.add("istioctl", istioctl);
  await check();
  expect(path.calls().sort()).toEqual([
    "istioctl version --remote=false -o json --log_target stderr",
    "kubectl --request-timeout=10s --context one get --raw /version",
    "kubectl --request-timeout=10s --context one get namespace kube-system -o jsonpath={.metadata.uid}",
    "kubectl --request-timeout=10s --context two get --raw /version",
    "kubectl --request-timeout=10s --context two get namespace kube-system -o jsonpath={.metadata.uid}",
    "kubectl version --client -o json",
  ]);
});

test("every missing program is named at once", async () => {
  const error = await check().catch((thrown) => thrown);
  expect(error.problems).toEqual([
    expect.stringContaining("kubectl is not on the PATH"),
    expect.stringContaining("istioctl is not on the PATH"),
  ]);
});

test("a cluster that does not answer is named with its context and the next command", async () => {
  path.add("kubectl", kubectl('case "$*" in *"two get"*) echo "connection refused" >&2; exit 1;; esac'));
  path.add("istioctl", istioctl);
  await expect(check()).rejects.toThrow(
    /remote0 cannot be reached through the context two; check kubectl --context two version\n.*\nconnection refused/,
  );
});

test("two contexts of one cluster are refused, each by its name", async () => {
  path.add("kubectl", kubectl('case "$*" in *"get namespace kube-system"*) printf same; exit;; esac'));
  path.add("istioctl", istioctl);
  await expect(check()).rejects.toThrow(
    "the contexts one (main0) and two (remote0) lead to the same cluster; name the context of another cluster",
  );
});

test("clusters that do not say which they are are not taken for one", async () => {
  path.add("kubectl", kubectl('case "$*" in *"get namespace kube-system"*) exit 1;; esac'));
  path.add("istioctl", istioctl);
  await check();
});

test("versions that do not go together are refused", async () => {
  path.add("kubectl", kubectl());
  path.add("istioctl", istioctl.replace(defaultIstioLine.version, "1.29.0"));
  await expect(check()).rejects.toThrow(
    `istioctl is 1.29.0; mesh.yaml asks for Istio ${defaultIstioLine.version}`,
  );
});
