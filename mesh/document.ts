import { type FieldProblem, InputError, type Problem } from "./problem";
import { parseYaml, type YamlDocument, YamlError } from "./yaml";

/** A YAML file that people write. */
export interface Document extends YamlDocument {
  /** Duplicate keys. */
  readonly problems: readonly Problem[];
  /** A problem with its place in the file. */
  located(problem: FieldProblem): Problem;
}

/**
 * Reads the text of a YAML file.
 * @param file name that messages give it
 * @param fix what to do where the text is not YAML
 * @throws InputError where it is not YAML
 */
export function readDocument(text: string, file: string, fix: string): Document {
  const document = parse(text, file, fix);
  return {
    ...document,
    problems: document.repeatedKeys.map(({ path, position }) => ({
      file,
      path,
      position,
      message: "duplicate field",
      fix: "remove one of them",
    })),
    located: (problem) => ({ file, position: document.valueAt(problem.path), ...problem }),
  };
}

function parse(text: string, file: string, fix: string): YamlDocument {
  try {
    return parseYaml(text);
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    throw new InputError([{ file, path: [], position: error.position, message: error.message, fix }]);
  }
}
