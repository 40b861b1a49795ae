import { dirname } from "node:path";
import { meshConfigSchema } from "./config";
import type { Mesh } from "./mesh";
import { normalize } from "./normalize";
import { meshCommand, sameNameAbove } from "./paths";
import { fileProblem, InputError, type Problem } from "./problem";
import { ruleProblems, ruleProblemsOfTheRest } from "./rules";
import { schemaProblems } from "./schema-problems";
import { commandLine } from "./shell-quote";
import { readTextFile, type TextFile, UnreadableFile } from "./text-file";
import { largestYaml, parseYaml } from "./yaml";

/**
 * Reads `mesh.yaml`.
 * @throws InputError with every problem of the file, or if it cannot be read
 */
export function readMesh(file: string): Mesh {
  return parseMesh(readMeshFile(file).text, file);
}

/**
 * Parses the text of a `mesh.yaml` into a frozen `Mesh`; messages name `file`.
 * @throws InputError with every problem at once
 */
export function parseMesh(text: string, file: string): Mesh {
  const document = parseYaml(
    text,
    file,
    `compare with the output of \`${meshCommand("example.yaml", "init")}\``,
  );
  const parsed = meshConfigSchema.safeParse(document.value);
  const problems = [
    ...document.problems,
    ...(parsed.success ? [] : schemaProblems(parsed.error, document, file)),
    ...(parsed.success ? ruleProblems(parsed.data) : ruleProblemsOfTheRest(document.value, parsed.error)).map(
      document.located,
    ),
  ];
  if (!parsed.success || problems.length > 0) throw new InputError(inOrder(problems));
  return normalize(parsed.data);
}

/** @throws InputError if the file cannot be read */
export function readMeshFile(file: string): TextFile {
  try {
    return readTextFile(file, largestYaml);
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error;
    const above = error.reason === "absent" ? sameNameAbove(file) : undefined;
    throw new InputError([
      above === undefined
        ? fileProblem(file, error.message, fixes(file)[error.reason])
        : fileProblem(
            file,
            `${error.message}; ${above} exists`,
            `run the command there: ${commandLine("cd", [dirname(above)])}`,
          ),
    ]);
  }
}

const another = "name another file with -f FILE or MESH_FILE";

const fixes = (file: string): Readonly<Record<UnreadableFile["reason"], string>> => ({
  absent: `create it with \`${meshCommand(file, "init")}\`, or ${another}`,
  "no file": another,
  "too large": another,
  "not readable": "make it readable",
});

function inOrder(problems: Problem[]): Problem[] {
  const at = ({ position }: Problem) => (position ? position.line * 1e6 + position.column : 0);
  return problems.sort((one, other) => at(one) - at(other));
}
