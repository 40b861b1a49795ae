import { meshJsonSchema } from "../../mesh/config";
import { defaultIstioLine } from "../../mesh/istio-lines";
import { parseMesh } from "../../mesh/load";

interface Schema {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}
type Path = readonly string[];

/** What the hints of editors say after "Default:", by the field's place. */
function saidDefaults(schema: Schema, path: Path = []): [path: Path, said: string][] {
  const said = /Default: (.+?)\.( Syntax: |$)/.exec(schema.description ?? "")?.[1];
  return [
    ...(said === undefined ? [] : ([[path, said]] satisfies [Path, string][])),
    ...Object.entries(schema.properties ?? {}).flatMap(([key, inner]) => saidDefaults(inner, [...path, key])),
    // Of the two clusters below, the second may leave everything to the defaults.
    ...(schema.items ? saidDefaults(schema.items, [...path, "1"]) : []),
  ];
}

/** Names of the fields are those of the profile too: what production says is the value in that profile. */
const ofProfiles = /^(.+); in the production profile (.+)$/;

/** Defaults that follow from something else are said in words: what they come to here; undefined where nothing. */
const words: Readonly<Record<string, unknown>> = {
  "the newest known": defaultIstioLine.version,
  "the line's own": defaultIstioLine.hub,
  "upstream's registries": undefined,
  "what the Istio line recommends": defaultIstioLine.kubernetes.default,
  "v1 on the primary, v2 on the remotes": { v1: ["main0"], v2: ["remote0"] },
  "as prometheus": true,
  "all sources": undefined,
  "none; every pod gets an equal share": undefined,
  "the environment variable ARM_SUBSCRIPTION_ID": undefined,
  "local state": undefined,
  "`mesh ca` creates one": undefined,
  "none; you make the Secret": undefined,
  "none; clusters do not use Entra ID": undefined,
  "azure.location": "centralus",
  "azure.resourceGroup": "rg",
  "azure.subscription": undefined,
  none: undefined,
  "AKS's": undefined,
  "three nodes of its size": undefined,
  "one computed from the AKS name, the primary's last": undefined,
  "false; with azure.network: peered true": false,
  "Terraform creates a virtual network": undefined,
};

/** What the words stand for; a default that is no such words is the value itself. */
function meaningOf(path: Path, said: string): unknown {
  if (path.at(-1) === "zones") return said === "none" ? [] : said.split(", ").map(Number);
  if (said in words) return words[said];
  return /^(true|false|\d+)$/.test(said) && path.at(-1) !== "line" ? JSON.parse(said) : said;
}

// JSON is YAML. Sample certificates may be accepted, or not, only with files.
const written = () => ({
  ca: { files: "own" },
  gitops: { tool: "argocd", repository: "https://github.com/team/mesh.git" },
  azure: { location: "centralus", resourceGroup: "rg" },
  clusters: [
    { name: "main0", role: "primary", network: "network1", aks: "aks-main" },
    { name: "remote0", network: "network2", aks: "aks-remote" },
  ],
});

const production = {
  profile: "production",
  authorizedIpRanges: ["203.0.113.0/24"],
  adminGroupObjectIds: ["00000000-0000-0000-0000-000000000000"],
};

function meshWith(path: Path, value: unknown, profile: object = {}) {
  const config: Record<string, unknown> = { ...written(), azure: { ...written().azure, ...profile } };
  const holder = path.slice(0, -1).reduce<Record<string, unknown>>((inner, key) => {
    inner[key] ??= {};
    return inner[key] as Record<string, unknown>;
  }, config);
  if (path.length > 0) holder[path.at(-1)!] ??= value;
  return parseMesh(JSON.stringify(config), "mesh.yaml");
}

const said = saidDefaults(JSON.parse(meshJsonSchema()));

test("descriptions for editors have the default of every field", () => {
  const fields = said.map(([path]) => path.join("."));
  expect(fields).toEqual(expect.arrayContaining(["name", "istio.line", "clusters.1.role", "addons.kiali"]));
  expect(fields.length).toBeGreaterThan(25);
});

test.each(said.map(([path, text]) => [path.join("."), text, path] as const))(
  "the default of %s is %s, as the schema for editors says",
  (_, text, path) => {
    const [, demo = text, ofProduction = text] = ofProfiles.exec(text) ?? [];
    if (path.at(-1) !== "addressSpace")
      expect(meshWith(path, meaningOf(path, demo))).toEqual(meshWith([], undefined));
    if (path[1] !== "authorizedIpRanges" && path[1] !== "adminGroupObjectIds")
      expect(meshWith(path, meaningOf(path, ofProduction), production)).toEqual(
        meshWith([], undefined, production),
      );
  },
);
