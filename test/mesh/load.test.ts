import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { parseMesh, readMesh } from "../../mesh/load";
import { InputError } from "../../mesh/problem";

const root = join(__dirname, "../..");

const twoClusters = `azure:
  location: centralus
  resourceGroup: rg-demo
clusters:
  - name: main0
    role: primary
    network: network1
    aks: aks-main
  - name: remote0
    network: network2
    aks: aks-remote
`;

/** The messages of everything wrong with the text, each as `LINE:COLUMN: ...`. */
function problemsOf(text: string): string[] {
  try {
    parseMesh(text, "mesh.yaml");
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return error.message.split(/\n(?=mesh\.yaml)/).map((line) => line.replace(/^mesh\.yaml:? ?/, ""));
  }
  return [];
}

/** The two clusters with one text in place of another, which must be there. */
function edited(from: string | RegExp, to: string): string {
  const text = twoClusters.replace(from, () => to);
  if (text === twoClusters) throw new Error(`${from} is not in the text`);
  return text;
}

const bad: Record<string, { text: string; says: RegExp }> = {
  // The file as a whole.
  "an empty file": { text: "", says: /^1:1: the file is empty; allowed is a mapping/ },
  "a file with comments only": { text: "# nothing\n", says: /the file is empty/ },
  "a list at the top": {
    text: "- a\n",
    says: /^1:1: a list of 1 is given; allowed is a mapping with the keys name, istio/,
  },
  "a text at the top": { text: "hello\n", says: /^1:1: "hello" is given; allowed is a mapping/ },
  "two documents": { text: `${twoClusters}---\na: 1\n`, says: /2 YAML documents; allowed is one/ },
  "broken YAML": { text: "clusters: [\n", says: /^2:1: not YAML: .*\n {2}fix: / },
  "a tab for indentation": { text: "azure:\n\tlocation: x\n", says: /^2:1: not YAML: / },
  "an unknown tag": { text: "name: !!js/function 'x'\n", says: /not YAML: .*tag/ },
  "a bomb of aliases": {
    text: `a: &a [x]\nb: &b [${"*a,".repeat(200)}]\n`,
    says: /not YAML: aliases exceeded/,
  },
  "a very deep file": {
    text: `a: ${"[".repeat(200)}${"]".repeat(200)}\n`,
    says: /not YAML: .*(depth|nest)/i,
  },
  "a file of two megabytes": {
    text: `# ${"x".repeat(2_000_000)}\n`,
    says: /2000003 characters; allowed are 1000000/,
  },
  "a key of the language's own": {
    text: edited("azure:", "__proto__: {polluted: true}\nazure:"),
    says: /__proto__: there is no such key/,
  },

  // Keys.
  "a mistyped key": {
    text: edited("azure:", "istoi: {}\nazure:"),
    says: /^1:1: istoi: there is no such key; allowed are name, istio.*\n {2}fix: did you mean "istio"\?/,
  },
  "a mistyped key of a cluster": {
    text: edited("network: network1", "netwrok: network1"),
    says: /^7:5: clusters\[0\]\.netwrok: there is no such key.*\n {2}fix: did you mean "network"\?/,
  },
  "a key that is like no other": {
    text: edited("azure:", "zzzzzz: 1\nazure:"),
    says: /zzzzzz: there is no such key.*\n {2}fix: rename or remove it/,
  },
  "a key given twice": {
    text: edited("    aks: aks-main", "    aks: aks-main\n    aks: aks-again"),
    says: /^9:5: clusters\[0\]\.aks: is given twice; allowed is once/,
  },
  "a section given twice": {
    text: `${twoClusters}azure: {location: a, resourceGroup: b}\n`,
    says: /^12:1: azure: is given twice/,
  },
  "a section left empty": {
    text: edited("azure:\n  location: centralus\n  resourceGroup: rg-demo", "azure:"),
    says: /azure: nothing is given; allowed is a mapping.*\n {2}fix: give it a value/,
  },

  // name and istio.
  "a mesh name with capitals": {
    text: `name: Shop\n${twoClusters}`,
    says: /^1:7: name: "Shop" is given; allowed is a DNS-1123 label/,
  },
  "a mesh name that is a number": { text: `name: 7\n${twoClusters}`, says: /name: 7 is given/ },
  "an unknown Istio line": {
    text: `istio: { line: "1.29" }\n${twoClusters}`,
    says: /istio\.line: "1\.29" is given; allowed is one of 1\.31, 1\.30, 1\.7/,
  },
  "an Istio version of another line": {
    text: `istio: { version: 1.30.3 }\n${twoClusters}`,
    says: /istio\.version: "1\.30\.3" is not of line 1\.31; allowed is 1\.31\.x.*\n {2}fix: name its line as well/,
  },
  "an Istio version without a patch": {
    text: `istio: { version: "1.31" }\n${twoClusters}`,
    says: /istio\.version: "1\.31" is given; allowed is an Istio patch version, for example 1\.31\.1/,
  },
  "a hub with a tag and a shell in it": {
    text: `istio: { hub: "a/b; rm -rf ~" }\n${twoClusters}`,
    says: /istio\.hub: "a\/b; rm -rf ~" is given; allowed is a registry and path/,
  },
  "pull secrets that are not a list": {
    text: `istio: { pullSecrets: acr }\n${twoClusters}`,
    says: /istio\.pullSecrets: "acr" is given; allowed is a list of Secret names/,
  },
  "a pull secret with capitals": {
    text: `istio: { pullSecrets: [ACR] }\n${twoClusters}`,
    says: /istio\.pullSecrets\[0\]: "ACR" is given/,
  },
  "a pull secret given twice": {
    text: `istio: { pullSecrets: [acr, acr] }\n${twoClusters}`,
    says: /pullSecrets\[1\]: "acr" is in the list already/,
  },

  // azure.
  "no azure section for AKS clusters": {
    text: edited(/azure:\n.*\n.*\n/, ""),
    says: /clusters: main0 is to be made on AKS, and there is no azure section/,
  },
  "an azure section that nothing needs": {
    text: "azure: {location: centralus, resourceGroup: rg}\nclusters:\n  - {name: a, role: primary, network: n, context: c}\n",
    says: /azure: is given, but every cluster exists already/,
  },
  "a location with spaces": {
    text: edited("centralus", "Central US"),
    says: /^2:13: azure\.location: "Central US" is given; allowed is an Azure region's short name/,
  },
  "no location": {
    text: edited("  location: centralus\n", ""),
    says: /azure\.location: is missing; allowed is .*\n {2}fix: add location/,
  },
  "a resource group that ends in a dot": {
    text: edited("rg-demo", "rg-demo."),
    says: /azure\.resourceGroup: "rg-demo\." is given; allowed is .*not ending in '\.'/,
  },
  "a resource group of 91 characters": {
    text: edited("rg-demo", "r".repeat(91)),
    says: /azure\.resourceGroup: "r+\.\.\. is given; .*at most 90/,
  },
  "a subscription by name": {
    text: edited("  location", "  subscription: Pay-As-You-Go\n  location"),
    says: /azure\.subscription: "Pay-As-You-Go" is given; allowed is a subscription ID/,
  },
  "a Kubernetes version that Istio no longer supports": {
    text: edited("  location", "  kubernetesVersion: 1.28.3\n  location"),
    says: /azure\.kubernetesVersion: "1\.28\.3" is given; Istio 1\.31 supports 1\.32 to 1\.36/,
  },
  "a Kubernetes version that Istio does not know yet": {
    text: edited("aks: aks-remote", "aks: aks-remote\n    kubernetesVersion: 1.40"),
    says: /^12:24: clusters\[1\]\.kubernetesVersion: "1\.40" is given; Istio 1\.31 supports/,
  },
  "a Kubernetes version that is none": {
    text: edited("  location", "  kubernetesVersion: latest\n  location"),
    says: /azure\.kubernetesVersion: "latest" is given; allowed is a Kubernetes version/,
  },
  "more nodes than the autoscaler may make": {
    text: edited("  location", "  nodePool: { nodes: 5 }\n  location"),
    says: /azure\.nodePool: nodes 5, minNodes 1, maxNodes 3 \(defaults included\): nodes must lie between/,
  },
  "a range the wrong way round": {
    text: edited("  location", "  nodePool: { minNodes: 4 }\n  location"),
    says: /nodePool: .*minNodes is above maxNodes/,
  },
  "no nodes": {
    text: edited("  location", "  nodePool: { minNodes: 0 }\n  location"),
    says: /azure\.nodePool\.minNodes: 0 is given; allowed is a whole number from 1 to 1000/,
  },
  "half a node": {
    text: edited("  location", "  nodePool: { nodes: 2.5 }\n  location"),
    says: /azure\.nodePool\.nodes: "2\.5" is given; allowed is a whole number/,
  },
  "a VM size that is none": {
    text: edited("  location", "  nodePool: { vmSize: big }\n  location"),
    says: /azure\.nodePool\.vmSize: "big" is given; allowed is an Azure VM size/,
  },
  "a tag name with a slash": {
    text: edited("  location", "  tags: { a/b: c }\n  location"),
    says: /azure\.tags\.?\["a\/b"\]: the name is not allowed; allowed is text of at most 512 characters without/,
  },
  "a tag that is a number": {
    text: edited("  location", "  tags: { cost: 12 }\n  location"),
    says: /azure\.tags\.cost: 12 is given; allowed is text of at most 256/,
  },
  "too many tags": {
    text: edited(
      "  location",
      `  tags: { ${Array.from({ length: 49 }, (_, i) => `t${i}: x`).join(", ")} }\n  location`,
    ),
    says: /azure\.tags: 49 tags are given; allowed are 48/,
  },
  "two backends": {
    text: edited("  location", "  backend: { azurerm: {}, s3: {} }\n  location"),
    says: /azure\.backend: 2 backends are given; allowed is exactly one/,
  },
  "a backend's name alone": {
    text: edited("  location", "  backend: azurerm\n  location"),
    says: /azure\.backend: "azurerm" is given; allowed is a mapping with one key/,
  },
  "a credential in the backend": {
    text: edited("  location", "  backend: { azurerm: { access_key: c2VjcmV0LWtleQ== } }\n  location"),
    says: /azure\.backend\.azurerm\.access_key: is a credential/,
  },
  "a name that AKS makes too long a name of": {
    text: edited("rg-demo", "r".repeat(70)),
    says: /AKS would call the nodes' resource group .*: \d+ characters; allowed are 80/,
  },

  // clusters.
  "no clusters": { text: "name: shop\n", says: /clusters: is missing; allowed is a list of clusters/ },
  "an empty list of clusters": {
    text: "clusters: []\n",
    says: /clusters: a list of 0 is given; allowed is a list of at least one cluster/,
  },
  "clusters as a mapping": {
    text: "clusters: { main0: {} }\n",
    says: /clusters: a mapping is given; allowed is a list of clusters/,
  },
  "a cluster that is a text": {
    text: "clusters: [main0]\n",
    says: /clusters\[0\]: "main0" is given; allowed is a mapping with the keys name, role/,
  },
  "no primary": {
    text: edited("    role: primary\n", ""),
    says: /clusters: no cluster has the role primary/,
  },
  "two primaries": {
    text: edited("    network: network2", "    role: primary\n    network: network2"),
    says: /^10:11: clusters\[1\]\.role: main0 is the primary already/,
  },
  "a mistyped role": {
    text: edited("primary", "primry"),
    says: /role: "primry" is given; allowed is one of primary, remote\n {2}fix: did you mean "primary"\?/,
  },
  "a name used twice": {
    text: edited("name: remote0", "name: main0"),
    says: /^9:11: clusters\[1\]\.name: "main0" is the name of clusters\[0\] already/,
  },
  "a name that leaves the folder": {
    text: edited("name: remote0", "name: ../../etc"),
    says: /clusters\[1\]\.name: "\.\.\/\.\.\/etc" is given; allowed is a DNS-1123 label/,
  },
  "a name of 64 characters": {
    text: edited("name: remote0", `name: ${"a".repeat(64)}`),
    says: /clusters\[1\]\.name: .* at most 63/,
  },
  "a name with a terminal's escape in it": {
    text: edited("name: remote0", 'name: "a\\u001b[31m\\u202e"'),
    says: /name: "a\\u001b\[31m\\u202e" is given/,
  },
  "a name that is a number": { text: edited("name: remote0", "name: 0"), says: /name: 0 is given/ },
  "no name": { text: edited("name: remote0\n    ", ""), says: /clusters\[1\]\.name: is missing/ },
  "no network": {
    text: edited("    network: network2\n", ""),
    says: /clusters\[1\]\.network: is missing; .*\n {2}fix: add network/,
  },
  "a network used twice": {
    text: edited("network2", "network1"),
    says: /clusters\[1\]\.network: "network1" is the network of main0 already; several clusters on one network are not supported yet/,
  },
  "neither aks nor context": {
    text: edited("    aks: aks-remote\n", ""),
    says: /clusters\[1\]: remote0 has neither aks nor context/,
  },
  "both aks and context": {
    text: edited("    aks: aks-remote\n", "    aks: aks-remote\n    context: c\n"),
    says: /clusters\[1\]\.context: remote0 has both aks and context/,
  },
  "an AKS name used twice, in other letters": {
    text: edited("aks-remote", "AKS-main"),
    says: /clusters\[1\]\.aks: "AKS-main" is the AKS name of main0 already/,
  },
  "an AKS name that ends in a dash": {
    text: edited("aks-remote", "aks-"),
    says: /clusters\[1\]\.aks: "aks-" is given/,
  },
  "a context used twice": {
    text: "clusters:\n  - {name: a, role: primary, network: n, context: c}\n  - {name: b, network: m, context: c}\n",
    says: /clusters\[1\]\.context: "c" is the context of a already/,
  },
  "a context that an AKS name will have": {
    text: edited("aks: aks-remote", "context: aks-main"),
    says: /clusters\[1\]\.context: "aks-main" is the context that main0 gets/,
  },
  "a context that is an option": {
    text: edited("aks: aks-remote", "context: --kubeconfig=/etc/x"),
    says: /context: "--kubeconfig=\/etc\/x" is given/,
  },
  "a context that is a command": {
    text: edited("aks: aks-remote", "context: $(reboot)"),
    says: /context: "\$\(reboot\)" is given/,
  },
  "a Kubernetes version for a cluster that exists": {
    text: edited("aks: aks-remote", "context: c\n    kubernetesVersion: 1.35"),
    says: /clusters\[1\]\.kubernetesVersion: remote0 exists already/,
  },

  // ca and gateways.
  "sample certificates accepted where none can be": {
    text: `ca: { acceptSampleCertificates: true }\n${twoClusters}`,
    says: /ca\.acceptSampleCertificates: true is given without ca\.files/,
  },
  "a yes that is no boolean": {
    text: `ca: { files: own, acceptSampleCertificates: yes }\n${twoClusters}`,
    says: /acceptSampleCertificates: "yes" is given; allowed is true or false/,
  },
  "a CA folder that is an option": {
    text: `ca: { files: -rf }\n${twoClusters}`,
    says: /ca\.files: "-rf" is given; allowed is a folder/,
  },
  "an address of no kind": {
    text: `gateways: { address: dynamic }\n${twoClusters}`,
    says: /gateways\.address: "dynamic" is given; allowed is one of discovered, static/,
  },
  "a static address where Terraform makes none": {
    text: "gateways: {address: static}\nclusters:\n  - {name: a, role: primary, network: n, context: c}\n",
    says: /gateways\.address: static is given, but Terraform does not make the primary \(a\)/,
  },
  "a static address that is internal": {
    text: `gateways: { address: static, internal: true }\n${twoClusters}`,
    says: /gateways\.internal: true is given together with address: static/,
  },
  "a source range without a length": {
    text: `gateways: { allowedSourceRanges: [203.0.113.7] }\n${twoClusters}`,
    says: /allowedSourceRanges\[0\]: "203\.0\.113\.7" is given; allowed is an IPv4 range/,
  },
  "a source range beyond IPv4": {
    text: `gateways: { allowedSourceRanges: [300.0.113.0/24, 10.0.0.0/33, "::/0"] }\n${twoClusters}`,
    says: /allowedSourceRanges\[0\]: "300\.0\.113\.0\/24"/,
  },
  "no ingress gateway on 1.7": {
    text: edited("azure:", 'istio: { line: "1.7" }\ngateways: { ingress: false }\nazure:'),
    says: /gateways\.ingress: false is given; Istio 1\.7 sends the traffic between clusters through the ingress gateway/,
  },

  // sample and addons.
  "weights that sum to 110": {
    text: `${twoClusters}sample: { weights: { v1: 60, v2: 50 } }\n`,
    says: /^12:20: sample\.weights: the weights sum to 110 \(60 \+ 50\); allowed is 100/,
  },
  "weights that are all zero": {
    text: `${twoClusters}sample: { weights: { v1: 0, v2: 0 } }\n`,
    says: /the weights sum to 0 .*\n {2}fix: remove weights/,
  },
  "a negative weight": {
    text: `${twoClusters}sample: { weights: { v1: -1, v2: 101 } }\n`,
    says: /sample\.weights\.v1: -1 is given; allowed is a whole number from 0 to 100/,
  },
  "a weight in percent signs": {
    text: `${twoClusters}sample: { weights: { v1: 50%, v2: 50% } }\n`,
    says: /sample\.weights\.v1: "50%" is given/,
  },
  "a weight for a version that runs nowhere": {
    text: `${twoClusters}sample: { weights: { v1: 50, v3: 50 } }\n`,
    says: /sample\.weights\.v3: version "v3" runs nowhere; allowed are v1, v2/,
  },
  "a version without an image": {
    text: `${twoClusters}sample: { versions: { v1: [main0], v9: [remote0] } }\n`,
    says: /sample\.versions\.v9: there is no image of helloworld "v9"; allowed are v1, v2/,
  },
  "a version on an unknown cluster": {
    text: `${twoClusters}sample: { versions: { v1: [mian0] } }\n`,
    says: /sample\.versions\.v1\[0\]: there is no cluster "mian0".*\n {2}fix: did you mean "main0"\?/,
  },
  "a version on one cluster twice": {
    text: `${twoClusters}sample: { versions: { v1: [main0, main0] } }\n`,
    says: /versions\.v1\[1\]: "main0" is in the list already/,
  },
  "a version that runs on no cluster": {
    text: `${twoClusters}sample: { versions: { v1: [] } }\n`,
    says: /sample\.versions\.v1: a list of 0 is given; allowed is a list of at least one/,
  },
  "Istio's namespace for the sample": {
    text: `${twoClusters}sample: { namespace: istio-system }\n`,
    says: /sample\.namespace: "istio-system" is not for the sample/,
  },
  "Kiali without Prometheus": {
    text: `${twoClusters}addons: { prometheus: false, kiali: true }\n`,
    says: /addons\.kiali: true is given with prometheus: false/,
  },
  "an addon that is not there": {
    text: `${twoClusters}addons: { grafana: true }\n`,
    says: /addons\.grafana: there is no such key; allowed are prometheus, kiali/,
  },
};

