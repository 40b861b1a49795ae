import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";
import { type FakePath, fakePath } from "../ops/exec/fake-programs";
import { project, twoClusters } from "../synth/project";
import { mesh } from "./run";

// The way over Azure with terraform, az and kubectl on a PATH of their own, which note what they are asked.

/** As AKS hands them out, with secrets that must never be seen again outside the kubeconfig. */
const secrets = {
  key: "LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQpzZWNyZXQta2V5",
  token: "s3cr3t-t0ken-of-admin",
};
const kubeconfig = (name: string, host = `https://${name}.azmk8s.io:443`) => `apiVersion: v1
kind: Config
clusters:
- name: ${name}
  cluster: { server: "${host}", certificate-authority-data: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg== }
contexts:
- name: ${name}-admin
  context: { cluster: ${name}, user: clusterUser_rg-demo_${name} }
current-context: ${name}-admin
users:
- name: clusterUser_rg-demo_${name}
  user: { client-key-data: ${secrets.key}, token: ${secrets.token} }
`;
const outputs = { main0: kubeconfig("aks-main"), remote0: kubeconfig("aks-remote") };

const stack = "-chdir=cdktf.out/stacks/rg-demo";
const ownKubeconfig = ".mesh/kubeconfig";

let leave: () => void;
let folder: string;
let path: FakePath;
const environment = { ...process.env };

beforeEach(async () => {
  ({ leave, folder } = await project());
  path = fakePath();
  process.env.PATH = path.env.PATH;
  process.env.KUBECONFIG = join(path.folder, "users-own");
  Object.defineProperty(process.stdin, "isTTY", { value: false, configurable: true });
});
afterEach(() => {
  for (const name of ["PATH", "KUBECONFIG"]) {
    if (environment[name] === undefined) delete process.env[name];
    else process.env[name] = environment[name];
  }
  leave();
  path.remove();
});

/** As kubectl merges the user's kubeconfig and the mesh's own. */
const view = {
  contexts: ["aks-main", "aks-remote"].map((name) => ({ name, context: { cluster: name } })),
  clusters: ["aks-main", "aks-remote"].map((name) => ({ name, cluster: { server: `https://${name}` } })),
};
/** A kubectl that knows the user's own contexts, and reaches no cluster: apply ends at its first question to one. */
const addKubectl = (...contexts: string[]) =>
  path.add(
    "kubectl",
    `case "$*" in
  "config view "*) echo '${JSON.stringify(view)}';;
  "config get-contexts --output=name") printf '%s' '${contexts.map((name) => `${name}\n`).join("")}';;
  "version --client -o json") echo '{"clientVersion":{"gitVersion":"v1.35.1"}}';;
  *) echo "KUBECONFIG=$KUBECONFIG" >> '${join(path.folder, "seen")}'; echo "connection refused" >&2; exit 1;;
esac`,
  );
const addIstioctl = () => path.add("istioctl", `echo '{"clientVersion":{"version":"1.31.1"}}'`);
/** @param made what `terraform output` knows; undefined: there is no state */
const addTerraform = (made: Record<string, string> | undefined, more = "") => {
  writeFileSync(join(path.folder, "outputs.json"), JSON.stringify(made ?? {}));
  path.add(
    "terraform",
    `case "$*" in
  *" output "*) ${made ? `cat '${join(path.folder, "outputs.json")}'` : `echo 'Output "kubeconfigs" not found' >&2; exit 1`};;
  *" plan "*) umask >> '${join(path.folder, "umask")}'; exit 2;;
  *" show -json "*) echo '{}';;
  *) umask >> '${join(path.folder, "umask")}'; echo "Terraform was here"; ${more};;
esac`,
  );
};
const addAz = (known: boolean) =>
  path.add(
    "az",
    known
      ? `while [ $# -gt 0 ]; do [ "$1" = --name ] && name="$2"; shift; done; cat "${path.folder}/$name"`
      : `echo "Please run 'az login' to setup account." >&2; exit 1`,
  );
