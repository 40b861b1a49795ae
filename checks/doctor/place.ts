import { networkLabel } from "../../k8s/istio-names";
import { type Check, pass, problem } from "../check";
import { ownerOf } from "../owner";
import type { DoctorWorld } from "./world";

export const placeChecks: readonly Check<DoctorWorld>[] = [
  {
    id: "clusters.place",
    of: "cluster",
    severity: "fail",
    title: "name, network and role of the cluster match mesh.yaml",
    looksAt:
      "labels and annotations of the namespace istio-system, and the ConfigMap mesh-inventory, where an earlier run has made them",
    why: "With swapped contexts, apply would turn a running primary into a remote and change the network of its workloads.",
    fix: "check whether the contexts in mesh.yaml are swapped; to change a cluster's name or network, follow docs/rename.md; to change its role, run `mesh destroy` first",
    needs: ["rights.read", "primary/rights.read"],
    async look({ mesh, probes }, cluster) {
      const owner = ownerOf(await probes(cluster).namespaces());
      if (owner === undefined) return pass("no mesh is installed");
      const { labels = {}, annotations = {} } = owner.namespace.metadata;
      const inventory = await probes(cluster).inventory();
      const primary = annotations["topology.istio.io/controlPlaneClusters"];
      const network = labels[networkLabel];
      const ofMesh = await probes(mesh.primary).inventory();
      const known = ofMesh?.clusters.find((one) => one.network === network);
      const differences = [
        owner.mesh !== mesh.name && `it belongs to the mesh ${owner.mesh}, mesh.yaml is of ${mesh.name}`,
        network !== undefined &&
          network !== cluster.network &&
          `its network is ${network}, mesh.yaml says ${cluster.network}`,
        known && known.name !== cluster.name && `its name is ${known.name}, mesh.yaml says ${cluster.name}`,
        primary !== undefined &&
          primary !== mesh.primary.name &&
          `its primary is ${primary}, mesh.yaml says ${mesh.primary.name}`,
        primary !== undefined && cluster.role === "primary" && "it is a remote, mesh.yaml says primary",
        inventory && cluster.role === "remote" && "it is a primary, mesh.yaml says remote",
      ].filter((difference) => typeof difference === "string");
      return differences.length > 0
        ? problem(differences)
        : pass(`${cluster.role} of ${mesh.name}, ${cluster.network}`);
    },
  },
];
