import { askThroughPod, whyKubeletUnreachable } from "../../../ops/diagnosis/kubelet-connection";
import { fixForUnreachable } from "../../../ops/diagnosis/unreachable";
import { DeadlinePassed, Interrupted, ProgramFailed } from "../../../ops/exec/errors";
import { kubectlFor } from "../../../ops/exec/kubectl";
import type { Output, Programs } from "../../../ops/exec/programs";

const never = new AbortController().signal;
const pod = { namespace: "sample", name: "curl", container: "curl" };
const done: Output = { code: 0, stdout: "", stderr: "" };
/** kubectl whose exec ends in this. */
const kubectl = (run: Programs["run"]) => kubectlFor({ run }, "one");
const refusing = (stderr: string) =>
  kubectl(() => Promise.reject(new ProgramFailed("kubectl exec", 1, stderr)));

// As kubectl 1.34 prints it of a kubelet behind iptables, and as AKS users quote it (Azure/AKS#3773).
test.each([
  "Error from server: error dialing backend: dial tcp 198.18.0.11:10250: connect: connection refused",
  "Error from server: error dialing backend: EOF",
  "error: Internal error occurred: error dialing backend: dial tcp 10.224.0.4:10250: i/o timeout",
])("%s: the API server cannot connect to its nodes", async (words) => {
  const said = await whyKubeletUnreachable(refusing(`E1127 memcache.go: something\n${words}`), pod);
  expect(said).toBe(`the API server cannot connect to its nodes (exec, port-forward): ${words}`);
  expect(fixForUnreachable(said!)).toContain("10250");
});

test("a node that refuses the connection is reported without the script", async () => {
  // Of Kubernetes 1.34, recorded.
  const words = (command: string) =>
    `error: Internal error occurred: error sending request: Post "https://198.18.0.14:10250/exec/sample/curl-8575c5c6f-gf5b9/curl${command}": dial tcp 198.18.0.14:10250: connect: connection refused`;
  expect(
    await whyKubeletUnreachable(refusing(words("?command=sh&command=-c&command=curl+-s&error=1")), pod),
  ).toBe(
    'the API server cannot connect to its nodes (exec, port-forward): error: Internal error occurred: error sending request: Post "https://198.18.0.14:10250/...": dial tcp 198.18.0.14:10250: connect: connection refused',
  );
});

test.each([
  'Error from server (NotFound): deployments.apps "curl" not found',
  "error: timed out waiting for the condition",
  'Error from server (Forbidden): pods "curl-1" is forbidden: User "viewer" cannot create resource "pods/exec"',
  'OCI runtime exec failed: exec failed: unable to start container process: exec: "true": not found',
])("%s: the kubelet connection is not blamed", async (words) => {
  expect(await whyKubeletUnreachable(refusing(words), pod)).toBeUndefined();
});

test("no answer in time is the same cause", async () => {
  const silent = kubectl(async (_, args) => {
    if (args.includes("/version")) return done;
    throw new DeadlinePassed("kubectl exec", 12);
  });
  expect(await whyKubeletUnreachable(silent, pod)).toMatch(
    /cannot connect to its nodes .*: no answer within 12 s$/,
  );
});

test("an API server that does not answer at all does not blame the kubelet connection", async () => {
  const silent = kubectl(() => Promise.reject(new DeadlinePassed("kubectl", 12)));
  expect(await whyKubeletUnreachable(silent, pod)).toBeUndefined();
});

test("a query that is answered runs alone", async () => {
  const asked: string[] = [];
  const counting = kubectl(async (_, args) => {
    asked.push(args.join(" "));
    return done;
  });
  expect(await askThroughPod(counting, pod, never, async () => 7)).toBe(7);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(asked).toEqual([]);
});

test("a query fails when the kubelet connection is known to be broken", async () => {
  let isEnded = false;
  const hangs = (signal: AbortSignal) =>
    new Promise<number>((_, reject) => {
      signal.addEventListener("abort", () => {
        isEnded = true;
        reject(new Interrupted());
      });
    });
  await expect(askThroughPod(refusing("error dialing backend: EOF"), pod, never, hangs)).rejects.toThrow(
    "cannot connect to its nodes",
  );
  expect(isEnded).toBe(true);
});

test("a slow answer is waited for", async () => {
  const slow = () => new Promise<number>((resolve) => setTimeout(resolve, 2500, 7));
  expect(
    await askThroughPod(
      kubectl(async () => done),
      pod,
      never,
      slow,
    ),
  ).toBe(7);
});

test("a failure of the query itself is unchanged", async () => {
  const broken = async () => {
    throw new ProgramFailed("istioctl remote-clusters", 1, "no istiod pods found");
  };
  await expect(
    askThroughPod(
      kubectl(async () => done),
      pod,
      never,
      broken,
    ),
  ).rejects.toThrow("no istiod pods found");
});