/** Calls of the programs that change or fetch something on Azure, in order. */
const azureCalls = () => path.calls().filter((call) => /^(terraform|az) /.test(call));
const everythingWritten = () =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((name) => statSync(name).isFile() && !name.endsWith(ownKubeconfig))
    .map((name) => readFileSync(name, "utf8"))
    .join("\n");
const expectNoSecret = (...said: string[]) => {
  for (const text of [...said, everythingWritten(), path.calls().join("\n")]) {
    for (const secret of Object.values(secrets)) expect(text).not.toContain(secret);
    // Nothing else of a kubeconfig either: what hides secrets may not know every form of them.
    expect(text).not.toContain("clusterUser_");
  }
};

test("up --yes runs terraform init, plan and apply, fetches credentials, and continues with apply", async () => {
  addKubectl();
  addIstioctl();
  addTerraform(outputs);
  addAz(false);
  const { code, notes, result } = await mesh("up", "--yes", "--verbose");
  expect(azureCalls()).toEqual([
    `terraform ${stack} init -input=false -no-color`,
    `terraform ${stack} plan -input=false -no-color -detailed-exitcode -out=${join(process.cwd(), ".mesh/terraform.plan")}`,
    `terraform ${stack} show -json ${join(process.cwd(), ".mesh/terraform.plan")}`,
    `terraform ${stack} apply -input=false -no-color ${join(process.cwd(), ".mesh/terraform.plan")}`,
    `terraform ${stack} output -no-color -json kubeconfigs`,
  ]);
  expect(readFileSync(join(path.folder, "umask"), "utf8").split("\n")).toEqual(["0077", "0077", "0077", ""]);
  const toClusters = path.calls().filter((call) => /--context (aks-main|aks-remote) /.test(call));
  expect(toClusters.length).toBeGreaterThan(0);
  // No cluster answers: that is what it ends with.
  expect({ code, notes }).toEqual({
    code: 1,
    notes: expect.stringContaining("reachable.api of main0: https://aks-main: connection refused\n"),
  });
  expectNoSecret(notes, result);
});

