import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { aksProfiles } from "../../mesh/aks-profiles";
import { defaultIstioLine } from "../../mesh/istio-lines";
import { parseMesh, readMesh } from "../../mesh/load";
import { fixtureFile, fixtureMesh, fixtures, fixtureText } from "../fixtures";
import { edited, problemsOf, refuses, twoClusters } from "./two-clusters";

const root = join(__dirname, "../..");

refuses({
  // The file as a whole.
  "an empty file": { text: "", says: /^1:1: the file is empty: expected a mapping/ },
  "a file with comments only": { text: "# nothing\n", says: /the file is empty/ },
  "a list at the top": {
    text: "- a\n",
    says: /^1:1: invalid value \(a list of 1\): expected a mapping with the keys name, istio/,
  },
  "a text at the top": { text: "hello\n", says: /^1:1: invalid value "hello": expected a mapping/ },
  "two documents": { text: `${twoClusters}---\na: 1\n`, says: /2 YAML documents: expected one/ },
  "broken YAML": { text: "clusters: [\n", says: /^2:1: invalid YAML: .*\n {2}fix: / },
  "a tab for indentation": { text: "azure:\n\tlocation: x\n", says: /^2:1: invalid YAML: / },
  "an unknown tag": { text: "name: !!js/function 'x'\n", says: /invalid YAML: .*tag/ },
  "a bomb of aliases": {
    text: `a: &a [x]\nb: &b [${"*a,".repeat(200)}]\n`,
    says: /invalid YAML: more than 100 aliases/,
  },
  "a very deep file": {
    text: `a: ${"[".repeat(200)}${"]".repeat(200)}\n`,
    says: /invalid YAML: nesting is deeper than 50 levels/,
  },
  "a file of two megabytes": {
    text: `# ${"x".repeat(2_000_000)}\n`,
    says: /2000003 characters: expected at most 200000/,
  },
  "a key of the language's own": {
    text: edited("azure:", "__proto__: {polluted: true}\nazure:"),
    says: /__proto__: unknown field/,
  },

  // Keys.
  "a mistyped key": {
    text: edited("azure:", "istoi: {}\nazure:"),
    says: /^1:1: istoi: unknown field: expected one of name, istio.*\n {2}fix: did you mean "istio"\?/,
  },
  "a mistyped key of a cluster": {
    text: edited("network: network1", "netwrok: network1"),
    says: /^7:5: clusters\[0\]\.netwrok: unknown field.*\n {2}fix: did you mean "network"\?/,
  },
  "a key that is like no other": {
    text: edited("azure:", "zzzzzz: 1\nazure:"),
    says: /zzzzzz: unknown field.*\n {2}fix: rename or remove it/,
  },
  "a key given twice": {
    text: edited("    aks: aks-main", "    aks: aks-main\n    aks: aks-again"),
    says: /^9:5: clusters\[0\]\.aks: duplicate field/,
  },
  "a section given twice": {
    text: `${twoClusters}azure: {location: a, resourceGroup: b}\n`,
    says: /^12:1: azure: duplicate field/,
  },
  "a section left empty": {
    text: edited("azure:\n  location: centralus\n  resourceGroup: rg-demo", "azure:"),
    says: /azure: value is empty: expected a mapping.*\n {2}fix: set a value/,
  },
});

