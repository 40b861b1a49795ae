import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { load } from "js-yaml";
import { localStateName, terraformStackName } from "../../mesh/azure-names";
import { parseMesh } from "../../mesh/load";
import { azureEnv, describeOnAzure } from "./azure";
import { bare, must } from "./lab";
import { both, minutes, primary, remote, Tool } from "./tool";

// The production profile in two regions. az and kubelogin are fakes: az prints a kubeconfig as for a cluster without local
// accounts, kubelogin has the lab's certificates and refuses any login but that of az.

const yaml = (protectedClusters = true) => `azure:
  profile: production
  location: centralus
  resourceGroup: rg-shop
  authorizedIpRanges: [198.51.100.0/24]
  adminGroupObjectIds: [00000000-0000-0000-0000-000000000000]
  preventDestroy: ${protectedClusters}
# The lab has no image of istio-cni.
istio: { cni: false }
clusters:
  - { name: main0, role: primary, network: network1, aks: aks-main }
  - { name: remote0, network: network2, aks: aks-remote0, location: westeurope, resourceGroup: rg-shop-west }
`;
const subnet = (name: string) =>
  `/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-hub/providers/Microsoft.Network/virtualNetworks/hub/subnets/${name}`;

const inExistingNetworks = `azure:
  profile: production
  location: centralus
  resourceGroup: rg-shop
  existingResourceGroup: true
  authorizedIpRanges: [198.51.100.0/24]
  adminGroupObjectIds: [00000000-0000-0000-0000-000000000000]
  preventDestroy: false
istio: { cni: false, networkPolicy: true }
clusters:
  - name: main0
    role: primary
    network: network1
    aks: aks-main
    vnetSubnetId: ${subnet("main")}
    egressRanges: [203.0.113.0/31]
  - name: remote0
    network: network2
    aks: aks-remote0
    vnetSubnetId: ${subnet("remote0")}
    outboundType: userDefinedRouting
    egressRanges: [203.0.113.8/32]
`;

const { clusters, azure } = parseMesh(yaml(), "mesh.yaml");

let tool: Tool;
let fakes: string;
const environment = () => ({ ...azureEnv(clusters), PATH: `${fakes}:${process.env.PATH}` });
const mesh = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  tool.start(args, { env: { ...environment(), ...env }, seconds: 570 }).ended;
async function passing(args: readonly string[], env?: NodeJS.ProcessEnv) {
  const ended = await mesh(args, env);
  if (ended.code !== 0)
    throw new Error(`mesh ${args.join(" ")} ended with ${ended.code}\n${ended.out}${ended.err}`);
  return ended;
}
const stateText = () => readFileSync(join(tool.folder, localStateName(terraformStackName(azure!))), "utf8");

async function changesNothing() {
  const before = stateText();
  const { err } = await passing(["up", "--yes"]);
  expect(err).not.toMatch(/ changed |terraform apply/);
  expect(stateText()).toBe(before);
}

function expectNothingLeft() {
  expect(JSON.parse(stateText()).resources.filter(({ mode }: { mode: string }) => mode !== "data")).toEqual(
    [],
  );
  for (const context of both)
    expect(must(`kubectl --context ${context} get ns -o name`)).not.toMatch(/istio-system|sample/);
}

function describeProduction(name: string, text: string, body: () => void) {
  describeOnAzure(name, () => {
    beforeAll(() => {
      bare(both);
      tool = new Tool(text);
      fakes = mkdtempSync(join(tmpdir(), "mesh-azure-fakes-"));
      fakeLogins(fakes);
    }, 5 * minutes);
    afterAll(() => {
      tool.remove();
      rmSync(fakes, { recursive: true });
    });
    body();
  });
}