describe("a drain timeout that was set on Azure, which azurerm cannot unset in place", () => {
  // The stand-in for azurerm updates it in place; the plan is the real one's.
  const attribute = "default_node_pool.upgrade_settings.drain_timeout_in_minutes";
  const cluster = (upgrade_settings: object) => ({
    name: "aks-main",
    default_node_pool: [{ name: "default", upgrade_settings: [{ max_surge: "10%", ...upgrade_settings }] }],
    kube_config_raw: secrets.token,
  });
  const address = "azurerm_kubernetes_cluster.aks-main";
  const [before, after] = [cluster({ drain_timeout_in_minutes: 30 }), cluster({})];
  const type = "azurerm_kubernetes_cluster";
  const plan = {
    resource_drift: [{ address, type, change: { actions: ["update"], before: after, after: before } }],
    resource_changes: [
      {
        address,
        type,
        action_reason: "replace_because_cannot_update",
        change: {
          actions: ["delete", "create"],
          before,
          after,
          replace_paths: [["default_node_pool", 0, "upgrade_settings", 0, "drain_timeout_in_minutes"]],
        },
      },
    ],
  };
  beforeEach(() => {
    addKubectl();
    addIstioctl();
    addTerraform(outputs);
    writeFileSync(join(path.folder, "plan.json"), JSON.stringify(plan));
    path.add(
      "terraform",
      `case "$*" in *" plan "*) exit 2;; *" show "*) cat '${join(path.folder, "plan.json")}';; *" output "*) cat '${join(path.folder, "outputs.json")}';; esac`,
    );
  });
  const appliedPlan = () => azureCalls().some((call) => call.includes(" apply "));

  test("up --yes refuses to replace the cluster, with cause and fix", async () => {
    const { code, notes, result } = await mesh("up", "--yes");
    expect(code).toBe(1);
    expect(notes).toContain(
      `error: main0 (AKS aks-main): the plan replaces this cluster and everything on it: azurerm cannot change ${attribute} in place, and ${attribute} was changed outside of Terraform\n` +
        "  fix: undo the change on Azure, or set the same value for the cluster in mesh.extend.ts\n" +
        "  or, to lose the cluster: move its traffic to another one first (docs/azure.md), then mesh up --replace main0\n" +
        "nothing was changed\n",
    );
    expect(appliedPlan()).toBe(false);
    expectNoSecret(notes, result);
  });

  test("up --replace of another cluster refuses it, and of this one applies the plan", async () => {
    expect((await mesh("up", "--yes", "--replace", "remote0")).code).toBe(1);
    expect(appliedPlan()).toBe(false);
    const { notes, result } = await mesh("up", "--yes", "--replace", "remote0", "--replace", "main0");
    expect(notes).toContain("--replace remote0: the plan does not replace this cluster\n");
    expect(notes).toContain(
      `  main0 (AKS aks-main): cluster replaced (${attribute}): everything on it is lost\n`,
    );
    expect(appliedPlan()).toBe(true);
    expectNoSecret(notes, result);
  });

  test("--replace of an unknown cluster, or without clusters of Terraform, is invalid", async () => {
    expect(await mesh("up", "--yes", "--replace", "main")).toMatchObject({
      code: 2,
      notes: expect.stringContaining(
        'invalid value "main" for --replace: expected one of main0, remote0, aks-main, aks-remote',
      ),
    });
    expect(appliedPlan()).toBe(false);
    writeFileSync("mesh.yaml", "clusters: [{ name: main0, role: primary, network: n1, context: one }]\n");
    expect(await mesh("up", "--yes", "--replace", "main0")).toMatchObject({
      code: 2,
      notes: expect.stringContaining("--replace is set, and Terraform creates none of these clusters"),
    });
  });
});

test("the mesh has its own private kubeconfig, which takes precedence over the user's", async () => {
  addKubectl();
  addIstioctl();
  addTerraform(outputs);
  await mesh("apply");
  expect(statSync(ownKubeconfig).mode & 0o777).toBe(0o600);
  const text = readFileSync(ownKubeconfig, "utf8");
  expect(text.match(/^ {2}- name: \S+/gm)?.map((line) => line.split(": ")[1])).toEqual([
    "aks-main",
    "aks-remote",
    "clusterUser_rg-demo_aks-main",
    "clusterUser_rg-demo_aks-remote",
    "aks-main",
    "aks-remote",
  ]);
  expect(text).toContain(secrets.token);
  expect(text).not.toContain("current-context");
  const seen = readFileSync(join(path.folder, "seen"), "utf8").split("\n").filter(Boolean);
  expect(new Set(seen)).toEqual(
    new Set([`KUBECONFIG=${join(process.cwd(), ownKubeconfig)}:${join(path.folder, "users-own")}`]),
  );
  expect(existsSync(join(path.folder, "users-own"))).toBe(false);
});

test("a context in the user's kubeconfig is used: nothing is fetched or written", async () => {
  addKubectl("aks-main", "aks-remote");
  addIstioctl();
  addTerraform(outputs);
  await mesh("apply");
  expect(azureCalls()).toEqual([]);
  expect(existsSync(ownKubeconfig)).toBe(false);
  expect(readFileSync(join(path.folder, "seen"), "utf8")).not.toContain(".mesh");
});

test("without Terraform's outputs, az fetches the missing credentials cluster by cluster", async () => {
  addKubectl("aks-main");
  addIstioctl();
  addTerraform(undefined);
  addAz(true);
  writeFileSync(join(path.folder, "aks-remote"), outputs.remote0);
  const { notes, result } = await mesh("apply", "--verbose");
  expect(azureCalls()).toEqual([
    `terraform ${stack} output -no-color -json kubeconfigs`,
    "az aks get-credentials --resource-group rg-demo --name aks-remote --overwrite-existing --file -",
  ]);
  const text = readFileSync(ownKubeconfig, "utf8");
  expect(text).toContain("https://aks-remote.azmk8s.io:443");
  expect(text).not.toContain("aks-main");
  expectNoSecret(notes, result);
});

