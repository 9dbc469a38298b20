#compdef ssm-exec
# Completions of ssm-exec for zsh. At each Tab ssm-exec itself says what can follow.
_ssm-exec() {
    local line
    local -a candidates
    for line in "${(@f)$("$words[1]" completions -- "${(@Q)words[2,CURRENT]}" 2>/dev/null)}"; do
        case $line in
            :command\ *)
                local -i skipped=$(( ${line#:command } + 1 ))
                shift $skipped words
                (( CURRENT -= skipped ))
                _normal
                ;;
            :files) _files ;;
            ?*) candidates+=("${${line//:/\\:}/$'\t'/:}") ;;
        esac
    done
    (( ! $#candidates )) || _describe ssm-exec candidates
}
if [[ $funcstack[1] == _ssm-exec ]]; then
    _ssm-exec "$@"
else
    compdef _ssm-exec ssm-exec
fi
