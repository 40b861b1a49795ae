import { dirname } from "node:path";
import type { core, ZodError } from "zod";
import { type MeshConfig, meshConfigSchema } from "./config";
import { readDocument } from "./document";
import { istioLines } from "./istio-lines";
import type { Mesh } from "./mesh";
import { normalize } from "./normalize";
import { meshCommand, sameNameAbove } from "./paths";
import { fileProblem, InputError, type Path, type Problem } from "./problem";
import type { Finding } from "./rule";
import { consistencyProblems } from "./rules";
import { schemaProblems, valueAt } from "./schema-problems";
import { commandLine } from "./shell-quote";
import { readTextFile, type TextFile, UnreadableFile } from "./text-file";
import { largestYaml } from "./yaml";

type ZodIssue = core.$ZodIssue;

/**
 * Reads `mesh.yaml`.
 * @throws InputError with every problem of the file at once, or when it cannot be read
 */
export function readMesh(file: string): Mesh {
  return parseMesh(readMeshFile(file).text, file);
}

/**
 * Makes a frozen `Mesh` of the text of a `mesh.yaml`; `file` is the name that messages give it.
 * @throws InputError with every problem at once
 */
export function parseMesh(text: string, file: string): Mesh {
  const document = readDocument(
    text,
    file,
    `compare with what \`${meshCommand("example.yaml", "init")}\` writes`,
  );
  const parsed = meshConfigSchema.safeParse(document.value);
  const config = parsed.success ? parsed.data : withoutBadParts(document.value, parsed.error);
  const problems = [
    ...document.problems,
    ...(parsed.success ? [] : schemaProblems(parsed.error, document, file)),
    ...(config ? ruleFindings(config, parsed.error?.issues ?? []).map(document.located) : []),
  ];
  if (!config || problems.length > 0) throw new InputError(inOrder(problems));
  return normalize(config);
}

/**
 * The file less what the schema refuses, so that the rules can judge the rest in the same go. A text of the wrong form
 * stays: it is there, and other parts may refer to it. Undefined when what is left is not a mesh.
 */
function withoutBadParts(value: unknown, { issues }: ZodError): MeshConfig | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const rest = structuredClone(value);
  for (const issue of issues.filter((one) => !isText(one))) {
    const { path } = issue;
    const keys = issue.code === "unrecognized_keys" ? issue.keys : path.slice(-1);
    const parent = issue.code === "unrecognized_keys" ? path : path.slice(0, -1);
    const holder = parent.reduce<unknown>(
      (inner, part) => (inner as Record<PropertyKey, unknown>)?.[part],
      rest,
    );
    // Taking an element out of a list would move the others away from their places in the file.
    if (typeof holder !== "object" || holder === null || Array.isArray(holder)) return undefined;
    for (const key of keys) delete (holder as Record<PropertyKey, unknown>)[key];
  }
  const left = meshConfigSchema.safeParse(rest);
  return left.error?.issues.every(isText) === false ? undefined : (rest as MeshConfig);
}

/** What the rules find, but for what may follow from a part that the schema has refused. */
function ruleFindings(config: MeshConfig, refused: readonly ZodIssue[]): Finding[] {
  const [found, ...others] = linesMeant(config, refused).map((one) =>
    consistencyProblems(one, normalize(one)).filter(
      ({ path }) => !refused.some((issue) => isOf(path, issue, one)),
    ),
  );
  return found!.filter(({ path }) =>
    others.every((findings) => findings.some((one) => same(one.path, path))),
  );
}

/** The file as it is, or with each of the lines where the one that it names is refused: a rule may go by the line. */
function linesMeant(config: MeshConfig, refused: readonly ZodIssue[]): MeshConfig[] {
  return refused.some(({ path }) => path[0] === "istio" && path[1] === "line")
    ? istioLines.map(({ id }) => ({ ...config, istio: { ...config.istio, line: id, version: undefined } }))
    : [config];
}

/**
 * The path is that of a refused part, or of what holds one: `clusters` as a whole where a role is refused. Or nothing
 * stands there, and beside it stands a key that there is not: `azur` for `azure`.
 */
const isOf = (path: Path, { code, path: refused }: ZodIssue, config: MeshConfig) =>
  same(path, refused.slice(0, path.length)) ||
  (code === "unrecognized_keys" && same(path.slice(0, -1), refused) && valueAt(config, path) === undefined);

const same = (one: readonly PropertyKey[], other: readonly PropertyKey[]) =>
  one.length === other.length && one.every((part, index) => part === other[index]);

/** The value is a text, as it should be, but not one that is allowed. */
const isText = ({ code }: ZodIssue) => code === "invalid_format";

/**
 * The text of `mesh.yaml`, for `parseMesh`, and to change it.
 * @throws InputError when it cannot be read
 */
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
            `run the command where it lies: ${commandLine("cd", [dirname(above)])}`,
          ),
    ]);
  }
}

const another = "-f FILE or MESH_FILE names another";

const fixes = (file: string): Readonly<Record<UnreadableFile["reason"], string>> => ({
  absent: `\`${meshCommand(file, "init")}\` writes a first one; ${another}`,
  "no file": another,
  "too large": another,
  "not readable": "make it readable",
});

function inOrder(problems: Problem[]): Problem[] {
  const at = ({ position }: Problem) => (position ? position.line * 1e6 + position.column : 0);
  return problems.sort((one, other) => at(one) - at(other));
}
