import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { contextName } from "../../mesh/names";
import { commandLine, shellQuote } from "../../mesh/shell-quote";

const readBy = (shell: string, words: readonly string[]) =>
  spawnSync(shell, ["-c", `printf '%s\\0' ${words.map(shellQuote).join(" ")}`], { encoding: "utf8" })
    .stdout.split("\0")
    .slice(0, -1);

/** Names that kubectl accepts: of users, of OpenShift, and malicious ones. */
const names = [
  "AKS Dev Env",
  "ctx1 (aws)",
  "dev-frontend+foo",
  "default/api-example-com:6443/Jörg Müller",
  "it's",
  '"quoted"',
  "$(touch pwned)",
  "`touch pwned`",
  "a; rm -rf b",
  "*",
  "~",
  "!!",
  "#",
  " ",
  "日本語",
  "back\\slash",
];

test("every name is valid in mesh.yaml, and survives a shell", () => {
  expect(names.filter((name) => !contextName.pattern.test(name))).toEqual([]);
  for (const shell of ["sh", "bash"]) expect(readBy(shell, names)).toEqual(names);
});

test("any text survives bash, control characters included", () => {
  const text = fc.string({ unit: "binary" }).filter((word) => !/[\0\ud800-\udfff]/.test(word));
  fc.assert(
    fc.property(fc.array(text, { minLength: 20, maxLength: 20 }), (words) => {
      expect(readBy("bash", words)).toEqual(words);
      expect(commandLine("kubectl", words)).not.toMatch(/[^\P{Cc}\n]/u);
    }),
    { numRuns: 20 },
  );
});
