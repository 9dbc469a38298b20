# Completions of ssm-exec for bash. At each Tab ssm-exec itself says what can follow.
_ssm_exec() {
    # bash divides words at `=` and `:`; `at` has where each whole one begins.
    local words=() at=() last=-1 i
    for ((i = 1; i <= COMP_CWORD; i++)); do
        if ((last >= 0)) && [[ ${COMP_WORDS[i]} == [=:]* || ${words[last]} == *[=:] ]]; then
            words[last]+=${COMP_WORDS[i]}
        else
            words[++last]=${COMP_WORDS[i]}
            at[last]=$i
        fi
    done
    local divided="" line
    [[ ${words[last]} != *[=:]* ]] || divided=${words[last]%"${COMP_WORDS[COMP_CWORD]#[=:]}"}
    COMPREPLY=()
    while IFS= read -r line; do
        case $line in
            :command\ *)
                if declare -F _command_offset >/dev/null; then
                    _command_offset "${at[${line#:command }]}"
                elif [ "${line#:command }" = "$last" ]; then
                    mapfile -t COMPREPLY < <(compgen -c -- "${words[last]}")
                else
                    compopt -o default
                fi
                ;;
            :files)
                compopt -o filenames
                mapfile -t COMPREPLY < <(compgen -f -- "${COMP_WORDS[COMP_CWORD]#=}")
                ;;
            *)
                line=${line%%$'\t'*}
                COMPREPLY+=("${line#"$divided"}")
                ;;
        esac
    done < <("$1" completions -- "${words[@]}" 2>/dev/null)
}
complete -F _ssm_exec ssm-exec
