import { explainTimeout, fixForUnreachable } from "../../../ops/diagnosis/unreachable";
import { DeadlinePassed } from "../../../ops/exec/errors";
import { kubectlFor } from "../../../ops/exec/kubectl";
import { createPrograms } from "../../../ops/exec/programs";
import { type FakePath, fakePath } from "../exec/fake-programs";

// The words of kubectl 1.34, recorded.
test.each([
  ["a proxy that allows nothing", "Unable to connect to the server: Forbidden", /HTTPS_PROXY.* NO_PROXY/],
  [
    "a proxy that wants a login",
    "Unable to connect to the server: Proxy Authentication Required",
    /HTTPS_PROXY/,
  ],
  ["a proxy that does not find the server", "Unable to connect to the server: Bad Gateway", /HTTPS_PROXY/],
  ["a proxy that is overloaded", "Unable to connect to the server: Service Unavailable", /HTTPS_PROXY/],
  [
    "a proxy that is not there, or no server",
    "The connection to the server 192.0.2.1:6443 was refused - did you specify the right host or port?",
    /connection refused, by that address or by the proxy/,
  ],
  [
    "a server that forbids, which is no proxy",
    'Error from server (Forbidden): nodes is forbidden: User "viewer" cannot list resource "nodes"',
    undefined,
  ],
])("the fix for %s", (_, words, fix) => {
  if (fix === undefined) expect(fixForUnreachable(words)).toBeUndefined();
  else expect(fixForUnreachable(words)).toMatch(fix);
});

let path: FakePath;
beforeEach(() => {
  path = fakePath();
});
afterEach(() => path.remove());
const never = new AbortController().signal;
const timedOut = new DeadlinePassed("istiod ready in main0", 300);
const explain = (cause: Error) =>
  explainTimeout(kubectlFor(createPrograms({ env: path.env }), "one"), async () => ["Pod x: Failed"])(
    never,
    cause,
  );

test("a timeout while the API server does not answer is explained by that alone", async () => {
  path.add("kubectl", "echo 'The connection to the server 192.0.2.1:6443 was refused' >&2; exit 1");
  expect(await explain(timedOut)).toEqual([
    "the API server of the context one does not answer: The connection to the server 192.0.2.1:6443 was refused",
  ]);
});

test("if the API server answers, the step's own explanation counts", async () => {
  path.add("kubectl", "echo '{}'");
  expect(await explain(timedOut)).toEqual(["Pod x: Failed"]);
});

test("a step that failed for another reason does not query the API server", async () => {
  path.add("kubectl", "exit 1");
  expect(await explain(new Error("no"))).toEqual(["Pod x: Failed"]);
  expect(path.calls()).toEqual([]);
});
