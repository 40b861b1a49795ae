import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { generateCa } from "../../ca/generate";
import type { CheckReport, CheckResult } from "../../checks/report";
import { parseMesh } from "../../mesh/load";
import { bare, describeInLab } from "./lab";
import { both, meshYaml, minutes, primary, remote, Tool } from "./tool";
import { type Fault, faults } from "./verify-faults";

// One fault at a time on a live mesh: verify names it first, and its fix repairs the mesh.

const yaml = meshYaml("sample: { weights: { v1: 50, v2: 50 } }");
/** Seconds until a fault shows, and until a repaired mesh is healthy. */
const patience = 120;

describeInLab(
  "verify",
  () => {
    let tool: Tool;
    let env: NodeJS.ProcessEnv;

    const verify = async (): Promise<CheckReport> =>
      JSON.parse((await tool.run(["verify", "-o", "json"])).out);
    /** The first failure, or without one the first warning. */
    const first = ({ results }: CheckReport): CheckResult | undefined =>
      results.find(({ status }) => status === "fail") ?? results.find(({ status }) => status === "warn");
    const shell = (script: string) => {
      // As users paste it: `mesh` is this build.
      const { status, stdout, stderr } = spawnSync(
        "bash",
        ["-c", `mesh() { node ./mesh.js "$@"; }\n${script}`],
        {
          cwd: tool.folder,
          encoding: "utf8",
          env: { ...process.env, ...env, NO_COLOR: "1" },
          timeout: 4 * minutes,
        },
      );
      if (status !== 0) throw new Error(`exit ${status}: ${script}\n${stdout}${stderr}`);
    };
    const summary = (report: CheckReport) =>
      report.results
        .filter(({ status, blockedBy }) => status !== "pass" && !blockedBy)
        .map(
          ({ id, cluster, status, evidence }) => `${status} ${id} ${cluster ?? ""}: ${evidence.join(" / ")}`,
        );

    /** Repeats until verify reports this first; otherwise returns its last result. */
    async function untilFirst({ id, cluster, says }: Fault): Promise<CheckReport> {
      const begun = performance.now();
      for (;;) {
        const report = await verify();
        const found = first(report);
        const isIt = found?.id === id && found.cluster === cluster && says.test(found.evidence.join("\n"));
        if (isIt) return report;
        if (performance.now() - begun > patience * 1000) return report;
        await sleep(1000);
      }
    }

    /** A healthy mesh, whatever the state before. */
    const begin = async () => {
      bare(both);
      await tool.must(["apply"]);
      await tool.must(["verify", "--wait", "2m"]);
    };

    beforeAll(async () => {
      tool = new Tool(yaml);
      await tool.must(["ca"]);
      await begin();
      const mesh = parseMesh(yaml, "mesh.yaml");
      const other = join(tool.folder, "other.ca");
      await generateCa(mesh, other, new Date(), 2048);
      const expired = join(other, "expired");
      mkdirSync(expired);
      const old = join(tool.folder, "old.ca");
      await generateCa(mesh, old, new Date("2015-01-01T00:00:00Z"), 2048);
      for (const file of ["ca-cert.pem", "ca-key.pem", "root-cert.pem", "cert-chain.pem"]) {
        writeFileSync(join(expired, file), readFileSync(join(old, "main0", file)), { mode: 0o600 });
      }
      const addressOf = (context: string) =>
        execFileSync(
          "kubectl",
          [
            ...["--context", context, "-n", "istio-system", "get", "service", "istio-eastwestgateway"],
            ...["-o", "jsonpath={.status.loadBalancer.ingress[0].ip}"],
          ],
          { encoding: "utf8" },
        );
      env = {
        OTHER_CA: other,
        REMOTE: remote,
        PRIMARY: primary,
        REMOTE_GATEWAY: addressOf(remote),
        PRIMARY_GATEWAY: addressOf(primary),
      };
    }, 8 * minutes);
    let isHealthy = true;
    beforeEach(async () => {
      // The effects of one fault must not count as another.
      if (!isHealthy) await begin();
      isHealthy = false;
    }, 8 * minutes);
    afterAll(async () => {
      await tool.run(["destroy", "--yes", "--crds"]);
      tool.remove();
    }, 5 * minutes);

    test.each(faults)(
      "$name: $id",
      async (fault) => {
        const { break: broken, id, cluster, says, status = "fail", heal, cleanUp = "" } = fault;
        try {
          shell(broken);
          const report = await untilFirst(fault);
          const found = first(report);
          expect([found?.status, found?.id, found?.cluster, summary(report)]).toEqual([
            status,
            id,
            cluster,
            expect.anything(),
          ]);
          expect(found!.evidence.join("\n")).toMatch(says);
          expect(found!.fix).toBeTruthy();
          expect(report.ok).toBe(status === "warn");
          // The fix, followed.
          shell([...found!.commands, heal ?? ""].join("\n"));
        } finally {
          shell(cleanUp);
        }
        const healed = await tool.run(["verify", "--wait", `${patience}s`, "-o", "json"]);
        const after: CheckReport = JSON.parse(healed.out);
        expect(summary(after)).toEqual([]);
        isHealthy = true;
      },
      8 * minutes,
    );
  },
  both,
);
