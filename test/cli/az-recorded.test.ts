import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";
import { fixtureText } from "../fixtures";
import { type FakePath, fakePath } from "../ops/exec/fake-programs";
import { project } from "../synth/project";
import recorded from "./az-answers.json";
import { mesh } from "./run";

// What the real az said to the questions of the tool, recorded with tools/record-az.ts, since az has 730 MB. It asked an
// emulator of Azure Resource Manager, not Azure. A question that was not recorded fails.

type Answers = Readonly<Record<string, { code: number | null; stdout: string; stderr: string }>>;

let leave: () => void;
let path: FakePath;
const environment = { ...process.env };
beforeEach(async () => {
  ({ leave } = await project(fixtureText("default")));
  path = fakePath();
  process.env.PATH = path.env.PATH;
  delete process.env.ARM_SUBSCRIPTION_ID;
  process.env.KUBECONFIG = join(path.folder, "users-own");
  path.add("terraform", "exit 1");
  path.add("kubectl", `[ "$1" = config ] && [ "$2" = view ] && echo '{}'; [ "$1" = config ]`);
});
afterEach(() => {
  for (const name of ["PATH", "KUBECONFIG", "ARM_SUBSCRIPTION_ID"]) {
    if (environment[name] === undefined) delete process.env[name];
    else process.env[name] = environment[name];
  }
  leave();
  path.remove();
});

function addAz(answers: Answers): void {
  const cases = Object.entries(answers).map(([args, { code, stdout, stderr }], index) => {
    const file = join(path.folder, `az-${index}`);
    writeFileSync(`${file}-out`, stdout);
    writeFileSync(`${file}-err`, stderr);
    return `"${args}") cat ${file}-out; cat ${file}-err >&2; exit ${code};;`;
  });
  path.add("az", `case "$*" in\n${cases.join("\n")}\n*) echo "not recorded: $*" >&2; exit 97;;\nesac`);
}

async function doctor(): Promise<Record<string, string>> {
  const { result } = await mesh("doctor", "-o", "json");
  const { results } = JSON.parse(result) as {
    results: { id: string; status: string; evidence: string[]; commands: string[] }[];
  };
  return Object.fromEntries(
    results
      .filter(({ id }) => /^azure\.|^programs\.az$/.test(id))
      .map(({ id, status, evidence, commands }) => [id, [status, ...evidence, ...commands].join(": ")]),
  );
}

test("credentials that az prints become the mesh's own kubeconfig, each under the name of its context", async () => {
  addAz(recorded.loggedIn);
  await mesh("status");
  expect(load(readFileSync(".mesh/kubeconfig", "utf8"))).toMatchObject({
    contexts: ["main", "remote0"].map((name) => ({
      name: `aks-istiodemo-${name}-centralus`,
      context: {
        cluster: `aks-istiodemo-${name}-centralus`,
        user: `clusterUser_rg-istiodemo-centralus_aks-istiodemo-${name}-centralus`,
      },
    })),
  });
});

test("doctor reads az's version, login and subscription, and whether AKS is registered", async () => {
  addAz(recorded.loggedIn);
  const id = "5b000000-0000-4000-8000-000000000001";
  expect(await doctor()).toEqual({
    "programs.az": "pass: 2.91.0",
    "azure.login": "pass: Lab",
    "azure.subscription": `warn: mesh.yaml names none: Terraform takes ARM_SUBSCRIPTION_ID; az works with ${id}: export ARM_SUBSCRIPTION_ID=${id}`,
    "azure.provider": "pass: Registered",
  });
});

test.each([
  ["az's own", "5B000000-0000-4000-8000-000000000001", "pass: 5b000000-0000-4000-8000-000000000001"],
  [
    "another",
    "9b000000-0000-4000-8000-000000000009",
    "warn: az works with 5b000000-0000-4000-8000-000000000001, ARM_SUBSCRIPTION_ID is 9b000000-0000-4000-8000-000000000009: az account set --subscription 9b000000-0000-4000-8000-000000000009",
  ],
])("doctor compares the subscription in ARM_SUBSCRIPTION_ID with az's: %s", async (_, named, result) => {
  addAz(recorded.loggedIn);
  process.env.ARM_SUBSCRIPTION_ID = named;
  expect(await doctor()).toMatchObject({ "azure.subscription": result });
});

test("an unregistered resource provider is a finding, with the command that registers it", async () => {
  addAz({ ...recorded.loggedIn, ...recorded.notRegistered });
  expect(await doctor()).toMatchObject({
    "azure.provider":
      "warn: Microsoft.ContainerService is NotRegistered: az provider register --namespace Microsoft.ContainerService --wait",
  });
});

test("an az without a login is one finding, and the clusters have no credentials", async () => {
  addAz(recorded.loggedOut);
  expect(await doctor()).toEqual({
    "programs.az": "pass: 2.91.0",
    "azure.login": "warn: not logged in: az login",
    "azure.subscription": expect.stringMatching(/^not judged/),
    "azure.provider": expect.stringMatching(/^not judged/),
  });
  expect((await mesh("status")).notes).toContain(
    "neither the kubeconfig nor Terraform's outputs nor az has them",
  );
});

test("a cluster or a resource group that Azure does not have leaves its context without credentials", async () => {
  const [noGroup, noCluster] = Object.values(recorded.noCluster);
  const [main, remote] = Object.keys(recorded.loggedIn).filter((args) => args.startsWith("aks "));
  addAz({ ...recorded.loggedIn, [main!]: noGroup!, [remote!]: noCluster! });
  expect((await mesh("status")).notes).toContain(
    "no credentials for main0 (context aks-istiodemo-main-centralus), remote0 (context aks-istiodemo-remote0-centralus): " +
      "neither the kubeconfig nor Terraform's outputs nor az has them",
  );
});