test("kubelogin uses the login of az, where az writes a login with a device code", async () => {
  addKubectl("aks-main");
  addIstioctl();
  addTerraform(undefined);
  addAz(true);
  const login = `exec: { apiVersion: client.authentication.k8s.io/v1beta1, command: kubelogin, args: [get-token, --login, devicecode, --server-id, "1"] }`;
  writeFileSync(
    join(path.folder, "aks-remote"),
    outputs.remote0.replace(/user: \{ client-key-data.*\}/, `user: { ${login} }`),
  );
  await mesh("apply");
  const { users } = load(readFileSync(ownKubeconfig, "utf8")) as { users: { user: object }[] };
  expect(users).toEqual([
    {
      name: "clusterUser_rg-demo_aks-remote",
      user: {
        exec: expect.objectContaining({
          command: "kubelogin",
          args: ["get-token", "--login", "azurecli", "--server-id", "1"],
        }),
      },
    },
  ]);
});

test("credentials are kept for runs without Terraform, and a recreated cluster replaces them", async () => {
  addKubectl();
  addIstioctl();
  addTerraform(outputs);
  await mesh("apply");
  rmSync(join(path.folder, "terraform"));
  const before = path.calls().length;
  expect((await mesh("status")).notes).not.toContain("no credentials");
  expect(
    path
      .calls()
      .slice(before)
      .filter((call) => call.startsWith("az ")),
  ).toEqual([]);
  addTerraform({ ...outputs, main0: kubeconfig("aks-main", "https://new.azmk8s.io:443") });
  await mesh("apply");
  const text = readFileSync(ownKubeconfig, "utf8");
  expect(text).toContain("https://new.azmk8s.io:443");
  expect(text).not.toContain("https://aks-main.azmk8s.io");
  expect(text).toContain("https://aks-remote.azmk8s.io:443");
});

test("with the mesh's kubeconfig in KUBECONFIG, a recreated cluster replaces its credentials too", async () => {
  addKubectl();
  addIstioctl();
  addTerraform(outputs);
  const { notes } = await mesh("apply");
  const [, advised] = /for printed commands: (export KUBECONFIG=.*)$/m.exec(notes)!;
  process.env.KUBECONFIG = execFileSync("bash", ["-c", `${advised}; printf %s "$KUBECONFIG"`], {
    env: process.env,
    encoding: "utf8",
  });
  expect(process.env.KUBECONFIG).toBe(
    `${join(process.cwd(), ownKubeconfig)}:${join(path.folder, "users-own")}`,
  );
  addKubectl("aks-main", "aks-remote");
  addTerraform({ ...outputs, main0: kubeconfig("aks-main", "https://new.azmk8s.io:443") });
  await mesh("status");
  expect(readFileSync(ownKubeconfig, "utf8")).toContain("https://new.azmk8s.io:443");
  expect(azureCalls().filter((call) => call.startsWith("az "))).toEqual([]);
});

test("clusters without credentials are named, with the commands that fetch them", async () => {
  addKubectl();
  addIstioctl();
  addTerraform(undefined);
  addAz(false);
  expect(await mesh("apply")).toMatchObject({
    code: 1,
    notes: expect.stringMatching(
      /no credentials for main0 \(context aks-main\), remote0 \(context aks-remote\): neither the kubeconfig nor Terraform's outputs nor az has them\n {2}fix: create the clusters with `mesh up`; .*:\n {4}az aks get-credentials --resource-group rg-demo --name aks-main --overwrite-existing\n {4}az aks get-credentials --resource-group rg-demo --name aks-remote --overwrite-existing\n/,
    ),
  });
  expect(path.calls().filter((call) => call.includes("--context aks-main get"))).toEqual([]);
});