describeProduction("a production mesh in two regions", yaml(), () => {
  test(
    "an apply that fails in the middle, and one that is interrupted, are picked up",
    async () => {
      await passing(["ca"]);
      const failed = await mesh(["up", "--yes"], { AZURERM_FAIL: "aks-remote0-egress=QuotaExceeded" });
      expect(failed.code).not.toBe(0);
      expect(failed.err + failed.out).toContain("QuotaExceeded");
      const run = tool.start(["up", "--yes"], {
        env: { ...environment(), AZURERM_DELAY: "60" },
        onLine: (line, child) => {
          if (/terraform apply .*(Still creating|Creating)/.test(line)) child.kill("SIGINT");
        },
        seconds: 200,
      });
      expect((await run.ended).code).not.toBe(0);
      const { out, err } = await passing(["up", "--yes"]);
      expect(err).toMatch(/terraform apply +done /);
      expect(out).toMatch(/no check failed: \d+ passed/);
    },
    15 * minutes,
  );

  test("a second up finds nothing to change", changesNothing, 10 * minutes);

  test("the state and the outputs have no kubeconfig with credentials", () => {
    const { outputs } = JSON.parse(stateText());
    expect(Object.keys(outputs).sort()).toEqual(["clusters", "egress_ranges", "resource_group"]);
    expect(stateText()).not.toMatch(/client-key-data|client_key": "[^"]/);
  });

  test(
    "what somebody changed on Azure is named, and changed back",
    async () => {
      const drift = join(tool.folder, "drift.json");
      writeFileSync(
        drift,
        JSON.stringify({ "azurerm_kubernetes_cluster.aks-remote0": { sku_tier: "Free" } }),
      );
      const { out, err } = await passing(["up", "--yes"], { AZURERM_DRIFT: drift });
      expect(out + err).toMatch(/remote0.*updated in place.*sku_tier/);
    },
    10 * minutes,
  );

  test(
    "destroy --infra refuses protected clusters, says how to lift that, and then leaves nothing",
    async () => {
      const { code, err } = await mesh(["destroy", "--infra", "--yes"]);
      expect(code).toBe(2);
      expect(err).toMatch(/preventDestroy protects main0, remote0\n {2}fix: set preventDestroy: false/);
      tool.configure(yaml(false));
      await passing(["destroy", "--infra", "--yes"]);
      expectNothingLeft();
    },
    10 * minutes,
  );
});

describeProduction("a production mesh in existing networks, with NetworkPolicies", inExistingNetworks, () => {
  test(
    "is created, works, and a second up finds nothing to change",
    async () => {
      await passing(["ca"]);
      const { out } = await passing(["up", "--yes"]);
      expect(out).toMatch(/no check failed: \d+ passed/);
      expect(must(`kubectl --context ${primary} -n istio-system get networkpolicy -o name`)).toContain(
        "istiod",
      );
      await changesNothing();
    },
    15 * minutes,
  );

  test(
    "destroy --infra leaves nothing but the resource group that existed before",
    async () => {
      await passing(["destroy", "--infra", "--yes"]);
      expectNothingLeft();
    },
    10 * minutes,
  );
});

interface Kubeconfig {
  readonly clusters: readonly { readonly cluster: object }[];
  readonly users: readonly { readonly user: Readonly<Record<string, string>> }[];
}

function fakeLogins(folder: string): void {
  const labOf = { "aks-main": primary, "aks-remote0": remote };
  mkdirSync(folder, { recursive: true });
  for (const [aks, context] of Object.entries(labOf)) {
    const { clusters, users } = load(
      must(`kubectl config view --raw --minify --context ${context} -o json`),
    ) as Kubeconfig;
    const { "client-certificate-data": certificate, "client-key-data": key } = users[0]!.user;
    const decoded = (text: string) => Buffer.from(text, "base64").toString();
    writeFileSync(
      join(folder, `${aks}.credential`),
      JSON.stringify({
        apiVersion: "client.authentication.k8s.io/v1beta1",
        kind: "ExecCredential",
        status: { clientCertificateData: decoded(certificate!), clientKeyData: decoded(key!) },
      }),
      { mode: 0o600 },
    );
    const exec = {
      apiVersion: "client.authentication.k8s.io/v1beta1",
      command: "kubelogin",
      args: ["get-token", "--login", "devicecode", "--server-id", aks],
      provideClusterInfo: false,
      interactiveMode: "IfAvailable",
    };
    writeFileSync(
      join(folder, `${aks}.kubeconfig`),
      JSON.stringify({
        apiVersion: "v1",
        kind: "Config",
        clusters: [{ name: aks, cluster: clusters[0]!.cluster }],
        users: [{ name: `clusterUser_${aks}`, user: { exec } }],
        contexts: [{ name: aks, context: { cluster: aks, user: `clusterUser_${aks}` } }],
      }),
    );
  }
  const program = (name: string, body: string) => {
    writeFileSync(join(folder, name), `#!/bin/sh\n${body}\n`);
    chmodSync(join(folder, name), 0o755);
  };
  const find = (option: string) => `while [ $# -gt 0 ] && [ "$1" != ${option} ]; do shift; done; name=$2`;
  program(
    "az",
    `[ "$1 $2" = "aks get-credentials" ] || exit 1\n${find("--name")}\ncat '${folder}'/$name.kubeconfig`,
  );
  program(
    "kubelogin",
    `case "$*" in *"--login azurecli"*) ;; *) echo "To sign in, use a web browser" >&2; exit 1;; esac\n${find("--server-id")}\ncat '${folder}'/$name.credential`,
  );
}
