import { aksProfiles } from "../../mesh/aks-profiles";
import { meshJsonSchema } from "../../mesh/config";
import { parseMesh } from "../../mesh/load";
import { containerRegistryId, subnetId } from "../../mesh/names";
import { fieldOf, InputError, type Path } from "../../mesh/problem";

// One mistake in mesh.yaml is one problem: rules do not report what follows from a part that the schema refused.

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const nodePool = () => ({ vmSize: "Standard_D4s_v5", nodes: 4, minNodes: 4, maxNodes: 5 });

const productionPool = () => ({
  vmSize: "Standard_D8ds_v5",
  nodes: 4,
  minNodes: 4,
  maxNodes: 5,
  zones: [1, 2],
  osDiskType: "Ephemeral",
  osSku: "AzureLinux",
  hostEncryptionEnabled: true,
  maxPods: 60,
});

/** Other values than the profile's, where rules allow any. */
const settings = (): Record<string, Json> => ({
  ...Object.fromEntries(
    Object.entries(aksProfiles.production.aks).filter(([, value]) => typeof value === "boolean"),
  ),
  skuTier: "Premium",
  supportPlan: "AKSLongTermSupport",
  networkDataPlane: "cilium",
  networkPolicy: "cilium",
  automaticUpgradeChannel: "stable",
  nodeOsUpgradeChannel: "SecurityPatch",
});

/** Together they have every field. */
const files: Readonly<Record<string, Json>> = {
  "clusters created by Terraform": {
    name: "shop",
    istio: {
      line: "1.30",
      version: "1.30.5",
      hub: "mirror.example/istio",
      pullSecrets: ["acr", "other"],
      cni: true,
      networkPolicy: false,
    },
    images: { registry: "mirror.example/team" },
    azure: {
      subscription: "00000000-0000-0000-0000-000000000000",
      location: "centralus",
      resourceGroup: "rg-demo",
      kubernetesVersion: "1.34",
      nodePool: nodePool(),
      tags: { team: "a", Cost: "b" },
      ignoreTags: ["owner", "created"],
      backend: { azurerm: { container_name: "state" } },
    },
    clusters: [
      { name: "main0", role: "primary", network: "network1", aks: "aks-main", kubernetesVersion: "1.35" },
      { name: "remote0", role: "remote", network: "network2", aks: "aks-remote", nodePool: nodePool() },
    ],
    gitops: {
      tool: "argocd",
      repository: "https://github.com/team/mesh.git",
      revision: "main",
      path: "dist",
      secretStore: "vault",
    },
    ca: { files: "certs", acceptSampleCertificates: true },
    gateways: { address: "static", allowedSourceRanges: ["10.0.0.0/8"], internal: false, ingress: true },
    sample: {
      enabled: true,
      namespace: "shop",
      versions: { v1: ["main0", "remote0"], v2: ["remote0"] },
      weights: { v1: 40, v2: 60 },
    },
    addons: { prometheus: true, kiali: true },
  },
  "a production mesh": {
    azure: {
      profile: "production",
      location: "centralus",
      resourceGroup: "rg-demo",
      existingResourceGroup: true,
      network: "peered",
      authorizedIpRanges: ["198.51.100.0/24", "192.0.2.7/32"],
      adminGroupObjectIds: ["00000000-0000-0000-0000-000000000000"],
      containerRegistryId: containerRegistryId.example,
      ...settings(),
      nodePool: productionPool(),
      systemNodePool: productionPool(),
    },
    clusters: [
      {
        name: "main0",
        role: "primary",
        network: "network1",
        aks: "aks-main",
        location: "westeurope",
        resourceGroup: "rg-west",
        existingResourceGroup: true,
        subscription: "00000000-0000-0000-0000-000000000001",
        addressSpace: "10.1.0.0/16",
        maintenanceWindow: { day: "Monday", startTime: "04:00" },
        ...settings(),
        systemNodePool: productionPool(),
        nodePool: productionPool(),
      },
      {
        name: "remote0",
        network: "network2",
        aks: "aks-remote",
        vnetSubnetId: subnetId.example,
        outboundType: "userDefinedRouting",
        egressRanges: ["203.0.113.0/31"],
      },
    ],
    gateways: { internal: true },
  },
  "existing clusters": {
    istio: { line: "1.7", version: "1.7.3" },
    clusters: [
      { name: "main0", role: "primary", network: "network1", context: "one" },
      { name: "remote0", network: "network2", context: "two" },
    ],
    gitops: { tool: "flux", path: "clusters/dist" },
    gateways: { address: "discovered", internal: true },
    sample: { enabled: false, versions: { v1: ["main0"], v2: ["remote0"] } },
    addons: { prometheus: false, kiali: false },
  },
  "a sample that is disabled, whatever else it says": {
    clusters: [{ name: "main0", role: "primary", network: "network1", context: "one" }],
    sample: { enabled: false, namespace: "default", versions: {}, weights: { v9: 7 } },
  },
};

