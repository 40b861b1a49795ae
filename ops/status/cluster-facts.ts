import { certificatesIn, type Certificate as FullCertificate } from "../../ca/certificate";
import { warnDays } from "../../ca/validity";
import type { Version } from "../../mesh/versions";
import type { PublicCa } from "../clusters/ca-secret";
import { istioVersionOfPod } from "../clusters/istio-version";
import { type KubernetesObject, loadBalancerAddress, objectNamed } from "../exec/kubernetes-object";

/** What one cluster says of itself. */
export interface ClusterFacts {
  /** Version of its API server; undefined where it says something that is none. */
  readonly kubernetes: string | undefined;
  /** Versions of istiod and the gateways that run there. One, unless an upgrade is under way. */
  readonly istio: readonly string[];
  /** Undefined: there is none, as on a remote. */
  readonly istiod: Replicas | undefined;
  readonly gateways: readonly Gateway[];
  /** Undefined: there is no Secret `cacerts`. */
  readonly certificates: Certificates | undefined;
}

export interface Replicas {
  readonly ready: number;
  readonly wanted: number;
}

export interface Gateway {
  /** Name of its Service and Deployment. */
  readonly name: string;
  /** Undefined: the cloud has given it none yet. */
  readonly address: string | undefined;
  readonly replicas: Replicas;
}

/** The public part of `cacerts`. */
export interface Certificates {
  /** When the first of them ends. */
  readonly notAfter: Date;
  /** SHA-256 of the root. */
  readonly root: string;
  /** Each once, the root first. */
  readonly list: readonly Certificate[];
}

/** A certificate, for people to read. */
export interface Certificate {
  /** A root stands in `root-cert.pem`. */
  readonly role: "root" | "intermediate";
  /** For example `O=Istio, CN=Root CA`. */
  readonly subject: string;
  readonly notAfter: Date;
  /** SHA-256, lower-case hex. */
  readonly fingerprint: string;
}

/** What a cluster answered; undefined: it did not. */
export interface ClusterAnswers {
  readonly version: Version | undefined;
  /** Deployments, Services and pods of istio-system. */
  readonly objects: readonly KubernetesObject[];
  readonly ca: PublicCa | undefined;
}

export function clusterFacts({ version, objects, ca }: ClusterAnswers): ClusterFacts {
  const ofKind = (kind: string) => objects.filter((object) => object.kind === kind);
  const deployment = (name: string) => objectNamed(objects, "Deployment", name);
  const istiod = deployment("istiod");
  return {
    kubernetes: version?.text,
    istio: istioVersions(ofKind("Pod")),
    istiod: istiod && replicasOf(istiod),
    gateways: ofKind("Service")
      .filter(({ spec }) => spec.type === "LoadBalancer")
      .map((service) => ({
        name: service.metadata.name,
        address: loadBalancerAddress(service),
        replicas: replicasOf(deployment(service.metadata.name)),
      })),
    certificates: ca && certificatesOf(ca.rootCert, [ca.caCert, ca.certChain]),
  };
}

const replicasOf = (deployment: KubernetesObject | undefined): Replicas => ({
  ready: deployment?.status?.readyReplicas ?? 0,
  wanted: deployment ? (deployment.spec?.replicas ?? 1) : 0,
});

const istioVersions = (pods: readonly KubernetesObject[]) =>
  [
    ...new Set(
      pods.flatMap((pod) =>
        (["discovery", "istio-proxy"] as const).flatMap(
          (container) => istioVersionOfPod(pod, container)?.text ?? [],
        ),
      ),
    ),
  ].sort();

/**
 * @param rootCert PEM text of `root-cert.pem`
 * @param others PEM texts of the intermediate and its chain, which may name the same ones again
 * @returns undefined where there is no root
 */
export function certificatesOf(rootCert: string, others: readonly string[]): Certificates | undefined {
  const roots = certificatesIn(rootCert).map((found) => readable(found, "root"));
  const intermediates = others.flatMap(certificatesIn).map((found) => readable(found, "intermediate"));
  const [root] = roots;
  if (!root) return undefined;
  const list = [...roots, ...intermediates].filter(
    ({ fingerprint }, index, all) => all.findIndex((one) => one.fingerprint === fingerprint) === index,
  );
  const ends = list.map(({ notAfter }) => notAfter.getTime());
  return { notAfter: new Date(Math.min(...ends)), root: root.fingerprint, list };
}

const readable = (
  { subject, notAfter, fingerprint }: FullCertificate,
  role: Certificate["role"],
): Certificate => ({
  role,
  subject,
  notAfter,
  fingerprint,
});

export const endsSoon = (days: number) => days < warnDays;
export const daysLeft = ({ notAfter }: Pick<Certificate, "notAfter">, now: Date) =>
  Math.floor((notAfter.getTime() - now.getTime()) / 86_400_000);
