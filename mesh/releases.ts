import { defaultIstioLine, istioLines, type ReleaseFault } from "./istio-lines";
import type { Istio } from "./mesh";
import type { FieldProblem } from "./problem";

/** Days before the end of support from which on every run says so. */
const noticeDays = 60;
const dayMilliseconds = 24 * 60 * 60 * 1000;

/** What upstream says against the release of a mesh. @param now decides whether support ends soon */
export function releaseFindings(istio: Istio, now: Date): FieldProblem[] {
  return [...faultFindings(istio), ...supportFindings(istio, now)];
}

/** Faults that a release has; of a line that is not known here, none is known. */
export function faultsOf(version: string): readonly ReleaseFault[] {
  const line = istioLines.find(({ id }) => version.startsWith(`${id}.`));
  return line?.faults.filter(({ fixedIn }) => patchOf(version) < patchOf(fixedIn)) ?? [];
}

/** What a changed remote secret sets off in a release; undefined: nothing. */
export const faultByRemoteSecret = (version: string) =>
  faultsOf(version).find(({ byRemoteSecret }) => byRemoteSecret);

export function faultFindings(istio: Istio): FieldProblem[] {
  return faultsOf(istio.version).map(({ issue, fixedIn, what }) => ({
    path: ["istio", "version"],
    message: `Istio ${istio.version} ${what} (${issue})`,
    fix: `set istio.version to ${istio.line.version}, or another one from ${fixedIn} on`,
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
          ? `support for Istio ${line.id} ended ${isEstimate ? "" : "on "}${when}; faults and security holes found since are not fixed in it`
          : `support for Istio ${line.id} ends ${isEstimate ? "" : "on "}${when}, ${days === 1 ? "1 day" : `${days} days`} from now; no fixes, of security holes either, come after it`,
      fix:
        line.id === defaultIstioLine.id
          ? "look for a version of mesh that knows a newer line"
          : `plan the move to istio.line "${defaultIstioLine.id}"`,
    },
  ];
}

/** 3 of 1.30.3, and of 1.30.3-distroless. */
const patchOf = (version: string) => Number(/^\d+\.\d+\.(\d+)/.exec(version)?.[1]);
