import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { CheckReport } from "../../checks/report";
import type { MeshStatus } from "../../checks/status";
import { localStateName, terraformStackName } from "../../mesh/azure-names";
import { parseMesh } from "../../mesh/load";
import type { MeshEndpoints } from "../../ops/status/endpoints";
import { fixtureText } from "../fixtures";
import { azureEnv, describeOnAzure } from "./azure";
import { bare, must } from "./lab";
import { both, minutes, primary, remote, Tool } from "./tool";

// up, use and destroy with the default mesh.yaml, on AKS clusters that Terraform creates.

const yaml = fixtureText("default");
const { clusters, azure } = parseMesh(yaml, "mesh.yaml");
describeOnAzure("from mesh.yaml to a mesh on AKS and back", () => {
  const env = azureEnv(clusters);
  let tool: Tool;
  const mesh = async (...args: string[]) => {
    const ended = await tool.start(args, { env, seconds: 570 }).ended;
    if (ended.code !== 0)
      throw new Error(`mesh ${args.join(" ")} ended with ${ended.code}\n${ended.out}${ended.err}`);
    return ended;
  };
  const read = async <T>(...args: string[]): Promise<T> =>
    JSON.parse((await mesh(...args, "-o", "json")).out);
  const state = () =>
    JSON.parse(readFileSync(join(tool.folder, localStateName(terraformStackName(azure!))), "utf8"));
  const istioSystem = (context: string, args: string) =>
    must(`kubectl --context ${context} -n istio-system ${args}`);
  /** The objects of the clusters, except those that controllers keep changing. */
  const versions = () =>
    both.map((context) =>
      must(
        `kubectl --context ${context} get ns,deploy,svc,cm,secret,hpa,pdb,mutatingwebhookconfiguration,gateways.networking.istio.io,virtualservices,destinationrules -A ` +
          `-o jsonpath='{range .items[*]}{.kind}/{.metadata.namespace}/{.metadata.name} {.metadata.generation}{"\\n"}{end}'`,
      ),
    );
  /** Problems, except the request count: the lab's Envoy does not count requests. */
  const notPassed = ({ results }: CheckReport) =>
    results
      .filter(({ id, status }) => status !== "pass" && id !== "addons.metrics")
      .map(({ id, cluster, evidence }) => `${id} ${cluster}: ${evidence.join(" / ")}`);

  beforeAll(() => {
    bare(both);
    tool = new Tool(yaml);
  }, 5 * minutes);
  afterAll(() => tool.remove());

  test(
    "up creates clusters and a mesh with two istiods and two pods of each gateway, and verifies it",
    async () => {
      await mesh("ca");
      const { out, err } = await mesh("up", "--yes");
      expect(err).toMatch(/terraform init +done .*\n(.*\n)*.*terraform apply +done /);
      expect(out).toMatch(/no check failed: \d+ passed/);
      expect(statSync(join(tool.folder, ".mesh/kubeconfig")).mode & 0o777).toBe(0o600);
      const ready = (context: string) =>
        istioSystem(
          context,
          "get deploy -l 'app in (istiod, istio-eastwestgateway, istio-ingressgateway)' " +
            "-o jsonpath='{range .items[*]}{.metadata.name}={.status.readyReplicas} {end}'",
        ).trim();
      expect(ready(primary)).toBe("istio-eastwestgateway=2 istio-ingressgateway=2 istiod=2");
      expect(ready(remote)).toBe("istio-eastwestgateway=2");
    },
    10 * minutes,
  );

  test(
    "up changes nothing the second time",
    async () => {
      const before = { clusters: versions(), state: state() };
      const { err } = await mesh("up", "--yes");
      expect(err).not.toMatch(/ changed /);
      expect({ clusters: versions(), state: state() }).toEqual(before);
    },
    10 * minutes,
  );

  test("every istiod reads every cluster, and the proxies of both are known", async () => {
    const status = await read<MeshStatus>("status");
    expect([...status.problems, ...status.differences]).toEqual([]);
    const [main0, remote0] = status.clusters;
    expect(main0).toMatchObject({ istiod: { ready: 2, wanted: 2 }, synced: "synced" });
    expect(remote0).toMatchObject({ synced: "synced" });
    // Two pods of each gateway; the sample's client and helloworld, one each.
    expect(main0!.proxies).toEqual({ connected: 6, inSync: 6 });
    expect(remote0!.proxies).toEqual({ connected: 4, inSync: 4 });
  }, 60_000);

  test(
    "right after a rollout restart of istiod the mesh is healthy: pods that are Terminating are ignored",
    async () => {
      istioSystem(primary, "rollout restart deployment/istiod");
      istioSystem(primary, "rollout status deployment/istiod --timeout=120s");
      const [status, report] = await Promise.all([read<MeshStatus>("status"), read<CheckReport>("verify")]);
      expect([...status.problems, ...status.differences]).toEqual([]);
      expect(notPassed(report)).toEqual([]);
    },
    5 * minutes,
  );

  test(
    "endpoints, traffic, report and split see the same mesh",
    async () => {
      const { views } = await read<MeshEndpoints>("endpoints");
      expect(views.length).toBe(2);
      const { clients } = await read<{ clients: { failed: number; versions: object }[] }>(
        "traffic",
        "--duration",
        "10s",
      );
      for (const { failed, versions } of clients) {
        expect(failed).toBe(0);
        expect(Object.keys(versions).sort()).toEqual(["v1", "v2"]);
      }
      await mesh("report");
      expect(readFileSync(join(tool.folder, "mesh-report.html"), "utf8")).toContain("The mesh works");
      await mesh("split", "v1=90", "v2=10");
      expect(readFileSync(join(tool.folder, "mesh.yaml"), "utf8")).toContain("v1: 90, v2: 10");
      expect(notPassed(await read<CheckReport>("verify", "--scale"))).toEqual([]);
    },
    10 * minutes,
  );

  test(
    "destroy --infra leaves nothing in the clusters and in Terraform's state, and no credentials",
    async () => {
      await mesh("destroy", "--infra", "--yes");
      expect(state().resources).toEqual([]);
      expect(existsSync(join(tool.folder, ".mesh/kubeconfig"))).toBe(false);
      for (const context of both)
        expect(must(`kubectl --context ${context} get ns -o name`)).not.toMatch(/istio-system|sample/);
    },
    10 * minutes,
  );
});
