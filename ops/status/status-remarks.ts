import { certificatesIn } from "../../ca/certificate";
import { warnDays } from "../../ca/validity";
import { istioNamespace, remoteSecretName } from "../../k8s/istio-names";
import type { Cluster, Mesh } from "../../mesh/mesh";
import { commandLine } from "../../mesh/shell-quote";
import { removedClusters } from "../clusters/inventory";
import { type IstiodFacts, synced } from "../clusters/istiod-facts";
import { fixForUnreachable } from "../diagnosis/unreachable";
import type { Certificate, ClusterFacts } from "./cluster-facts";

/** A sentence about a cluster, which is named as in mesh.yaml. */
export interface Remark {
  readonly cluster: string;
  readonly text: string;
}

/** What the clusters said, for the rules to judge. */
export interface Survey {
  readonly mesh: Mesh;
  readonly now: Date;
  /** By name. */
  readonly clusters: ReadonlyMap<string, Answer<ClusterFacts>>;
  /** Of `clusters`; undefined where it does not answer. */
  readonly primary: ClusterFacts | undefined;
  /** No value and no error: this Istio line does not tell. */
  readonly istiod: Answer<IstiodFacts>;
}

/** One of both, or none where nobody was asked. */
export interface Answer<T> {
  readonly value: T | undefined;
  readonly error: string | undefined;
}

/** Sentences about one cluster that answers and was applied to; none when all is well. */
type Rule = (survey: Survey, cluster: Cluster, facts: ClusterFacts) => readonly string[];

/** More than so many names, or objects, are counted. */
const named = 5;

export const endsSoon = (days: number) => days < warnDays;
export const daysLeft = ({ notAfter }: Pick<Certificate, "notAfter">, now: Date) =>
  Math.floor((notAfter.getTime() - now.getTime()) / 86_400_000);

/** As a cluster answers that was created again, or its name server. */
const saysOldCredentials = /Unauthorized|credentials|logged in|x509|certificate|no such host/i;
const renewedByUp = "if Terraform has created the cluster again, `mesh up` renews its credentials";

export function problemsOf(survey: Survey): Remark[] {
  const { mesh, clusters, primary, istiod } = survey;
  const silent = mesh.clusters.flatMap(({ name, context, aks }) => {
    const { error } = clusters.get(name)!;
    if (!error) return [];
    const fix = fixForUnreachable(error);
    const renewal = aks && saysOldCredentials.test(error) ? `; ${renewedByUp}` : "";
    const text = `does not answer through the context ${context}: ${error}${fix ? `; fix: ${fix}` : ""}${renewal}`;
    return [{ cluster: name, text }];
  });
  const deaf =
    istiod.error && primary?.istiod
      ? [{ cluster: mesh.primary.name, text: `istiod could not be asked: ${withFix(istiod.error)}` }]
      : [];
  return [...leavingOf(survey), ...silent, ...deaf, ...judge(survey, problemRules)];
}

/** Also where a mesh was, and is gone but for this. */
export const leavingOf = ({ clusters }: Survey): Remark[] =>
  [...clusters].flatMap(([cluster, { value }]) => (value?.leaving ?? []).map((text) => ({ cluster, text })));

function withFix(error: string): string {
  const fix = fixForUnreachable(error);
  return fix ? `${error}; fix: ${fix}` : error;
}

/** @param rootCertificate of the mesh's CA, where it is at hand */
export function differencesOf(survey: Survey, rootCertificate: string | undefined): Remark[] {
  const { mesh, primary, istiod } = survey;
  const gone = removedClusters(primary?.inventory, mesh).map(({ name }) => name);
  const read = Object.keys(istiod.value?.clusters ?? {});
  const stillRead = read.filter((name) => !mesh.clusters.some((cluster) => cluster.name === name));
  const left = [...new Set([...gone, ...stillRead])].map((name) => ({
    cluster: mesh.primary.name,
    text: gone.includes(name)
      ? `${name} is part of the mesh, and mesh.yaml does not name it`
      : readByMistake(mesh, name),
  }));
  const joining = mesh.clusters
    .filter((cluster) => !isApplied(survey, cluster))
    .map(({ name }) => ({ cluster: name, text: "is in mesh.yaml, and was not applied yet" }));
  const [root] = rootCertificate === undefined ? [] : certificatesIn(rootCertificate);
  const trustsTheCa: Rule = (_, __, { certificates }) =>
    !root || !certificates || certificates.root === root.fingerprint
      ? []
      : ["has another root certificate than this mesh's CA"];
  return [...left, ...joining, ...judge(survey, [...differenceRules, trustsTheCa])];
}

