import type { Cluster, Day, MaintenanceWindow } from "./mesh";

export const windowHours = 4;

const days: readonly Day[] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/** Every window of a week, UTC. */
export const weekOfWindows: readonly MaintenanceWindow[] = days.flatMap((day) =>
  Array.from({ length: 24 / windowHours }, (_, index) => ({
    day,
    startTime: `${String(index * windowHours).padStart(2, "0")}:00`,
  })),
);

/** The primary's comes last in the week: what upgrades the remotes first also finds faults there first. */
const ofPrimary = weekOfWindows.at(-1)!;
const ofRemotes = weekOfWindows.slice(0, -1);

/**
 * A cluster's window from its AKS name alone, so that other clusters may come and go. 41 windows are a prime number:
 * names that differ in one character have different windows. Other names may share one: a rule asks for another window
 * then.
 */
export function computedWindow(aks: string, role: Cluster["role"]): MaintenanceWindow {
  if (role === "primary") return ofPrimary;
  const hash = [...aks].reduce((sum, char) => (sum * 31 + char.codePointAt(0)!) % ofRemotes.length, 0);
  return ofRemotes[hash]!;
}
