import { basename } from "node:path";
import type { Certificate } from "../../ca/certificate";
import { warnDays } from "../../ca/certificate-rules";
import { checkCa } from "../../ca/check";
import { caFileNames } from "../../ca/material";
import type { CaSecret } from "../../ca/secret";
import { istioNamespace } from "../../k8s/istio-names";
import { ingressGateway } from "../../mesh/istio-lines";
import type { Cluster, Mesh } from "../../mesh/mesh";
import { meshCommand } from "../../mesh/paths";
import { InputError } from "../../mesh/problem";
import { certificatesOf, haveOneInCommon, shortFingerprints } from "../certificates";
import { type Check, faulty, type Remedy, sound, unjudged, type Verdict } from "../check";
import { kubectlIn, onceInjected, restart, restartIstiod } from "../commands";
import { runsIstiod } from "../istiod";
import { hasSample } from "./applies";
import { caToBring } from "./ca-to-bring";
import { liveCa, misnamedCas } from "./live-ca";
import { hasProxy, isLive, podsOf } from "./readiness";
import type { VerifyWorld } from "./world";

const dayMilliseconds = 86_400_000;

const readsNoCa = (mesh: Mesh, cluster: Cluster) => !runsIstiod(mesh, cluster);
const clientOf = ({ istio }: Mesh) => istio.line.sample.client.name;

const deleteCa = (cluster: Cluster) =>
  kubectlIn(cluster, "-n", istioNamespace, "delete", "secret", "cacerts", "--ignore-not-found");

/**
 * Brings the CA of mesh.yaml into a cluster again, and everyone to take it: istiod first, then every proxy. Where there is
 * none to bring, nothing is to be pasted: once the Secret is deleted, an istiod that starts anew signs for itself.
 */
function reinstall(world: VerifyWorld, cluster: Cluster): Remedy {
  const { meshFile } = world;
  const { prepare, lacks } = caToBring(world, cluster);
  if (lacks !== undefined) return { fix: lacks };
  return {
    commands: [
      ...prepare,
      deleteCa(cluster),
      meshCommand(meshFile, "apply", "--until", "namespaces"),
      ...restartIstiod(cluster),
      ...restartProxies(world),
    ],
  };
}

/** Their certificates are of the root that they started with. */
function restartProxies(world: VerifyWorld): string[] {
  const { clusters, istio, sample, gateways } = world.mesh;
  const restarts = clusters.flatMap((cluster) => {
    const ingress = gateways.ingress && cluster.role === "primary" ? [ingressGateway.name] : [];
    const own = new Set([istio.line.gateway.name, ...ingress]);
    return [
      restart(cluster, istioNamespace, ...own),
      ...(sample ? [restart(cluster, sample.namespace)] : []),
    ];
  });
  return onceInjected(world, restarts);
}

async function installedCa({ mesh, meshProbes }: VerifyWorld, cluster: Cluster) {
  return liveCa(mesh, await meshProbes(cluster).secrets())!;
}

const rootsOf = async (world: VerifyWorld, cluster: Cluster): Promise<Certificate[]> =>
  certificatesOf((await installedCa(world, cluster)).ca.rootCert);

/** Root of the CA beside mesh.yaml; undefined: it is not at hand, or doctor has something to say about it. */
function rootAtHand({ ca, mesh }: VerifyWorld): Certificate[] | undefined {
  try {
    const pem = ca().material?.[mesh.primary.name]?.rootCert;
    return pem === undefined ? undefined : certificatesOf(pem);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return undefined;
  }
}

async function compareRoots(world: VerifyWorld, cluster: Cluster): Promise<Verdict> {
  const { mesh } = world;
  const roots = await rootsOf(world, cluster);
  const atHand = rootAtHand(world);
  const wanted = atHand ?? (await rootsOf(world, mesh.primary));
  if (haveOneInCommon(roots, wanted)) return sound(`root ${shortFingerprints(roots)}`);
  const whose = atHand ? `the CA of ${mesh.name}` : mesh.primary.name;
  return faulty(
    [
      `the Secret cacerts of ${cluster.name} has the root ${shortFingerprints(roots)}`,
      `${whose} has ${shortFingerprints(wanted)}`,
    ],
    reinstall(world, cluster),
  );
}

