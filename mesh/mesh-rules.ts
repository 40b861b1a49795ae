import { defaultIstioLine, sharesIngressGateway } from "./istio-lines";
import { quote } from "./problem";
import { type Rule, type RuleRow, repeats } from "./rule";

const istioVersionOfItsLine: Rule = ({ istio }, mesh) => {
  const { line, version } = mesh.istio;
  return version.startsWith(`${line.id}.`)
    ? []
    : [
        {
          path: ["istio", "version"],
          message: `invalid value ${quote(version)}: expected ${line.id}.x for Istio line ${line.id}, for example ${line.version}`,
          fix:
            istio?.line === undefined
              ? "set istio.line as well"
              : "change line or version, or remove version",
        },
      ];
};

const ingressWhereItIsTheGateway: Rule = (_, { gateways, istio }) =>
  !gateways.ingress && sharesIngressGateway(istio.line)
    ? [
        {
          path: ["gateways", "ingress"],
          message: `invalid value false: Istio ${istio.line.id} sends cross-cluster traffic through the ingress gateway`,
          fix: "remove it",
        },
      ]
    : [];

const partsThatTheLineHas: Rule = (_, { istio }) =>
  (["cni", "networkPolicy"] as const).flatMap((part) => {
    const why = istio.line.lacks[part];
    return istio[part] && why !== undefined
      ? [
          {
            path: ["istio", part],
            message: `invalid value true: Istio ${istio.line.id} ${why}`,
            fix: `set it to false, or choose another istio.line, for example ${defaultIstioLine.id}`,
          },
        ]
      : [];
  });

const noRepeatsInLists: Rule = ({ istio, gateways, sample }) =>
  [
    { path: ["istio", "pullSecrets"], list: istio?.pullSecrets },
    { path: ["gateways", "allowedSourceRanges"], list: gateways?.allowedSourceRanges },
    ...Object.entries(sample?.versions ?? {}).map(([name, list]) => ({
      path: ["sample", "versions", name],
      list,
    })),
  ].flatMap(({ path, list }) =>
    repeats(list ?? []).map(({ index, value }) => ({
      path: [...path, index],
      message: `duplicate value ${quote(value)}`,
      fix: "remove it",
    })),
  );

const sampleCertificatesOnlyFromFiles: Rule = ({ ca }) =>
  ca?.acceptSampleCertificates && ca.files === undefined
    ? [
        {
          path: ["ca", "acceptSampleCertificates"],
          message: "invalid value true without ca.files: a generated CA is never the sample CA",
          fix: "remove it, or set ca.files to the folder of the certificates",
        },
      ]
    : [];

const repositoryForArgoCd: Rule = ({ gitops }) =>
  gitops?.tool === "argocd" && gitops.repository === undefined
    ? [
        {
          path: ["gitops", "repository"],
          message: "required for argocd: its Applications name the repository with dist",
          fix: "add it, for example repository: https://github.com/team/mesh.git",
        },
      ]
    : [];

const noRepositoryForFlux: Rule = ({ gitops }) =>
  gitops?.tool !== "flux"
    ? []
    : (["repository", "revision"] as const)
        .filter((key) => gitops[key] !== undefined)
        .map((key) => ({
          path: ["gitops", key],
          message: `invalid value ${quote(gitops[key])} for flux: it reads the GitRepository flux-system of \`flux bootstrap\``,
          fix: "remove it",
        }));

/** Rules about what belongs to no cluster: Istio, its gateways, the CA. */
export const meshRules: readonly RuleRow[] = [
  [istioVersionOfItsLine, "istio.line"],
  [ingressWhereItIsTheGateway, "istio.line"],
  [partsThatTheLineHas, "istio.line"],
  [noRepeatsInLists],
  [sampleCertificatesOnlyFromFiles, "ca.files"],
  [repositoryForArgoCd, "gitops.tool"],
  [noRepositoryForFlux, "gitops.tool"],
];
