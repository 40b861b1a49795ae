import { parseMesh } from "../../../mesh/load";
import type { Programs } from "../../../ops/exec/programs";
import { silentReporter } from "../../../ops/run/progress";
import { applyRouting } from "../../../ops/split/routing";

const mesh = parseMesh(
  "clusters:\n  - {name: main0, role: primary, network: n1, context: one}\n  - {name: remote0, network: n2, context: two}\nsample: {weights: {v1: 90, v2: 10}}\n",
  "mesh.yaml",
);

async function split(owner: string) {
  const applied: string[] = [];
  const labels = { "app.kubernetes.io/managed-by": "mesh", "app.kubernetes.io/part-of": owner };
  const namespace = JSON.stringify({ kind: "Namespace", metadata: { name: "istio-system", labels } });
  const programs: Programs = {
    async run(_, args, { input = "" } = {}) {
      const answer = (stdout: string) => ({ code: 0, stdout, stderr: "" });
      if (args.includes("apply")) {
        applied.push(args.join(" "));
        return answer("virtualservice.networking.istio.io/helloworld configured\n");
      }
      return answer(args.includes("namespace") ? namespace : input);
    },
  };
  const { signal } = new AbortController();
  const context = { programs, reporter: silentReporter, now: () => new Date(), signal, workFolder: "." };
  const written: number[] = [];
  const ended = applyRouting(context, mesh, "dist", () => written.push(applied.length));
  return { changed: await ended.catch((error: Error) => error.message), applied, written };
}

test("the routing of the primary is applied, and nothing else", async () => {
  const { changed, applied, written } = await split("mesh1");
  expect(written).toEqual([0]);
  expect(changed).toEqual(["virtualservice.networking.istio.io/helloworld"]);
  expect(applied).toEqual([
    expect.stringMatching(/^--context one apply --validate=false -f dist\/main0\/\d{4}-routing\.k8s\.yaml$/),
  ]);
});

test("the split of another mesh is unchanged", async () => {
  const { changed, applied, written } = await split("shop");
  expect(written).toEqual([]);
  expect(changed).toMatch(/leads to a cluster of the mesh shop.*; nothing was changed there$/);
  expect(applied).toEqual([]);
});
