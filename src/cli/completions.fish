# Completions of ssm-exec for fish. At each Tab ssm-exec itself says what can follow.
function __ssm_exec
    set -l words (commandline -opc) (commandline -ct)
    for line in ($words[1] completions -- $words[2..] 2>/dev/null)
        switch $line
            case ':command *'
                set -l first (math (string replace ':command ' '' -- $line) + 2)
                complete -C "$words[$first..]"
            case :files
                __fish_complete_path (commandline -ct)
            case '*'
                echo $line
        end
    end
end
complete -c ssm-exec -f -a '(__ssm_exec)'
