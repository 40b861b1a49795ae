import { parseMesh } from "../../../mesh/load";
import type { Programs } from "../../../ops/exec/programs";
import { samplePods } from "../../../ops/traffic/sample-pods";
import { clientsYaml } from "./fake-clients";

const mesh = parseMesh(clientsYaml, "mesh.yaml");

/** @param pods names by context; a context that is missing does not answer */
function clusters(pods: Record<string, string[]>) {
  let asked = 0;
  const programs: Programs = {
    async run(_, args) {
      asked++;
      const names = pods[args[args.indexOf("--context") + 1]!];
      if (!names) throw new Error("connection refused");
      const items = names.map((name) => ({ kind: "Pod", metadata: { name } }));
      return { code: 0, stdout: JSON.stringify({ kind: "List", items }), stderr: "" };
    },
  };
  const found = samplePods(programs, mesh, mesh.sample!, new AbortController().signal);
  return { ...found, looks: () => asked / mesh.clusters.length };
}

test("a pod belongs to the cluster that has it, also after its deletion", async () => {
  const pods = { one: ["a"], two: ["b"] };
  const { look, clusterOf } = clusters(pods);
  await look();
  pods.two = [];
  await look();
  expect([clusterOf("a"), clusterOf("b")]).toEqual(["main0", "remote0"]);
});

test("a cluster that does not answer does not hide others", async () => {
  const { look, clusterOf } = clusters({ two: ["b"] });
  await look();
  expect(clusterOf("b")).toBe("remote0");
});

test("an unknown pod is looked up three times, with pauses", async () => {
  jest.useFakeTimers();
  const { clusterOf, looks } = clusters({ one: [], two: [] });
  const ask = async (seconds: number) => {
    for (let second = 0; second < seconds; second++) {
      for (let request = 0; request < 100; request++) clusterOf("stranger");
      await jest.advanceTimersByTimeAsync(1000);
    }
  };
  await ask(2);
  expect(looks()).toBe(1);
  await ask(60);
  expect(looks()).toBe(3);
  jest.useRealTimers();
});

test("a lookup finds all new pods", async () => {
  const pods: Record<string, string[]> = { one: [], two: [] };
  const { look, clusterOf } = clusters(pods);
  await look();
  pods.two = ["new"];
  expect(clusterOf("new")).toBeUndefined();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(clusterOf("new")).toBe("remote0");
});
