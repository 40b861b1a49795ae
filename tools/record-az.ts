import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

// `npx tsx tools/record-az.ts`: records az's answers in test/cli/az-answers.json. Requires an az that is logged in to the
// lab's emulator of Azure, with the clusters of mesh.yaml: see CONTRIBUTING.md.

const emulator = join(__dirname, "../../shared/lab/azure/azure");
const group = "rg-istiodemo-centralus";
const credentials = (name: string, resourceGroup = group) =>
  `aks get-credentials --resource-group ${resourceGroup} --name ${name} --overwrite-existing --file -`;
const account = "account show -o json";
const provider = "provider show --namespace Microsoft.ContainerService --query registrationState -o tsv";
const main = credentials("aks-istiodemo-main-centralus");
const remote = credentials("aks-istiodemo-remote0-centralus");

/** Removes keys, tokens, and what changes from run to run. */
const withoutSecrets = (text: string) =>
  text
    .replace(/((?:certificate-authority|client-certificate|client-key)-data: )\S+/g, "$1bm90IGhlcmU=")
    .replace(/(token: )\S+/g, "$1not-here");

function ask(questions: readonly string[], env: NodeJS.ProcessEnv = {}) {
  return Object.fromEntries(
    questions.map((args) => {
      const { status, stdout, stderr } = spawnSync("az", args.split(" "), {
        encoding: "utf8",
        env: { ...process.env, ...env },
      });
      return [args, { code: status, stdout: withoutSecrets(stdout), stderr }];
    }),
  );
}

const loggedIn = ask(["version -o json", account, provider, main, remote]);
const noCluster = ask([main.replace(group, "rg-other"), credentials("aks-other")]);
execFileSync(emulator, ["unregister", "Microsoft.ContainerService"]);
const notRegistered = ask([provider]);
execFileSync("az", ["provider", "register", "--namespace", "Microsoft.ContainerService", "--wait"]);
const noLogin = mkdtempSync(join(tmpdir(), "mesh-az-"));
const loggedOut = ask(["version -o json", account, main, remote], { AZURE_CONFIG_DIR: noLogin });
rmSync(noLogin, { recursive: true });

const { "azure-cli": az } = JSON.parse(loggedIn["version -o json"]!.stdout);
const recorded = {
  az,
  read: new Date().toISOString().slice(0, 10),
  loggedIn,
  noCluster,
  notRegistered,
  loggedOut,
};
writeFileSync(join(__dirname, "../test/cli/az-answers.json"), `${JSON.stringify(recorded, null, 2)}\n`);
