import { basename } from "node:path";
import { type Certificate, certificatesIn } from "../../../ca/certificate";
import { checkCa } from "../../../ca/check";
import { caFileNames } from "../../../ca/material";
import type { CaSecret } from "../../../ca/secret";
import { warnDays } from "../../../ca/validity";
import type { Cluster, Mesh } from "../../../mesh/mesh";
import { InputError } from "../../../mesh/problem";
import { caAmong, misnamedCas } from "../../../ops/clusters/ca-secret";
import { runsIstiod } from "../../applies-to";
import { type Check, pass, problem, type Verdict } from "../../check";
import { haveOneInCommon, shortFingerprints } from "../../compare-certificates";
import type { VerifyWorld } from "../world";
import { deleteCa, reinstallCa } from "./reinstall-ca";

const dayMilliseconds = 86_400_000;

const readsNoCa = (mesh: Mesh, cluster: Cluster) => !runsIstiod(mesh, cluster);

async function installedCa({ mesh, meshProbes }: VerifyWorld, cluster: Cluster) {
  return caAmong(await meshProbes(cluster).secrets(), mesh)!;
}

export const rootsOf = async (world: VerifyWorld, cluster: Cluster): Promise<Certificate[]> =>
  certificatesIn((await installedCa(world, cluster)).ca.rootCert);

