import { parseMesh } from "../../../mesh/load";
import { findOut } from "../../../ops/apply/discovery";
import { inventoryManifest, inventoryOf } from "../../../ops/clusters/inventory";
import type { Refused } from "../../../ops/exec/errors";
import type { Programs } from "../../../ops/exec/programs";
import { silentReporter } from "../../../ops/run/progress";

// mesh.yaml calls a cluster that runs otherwise than its proxies were told when they started.

interface Written {
  readonly main0?: string;
  readonly remote0?: string;
  readonly network1?: string;
  readonly network2?: string;
  readonly two?: string;
}
const meshOf = ({
  main0 = "main0",
  remote0 = "remote0",
  network1 = "network1",
  network2 = "network2",
  two = "two",
}: Written = {}) =>
  parseMesh(
    `clusters:
  - { name: ${main0}, role: primary, network: ${network1}, context: one }
  - { name: ${remote0}, network: ${network2}, context: ${two} }
`,
    "mesh.yaml",
  );

/** @param networks label of istio-system by context */
async function said(written: Written, networks: Record<string, string | undefined> = {}, owner = "mesh1") {
  const labels = { one: "network1", two: "network2", three: "network2", ...networks };
  const asked: string[] = [];
  const programs: Programs = {
    async run(_, args) {
      asked.push(args.join(" "));
      const context = args[args.indexOf("--context") + 1] as keyof typeof labels;
      const answer = (object?: object) => ({
        code: 0,
        stdout: object ? JSON.stringify({ kind: "List", items: [object] }) : "",
        stderr: "",
      });
      if (args.includes("configmap")) return answer(inventoryManifest(inventoryOf(meshOf())));
      if (!args.includes("namespace")) return answer();
      return answer({
        kind: "Namespace",
        metadata: {
          name: "istio-system",
          labels: { "app.kubernetes.io/part-of": owner, "topology.istio.io/network": labels[context] },
        },
      });
    },
  };
  const { signal } = new AbortController();
  const context = { programs, reporter: silentReporter, now: () => new Date(), signal, workFolder: "." };
  const problems = await findOut(context, meshOf(written), "1.31.1").then(
    () => [],
    (error: Refused) => error.problems,
  );
  return { problems: problems.slice(0, -1), way: problems.at(-1), asked };
}

test.each<[string, Written, string[]]>([
  [
    "a remote",
    { remote0: "east" },
    ["the cluster behind the context two: it is remote0 in the running mesh, and east in mesh.yaml"],
  ],
  [
    "the primary",
    { main0: "hub" },
    ["the cluster behind the context one: it is main0 in the running mesh, and hub in mesh.yaml"],
  ],
  [
    "a network",
    { network2: "eu-net" },
    [
      "the cluster behind the context two: its network is network2 in the running mesh, and eu-net in mesh.yaml",
    ],
  ],
  [
    "a remote and its network",
    { remote0: "east", network2: "eu-net" },
    [
      "the cluster behind the context two: it is remote0 in the running mesh, and east in mesh.yaml",
      "the cluster behind the context two: its network is network2 in the running mesh, and eu-net in mesh.yaml",
    ],
  ],
  [
    "a remote whose context has another name as well",
    { remote0: "east", two: "three" },
    ["the cluster behind the context three: it is remote0 in the running mesh, and east in mesh.yaml"],
  ],
])(
  "%s that is renamed is refused before anything is changed, with the way to do it",
  async (_, written, says) => {
    const { problems, way, asked } = await said(written);
    expect(problems).toEqual(says);
    expect(way).toContain(
      "Write the old names into mesh.yaml again, or follow docs/rename.md; nothing was changed",
    );
    for (const line of asked) expect(line).toMatch(/^--context \w+ .*get /);
  },
);

test("unchanged names cost no request", async () => {
  const { problems, asked } = await said({});
  expect(problems).toEqual([]);
  expect(asked.filter((line) => line.includes(" namespace "))).toEqual([]);
});

test.each<[string, Written, Record<string, string | undefined>, string]>([
  ["another context of the same cluster", { two: "three" }, {}, "mesh1"],
  [
    "a cluster that joins",
    { remote0: "east", network2: "eu-net", two: "three" },
    { three: undefined },
    "mesh1",
  ],
  ["a cluster of another mesh, which is refused elsewhere", { remote0: "east" }, {}, "shop"],
  ["swapped contexts, which are refused elsewhere", { two: "three" }, { three: "network1" }, "mesh1"],
])("%s is no renaming", async (_, written, networks, owner) => {
  expect((await said(written, networks, owner)).problems).toEqual([]);
});
