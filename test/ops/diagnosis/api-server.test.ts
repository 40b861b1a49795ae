import { explainedBySilence } from "../../../ops/diagnosis/api-server";
import { kubectlFor } from "../../../ops/exec/kubectl";
import { createPrograms, DeadlinePassed } from "../../../ops/exec/programs";
import { type FakePath, fakePath } from "../exec/fake-programs";

let path: FakePath;
beforeEach(() => {
  path = fakePath();
});
afterEach(() => path.remove());
const never = new AbortController().signal;
const waitedInVain = new DeadlinePassed("istiod ready in main0", 300);
const explain = (cause: Error) =>
  explainedBySilence(kubectlFor(createPrograms({ env: path.env }), "one"), async () => ["Pod x: Failed"])(
    never,
    cause,
  );

test("a wait that ended in vain while the API server is gone is explained by that alone", async () => {
  path.add("kubectl", "echo 'The connection to the server 192.0.2.1:6443 was refused' >&2; exit 1");
  expect(await explain(waitedInVain)).toEqual([
    "the API server behind the context one does not answer: The connection to the server 192.0.2.1:6443 was refused",
  ]);
});

test("where the API server answers, the step's own explanation counts", async () => {
  path.add("kubectl", "echo '{}'");
  expect(await explain(waitedInVain)).toEqual(["Pod x: Failed"]);
});

test("a step that failed in words of its own does not ask whether there is an API server", async () => {
  path.add("kubectl", "exit 1");
  expect(await explain(new Error("no"))).toEqual(["Pod x: Failed"]);
  expect(path.calls()).toEqual([]);
});