test("missing programs that may have credentials are named", async () => {
  addKubectl();
  addIstioctl();
  process.env.PATH = path.folder;
  renameSync("mesh.yaml", "shop.yaml");
  renameSync("mesh.ca", "shop.ca");
  expect((await mesh("apply", "-f", "shop.yaml")).notes).toMatch(
    /: the kubeconfig has none, and terraform and az are not on the PATH\n {2}fix: create the clusters with `mesh up -f shop\.yaml`/,
  );
  addTerraform(undefined);
  expect((await mesh("apply", "-f", "shop.yaml")).notes).toMatch(
    /: neither the kubeconfig nor Terraform's outputs has them, and az is not on the PATH\n/,
  );
});

describe("with credentials of the primary alone", () => {
  beforeEach(() => {
    addTerraform(undefined);
    addAz(false);
    path.add(
      "kubectl",
      `case "$*" in
  "config get-contexts --output=name") echo aks-main;;
  "version --client -o json") echo '{"clientVersion":{"gitVersion":"v1.35.1"}}';;
  "config view "*) echo '{"contexts":[{"name":"aks-main","context":{"cluster":"c"}}],"clusters":[{"name":"c","cluster":{"server":"https://main"}}]}';;
  *"--context aks-remote "*) echo 'error: context "aks-remote" does not exist' >&2; exit 1;;
  *) echo "main0 was asked" >&2; exit 1;;
esac`,
    );
  });
  const fetchRemote =
    "\n    az aks get-credentials --resource-group rg-demo --name aks-remote --overwrite-existing";

  test.each([
    ["status", /remote0 +remote +aks-remote +unreachable[\s\S]*main0: .* main0 was asked\n/],
    [
      "endpoints",
      /main0's client sees it\n.*main0 was asked\n[\s\S]*remote0's .*\n.*"aks-remote" does not exist/,
    ],
  ])(
    "%s shows the primary, the remote as unreachable, and the commands that fetch credentials",
    async (command, shown) => {
      const { code, result, notes } = await mesh(command);
      expect({ code, result }).toEqual({ code: 1, result: expect.stringMatching(shown) });
      expect(notes).toContain("warning: no credentials for remote0 (context aks-remote): ");
      expect(notes).toContain(fetchRemote);
    },
  );

  test("verify and report have a check for it", async () => {
    const { result } = await mesh("verify", "-o", "json");
    expect(found(result, ["reachable.context main0", "reachable.context remote0"])).toEqual({
      "reachable.context main0": "pass",
      "reachable.context remote0": "not judged",
    });
    expect((await mesh("verify", "--context", "aks-main", "-o", "json")).result).not.toContain("remote0");
    expect(await mesh("report")).toMatchObject({ code: 1, result: "mesh-report.html" });
  });

  test("traffic and dashboard need credentials only of the clusters that they use", async () => {
    expect((await mesh("traffic", "--from", "main0")).notes).toMatch(
      /main0 does not answer .*: main0 was asked/,
    );
    expect((await mesh("dashboard")).notes).toMatch(/main0 does not answer .*: main0 was asked/);
    const { code, notes } = await mesh("traffic");
    expect({ code, notes }).toEqual({ code: 1, notes: expect.stringContaining(fetchRemote) });
    expect(notes).toContain("error: no credentials for remote0 (context aks-remote):");
  });

  test.each([["apply"], ["up", "--yes"], ["destroy", "--yes"]])("%s refuses", async (...args) => {
    addIstioctl();
    const { code, notes } = await mesh(...args);
    expect({ code, notes }).toEqual({
      code: 1,
      notes: expect.stringContaining("error: no credentials for remote0 (context aks-remote):"),
    });
  });
});

