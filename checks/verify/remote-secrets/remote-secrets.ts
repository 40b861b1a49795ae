import { istioNamespace, remoteSecretName } from "../../../k8s/istio-names";
import type { Cluster, Mesh } from "../../../mesh/mesh";
import { synced } from "../../../ops/clusters/istiod-facts";
import type { KubernetesObject } from "../../../ops/exec/kubernetes-object";
import { hasSample, isRemote } from "../../applies-to";
import { whyUnusable } from "../../basics/reachable";
import { type Check, notJudged, pass, passIfNone, problem, type Verdict } from "../../check";
import { kubectlIn, restartIstiod } from "../../suggested-commands";
import type { VerifyWorld } from "../world";
import { type Access, accessIn, answers, askScript, kindsRefused } from "./remote-access";

/** https://istio.io/latest/docs/ops/deployment/deployment-models/#endpoint-discovery-with-multiple-control-planes */
const secretLabel = "istio/multiCluster";
const clusterAnnotation = "networking.istio.io/cluster";

/** A Secret through which istiod reads clusters: it takes each key for a cluster's name, each value for its kubeconfig. */
const isRemoteSecret = ({ metadata }: KubernetesObject) => metadata.labels?.[secretLabel] === "true";
const clustersIn = ({ data }: KubernetesObject) => Object.keys(data ?? {});

async function remoteSecrets({ mesh, meshProbes }: VerifyWorld): Promise<KubernetesObject[]> {
  return (await meshProbes(mesh.primary).secrets()).filter(isRemoteSecret);
}

const removal = ({ primary }: Mesh, { metadata }: KubernetesObject) =>
  kubectlIn(primary, "-n", istioNamespace, "delete", "secret", metadata.name);

/** Deletes the Secrets of a remote and applies: apply keeps existing ones. */
const recreate = ({ mesh, byApply }: VerifyWorld, secrets: readonly KubernetesObject[]) => [
  ...secrets.map((secret) => removal(mesh, secret)),
  ...byApply.commands,
];

async function accessOf(world: VerifyWorld, cluster: Cluster): Promise<Access | undefined> {
  const secret = (await remoteSecrets(world)).find((one) => clustersIn(one).includes(cluster.name));
  return secret && accessIn(Buffer.from(secret.data[cluster.name], "base64").toString("utf8"));
}

/**
 * istiod takes client certificates too, whose keys are not sent around for a look. A request without a token would be
 * refused, and say nothing of the Secret.
 */
async function byIstiodsWord({ mesh, readClusters }: VerifyWorld, { name }: Cluster): Promise<Verdict> {
  const why = "the kubeconfig in the remote secret has no token that the check can use";
  const { primary, istio } = mesh;
  if (!istio.line.istiodTellsJson) return notJudged(why, byRemoteSecretWithToken);
  // An istiod that does not answer is another check's to tell.
  const state = (await readClusters().catch(() => undefined))?.[name] ?? "unknown";
  const said = `${why}; istiod of ${primary.name} says: ${state}`;
  return state === synced ? pass(said) : notJudged(said, byRemoteSecretWithToken);
}

const byRemoteSecretWithToken = {
  fix: "see in istiod's log whether it reads the cluster, or use a remote secret with a token, as apply creates it",
};

