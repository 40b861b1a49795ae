/**
 * Text that Terraform takes as it is. In its JSON every string is a template, in which `${` and `%{` begin an
 * expression. https://developer.hashicorp.com/terraform/language/syntax/json#expression-mapping, read 2026-11-23
 */
export function literal(text: string): string {
  // A quoted string in an expression, rather than the usual `$${`: that one is ambiguous behind another `$`, and
  // leaves cdktf's own markers (`${TfToken[`) in the text.
  return text.replace(/([$%]+)\{/g, (_, marks) => `\${"${marks}"}{`);
}

/**
 * Name of a resource in Terraform, made of one on Azure: both are letters, digits, '_' and '-', but Terraform's may
 * not begin with a digit. Different names stay different, as no name on Azure begins with '_'.
 */
export function resourceName(azureName: string): string {
  return azureName.replace(/^(?=\d)/, "_");
}
