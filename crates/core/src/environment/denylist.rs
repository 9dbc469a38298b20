//! The names that a prefix or a JSON object must not set: whoever can write one parameter must not
//! decide which code runs, which files are written, or whom the program trusts in every service that
//! reads it. `--allow NAME`, or an explicit key, sets one nevertheless.
//!
//! The list covers the programs that are commonly started this way and can't be complete: any program
//! may read a variable of its own that does the same. It was reviewed against glibc's `unsecvars.h`,
//! sudo's `initial_badenv_table` and the manuals of the programs named.

use crate::variable::VariableName;

/// Names with one reason. A `*` stands for any characters: `LD_*`, `*_PAGER`, `ERL_*FLAGS`.
struct Group {
    /// The rest of a sentence: "NAME, which …".
    reason: &'static str,
    names: &'static [&'static str],
}

/// Names that a pattern of [`GROUPS`] matches and that services carry as ordinary settings or
/// registry credentials.
#[rustfmt::skip]
const ORDINARY: &[&str] = &[
    // The environment's name for ASP.NET Core's configuration.
    "DOTNET_ENVIRONMENT",
    // Registry credentials, or an index's URL with the credentials in it.
    "BUN_CONFIG_TOKEN", "CARGO_REGISTRIES_*_TOKEN", "CARGO_REGISTRY_TOKEN", "DENO_AUTH_TOKENS",
    "PIP_EXTRA_INDEX_URL", "PIP_INDEX_URL", "YARN_NPM_AUTH_IDENT", "YARN_NPM_AUTH_TOKEN",
    // How many arenas malloc makes.
    "MALLOC_ARENA_MAX",
];

