import { istioNamespace, remoteSecretName } from "../../k8s/istio-names";
import type { Cluster, Mesh } from "../../mesh/mesh";
import { synced } from "../../ops/clusters/istiod-facts";
import type { KubernetesObject } from "../../ops/exec/kubernetes-object";
import { whyUnusable } from "../basics/reachable";
import { type Check, faulty, sound, unjudged, type Verdict } from "../check";
import { kubectlIn, restartIstiod } from "../commands";
import { hasSample, isRemote } from "./applies";
import { type Access, accessIn, answers, askScript, kindsRefused } from "./remote-access";
import type { VerifyWorld } from "./world";

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

/** Has the Secrets of a remote made anew: apply leaves alone what is there. */
const anew = ({ mesh, byApply }: VerifyWorld, secrets: readonly KubernetesObject[]) => [
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
  const why = "the kubeconfig in the remote secret has no token for the check to ask with";
  const { primary, istio } = mesh;
  if (!istio.line.istiodTellsJson) return unjudged(why, byRemoteSecretWithToken);
  // An istiod that does not answer is another check's to tell.
  const state = (await readClusters().catch(() => undefined))?.[name] ?? "nothing of it";
  const said = `${why}; istiod of ${primary.name} says: ${state}`;
  return state === synced ? sound(said) : unjudged(said, byRemoteSecretWithToken);
}

const byRemoteSecretWithToken = {
  fix: "see in istiod's log whether it reads the cluster; a remote secret with a token, as apply makes it, can be asked with",
};

export const remoteSecretChecks: readonly Check<VerifyWorld>[] = [
  {
    id: "control-plane.remote-secret",
    of: "cluster",
    severity: "fail",
    applies: isRemote,
    title: "the primary has the remote's kubeconfig",
    looksAt: `Secrets of the primary's istio-system with the label ${secretLabel}: their keys, annotation and what the kubeconfig is made of`,
    why: "istiod reads a remote only through such a Secret, takes its key for the cluster's name, and starts no login program. Without it the remote's endpoints do not exist, and its proxies are not let in.",
    fix: "apply; it makes the Secret",
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
        return faulty([`there is no remote secret for ${cluster.name}`, ...lookalikes], byApply);
      }
      const named = secret.metadata.annotations?.[clusterAnnotation];
      if (named !== undefined && named !== cluster.name) {
        return faulty(
          `the Secret ${secret.metadata.name} has the key ${cluster.name}, and is annotated as ${named}'s`,
          byApply,
        );
      }
      const access = await accessOf(world, cluster);
      const again = { commands: anew(world, [secret]) };
      if (!access)
        return faulty(`the Secret ${secret.metadata.name} holds no kubeconfig under ${cluster.name}`, again);
      if (access.refused) {
        return faulty(
          `the kubeconfig in ${secret.metadata.name} logs in by ${access.refused}, which istiod refuses`,
          again,
        );
      }
      return sound(secret.metadata.name);
    },
  },
  {
    id: "control-plane.remote-secrets",
    of: "mesh",
    severity: "fail",
    title: "each remote secret is of one cluster of the mesh, and no cluster has two",
    looksAt: `Secrets of the primary's istio-system with the label ${secretLabel}, against the clusters of mesh.yaml`,
    why: "Of two Secrets for one cluster istiod takes the first and ignores the other, whichever that is. One of a cluster that has gone keeps its endpoints in use, healthy, for ever.",
    fix: "delete the Secret that is too much",
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
      return evidence.length > 0
        ? faulty(evidence, { commands: remove })
        : sound(`${secrets.length} of ${remotes.size}`);
    },
  },
  {
    id: "control-plane.remote-server",
    of: "cluster",
    severity: "fail",
    applies: isRemote,
    title: "the remote secret names a server that is not the primary's own loopback",
    looksAt: "the server's address in the kubeconfig of the remote secret",
    why: "kind, minikube and tunnels write an address of this machine into the kubeconfig. istiod dials it inside its own pod, finds nobody, and turns ready without the remote after 30 seconds.",
    fix: "give the context an address that pods of the primary reach, then apply",
    needs: ["control-plane.remote-secret"],
    async look(world, cluster) {
      const { mesh } = world;
      const { server } = (await accessOf(world, cluster))!;
      const why = whyUnusable(server, { gateways: { ...mesh.gateways, internal: true } });
      if (why === undefined) return sound(server);
      const secrets = await remoteSecrets(world);
      const mine = secrets.filter((secret) => clustersIn(secret).includes(cluster.name));
      return faulty(`${server} ${why}`, {
        commands: anew(world, mine),
      });
    },
  },
  {
    id: "control-plane.remote-access",
    of: "cluster",
    severity: "fail",
    applies: (mesh, cluster) => isRemote(mesh, cluster) && hasSample(mesh),
    title: "the primary reads the remote with it",
    looksAt:
      "an answer of the remote's API server to a request from inside the primary, with the token and authority of the remote secret; of one without a token, what istiod says of the cluster",
    why: "A token that was revoked, an API server with another certificate, or a firewall between the clusters: istiod goes on with what it knew last, or with nothing.",
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
      if (/^200(\n200)*$/.test(said)) return sound(`${access.server} answers`);
      const refused = kindsRefused(said, kinds);
      if (refused.length > 0) {
        return faulty(
          [
            `the token of the remote secret may not list ${refused.join(", ")} in ${cluster.name}: its ClusterRole is not as istioctl installed it`,
            `${mesh.primary.name}'s istiod lists them, and does not take ${cluster.name} for read without`,
          ],
          { fix: "apply; it brings the ClusterRole back", commands: world.byApply.commands },
        );
      }
      const found = answers.find((answer) => answer.said.test(said));
      const secrets = (await remoteSecrets(world)).filter((secret) =>
        clustersIn(secret).includes(cluster.name),
      );
      const again = { fix: "have the remote secret made anew", commands: anew(world, secrets) };
      return faulty(
        [found?.means ?? "the remote's API server gives an answer that is none", `${access.server}: ${said}`],
        found?.again ? again : {},
      );
    },
  },
  {
    id: "control-plane.synced",
    of: "cluster",
    severity: "fail",
    applies: ({ istio }) => istio.line.istiodTellsJson,
    title: "every istiod has read the cluster",
    looksAt: "`istioctl remote-clusters`",
    why: "An istiod turns ready after 30 seconds, whether it has read the remotes or not. Proxies that ask this one see no endpoints of the cluster.",
    fix: "see what istiod logs about the cluster; have it start anew if it does not try again",
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
      if (state === synced) return sound();
      const { primary } = mesh;
      const ofEvery = ["logs", "-l", "app=istiod", "--prefix", "--since=10m", "--tail=-1"];
      const logs = kubectlIn(primary, "-n", istioNamespace, ...ofEvery);
      const commands = [logs, ...restartIstiod(primary)];
      if (state === undefined)
        return faulty(`istiod of ${mesh.primary.name} does not know ${cluster.name}`, { commands });
      return faulty(`istiod of ${mesh.primary.name} says: ${state}`, { commands });
    },
  },
];
