/**
 * Text without expressions. In Terraform's JSON every string is a template, in which `${` and `%{` begin an expression. https://developer.hashicorp.com/terraform/language/syntax/json#expression-mapping, read 2026-11-23
 */
export function literal(text: string): string {
  // A quoted string in an expression, not the usual `$${`, which is ambiguous after another `$`, and keeps cdktf's
  // markers (`${TfToken[`).
  return text.replace(/([$%]+)\{/g, (_, marks) => `\${"${marks}"}{`);
}

/**
 * Name of a resource in Terraform, from one on Azure. Both have letters, digits, '_' and '-', but Terraform's must not
 * begin with a digit. Different names stay different, because no name on Azure begins with '_'.
 */
export function resourceName(azureName: string): string {
  return azureName.replace(/^(?=\d)/, "_");
}