/** No apply has made it part of the mesh, so none takes it out. */
function readByMistake({ primary }: Mesh, name: string): string {
  const secret = ["-n", istioNamespace, "delete", "secret", remoteSecretName(name)];
  return (
    `its istiod reads ${name}, which neither mesh.yaml nor an earlier apply names; if there is no such cluster: ` +
    commandLine("kubectl", ["--context", primary.context, ...secret])
  );
}

function judge(survey: Survey, rules: readonly Rule[]): Remark[] {
  return survey.mesh.clusters
    .filter((cluster) => isApplied(survey, cluster))
    .flatMap((cluster) => {
      const facts = survey.clusters.get(cluster.name)?.value;
      const texts = facts ? rules.flatMap((rule) => rule(survey, cluster, facts)) : [];
      return texts.map((text) => ({ cluster: cluster.name, text }));
    });
}

/** A cluster that has just been added to mesh.yaml lacks everything, which is one remark. */
function isApplied({ primary }: Survey, { name }: Cluster): boolean {
  return !primary?.inventory || primary.inventory.clusters.some((applied) => applied.name === name);
}

const withReason = (text: string, reason: string | undefined) => (reason ? `${text}: ${reason}` : text);

const istiodIsReady: Rule = (_, { role }, { istiod, reasons }) => {
  if (role !== "primary") return [];
  if (!istiod) return ["has no istiod"];
  return istiod.ready < istiod.wanted || istiod.wanted === 0
    ? [withReason(`istiod: ${istiod.ready} of ${istiod.wanted} replicas are ready`, reasons.istiod)]
    : [];
};

const hasItsGateway: Rule = ({ mesh }, _, { gateways }) => {
  const { name } = mesh.istio.line.gateway;
  return gateways.some((gateway) => gateway.name === name) ? [] : [`has no ${name}`];
};

const gatewaysAreReady: Rule = (_, __, { gateways, reasons }) =>
  gateways.flatMap(({ name, address, replicas }) => [
    ...(address === undefined ? [`${name} has no address yet`] : []),
    ...(replicas.ready < replicas.wanted || replicas.wanted === 0
      ? [withReason(`${name}: ${replicas.ready} of ${replicas.wanted} replicas are ready`, reasons[name])]
      : []),
  ]);

const isReadByThePrimary: Rule = ({ mesh, istiod }, { name }) => {
  if (!istiod.value) return [];
  const state = istiod.value.clusters[name];
  if (state === synced) return [];
  return [
    state === undefined
      ? `${mesh.primary.name}'s istiod does not read it: it has no remote secret for it`
      : `${mesh.primary.name}'s istiod has not synced it: ${state}`,
  ];
};

const proxiesAreInSync: Rule = ({ istiod }, cluster, { gateways }) => {
  if (!istiod.value) return [];
  const proxies = istiod.value.proxies.filter((proxy) => proxy.cluster === cluster.name);
  const behind = proxies.filter(({ stale }) => stale.length > 0);
  if (behind.length > 0) {
    return [
      `${behind.length} of ${proxies.length} proxies are not in sync: ${inShort(behind.map(({ name, stale }) => `${name} (${stale.join(", ")})`))}`,
    ];
  }
  const isRunning = gateways.some(({ replicas }) => replicas.ready > 0);
  return isRunning && proxies.length === 0 ? ["none of its proxies is connected to istiod"] : [];
};

const certificatesLast: Rule = ({ now }, _, { certificates }) => {
  if (!certificates) return ["has no Secret cacerts: istiod signs with a root of its own"];
  const days = daysLeft(certificates, now);
  if (days < 0) return ["its CA has expired: make a new one"];
  return endsSoon(days) ? [`its CA expires in ${days} days`] : [];
};

const sharesThePrimarysRoot: Rule = ({ mesh, primary }, _, { certificates }) =>
  !certificates || !primary?.certificates || certificates.root === primary.certificates.root
    ? []
    : [`its root certificate is not ${mesh.primary.name}'s: they do not trust each other`];

const problemRules: readonly Rule[] = [
  istiodIsReady,
  hasItsGateway,
  gatewaysAreReady,
  isReadByThePrimary,
  proxiesAreInSync,
  certificatesLast,
  sharesThePrimarysRoot,
];

const runsTheWantedIstio: Rule = ({ mesh }, _, { istio }) =>
  istio.every((version) => version === mesh.istio.version)
    ? []
    : [`runs Istio ${istio.join(" and ")}; mesh.yaml asks for ${mesh.istio.version}`];

const holdsTheManifests: Rule = (_, __, { drift }) =>
  drift.length > named ? [...drift.slice(0, named), `${drift.length - named} more objects differ`] : drift;

const differenceRules: readonly Rule[] = [runsTheWantedIstio, holdsTheManifests];

const inShort = (names: readonly string[]) =>
  names.length > named
    ? `${names.slice(0, named).join(", ")} and ${names.length - named} more`
    : names.join(", ");
