//! Names that a prefix or a JSON object may not set: whoever can write one parameter under a prefix
//! must not gain code execution in, or the traffic of, every service below it. `--allow NAME`, or an
//! explicit key, sets them all the same. Reviewed against glibc's `unsecvars.h`, sudo's
//! `initial_badenv_table`, and the manuals of the runtimes named.

use crate::variable::VariableName;

/// Names with one reason. A `*` at the end stands for any rest.
struct Group {
    /// Ends the sentence "it …".
    reason: &'static str,
    names: &'static [&'static str],
}

const GROUPS: &[Group] = &[
    Group {
        // ld.so(8), dyld(1); AIX's, HP-UX's and IRIX's cousins are not run here.
        reason: "makes the dynamic loader run other code",
        names: &[
            "LD_*",
            "DYLD_*",
            "GLIBC_TUNABLES",
            "GCONV_PATH",
            "GETCONF_DIR",
        ],
    },
    Group {
        // glibc's unsecvars.h: files that the library reads, or writes, at a path of one's choice.
        reason: "steers files that the C library reads or writes",
        names: &[
            "LOCPATH",
            "NLSPATH",
            "MALLOC_*",
            "NIS_PATH",
            "TZDIR",
            "RES_OPTIONS",
            "RESOLV_*",
            "HOSTALIASES",
            "LOCALDOMAIN",
            "TMPDIR",
            "TERMINFO",
            "TERMINFO_DIRS",
            "TERMCAP",
            "TERMPATH",
        ],
    },
    Group {
        // What is looked up, or read at start, by anything that starts a program or a shell.
        reason: "decides which programs and start files a shell runs",
        names: &[
            "PATH",
            "HOME",
            "SHELL",
            "IFS",
            "ENV",
            "CDPATH",
            "BASH_*",
            "BASHOPTS",
            "SHELLOPTS",
            "GLOBIGNORE",
            "PS1",
            "PS2",
            "PS4",
            "PROMPT_COMMAND",
            "FPATH",
            "ZDOTDIR",
            "NULLCMD",
            "READNULLCMD",
            "EDITOR",
            "VISUAL",
            "PAGER",
            "BROWSER",
            "LESSOPEN",
            "LESSCLOSE",
        ],
    },
    Group {
        // nodejs.org/api/cli.html; npm reads every option from npm_config_*.
        reason: "makes Node.js load other code",
        names: &[
            "NODE_OPTIONS",
            "NODE_PATH",
            "NODE_EXTRA_CA_CERTS",
            "NODE_TLS_REJECT_UNAUTHORIZED",
            "NODE_REPL_EXTERNAL_MODULE",
            "NPM_CONFIG_*",
            "BUN_*",
            "DENO_*",
        ],
    },
    Group {
        // docs.python.org/3/using/cmdline.html: PYTHONPATH, -HOME, -STARTUP, -INSPECT, -WARNINGS, -BREAKPOINT…
        reason: "makes Python load other code",
        names: &["PYTHON*", "PIP_*", "VIRTUAL_ENV"],
    },
    Group {
        reason: "makes Perl load other code",
        names: &["PERL5*", "PERLLIB", "PERLIO*", "PERL_*"],
    },
    Group {
        reason: "makes Ruby load other code",
        names: &[
            "RUBYOPT",
            "RUBYLIB",
            "RUBYPATH",
            "RUBYSHELL",
            "GEM_HOME",
            "GEM_PATH",
            "BUNDLE_*",
        ],
    },
    Group {
        reason: "makes the Java virtual machine load other code",
        names: &[
            "JAVA_TOOL_OPTIONS",
            "_JAVA_OPTIONS",
            "JDK_JAVA_OPTIONS",
            "JAVA_OPTS",
            "CLASSPATH",
            "JAVA_HOME",
            "MAVEN_OPTS",
            "GRADLE_OPTS",
        ],
    },
    Group {
        // learn.microsoft.com/dotnet/core/runtime-config: profilers and start-up hooks are code.
        reason: "makes .NET load other code",
        names: &[
            "DOTNET_*",
            "COMPLUS_*",
            "CORECLR_*",
            "COR_*",
            "ASPNETCORE_HOSTINGSTARTUPASSEMBLIES",
        ],
    },
    Group {
        // GODEBUG can switch certificate checks to weaker rules; the others are read by the go command.
        reason: "changes what Go's runtime or its tools do",
        names: &[
            "GODEBUG",
            "GOTRACEBACK",
            "GOFLAGS",
            "GOROOT",
            "GOPATH",
            "GOPROXY",
            "GOINSECURE",
            "GOSUMDB",
            "GOENV",
            "GOTOOLCHAIN",
        ],
    },
    Group {
        reason: "makes PHP, Lua, Erlang or Rust's tools load other code",
        names: &[
            "PHPRC",
            "PHP_INI_SCAN_DIR",
            "LUA_PATH*",
            "LUA_CPATH*",
            "LUA_INIT*",
            "ERL_*FLAGS",
            "ERL_LIBS",
            "RUSTC*",
            "CARGO_*",
            "RUSTFLAGS",
        ],
    },
    Group {
        // git(1): GIT_SSH_COMMAND, GIT_EXTERNAL_DIFF, GIT_CONFIG_COUNT, GIT_EXEC_PATH… all end in a command.
        reason: "makes Git or SSH run other programs",
        names: &[
            "GIT_*",
            "SSH_ASKPASS",
            "SSH_AUTH_SOCK",
            "RSYNC_RSH",
            "CVS_RSH",
        ],
    },
    Group {
        // OPENSSL_CONF may name an engine, which is code; SSLKEYLOGFILE writes session keys to a file.
        reason: "loads code into TLS libraries, or gives their keys or their trust away",
        names: &[
            "OPENSSL_*",
            "SSLKEYLOGFILE",
            "SSL_CERT_FILE",
            "SSL_CERT_DIR",
            "CURL_CA_BUNDLE",
            "CURL_HOME",
            "REQUESTS_CA_BUNDLE",
            "GNUTLS_*",
            "KRB5*",
        ],
    },
    Group {
        reason: "sends the program's traffic another way",
        names: &[
            "HTTP_PROXY",
            "HTTPS_PROXY",
            "ALL_PROXY",
            "FTP_PROXY",
            "NO_PROXY",
            "GRPC_PROXY",
            "SOCKS_PROXY",
        ],
    },
    Group {
        // The SDK's own: with them the command would act as somebody else, or talk to somebody else.
        reason: "decides as whom, and with which endpoint, the AWS SDK talks",
        names: &[
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_SESSION_TOKEN",
            "AWS_SECURITY_TOKEN",
            "AWS_PROFILE",
            "AWS_DEFAULT_PROFILE",
            "AWS_CONFIG_FILE",
            "AWS_SHARED_CREDENTIALS_FILE",
            "AWS_ROLE_ARN",
            "AWS_ROLE_SESSION_NAME",
            "AWS_WEB_IDENTITY_TOKEN_FILE",
            "AWS_CONTAINER_*",
            "AWS_ENDPOINT_URL*",
            "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
            "AWS_EC2_METADATA_*",
            "AWS_CA_BUNDLE",
            "AWS_LAMBDA_*",
            "BOTO_CONFIG",
        ],
    },
    Group {
        reason: "configures ssm-exec itself",
        names: &["SSM_EXEC_*"],
    },
    Group {
        // sd_notify(3), sd_listen_fds(3): the service manager talks to the command through these.
        reason: "is the service manager's own",
        names: &[
            "NOTIFY_SOCKET",
            "LISTEN_*",
            "WATCHDOG_*",
            "CREDENTIALS_DIRECTORY",
            "DBUS_*",
        ],
    },
];

