# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_ssm_exec_global_optspecs
    string join \n p/prefix= k/key= optional-key= json= file= base64= no-refs skip only= exclude= name-prefix= case= allow= require= pristine keep= keep-existing drop-aws-credentials region= profile= endpoint-url= allow-http role-arn= external-id= ca-bundle= timeout= config= no-config v q log-format= h/help V/version
end

function __fish_ssm_exec_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_ssm_exec_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_ssm_exec_using_subcommand
    set -l cmd (__fish_ssm_exec_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c ssm-exec -n "__fish_ssm_exec_needs_command" -s p -l prefix -d 'Every parameter below PATH, recursively; repeatable' -r
complete -c ssm-exec -n "__fish_ssm_exec_needs_command" -s k -l key -d 'One parameter; repeatable. Without NAME, it is made from the last segment' -r
complete -c ssm-exec -n "__fish_ssm_exec_needs_command" -l optional-key -d 'The same, and it may be missing' -r
complete -c ssm-exec -n "__fish_ssm_exec_needs_command" -l json -d 'A parameter that holds a JSON object: each member becomes a variable' -r
complete -c ssm-exec -n "__fish_ssm_exec_needs_command" -l file -d 'A value in a sealed memory file; NAME holds its path' -r
complete -c ssm-exec -n "__fish_ssm_exec_needs_command" -l base64 -d 'Decode the value of this key or file from base64' -r
complete -c ssm-exec -n "__fish_ssm_exec_needs_command" -l only -d 'Of prefixes and JSON objects, take only names that match' -r
complete -c ssm-exec -n "__fish_ssm_exec_needs_command" -l exclude -d 'Of prefixes and JSON objects, leave names out that match' -r
complete -c ssm-exec -n "__fish_ssm_exec_needs_command" -l name-prefix -d 'Put TEXT before names made from paths' -r
complete -c ssm-exec -n "__fish_ssm_exec_needs_command" -l case -d 'Case of names made from paths: upper (the default) or keep' -r
complete -c ssm-exec -n "__fish_ssm_exec_needs_command" -l allow -d 'Let a prefix or JSON object set this name, which is refused otherwise' -r
complete -c ssm-exec -n "__fish_ssm_exec_needs_command" -l require -d 'Refuse to start unless NAME is set and not empty' -r
complete -c ssm-exec -n "__fish_ssm_exec_needs_command" -l keep -d 'With --pristine, inherit names that match' -r
complete -c ssm-exec -n "__fish_ssm_exec_needs_command" -l region -d 'The region [AWS_REGION]' -r
complete -c ssm-exec -n "__fish_ssm_exec_needs_command" -l profile -d 'The profile of the shared configuration files [AWS_PROFILE]' -r
complete -c ssm-exec -n "__fish_ssm_exec_needs_command" -l endpoint-url -d 'Another endpoint for SSM [AWS_ENDPOINT_URL_SSM]' -r
complete -c ssm-exec -n "__fish_ssm_exec_needs_command" -l role-arn -d 'Assume this role' -r
complete -c ssm-exec -n "__fish_ssm_exec_needs_command" -l external-id -d 'The external id that the role\'s trust policy asks for' -r
complete -c ssm-exec -n "__fish_ssm_exec_needs_command" -l ca-bundle -d 'Trust these roots alone, PEM [AWS_CA_BUNDLE]' -r
complete -c ssm-exec -n "__fish_ssm_exec_needs_command" -l timeout -d 'Everything up to the start, retries included; 30s by default, 8s on Lambda' -r
complete -c ssm-exec -n "__fish_ssm_exec_needs_command" -l config -d 'This file, and not the nearest ssm-exec.toml' -r -F
complete -c ssm-exec -n "__fish_ssm_exec_needs_command" -l log-format -d 'Messages as text or json [SSM_EXEC_LOG_FORMAT]' -r
complete -c ssm-exec -n "__fish_ssm_exec_needs_command" -l no-refs -d 'Don\'t resolve `ssm://PARAM` in inherited variables'
complete -c ssm-exec -n "__fish_ssm_exec_needs_command" -l skip -d 'Start without asking SSM, where there is no AWS; defaults apply'
complete -c ssm-exec -n "__fish_ssm_exec_needs_command" -l pristine -d 'Start from an empty environment'
complete -c ssm-exec -n "__fish_ssm_exec_needs_command" -l keep-existing -d 'A variable that is already set wins over SSM'
complete -c ssm-exec -n "__fish_ssm_exec_needs_command" -l drop-aws-credentials -d 'Keep AWS keys and SSM_EXEC_* from the command'
complete -c ssm-exec -n "__fish_ssm_exec_needs_command" -l allow-http -d 'Let that endpoint be plain http on another machine'
complete -c ssm-exec -n "__fish_ssm_exec_needs_command" -l no-config -d 'Look for no file'
complete -c ssm-exec -n "__fish_ssm_exec_needs_command" -s v -d 'Tell more (twice: each step); never a value'
complete -c ssm-exec -n "__fish_ssm_exec_needs_command" -s q -d 'Tell errors alone'
complete -c ssm-exec -n "__fish_ssm_exec_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ssm-exec -n "__fish_ssm_exec_needs_command" -s V -l version -d 'Print version'
complete -c ssm-exec -n "__fish_ssm_exec_needs_command" -a "check" -d 'Resolve everything, start nothing, and report: the deploy gate'
complete -c ssm-exec -n "__fish_ssm_exec_needs_command" -a "policy" -d 'Print the least IAM policy that this configuration needs'
complete -c ssm-exec -n "__fish_ssm_exec_needs_command" -a "completions" -d 'Print completions for a shell, or the man page'
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand check" -l max-age -d 'Fail (status 1) for parameters that were not changed since, such as 90d' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand check" -l format -d 'table, json, markdown or toml' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand check" -s p -l prefix -d 'Every parameter below PATH, recursively; repeatable' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand check" -s k -l key -d 'One parameter; repeatable. Without NAME, it is made from the last segment' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand check" -l optional-key -d 'The same, and it may be missing' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand check" -l json -d 'A parameter that holds a JSON object: each member becomes a variable' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand check" -l file -d 'A value in a sealed memory file; NAME holds its path' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand check" -l base64 -d 'Decode the value of this key or file from base64' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand check" -l only -d 'Of prefixes and JSON objects, take only names that match' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand check" -l exclude -d 'Of prefixes and JSON objects, leave names out that match' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand check" -l name-prefix -d 'Put TEXT before names made from paths' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand check" -l case -d 'Case of names made from paths: upper (the default) or keep' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand check" -l allow -d 'Let a prefix or JSON object set this name, which is refused otherwise' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand check" -l require -d 'Refuse to start unless NAME is set and not empty' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand check" -l keep -d 'With --pristine, inherit names that match' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand check" -l region -d 'The region [AWS_REGION]' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand check" -l profile -d 'The profile of the shared configuration files [AWS_PROFILE]' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand check" -l endpoint-url -d 'Another endpoint for SSM [AWS_ENDPOINT_URL_SSM]' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand check" -l role-arn -d 'Assume this role' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand check" -l external-id -d 'The external id that the role\'s trust policy asks for' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand check" -l ca-bundle -d 'Trust these roots alone, PEM [AWS_CA_BUNDLE]' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand check" -l timeout -d 'Everything up to the start, retries included; 30s by default, 8s on Lambda' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand check" -l config -d 'This file, and not the nearest ssm-exec.toml' -r -F
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand check" -l log-format -d 'Messages as text or json [SSM_EXEC_LOG_FORMAT]' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand check" -l unused -d 'List what is below a prefix and nothing asks for by name'
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand check" -l no-refs -d 'Don\'t resolve `ssm://PARAM` in inherited variables'
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand check" -l skip -d 'Start without asking SSM, where there is no AWS; defaults apply'
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand check" -l pristine -d 'Start from an empty environment'
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand check" -l keep-existing -d 'A variable that is already set wins over SSM'
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand check" -l drop-aws-credentials -d 'Keep AWS keys and SSM_EXEC_* from the command'
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand check" -l allow-http -d 'Let that endpoint be plain http on another machine'
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand check" -l no-config -d 'Look for no file'
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand check" -s v -d 'Tell more (twice: each step); never a value'
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand check" -s q -d 'Tell errors alone'
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand policy" -l account -d 'The account of the parameters; without, the caller\'s own' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand policy" -l partition -d 'The partition: aws, aws-cn or aws-us-gov; without, the region\'s' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand policy" -l kms-key -d 'The KMS key (ARN or id) that encrypts the parameters' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand policy" -s p -l prefix -d 'Every parameter below PATH, recursively; repeatable' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand policy" -s k -l key -d 'One parameter; repeatable. Without NAME, it is made from the last segment' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand policy" -l optional-key -d 'The same, and it may be missing' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand policy" -l json -d 'A parameter that holds a JSON object: each member becomes a variable' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand policy" -l file -d 'A value in a sealed memory file; NAME holds its path' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand policy" -l base64 -d 'Decode the value of this key or file from base64' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand policy" -l only -d 'Of prefixes and JSON objects, take only names that match' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand policy" -l exclude -d 'Of prefixes and JSON objects, leave names out that match' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand policy" -l name-prefix -d 'Put TEXT before names made from paths' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand policy" -l case -d 'Case of names made from paths: upper (the default) or keep' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand policy" -l allow -d 'Let a prefix or JSON object set this name, which is refused otherwise' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand policy" -l require -d 'Refuse to start unless NAME is set and not empty' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand policy" -l keep -d 'With --pristine, inherit names that match' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand policy" -l region -d 'The region [AWS_REGION]' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand policy" -l profile -d 'The profile of the shared configuration files [AWS_PROFILE]' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand policy" -l endpoint-url -d 'Another endpoint for SSM [AWS_ENDPOINT_URL_SSM]' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand policy" -l role-arn -d 'Assume this role' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand policy" -l external-id -d 'The external id that the role\'s trust policy asks for' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand policy" -l ca-bundle -d 'Trust these roots alone, PEM [AWS_CA_BUNDLE]' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand policy" -l timeout -d 'Everything up to the start, retries included; 30s by default, 8s on Lambda' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand policy" -l config -d 'This file, and not the nearest ssm-exec.toml' -r -F
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand policy" -l log-format -d 'Messages as text or json [SSM_EXEC_LOG_FORMAT]' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand policy" -l no-refs -d 'Don\'t resolve `ssm://PARAM` in inherited variables'
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand policy" -l skip -d 'Start without asking SSM, where there is no AWS; defaults apply'
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand policy" -l pristine -d 'Start from an empty environment'
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand policy" -l keep-existing -d 'A variable that is already set wins over SSM'
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand policy" -l drop-aws-credentials -d 'Keep AWS keys and SSM_EXEC_* from the command'
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand policy" -l allow-http -d 'Let that endpoint be plain http on another machine'
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand policy" -l no-config -d 'Look for no file'
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand policy" -s v -d 'Tell more (twice: each step); never a value'
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand policy" -s q -d 'Tell errors alone'
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand policy" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand completions" -s p -l prefix -d 'Every parameter below PATH, recursively; repeatable' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand completions" -s k -l key -d 'One parameter; repeatable. Without NAME, it is made from the last segment' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand completions" -l optional-key -d 'The same, and it may be missing' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand completions" -l json -d 'A parameter that holds a JSON object: each member becomes a variable' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand completions" -l file -d 'A value in a sealed memory file; NAME holds its path' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand completions" -l base64 -d 'Decode the value of this key or file from base64' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand completions" -l only -d 'Of prefixes and JSON objects, take only names that match' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand completions" -l exclude -d 'Of prefixes and JSON objects, leave names out that match' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand completions" -l name-prefix -d 'Put TEXT before names made from paths' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand completions" -l case -d 'Case of names made from paths: upper (the default) or keep' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand completions" -l allow -d 'Let a prefix or JSON object set this name, which is refused otherwise' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand completions" -l require -d 'Refuse to start unless NAME is set and not empty' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand completions" -l keep -d 'With --pristine, inherit names that match' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand completions" -l region -d 'The region [AWS_REGION]' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand completions" -l profile -d 'The profile of the shared configuration files [AWS_PROFILE]' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand completions" -l endpoint-url -d 'Another endpoint for SSM [AWS_ENDPOINT_URL_SSM]' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand completions" -l role-arn -d 'Assume this role' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand completions" -l external-id -d 'The external id that the role\'s trust policy asks for' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand completions" -l ca-bundle -d 'Trust these roots alone, PEM [AWS_CA_BUNDLE]' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand completions" -l timeout -d 'Everything up to the start, retries included; 30s by default, 8s on Lambda' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand completions" -l config -d 'This file, and not the nearest ssm-exec.toml' -r -F
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand completions" -l log-format -d 'Messages as text or json [SSM_EXEC_LOG_FORMAT]' -r
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand completions" -l no-refs -d 'Don\'t resolve `ssm://PARAM` in inherited variables'
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand completions" -l skip -d 'Start without asking SSM, where there is no AWS; defaults apply'
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand completions" -l pristine -d 'Start from an empty environment'
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand completions" -l keep-existing -d 'A variable that is already set wins over SSM'
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand completions" -l drop-aws-credentials -d 'Keep AWS keys and SSM_EXEC_* from the command'
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand completions" -l allow-http -d 'Let that endpoint be plain http on another machine'
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand completions" -l no-config -d 'Look for no file'
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand completions" -s v -d 'Tell more (twice: each step); never a value'
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand completions" -s q -d 'Tell errors alone'
complete -c ssm-exec -n "__fish_ssm_exec_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
