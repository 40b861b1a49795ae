import { isInRange, minorOf, minorsApart, parseVersion } from "../../mesh/versions";
import { type Check, pass, problem } from "../check";
import type { World } from "./world";

export const versionChecks: readonly Check<World>[] = [
  {
    id: "versions.istioctl",
    of: "mesh",
    severity: "fail",
    title: "istioctl has the mesh's Istio line",
    looksAt: "`istioctl version --remote=false` and istio.line in mesh.yaml",
    why: "istioctl installs its own release: another line would install another Istio than mesh.yaml asks for, or reject the input.",
    fix: "put an istioctl of that line first on the PATH, or change istio.line in mesh.yaml",
    needs: ["programs.istioctl"],
    async look({ mesh, program }) {
      const istioctl = await program("istioctl");
      const minor = minorOf(parseVersion(mesh.istio.version)!);
      if (istioctl && minorOf(istioctl) === minor) return pass(`istioctl ${istioctl.text}`);
      const found = istioctl?.text ?? "of an unknown version";
      return problem(`istioctl is ${found}; mesh.yaml asks for Istio ${mesh.istio.version}`, {
        fix: `put istioctl ${minor} first on the PATH, or change istio.line in mesh.yaml`,
      });
    },
  },
  {
    id: "versions.kubectl",
    of: "cluster",
    severity: "fail",
    title: "kubectl is within one minor version of the server",
    looksAt: "`kubectl version`",
    why: "Kubernetes promises no more: https://kubernetes.io/releases/version-skew-policy/#kubectl",
    fix: "install a kubectl that is no more than one minor version from every cluster",
    needs: ["programs.kubectl", "reachable.api"],
    async look({ program, probes }, cluster) {
      const [kubectl, server] = await Promise.all([program("kubectl"), probes(cluster).version()]);
      if (!kubectl || !server || Math.abs(minorsApart(kubectl, server)) <= 1)
        return pass(`kubectl ${kubectl?.text}`);
      return problem(
        `kubectl is ${kubectl.text} and ${cluster.name} runs Kubernetes ${server.text}; expected at most one minor version apart`,
        { fix: `install kubectl ${minorOf(server)}` },
      );
    },
  },
  {
    id: "versions.kubernetes",
    of: "cluster",
    severity: "fail",
    title: "the Istio line supports the Kubernetes version",
    looksAt: "`kubectl get --raw /version`",
    why: "istiod does not start on Kubernetes older than its minimum, and newer versions than its maximum are not tested.",
    fix: "upgrade the cluster, or choose another istio.line in mesh.yaml",
    needs: ["reachable.api"],
    async look({ mesh, probes }, cluster) {
      const server = await probes(cluster).version();
      if (!server) return problem("the server reports no version");
      const { id, kubernetes: range } = mesh.istio.line;
      if (isInRange(server, range)) return pass(`Kubernetes ${server.text}`);
      return problem(
        `${cluster.name} runs Kubernetes ${server.text}; Istio ${id} supports ${range.min} to ${range.max}`,
        { fix: "upgrade the cluster or choose another istio.line" },
      );
    },
  },
];
