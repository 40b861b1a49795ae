import { rmSync } from "node:fs";
import { join } from "node:path";
import type { TrafficReport } from "../../cli/traffic";
import { bare, describeInLab, must } from "./lab";
import { type Ended, minutes, primary, remote, Tool, third } from "./tool";

// The mesh is changed under continuous requests: none of them may fail.

const contexts = [primary, remote, third];
const names = ["main0", "remote0", "remote1"];
const cluster = (name: string, index: number, role = "") =>
  `  - { name: ${name}, ${role}network: network${index + 1}, context: ${contexts[index]} }\n`;
const meshOf = (count: number) =>
  `clusters:\n${names
    .slice(0, count)
    .map((name, index) => cluster(name, index, index === 0 ? "role: primary, " : ""))
    .join("")}sample: { weights: { v1: 50, v2: 50 } }\naddons: { prometheus: false, kiali: false }\n`;

const firstTwo = names.slice(0, 2);

/** Requests from the first two clusters. */
const requests = (...more: string[]) => ["traffic", "-o", "json", "--from", ...firstTwo, ...more];

/** No request of a run failed, and there were enough requests. */
function expectNoFailure({ code, out }: Ended): void {
  const { clients } = JSON.parse(out) as TrafficReport;
  expect(clients.map(({ failures }) => failures)).toEqual(firstTwo.map(() => ({})));
  for (const client of clients) expect(client.requests).toBeGreaterThan(100);
  expect(code).toBe(0);
}

const pause = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

describeInLab(
  "under continuous traffic",
  () => {
    let tool: Tool;
    beforeAll(async () => {
      bare(contexts);
      tool = new Tool(meshOf(2));
      await tool.must(["ca"]);
      await tool.must(["apply"]);
    }, 6 * minutes);
    afterAll(async () => {
      await tool.run(["destroy", "--yes", "--crds"]);
      tool.remove();
      bare(contexts);
    }, 6 * minutes);

    test(
      "the split changes and changes back within five seconds, and no request fails",
      async () => {
        const { child, ended } = tool.start(requests());
        try {
          await pause(5);
          for (const [weights, wanted] of [
            [["v1=90", "v2=10"], 0.9],
            [["v1=50", "v2=50"], 0.5],
          ] as const) {
            const { seconds } = await tool.must(["split", ...weights]);
            expect(seconds).toBeLessThan(5);
            await pause(2);
            const { out } = await tool.must(requests("--duration", "15s"));
            for (const { requests: count, versions } of (JSON.parse(out) as TrafficReport).clients) {
              expect(count).toBeGreaterThan(50);
              // Six standard deviations: a right split is called wrong less than once in a hundred million runs.
              const deviation = Math.sqrt((wanted * (1 - wanted)) / count);
              expect(Math.abs(versions.v1! / count - wanted)).toBeLessThan(6 * deviation);
            }
          }
        } finally {
          child.kill("SIGINT");
        }
        expectNoFailure(await ended);
      },
      3 * minutes,
    );

    test(
      "a third cluster joins and leaves, and no request between the first two fails",
      async () => {
        const { child, ended } = tool.start(requests());
        try {
          await pause(2);
          tool.configure(meshOf(3));
          await tool.must(["ca"]);
          await tool.must(["apply"]);
          const endpoints = () =>
            must(
              `istioctl --context ${primary} proxy-config endpoints -n sample deploy/curl --cluster 'outbound|5000||helloworld.sample.svc.cluster.local'`,
            );
          const address = must(
            `kubectl --context ${third} -n istio-system get svc istio-eastwestgateway -o jsonpath='{.status.loadBalancer.ingress[0].ip}'`,
          );
          await pause(3);
          expect(endpoints()).toContain(address);
          const seen = must(
            `kubectl --context ${third} -n sample exec deploy/curl -c curl -- sh -c 'for i in $(seq 30); do curl -s -m 5 helloworld.sample:5000/hello; done'`,
          );
          for (const version of ["v1", "v2"]) expect(seen).toContain(`version: ${version}`);

          tool.configure(meshOf(2));
          await tool.must(["apply", "--prune"]);
          expect(endpoints()).not.toContain(address);
          expect(must(`kubectl --context ${third} get ns -o name`)).not.toMatch(/istio-system|sample/);
        } finally {
          child.kill("SIGINT");
        }
        expectNoFailure(await ended);
      },
      10 * minutes,
    );

    test(
      "the primary's intermediate CA is rotated as docs/ca.md says, and no request fails",
      async () => {
        const { child, ended } = tool.start(requests());
        try {
          await pause(5);
          rmSync(join(tool.folder, "mesh.ca/main0"), { recursive: true });
          await tool.must(["ca"]);
          await tool.must(["synth"]);
          const inIstioSystem = `kubectl --context ${primary} -n istio-system`;
          must(`kubectl --context ${primary} apply -f dist/main0/*-cacerts.k8s.yaml`, { cwd: tool.folder });
          must(`${inIstioSystem} rollout restart deployment/istiod`);
          must(`${inIstioSystem} rollout status deployment/istiod --timeout=100s`);
          await tool.must(["verify", "--wait", "2m"]);
        } finally {
          child.kill("SIGINT");
        }
        expectNoFailure(await ended);
      },
      8 * minutes,
    );

    test(
      "a remote is renamed as docs/rename.md says, and no request of the primary's client fails",
      async () => {
        const renamed = (name: string) => meshOf(2).replace("name: remote0", `name: ${name}`);
        const sample = (versions: string) =>
          `sample: { versions: { ${versions} }, weights: { v1: 50, v2: 50 } }`;
        const configure = (clusters: string, versions: string) =>
          tool.configure(clusters.replace(/^sample:.*$/m, sample(versions)));
        const { child, ended } = tool.start(["traffic", "-o", "json", "--from", "main0"]);
        try {
          await pause(2);
          configure(meshOf(2), "v1: [main0], v2: [main0, remote0]");
          await tool.must(["apply"]);
          configure(meshOf(1), "v1: [main0], v2: [main0]");
          await tool.must(["apply", "--prune"]);
          configure(renamed("east"), "v1: [main0], v2: [main0, east]");
          await tool.must(["ca"]);
          await tool.must(["apply"]);
          await tool.must(["verify", "--wait", "2m"]);
          configure(renamed("east"), "v1: [main0], v2: [east]");
          await tool.must(["apply"]);
          await tool.must(["verify", "--wait", "2m"]);
        } finally {
          child.kill("SIGINT");
        }
        const { code, out } = await ended;
        const { clients } = JSON.parse(out) as TrafficReport;
        expect(clients.map(({ cluster, failures }) => [cluster, failures])).toEqual([["main0", {}]]);
        expect(clients[0]!.requests).toBeGreaterThan(100);
        expect(code).toBe(0);
      },
      10 * minutes,
    );
  },
  contexts,
);
