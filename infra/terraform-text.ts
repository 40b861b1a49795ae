import type { TerraformElement } from "cdktf";

/**
 * Text without expressions. In Terraform's JSON every string is a template, in which `${` and `%{` begin an expression. https://developer.hashicorp.com/terraform/language/syntax/json#expression-mapping, read 2026-11-23
 */
export function literal(text: string): string {
  // A quoted string in an expression, not the usual `$${`, which is ambiguous after another `$`, and keeps cdktf's
  // markers (`${TfToken[`).
  return text.replace(/([$%]+)\{/g, (_, marks) => `\${"${marks}"}{`);
}

/**
 * Gives a resource its name in Terraform, before others refer to it.
 * @param azureName what it is named after
 */
export function at<Element extends TerraformElement>(azureName: string, element: Element): Element {
  element.overrideLogicalId(resourceName(azureName));
  return element;
}

/**
 * Name of a resource in Terraform, from one on Azure. Terraform's must not begin with a digit, and has letters, digits,
 * '_' and '-' only: a resource group's name may also have dots and parentheses. AKS names that differ stay different,
 * because none begins with '_'.
 */
export function resourceName(azureName: string): string {
  return azureName.replace(/^(?=[^A-Za-z_])/, "_").replace(/[().]/g, "_");
}