export const trustChecks: readonly Check<VerifyWorld>[] = [
  {
    id: "trust.secret",
    of: "cluster",
    severity: "fail",
    applies: runsIstiod,
    title: "istiod finds its CA",
    looksAt:
      "the Secret cacerts in istio-system and its files, in Istio's form or in cert-manager's (tls.crt)",
    why: "istiod reads no Secret of another name. Without `cacerts` it signs with a root of its own, without a word, and the clusters do not trust each other; with some of the files it does not start.",
    fix: "apply the CA, then have istiod and every proxy start anew",
    needs: ["installed.mesh"],
    async look(world, cluster) {
      const secrets = await world.meshProbes(cluster).secrets();
      const found = liveCa(world.mesh, secrets);
      if (found && found.missing.length === 0) {
        return sound(`cacerts, with ${[...new Set(Object.values(found.files))].join(", ")}`);
      }
      const misnamed = misnamedCas(secrets).map(
        (name) => `the Secret ${name} holds a CA: istiod does not look there`,
      );
      const lack = found
        ? `the Secret cacerts lacks ${found.missing.join(", ")}`
        : "there is no Secret cacerts";
      return faulty([lack, ...misnamed], reinstall(world, cluster));
    },
  },
  {
    id: "trust.dates",
    of: "cluster",
    severity: "fail",
    applies: runsIstiod,
    title: "no certificate of the CA has expired",
    looksAt: "notBefore and notAfter of every certificate in the Secret cacerts",
    why: "What an expired CA has signed is refused everywhere, all of it from one moment on.",
    fix: "make the certificate anew (docs/ca.md), apply it, then have istiod and every proxy start anew",
    needs: ["trust.secret"],
    async look(world, cluster) {
      const { ca } = await installedCa(world, cluster);
      const now = world.now();
      const wrong = [
        ...new Map(inCa(ca).map((certificate) => [certificate.fingerprint, certificate])).values(),
      ].flatMap(({ subject, notBefore, notAfter }) => [
        ...(notAfter < now ? [`${subject} expired on ${notAfter.toISOString()}`] : []),
        ...(notBefore > now ? [`${subject} is not valid before ${notBefore.toISOString()}`] : []),
      ]);
      if (wrong.length > 0) return faulty(wrong, reinstall(world, cluster));
      return sound(`valid until ${firstEnd(ca).toISOString().slice(0, 10)}`);
    },
  },
  {
    id: "trust.sound",
    of: "cluster",
    severity: "fail",
    applies: runsIstiod,
    title: "the CA in the cluster is sound",
    looksAt:
      "the Secret cacerts: whether the key is the certificate's, the chain leads to the root, it may sign, and it is none of Istio's published samples",
    why: "istiod does not start with a key that is another's; a chain that leads nowhere it takes, and every proxy refuses what it signs. The keys of the published samples are known to everyone.",
    fix: "apply the CA of mesh.yaml again, then have istiod and every proxy start anew",
    needs: ["trust.dates"],
    async look(world, cluster) {
      const { mesh, now } = world;
      const { ca, files } = await installedCa(world, cluster);
      const { problems } = checkCa(mesh, "cacerts", { [cluster.name]: ca }, now());
      if (problems.length === 0) return sound("key, chain and usage");
      const evidence = problems.map(
        ({ file, message }) => `${nameInSecret(basename(file), files)} of the Secret cacerts ${message}`,
      );
      return faulty(evidence, reinstall(world, cluster));
    },
  },
  {
    id: "trust.one-root",
    of: "cluster",
    severity: "fail",
    applies: runsIstiod,
    title: "the cluster's CA comes from the mesh's one root",
    looksAt:
      "root-cert.pem of the Secret cacerts, against the CA beside mesh.yaml, or where that is not at hand the primary's",
    why: "Workloads of different roots refuse each other: CERTIFICATE_VERIFY_FAILED, 503 with TLS errors, and remotes that never become ready.",
    fix: "apply the CA of mesh.yaml, then have istiod and every proxy start anew",
    needs: ["trust.secret", "primary/trust.secret"],
    look: compareRoots,
  },
  {
    id: "trust.unread",
    of: "cluster",
    severity: "warn",
    applies: readsNoCa,
    title: "the CA that waits in a remote is the mesh's too",
    looksAt:
      "the Secret cacerts of a cluster without an istiod, against the CA beside mesh.yaml or the primary's",
    why: "Nothing reads it there: the primary's istiod signs for the remote's workloads. Whoever gives that cluster an istiod some day would find another root in use.",
    fix: "apply the CA of mesh.yaml",
    needs: ["installed.mesh", "primary/trust.secret"],
    async look(world, cluster) {
      const found = liveCa(world.mesh, await world.meshProbes(cluster).secrets());
      const commands = [deleteCa(cluster), ...world.byApply.commands];
      if (!found || found.missing.length > 0) {
        return faulty(
          found ? `the Secret cacerts lacks ${found.missing.join(", ")}` : "there is no Secret cacerts",
          {
            commands,
          },
        );
      }
      const verdict = await compareRoots(world, cluster);
      return verdict.kind === "faulty" ? { ...verdict, commands } : verdict;
    },
  },
  {
    id: "trust.lasts",
    of: "cluster",
    severity: "warn",
    applies: runsIstiod,
    title: `the CA lasts for ${warnDays} days and more`,
    looksAt: "notAfter of every certificate in the Secret cacerts",
    why: "Nothing renews it by itself, and when it ends every request between proxies does.",
    fix: "make the certificate anew in good time (docs/ca.md)",
    needs: ["trust.dates"],
    async look(world, cluster) {
      const { ca } = await installedCa(world, cluster);
      const days = Math.floor((firstEnd(ca).getTime() - world.now().getTime()) / dayMilliseconds);
      return days < warnDays ? faulty(`${days} days left`) : sound(`${days} days left`);
    },
  },
  {
    id: "trust.live-root",
    of: "cluster",
    severity: "fail",
    title: "workloads are told to trust that root",
    looksAt:
      "the ConfigMap istio-ca-root-cert, which istiod writes with the root that it signs with, against the Secret cacerts",
    why: "istiod reads `cacerts` when it starts. One that was there too late, or was replaced since, is not what it signs with.",
    fix: "have istiod start anew, then every proxy",
    needs: ["installed.mesh", "primary/trust.one-root"],
    async look(world, cluster) {
      const { mesh, probes } = world;
      const signer = runsIstiod(mesh, cluster) ? cluster : mesh.primary;
      const wanted = await rootsOf(world, signer);
      const pem = await probes(cluster).trustedRoot();
      const trusted = certificatesOf(pem ?? "");
      if (haveOneInCommon(trusted, wanted)) return sound(shortFingerprints(trusted));
      const evidence =
        pem === undefined
          ? `there is no ConfigMap istio-ca-root-cert in ${istioNamespace}: the istiod of ${signer.name} has not written it`
          : `it holds ${shortFingerprints(trusted)}; cacerts of ${signer.name} has ${shortFingerprints(wanted)}`;
      return faulty(evidence, {
        commands: [...restartIstiod(signer), ...restartProxies(world)],
      });
    },
  },
  {
    id: "trust.workloads",
    of: "cluster",
    severity: "fail",
    applies: hasSample,
    title: "proxies hold certificates of that root",
    looksAt:
      "certificate and root of the proxy beside the client, as its Envoy tells them (config_dump, dynamic_active_secrets)",
    why: "A proxy keeps what it was given until it is renewed. After the root was replaced, each one trusts the old until it starts anew.",
    fix: "have the proxies start anew",
    needs: ["reachable.nodes", "trust.live-root"],
    async look(world, cluster) {
      const { mesh, meshProbes } = world;
      const secrets = await meshProbes(cluster).proxySecrets();
      if (!secrets) return uncertified(world, cluster);
      const signer = runsIstiod(mesh, cluster) ? cluster : mesh.primary;
      const wanted = await rootsOf(world, signer);
      const trusted = certificatesOf(secrets.root);
      const chain = certificatesOf(secrets.certificateChain);
      const commands = restartProxies(world);
      if (!haveOneInCommon(trusted, wanted)) {
        return faulty(
          `${clientOf(mesh)} trusts ${shortFingerprints(trusted)}; the mesh's root is ${shortFingerprints(wanted)}`,
          { commands },
        );
      }
      const broken = whyBroken([...chain, ...wanted]);
      return broken ? faulty(broken, { commands }) : sound(`issued by ${chain[0]!.issuer}`);
    },
  },
];

