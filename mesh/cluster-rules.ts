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
        message: "no cluster has role primary: expected exactly one, which runs the control plane",
        fix: "add `role: primary` to one cluster",
      },
    ];
  }
  return primaries.slice(1).map(({ index }) => ({
    path: ["clusters", index, "role"],
    message: `duplicate primary: ${primaries[0]!.cluster.name} has role primary already; expected exactly one`,
    fix: "remove `role: primary` here",
  }));
};

const uniqueNames: Rule = ({ clusters }) =>
  repeats(clusters.map(({ name }) => name)).map(({ index, first, value }) => ({
    path: ["clusters", index, "name"],
    message: `duplicate name ${quote(value)}: clusters[${first}] has it already`,
    fix: "rename one of them",
  }));

// Istio considers clusters with the same network label directly connected, and sends traffic to the pod addresses of
// the other cluster (istio/istio#39712).
const uniqueNetworks: Rule = ({ clusters }) =>
  repeats(clusters.map(({ network }) => network)).map(({ index, first, value }) => ({
    path: ["clusters", index, "network"],
    message: `duplicate network ${quote(value)}: ${clusters[first]!.name} has it already; several clusters on one network are not supported`,
    fix: "use a different network for each cluster",
  }));

const aksOrContext: Rule = ({ clusters }) =>
  clusters.flatMap(({ aks, context, name }, index): FieldProblem[] => {
    if (aks === undefined && context === undefined) {
      return [
        {
          path: ["clusters", index],
          message: `${name} has neither aks nor context: expected exactly one of them`,
          fix: "add `aks: NAME` for a cluster that Terraform creates, or `context: NAME` for an existing one",
        },
      ];
    }
    if (aks !== undefined && context !== undefined) {
      return [
        {
          path: ["clusters", index, "context"],
          message: `${name} has both aks and context: expected exactly one of them`,
          fix: "remove context if Terraform creates the cluster (its context is the AKS name); otherwise remove aks",
        },
      ];
    }
    return [];
  });

// Names are case-insensitive on Azure.
const uniqueAksNames: Rule = ({ clusters }) =>
  repeats(clusters.map(({ aks }) => aks?.toLowerCase())).map(({ index, first }) => ({
    path: ["clusters", index, "aks"],
    message: `duplicate AKS name ${quote(clusters[index]!.aks)}: ${clusters[first]!.name} has it already; names are case-insensitive`,
    fix: "rename one of them",
  }));

const uniqueContexts: Rule = (_, { clusters }) =>
  repeats(clusters.map(({ context, aks }) => (aks ? undefined : context))).map(({ index, first, value }) => ({
    path: ["clusters", index, "context"],
    message: `duplicate context ${quote(value)}: ${clusters[first]!.name} has it already`,
    fix: "set the context of this cluster: `kubectl config get-contexts` lists them",
  }));

const noContextLikeAnAksName: Rule = (_, { clusters }) =>
  clusters.flatMap(({ aks, context }, index) => {
    const other = clusters.find((candidate) => candidate.aks?.name === context);
    return aks || !other
      ? []
      : [
          {
            path: ["clusters", index, "context"],
            message: `duplicate context ${quote(context)}: ${other.name} gets it from its AKS name`,
            fix: "set the context of this cluster, or rename the other cluster",
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
