import { scaleChecks, verifyScaling } from "../../../checks/verify/scale";
import { parseMesh } from "../../../mesh/load";
import { ProgramFailed } from "../../../ops/exec/errors";
import type { Programs } from "../../../ops/exec/programs";
import { silentReporter } from "../../../ops/run/progress";

// What cannot be seen on a healthy mesh (test/e2e/verify.test.ts): clusters that refuse, late or at once.

const mesh = parseMesh(
  `clusters:
  - { name: main0, role: primary, network: n1, context: one }
  - { name: remote0, network: n2, context: two }
sample: { versions: { v1: [main0], v2: [main0] } }
`,
  "mesh.yaml",
);

interface Clusters {
  /** Mesh that the labels of istio-system name. */
  readonly owner?: string;
  /** Subresource that may not be touched. */
  readonly refused?: string;
  /** Answers to a scaling: by default it is done. */
  readonly scale?: (name: string, replicas: number) => Promise<void>;
}

const forbidden = (what: string) => new ProgramFailed(what, 1, "Error from server (Forbidden): no");

/** kubectl, as far as scaling asks it; what is scaled, in the order in which it was done. */
function clustersThat({ owner = "mesh1", refused, scale = async () => {} }: Clusters) {
  const scaled: string[] = [];
  const answer = (object: object) => ({ code: 0, stdout: JSON.stringify(object), stderr: "" });
  const programs: Programs = {
    run: async (_, args, options = {}) => {
      const words = args.join(" ");
      if (words.includes("get --raw /version")) return answer({ gitVersion: "v1.34.0" });
      if (words.includes("get namespace istio-system")) {
        const labels = { "app.kubernetes.io/managed-by": "mesh", "app.kubernetes.io/part-of": owner };
        return answer({ kind: "Namespace", metadata: { name: "istio-system", labels } });
      }
      if (words.includes("create --validate=false")) {
        const reviews: { spec?: { resourceAttributes: { subresource?: string } } }[] = JSON.parse(
          options.input!,
        ).items;
        const stdout = reviews
          .filter(({ spec }) => spec)
          .map(({ spec }) => {
            const allowed = !refused || spec!.resourceAttributes.subresource !== refused;
            return `${JSON.stringify({ kind: "SelfSubjectAccessReview", status: { allowed } }, undefined, 1)}\n`;
          });
        return { code: 0, stdout: stdout.join(""), stderr: "" };
      }
      const replicas = /scale deployment (\S+) --replicas=(\d+)/.exec(words);
      if (replicas) {
        await scale(replicas[1]!, Number(replicas[2]));
        scaled.push(`${replicas[1]} ${replicas[2]}`);
        return answer({});
      }
      if (/get .*deployments/.test(words) && !words.includes("--watch")) {
        const items = ["helloworld-v1", "helloworld-v2"].map((name) => ({
          kind: "Deployment",
          metadata: { name },
          spec: { replicas: 1 },
        }));
        return answer({ kind: "List", items });
      }
      throw forbidden(words);
    },
  };
  const context = {
    programs,
    reporter: silentReporter,
    now: () => new Date(),
    signal: new AbortController().signal,
    workFolder: ".mesh",
  };
  return { scaled, verify: () => verifyScaling(context, { mesh, meshFile: "mesh.yaml" }) };
}

test("a refused scale is a failure in the report, and the Deployments scaled so far are restored", async () => {
  const { scaled, verify } = clustersThat({
    scale: async (name, replicas) => {
      if (name === "helloworld-v1" && replicas === 2) throw forbidden("kubectl scale");
      if (replicas === 2) await new Promise((resolve) => setTimeout(resolve, 50));
    },
  });
  const results = await verify();
  expect(scaled).toEqual(["helloworld-v2 2", "helloworld-v1 1", "helloworld-v2 1"]);
  expect(results.map(({ id, status }) => `${status} ${id}`)).toEqual([
    "pass scale.allowed",
    "fail scale.primary",
    "not judged scale.remotes",
    "fail scale.back",
  ]);
  expect(results[1]!.evidence.join("\n")).toMatch(/kubectl scale ended with 1:\n.*Forbidden/);
});

test("a Deployment that cannot be scaled back is named, with the commands to do it", async () => {
  const { scaled, verify } = clustersThat({
    scale: async (name, replicas) => {
      if (name === "helloworld-v1" && replicas === 1) throw forbidden("kubectl scale");
    },
  });
  const back = (await verify()).at(-1)!;
  expect(scaled).toEqual(["helloworld-v1 2", "helloworld-v2 2", "helloworld-v2 1"]);
  expect(back).toMatchObject({
    id: "scale.back",
    status: "fail",
    evidence: [expect.stringMatching(/^helloworld-v1 of main0 was not scaled back to 1: .*Forbidden/)],
    commands: expect.arrayContaining([
      "kubectl --context one -n sample scale deployment helloworld-v1 --replicas=1",
    ]),
  });
});

test.each<[string, Clusters, RegExp]>([
  ["a cluster of another mesh", { owner: "shop" }, /leads to a cluster of the mesh shop/],
  [
    "a right that is missing",
    { refused: "scale" },
    /you may not:\n {2}patch deployments\/scale.apps in sample/,
  ],
])("%s is refused before anything is scaled", async (_, clusters, says) => {
  const { scaled, verify } = clustersThat(clusters);
  const [first, ...others] = await verify();
  expect(first).toMatchObject({ id: "scale.allowed", status: "fail" });
  expect(first!.evidence.join("\n")).toMatch(says);
  expect(others.map(({ blockedBy }) => blockedBy?.id)).toEqual(
    scaleChecks.slice(1).map(() => "scale.allowed"),
  );
  expect(scaled).toEqual([]);
});
