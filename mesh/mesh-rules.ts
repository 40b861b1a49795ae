import { networkOf } from "./ipv4";
import { sharesIngressGateway } from "./istio-lines";
import { quote } from "./problem";
import { type Rule, type RuleRow, repeats } from "./rule";

const istioVersionOfItsLine: Rule = ({ istio }, mesh) => {
  const { line, version } = mesh.istio;
  return version.startsWith(`${line.id}.`)
    ? []
    : [
        {
          path: ["istio", "version"],
          message: `${quote(version)} is not of line ${line.id}; allowed is ${line.id}.x, for example ${line.version}`,
          fix:
            istio?.line === undefined
              ? "name its line as well"
              : "change line or version, or leave version out",
        },
      ];
};

const ingressWhereItIsTheGateway: Rule = (_, { gateways, istio }) =>
  !gateways.ingress && sharesIngressGateway(istio.line)
    ? [
        {
          path: ["gateways", "ingress"],
          message: `false is given; Istio ${istio.line.id} sends the traffic between clusters through the ingress gateway`,
          fix: "remove it",
        },
      ]
    : [];

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
      message: `${quote(value)} is in the list already; allowed is once`,
      fix: "remove it",
    })),
  );

const rangesWithoutHostBits: Rule = ({ gateways }) =>
  (gateways?.allowedSourceRanges ?? []).flatMap((range, index) => {
    const network = networkOf(range);
    return network === range
      ? []
      : [
          {
            path: ["gateways", "allowedSourceRanges", index],
            message: `${quote(range)} has bits behind its length; the range is ${network}`,
            fix: `write ${network}, or ${range.split("/")[0]}/32 for the one address`,
          },
        ];
  });

const sampleCertificatesOnlyFromFiles: Rule = ({ ca }) =>
  ca?.acceptSampleCertificates && ca.files === undefined
    ? [
        {
          path: ["ca", "acceptSampleCertificates"],
          message: "true is given without ca.files; a generated CA is never the sample",
          fix: "remove it, or name the folder of the certificates in ca.files",
        },
      ]
    : [];

/** Rules about what belongs to no cluster: Istio, its gateways, the CA. */
export const meshRules: readonly RuleRow[] = [
  [istioVersionOfItsLine, "istio.line"],
  [ingressWhereItIsTheGateway, "istio.line"],
  [noRepeatsInLists],
  [rangesWithoutHostBits],
  [sampleCertificatesOnlyFromFiles, "ca.files"],
];
