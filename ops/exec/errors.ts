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
  /** @param file name or path of the executable */
  constructor(
    readonly program: ProgramName,
    file: string = program,
  ) {
    super(`${file} is not on the PATH; ${installation[program]}`);
    this.name = "MissingProgram";
  }
}

/** The program failed. `stderr` is redacted and has no log lines of its libraries; those are in the run's log. */
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
 * kubectl's client library logs every attempt (https://github.com/kubernetes/klog) before kubectl reports the result.
 * These log lines are dropped unless there is nothing else.
 */
function ownWords(stderr: string): string {
  const isLogged = (line: string) => /^[EWIF]\d{4} \d\d:\d\d:\d\d/.test(line);
  const own = stderr.split("\n").filter((line) => !isLogged(line));
  return own.join("\n").trim() || stderr.trim();
}

/** A credential plugin asked for a login, which needs a terminal; it was stopped. */
export class LoginRequired extends ProgramFailed {
  constructor(command: string, how: string) {
    super(command, "a login", `login required (${how})`);
    this.message = `${command} was ended:\n${this.stderr}`;
    this.name = "LoginRequired";
  }
}

export class DeadlinePassed extends Error {
  /** @param stderr of a program: its last line may say what it waited for @default - empty */
  constructor(what: string, seconds: number, stderr = "") {
    const [last] = redact(stderr).trim().split("\n").slice(-1);
    super(`${what}: not done within ${seconds} s${last ? `:\n${last}` : ""}`);
    this.name = "DeadlinePassed";
  }
}

/** The program exited, but its output is not closed: what was read may be incomplete. */
export class OutputCutShort extends Error {
  constructor(command: string) {
    super(
      `${command}: the output is incomplete: a process that it started still writes to it; find it with \`ps\`, stop it, and try again`,
    );
    this.name = "OutputCutShort";
  }
}

/** By Ctrl-C, or at a step's deadline. */
export class Interrupted extends Error {
  constructor() {
    super("interrupted; run the same command again to continue");
    this.name = "Interrupted";
  }
}

/** What credential plugins write when they ask for a login. */
const prompts: readonly { readonly words: RegExp; readonly how: string }[] = [
  // kubelogin of Azure (azidentity, DeviceCodeCredential): "To sign in, use a web browser to open the page
  // https://microsoft.com/devicelogin and enter the code ... to authenticate."
  { words: /\/devicelogin\b|\benter the code\b/i, how: "device code" },
  // kubelogin of int128: "Please visit the following URL in your browser"; aws sso login: "open the following URL".
  { words: /\b(visit|open) the following URL\b|\bin your (default )?browser\b/i, how: "browser" },
];

/** The kind of login that a credential plugin asks for on stderr; undefined: none. */
export const loginPrompt = (stderr: string): string | undefined =>
  prompts.find(({ words }) => words.test(stderr))?.how;

/** One line of an error: for a failed program the first line of its stderr, because the log has its command. */
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
