import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import type { ProgramName } from "./programs";

export type Environment = Readonly<NodeJS.ProcessEnv>;

/** Functions take the environment as a parameter with this default. */
export const userEnvironment = (): Environment => process.env;

/**
 * The files that kubectl reads, in its order: of several it takes each entry from the first that has it
 * (https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/#merging-kubeconfig-files).
 */
export function kubeconfigFiles(env: Environment = userEnvironment()): readonly string[] {
  const named = (env.KUBECONFIG ?? "").split(delimiter).filter(Boolean);
  return named.length > 0 ? named : [join(homeFolder(env), ".kube", "config")];
}

/** Empty for a user with neither HOME nor an entry in passwd, as in a container: kubectl then uses the current folder. */
export function homeFolder({ HOME }: Environment = userEnvironment()): string {
  if (HOME !== undefined) return HOME;
  try {
    return homedir();
  } catch {
    return "";
  }
}

/** The subscription that azurerm uses if its configuration has none. */
export const terraformSubscription = (env: Environment = userEnvironment()): string | undefined =>
  env.ARM_SUBSCRIPTION_ID || undefined;

/** Settings of a user or a CI system that would change what a program does or prints. */
const settings: Readonly<Record<ProgramName, { readonly without?: RegExp; readonly set?: Environment }>> = {
  // A kuberc gives commands other defaults: `apply` without "unchanged", `delete` that asks and deletes nothing. KUBERC
  // is read from 1.34 on, the other by 1.33 (https://kubernetes.io/docs/reference/kubectl/kuberc/, read 2026-11-27).
  kubectl: { set: { KUBERC: "off", KUBECTL_KUBERC: "false" } },
  // These flags have defaults in $HOME/.istioctl/config.yaml or the file that ISTIOCONFIG names, and the variables come
  // before it (istioctl/cmd/root.go, ConfigAndEnvProcessing; `istioctl experimental config list`; read 2026-11-27).
  istioctl: {
    without: /^ISTIOCONFIG$/,
    set: {
      ISTIOCTL_AUTHORITY: "",
      ISTIOCTL_CERT_DIR: "",
      ISTIOCTL_INSECURE: "false",
      ISTIOCTL_ISTIONAMESPACE: "istio-system",
      ISTIOCTL_PLAINTEXT: "false",
      ISTIOCTL_PREFER_EXPERIMENTAL: "false",
      ISTIOCTL_XDS_ADDRESS: "",
      ISTIOCTL_XDS_PORT: "15012",
    },
  },
  // TF_LOG fills stderr with requests and their secrets. TF_CLI_ARGS puts flags into every command, also those that do
  // not know them; `init` may need -backend-config (https://developer.hashicorp.com/terraform/cli/config/environment-variables,
  // read 2026-11-27).
  terraform: { without: /^TF_(LOG|CLI_ARGS)(?!_init$)/ },
  az: {},
};

/** The environment of a program: the user's, without settings that would change its output. */
export function environmentOf(
  program: ProgramName,
  env: Environment,
  kubeconfig: string | undefined,
): Environment {
  const { without, set } = settings[program];
  const kept = Object.entries(env).filter(([name]) => !without?.test(name));
  const files = kubeconfig !== undefined && [kubeconfig, ...kubeconfigFiles(env)].join(delimiter);
  return { ...Object.fromEntries(kept), ...set, ...(files && { KUBECONFIG: files }) };
}

/**
 * The file to run for a program. Terraform may be OpenTofu: TERRAFORM_BINARY_NAME says so, as for cdktf. GitHub's
 * setup-terraform and setup-opentofu put a wrapper on the PATH; the program behind it runs instead, because the wrapper
 * copies all output, kubeconfigs included, into the job's outputs (https://github.com/hashicorp/setup-terraform, wrapper/, read
 * 2026-11-27).
 */
export function fileOf(program: ProgramName, env: Environment): string {
  if (program !== "terraform") return program;
  const name = env.TERRAFORM_BINARY_NAME || program;
  const wrapped = [env.TERRAFORM_CLI_PATH, env.TOFU_CLI_PATH]
    .filter((folder) => folder)
    .map((folder) => join(folder!, `${name}-bin${process.platform === "win32" ? ".exe" : ""}`));
  return wrapped.find((file) => existsSync(file)) ?? name;
}