/// Why a name is refused, where it is. Letters of either case count: `http_proxy` is `HTTP_PROXY`.
#[must_use]
pub fn reason(name: &VariableName) -> Option<&'static str> {
    let name = name.as_str().to_ascii_uppercase();
    // A thousand names meet some hundred patterns each: no pattern begins with `*`.
    let may = |pattern: &str| pattern.as_bytes().first() == name.as_bytes().first();
    let names = |group: &Group| {
        let mut patterns = group.names.iter();
        patterns.any(|pattern| may(pattern) && matches(pattern, &name))
    };
    GROUPS
        .iter()
        .find(|group| names(group))
        .map(|group| group.reason)
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        Some((start, end)) => {
            name.len() >= start.len() + end.len() && name.starts_with(start) && name.ends_with(end)
        }
        None => pattern == name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pattern_begins_with_what_its_names_begin_with() {
        let mut patterns = GROUPS.iter().flat_map(|group| group.names);
        assert!(patterns.all(|pattern| !pattern.starts_with('*')));
    }

    #[test]
    fn steering_names_are_refused_in_either_case_and_ordinary_ones_are_not() {
        for name in [
            "LD_PRELOAD",
            "PATH",
            "BASH_FUNC_x__",
            "NODE_OPTIONS",
            "PYTHONSTARTUP",
            "_JAVA_OPTIONS",
            "http_proxy",
            "AWS_ENDPOINT_URL_S3",
            "SSM_EXEC_KEY",
            "ERL_AFLAGS",
            "ERL_FLAGS",
            "GIT_SSH_COMMAND",
            "GODEBUG",
            "OPENSSL_CONF",
        ] {
            assert!(reason(&VariableName::inherited(name)).is_some(), "{name}");
        }
        for name in [
            "DATABASE_URL",
            "AWS_REGION",
            "PATHS",
            "LOG_LEVEL",
            "ENVIRONMENT",
            "GITHUB_TOKEN",
            "NODE_ENV",
            "ERLANG",
            "ERL_FLAG",
            "LD",
        ] {
            assert_eq!(reason(&VariableName::inherited(name)), None, "{name}");
        }
    }
}