describe("parseMesh", () => {
  test.each(Object.entries(bad))("refuses %s", (_, { text, says }) => {
    expect(problemsOf(text)).toContainEqual(expect.stringMatching(says));
  });

  test("reports every problem at once, in the order of the file", () => {
    const text = edited("network2", "network1")
      .replace("  location", "  subscription: mine\n  location")
      .replace("azure:", "nmae: x\nazure:");
    expect(problemsOf(text).map((problem) => problem.split(":")[0])).toEqual(["1", "3", "12"]);
  });

  test("never quotes the value of a credential", () => {
    const text = edited("  location", "  backend: { azurerm: { access_key: c2VjcmV0LWtleQ== } }\n  location");
    expect(problemsOf(text).join()).not.toContain("c2VjcmV0");
  });

  test("reads an unquoted 1.30 as the version, not as the number 1.3", () => {
    expect(parseMesh(`istio: { line: 1.30 }\n${twoClusters}`, "m").istio.version).toBe("1.30.3");
  });

  test("fills in what is left out", () => {
    const mesh = parseMesh(twoClusters, "mesh.yaml");
    expect(mesh).toMatchObject({
      name: "mesh1",
      istio: { version: "1.31.1", hub: "registry.istio.io/release" },
      primary: { name: "main0", context: "aks-main" },
      remotes: [
        {
          name: "remote0",
          aks: { kubernetesVersion: "1.35", nodePool: { nodes: 3, minNodes: 1, maxNodes: 3 } },
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

  test("takes a cluster's own node pool over the common one, setting by setting", () => {
    const text = edited(
      "  location",
      "  nodePool: { vmSize: Standard_D4s_v5, maxNodes: 9 }\n  location",
    ).replace("aks: aks-remote", "aks: aks-remote\n    nodePool: { maxNodes: 5 }");
    expect(parseMesh(text, "m").remotes[0]?.aks?.nodePool).toEqual({
      vmSize: "Standard_D4s_v5",
      nodes: 3,
      minNodes: 1,
      maxNodes: 5,
    });
  });

  test("switches the sample off", () => {
    expect(
      parseMesh(`${twoClusters}sample: { enabled: false, weights: { v1: 50, v2: 50 } }\n`, "m").sample,
    ).toBeUndefined();
  });

  test("leaves Kiali out where Prometheus is left out", () => {
    expect(parseMesh(`${twoClusters}addons: { prometheus: false }\n`, "m").addons).toEqual({
      prometheus: false,
      kiali: false,
    });
  });

  test("takes a primary anywhere in the list, and a mesh of one", () => {
    const one = "clusters:\n  - {name: a, role: primary, network: n, context: c}\n";
    expect(parseMesh(one, "m").remotes).toEqual([]);
    const last =
      "clusters:\n  - {name: b, network: m, context: d}\n  - {name: a, role: primary, network: n, context: c}\n";
    expect(parseMesh(last, "m").primary.name).toBe("a");
  });

  test("gives a mesh that nobody can change", () => {
    const mesh = parseMesh(twoClusters, "m");
    expect(() => Object.assign(mesh.clusters[0]!, { name: "other" })).toThrow(TypeError);
    expect(() => Object.assign(mesh.sample!.versions[0]!, { name: "other" })).toThrow(TypeError);
  });

  test("accepts Windows line ends and a byte order mark, with the right places", () => {
    expect(problemsOf(twoClusters.replaceAll("\n", "\r\n"))).toEqual([]);
    expect(problemsOf(edited("network2", "N").replaceAll("\n", "\r\n"))[0]).toMatch(/^10:14: /);
    expect(problemsOf(`\ufeff${twoClusters}`)).toEqual([]);
  });

  test("neither crashes nor stays silent on edits of any kind", () => {
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

  test("neither crashes nor stays silent on values of any kind in any place", () => {
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
  const files = ["mesh.yaml", ...readdirSync(join(root, "examples")).map((name) => `examples/${name}`)];
  test.each(files.filter((name) => /(?<!addresses)\.yaml$/.test(name)))(
    "accepts %s of this project",
    (name) => {
      expect(readMesh(join(root, name)).clusters.length).toBeGreaterThanOrEqual(2);
    },
  );

  test("names the walk-through's resources in the default mesh", () => {
    const { azure, clusters } = readMesh(join(root, "mesh.yaml"));
    expect(azure?.resourceGroup).toBe("rg-istiodemo-centralus");
    expect(clusters.map(({ name, network, aks }) => [name, network, aks?.name])).toEqual([
      ["main0", "network1", "aks-istiodemo-main-centralus"],
      ["remote0", "network2", "aks-istiodemo-remote0-centralus"],
    ]);
  });

  test("says how to begin when there is no file", () => {
    expect(() => readMesh("/nowhere/mesh.yaml")).toThrow(/there is no such file\n {2}fix: `mesh init`/);
  });

  test("says so when the file is a folder", () => {
    expect(() => readMesh(root)).toThrow(/cannot be read: EISDIR/);
  });

  test("keeps what the default file says short", () => {
    expect(readFileSync(join(root, "mesh.yaml"), "utf8").split("\n").length).toBeLessThan(25);
  });
});
