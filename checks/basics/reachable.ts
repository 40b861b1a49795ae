import { BlockList, isIPv4, isIPv6 } from "node:net";
import type { Cluster, Mesh } from "../../mesh/mesh";
import { accessInWords } from "../../mesh/network-access";
import { didYouMean } from "../../mesh/problem";
import { commandLine } from "../../mesh/shell-quote";
import { fetchCredentials, loginOfAz } from "../../ops/azure/credentials";
import { fixForUnreachable } from "../../ops/diagnosis/unreachable";
import { DeadlinePassed, LoginRequired, ProgramFailed, shortMessage } from "../../ops/exec/errors";
import { mixedEntries, mixedEntryFix, mixedEntryText, strayFile } from "../../ops/exec/kubeconfig-files";
import { type Check, notJudged, pass, problem } from "../check";
import { kubectlIn } from "../suggested-commands";
import type { World } from "./world";

const loopback = ranges(["127.0.0.0", 8], ["::1", 128], ["0.0.0.0", 32]);
/** RFC 1918, RFC 6598, link-local, unique local. */
const privateNetworks = ranges(
  ["10.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["100.64.0.0", 10],
  ["169.254.0.0", 16],
  ["fc00::", 7],
  ["fe80::", 10],
);

function ranges(...nets: [string, number][]): BlockList {
  const list = new BlockList();
  for (const [net, prefix] of nets) list.addSubnet(net, prefix, isIPv4(net) ? "ipv4" : "ipv6");
  return list;
}

const isIn = (list: BlockList, host: string) =>
  isIPv4(host) ? list.check(host, "ipv4") : isIPv6(host) && list.check(host, "ipv6");

/** Where a server's address leads from inside another cluster; undefined: there. */
export function whyUnusable(server: string, { gateways }: Pick<Mesh, "gateways">): string | undefined {
  const host = URL.canParse(server) ? new URL(server).hostname.replace(/^\[|\]$/g, "") : server;
  if (isIn(loopback, host) || /^(localhost|.*\.docker\.internal)$/.test(host)) {
    return "is this machine's own: a pod that dials it reaches itself";
  }
  // Networks that are connected for internal gateways carry this as well.
  if (gateways.internal) return undefined;
  if (isIn(privateNetworks, host) || /\.privatelink\./.test(host)) {
    return "is private: the primary reaches it only if the clusters' networks are connected";
  }
  return undefined;
}

/** How a cluster that was created again answers, or its name server. */
const saysOldCredentials = /Unauthorized|credentials|logged in|x509|certificate|no such host/i;
/** What drops packets instead of refusing them, as authorized IP ranges do. */
const isSilent = /timeout|timed out|deadline|not done within/i;
const renewedByUp = "if Terraform has created the cluster again, `mesh up` renews its credentials";

export const reachableChecks: readonly Check<World>[] = [
  {
    id: "reachable.kubeconfig",
    of: "mesh",
    severity: "warn",
    title: "KUBECONFIG was not taken for one file name",
    looksAt: "a file whose name is the whole value of KUBECONFIG, if that is a list",
    why: "az writes credentials into a file of that name (Azure/azure-cli#18836). kubectl does not read it, so the context is missing, and the credentials are in an unexpected place.",
    fix: "delete it, and fetch the credentials with --file",
    needs: [],
    look() {
      const file = strayFile();
      if (file === undefined) return pass();
      return problem(`there is a file called ${file}`, { commands: [commandLine("rm", [file])] });
    },
  },
  {
    id: "reachable.context",
    of: "cluster",
    severity: "fail",
    title: "the context is in the kubeconfig",
    looksAt: "`kubectl config get-contexts`, every file that KUBECONFIG names",
    why: "A cluster is found by its kubeconfig context: the one that mesh.yaml names, or the AKS name, as `az aks get-credentials` writes it.",
    fix: "use an existing context in mesh.yaml, or point KUBECONFIG to the file that has it",
    needs: ["programs.kubectl"],
    async look({ mesh, kubeconfig }, cluster) {
      const { contexts } = await kubeconfig();
      const { context } = cluster;
      const known = [...contexts.keys()];
      const found = contexts.get(context);
      if (found) return found.server ? pass(context) : problem(`context ${context} has no server`);
      const there = known.length > 0 ? `there are ${known.slice(0, 10).join(", ")}` : "there are none";
      const evidence = `no context ${context}; ${there}`;
      if (cluster.aks) {
        return notJudged(`${evidence}: the cluster is not made yet, or its credentials are not fetched`, {
          fix: "make it with Terraform, then fetch its credentials",
          commands: fetchCredentials(mesh, cluster),
        });
      }
      return problem(evidence, {
        fix: `${didYouMean(context, known)}use an existing context in mesh.yaml, or point KUBECONFIG to the file that has it`,
        commands: [commandLine("kubectl", ["config", "get-contexts"])],
      });
    },
  },
  {
    id: "reachable.entries",
    of: "cluster",
    severity: "fail",
    title: "no kubeconfig entry is shadowed by another file",
    looksAt: "the files that KUBECONFIG names: kubectl uses the first entry of a name",
    why: "k3s calls every user `default`, kubeadm every cluster `kubernetes`. In a merged kubeconfig the second context uses the first one's credentials or server.",
    fix: "rename the entry",
    needs: ["reachable.context"],
    look(_, { context }) {
      const mixed = mixedEntries(context);
      if (mixed.length === 0) return pass();
      return problem(
        mixed.map((entry) => mixedEntryText(context, entry)),
        { fix: mixed.map(mixedEntryFix).join("; ") },
      );
    },
  },
  {
    id: "reachable.api",
    of: "cluster",
    severity: "fail",
    title: "the API server answers",
    looksAt: "`kubectl get --raw /version`, for ten seconds at most",
    why: "Nothing works without the API server.",
    fix: "run the command and see kubectl's error",
    needs: ["reachable.context", "reachable.entries"],
    async look({ mesh, kubeconfig, probes }, cluster) {
      const { apiServer: admitted } = accessInWords(mesh, cluster);
      const entry = async () => (await kubeconfig()).contexts.get(cluster.context);
      try {
        await probes(cluster).version();
        const server = (await entry())?.server ?? cluster.context;
        return pass(admitted === undefined ? server : `${server}, which admits ${admitted}`);
      } catch (error) {
        if (!(error instanceof ProgramFailed) && !(error instanceof DeadlinePassed)) throw error;
        const words = error instanceof ProgramFailed ? lastLine(error.stderr) : shortMessage(error);
        const fixes = [
          fixForUnreachable(words),
          cluster.aks && saysOldCredentials.test(words) ? renewedByUp : undefined,
          admitted !== undefined && isSilent.test(words)
            ? `the API server admits ${admitted}: add this machine's public address to azure.authorizedIpRanges, then run \`mesh up\``
            : undefined,
        ].filter((fix) => fix !== undefined);
        const { server, plugin } = (await entry())!;
        const before =
          error instanceof LoginRequired ? logIn(cluster, plugin) : fetchCredentials(mesh, cluster);
        return problem(`${server}: ${words}`, {
          ...(fixes.length > 0 && { fix: fixes.join("; ") }),
          commands: [...before, kubectlIn(cluster, "get", "--raw", "/version")],
        });
      }
    },
  },
  {
    id: "reachable.from-primary",
    of: "cluster",
    severity: "warn",
    applies: (_, { role }) => role === "remote",
    title: "the primary can use the API server's address",
    looksAt: "the server of the context: it goes into the remote secret as it is",
    why: "istiod on the primary watches every remote's API server under the address that the kubeconfig has. A loopback address (kind, minikube, a tunnel) or one of a private network answers here and not there: endpoints of the remote never appear, and istiod turns ready without them.",
    fix: "give the context an address that pods of the primary reach",
    needs: ["reachable.context"],
    async look({ mesh, kubeconfig }, { context }) {
      const { cluster, server } = (await kubeconfig()).contexts.get(context)!;
      const why = whyUnusable(server!, mesh);
      if (why === undefined) return pass(server!);
      const setServer = ["config", "set-cluster", cluster, "--server=https://ADDRESS:PORT"];
      return problem(`${server} ${why}`, { commands: [commandLine("kubectl", setServer)] });
    },
  },
];

/** Where the plugin is Azure's kubelogin, it can do with the login of az. */
const logIn = ({ context }: Cluster, plugin: string | undefined): string[] =>
  plugin === "kubelogin" ? [loginOfAz(context)] : [];

const lastLine = (text: string) => text.trim().split("\n").at(-1)!;
