import type { ProgramName } from "./programs";
import { redact } from "./redact";

/** Where to get a missing program. */
const installation: Readonly<Record<ProgramName, string>> = {
  kubectl: "install it: https://kubernetes.io/docs/tasks/tools/",
  istioctl: "install the release that mesh.yaml names: https://github.com/istio/istio/releases",
  terraform: "install it: https://developer.hashicorp.com/terraform/install",
  az: "install it: https://learn.microsoft.com/cli/azure/install-azure-cli",
};

export class MissingProgram extends Error {
  /** @param file what was to be run for it */
  constructor(
    readonly program: ProgramName,
    file: string = program,
  ) {
    super(`${file} is not on the PATH; ${installation[program]}`);
    this.name = "MissingProgram";
  }
}

/** The program said no. Its words are redacted, and are its own alone: what its libraries log is in the run's log. */
export class ProgramFailed extends Error {
  readonly stderr: string;
  constructor(
    readonly command: string,
    readonly code: number | string,
    stderr: string,
  ) {
    const words = ownWords(redact(stderr));
    super(`${command} ended with ${code}${words ? `:\n${words}` : ""}`);
    this.name = "ProgramFailed";
    this.stderr = words;
  }
}

/**
 * kubectl's client library logs every attempt (https://github.com/kubernetes/klog), before kubectl says what came of
 * them. Lines of that log stay where there is nothing else.
 */
function ownWords(stderr: string): string {
  const isLogged = (line: string) => /^[EWIF]\d{4} \d\d:\d\d:\d\d/.test(line);
  const own = stderr.split("\n").filter((line) => !isLogged(line));
  return own.join("\n").trim() || stderr.trim();
}

/** A credential plugin waits for a person to log in, which needs a terminal. It was ended. */
export class LoginRequired extends ProgramFailed {
  constructor(command: string, how: string) {
    super(command, "a login", `the login waits for a person (${how})`);
    this.message = `${command} was ended:\n${this.stderr}`;
    this.name = "LoginRequired";
  }
}

export class DeadlinePassed extends Error {
  /** @param stderr of a program: its last line tells what kept it @default - it said nothing */
  constructor(what: string, seconds: number, stderr = "") {
    const [last] = redact(stderr).trim().split("\n").slice(-1);
    super(`${what}: not done within ${seconds} s${last ? `:\n${last}` : ""}`);
    this.name = "DeadlinePassed";
  }
}

/** The program has ended, but its output has not. What was read may be half an answer. */
export class OutputCutShort extends Error {
  constructor(command: string) {
    super(
      `${command}: the output could not be read to its end: a process that it started still writes to it; find it with \`ps\`, end it, and try again`,
    );
    this.name = "OutputCutShort";
  }
}

/** Ctrl-C, or a step that was given up. */
export class Interrupted extends Error {
  constructor() {
    super("interrupted; run the same command again to go on from here");
    this.name = "Interrupted";
  }
}

/** What credential plugins write when a person has to log in, and how. */
const prompts: readonly { readonly words: RegExp; readonly how: string }[] = [
  // kubelogin of Azure (azidentity, DeviceCodeCredential): "To sign in, use a web browser to open the page
  // https://microsoft.com/devicelogin and enter the code ... to authenticate."
  { words: /\/devicelogin\b|\benter the code\b/i, how: "device code" },
  // kubelogin of int128: "Please visit the following URL in your browser"; aws sso login: "open the following URL".
  { words: /\b(visit|open) the following URL\b|\bin your (default )?browser\b/i, how: "browser" },
];

/** How a plugin wants a person to log in, by what it wrote to stderr; undefined: it does not. */
export const loginPrompt = (stderr: string): string | undefined =>
  prompts.find(({ words }) => words.test(stderr))?.how;

/** The first line of an error that says something: of a program that failed its own words, for the log has its command. */
export function shortMessage(error: unknown): string {
  const [first = "", second] = String((error as Error).message ?? error).split("\n");
  return second?.trim() || first;
}

/** The command refused to start: nothing was changed. */
export class Refused extends Error {
  constructor(readonly problems: readonly string[]) {
    super(problems.join("\n"));
    this.name = "Refused";
  }
}