#[rustfmt::skip]
const GROUPS: &[Group] = &[
    Group {
        // ld.so(8), dyld(1).
        reason: "makes the dynamic loader run other code",
        names: &["DYLD_*", "GCONV_PATH", "GETCONF_DIR", "GLIBC_TUNABLES", "LD_*"],
    },
    Group {
        // glibc's unsecvars.h, musl's MUSL_LOCPATH, terminfo(5).
        reason: "decides which files the C library reads or writes",
        names: &[
            "HOSTALIASES", "LOCALDOMAIN", "LOCPATH", "MALLOC_*", "MUSL_LOCPATH", "NIS_PATH", "NLSPATH",
            "RESOLV_*", "RES_OPTIONS", "TEMP", "TEMPDIR", "TERMCAP", "TERMINFO", "TERMINFO_DIRS", "TERMPATH",
            "TMP", "TMPDIR", "TMPPREFIX", "TZDIR",
        ],
    },
    Group {
        // HOME and the XDG directories hold the start files and settings of nearly every tool: git runs
        // `core.fsmonitor` of XDG_CONFIG_HOME at `git status`.
        reason: "decides which programs, start files and settings are found",
        names: &[
            "HOME", "PATH", "SHELL", "XDG_CONFIG_DIRS", "XDG_CONFIG_HOME", "XDG_DATA_DIRS", "XDG_DATA_HOME",
            "XDG_RUNTIME_DIR",
        ],
    },
    Group {
        // bash(1), dash(1), zshparam(1): start files, and texts that are expanded as commands.
        reason: "makes a shell run other commands",
        names: &[
            "BASHOPTS", "BASH_*", "CDPATH", "ENV", "FPATH", "GLOBIGNORE", "IFS", "NULLCMD", "PROMPT",
            "PROMPT_COMMAND", "PS0", "PS1", "PS2", "PS4", "READNULLCMD", "RPROMPT", "SHELLOPTS", "ZDOTDIR",
        ],
    },
    Group {
        // environ(7), less(1), vim(1).
        reason: "names a pager, editor or browser, which is a command",
        names: &[
            "*_EDITOR", "*_PAGER", "BROWSER", "EDITOR", "EMACSLOADPATH", "EXINIT", "LESSCLOSE", "LESSKEY",
            "LESSKEYIN", "LESSOPEN", "MANPAGER", "PAGER", "VIMINIT", "VISUAL",
        ],
    },
    Group {
        // nodejs.org/api/cli.html; npm and Yarn read every option from a variable.
        reason: "makes Node.js or another JavaScript runtime load other code or write files",
        names: &[
            "BUN_*", "DENO_*", "NODE_COMPILE_CACHE", "NODE_EXTRA_CA_CERTS", "NODE_OPTIONS", "NODE_PATH",
            "NODE_REDIRECT_WARNINGS", "NODE_REPL_EXTERNAL_MODULE", "NODE_TLS_REJECT_UNAUTHORIZED",
            "NODE_USE_ENV_PROXY", "NODE_V8_COVERAGE", "NPM_CONFIG_*", "TS_NODE_*", "YARN_*",
        ],
    },
    Group {
        // docs.python.org/3/using/cmdline.html, and what reads code or commands from its own variable.
        reason: "makes Python load other code",
        names: &[
            "COVERAGE_PROCESS_START", "GUNICORN_CMD_ARGS", "PEX_*", "PIP_*", "PYTEST_ADDOPTS", "PYTHON*",
            "UWSGI_*", "VIRTUAL_ENV",
        ],
    },
    Group {
        // perlrun(1).
        reason: "makes Perl load other code",
        names: &["PERL5*", "PERLIO*", "PERLLIB", "PERL_*"],
    },
    Group {
        // RubyGems requires BUNDLER_SETUP. Bundler's settings are listed one by one, since its host
        // credentials look like them (BUNDLE_GEMS__EXAMPLE__COM).
        reason: "makes Ruby load other code",
        names: &[
            "BOOTSNAP_CACHE_DIR", "BUNDLER_*", "BUNDLE_APP_CONFIG", "BUNDLE_BIN", "BUNDLE_BIN_PATH",
            "BUNDLE_BUILD__*", "BUNDLE_CACHE_PATH", "BUNDLE_CONFIG", "BUNDLE_CONSOLE",
            "BUNDLE_DISABLE_CHECKSUM_VALIDATION", "BUNDLE_GEMFILE", "BUNDLE_LOCAL__*", "BUNDLE_MIRROR__*",
            "BUNDLE_PATH", "BUNDLE_PATH__*", "BUNDLE_PLUGINS", "BUNDLE_REDIRECT", "BUNDLE_SHEBANG",
            "BUNDLE_SSL_*", "BUNDLE_SYSTEM_BINDIR", "BUNDLE_TRUST___POLICY", "BUNDLE_USER_*",
            "BUNDLE_VERSION", "GEM_HOME", "GEM_PATH", "RUBYGEMS_GEMDEPS", "RUBYLIB", "RUBYOPT", "RUBYPATH",
            "RUBYSHELL",
        ],
    },
    Group {
        // java(1); the start scripts of Tomcat, Kafka, Elasticsearch, sbt and Spring Boot's launcher.
        reason: "makes the Java virtual machine load other code",
        names: &[
            "*JAVA_OPTIONS", "*JAVA_OPTS", "CATALINA_OPTS", "CLASSPATH", "GRADLE_OPTS", "JAVA_HOME",
            "JAVA_OPTS_APPEND", "JRE_HOME", "KAFKA_OPTS", "LOADER_PATH", "MAVEN_OPTS", "SBT_OPTS",
            "JAVA_TOOL_OPTIONS",
        ],
    },
    Group {
        // learn.microsoft.com/dotnet/core/runtime-config: profilers and start-up hooks are code.
        reason: "makes .NET, Mono or PowerShell load other code",
        names: &[
            "ASPNETCORE_HOSTINGSTARTUPASSEMBLIES", "COMPLUS_*", "CORECLR_*", "COR_*", "DOTNET_*", "MONO_*",
            "PSMODULEPATH",
        ],
    },
    Group {
        // pkg.go.dev/runtime, go help environment. GODEBUG can weaken the checks of certificates.
        reason: "changes what Go's runtime or its tools do",
        names: &[
            "CGO_*", "GOAUTH", "GOCACHEPROG", "GODEBUG", "GOENV", "GOFLAGS", "GOINSECURE", "GOPATH",
            "GOPROXY", "GOROOT", "GOSUMDB", "GOTOOLCHAIN",
        ],
    },
    Group {
        // cargo's and rustup's books: linkers, wrappers and runners are commands.
        reason: "makes Rust's tools run other programs",
        names: &["CARGO_*", "RUSTC*", "RUSTFLAGS", "RUSTUP_*"],
    },
    Group {
        reason: "makes a language's runtime load other code",
        names: &[
            // PHP, Lua.
            "LUA_CPATH*", "LUA_INIT*", "LUA_PATH*", "PHPRC", "PHP_INI_SCAN_DIR",
            // Erlang and Elixir.
            "ELIXIR_ERL_OPTIONS", "ERL_*FLAGS", "ERL_INETRC", "ERL_LIBS", "RELEASE_VM_ARGS",
            // Tcl, R, Julia, Guile, OCaml.
            "CAML_LD_LIBRARY_PATH", "GUILE_LOAD_*", "JULIA_DEPOT_PATH", "JULIA_LOAD_PATH", "R_ENVIRON*",
            "R_LIBS*", "R_PROFILE*", "TCLLIBPATH", "TCL_LIBRARY",
        ],
    },
    Group {
        // git(1), ssh(1), rsync(1), svn(1), hg(1): GIT_SSH_COMMAND, GIT_CONFIG_COUNT… all end in a command.
        reason: "makes Git, SSH or another transport run other programs",
        names: &[
            "CVS_RSH", "GIT_*", "HGRCPATH", "RSYNC_CONNECT_PROG", "RSYNC_RSH", "SSH_ASKPASS",
            "SSH_AUTH_SOCK", "SSH_SK_PROVIDER", "SUDO_ASKPASS", "SVN_SSH",
        ],
    },
    Group {
        // GNU make's manual ("--eval" in MAKEFLAGS), gcc(1), autoconf's CONFIG_SITE, cmake-env-variables(7).
        reason: "makes a build tool run other programs",
        names: &[
            "ARFLAGS", "ASFLAGS", "CC", "CFLAGS", "CMAKE_*", "COMPILER_PATH", "CONFIG_SHELL", "CONFIG_SITE",
            "CPP", "CPPFLAGS", "CXX", "CXXFLAGS", "FCFLAGS", "FFLAGS", "GCC_EXEC_PREFIX", "GNUMAKEFLAGS",
            "LDFLAGS", "MAKEFILES", "MAKEFLAGS", "MFLAGS", "OBJCFLAGS", "OBJCXXFLAGS", "PKG_CONFIG*",
        ],
    },
    Group {
        // tar(1) (`--to-command`), zip(1) (`-TT`), wget(1), psql(1), and the manuals of the rest.
        reason: "gives a tool other options or another configuration, which can run commands",
        names: &[
            "ANSIBLE_*", "APT_CONFIG", "DOCKER_CONFIG", "DOCKER_HOST", "GNUPGHOME", "HELM_PLUGINS",
            "KUBECONFIG", "NETRC", "NIX_*", "PGSERVICEFILE", "PGSYSCONFDIR", "PSQLRC", "TAR_OPTIONS",
            "TF_CLI_*", "TF_REATTACH_PROVIDERS", "WGETRC", "ZIPOPT",
        ],
    },
    Group {
        // Drivers, filters and plug-ins are shared objects or commands.
        reason: "makes a library load plug-ins or run other programs",
        names: &[
            "CUDA_INJECTION*", "GDAL_DRIVER_PATH", "GDK_PIXBUF_*", "GIO_*", "GST_PLUGIN*", "GS_LIB",
            "HDF5_PLUGIN_PATH", "LDAPCONF", "LDAPRC", "LIBMYSQL_PLUGIN*", "MAGICK_*", "OCL_ICD_VENDORS",
            "ODBCINI", "ODBCSYSINI", "OMP_TOOL_LIBRARIES", "SASL_CONF_PATH", "SASL_PATH", "TSS2_TCTI",
        ],
    },
    Group {
        // OPENSSL_CONF may name an engine, which is code; SSLKEYLOGFILE writes session keys to a file.
        reason: "loads code into TLS libraries, or decides whom they trust or who can read their traffic",
        names: &[
            "CURL_CA_BUNDLE", "CURL_HOME", "GNUTLS_*", "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", "KRB5*",
            "NIX_SSL_CERT_FILE", "OPENSSL_*", "REQUESTS_CA_BUNDLE", "SSLKEYLOGFILE", "SSL_CERT_DIR",
            "SSL_CERT_FILE", "VAULT_SKIP_VERIFY",
        ],
    },
    Group {
        // Listed one by one: `*_PROXY` would take settings of services with it.
        reason: "sends the program's traffic another way",
        names: &[
            "ALL_PROXY", "FTP_PROXY", "GLOBAL_AGENT_*", "GRPC_PROXY", "GRPC_XDS_*", "HTTPS_PROXY",
            "HTTP_PROXY", "NO_PROXY", "SOCKS_PROXY", "SOCKS_SERVER", "WSS_PROXY", "WS_PROXY",
        ],
    },
    Group {
        // The SDKs of other clouds ask these for tokens.
        reason: "decides which metadata service gives out credentials",
        names: &["GCE_METADATA_*", "IDENTITY_ENDPOINT", "IMDS_ENDPOINT", "MSI_ENDPOINT"],
    },
    Group {
        reason: "decides which credentials, endpoints and tools are used for AWS",
        names: &[
            "AWS_ACCESS_KEY_ID", "AWS_CA_BUNDLE", "AWS_CONFIG_FILE", "AWS_CONTAINER_*",
            "AWS_CREDENTIAL_FILE", "AWS_DATA_PATH", "AWS_DEFAULT_PROFILE", "AWS_EC2_METADATA_*",
            "AWS_ENDPOINT_URL*", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_PROFILE", "AWS_ROLE_ARN",
            "AWS_ROLE_SESSION_NAME", "AWS_SECRET_ACCESS_KEY", "AWS_SECURITY_TOKEN", "AWS_SESSION_TOKEN",
            "AWS_SHARED_CREDENTIALS_FILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "BOTO_CONFIG", "BOTO_PATH",
        ],
    },
    Group {
        // docs.aws.amazon.com/lambda: reserved environment variables.
        reason: "is Lambda's own",
        names: &["AWS_LAMBDA_*", "LAMBDA_RUNTIME_DIR", "LAMBDA_TASK_ROOT", "_HANDLER"],
    },
    Group {
        // sd_notify(3), sd_listen_fds(3): the service manager talks to the command through these.
        reason: "is the service manager's own",
        names: &["CREDENTIALS_DIRECTORY", "DBUS_*", "LISTEN_*", "NOTIFY_SOCKET", "WATCHDOG_*"],
    },
    Group {
        // Sanitizers' log_path, profilers and coverage; a symbolizer is a program.
        reason: "makes the program write files, or run a program that explains its crashes",
        names: &[
            "*_SYMBOLIZER_PATH", "ASAN_OPTIONS", "CPUPROFILE", "DFSAN_OPTIONS", "FFREPORT", "GCOV_PREFIX",
            "GMON_OUT_PREFIX", "HEAPPROFILE", "HWASAN_OPTIONS", "LLVM_PROFILE_FILE", "LSAN_OPTIONS",
            "MSAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS",
        ],
    },
    Group {
        reason: "configures ssm-exec itself",
        names: &["SSM_EXEC_*"],
    },
];

