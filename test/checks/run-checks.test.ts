import { type Check, notJudged, pass, problem, type Verdict } from "../../checks/check";
import { runChecks } from "../../checks/run-checks";
import { parseMesh } from "../../mesh/load";
import { Interrupted, ProgramFailed } from "../../ops/exec/errors";
import type { Programs } from "../../ops/exec/programs";
import type { Context } from "../../ops/run/context";
import { silentReporter } from "../../ops/run/progress";
import { idleContext } from "./verify/composed-mesh";

const mesh = parseMesh(
  "clusters:\n  - {name: main0, role: primary, network: n1, context: main0}\n  - {name: remote0, network: n2, context: remote0}\n",
  "mesh.yaml",
);
const facts = { title: "it holds", looksAt: "it", why: "because", fix: "mend it", severity: "fail" } as const;
type Looks = Record<string, () => Verdict | Promise<Verdict>>;

const ofMesh = (id: Check<Looks>["id"], needs: Check<Looks>["needs"] = []): Check<Looks> => ({
  ...facts,
  id,
  needs,
  of: "mesh",
  look: (looks) => looks[id]!(),
});
const ofCluster = (id: Check<Looks>["id"], needs: Check<Looks>["needs"] = []): Check<Looks> => ({
  ...facts,
  id,
  needs,
  of: "cluster",
  look: (looks, { name }) => looks[`${id} ${name}`]!(),
});

const run = (checks: readonly Check<Looks>[], looks: Looks, signal = new AbortController().signal) =>
  runChecks(checks, mesh, () => looks, { ...idleContext(), signal });

const statuses = async (report: ReturnType<typeof run>) =>
  Object.fromEntries(
    (await report).results.map(({ id, cluster, status }) => [[id, cluster].join(" "), status]),
  );

test("a check whose need failed is not judged, in that cluster only", async () => {
  const checks = [ofCluster("reachable.api"), ofCluster("versions.fit", ["reachable.api"])];
  const report = run(checks, {
    "reachable.api main0": () => pass("yes"),
    "reachable.api remote0": () => problem("no answer"),
    "versions.fit main0": () => pass("1.34"),
    "versions.fit remote0": () => pass("1.34"),
  });
  expect(await statuses(report)).toEqual({
    "reachable.api main0": "pass",
    "reachable.api remote0": "fail",
    "versions.fit main0": "pass",
    "versions.fit remote0": "not judged",
  });
  expect((await report).ok).toBe(false);
});

test("a result that is not judged names the first cause, not the need before it", async () => {
  const checks = [
    ofMesh("programs.kubectl"),
    ofCluster("reachable.api", ["programs.kubectl"]),
    ofMesh("trust.root", ["reachable.api"]),
  ];
  const { results } = await run(checks, {
    "programs.kubectl": () => problem("is not there"),
    "reachable.api main0": () => problem("echo"),
    "reachable.api remote0": () => problem("echo"),
    "trust.root": () => problem("echo"),
  });
  expect(results.map(({ status }) => status)).toEqual(["fail", "not judged", "not judged", "not judged"]);
  expect(results.at(-1)).toMatchObject({
    blockedBy: { id: "programs.kubectl" },
    evidence: ["programs.kubectl must pass first"],
  });
  expect(JSON.stringify(results)).not.toContain("echo");
});

test("a check that needs the primary's result is not judged in any cluster if that fails, whatever the remote's result", async () => {
  const checks = [ofCluster("gateways.ready"), ofCluster("endpoints.set", ["primary/gateways.ready"])];
  const broken = (cluster: string) =>
    run(checks, {
      "gateways.ready main0": () => (cluster === "main0" ? problem("no pod") : pass()),
      "gateways.ready remote0": () => (cluster === "remote0" ? problem("no pod") : pass()),
      "endpoints.set main0": () => pass(),
      "endpoints.set remote0": () => pass(),
    });
  expect(await statuses(broken("main0"))).toMatchObject({
    "endpoints.set main0": "not judged",
    "endpoints.set remote0": "not judged",
  });
  expect(await statuses(broken("remote0"))).toMatchObject({
    "endpoints.set main0": "pass",
    "endpoints.set remote0": "pass",
  });
});

test("a warning does not fail the report, but a check that needs it is not judged", async () => {
  const login = { ...ofMesh("azure.login"), severity: "warn" } as const;
  const report = await run([login, ofMesh("azure.provider", ["azure.login"])], {
    "azure.login": () => problem("no login"),
    "azure.provider": () => pass("Registered"),
  });
  expect(report).toMatchObject({ ok: true, counts: { warn: 1, "not judged": 1 } });
});

