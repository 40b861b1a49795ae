import { kubectlFor } from "../../../ops/exec/kubectl";
import type { KubernetesObject } from "../../../ops/exec/kubernetes-object";
import { createPrograms } from "../../../ops/exec/programs";
import { type FakePath, fakePath } from "./fake-programs";

let path: FakePath;
beforeEach(() => {
  path = fakePath();
});
afterEach(() => path.remove());
const kubectl = () => kubectlFor(createPrograms({ env: path.env }), "one");
const never = new AbortController().signal;
const ready = {
  resource: "services",
  namespace: "n",
  name: "x",
  ready: ({ status }: KubernetesObject) => status === "ready",
};
/** As `--watch -o json` prints an object. */
const printed = (status: string) =>
  `printf '{\\n    "kind": "Service",\\n    "metadata": {},\\n    "status": "${status}"\\n}\\n'`;

describe("waiting for an object", () => {
  test("ends with the object that is ready", async () => {
    path.add("kubectl", `${printed("pending")}; ${printed("ready")}; exec sleep 30`);
    expect(await kubectl().until(ready, never)).toMatchObject({ kind: "Service", status: "ready" });
  });

  test("continues if the API server is unavailable for a moment", async () => {
    const isBack = `[ -e '${path.folder}/back' ]`;
    path.add(
      "kubectl",
      `if ${isBack}; then ${printed("ready")}; exit; fi; touch '${path.folder}/back'; echo 'connection refused' >&2; exit 1`,
    );
    expect(await kubectl().until(ready, never)).toMatchObject({ status: "ready" });
    expect(path.calls()).toHaveLength(2);
  });

  test("fails at once without the permission to read", async () => {
    path.add("kubectl", "echo 'Error from server (Forbidden): services is forbidden' >&2; exit 1");
    await expect(kubectl().until(ready, never)).rejects.toThrow("services is forbidden");
    expect(path.calls()).toHaveLength(1);
  });

  test("gives kubectl a timeout, so that the watch ends even if this process is killed", async () => {
    path.add("kubectl", printed("ready"));
    await kubectl().until(ready, never);
    expect(path.calls()[0]).toMatch(/ --watch --request-timeout=120s /);
  });
});

describe("removing", () => {
  test("gives kubectl a timeout, and returns whether anything existed", async () => {
    path.add("kubectl", `case "$*" in *gone*) ;; *) echo 'configmap "x" deleted from n namespace';; esac`);
    expect(await kubectl().remove(["configmap", "x"], 90)).toBe(true);
    expect(await kubectl().remove(["configmap", "gone"], 90)).toBe(false);
    expect(path.calls()[0]).toBe("kubectl --context one delete configmap x --ignore-not-found --timeout=90s");
  });

  test("fails with kubectl's message about what is not deleted", async () => {
    const words = "error: timed out waiting for the condition on namespaces/istio-system";
    path.add("kubectl", `echo '${words}' >&2; exit 1`);
    await expect(kubectl().remove(["namespace", "istio-system"], 1)).rejects.toThrow(words);
  });
});

describe("reading objects by their names", () => {
  const wanted = { apiVersion: "v1", kind: "Namespace", metadata: { name: "sample", labels: { a: "b" } } };
  const found = () => kubectl().getObjects([wanted]);
  const known = `echo '{"kind":"Namespace","metadata":{"name":"sample"}}'`;
  const unknown =
    `echo 'resource mapping not found for name: "a" namespace: "b" from "dist": no matches for kind "Gateway" in version ` +
    `"networking.istio.io/v1"' >&2; echo 'ensure CRDs are installed first' >&2`;

  test("skips unknown kinds", async () => {
    path.add("kubectl", `${known}; ${unknown}; ${unknown}; exit 1`);
    expect((await found()).map(({ kind }) => kind)).toEqual(["Namespace"]);
    expect(path.calls()).toEqual(["kubectl --context one get -f - --ignore-not-found -o json"]);
  });

  test("skips the only unknown kind, after an apply was interrupted among the CRDs", async () => {
    path.add("kubectl", `${known}; ${unknown.replace("echo '", "echo 'error: ")}; exit 1`);
    expect((await found()).map(({ kind }) => kind)).toEqual(["Namespace"]);
  });

  test.each([
    ["is gone", "Unable to connect to the server: net/http: TLS handshake timeout"],
    ["refuses", "Error from server (Forbidden): secrets is forbidden"],
  ])("takes nothing for absent where the API server %s", async (_, words) => {
    path.add("kubectl", `${known}; ${unknown}; echo '${words}' >&2; exit 1`);
    await expect(found()).rejects.toThrow(words);
  });
});