/** Root of the CA beside mesh.yaml; undefined: it is not at hand, or doctor has something to say about it. */
function rootAtHand({ ca, mesh }: VerifyWorld): Certificate[] | undefined {
  try {
    const pem = ca().material?.[mesh.primary.name]?.rootCert;
    return pem === undefined ? undefined : certificatesIn(pem);
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
  if (haveOneInCommon(roots, wanted)) return pass(`root ${shortFingerprints(roots)}`);
  const whose = atHand ? `the CA of ${mesh.name}` : mesh.primary.name;
  return problem(
    [
      `the Secret cacerts of ${cluster.name} has the root ${shortFingerprints(roots)}`,
      `${whose} has ${shortFingerprints(wanted)}`,
    ],
    reinstallCa(world, cluster),
  );
}

export const installedCaChecks: readonly Check<VerifyWorld>[] = [
  {
    id: "trust.secret",
    of: "cluster",
    severity: "fail",
    applies: runsIstiod,
    title: "istiod has its CA",
    looksAt:
      "the Secret cacerts in istio-system and its files, in Istio's form or in cert-manager's (tls.crt)",
    why: "istiod reads no Secret of another name. Without `cacerts` it silently signs with its own root, and the clusters do not trust each other. With some of the files missing it does not start.",
    fix: "apply the CA, then restart istiod and every proxy",
    needs: ["installed.mesh"],
    async look(world, cluster) {
      const secrets = await world.meshProbes(cluster).secrets();
      const found = caAmong(secrets, world.mesh);
      if (found && found.missing.length === 0) {
        return pass(`cacerts, with ${[...new Set(Object.values(found.files))].join(", ")}`);
      }
      const misnamed = misnamedCas(secrets).map(
        (name) => `the Secret ${name} holds a CA: istiod does not look there`,
      );
      const lack = found
        ? `the Secret cacerts lacks ${found.missing.join(", ")}`
        : "there is no Secret cacerts";
      return problem([lack, ...misnamed], reinstallCa(world, cluster));
    },
  },
  {
    id: "trust.dates",
    of: "cluster",
    severity: "fail",
    applies: runsIstiod,
    title: "no certificate of the CA has expired",
    looksAt: "notBefore and notAfter of every certificate in the Secret cacerts",
    why: "Every certificate under an expired CA is refused.",
    fix: "renew the certificate (docs/ca.md), apply it, then restart istiod and every proxy",
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
      if (wrong.length > 0) return problem(wrong, reinstallCa(world, cluster));
      return pass(`valid until ${firstEnd(ca).toISOString().slice(0, 10)}`);
    },
  },
  {
    id: "trust.sound",
    of: "cluster",
    severity: "fail",
    applies: runsIstiod,
    title: "the CA in the cluster is valid",
    looksAt:
      "the Secret cacerts: whether the key matches the certificate, the chain ends at the root, the CA may sign, and it is not one of Istio's published samples",
    why: "istiod does not start with a wrong key. It accepts an incomplete chain, but proxies refuse its certificates. The keys of the published samples are public.",
    fix: "apply the CA of mesh.yaml again, then restart istiod and every proxy",
    needs: ["trust.dates"],
    async look(world, cluster) {
      const { mesh, now } = world;
      const { ca, files } = await installedCa(world, cluster);
      const { problems } = checkCa(mesh, "cacerts", { [cluster.name]: ca }, now());
      if (problems.length === 0) return pass("key, chain and usage");
      const evidence = problems.map(
        ({ file, message }) => `${nameInSecret(basename(file), files)} of the Secret cacerts: ${message}`,
      );
      return problem(evidence, reinstallCa(world, cluster));
    },
  },
  {
    id: "trust.one-root",
    of: "cluster",
    severity: "fail",
    applies: runsIstiod,
    title: "the cluster's CA has the mesh's root",
    looksAt: "root-cert.pem of the Secret cacerts, against the CA folder, or without one the primary's",
    why: "Workloads of different roots refuse each other: CERTIFICATE_VERIFY_FAILED, 503 with TLS errors, and remotes that never become ready.",
    fix: "apply the CA of mesh.yaml, then restart istiod and every proxy",
    needs: ["trust.secret", "primary/trust.secret"],
    look: compareRoots,
  },
  {
    id: "trust.unread",
    of: "cluster",
    severity: "warn",
    applies: readsNoCa,
    title: "the unused CA of a remote has the mesh's root",
    looksAt:
      "the Secret cacerts of a cluster without an istiod, against the CA beside mesh.yaml or the primary's",
    why: "It is unused: the primary's istiod signs for the remote's workloads. If the cluster gets its own istiod, it would use another root.",
    fix: "apply the CA of mesh.yaml",
    needs: ["installed.mesh", "primary/trust.secret"],
    async look(world, cluster) {
      const found = caAmong(await world.meshProbes(cluster).secrets(), world.mesh);
      const commands = [deleteCa(cluster), ...world.byApply.commands];
      if (!found || found.missing.length > 0) {
        return problem(
          found ? `the Secret cacerts lacks ${found.missing.join(", ")}` : "there is no Secret cacerts",
          { commands },
        );
      }
      const verdict = await compareRoots(world, cluster);
      return verdict.kind === "problem" ? { ...verdict, commands } : verdict;
    },
  },
  {
    id: "trust.lasts",
    of: "cluster",
    severity: "warn",
    applies: runsIstiod,
    title: `the CA is valid for at least ${warnDays} days`,
    looksAt: "notAfter of every certificate in the Secret cacerts",
    why: "Nothing renews it automatically, and when it expires all mTLS fails.",
    fix: "renew the certificate before it expires (docs/ca.md)",
    needs: ["trust.dates"],
    async look(world, cluster) {
      const { ca } = await installedCa(world, cluster);
      const days = Math.floor((firstEnd(ca).getTime() - world.now().getTime()) / dayMilliseconds);
      return days < warnDays ? problem(`${days} days left`) : pass(`${days} days left`);
    },
  },
];

/** The name under which the Secret holds what a CA's folder has in this file. */
const nameInSecret = (name: string, files: CaSecret["files"]) =>
  (Object.keys(caFileNames) as (keyof typeof caFileNames)[])
    .filter((key) => caFileNames[key] === name)
    .map((key) => files[key])[0] ?? name;

const inCa = ({ caCert, rootCert, certChain }: { caCert: string; rootCert: string; certChain: string }) =>
  [caCert, rootCert, certChain].flatMap(certificatesIn);

const firstEnd = (ca: Parameters<typeof inCa>[0]) =>
  new Date(Math.min(...inCa(ca).map(({ notAfter }) => notAfter.getTime())));
