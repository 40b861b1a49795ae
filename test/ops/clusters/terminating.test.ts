import { type Blocker, deleteUnlessBlocked, deletionBlockers } from "../../../ops/clusters/terminating";
import { ProgramFailed } from "../../../ops/exec/errors";
import { kubectlFor } from "../../../ops/exec/kubectl";
import type { Programs } from "../../../ops/exec/programs";

// Conditions, APIServices and objects as Kubernetes 1.34 gives them. On clusters: test/e2e/destroy-held-up.test.ts.

const since = "2026-11-27T10:00:00Z";
const namespace = (conditions: object[] = [], metadata: object = {}) => ({
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name: "sample", deletionTimestamp: since, ...metadata },
  status: { phase: "Terminating", conditions: conditions.map((one) => ({ status: "True", ...one })) },
});
const asked: string[] = [];
const kubectl = (answers: Readonly<Record<string, readonly object[] | Error>>) => {
  const programs: Programs = {
    async run(_, args) {
      const line = args.join(" ");
      asked.push(line);
      const [, answer] = Object.entries(answers).find(([question]) => line.includes(question)) ?? [];
      if (!Array.isArray(answer)) throw answer ?? new Error(`unexpected: ${line}`);
      return { code: 0, stdout: JSON.stringify({ kind: "List", items: answer }), stderr: "" };
    },
  };
  return kubectlFor(programs, "one");
};

const discovery = {
  type: "NamespaceDeletionDiscoveryFailure",
  message:
    "Discovery failed for some groups, 1 failing: unable to retrieve the complete list of server APIs: external.metrics.k8s.io/v1beta1: stale GroupVersion discovery: external.metrics.k8s.io/v1beta1",
};
const remaining = {
  type: "NamespaceContentRemaining",
  message:
    "Some resources are remaining: services. has 1 resource instances, istiooperators.install.istio.io has 1 resource instances",
};
const apiService = (name: string, status: string, reason: string) => ({
  kind: "APIService",
  metadata: { name },
  status: { conditions: [{ type: "Available", status, reason, message: `said of ${name}` }] },
});
const held = (apiVersion: string, kind: string, name: string, finalizers: string[]) => ({
  apiVersion,
  kind,
  metadata: { name, namespace: "sample", deletionTimestamp: since, finalizers },
});

test("an APIService without its Service is the blocker, and can be deleted", async () => {
  const services = [
    apiService("v1.apps", "True", "Local"),
    apiService("v1beta1.external.metrics.k8s.io", "False", "ServiceNotFound"),
  ];
  expect(await deletionBlockers(kubectl({ apiservices: services }), namespace([discovery]))).toEqual([
    {
      text: expect.stringMatching(
        /^the APIService v1beta1\.external\.metrics\.k8s\.io has no backend, .*said of/,
      ),
      commands: ["kubectl --context one delete apiservice v1beta1.external.metrics.k8s.io"],
      patienceSeconds: 10,
    },
  ]);
});

test("an APIService whose backend may come back is shown, not deleted", async () => {
  const services = [apiService("v1beta1.metrics.k8s.io", "False", "MissingEndpoints")];
  const [hold] = await deletionBlockers(kubectl({ apiservices: services }), namespace([discovery]));
  expect(hold!.commands).toEqual(["kubectl --context one get apiservice v1beta1.metrics.k8s.io -o yaml"]);
});

test("finalizers are named with their objects; objects that only take time are not", async () => {
  const left = [
    held("v1", "Service", "gateway", ["service.kubernetes.io/load-balancer-cleanup"]),
    held("install.istio.io/v1alpha1", "IstioOperator", "installed-state", [
      "istio-finalizer.install.istio.io",
    ]),
    held("v1", "Pod", "curl", []),
    { kind: "ConfigMap", apiVersion: "v1", metadata: { name: "stays", finalizers: ["example.com/x"] } },
  ];
  const holds = await deletionBlockers(
    kubectl({ "get -n sample services,istiooperators.install.istio.io ": left }),
    namespace([remaining, { type: "NamespaceFinalizersRemaining", message: "..." }]),
  );
  expect(holds.map(({ text }) => text)).toEqual([
    expect.stringMatching(
      /^Service sample\/gateway has the finalizer service\.kubernetes\.io\/load-balancer-cleanup: the cloud/,
    ),
    expect.stringMatching(/^IstioOperator sample\/installed-state has the finalizer .*in-cluster operator/),
  ]);
  expect(holds.flatMap(({ commands }) => commands)).toEqual([
    `kubectl --context one -n sample patch service gateway --type=merge -p '{"metadata":{"finalizers":null}}'`,
    `kubectl --context one -n sample patch istiooperator.v1alpha1.install.istio.io installed-state --type=merge -p '{"metadata":{"finalizers":null}}'`,
  ]);
  // A load balancer goes when the cloud is done with it.
  expect(holds.map(({ patienceSeconds }) => patienceSeconds)).toEqual([undefined, 10]);
});

test("a finalizer of the namespace itself", async () => {
  const [hold] = await deletionBlockers(kubectl({}), namespace([], { finalizers: ["example.com/x"] }));
  expect(hold).toMatchObject({
    text: expect.stringContaining("Namespace sample has the finalizer example.com/x"),
    patienceSeconds: 60,
  });
});

test("without the permission to read there are no blockers", async () => {
  const forbidden = new ProgramFailed("kubectl get", 1, "Error from server (Forbidden)");
  expect(await deletionBlockers(kubectl({ apiservices: forbidden }), namespace([discovery]))).toEqual([]);
});

test("a namespace without problems costs no request", async () => {
  asked.length = 0;
  expect(await deletionBlockers(kubectl({}), namespace())).toEqual([]);
  expect(asked).toEqual([]);
});

describe("a deletion", () => {
  const never = new AbortController().signal;
  const hold = (text: string, patienceSeconds: number | undefined): Blocker => ({
    text,
    commands: [`mend ${text}`],
    patienceSeconds,
  });
  const endless = (signal: AbortSignal) =>
    new Promise<string>((_, reject) => signal.addEventListener("abort", () => reject(new Error("ended"))));

  test("that is stuck fails soon, with all blockers and the commands", async () => {
    const said: string[] = [];
    const look = async () => [hold("a finalizer", 1), hold("a load balancer", undefined)];
    await expect(deleteUnlessBlocked(never, (text) => said.push(text), look, endless)).rejects.toThrow(
      "the deletion is blocked:\n  a finalizer\n  fix: mend a finalizer\n  a load balancer\n  fix: mend a load balancer",
    );
    // Told at once, before it was given up; what may go by itself is not told so soon.
    expect(said).toEqual(["waits: a finalizer"]);
  }, 15_000);

  test("that is blocked for a moment completes", async () => {
    let looks = 0;
    const look = async () => (looks++ % 2 === 0 ? [hold("a finalizer", 1)] : []);
    const done = () => new Promise<string>((resolve) => setTimeout(resolve, 7000, "done"));
    expect(await deleteUnlessBlocked(never, () => {}, look, done)).toBe("done");
  }, 15_000);

  test("fails with its own message", async () => {
    const look = () => Promise.reject(new Error("no answer"));
    const fails = () => Promise.reject(new Error("refused"));
    await expect(deleteUnlessBlocked(never, () => {}, look, fails)).rejects.toThrow("refused");
  });
});
