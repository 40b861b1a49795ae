import { execFile, spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { dump, load } from "js-yaml";
import type { CheckReport, CheckResult } from "../../checks/report";
import { issue, keyPem, x509 } from "../ca/authority";
import { type FakePath, fakePath } from "../ops/exec/fake-programs";
import { project, twoClusters } from "../synth/project";
import { mesh } from "./run";

// Kubeconfigs of users, read by the real kubectl. The clusters are an HTTPS server that returns a version;
// kubelogin and az are composed.

const hasKubectl = spawnSync("kubectl", ["version", "--client"]).status === 0;
const withKubectl = hasKubectl ? describe : describe.skip;

const existingClusters = `clusters:
  - { name: main0, role: primary, network: network1, context: main0 }
  - { name: remote0, network: network2, context: remote0 }
`;

let leave: () => void;
let path: FakePath;
let server: Server;
const environment = { ...process.env };

beforeEach(async () => {
  ({ leave } = await project(existingClusters));
  path = fakePath();
  process.env.PATH = `${path.folder}:${environment.PATH}`;
  process.env.HOME = path.folder;
  // kubectl runs hundreds of times here, and ends before it needs to collect garbage.
  process.env.GOGC = "off";
  const usage = x509.KeyUsageFlags.digitalSignature;
  const { pem, keys } = await issue({ subject: "CN=127.0.0.1", ca: false, usage });
  server = createServer({ cert: pem, key: await keyPem(keys) }, (_, response) =>
    response.end('{"gitVersion":"v1.34.1","major":"1","minor":"34"}'),
  );
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
});
afterEach(() => {
  process.env = { ...environment };
  server.closeAllConnections();
  server.close();
  leave();
  path.remove();
});

const address = () => `https://127.0.0.1:${(server.address() as AddressInfo).port}`;

function kubeconfig(
  name: string,
  context: string,
  entries: { user?: [string, object]; cluster?: string; server?: string } = {},
): string {
  const [user, credentials] = entries.user ?? [`${context}-admin`, { token: `token-of-${context}` }];
  const cluster = entries.cluster ?? `${context}-cluster`;
  const file = join(path.folder, name);
  writeFileSync(
    file,
    dump({
      apiVersion: "v1",
      kind: "Config",
      clusters: [
        { name: cluster, cluster: { server: entries.server ?? address(), "insecure-skip-tls-verify": true } },
      ],
      users: [{ name: user, user: credentials }],
      contexts: [{ name: context, context: { cluster, user } }],
    }),
  );
  return file;
}

const exec = (command: string, ...args: string[]) => ({
  exec: { apiVersion: "client.authentication.k8s.io/v1beta1", command, args, interactiveMode: "IfAvailable" },
});

async function doctor(): Promise<(id: string, cluster?: string) => CheckResult> {
  const { result } = await mesh("doctor", "-o", "json");
  const { results } = JSON.parse(result) as CheckReport;
  return (id, cluster) => results.find((one) => one.id === id && one.cluster === cluster)!;
}

/** As a person pastes them. */
async function paste(commands: readonly string[]): Promise<void> {
  for (const command of commands) await promisify(execFile)("sh", ["-ec", command], { env: process.env });
}

/** Processes that a fake noted; one that was just killed may take its time. */
async function running(file: string): Promise<readonly string[]> {
  const pids = readFileSync(join(path.folder, file), "utf8").split("\n").filter(Boolean);
  const alive = () =>
    pids.filter((pid) =>
      /^[^Z]/.test(spawnSync("ps", ["-o", "stat=", "-p", pid], { encoding: "utf8" }).stdout),
    );
  const end = Date.now() + 2000;
  while (alive().length > 0 && Date.now() < end) await new Promise((done) => setTimeout(done, 50));
  return alive();
}

withKubectl("a login prompt", () => {
  const prompt =
    "To sign in, use a web browser to open the page https://microsoft.com/devicelogin and enter the code ABC123 to authenticate.";
  const token = `echo '{"apiVersion":"client.authentication.k8s.io/v1beta1","kind":"ExecCredential","status":{"token":"t"}}'`;

  /** `devicecode` waits for a login; `azurecli` has a token. `convert-kubeconfig` changes one for the other. */
  const kubelogin = (waiting: string) =>
    path.add(
      "kubelogin",
      `case "$*" in
  *azurecli*) [ "$1" = get-token ] && ${token} || sed -i s/devicecode/azurecli/ "$KUBECONFIG" ;;
  *) echo $$ >> '${path.folder}/pids'; ${waiting} ;;
esac`,
    );

  beforeEach(() => {
    const login = exec("kubelogin", "get-token", "--login", "devicecode");
    const file = kubeconfig("one", "main0");
    const both = load(readFileSync(file, "utf8")) as Record<string, { name: string }[]>;
    const other = load(readFileSync(kubeconfig("two", "remote0", { user: ["entra", login] }), "utf8"));
    for (const key of ["clusters", "users", "contexts"]) both[key]!.push(...(other as typeof both)[key]!);
    writeFileSync(file, dump(both));
    process.env.KUBECONFIG = file;
  });

  test("is reported at once, doctor's commands fix it, and no plugin is left running", async () => {
    kubelogin(`echo '${prompt}' >&2; sleep 900`);
    const started = Date.now();
    const check = await doctor();
    expect(Date.now() - started).toBeLessThan(9000);
    const found = check("reachable.api", "remote0");
    expect(found).toMatchObject({
      status: "fail",
      evidence: [`${address()}: login required (device code)`],
      fix: "log in first, in a terminal where the plugin can ask; or, with kubelogin on AKS, let it use the login of az",
      commands: [
        "kubelogin convert-kubeconfig --context remote0 --login azurecli",
        "kubectl --context remote0 get --raw /version",
      ],
    });
    expect(check("reachable.api", "main0").status).toBe("pass");
    expect(await running("pids")).toEqual([]);
    await paste(found.commands);
    expect((await doctor())("reachable.api", "remote0").status).toBe("pass");
  }, 30_000);

  test("is reported when the plugin itself gives up", async () => {
    kubelogin(`echo '${prompt}' >&2; exit 1`);
    expect((await doctor())("reachable.api", "remote0").evidence).toEqual([
      `${address()}: login required (device code)`,
    ]);
  });

  test("without output, the credential plugin is named as the cause, not the network", async () => {
    kubelogin("trap '' TERM; sleep 900");
    const { evidence, fix } = (await doctor())("reachable.api", "remote0");
    expect(evidence[0]).toMatch(/not done within 20 s$/);
    expect(fix).toMatch(/^kubectl hangs: its credential plugin probably waits for a login/);
    expect(await running("pids")).toEqual([]);
  }, 60_000);

  test.each(["status", "apply", "verify", "endpoints"])(
    "%s says so, with what to do, and leaves no plugin running",
    async (command) => {
      kubelogin(`echo '${prompt}' >&2; sleep 900`);
      path.add("istioctl", `echo '{"clientVersion":{"version":"1.31.1"}}'`);
      const { code, result, notes } = await mesh(command);
      expect(code).toBe(1);
      expect(result + notes).toContain("login required (device code)");
      expect(result + notes).toContain("fix: log in first, in a terminal where the plugin can ask");
      expect(result + notes).not.toMatch(/firewall|VPN|ABC123/);
      expect(await running("pids")).toEqual([]);
    },
    60_000,
  );
});

withKubectl("two kubeconfigs in KUBECONFIG", () => {
  test("the same user name in both: the file that takes effect is named, and another name fixes it", async () => {
    const k1 = kubeconfig("k1", "main0", { user: ["admin", { token: "one" }] });
    const k2 = kubeconfig("k2", "remote0", { user: ["admin", { token: "two" }] });
    process.env.KUBECONFIG = `${k1}:${k2}`;
    const check = await doctor();
    expect(check("reachable.entries", "main0").status).toBe("pass");
    expect(check("reachable.entries", "remote0")).toMatchObject({
      status: "fail",
      evidence: [
        `the user admin is in ${k1} and in ${k2}, and the first counts: the context remote0 of ${k2} logs in with the credentials of ${k1}`,
      ],
      fix: `give the user admin another name in ${k2}, under users and in its contexts (kubectl has no command for this)`,
    });
    // The permissions of the wrong user are not reported as another problem.
    for (const id of ["reachable.api", "rights.read", "clusters.distinct"])
      expect(check(id, "remote0").status).toBe("not judged");
    writeFileSync(k2, readFileSync(k2, "utf8").replaceAll("admin", "other"));
    expect((await doctor())("reachable.entries", "remote0").status).toBe("pass");
  });

  test("the same cluster name in both is a fault of the kubeconfig, not of the clusters; apply refuses it too", async () => {
    const k1 = kubeconfig("k1", "main0", { cluster: "kubernetes" });
    const k2 = kubeconfig("k2", "remote0", { cluster: "kubernetes", server: "https://203.0.113.9" });
    process.env.KUBECONFIG = `${k1}:${k2}`;
    path.add("istioctl", `echo '{"clientVersion":{"version":"1.31.1"}}'`);
    const words = `the cluster kubernetes is in ${k1} and in ${k2}, and the first counts: the context remote0 of ${k2} leads to the server of ${k1}`;
    expect((await doctor())("reachable.entries", "remote0").evidence).toEqual([words]);
    const { code, notes } = await mesh("apply");
    expect({ code, notes }).toEqual({ code: 1, notes: expect.stringContaining(words) });
    expect(notes).not.toContain("lead to the same cluster");
  });

  test("the same entry in both, or an entry in one of them, is fine", async () => {
    const k1 = kubeconfig("k1", "main0", { user: ["admin", { token: "one" }] });
    const k2 = kubeconfig("k2", "remote0", { user: ["admin", { token: "one" }] });
    process.env.KUBECONFIG = `${k1}:${k2}:${k1}:${join(path.folder, "absent")}`;
    expect((await doctor())("reachable.entries", "remote0").status).toBe("pass");
    writeFileSync(k2, readFileSync(k2, "utf8").replace(/users:[\s\S]*contexts/, "contexts"));
    expect((await doctor())("reachable.entries", "remote0").status).toBe("pass");
  });
});

withKubectl("az, which takes all of KUBECONFIG for one file", () => {
  /** Writes a context to the file that --file or KUBECONFIG names, as it is. */
  const az = () =>
    path.add(
      "az",
      `case "$*" in
  *" --file -") echo 'ERROR: not found' >&2; exit 3;;
  "aks get-credentials "*) ;;
  *) exit 1;;
esac
name=; file="\${KUBECONFIG:-$HOME/.kube/config}"
while [ $# -gt 0 ]; do case "$1" in --name) name=$2;; --file) file=$2;; esac; shift; done
mkdir -p "$(dirname "$file")"
[ -s "$file" ] || echo '{"apiVersion":"v1","kind":"Config"}' > "$file"
kubectl config set-cluster "$name" --kubeconfig "$file" --server ${address()} --insecure-skip-tls-verify
kubectl config set-credentials "$name-user" --kubeconfig "$file" --token t
kubectl config set-context "$name" --kubeconfig "$file" --cluster "$name" --user "$name-user"`,
    );
  const aks = "rg-demo --name aks-remote --overwrite-existing";

  beforeEach(() => {
    writeFileSync("mesh.yaml", twoClusters);
    az();
    path.add("terraform", "exit 1");
  });

  test("doctor's commands have --file, and fix it when run once", async () => {
    const own = kubeconfig("own", "aks-main");
    process.env.KUBECONFIG = `${join(path.folder, "first")}:${own}`;
    const { status, commands } = (await doctor())("reachable.context", "remote0");
    expect({ status, commands }).toEqual({
      status: "not judged",
      commands: [`az aks get-credentials --resource-group ${aks} --file ${own}`],
    });
    await paste(commands);
    const after = await doctor();
    expect(after("reachable.context", "remote0").status).toBe("pass");
    expect(after("reachable.kubeconfig").status).toBe("pass");
  });

  test("--file names the file with the context, because kubectl reads that one", async () => {
    const stale = kubeconfig("stale", "aks-remote", { server: "http://127.0.0.1:1" });
    process.env.KUBECONFIG = `${stale}:${kubeconfig("own", "aks-main")}`;
    const { commands } = (await doctor())("reachable.api", "remote0");
    expect(commands[0]).toBe(`az aks get-credentials --resource-group ${aks} --file ${stale}`);
    await paste(commands);
    expect((await doctor())("reachable.api", "remote0").status).toBe("pass");
  });

  test("with one file the command has no --file", async () => {
    process.env.KUBECONFIG = kubeconfig("own", "aks-main");
    expect((await doctor())("reachable.context", "remote0").commands).toEqual([
      `az aks get-credentials --resource-group ${aks}`,
    ]);
  });

  test("a file whose name is the whole list is found, and the printed command deletes it", async () => {
    process.env.KUBECONFIG = `.mesh/own:${kubeconfig("own", "aks-main")}`;
    await paste([`az aks get-credentials --resource-group ${aks}`]);
    const found = (await doctor())("reachable.kubeconfig");
    expect(found).toMatchObject({
      status: "warn",
      evidence: [`there is a file called ${process.env.KUBECONFIG}`],
      commands: [`rm ${process.env.KUBECONFIG}`],
    });
    await paste(found.commands);
    expect((await doctor())("reachable.kubeconfig").status).toBe("pass");
  });
});

withKubectl("a server that takes connections and does not answer", () => {
  test.each(["doctor", "endpoints"])(
    "%s reports the network, not a login",
    async (command) => {
      const { createServer: createTcpServer } = await import("node:net");
      const silent = createTcpServer(() => {});
      await new Promise<void>((listening) => silent.listen(0, "127.0.0.1", listening));
      const { port } = silent.address() as AddressInfo;
      process.env.KUBECONFIG = [
        kubeconfig("k1", "main0"),
        kubeconfig("k2", "remote0", { server: `https://127.0.0.1:${port}` }),
      ].join(":");
      const { result } = await mesh(command);
      silent.close();
      expect(result).toContain("fix: no answer: a firewall, ");
      expect(result).not.toContain("plugin");
    },
    60_000,
  );
});

withKubectl("names of contexts", () => {
  test.each([
    "AKS Dev Env",
    "ctx1 (aws)",
    "dev-frontend+foo",
    "default/api:6443/Jörg Müller",
    "$(touch pwned)",
  ])(
    "%s is taken by init, found by doctor, and the printed command reaches it",
    async (context) => {
      rmSync("mesh.yaml");
      process.env.KUBECONFIG = kubeconfig("k1", context);
      expect(await mesh("init", "--context", context)).toMatchObject({ code: 0 });
      const check = await doctor();
      expect(check("reachable.api", "main0")).toMatchObject({ status: "pass" });
      kubeconfig("k1", context, { server: "https://127.0.0.1:1" });
      const { commands } = (await doctor())("reachable.api", "main0");
      await expect(paste(commands)).rejects.toThrow("127.0.0.1:1 was refused");
      expect(existsSync("pwned")).toBe(false);
    },
    30_000,
  );

  test.each(["--context=x", "a\tb"])(
    "%j is refused by init, and the command of the fix renames it",
    async (context) => {
      rmSync("mesh.yaml");
      process.env.KUBECONFIG = kubeconfig("k1", context);
      const { code, notes } = await mesh("init", `--context=${context}`);
      expect({ code, written: existsSync("mesh.yaml") }).toEqual({ code: 2, written: false });
      const [, name, command] = /set (\S+) here: (kubectl .*)/.exec(notes)!;
      await promisify(execFile)("bash", ["-ec", command!], { env: process.env });
      expect(await mesh("init", "--context", name!)).toMatchObject({ code: 0 });
      expect((await doctor())("reachable.api", "main0").status).toBe("pass");
    },
  );
});
