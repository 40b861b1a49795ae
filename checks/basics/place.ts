import { istioNamespace } from "../../k8s/istio-names";
import { foreignOwner, istioSystemIn, networkOf, ownerOf } from "../../ops/clusters/owner";
import { type Check, pass, problem } from "../check";
import type { World } from "./world";

export const placeChecks: readonly Check<World>[] = [
  {
    id: "clusters.place",
    of: "cluster",
    severity: "fail",
    title: "name, network and role of the cluster match mesh.yaml",
    looksAt:
      "labels and annotations of the namespace istio-system, the ConfigMap mesh-inventory, and Deployments in an istio-system that no mesh owns",
    why: "With swapped contexts, apply would turn a running primary into a remote and change the network of its workloads. Proxies keep the names of their cluster and network until they restart, and get no configuration under new ones.",
    fix: "check whether the contexts in mesh.yaml are swapped; to change a cluster's name or network, write the old one into mesh.yaml again or follow docs/rename.md; to change its role, run `mesh destroy` first",
    needs: ["rights.read", "primary/rights.read"],
    async look({ mesh, probes }, cluster) {
      const { namespaces, inventory, kubectl } = probes(cluster);
      const namespace = istioSystemIn(await namespaces());
      const foreign = await foreignOwner(mesh, cluster, namespace, () =>
        kubectl.get(["-n", istioNamespace, "deployments"]),
      );
      const owner = namespace && ownerOf(namespace);
      if (owner !== mesh.name)
        return foreign ? problem(foreign.reason, { fix: foreign.fix }) : pass("no mesh is installed");
      const network = networkOf(namespace!);
      const primary = namespace!.metadata.annotations?.["topology.istio.io/controlPlaneClusters"];
      const recorded = (await probes(mesh.primary).inventory())?.clusters ?? [];
      const known = recorded.find((one) => one.network === network);
      // The last apply had these names already: somebody edited the label, and apply sets it again.
      const isAsApplied = recorded.some(
        ({ name, context, network }) =>
          name === cluster.name && context === cluster.context && network === cluster.network,
      );
      const mayBeRenamed = !foreign && !isAsApplied;
      const differences = [
        foreign?.reason,
        mayBeRenamed &&
          network !== undefined &&
          network !== cluster.network &&
          `its network is ${network}, mesh.yaml says ${cluster.network}`,
        mayBeRenamed &&
          known &&
          known.name !== cluster.name &&
          `its name is ${known.name}, mesh.yaml says ${cluster.name}`,
        primary !== undefined &&
          primary !== mesh.primary.name &&
          `its primary is ${primary}, mesh.yaml says ${mesh.primary.name}`,
        primary !== undefined && cluster.role === "primary" && "it is a remote, mesh.yaml says primary",
        (await inventory()) && cluster.role === "remote" && "it is a primary, mesh.yaml says remote",
      ].filter((difference) => typeof difference === "string");
      return differences.length > 0
        ? problem(differences, foreign && { fix: foreign.fix })
        : pass(`${cluster.role} of ${mesh.name}, ${cluster.network}`);
    },
  },
];
