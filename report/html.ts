import { escapeXml } from "../synth/picture/svg";

/** Markup that is not escaped. */
export class Markup {
  constructor(readonly text: string) {}
}

/** Values of a template. Undefined is empty. */
export type Content = string | number | Markup | undefined | readonly Content[];

/**
 * A piece of a page. Text is escaped, so that no cluster can inject markup; other pieces are inserted as they are.
 * Attributes must be quoted in the template.
 */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return new Markup(String.raw({ raw: strings }, ...values.map(written)));
}

function written(value: Content): string {
  if (value === undefined) return "";
  if (value instanceof Markup) return value.text;
  return typeof value === "object" ? value.map(written).join("") : escapeXml(String(value));
}
