import type { Command } from "commander";
import { exitCode, type Output } from "../command";

/** Shells that get a script. */
export const shells = ["bash", "zsh", "fish", "powershell"] as const;
export type Shell = (typeof shells)[number];

/** For the help: how to load a script, now and for every shell. */
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
 * The scripts for fish and PowerShell are those of @bomb.sh/tab, which are cobra's, as kubectl has them. Its adapter for
 * commander is not used: it adds a visible command `complete`, does not support options with several values, and
 * prevents file names.
 */
export async function completion(shell: Shell, output: Output): Promise<number> {
  if (shell === "bash") output.result(bashScript);
  else if (shell === "zsh") output.result(zshScript);
  else {
    const { script } = await import("@bomb.sh/tab");
    // It prints the script itself.
    script(shell, "mesh", "mesh completion");
  }
  return exitCode.fine;
}

/** Adds the hidden command that the scripts ask. */
export function addRequests(completionCommand: Command, answer: (words: string[]) => Promise<void>): void {
  completionCommand
    .usage("[options] <shell>")
    .command("complete", { hidden: true })
    .argument("[words...]")
    .action(answer);
}

/*
 * The scripts for bash and zsh are our own. Those of @bomb.sh/tab do harm or mislead:
 * - bash evaluates the typed words, so that a TAB after `$(...)` or `> file` runs it; the script needs the package
 *   bash-completion, fails when it is sourced twice, and never offers files;
 * - zsh takes the part of a value after a `:` for its description, and contexts of EKS have colons; words with spaces
 *   become several.
 *
 * Both ask `mesh completion complete -- WORDS`; the last word is completed, up to the cursor.
 */

/**
 * bash also splits words at `=` and `:`, and replaces the last piece alone. So the script joins pieces with no space
 * between them, up to the cursor, and removes from each offer the part before the last piece. bash inserts values
 * unquoted: the script quotes them, unless a quote is open.
 */
const bashScript = `# bash completion for mesh

__mesh_complete() {
  local rest="\${COMP_LINE:0:COMP_POINT}" piece gap last="" line value
  local -a words=()
  local -i count=0 index
  for ((index = 0; index <= COMP_CWORD; index++)); do
    piece="\${COMP_WORDS[index]}"
    gap="\${rest%%[![:space:]]*}"
    rest="\${rest#"$gap"}"
    ((index < COMP_CWORD)) || piece="$rest"
    rest="\${rest#"$piece"}"
    if ((count > 0)) && [[ -z $gap ]]; then
      words[count - 1]+="$piece"
    else
      words[count]="$piece"
      count+=1
    fi
    last="$piece"
  done

  local word="\${words[count - 1]}"
  case "$last" in [=:]) last="" ;; esac
  local before="\${word%"$last"}"
  [[ $before == -*=* ]] && before="\${before#*=}"

  COMPREPLY=()
  while IFS= read -r line; do
    case "$line" in
      :*)
        ((\${line#:} & 4)) && compopt +o default 2>/dev/null
        ((\${line#:} & 32)) && compopt -o nosort 2>/dev/null
        ;;
      *)
        value="\${line%%$'\\t'*}"
        case "$last" in
          [\\"\\']*) ;;
          *) printf -v value %q "$value" ;;
        esac
        COMPREPLY+=("\${value#"$before"}")
        ;;
    esac
  done < <(mesh completion complete -- "\${words[@]:1}" 2>/dev/null </dev/null)
}

complete -o default -F __mesh_complete mesh`;

/** Loaded from a file of $fpath it is the function itself, and has to call it. */
const zshScript = `#compdef mesh

_mesh() {
  local line value
  local -a values
  local -i allowed=0
  for line in "\${(@f)$(mesh completion complete -- "\${(@)words[2,CURRENT-1]}" "$PREFIX" 2>/dev/null </dev/null)}"; do
    value="\${\${line%%$'\\t'*}//:/\\\\:}"
    case "$line" in
      :*) allowed="\${line#:}" ;;
      *$'\\t'*) values+=("$value:\${line#*$'\\t'}") ;;
      *) values+=("$value") ;;
    esac
  done
  [[ "$PREFIX" == --*=* ]] && compset -P 1 '*='
  if (( $#values > 0 )); then
    _describe -V mesh values
  elif (( ! (allowed & 4) )); then
    _files
  fi
}

if [[ "\${funcstack[1]}" == _mesh ]]; then
  _mesh "$@"
else
  compdef _mesh mesh
fi`;
