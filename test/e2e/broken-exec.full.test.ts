import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { CheckReport } from "../../checks/report";
import { bare, describeInLab, must, sh } from "./lab";
import { both, meshYaml, minutes, primary, remote, Tool } from "./tool";

// The API server answers, but cannot connect to the kubelet: exec, logs and port-forward fail. Needs root.

const yaml = meshYaml("sample: { weights: { v1: 50, v2: 50 } }");
const rule = (context: string, target: string, change: "-I INPUT 1" | "-D INPUT") =>
  `ip netns exec lab-${context} iptables ${change} -p tcp --dport 10250 -j ${target}`;
const targets = { DROP: "DROP", REJECT: "REJECT --reject-with tcp-reset" } as const;
const cause = "the API server cannot connect to its nodes (exec, port-forward)";

describeInLab(
  "an API server without a connection to its nodes",
  () => {
    let tool: Tool;
    const open = ({ results }: CheckReport) =>
      results
        .filter(({ status, blockedBy }) => status !== "pass" && !blockedBy)
        .map(({ id, cluster, status }) => [status, id, cluster].filter(Boolean).join(" "));
    const verify = async (): Promise<CheckReport> =>
      JSON.parse((await tool.run(["verify", "-o", "json"])).out);

    beforeAll(async () => {
      bare(both);
      tool = new Tool(yaml);
      await tool.must(["ca"]);
      await tool.must(["apply"]);
      await tool.must(["verify", "--wait", "2m"]);
    }, 8 * minutes);
    afterAll(async () => {
      await tool.run(["destroy", "--yes", "--crds"]);
      tool.remove();
    }, 5 * minutes);

    describe.each([
      ["DROP", both],
      ["REJECT", both],
      ["DROP", [remote]],
      ["REJECT", [remote]],
    ] as const)("%s in %s", (how, where) => {
      const names = where.map((context) => (context === primary ? "main0" : "remote0"));
      beforeAll(() => {
        for (const context of where) must(rule(context, targets[how], "-I INPUT 1"));
      });
      afterAll(() => {
        for (const context of where) sh(rule(context, targets[how], "-D INPUT"));
      });

      test("verify: one cause for each cluster, within 20 seconds", async () => {
        const { out, seconds } = await tool.run(["verify", "-o", "json"]);
        const report: CheckReport = JSON.parse(out);
        expect(open(report)).toEqual(names.map((name) => `fail reachable.nodes ${name}`));
        const found = report.results.find(({ status }) => status === "fail")!;
        expect(found.evidence[0]).toContain(cause);
        expect(found.fix).toMatch(/10250.*konnectivity-agent/);
        const blocked = report.results.filter(({ blockedBy }) => blockedBy);
        expect([...new Set(blocked.map(({ blockedBy }) => blockedBy!.id))]).toEqual(["reachable.nodes"]);
        expect(seconds).toBeLessThan(20);
      });

      test("endpoints and traffic report it, and end soon", async () => {
        const endpoints = await tool.run(["endpoints"]);
        expect(endpoints.out.split(cause).length - 1).toBe(where.length);
        expect(endpoints.out).toContain("konnectivity-agent");
        expect(endpoints.seconds).toBeLessThan(20);
        const traffic = await tool.run(["traffic", "--duration", "5s"]);
        expect(traffic).toMatchObject({ code: 1, err: expect.stringContaining(cause) });
        expect(traffic.seconds).toBeLessThan(20);
      });

      test("status reports it if istiod cannot be queried, and report has both", async () => {
        const status = await tool.run(["status"]);
        if (where.length > 1) expect(status.out).toContain(`main0: ${cause}`);
        else expect(status.out).toContain("the mesh is healthy");
        expect(status.seconds).toBeLessThan(20);
        const report = await tool.run(["report"]);
        expect(readFileSync(join(tool.folder, "mesh-report.html"), "utf8")).toContain(cause);
        expect(report.seconds).toBeLessThan(25);
      });
    });

    test("the mesh is healthy afterwards", async () => {
      expect(open(await verify())).toEqual([]);
    });
  },
  both,
);
