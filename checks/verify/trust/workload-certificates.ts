import { type Certificate, certificatesIn } from "../../../ca/certificate";
import { istioNamespace } from "../../../k8s/istio-names";
import type { Cluster, Mesh } from "../../../mesh/mesh";
import { hasSample, runsIstiod } from "../../applies-to";
import { type Check, notJudged, pass, problem, type Verdict } from "../../check";
import { haveOneInCommon, shortFingerprints } from "../../compare-certificates";
import { kubectlIn, onceInjected, restart, restartIstiod } from "../../suggested-commands";
import { hasProxy, isLive, podsOf } from "../readiness";
import type { VerifyWorld } from "../world";
import { rootsOf } from "./installed-ca";
import { restartProxies } from "./reinstall-ca";

const clientOf = ({ istio }: Mesh) => istio.line.sample.client.name;

export const workloadCertificateChecks: readonly Check<VerifyWorld>[] = [
  {
    id: "trust.live-root",
    of: "cluster",
    severity: "fail",
    title: "istiod distributes that root",
    looksAt:
      "the ConfigMap istio-ca-root-cert, in which istiod publishes its root, against the Secret cacerts",
    why: "istiod reads `cacerts` only at its start. It does not sign with a CA that was created or replaced later.",
    fix: "restart istiod, then every proxy",
    needs: ["installed.mesh", "primary/trust.one-root"],
    async look(world, cluster) {
      const { mesh, probes } = world;
      const signer = runsIstiod(mesh, cluster) ? cluster : mesh.primary;
      const wanted = await rootsOf(world, signer);
      const pem = await probes(cluster).trustedRoot();
      const trusted = certificatesIn(pem ?? "");
      if (haveOneInCommon(trusted, wanted)) return pass(shortFingerprints(trusted));
      const evidence =
        pem === undefined
          ? `there is no ConfigMap istio-ca-root-cert in ${istioNamespace}: the istiod of ${signer.name} has not written it`
          : `it holds ${shortFingerprints(trusted)}; cacerts of ${signer.name} has ${shortFingerprints(wanted)}`;
      return problem(evidence, {
        commands: [...restartIstiod(signer), ...restartProxies(world)],
      });
    },
  },
  {
    id: "trust.workloads",
    of: "cluster",
    severity: "fail",
    applies: hasSample,
    title: "workload certificates are issued under that root",
    looksAt:
      "certificate and root of the proxy beside the client, as Envoy reports them (config_dump, dynamic_active_secrets)",
    why: "A proxy keeps its certificates until they are renewed. After the root was replaced, each proxy trusts the old root until it restarts.",
    fix: "restart the Deployments of the proxies",
    needs: ["reachable.nodes", "trust.live-root"],
    async look(world, cluster) {
      const { mesh, meshProbes } = world;
      const secrets = await meshProbes(cluster).proxyCertificates();
      if (!secrets) return uncertified(world, cluster);
      const signer = runsIstiod(mesh, cluster) ? cluster : mesh.primary;
      const wanted = await rootsOf(world, signer);
      const trusted = certificatesIn(secrets.root);
      const chain = certificatesIn(secrets.certificateChain);
      const commands = restartProxies(world);
      if (!haveOneInCommon(trusted, wanted)) {
        return problem(
          `${clientOf(mesh)} trusts ${shortFingerprints(trusted)}; the mesh's root is ${shortFingerprints(wanted)}`,
          { commands },
        );
      }
      const broken = whyBroken([...chain, ...wanted]);
      return broken ? problem(broken, { commands }) : pass(`issued by ${chain[0]!.issuer}`);
    },
  },
];

/** Of a client that has no proxy another check says so, with what to do. */
async function uncertified(world: VerifyWorld, cluster: Cluster): Promise<Verdict> {
  const { mesh, meshProbes } = world;
  const client = clientOf(mesh);
  const pods = podsOf(await meshProbes(cluster).sample(), { app: client }).filter(isLive);
  if (!pods.some(hasProxy)) return notJudged(`${client} has no proxy`);
  const { namespace } = mesh.sample!;
  const logs = ["logs", `deployment/${client}`, "-c", "istio-proxy", "--since=10m"];
  return problem(`the proxy of ${client} has no certificates; istiod has not issued any`, {
    fix: "see what the proxy logs about istiod, then restart it",
    commands: [
      kubectlIn(cluster, "-n", namespace, ...logs),
      ...onceInjected(world, [restart(cluster, namespace, client)]),
    ],
  });
}

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
