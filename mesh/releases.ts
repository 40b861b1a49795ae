import { defaultIstioLine, istioLines, type ReleaseFault } from "./istio-lines";
import type { Istio } from "./mesh";
import type { FieldProblem } from "./problem";

/** Every run warns from this many days before the end of support. */
const noticeDays = 60;
const dayMilliseconds = 24 * 60 * 60 * 1000;

/** Known bugs of the mesh's release, and the end of its support. @param now decides whether support ends soon */
export function releaseFindings(istio: Istio, now: Date): FieldProblem[] {
  return [...faultFindings(istio), ...supportFindings(istio, now)];
}

/** Known bugs of a release. */
export function faultsOf(version: string): readonly ReleaseFault[] {
  const line = istioLines.find(({ id }) => version.startsWith(`${id}.`));
  return line?.faults.filter(({ fixedIn }) => patchOf(version) < patchOf(fixedIn)) ?? [];
}

/** The bug that a changed remote secret triggers in a release. */
export const faultByRemoteSecret = (version: string) =>
  faultsOf(version).find(({ byRemoteSecret }) => byRemoteSecret);

export function faultFindings(istio: Istio): FieldProblem[] {
  return faultsOf(istio.version).map(({ issue, fixedIn, what }) => ({
    path: ["istio", "version"],
    message: `Istio ${istio.version} ${what} (${issue})`,
    fix: `set istio.version to ${istio.line.version}, or to any version from ${fixedIn}`,
  }));
}

export function supportFindings({ line }: Istio, now: Date): FieldProblem[] {
  if (!line.supportEnds) return [];
  const { date, isEstimate } = line.supportEnds;
  const days = Math.ceil((Date.parse(date) - now.getTime()) / dayMilliseconds);
  if (days > noticeDays) return [];
  const when = `${isEstimate ? "about " : ""}${date}`;
  return [
    {
      path: ["istio", "line"],
      message:
        days < 0
          ? `support for Istio ${line.id} ended ${isEstimate ? "" : "on "}${when}; bugs and vulnerabilities found since then are not fixed`
          : `support for Istio ${line.id} ends ${isEstimate ? "" : "on "}${when}, ${days === 1 ? "1 day" : `${days} days`} from now; no bug or security fixes after that`,
      fix:
        line.id === defaultIstioLine.id
          ? "upgrade mesh to a version that supports a newer line"
          : `plan the upgrade to istio.line "${defaultIstioLine.id}"`,
    },
  ];
}

/** 3 of 1.30.3, and of 1.30.3-distroless. */
const patchOf = (version: string) => Number(/^\d+\.\d+\.(\d+)/.exec(version)?.[1]);