/** What doctor found, `check` or `check cluster`, as far as `wanted` names it. */
const found = (report: string, wanted: readonly string[]) => {
  const { results } = JSON.parse(report) as { results: { id: string; cluster?: string; status: string }[] };
  const named = results.map(({ id, cluster, status }) => [[id, cluster].filter(Boolean).join(" "), status]);
  return Object.fromEntries(named.filter(([name]) => wanted.includes(name!)));
};

test("before any cluster exists, doctor checks programs and Azure, and reports clusters as not created yet", async () => {
  path.add(
    "kubectl",
    `case "$*" in
  "config view "*) echo '{"contexts":[],"clusters":[]}';;
  "config get-contexts "*) ;;
  "version "*) echo '{"clientVersion":{"gitVersion":"v1.35.1"}}';;
  *) exit 1;;
esac`,
  );
  addTerraform(undefined);
  path.add(
    "az",
    `case "$*" in
  "version "*) echo '{"azure-cli":"2.80.0"}';;
  "account show "*) echo '{"id":"0-0","name":"ours"}';;
  *) exit 1;;
esac`,
  );
  const { code, result, notes } = await mesh("doctor", "-o", "json");
  expect({ code, notes }).toEqual({ code: 1, notes: expect.not.stringContaining("error") });
  const wanted = ["programs.istioctl", "azure.login", "reachable.context main0"];
  expect(found(result, wanted)).toEqual({
    "programs.istioctl": "fail",
    "azure.login": "pass",
    "reachable.context main0": "not judged",
  });
  expect((await mesh("doctor")).result).toContain(
    "no context aks-main; there are none: the cluster is not made yet, or its credentials are not fetched",
  );
});

test("doctor works on a machine without any of the programs", async () => {
  process.env.PATH = path.folder;
  const { code, result } = await mesh("doctor", "-o", "json");
  expect(code).toBe(1);
  expect(found(result, ["programs.kubectl", "programs.terraform"])).toEqual({
    "programs.kubectl": "fail",
    "programs.terraform": "fail",
  });
});

test("doctor checks existing clusters when another does not exist yet", async () => {
  addKubectl();
  addTerraform({ main0: outputs.main0 });
  addAz(false);
  await mesh("doctor");
  const text = readFileSync(ownKubeconfig, "utf8");
  expect(text).toContain("https://aks-main.azmk8s.io:443");
  expect(new Set(readFileSync(join(path.folder, "seen"), "utf8").trim().split("\n"))).toEqual(
    new Set([`KUBECONFIG=${join(process.cwd(), ownKubeconfig)}:${join(path.folder, "users-own")}`]),
  );
  expect(await mesh("apply")).toMatchObject({
    code: 1,
    notes: expect.stringContaining("no credentials for remote0 (context aks-remote):"),
  });
});

test("if Terraform fails, the run ends before any cluster is asked", async () => {
  addKubectl();
  addIstioctl();
  addTerraform(outputs, `case "$*" in *" apply "*) echo "Error: quota exceeded" >&2; exit 1;; esac`);
  const { code, notes } = await mesh("up", "--yes");
  expect({ code, notes }).toEqual({ code: 1, notes: expect.stringContaining("Error: quota exceeded") });
  expect(path.calls().filter((call) => call.startsWith("kubectl"))).toEqual([]);
});

test.each([
  ["up", ["up"]],
  ["destroy", ["destroy"]],
  ["destroy --infra", ["destroy", "--infra"]],
])("without a terminal %s refuses to start, and names --yes", async (_, args) => {
  addKubectl();
  addTerraform(outputs);
  expect(await mesh(...args)).toMatchObject({
    code: 2,
    notes: expect.stringMatching(/there is no terminal to ask on\n.*--yes/s),
  });
  expect(path.calls()).toEqual([]);
});