describe("parseMesh", () => {
  test("reports every problem at once, in the order of the file", () => {
    const text = edited("network2", "network1")
      .replace("  location", "  subscription: mine\n  location")
      .replace("azure:", "nmae: x\nazure:");
    expect(problemsOf(text).map((problem) => problem.split(":")[0])).toEqual(["1", "3", "12"]);
  });

  const alone = (text: string) => {
    const said = problemsOf(text);
    expect(said).toHaveLength(1);
    return said[0];
  };

  // The rules go by the whole file: what follows from a refused part alone is no second problem.
  test.each([
    ["the primary's role", "role: primary", "role: primry", 'clusters[0].role: invalid value "primry"'],
    ["the key of the primary's role", "role: primary", "rol: primary", "clusters[0].rol: unknown field"],
    [
      "a role that is no text",
      "role: primary",
      "role: [primary]",
      "clusters[0].role: invalid value (a list of 1)",
    ],
    ["an AKS name", "aks: aks-remote", "aks: aks remote", 'clusters[1].aks: invalid value "aks remote"'],
    ["the key of the AKS name", "aks: aks-remote", "ask: aks-remote", "clusters[1].ask: unknown field"],
    ["the key of the azure section", "azure:", "azur:", "azur: unknown field"],
    ["a network", "network: network2", "network: Network2", 'clusters[1].network: invalid value "Network2"'],
    ["a cluster's name", "name: main0", "name: Main0", 'clusters[0].name: invalid value "Main0"'],
    [
      "a number of nodes",
      "azure:",
      "azure:\n  nodePool: { nodes: many, maxNodes: 2 }",
      'azure.nodePool.nodes: invalid value "many"',
    ],
    [
      "a line with its version, and a Kubernetes that one of the lines supports",
      "azure:",
      "istio: { line: 1.29, version: 1.29.4 }\nazure:\n  kubernetesVersion: 1.18",
      'istio.line: invalid value "1.29"',
    ],
    [
      "a Kubernetes version",
      "azure:",
      "azure:\n  kubernetesVersion: newest",
      'azure.kubernetesVersion: invalid value "newest"',
    ],
  ])("reports one problem for a mistake in %s", (_, right, mistyped, says) => {
    expect(alone(edited(right, mistyped))).toContain(`: ${says}`);
  });

  test("reports other problems beside a refused field", () => {
    const both = edited("role: primary", "role: primry").replace("network2", "network1");
    expect(problemsOf(both).map((problem) => /: (\S+): /.exec(problem)![1])).toEqual([
      "clusters[0].role",
      "clusters[1].network",
    ]);
    const weights = edited(
      "azure:",
      "istio: { line: 1.29 }\nsample: { weights: { v1: 50, v2: 40 } }\nazure:",
    );
    expect(problemsOf(weights).join()).toMatch(/istio\.line: .*sample\.weights: weights sum to 90/s);
  });

  test("shows a hundred problems, and how many more there are", () => {
    const keys = Array.from({ length: 1234 }, (_, index) => `zz${index}: 1\n`).join("");
    const said = problemsOf(keys + twoClusters);
    expect(said).toHaveLength(100);
    expect(said.at(-1)).toMatch(/^100:1: zz99: unknown field.*\n {2}fix: .*\nand 1134 more$/);
  });

  test("never quotes the value of a credential", () => {
    const text = edited("  location", "  backend: { azurerm: { access_key: c2VjcmV0LWtleQ== } }\n  location");
    expect(problemsOf(text).join()).not.toContain("c2VjcmV0");
  });

  test("reads an unquoted 1.30 as the version, not as the number 1.3", () => {
    expect(parseMesh(`istio: { line: 1.30 }\n${twoClusters}`, "m").istio.version).toBe("1.30.5");
  });

  test("fills in defaults", () => {
    const mesh = parseMesh(twoClusters, "mesh.yaml");
    expect(mesh).toMatchObject({
      name: "mesh1",
      istio: { version: defaultIstioLine.version, hub: "docker.io/istio" },
      primary: { name: "main0", context: "aks-main" },
      remotes: [
        {
          name: "remote0",
          aks: { kubernetesVersion: "1.36", nodePool: { nodes: 3, minNodes: 1, maxNodes: 3 } },
        },
      ],
      ca: { from: "generated" },
      gateways: { address: "discovered", internal: false, ingress: true },
      sample: {
        namespace: "sample",
        versions: [
          { name: "v1", clusters: ["main0"] },
          { name: "v2", clusters: ["remote0"] },
        ],
      },
      addons: { prometheus: true, kiali: true },
    });
    expect(mesh.sample?.weights).toBeUndefined();
  });

  test("merges a cluster's node pool with the common one, field by field", () => {
    const text = edited(
      "  location",
      "  nodePool: { vmSize: Standard_D4s_v5, maxNodes: 9 }\n  location",
    ).replace("aks: aks-remote", "aks: aks-remote\n    nodePool: { maxNodes: 5 }");
    expect(parseMesh(text, "m").remotes[0]?.aks?.nodePool).toEqual({
      ...aksProfiles.demo.aks.nodePool,
      vmSize: "Standard_D4s_v5",
      nodes: 3,
      minNodes: 1,
      maxNodes: 5,
    });
  });

  test("disables the sample", () => {
    expect(
      parseMesh(`${twoClusters}sample: { enabled: false, weights: { v1: 50, v2: 50 } }\n`, "m").sample,
    ).toBeUndefined();
  });

  test("disables Kiali if Prometheus is disabled", () => {
    expect(parseMesh(`${twoClusters}addons: { prometheus: false }\n`, "m").addons).toEqual({
      prometheus: false,
      kiali: false,
    });
  });

  test("accepts a primary anywhere in the list, and a single cluster", () => {
    const one = "clusters:\n  - {name: a, role: primary, network: n, context: c}\n";
    expect(parseMesh(one, "m").remotes).toEqual([]);
    const last =
      "clusters:\n  - {name: b, network: m, context: d}\n  - {name: a, role: primary, network: n, context: c}\n";
    expect(parseMesh(last, "m").primary.name).toBe("a");
  });

  test("returns a frozen mesh", () => {
    const mesh = parseMesh(twoClusters, "m");
    expect(() => Object.assign(mesh.clusters[0]!, { name: "other" })).toThrow(TypeError);
    expect(() => Object.assign(mesh.sample!.versions[0]!, { name: "other" })).toThrow(TypeError);
  });

  test("accepts CRLF and a byte order mark, with correct positions", () => {
    expect(problemsOf(twoClusters.replaceAll("\n", "\r\n"))).toEqual([]);
    expect(problemsOf(edited("network2", "N").replaceAll("\n", "\r\n"))[0]).toMatch(/^10:14: /);
    expect(problemsOf(`\ufeff${twoClusters}`)).toEqual([]);
  });

  test("does not crash on any edit, and every problem has a fix", () => {
    const pieces = fc.constantFrom(
      "\n",
      " ",
      ":",
      "- ",
      "[",
      "{",
      "&a",
      "*a",
      "!!",
      "'",
      '"',
      "#",
      "null",
      "0",
      "-1",
      "__proto__: 1",
      "\u0000",
      "💥",
    );
    const edit = fc.record({
      at: fc.nat(twoClusters.length),
      cut: fc.nat(12),
      put: fc.oneof(pieces, fc.string()),
    });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
        const text = edits.reduce(
          (t, { at, cut, put }) => t.slice(0, at) + put + t.slice(at + cut),
          twoClusters,
        );
        for (const problem of problemsOf(text)) expect(problem).toMatch(/\n {2}fix: \S/);
      }),
      { numRuns: 400 },
    );
  });

  test("does not crash on any value in any field, and every problem has a fix", () => {
    const value = fc.oneof(
      fc.anything({ withNullPrototype: false, maxDepth: 2 }).filter((v) => JSON.stringify(v) !== undefined),
      fc.constantFrom("", "a".repeat(1000), -1, 1e9, "../x", "$(x)"),
    );
    const places = [
      ["name"],
      ["istio"],
      ["istio", "line"],
      ["azure", "tags"],
      ["azure", "backend"],
      ["clusters"],
      ["ca"],
      ["gateways"],
      ["sample"],
      ["sample", "versions"],
      ["sample", "weights"],
      ["addons"],
    ];
    fc.assert(
      fc.property(fc.constantFrom(...places), value, (path, given) => {
        const config = {
          azure: { location: "centralus", resourceGroup: "rg" },
          clusters: [{ name: "a", role: "primary", network: "n", aks: "x" }],
        };
        let holder: Record<string, unknown> = config;
        for (const part of path.slice(0, -1)) {
          holder[part] ??= {};
          holder = holder[part] as Record<string, unknown>;
        }
        holder[path.at(-1)!] = given;
        for (const problem of problemsOf(JSON.stringify(config))) expect(problem).toMatch(/\n {2}fix: \S/);
      }),
      { numRuns: 400 },
    );
  });
});