test("checks query in parallel: the run takes as long as the slowest", async () => {
  let together = 0;
  let most = 0;
  const slow = async () => {
    most = Math.max(most, ++together);
    await new Promise((resolve) => setTimeout(resolve, 50));
    together--;
    return pass();
  };
  await run([ofMesh("reachable.one"), ofMesh("trust.two", ["reachable.one"])], {
    "reachable.one": slow,
    "trust.two": slow,
  });
  expect(most).toBe(2);
});

test("a check whose need failed is not waited for, and its programs are stopped with the run", async () => {
  let ended = false;
  const programs: Programs = {
    run: (_program, _args, options) =>
      new Promise((_, reject) => {
        options!.signal!.addEventListener("abort", () => {
          ended = true;
          reject(new Interrupted());
        });
      }),
  };
  const hangs = async (given: Context) => {
    await given.programs.run("kubectl", ["exec"]);
    return pass();
  };
  const { results } = await runChecks<Looks>(
    [ofMesh("reachable.nodes"), ofMesh("trust.workloads", ["reachable.nodes"])],
    mesh,
    (given) => ({ "reachable.nodes": () => problem("no connection"), "trust.workloads": () => hangs(given) }),
    { ...idleContext(), programs },
  );
  expect(results.map(({ status }) => status)).toEqual(["fail", "not judged"]);
  expect(ended).toBe(true);
});

test("a check that cannot run fails, with the command and without secrets", async () => {
  const { results } = await run([ofMesh("trust.root")], {
    "trust.root": () => {
      throw new ProgramFailed("kubectl get secret", 1, "boom\ntoken: abcdefghijklmnop");
    },
  });
  expect(results[0]).toMatchObject({
    status: "fail",
    commands: ["kubectl get secret"],
    evidence: ["the check could not run: kubectl get secret ended with 1:", "boom", "token: [redacted]"],
  });
});

test("a warning check that cannot run is not judged", async () => {
  const room = { ...ofMesh("capacity.room"), severity: "warn" } as const;
  const { results, ok } = await run([room], {
    "capacity.room": () => Promise.reject(new Error("forbidden")),
  });
  expect(results[0]).toMatchObject({
    status: "not judged",
    evidence: ["the check could not run: forbidden"],
  });
  expect(ok).toBe(true);
});

test("a verdict's own fix comes before the check's", async () => {
  const { results } = await run([ofMesh("trust.one"), ofMesh("trust.two")], {
    "trust.one": () => problem("no", { fix: "do this" }),
    "trust.two": () => notJudged("not yet"),
  });
  expect(results.map(({ fix }) => fix)).toEqual(["do this", "mend it"]);
});

test("Ctrl-C ends the run instead of making results of it", async () => {
  const controller = new AbortController();
  const report = run(
    [ofMesh("trust.one")],
    {
      "trust.one": async () => {
        controller.abort();
        throw new Interrupted();
      },
    },
    controller.signal,
  );
  await expect(report).rejects.toThrow(Interrupted);
});

test("an unknown need and a cycle of needs are refused", async () => {
  await expect(run([ofMesh("trust.one", ["trust.two"])], {})).rejects.toThrow(
    "check trust.one needs trust.two, which is no check",
  );
  const circle = [ofMesh("trust.one", ["trust.two"]), ofMesh("trust.two", ["trust.one"])];
  await expect(run(circle, {})).rejects.toThrow(
    "checks that need each other: trust.one, trust.two, trust.one",
  );
});

test("a check may need one that is reported after it", async () => {
  const { results } = await run(
    [ofMesh("reachable.nodes", ["endpoints.client"]), ofMesh("endpoints.client")],
    {
      "reachable.nodes": () => problem("echo"),
      "endpoints.client": () => problem("no pod"),
    },
  );
  expect(results.map(({ id, status }) => [id, status])).toEqual([
    ["reachable.nodes", "not judged"],
    ["endpoints.client", "fail"],
  ]);
});

test("a slow check reports its progress", async () => {
  const said: string[] = [];
  const reporter = { ...silentReporter, say: (text: string) => said.push(text) };
  const slow = () => new Promise<Verdict>((resolve) => setTimeout(() => resolve(pass()), 2200));
  await runChecks([ofMesh("trust.one")], mesh, () => ({ "trust.one": slow }), { ...idleContext(), reporter });
  expect(said).toEqual(["looking at trust.one (2 s)"]);
});
