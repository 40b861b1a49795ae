/**
 * The scripts for bash and zsh are our own. Those of @bomb.sh/tab do harm or mislead:
 * - bash evaluates the words that are typed, so that a TAB behind `$(...)` or `> file` runs it; the script needs the
 *   package bash-completion, complains when it is read twice, and never offers files;
 * - zsh takes what follows a `:` in a value for its description, and contexts of EKS have colons; words with spaces
 *   become several.
 *
 * Both ask `mesh completion complete -- WORDS`, the last of which is to be completed, up to the cursor.
 */

/**
 * bash ends words at `=` and `:` as well, and replaces the last piece alone. So pieces with no space between them are put
 * together again, up to the cursor, and from what is offered goes what stands before the last piece. It inserts values as
 * they are: they are quoted here, unless a quote is open.
 */
export const bashScript = `# bash completion for mesh

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

/** Read as a file of $fpath it is the function itself, and has to call it. */
export const zshScript = `#compdef mesh

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
