import { istioNamespace } from "../../k8s/istio-names";
import type { Mesh } from "../../mesh/mesh";
import { kubeletConnectionFix, podToTry, probeArgs } from "../../ops/diagnosis/kubelet-connection";
import { hasSample } from "../applies-to";
import { type RightRow, rightsCheck, rightsOf } from "../basics/rights";
import type { World } from "../basics/world";
import { type Check, pass, problem } from "../check";
import { kubectlIn } from "../suggested-commands";
import type { VerifyWorld } from "./world";

const sending: readonly RightRow[] = [
  // `kubectl exec deployment/...` looks for the pod by itself.
  { verbs: ["get"], group: "apps", resources: ["deployments"], in: "sample" },
  { verbs: ["get"], group: "", resources: ["pods"], in: "sample" },
  { verbs: ["create"], group: "", resources: ["pods", "pods/exec"], in: "sample" },
];
export const rightsToSend = (mesh: Mesh) => rightsOf(sending, mesh);

export const kubeletChecks: readonly Check<VerifyWorld>[] = [
  {
    id: "reachable.nodes",
    of: "cluster",
    severity: "fail",
    // Without a sample istiod alone is asked that way.
    applies: ({ sample }, { role }) => sample !== undefined || role === "primary",
    title: "the API server can connect to its nodes",
    looksAt:
      "`kubectl exec` of a command that does nothing, in the client of the sample (without a sample: in the gateway), for twelve seconds at most",
    why: "exec and port-forward go from the API server to the kubelet of the pod's node. Without this connection get and list still work and the mesh may be healthy, but proxies, the client and istiod cannot be queried.",
    fix: kubeletConnectionFix,
    needs: ["reachable.api", "endpoints.client"],
    async look({ mesh, meshProbes }, cluster) {
      const words = await meshProbes(cluster).whyKubeletUnreachable();
      if (words === undefined) return pass();
      return problem(words, { commands: [kubectlIn(cluster, ...probeArgs(podToTry(mesh)))] });
    },
  },
];

export const execRightsChecks: readonly Check<World>[] = [
  {
    ...rightsCheck(rightsToSend),
    id: "rights.send",
    applies: hasSample,
    title: "you have permission to exec into the client",
    why: "verify runs curl in the sample's client (`kubectl exec`), which sees the mesh as a workload does. Injection is checked with a dry run that creates no pod but needs the permission to create one.",
    fix: "ask an administrator for the permissions; the ClusterRole admin in the sample's namespace has them",
    needs: ["reachable.api"],
  },
];

export const installedChecks: readonly Check<VerifyWorld>[] = [
  {
    id: "installed.mesh",
    of: "cluster",
    severity: "fail",
    title: "Istio is installed",
    looksAt: "the namespace istio-system and what runs in it",
    why: "Without an installation there is nothing to check.",
    fix: "apply the mesh",
    needs: ["rights.read"],
    async look({ byApply, probes, meshProbes }, cluster) {
      const namespaces = await probes(cluster).namespaces();
      if (!namespaces.some(({ metadata }) => metadata.name === istioNamespace)) {
        return problem(`there is no namespace ${istioNamespace}`, byApply);
      }
      const deployments = (await meshProbes(cluster).istioSystem()).filter(
        ({ kind }) => kind === "Deployment",
      );
      if (deployments.length === 0) return problem(`there is no Deployment in ${istioNamespace}`, byApply);
      return pass(deployments.map(({ metadata }) => metadata.name).join(", "));
    },
  },
  {
    id: "installed.crds",
    of: "cluster",
    severity: "fail",
    title: "Istio's CRDs are established",
    looksAt: "Istio's CRDs, and whether they are Established",
    why: "Without them istiod's configuration cannot be written: `no matches for kind`. A CRD that is not established yet gives the same error.",
    fix: "apply the mesh; it creates them",
    needs: ["rights.read", "installed.mesh"],
    async look({ byApply, meshProbes }, cluster) {
      const served = await meshProbes(cluster).crds();
      const lacking = ["gateways", "virtualservices", "destinationrules"]
        .map((kind) => `${kind}.networking.istio.io`)
        .filter((name) => !served.includes(name));
      return lacking.length > 0
        ? problem(`not served: ${lacking.join(", ")}`, byApply)
        : pass(`${served.filter((name) => name.endsWith(".istio.io")).length} of Istio's CRDs`);
    },
  },
];
