import type { Command } from "commander";
import { exitCode, type Output } from "./command";
import { bashScript, zshScript } from "./completion-scripts";

/** Shells that get a script. */
export const shells = ["bash", "zsh", "fish", "powershell"] as const;
export type Shell = (typeof shells)[number];

/** What stands in the help: how a script comes into a shell, now and for good. */
export const installation = `
In this shell alone, or in every one:
  bash        source <(mesh completion bash)
              the same line in ~/.bashrc
  zsh         source <(mesh completion zsh)
              the same line in ~/.zshrc, below: autoload -Uz compinit && compinit
  fish        mesh completion fish | source
              mesh completion fish > ~/.config/fish/completions/mesh.fish
  powershell  mesh completion powershell | Out-String | Invoke-Expression
              the same line in the file that $PROFILE names

It completes \`mesh\`, and not \`npx mesh\`: npx completes nothing. To have \`mesh\` in bash and zsh:
  PATH="$PWD/node_modules/.bin:$PATH"              where the package is installed
  mesh() { node /path/to/build/mesh.js "$@"; }     with a checkout`;

/**
 * Prints the script that completes `mesh` in a shell. It asks `mesh completion complete -- WORDS` at every TAB.
 *
 * Of @bomb.sh/tab these are the scripts for fish and PowerShell, which are cobra's, as kubectl has them. Its adapter for
 * commander is left: it puts a command `complete` beside the others, knows no option with several values, and forbids
 * the shell to offer files.
 */
export async function completion(shell: Shell, output: Output): Promise<number> {
  if (shell === "bash") output.result(bashScript);
  else if (shell === "zsh") output.result(zshScript);
  else {
    const { script } = await import("@bomb.sh/tab");
    // It prints the script by itself.
    script(shell, "mesh", "mesh completion");
  }
  return exitCode.fine;
}

/** Gives the command `completion` the one that the scripts ask, which no help shows. */
export function addRequests(completionCommand: Command, answer: (words: string[]) => Promise<void>): void {
  completionCommand
    .usage("[options] <shell>")
    .command("complete", { hidden: true })
    .argument("[words...]")
    .action(answer);
}
