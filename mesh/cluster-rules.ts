import { type FieldProblem, quote } from "./problem";
import { type Rule, type RuleRow, repeats } from "./rule";

const exactlyOnePrimary: Rule = ({ clusters }) => {
  const primaries = clusters.flatMap((cluster, index) =>
    cluster.role === "primary" ? [{ cluster, index }] : [],
  );
  if (primaries.length === 0) {
    return [
      {
        path: ["clusters"],
        message:
          "no cluster has the role primary; allowed is exactly one, the one that runs the control plane",
        fix: "add `role: primary` to one of them",
      },
    ];
  }
  return primaries.slice(1).map(({ index }) => ({
    path: ["clusters", index, "role"],
    message: `${primaries[0]!.cluster.name} is the primary already; allowed is exactly one`,
    fix: "remove `role: primary` here; the others are remotes",
  }));
};

const uniqueNames: Rule = ({ clusters }) =>
  repeats(clusters.map(({ name }) => name)).map(({ index, first, value }) => ({
    path: ["clusters", index, "name"],
    message: `${quote(value)} is the name of clusters[${first}] already; every cluster has its own`,
    fix: "give one of them another name",
  }));

// Istio takes two clusters with one network label for directly connected, and then sends traffic to pod addresses
// of the other cluster (istio/istio#39712).
const uniqueNetworks: Rule = ({ clusters }) =>
  repeats(clusters.map(({ network }) => network)).map(({ index, first, value }) => ({
    path: ["clusters", index, "network"],
    message: `${quote(value)} is the network of ${clusters[first]!.name} already; several clusters on one network are not supported yet`,
    fix: "give every cluster a network of its own",
  }));

const aksOrContext: Rule = ({ clusters }) =>
  clusters.flatMap(({ aks, context, name }, index): FieldProblem[] => {
    if (aks === undefined && context === undefined) {
      return [
        {
          path: ["clusters", index],
          message: `${name} has neither aks nor context; allowed is exactly one of them`,
          fix: "add `aks: NAME` for a cluster that Terraform makes, or `context: NAME` for one that exists",
        },
      ];
    }
    if (aks !== undefined && context !== undefined) {
      return [
        {
          path: ["clusters", index, "context"],
          message: `${name} has both aks and context; allowed is exactly one of them`,
          fix: "remove context if Terraform makes the cluster (its context is the AKS name), else remove aks",
        },
      ];
    }
    return [];
  });

// Azure compares names without regard to case.
const uniqueAksNames: Rule = ({ clusters }) =>
  repeats(clusters.map(({ aks }) => aks?.toLowerCase())).map(({ index, first }) => ({
    path: ["clusters", index, "aks"],
    message: `${quote(clusters[index]!.aks)} is the AKS name of ${clusters[first]!.name} already; every cluster has its own`,
    fix: "give one of them another name",
  }));

const uniqueContexts: Rule = (_, { clusters }) =>
  repeats(clusters.map(({ context, aks }) => (aks ? undefined : context))).map(({ index, first, value }) => ({
    path: ["clusters", index, "context"],
    message: `${quote(value)} is the context of ${clusters[first]!.name} already; every cluster has its own`,
    fix: "name the context of this cluster: `kubectl config get-contexts` lists them",
  }));

const noContextLikeAnAksName: Rule = (_, { clusters }) =>
  clusters.flatMap(({ aks, context }, index) => {
    const other = clusters.find((candidate) => candidate.aks?.name === context);
    return aks || !other
      ? []
      : [
          {
            path: ["clusters", index, "context"],
            message: `${quote(context)} is the context that ${other.name} gets from its AKS name; every cluster has its own`,
            fix: "name the context of this cluster, or rename the other",
          },
        ];
  });

export const clusterRules: readonly RuleRow[] = [
  [exactlyOnePrimary],
  [uniqueNames],
  [uniqueNetworks],
  [aksOrContext],
  [uniqueAksNames],
  [uniqueContexts, "clusters[].aks"],
  [noContextLikeAnAksName, "clusters[].aks"],
];
