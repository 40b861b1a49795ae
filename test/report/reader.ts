import type { ReportProps } from "../../report/page";
import { reportPage } from "../../report/page";

/** The page's elements, without the text between them: what is markup. */
export const tags = (page: string): string[] => page.match(/<[^>]*>/g) ?? [];

/** What a reader reads in markup, its white space made even. */
export function words(markup: string): string {
  return markup
    .replace(/<style>.*?<\/style>/gs, " ")
    .replace(/<[^>]*>/g, " ")
    .replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)))
    .replace(/\s+/g, " ")
    .trim();
}

/** One section of the page, by its anchor; undefined where there is none. */
export function sectionOf(props: ReportProps, id: string): string | undefined {
  return new RegExp(`<section id="${id}".*?</section>`, "s").exec(reportPage(props))?.[0];
}

/** What a reader reads in it. */
export const wordsOf = (props: ReportProps, id: string): string => words(sectionOf(props, id) ?? "");
