import { didYouMean, quote } from "./problem";
import type { Rule, RuleRow } from "./rule";

const sampleHasVersions: Rule = ({ sample: written }, { sample }) =>
  sample && written?.versions && Object.keys(written.versions).length === 0
    ? [
        {
          path: ["sample", "versions"],
          message: "no version: expected at least one",
          fix: "add one with its clusters, or disable the sample with `enabled: false`",
        },
      ]
    : [];

const knownVersions: Rule = ({ sample }, { istio }) => {
  const known = Object.keys(istio.line.sample.helloworld);
  return Object.keys(sample?.versions ?? {})
    .filter((name) => !known.includes(name))
    .map((name) => ({
      path: ["sample", "versions", name],
      message: `unknown version ${quote(name)} of helloworld: expected ${known.join(" or ")}`,
      fix: `${didYouMean(name, known)}rename or remove it`,
    }));
};

const versionsRunOnKnownClusters: Rule = ({ sample, clusters }) => {
  const known = clusters.map(({ name }) => name);
  return Object.entries(sample?.versions ?? {}).flatMap(([version, names]) =>
    names.flatMap((name, index) =>
      known.includes(name)
        ? []
        : [
            {
              path: ["sample", "versions", version, index],
              message: `unknown cluster ${quote(name)}: expected one of ${known.slice(0, 20).join(", ")}`,
              fix: `${didYouMean(name, known)}use a cluster of this file`,
            },
          ],
    ),
  );
};

const weightsOfVersionsThatRun: Rule = ({ sample: written }, { sample }) => {
  const running = sample?.versions.map(({ name }) => name) ?? [];
  return Object.keys(sample?.weights ?? {})
    .filter((name) => !running.includes(name))
    .map((name) => ({
      path: ["sample", "weights", name],
      message: `version ${quote(name)} runs on no cluster: expected one of ${running.join(", ")}`,
      fix: `${didYouMean(name, running)}${written?.versions ? "add it to sample.versions, or remove it here" : "rename or remove it"}`,
    }));
};

const weightsSumTo100: Rule = (_, { sample }) => {
  if (!sample?.weights) return [];
  const weights = Object.values(sample.weights);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return sum === 100
    ? []
    : [
        {
          path: ["sample", "weights"],
          message: `weights sum to ${sum} (${weights.join(" + ")}): expected 100`,
          fix: sum === 0 ? "remove weights for no split" : "change them so that they sum to 100",
        },
      ];
};

/** Namespaces that belong to Kubernetes or Istio; `mesh destroy` deletes the sample's. */
const reservedNamespaces = /^(default|istio-system|kube-.*)$/;

const sampleHasItsOwnNamespace: Rule = (_, { sample }) =>
  sample && reservedNamespaces.test(sample.namespace)
    ? [
        {
          path: ["sample", "namespace"],
          message: `invalid value ${quote(sample.namespace)}: reserved; the sample's namespace is created and deleted with it`,
          fix: "use another namespace, for example sample",
        },
      ]
    : [];

const kialiNeedsPrometheus: Rule = (_, { addons }) =>
  addons.kiali && !addons.prometheus
    ? [
        {
          path: ["addons", "kiali"],
          message: "invalid value true with prometheus: false: Kiali reads its graph from Prometheus",
          fix: "enable prometheus, or disable kiali",
        },
      ]
    : [];

export const sampleRules: readonly RuleRow[] = [
  [sampleHasVersions, "sample.enabled"],
  [knownVersions, "istio.line"],
  [versionsRunOnKnownClusters, "clusters[].name"],
  [weightsOfVersionsThatRun, "sample.enabled", "sample.versions"],
  [weightsSumTo100, "sample.enabled"],
  [sampleHasItsOwnNamespace, "sample.enabled"],
  [kialiNeedsPrometheus, "addons.prometheus"],
];
