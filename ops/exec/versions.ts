import { parseVersion, type Version } from "../../mesh/versions";
import { logAside } from "./istioctl";
import type { Kubectl } from "./kubectl";
import { type Output, type ProgramName, type Programs, parseJsonOutput, type RunOptions } from "./programs";

interface Query {
  readonly args: readonly string[];
  readonly read: (stdout: string) => string | undefined;
}

const json = (path: readonly string[]) => (stdout: string) =>
  path.reduce<unknown>(
    (value, key) => (value as Record<string, unknown>)?.[key],
    parseJsonOutput(stdout),
  ) as string;

const queries: Readonly<Record<ProgramName, Query>> = {
  kubectl: { args: ["version", "--client", "-o", "json"], read: json(["clientVersion", "gitVersion"]) },
  istioctl: {
    args: ["version", "--remote=false", "-o", "json", ...logAside],
    read: json(["clientVersion", "version"]),
  },
  terraform: { args: ["version", "-json"], read: json(["terraform_version"]) },
  az: { args: ["version", "-o", "json"], read: json(["azure-cli"]) },
};

/**
 * The version of a program on the PATH.
 * @throws MissingProgram where there is none
 */
export async function programVersion(programs: Programs, program: ProgramName): Promise<Version | undefined> {
  const { args, read } = queries[program];
  const { stdout }: Output = await programs.run(program, args);
  try {
    return parseVersion(read(stdout) ?? "");
  } catch {
    return undefined;
  }
}

/**
 * The Kubernetes version of a cluster.
 * @throws when something else answers than an API server
 */
export async function serverVersion(kubectl: Kubectl, options?: RunOptions): Promise<Version | undefined> {
  const { stdout } = await kubectl.run(["get", "--raw", "/version"], options);
  return parseVersion(JSON.parse(stdout).gitVersion);
}
