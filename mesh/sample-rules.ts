import { quote } from "./problem";
import type { Rule, RuleRow } from "./rule";
import { didYouMean } from "./suggest";

const sampleHasVersions: Rule = ({ sample: written }, { sample }) =>
  sample && written?.versions && Object.keys(written.versions).length === 0
    ? [
        {
          path: ["sample", "versions"],
          message: "no version is given; allowed is at least one",
          fix: "name one with its clusters, or switch the sample off with `enabled: false`",
        },
      ]
    : [];

const knownVersions: Rule = ({ sample }, { istio }) => {
  const known = Object.keys(istio.line.sample.helloworld);
  return Object.keys(sample?.versions ?? {})
    .filter((name) => !known.includes(name))
    .map((name) => ({
      path: ["sample", "versions", name],
      message: `there is no image of helloworld ${quote(name)}; allowed are ${known.join(", ")}`,
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
              message: `there is no cluster ${quote(name)}; allowed are ${known.slice(0, 20).join(", ")}`,
              fix: `${didYouMean(name, known)}name a cluster of this file`,
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
      message: `version ${quote(name)} runs nowhere; allowed are ${running.join(", ")}`,
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
          message: `the weights sum to ${sum} (${weights.join(" + ")}); allowed is 100`,
          fix: sum === 0 ? "remove weights for no split at all" : "change them so that they sum to 100",
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
          message: `${quote(sample.namespace)} is not for the sample: the namespace is made and deleted with it`,
          fix: "use another, for example sample",
        },
      ]
    : [];

const kialiNeedsPrometheus: Rule = (_, { addons }) =>
  addons.kiali && !addons.prometheus
    ? [
        {
          path: ["addons", "kiali"],
          message: "true is given with prometheus: false; Kiali draws its graph from Prometheus",
          fix: "remove prometheus: false, or kiali",
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
