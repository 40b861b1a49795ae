import { defaultIstioLine, istioLines } from "../../../mesh/istio-lines";
import { ensureRemoteSecret } from "../../../ops/clusters/remote-secret";
import { istioctlFor } from "../../../ops/exec/istioctl";
import { kubectlFor } from "../../../ops/exec/kubectl";
import type { Programs } from "../../../ops/exec/programs";

// The Istio releases that lose endpoints are not in the lab: programs and their answers are composed.

const secret = (token: string) => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: {
    name: "istio-remote-secret-remote0",
    namespace: "istio-system",
    labels: { "istio/multiCluster": "true" },
    annotations: { "networking.istio.io/cluster": "remote0" },
  },
  data: { remote0: Buffer.from(token).toString("base64") },
});

const istiod = (image: string, generation = 1) => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "istiod", namespace: "istio-system", generation },
  spec: { replicas: 1, template: { spec: { containers: [{ name: "discovery", image }] } } },
  status: { observedGeneration: generation, updatedReplicas: 1, replicas: 1, availableReplicas: 1 },
});

/** What is done, in order, with a Secret and an istiod in the primary. */
async function ensure(found: object | undefined, image: string | undefined) {
  const done: string[] = [];
  const programs: Programs = {
    async run(program, args, options = {}) {
      const line = [program, ...args].join(" ");
      const answer = (object?: object) => {
        const stdout = object ? `${JSON.stringify(object, null, 4)}\n` : "";
        options.until?.(stdout);
        return { code: 0, stdout, stderr: "" };
      };
      if (line.includes("create-remote-secret")) return answer(secret("new"));
      if (/ get .*secret /.test(line)) return answer(found);
      if (/ get .*deployments? /.test(line)) {
        if (line.includes("--watch")) done.push("waited");
        return answer(image === undefined ? undefined : istiod(image));
      }
      if (line.includes(" apply ")) done.push("written");
      else if (line.includes("rollout restart deployment istiod")) done.push("restarted");
      else done.push(line);
      return answer();
    },
  };
  const outcome = await ensureRemoteSecret(
    {
      cluster: "remote0",
      primary: kubectlFor(programs, "one"),
      istioctl: istioctlFor(programs, "two", defaultIstioLine),
      say: (text) => done.push(text),
    },
    new AbortController().signal,
  );
  return { outcome, done };
}

test.each(["1.30.0", "1.30.3", "1.30.3@sha256:0123"])(
  "on %s a change of the Secret is reported before it is written, and istiod restarts after it",
  async (tag) => {
    const { outcome, done } = await ensure(secret("old"), `docker.io/istio/pilot:${tag}`);
    const version = tag.replace(/@.*/, "");
    expect(done).toEqual([
      `the remote secret of remote0 changes, and Istio ${version} loses every endpoint of a remote whose remote secret changes, until istiod restarts (istio#61043): istiod restarts`,
      "written",
      "restarted",
      "waited",
    ]);
    expect(outcome).toBe("changed");
  },
);

test.each([
  "docker.io/istio/pilot:1.30.4",
  "docker.io/istio/pilot:1.31.1",
  "mirror.example/team/istio/pilot@sha256:0123",
  undefined,
])("%s needs no restart", async (image) => {
  expect((await ensure(secret("old"), image)).done).toEqual(["written"]);
});

test("a new or unchanged Secret restarts nothing", async () => {
  expect((await ensure(undefined, "docker.io/istio/pilot:1.30.3")).done).toEqual(["written"]);
  expect(await ensure(secret("new"), "docker.io/istio/pilot:1.30.3")).toEqual({
    outcome: "unchanged",
    done: [],
  });
});

test.each(istioLines.map((line) => [line.id, line] as const))(
  "the remote secret comes from the command that istioctl of %s has",
  async (name, line) => {
    const asked: string[] = [];
    const programs: Programs = {
      async run(program, args) {
        asked.push([program, ...args].join(" "));
        return { code: 0, stdout: JSON.stringify(secret("new")), stderr: "" };
      },
    };
    await istioctlFor(programs, "two", line).remoteSecret("remote0");
    // https://istio.io/v1.7/docs/reference/commands/istioctl/, read 2026-11-30
    const command = name === "1.7" ? "istioctl x create-remote-secret" : "istioctl create-remote-secret";
    expect(asked).toEqual([`${command} --context two --name remote0 --log_target stderr`]);
  },
);
