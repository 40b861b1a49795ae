import { istioNamespace } from "../../k8s/istio-names";
import { type Check, faulty, sound } from "../check";
import type { VerifyWorld } from "./world";

export const installedChecks: readonly Check<VerifyWorld>[] = [
  {
    id: "installed.mesh",
    of: "cluster",
    severity: "fail",
    title: "a mesh is installed",
    looksAt: "the namespace istio-system and what runs in it",
    why: "Where nothing was installed there is nothing to judge.",
    fix: "apply the mesh",
    needs: ["rights.read"],
    async look({ byApply, probes, meshProbes }, cluster) {
      const namespaces = await probes(cluster).namespaces();
      if (!namespaces.some(({ metadata }) => metadata.name === istioNamespace)) {
        return faulty(`there is no namespace ${istioNamespace}`, byApply);
      }
      const deployments = (await meshProbes(cluster).istioSystem()).filter(
        ({ kind }) => kind === "Deployment",
      );
      if (deployments.length === 0) return faulty(`nothing runs in ${istioNamespace}`, byApply);
      return sound(deployments.map(({ metadata }) => metadata.name).join(", "));
    },
  },
  {
    id: "installed.crds",
    of: "cluster",
    severity: "fail",
    title: "the API server knows Istio's resources",
    looksAt: "Istio's CRDs, and whether they are Established",
    why: "Without them istiod's configuration cannot be written: `no matches for kind`. One that is not established yet is refused likewise.",
    fix: "apply the mesh; it puts them there",
    needs: ["rights.read", "installed.mesh"],
    async look({ byApply, meshProbes }, cluster) {
      const served = await meshProbes(cluster).crds();
      const lacking = ["gateways", "virtualservices", "destinationrules"]
        .map((kind) => `${kind}.networking.istio.io`)
        .filter((name) => !served.includes(name));
      return lacking.length > 0
        ? faulty(`not served: ${lacking.join(", ")}`, byApply)
        : sound(`${served.filter((name) => name.endsWith(".istio.io")).length} of Istio's CRDs`);
    },
  },
];