/** Of a client that has no proxy another check says so, with what to do. */
async function uncertified(world: VerifyWorld, cluster: Cluster): Promise<Verdict> {
  const { mesh, meshProbes } = world;
  const client = clientOf(mesh);
  const pods = podsOf(await meshProbes(cluster).sample(), { app: client }).filter(isLive);
  if (!pods.some(hasProxy)) return unjudged(`${client} has no proxy`);
  const { namespace } = mesh.sample!;
  const logs = ["logs", `deployment/${client}`, "-c", "istio-proxy", "--since=10m"];
  return faulty(`the proxy of ${client} has no certificates: no istiod has signed one for it`, {
    fix: "see what the proxy says of istiod, and have it start anew",
    commands: [
      kubectlIn(cluster, "-n", namespace, ...logs),
      ...onceInjected(world, [restart(cluster, namespace, client)]),
    ],
  });
}

/** The name under which the Secret holds what a CA's folder has in this file. */
const nameInSecret = (name: string, files: CaSecret["files"]) =>
  (Object.keys(caFileNames) as (keyof typeof caFileNames)[])
    .filter((key) => caFileNames[key] === name)
    .map((key) => files[key])[0] ?? name;

const inCa = ({ caCert, rootCert, certChain }: { caCert: string; rootCert: string; certChain: string }) =>
  [caCert, rootCert, certChain].flatMap(certificatesOf);

const firstEnd = (ca: Parameters<typeof inCa>[0]) =>
  new Date(Math.min(...inCa(ca).map(({ notAfter }) => notAfter.getTime())));

/** The first certificate that the next ones have not issued. */
function whyBroken(chain: readonly Certificate[]): string | undefined {
  const orphan = chain.find(
    (certificate, index) => !chain.slice(index).some((issuer) => certificate.x509.verify(issuer.publicKey)),
  );
  return (
    orphan &&
    `${orphan.subject || "the workload's certificate"}, issued by ${orphan.issuer}, does not lead to the mesh's root`
  );
}
