import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseMesh } from "../../../mesh/load";
import { destroy } from "../../../ops/destroy/destroy";
import { ProgramFailed } from "../../../ops/exec/errors";
import type { Output, Programs } from "../../../ops/exec/programs";
import { silentReporter } from "../../../ops/run/progress";

// Whose a cluster is decides whether anything is removed from it. What is removed, and in which order, is tested on
// real clusters.

const mesh = parseMesh(
  "clusters:\n  - {name: main0, role: primary, network: n1, context: one}\n  - {name: remote0, network: n2, context: two}\n",
  "mesh.yaml",
);

let workFolder: string;
beforeEach(() => {
  workFolder = mkdtempSync(join(tmpdir(), "mesh-destroy-"));
});
afterEach(() => rmSync(workFolder, { recursive: true, force: true }));

const of = (name: string, network: string) => ({
  kind: "Namespace",
  metadata: {
    name: "istio-system",
    labels: {
      "app.kubernetes.io/managed-by": "mesh",
      "app.kubernetes.io/part-of": name,
      "topology.istio.io/network": network,
    },
  },
});

/**
 * @param whose istio-system by context, asked for the n-th time; undefined: the cluster does not answer
 * @param what else the clusters have, by the command that asks for it
 */
async function run(
  whose: (context: string, times: number) => object | undefined,
  what: (line: string) => object | undefined = () => undefined,
) {
  const asked: Record<string, number> = {};
  const lines: string[] = [];
  const deletions: string[] = [];
  const programs: Programs = {
    async run(program, args, { input = "" } = {}): Promise<Output> {
      const line = [program, ...args].join(" ");
      lines.push(line);
      const answer = (stdout: string) => ({ code: 0, stdout, stderr: "" });
      const found = what(line);
      if (found) return answer(JSON.stringify(found));
      const context = args[args.indexOf("--context") + 1]!;
      if (line.includes(" lease") || args.includes("create")) return answer(input);
      if (args.includes("delete") || args.includes("uninstall")) deletions.push(line);
      if (!line.includes("get namespace istio-system")) return answer("");
      asked[context] = (asked[context] ?? 0) + 1;
      const namespace = whose(context, asked[context]);
      if (!namespace) throw new ProgramFailed(line, 1, "net/http: TLS handshake timeout");
      return answer(JSON.stringify(namespace));
    },
  };
  const { signal } = new AbortController();
  const ended = destroy(
    { programs, reporter: silentReporter, now: () => new Date(), signal, workFolder },
    mesh,
  );
  const result = await ended.catch((error: Error) => error);
  return {
    asked: lines,
    refused: result instanceof Error ? result.message : undefined,
    failed: result instanceof Error ? [] : result.results.filter(({ outcome }) => outcome === "failed"),
    deletionsOn: (context: string) => deletions.filter((line) => line.includes(`--context ${context} `)),
  };
}

test("objects of parts that mesh.yaml does not have stay: a cluster may have an istio-cni of others", async () => {
  await run((context) => of("mesh1", context === "one" ? "n1" : "n2"));
  for (const { name } of mesh.clusters) {
    const operator = readFileSync(join(workFolder, "istio", name, "remove-0.yaml"), "utf8");
    expect(operator).not.toMatch(/cni|networkPolicy/);
  }
});

test("the mesh's own objects are removed", async () => {
  const { failed, deletionsOn } = await run((context) => of("mesh1", context === "one" ? "n1" : "n2"));
  expect(failed).toEqual([]);
  expect(deletionsOn("one").length).toBeGreaterThan(0);
  expect(deletionsOn("two").length).toBeGreaterThan(0);
});

test("if one context leads to a foreign mesh, nothing is removed anywhere", async () => {
  const { refused, deletionsOn } = await run((context) =>
    context === "one" ? of("mesh1", "n1") : of("shop", "x"),
  );
  expect(refused).toMatch(
    /the context two of remote0 leads to a cluster of the mesh shop.*\nnothing was removed$/s,
  );
  expect([...deletionsOn("one"), ...deletionsOn("two")]).toEqual([]);
});

test("a cluster that did not answer at first is checked again before anything is removed from it", async () => {
  const { failed, deletionsOn } = await run((context, times) => {
    if (context === "one") return of("mesh1", "n1");
    return times === 1 ? undefined : of("shop", "x");
  });
  expect(failed.map(({ step }) => step.id).sort()).toEqual(["remote0/load-balancers", "remote0/sample"]);
  expect(failed[0]!.reason).toContain("leads to a cluster of the mesh shop");
  expect(deletionsOn("two")).toEqual([]);
});

test("nothing is removed from a cluster that does not answer, and the others are uninstalled", async () => {
  const { failed, deletionsOn } = await run((context) => (context === "one" ? of("mesh1", "n1") : undefined));
  expect(failed.map(({ step }) => step.id).sort()).toEqual(["remote0/load-balancers", "remote0/sample"]);
  expect(deletionsOn("one").length).toBeGreaterThan(0);
  expect(deletionsOn("two")).toEqual([]);
});

test("objects of mesh.extend.ts are removed by the kinds in the inventory, before Istio", async () => {
  const inventory = {
    kind: "ConfigMap",
    metadata: { name: "mesh-inventory" },
    data: {
      "inventory.json": JSON.stringify({
        mesh: "mesh1",
        clusters: [],
        kinds: ["Namespace", "Widget.example.com"],
      }),
    },
  };
  const { asked, deletionsOn } = await run(
    (context) => of("mesh1", context === "one" ? "n1" : "n2"),
    (line) => {
      if (line.includes("configmap mesh-inventory")) return inventory;
      return line.includes(" get Widget.example.com ")
        ? { kind: "Widget", apiVersion: "example.com/v1", metadata: { name: "w", namespace: "payments" } }
        : undefined;
    },
  );
  expect(asked.filter((line) => line.includes("get Widget.example.com --all-namespaces"))).toHaveLength(2);
  for (const context of ["one", "two"]) {
    const own = deletionsOn(context).findIndex((line) => line.includes("delete -f -"));
    expect(own).toBeGreaterThanOrEqual(0);
    expect(own).toBeLessThan(deletionsOn(context).findIndex((line) => line.includes("remove.json")));
  }
});
