import { type core, ZodArray, type ZodError, ZodObject, ZodOptional, ZodRecord } from "zod";
import { meshConfigSchema } from "./config";
import { azureLocation, imageRegistry, type NameRule } from "./names";
import { meshCommand } from "./paths";
import {
  didYouMean,
  fieldOf,
  formatPath,
  nearest,
  type Path,
  type Problem,
  type ProblemText,
  quote,
  valueAt,
} from "./problem";
import { commandLine } from "./shell-quote";
import type { YamlDocument } from "./yaml";

/** What the schema refuses: the position, the value, what is expected, the fix. */
export function schemaProblems(error: ZodError, document: YamlDocument, file: string): Problem[] {
  const mistyped = error.issues.flatMap((issue) =>
    issue.code === "unrecognized_keys" ? issue.keys.flatMap((key) => meantBy(key, issue.path as Path)) : [],
  );
  const problems = error.issues
    .filter(({ path }) => !mistyped.includes(formatPath(path as Path)))
    .flatMap((issue) => problemsOf(issue, document, file));
  // A text that is both too long and malformed fails twice with the same message.
  const key = ({ path, message }: Problem) => JSON.stringify([path, message]);
  return [...new Map(problems.map((problem) => [key(problem), problem])).values()];
}

/** The field that a mistyped key stands for: that it is missing is not a second problem. */
function meantBy(key: string, parent: Path): string[] {
  const meant = nearest(key, keysAt(parent));
  return meant === undefined ? [] : [formatPath([...parent, meant])];
}

function problemsOf(issue: core.$ZodIssue, document: YamlDocument, file: string): Problem[] {
  const path = issue.path as Path;
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((key) => unknownKey(path, key, document, file));
  if (issue.code === "invalid_key") {
    const [cause] = issue.issues;
    return [
      {
        file,
        position: document.keyAt(path),
        path,
        message: `invalid name: expected ${cause?.message ?? issue.message}`,
        fix: "rename it",
      },
    ];
  }
  const given = valueAt(document.value, path);
  if (given === undefined) {
    const message = path.length === 0 ? "the file is empty" : "required field is missing";
    const fix =
      path.length === 0
        ? `remove it, then run \`${meshCommand(file, "init")}\``
        : `add ${String(path.at(-1))}`;
    return [
      {
        file,
        position: document.valueAt(path),
        path,
        message: `${message}: expected ${issue.message}`,
        fix,
      },
    ];
  }
  return [
    {
      file,
      position: document.valueAt(path),
      path,
      message: `${describe(given)}: expected ${issue.message}`,
      fix: fixFor(issue, given),
    },
  ];
}

function unknownKey(parent: Path, key: string, document: YamlDocument, file: string): Problem {
  const path = [...parent, key];
  return { file, position: document.keyAt(path), path, ...unknownText(parent, key) };
}

function unknownText(parent: Path, key: string): ProblemText {
  const known = keysAt(parent);
  if (key === "privateClusterEnabled")
    return {
      message:
        "private clusters are not supported: istiod and this tool reach each API server at its public address",
      fix: "remove it, and restrict the API servers with azure.authorizedIpRanges",
    };
  return isOfAllClusters(parent, key)
    ? {
        message: "belongs to the azure section: it is the same for every cluster",
        fix: `set azure.${key} instead`,
      }
    : {
        message: `unknown field: expected one of ${known.join(", ")}`,
        fix: `${didYouMean(key, known)}rename or remove it`,
      };
}

const isOfAllClusters = (parent: Path, key: string) =>
  parent[0] === "clusters" && parent.length === 2 && keysAt(["azure"]).includes(key);

function fixFor(issue: core.$ZodIssue, given: unknown): string {
  if (issue.code === "invalid_value" && typeof given === "string") {
    return `${didYouMean(given, issue.values.map(String))}use one of these values`;
  }
  if (given === null) return "set a value, or remove the field";
  if (typeof given === "string") {
    const better = betterValues[fieldOf(issue.path as Path)]?.(given);
    if (better !== undefined) return better;
  }
  return "change the value";
}

/** The fix for a malformed text, by field; undefined: no better value is known. */
const betterValues: Readonly<Record<string, (given: string) => string | undefined>> = {
  // As the portal and azurerm's examples show a region: westeurope of West Europe.
  "azure.location": regionOf,
  "clusters[].location": regionOf,
  "clusters[].context": (given) => {
    const words = given.normalize("NFKD").match(/[A-Za-z0-9]+/g) ?? ["context"];
    const name = words.join("-").slice(0, 63).toLowerCase();
    const rename = commandLine("kubectl", ["config", "rename-context", "--", given, name]);
    return `rename the context, and set ${name} here: ${rename}`;
  },
  "images.registry": (given) =>
    use(
      imageRegistry,
      given
        .trim()
        .replace(/^[a-z]+:\/\//i, "")
        .replace(/^[^/]*@/, "")
        .replace(/\/+$/, "")
        .toLowerCase(),
    ),
};

function regionOf(given: string): string | undefined {
  return use(azureLocation, given.toLowerCase().replace(/[ _-]/g, ""));
}

const use = ({ pattern }: NameRule, text: string) => (pattern.test(text) ? `use ${text}` : undefined);

function describe(given: unknown): string {
  if (given === null) return "value is empty";
  if (Array.isArray(given)) return `invalid value (a list of ${given.length})`;
  if (typeof given === "object") return "invalid value (a mapping)";
  // A login in an address is a secret.
  return `invalid value ${quote(typeof given === "string" ? given.replace(/[^/]*:[^/]*@/, "***@") : given)}`;
}

/** The part of the schema for `path`. */
function schemaAt(path: Path): unknown {
  return path.reduce<unknown>((schema, part) => {
    const inner = withoutOptional(schema);
    if (inner instanceof ZodObject) return inner.shape[part];
    if (inner instanceof ZodArray) return inner.element;
    if (inner instanceof ZodRecord) return inner.valueType;
    return undefined;
  }, meshConfigSchema);
}

/** The keys that the mapping at `path` may have. */
export function keysAt(path: Path): string[] {
  const inner = withoutOptional(schemaAt(path));
  return inner instanceof ZodObject ? Object.keys(inner.shape) : [];
}

function withoutOptional(schema: unknown): unknown {
  return schema instanceof ZodOptional ? schema.unwrap() : schema;
}