/// Why a name is refused, where it is. Letters of either case count: `http_proxy` is `HTTP_PROXY`.
#[must_use]
pub fn reason(name: &VariableName) -> Option<&'static str> {
    let name = name.as_str().to_ascii_uppercase();
    let group = GROUPS.iter().find(|group| any(group.names, &name))?;
    (!any(ORDINARY, &name)).then_some(group.reason)
}

fn any(patterns: &[&str], name: &str) -> bool {
    patterns.iter().any(|pattern| matches(pattern, name))
}

fn matches(pattern: &str, name: &str) -> bool {
    // Most patterns are left at their first byte: a thousand names meet some four hundred.
    let first = pattern.as_bytes().first();
    if first != Some(&b'*') && first != name.as_bytes().first() {
        return false;
    }
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

    fn reason_of(name: &str) -> Option<&'static str> {
        reason(&VariableName::inherited(name))
    }

    #[test]
    fn every_pattern_is_upper_case_with_one_wildcard_and_listed_once() {
        let mut seen = std::collections::BTreeSet::new();
        let patterns = GROUPS.iter().flat_map(|group| group.names).chain(ORDINARY);
        for pattern in patterns {
            assert_eq!(*pattern, pattern.to_ascii_uppercase());
            assert!(pattern.matches('*').count() <= 1, "{pattern}");
            assert!(seen.insert(pattern), "{pattern} is listed twice");
        }
    }

    #[test]
    fn every_listed_name_is_refused_in_either_case() {
        for pattern in GROUPS.iter().flat_map(|group| group.names) {
            let name = pattern.replace('*', "X");
            assert!(reason_of(&name).is_some(), "{name}");
            assert!(reason_of(&name.to_ascii_lowercase()).is_some(), "{name}");
        }
    }

    #[test]
    fn prefix_suffix_and_inner_wildcards_match_whole_names() {
        for (pattern, name, expected) in [
            ("LD_*", "LD_PRELOAD", true),
            ("LD_*", "LD_", true),
            ("LD_*", "LD", false),
            ("LD_*", "OLD_X", false),
            ("*_PAGER", "GH_PAGER", true),
            ("*_PAGER", "PAGER", false),
            ("*_PAGER", "GH_PAGERS", false),
            ("ERL_*FLAGS", "ERL_FLAGS", true),
            ("ERL_*FLAGS", "ERL_AFLAGS", true),
            ("ERL_*FLAGS", "ERL_FLAG", false),
            ("PATH", "PATHS", false),
            ("PATH", "", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn ordinary_settings_of_services_pass() {
        for name in [
            "DATABASE_URL",
            "LOG_LEVEL",
            "PORT",
            "ENVIRONMENT",
            "PATHS",
            "ERLANG",
            "LD",
            "GITHUB_TOKEN",
            "SPRING_PROFILES_ACTIVE",
            "SPRING_DATASOURCE_URL",
            "SPRING_APPLICATION_JSON",
            "LOGGING_LEVEL_ROOT",
            "FLASK_APP",
            "FLASK_DEBUG",
            "DJANGO_SETTINGS_MODULE",
            "RAILS_ENV",
            "RACK_ENV",
            "NODE_ENV",
            "NODE_CONFIG",
            "MIX_ENV",
            "PGHOST",
            "PGPORT",
            "PGUSER",
            "PGPASSWORD",
            "PGDATABASE",
            "PGSSLMODE",
            "VAULT_ADDR",
            "VAULT_TOKEN",
            "OTEL_SERVICE_NAME",
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "DD_API_KEY",
            "DD_ENV",
            "SENTRY_DSN",
            "SENTRY_ENVIRONMENT",
            "USER",
            "LOGNAME",
            "LANG",
            "LC_ALL",
            "LC_CTYPE",
            "TZ",
            "TERM",
            "GOOGLE_APPLICATION_CREDENTIALS",
            "AWS_REGION",
            "AWS_DEFAULT_REGION",
            "AWS_S3_BUCKET",
            "AWS_S3_ENDPOINT",
            "GOGC",
            "GOMAXPROCS",
            "GOMEMLIMIT",
            "GOTRACEBACK",
            "OMP_NUM_THREADS",
            "RAYON_NUM_THREADS",
            "RELEASE_COOKIE",
            "ASPNETCORE_URLS",
            "ASPNETCORE_ENVIRONMENT",
            "DOTNET_ENVIRONMENT",
            "TF_VAR_REGION",
            "STRIPE_TOKEN",
            "PAYMENTS_PROXY",
            "CARGO_REGISTRY_TOKEN",
            "CARGO_REGISTRIES_INTERNAL_TOKEN",
            "BUNDLE_GEMS__EXAMPLE__COM",
            "BUNDLE_GEM__FURY__IO",
            "PIP_INDEX_URL",
            "PIP_EXTRA_INDEX_URL",
            "YARN_NPM_AUTH_TOKEN",
            "MALLOC_ARENA_MAX",
            "FEATURE_FLAGS",
            "HOME_URL",
            "TEMPLATE",
            "CCY",
            "EDITOR_URL",
        ] {
            assert_eq!(reason_of(name), None, "{name}");
        }
    }
}
