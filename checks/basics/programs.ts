import { MissingProgram } from "../../ops/exec/errors";
import type { ProgramName } from "../../ops/exec/programs";
import { type Check, pass, problem } from "../check";
import type { World } from "./world";

export const onPath = (program: ProgramName) => async (world: World) => {
  try {
    const version = await world.program(program);
    return version ? pass(version.text) : problem(`${program} reports no version`);
  } catch (error) {
    if (error instanceof MissingProgram) return problem(`${program} is not on the PATH`);
    throw error;
  }
};

export const programChecks: readonly Check<World>[] = [
  {
    id: "programs.kubectl",
    of: "mesh",
    severity: "fail",
    title: "kubectl is on the PATH",
    looksAt: "`kubectl version --client`",
    why: "The tool uses kubectl for every cluster.",
    fix: "install kubectl, no more than one minor version from your clusters: https://kubernetes.io/docs/tasks/tools/",
    needs: [],
    look: onPath("kubectl"),
  },
  {
    id: "programs.istioctl",
    of: "mesh",
    severity: "fail",
    title: "istioctl is on the PATH",
    looksAt: "`istioctl version --remote=false`",
    why: "Istio itself is installed by istioctl, which carries the charts of its release.",
    fix: "install the release that mesh.yaml names: https://github.com/istio/istio/releases",
    needs: [],
    look: onPath("istioctl"),
  },
];
