import type { CheckReport } from "../report";
import { formatJunit } from "./junit";
import { formatTable } from "./table";

export interface FormatOptions {
  /** Colours for a terminal; the text alone has any. */
  readonly color: boolean;
}

/** What `-o` may name. Each text ends in a line break. */
export const reportFormats: Readonly<
  Record<"text" | "json" | "junit", (report: CheckReport, options: FormatOptions) => string>
> = {
  text: (report, { color }) => formatTable(report, color),
  json: (report) => `${JSON.stringify(report, undefined, 2)}\n`,
  junit: (report) => formatJunit(report),
};
export type ReportFormat = keyof typeof reportFormats;