export const remoteSecretChecks: readonly Check<VerifyWorld>[] = [
  {
    id: "control-plane.remote-secret",
    of: "cluster",
    severity: "fail",
    applies: isRemote,
    title: "the primary has the remote's kubeconfig",
    looksAt: `Secrets of the primary's istio-system with the label ${secretLabel}: their keys, annotation and kubeconfig`,
    why: "istiod reads a remote only through such a Secret. The key is the cluster's name; exec plugins are not supported. Without it istiod has no endpoints of the remote and rejects its proxies.",
    fix: "apply; it creates the Secret",
    needs: ["primary/installed.mesh", "installed.mesh"],
    async look(world, cluster) {
      const { mesh, byApply, meshProbes } = world;
      const all = await meshProbes(mesh.primary).secrets();
      const found = all.filter(
        (secret) => isRemoteSecret(secret) && clustersIn(secret).includes(cluster.name),
      );
      const unlabelled = all.filter(
        (secret) => !isRemoteSecret(secret) && clustersIn(secret).includes(cluster.name),
      );
      const [secret] = found;
      if (!secret) {
        const lookalikes = unlabelled.map(
          ({ metadata }) =>
            `the Secret ${metadata.name} holds it, without the label ${secretLabel}: istiod does not look there`,
        );
        return problem([`there is no remote secret for ${cluster.name}`, ...lookalikes], byApply);
      }
      const named = secret.metadata.annotations?.[clusterAnnotation];
      if (named !== undefined && named !== cluster.name) {
        return problem(
          `the Secret ${secret.metadata.name} has the key ${cluster.name}, and is annotated as ${named}'s`,
          byApply,
        );
      }
      const access = await accessOf(world, cluster);
      const again = { commands: recreate(world, [secret]) };
      if (!access)
        return problem(`the Secret ${secret.metadata.name} holds no kubeconfig under ${cluster.name}`, again);
      if (access.refused) {
        return problem(
          `the kubeconfig in ${secret.metadata.name} logs in by ${access.refused}, which istiod refuses`,
          again,
        );
      }
      return pass(secret.metadata.name);
    },
  },
  {
    id: "control-plane.remote-secrets",
    of: "mesh",
    severity: "fail",
    title: "every remote has exactly one remote secret",
    looksAt: `Secrets of the primary's istio-system with the label ${secretLabel}, against the clusters of mesh.yaml`,
    why: "istiod uses only one of two Secrets for a cluster. A Secret of a removed cluster keeps its endpoints in use.",
    fix: "delete the surplus Secret",
    needs: ["primary/installed.mesh"],
    async look(world) {
      const { mesh } = world;
      const secrets = await remoteSecrets(world);
      const remotes = new Set(mesh.remotes.map(({ name }) => name));
      const strangers = secrets.filter((secret) => clustersIn(secret).some((name) => !remotes.has(name)));
      const owners = new Map<string, KubernetesObject[]>();
      for (const secret of secrets) {
        for (const name of clustersIn(secret)) owners.set(name, [...(owners.get(name) ?? []), secret]);
      }
      const twice = [...owners].filter(([, of]) => of.length > 1);
      // The one that `istioctl create-remote-secret` names so is the one to keep.
      const extra = twice.flatMap(([name, of]) => {
        const kept = of.find(({ metadata }) => metadata.name === remoteSecretName(name)) ?? of[0];
        return of.filter((secret) => secret !== kept);
      });
      const evidence = [
        ...twice.map(
          ([name, of]) => `${name} has ${of.length}: ${of.map(({ metadata }) => metadata.name).join(", ")}`,
        ),
        ...strangers.map(
          (secret) =>
            `${secret.metadata.name} is of ${clustersIn(secret).join(", ")}, which mesh.yaml does not name as a remote`,
        ),
      ];
      const remove = [...new Set([...extra, ...strangers])].map((secret) => removal(mesh, secret));
      return passIfNone(evidence, { commands: remove }, `${secrets.length} of ${remotes.size}`);
    },
  },
  {
    id: "control-plane.remote-server",
    of: "cluster",
    severity: "fail",
    applies: isRemote,
    title: "the remote secret has no loopback address",
    looksAt: "the server's address in the kubeconfig of the remote secret",
    why: "kind, minikube and tunnels write a loopback address into the kubeconfig. istiod dials it inside its own pod, and becomes ready without the remote after 30 seconds.",
    fix: "change the context's server to an address that pods of the primary can reach, then apply",
    needs: ["control-plane.remote-secret"],
    async look(world, cluster) {
      const { mesh } = world;
      const { server } = (await accessOf(world, cluster))!;
      const why = whyUnusable(server, { gateways: { ...mesh.gateways, internal: true } });
      if (why === undefined) return pass(server);
      const secrets = await remoteSecrets(world);
      const mine = secrets.filter((secret) => clustersIn(secret).includes(cluster.name));
      return problem(`${server} ${why}`, {
        commands: recreate(world, mine),
      });
    },
  },
  {
    id: "control-plane.remote-access",
    of: "cluster",
    severity: "fail",
    applies: (mesh, cluster) => isRemote(mesh, cluster) && hasSample(mesh),
    title: "the primary can read the remote's API server",
    looksAt:
      "an answer of the remote's API server to a request from inside the primary, with the token and authority of the remote secret; without a token, istiod's state of the cluster",
    why: "With a revoked token, another API server certificate or a firewall, istiod keeps its last state of the remote, or has none.",
    fix: "let the primary's outbound addresses reach the remote's API server",
    needs: ["primary/reachable.nodes", "control-plane.remote-server"],
    async look(world, cluster) {
      const { mesh, meshProbes } = world;
      const access = (await accessOf(world, cluster))!;
      if (access.token === undefined) return byIstiodsWord(world, cluster);
      // A role narrowed by hand keeps the remote out of sync: https://github.com/istio/istio/issues/59845
      const kinds = mesh.istio.line.remoteKinds;
      const { script, input } = askScript(access, kinds);
      const said = (await meshProbes(mesh.primary).inClient(script, { input })).trim();
      if (/^200(\n200)*$/.test(said)) return pass(`${access.server} answers`);
      const refused = kindsRefused(said, kinds);
      if (refused.length > 0) {
        return problem(
          [
            `the token of the remote secret may not list ${refused.join(", ")} in ${cluster.name}: its ClusterRole differs from the one that istioctl installed`,
            `istiod of ${mesh.primary.name} lists them, and ${cluster.name} is not synced without them`,
          ],
          { fix: "apply; it restores the ClusterRole", commands: world.byApply.commands },
        );
      }
      const found = answers.find((answer) => answer.said.test(said));
      const secrets = (await remoteSecrets(world)).filter((secret) =>
        clustersIn(secret).includes(cluster.name),
      );
      const again = { fix: "recreate the remote secret", commands: recreate(world, secrets) };
      return problem(
        [found?.means ?? "the remote's API server gives an unexpected answer", `${access.server}: ${said}`],
        found?.again ? again : {},
      );
    },
  },
  {
    id: "control-plane.synced",
    of: "cluster",
    severity: "fail",
    applies: ({ istio }) => istio.line.istiodTellsJson,
    title: "istiod is synced with the cluster",
    looksAt: "`istioctl remote-clusters`",
    why: "istiod becomes ready after 30 seconds, even if it has not read the remotes. Its proxies then get no endpoints of the cluster.",
    fix: "see what istiod logs about the cluster; restart istiod if it does not retry",
    needs: [
      "versions.istioctl",
      "primary/reachable.nodes",
      "primary/control-plane.istiod",
      "control-plane.remote-secret",
      "control-plane.remote-secrets",
      "control-plane.remote-access",
    ],
    async look({ mesh, readClusters }, cluster) {
      const state = (await readClusters())[cluster.name];
      if (state === synced) return pass();
      const { primary } = mesh;
      const ofEvery = ["logs", "-l", "app=istiod", "--prefix", "--since=10m", "--tail=-1"];
      const logs = kubectlIn(primary, "-n", istioNamespace, ...ofEvery);
      const commands = [logs, ...restartIstiod(primary)];
      if (state === undefined)
        return problem(`istiod of ${mesh.primary.name} does not know ${cluster.name}`, { commands });
      return problem(`istiod of ${mesh.primary.name} says: ${state}`, { commands });
    },
  },
];