/** Paths of everything in a value but the value itself and what only Terraform judges: a backend's settings. */
function pathsIn(value: Json, path: Path = []): Path[] {
  if (typeof value !== "object" || value === null || path[1] === "backend") return [];
  const entries: [string | number, Json][] = Array.isArray(value)
    ? value.map((item, index) => [index, item])
    : Object.entries(value);
  return entries.flatMap(([key, inner]) => [[...path, key], ...pathsIn(inner, [...path, key])]);
}

const at = (value: Json, path: Path) =>
  path.reduce<Json>((inner, key) => (inner as Record<string | number, Json>)[key]!, value);

function replaced(file: Json, path: Path, value: Json): Json {
  const copy = structuredClone(file);
  (at(copy, path.slice(0, -1)) as Record<string | number, Json>)[path.at(-1)!] = value;
  return copy;
}

function renamed(file: Json, path: Path, name: string): Json {
  const copy = structuredClone(file);
  const holder = at(copy, path.slice(0, -1)) as Record<string, Json>;
  const entries = Object.entries(holder).map(([key, value]) => [key === path.at(-1) ? name : key, value]);
  for (const key of Object.keys(holder)) delete holder[key];
  Object.assign(holder, Object.fromEntries(entries));
  return copy;
}

/** A value of the right type that no field allows, by what stands there. */
function wrongValue(value: Json, path: Path): Json | undefined {
  if (typeof value === "string") return path[1] === "tags" ? "x".repeat(257) : "\u0007";
  if (typeof value === "number") return -1;
  return undefined;
}

function problemsIn(file: Json): string[] {
  try {
    // JSON is YAML.
    parseMesh(JSON.stringify(file), "mesh.yaml");
    return [];
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return error.problems.map(({ path, message }) => `${path.join(".")}: ${message}`);
  }
}

const isName = (path: Path) => typeof path.at(-1) === "string";
const hasFreeKeys = (path: Path) => ["tags", "versions", "weights"].includes(String(path.at(-2)));

const mistakes = Object.entries(files).flatMap(([kind, file]) =>
  pathsIn(file).flatMap((path) => {
    const value = at(file, path);
    const wrong = wrongValue(value, path);
    const name = `${String(path.at(-1))}x`;
    return [
      { path, what: "is empty", kind, mistaken: replaced(file, path, null) },
      {
        path,
        what: "has the wrong type",
        kind,
        mistaken: replaced(file, path, Array.isArray(value) ? { a: "b" } : ["x"]),
      },
      ...(wrong === undefined
        ? []
        : [{ path, what: "has a wrong value", kind, mistaken: replaced(file, path, wrong) }]),
      ...(isName(path) && !hasFreeKeys(path)
        ? [
            {
              path: [...path.slice(0, -1), name],
              what: "is a mistyped key",
              kind,
              mistaken: renamed(file, path, name),
            },
          ]
        : []),
    ];
  }),
);

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

const fieldsIn = ({ properties, items }: Schema, path: Path = []): string[] => [
  ...Object.entries(properties ?? {}).flatMap(([key, inner]) => [
    fieldOf([...path, key]),
    ...fieldsIn(inner, [...path, key]),
  ]),
  ...(items ? fieldsIn(items, [...path, 0]) : []),
];

test("the files have every field", () => {
  const tested = Object.values(files).flatMap((file) => pathsIn(file).map(fieldOf));
  expect(tested).toEqual(expect.arrayContaining(fieldsIn(JSON.parse(meshJsonSchema()))));
});

test.each(Object.entries(files))("the file with %s is correct", (_, file) => {
  expect(problemsIn(file)).toEqual([]);
});

test.each(mistakes.map(({ path, what, kind, mistaken }) => [path.join("."), what, kind, mistaken] as const))(
  "%s %s: one problem (%s)",
  (path, _, __, mistaken) => {
    expect(problemsIn(mistaken)).toEqual([expect.stringContaining(`${path}: `)]);
  },
);
