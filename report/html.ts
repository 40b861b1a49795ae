import { escapeXml } from "../synth/picture/svg";

/** Markup that stands in a page as it is. */
export class Markup {
  constructor(readonly text: string) {}
}

/** What a template takes. Undefined is nothing. */
export type Content = string | number | Markup | undefined | readonly Content[];

/**
 * A piece of a page. What is put into it is text and is escaped, so that no cluster can write into the page; other
 * pieces go in as they are. Attributes have to be quoted in the template.
 */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return new Markup(String.raw({ raw: strings }, ...values.map(written)));
}

function written(value: Content): string {
  if (value === undefined) return "";
  if (value instanceof Markup) return value.text;
  return typeof value === "object" ? value.map(written).join("") : escapeXml(String(value));
}
