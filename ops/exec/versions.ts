import type { Mesh } from "../../mesh/mesh";
import { isInRange, minorOf, minorsApart, parseVersion, type Version } from "../../mesh/versions";
import { logAside } from "./istioctl";
import type { Output, ProgramName, Programs } from "./programs";
import { parseJsonOutput } from "./programs";

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

/** The Kubernetes version of a cluster. */
export async function serverVersion(programs: Programs, context: string): Promise<Version | undefined> {
  const { stdout } = await programs.run("kubectl", ["--context", context, "get", "--raw", "/version"]);
  try {
    return parseVersion(JSON.parse(stdout).gitVersion);
  } catch {
    return undefined;
  }
}

/** What was found, for the rules to judge. */
export interface Versions {
  readonly kubectl: Version | undefined;
  readonly istioctl: Version | undefined;
  /** By cluster name. */
  readonly kubernetes: Readonly<Record<string, Version | undefined>>;
}

/** Each gives the sentences that say what does not fit; none when all fits. */
export const skewRules: readonly ((mesh: Mesh, versions: Versions) => readonly string[])[] = [
  istioctlIsOfTheMeshsLine,
  kubectlIsWithinOneMinorOfEveryServer,
  kubernetesIsInTheLinesRange,
];

/** https://istio.io/latest/docs/setup/upgrade/: istioctl installs its own release. */
export function istioctlIsOfTheMeshsLine(mesh: Mesh, { istioctl }: Versions): string[] {
  const wanted = parseVersion(mesh.istio.version)!;
  if (istioctl && minorOf(istioctl) === minorOf(wanted)) return [];
  return [
    `istioctl is ${istioctl?.text ?? "of an unknown version"}; mesh.yaml asks for Istio ${mesh.istio.version}; ` +
      `put istioctl ${minorOf(wanted)} first on the PATH, or change istio.line in mesh.yaml`,
  ];
}

/** https://kubernetes.io/releases/version-skew-policy/#kubectl */
export function kubectlIsWithinOneMinorOfEveryServer(_: Mesh, { kubectl, kubernetes }: Versions): string[] {
  return Object.entries(kubernetes)
    .filter(([, server]) => kubectl && server && Math.abs(minorsApart(kubectl, server)) > 1)
    .map(
      ([cluster, server]) =>
        `kubectl is ${kubectl?.text} and ${cluster} runs Kubernetes ${server?.text}; allowed is one minor version ` +
        `apart; install kubectl ${minorOf(server!)}`,
    );
}

export function kubernetesIsInTheLinesRange(mesh: Mesh, { kubernetes }: Versions): string[] {
  const { id, kubernetes: range } = mesh.istio.line;
  return Object.entries(kubernetes)
    .filter(([, server]) => server && !isInRange(server, range))
    .map(
      ([cluster, server]) =>
        `${cluster} runs Kubernetes ${server?.text}; Istio ${id} supports ${range.min} to ${range.max}; ` +
        "upgrade the cluster or choose another istio.line",
    );
}
