/**
 * The JSON object in what a program printed. A wrapper on the PATH may print lines before and after it, such as
 * `[command]/opt/terraform-bin output -json`: https://github.com/hashicorp/setup-terraform/issues/20.
 * @throws SyntaxError where there is none
 */
export function jsonIn(stdout: string): unknown {
  const lines = stdout.split("\n");
  const first = lines.findIndex((line) => line.startsWith("{"));
  if (first === -1) return JSON.parse(stdout);
  // Pretty-printed, its last line is a brace; else it is one line.
  const last = lines[first] === "{" ? lines.indexOf("}", first) : first;
  return JSON.parse(lines.slice(first, last + 1).join("\n"));
}
