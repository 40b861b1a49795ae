import { type Check, pass, problem } from "../check";
import type { VerifyWorld } from "./world";

/** More objects than this are counted. */
const named = 5;

export const driftChecks: readonly Check<VerifyWorld>[] = [
  {
    id: "installed.drift",
    of: "cluster",
    severity: "warn",
    title: "the cluster holds the manifests of mesh.yaml",
    looksAt:
      "every object of the manifests that `mesh synth` writes, and every object with the ownership labels of this mesh; Secrets of the CA are compared by their own checks",
    why: "Somebody changed the mesh by hand, or mesh.yaml was changed and not applied. The next apply changes it back.",
    fix: "see what an apply would change, then apply; with --prune it also deletes what is no longer in mesh.yaml",
    needs: ["installed.mesh"],
    async look({ byApply, drift }, cluster) {
      const found = await drift(cluster);
      if (found.length === 0) return pass();
      const more = found.length - named;
      return problem([...found.slice(0, named), ...(more > 0 ? [`${more} more objects differ`] : [])], {
        commands: [...byApply.commands.map((command) => `${command} --dry-run`), ...byApply.commands],
      });
    },
  },
];