describe("readMesh", () => {
  test("accepts every example", () => {
    const examples = join(root, "examples");
    const files = existsSync(examples) ? readdirSync(examples) : [];
    for (const name of files.filter((file) => /(?<!addresses)\.yaml$/.test(file)))
      expect(readMesh(join(examples, name)).clusters.length).toBeGreaterThanOrEqual(1);
  });

  test.each(fixtures)("accepts %s, and what it says is a mesh", (name) => {
    expect(readMesh(fixtureFile(name))).toEqual(fixtureMesh(name));
  });

  test("names the walk-through's resources in the default mesh", () => {
    const { azure, clusters } = fixtureMesh("default");
    expect(azure?.resourceGroup.name).toBe("rg-istiodemo-centralus");
    expect(clusters.map(({ name, network, aks }) => [name, network, aks?.name])).toEqual([
      ["main0", "network1", "aks-istiodemo-main-centralus"],
      ["remote0", "network2", "aks-istiodemo-remote0-centralus"],
    ]);
  });

  test("suggests mesh init if there is no file", () => {
    expect(() => readMesh("/nowhere/mesh.yaml")).toThrow(
      /file not found\n {2}fix: create it with `mesh init -f \/nowhere\/mesh\.yaml`/,
    );
  });

  test("reports a folder instead of a file", () => {
    expect(() => readMesh(root)).toThrow(
      /: is not a file\n {2}fix: name another file with -f FILE or MESH_FILE$/,
    );
  });

  test("the default file is short", () => {
    expect(fixtureText("default").split("\n").length).toBeLessThan(25);
  });
});