test("destroy --infra without credentials still runs terraform destroy, last and once", async () => {
  addKubectl();
  addTerraform(undefined);
  addAz(false);
  mkdirSync(".mesh");
  writeFileSync(ownKubeconfig, "apiVersion: v1\nkind: Config\n");
  writeFileSync("mesh.addresses.yaml", "main0: 192.0.2.1\n");
  const { code, result } = await mesh("destroy", "--infra", "--yes");
  expect({ code, result }).toEqual({ code: 0, result: expect.stringContaining("destroyed") });
  expect(azureCalls().filter((call) => !/ output | get-credentials /.test(call))).toEqual([
    `terraform ${stack} init -input=false -no-color`,
    `terraform ${stack} destroy -input=false -no-color -auto-approve`,
  ]);
  expect(existsSync(ownKubeconfig)).toBe(false);
  expect(existsSync("mesh.addresses.yaml")).toBe(false);
});

test("destroy --infra does not run terraform destroy when the mesh could not be uninstalled", async () => {
  addKubectl();
  addIstioctl();
  addTerraform(outputs);
  // The primary grants the lock, and nothing else.
  path.add(
    "kubectl",
    `case "$*" in *" create "*) cat;; *get-contexts*) exit 0;; *) echo "forbidden" >&2; exit 1;; esac`,
  );
  const { code, result } = await mesh("destroy", "--infra", "--yes");
  expect({ code, result }).toEqual({
    code: 1,
    result: expect.stringContaining("not destroyed: remote-secrets, "),
  });
  expect(azureCalls()).toEqual([`terraform ${stack} output -no-color -json kubeconfigs`]);
});

test("--infra is refused where Terraform manages no cluster", async () => {
  writeFileSync("mesh.yaml", "clusters: [{ name: main0, role: primary, network: n1, context: one }]\n");
  expect(await mesh("destroy", "--infra", "--yes")).toMatchObject({
    code: 2,
    notes: expect.stringContaining("Terraform creates none of these clusters"),
  });
});

describe("Terraform's state without a backend", () => {
  const name = "terraform.rg-demo.tfstate";
  beforeEach(() => {
    addKubectl();
    addIstioctl();
    addTerraform(undefined);
    addAz(false);
  });

  test.each([
    ["up", "--yes"],
    ["destroy", "--infra", "--yes"],
  ])("is named before %s starts", async (...args) => {
    const file = join(process.cwd(), name);
    expect((await mesh(...args)).notes).toContain(
      `Terraform's state: ${file}, which does not exist yet: Terraform knows of no cluster. If there are some, run this in the folder that has their state`,
    );
    writeFileSync(name, "{}");
    expect((await mesh(...args)).notes).toContain(`Terraform's state: ${file}\n`);
  });

  test.each([
    ["up", "--yes"],
    ["destroy", "--infra", "--yes"],
  ])("is required by %s in another folder, and the printed command finds it", async (...args) => {
    writeFileSync(name, "{}");
    const project = process.cwd();
    mkdirSync("elsewhere");
    process.chdir("elsewhere");
    const { code, notes } = await mesh(...args, "-f", "../mesh.yaml");
    expect({ code, notes }).toEqual({
      code: 2,
      notes: expect.stringContaining(
        `Terraform's state of this mesh is ../${name}, and Terraform looks for it in the current folder`,
      ),
    });
    expect({ calls: path.calls(), made: readdirSync(".") }).toEqual({ calls: [], made: [] });
    const [, folder] = /cd (\S+) && mesh (up|destroy --infra)$/m.exec(notes)!;
    process.chdir(folder!);
    expect(process.cwd()).toBe(project);
    expect((await mesh(...args)).notes).toContain(`Terraform's state: ${join(project, name)}\n`);
  });

  test("is not mentioned with a backend, and where Terraform is not run", async () => {
    expect((await mesh("destroy", "--yes")).notes).not.toContain("Terraform's state:");
    writeFileSync(
      "mesh.yaml",
      twoClusters.replace("azure:\n", "azure:\n  backend: { local: { path: elsewhere } }\n"),
    );
    expect((await mesh("up", "--yes")).notes).not.toContain("Terraform's state:");
  });
});
