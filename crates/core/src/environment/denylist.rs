//! The names that a prefix or a JSON object must not set: whoever can write one parameter must not
//! decide which code runs, which files are written, or whom the program trusts in every service that
//! reads it. `--allow NAME`, or an explicit key, sets one nevertheless.
//!
//! The list covers the programs that are commonly started this way and can't be complete: any program
//! may read a variable of its own that does the same. It was reviewed against glibc's `unsecvars.h`,
//! sudo's `initial_badenv_table` and the manuals of the programs named.

use crate::variable::VariableName;

/// The rest of a sentence, "NAME, which …", and the names for which it holds. A `*` matches any characters: `LD_*`,
/// `*_PAGER`, `ERL_*FLAGS`.
type RefusedNames = (&'static str, &'static [&'static str]);

/// Names that a pattern of [`GROUPS`] matches and that services carry as ordinary settings or
/// registry credentials.
#[rustfmt::skip]
const ORDINARY: &[&str] = &[
    // Names of an environment, a release or a user.
    "DOTNET_ENVIRONMENT", "GIT_AUTHOR_*", "GIT_BRANCH", "GIT_COMMIT", "GIT_COMMITTER_*", "GIT_COMMIT_SHA", "GIT_REF",
    "GIT_SHA", "GIT_TAG", "HADOOP_USER_NAME", "MIX_ENV", "MIX_TARGET",
    // Credentials, or an index's URL with the credentials in it.
    "BUN_CONFIG_TOKEN", "CARGO_REGISTRIES_*_TOKEN", "CARGO_REGISTRY_TOKEN", "COMPOSER_AUTH", "CONDA_TOKEN",
    "DENO_AUTH_TOKENS", "GIT_PASSWORD", "GIT_TOKEN", "GIT_USERNAME", "HEX_API_KEY", "JUPYTER_TOKEN", "NUGET_API_KEY",
    "NUGET_TOKEN", "PIP_EXTRA_INDEX_URL", "PIP_INDEX_URL", "POETRY_HTTP_BASIC_*", "POETRY_PYPI_TOKEN_*",
    "UV_EXTRA_INDEX_URL", "UV_INDEX_*_PASSWORD", "UV_INDEX_*_USERNAME", "UV_INDEX_URL", "UV_PUBLISH_TOKEN",
    "YARN_NPM_AUTH_IDENT", "YARN_NPM_AUTH_TOKEN",
    // Tuning.
    "DOTNET_GC*", "MALLOC_ARENA_MAX", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "PYTHONDONTWRITEBYTECODE",
    "PYTHONHASHSEED", "PYTHONIOENCODING", "PYTHONUNBUFFERED", "PYTHONUTF8", "UV_THREADPOOL_SIZE",
];

#[rustfmt::skip]
const GROUPS: &[RefusedNames] = &[
    // ld.so(8), dyld(1).
    ("makes the dynamic loader run other code", &[
        "DYLD_*", "GCONV_PATH", "GETCONF_DIR", "GLIBC_TUNABLES", "LD_*",
    ]),
    // glibc's unsecvars.h, musl's MUSL_LOCPATH, terminfo(5).
    ("decides which files the C library reads or writes", &[
        "*RJEM_MALLOC_CONF", "HESIOD_CONFIG", "HOSTALIASES", "JE_MALLOC_CONF", "LOCALDOMAIN", "LOCPATH",
        "MALLOC_*", "MUSL_LOCPATH", "NIS_PATH", "NLSPATH", "RESOLV_*", "RES_OPTIONS", "TEMP", "TEMPDIR",
        "TERMCAP", "TERMINFO", "TERMINFO_DIRS", "TERMPATH", "TMP", "TMPDIR", "TMPPREFIX", "TZDIR",
    ]),
    // HOME and the XDG directories hold the start files and settings of nearly every tool: git runs
    // `core.fsmonitor` of XDG_CONFIG_HOME at `git status`.
    ("decides which programs, start files and settings are found", &[
        "HOME", "PATH", "SHELL", "XDG_CONFIG_DIRS", "XDG_CONFIG_HOME", "XDG_DATA_DIRS", "XDG_DATA_HOME",
        "XDG_RUNTIME_DIR",
    ]),
    // bash(1), dash(1), zshparam(1): start files, and texts that are expanded as commands.
    ("makes a shell run other commands", &[
        "BASHOPTS", "BASH_*", "CDPATH", "ENV", "FPATH", "FZF_DEFAULT_*", "GLOBIGNORE", "HISTFILE", "IFS",
        "INPUTRC", "NULLCMD", "PROMPT", "PROMPT_COMMAND", "PS0", "PS1", "PS2", "PS4", "READNULLCMD", "RPROMPT",
        "SHELLOPTS", "ZDOTDIR",
    ]),
    // environ(7), less(1), vim(1).
    ("names a pager, editor or browser, which is a command", &[
        "*_EDITOR", "*_PAGER", "BROWSER", "EDITOR", "EMACSDATA", "EMACSLOADPATH", "EMACSPATH", "EXINIT",
        "FCEDIT", "GVIMINIT", "LESS", "LESSCLOSE", "LESSKEY", "LESSKEYIN", "LESSOPEN", "MAILCAPS", "MAILRC",
        "MANPAGER", "PAGER", "VIM", "VIMINIT", "VIMRUNTIME", "VISUAL",
    ]),
    // nodejs.org/api/cli.html; npm and Yarn read every option from a variable.
    ("makes Node.js or another JavaScript runtime load other code or write files", &[
        "BUN_*", "CHROME_BIN", "CHROME_PATH", "COREPACK_*", "DENO_*", "ELECTRON_*", "ESBUILD_BINARY_PATH",
        "NODE_CHANNEL_FD", "NODE_COMPILE_CACHE", "NODE_CONFIG_DIR", "NODE_EXTRA_CA_CERTS", "NODE_OPTIONS",
        "NODE_PATH", "NODE_REDIRECT_WARNINGS", "NODE_REPL_EXTERNAL_MODULE", "NODE_TLS_REJECT_UNAUTHORIZED",
        "NODE_USE_ENV_PROXY", "NODE_V8_COVERAGE", "NPM_CONFIG_*", "NPM_EXECPATH", "NPM_NODE_EXECPATH", "NVM_DIR",
        "PLAYWRIGHT_BROWSERS_PATH", "PNPM_HOME", "PRISMA_*BINARY", "PRISMA_*LIBRARY", "PRISMA_ENGINES_MIRROR",
        "PUPPETEER_EXECUTABLE_PATH", "SASS_BINARY_PATH", "SWC_BINARY_PATH", "TSX_*", "TS_NODE_*", "VOLTA_HOME",
        "YARN_*",
    ]),
    // docs.python.org/3/using/cmdline.html, and what reads code or commands from its own variable.
    ("makes Python load other code", &[
        "AIRFLOW_HOME", "AIRFLOW__*CMD", "AIRFLOW__*FOLDER", "CELERY_CONFIG_MODULE", "CELERY_LOADER",
        "CLOUDSDK_BQ_PYTHON*", "CLOUDSDK_CONFIG", "CLOUDSDK_GSUTIL_PYTHON*", "CLOUDSDK_PYTHON*",
        "CLOUDSDK_ROOT_DIR", "CONDA_*", "COVERAGE_*", "GUNICORN_CMD_ARGS", "HF_HOME", "HF_MODULES_CACHE",
        "IPYTHONDIR", "JUPYTER_*", "MATPLOTLIBRC", "MPLBACKEND", "MPLCONFIGDIR", "NUMBA_CACHE_DIR", "PDM_*",
        "PEX_*", "PIPENV_*", "PIPX_*", "PIP_*", "POETRY_*", "PYENV_*", "PYSPARK_*", "PYTEST_ADDOPTS", "PYTHON*",
        "SETUPTOOLS_*", "TORCH_EXTENSIONS_DIR", "TRITON_CACHE_DIR", "TRITON_PTXAS_PATH", "UVICORN_APP*", "UV_*",
        "UWSGI_*", "VIRTUAL_ENV", "WERKZEUG_DEBUG_PIN",
    ]),
    // perlrun(1).
    ("makes Perl load other code", &[
        "PERL5*", "PERLBREW_*", "PERLDB*", "PERLIO*", "PERLLIB", "PERL_*",
    ]),
    // RubyGems requires BUNDLER_SETUP. Bundler's settings are listed one by one, since its host
    // credentials look like them (BUNDLE_GEMS__EXAMPLE__COM).
    ("makes Ruby load other code", &[
        "BOOTSNAP_CACHE_DIR", "BUNDLER_*", "BUNDLE_APP_CONFIG", "BUNDLE_BIN", "BUNDLE_BIN_PATH",
        "BUNDLE_BUILD__*", "BUNDLE_CACHE_PATH", "BUNDLE_CONFIG", "BUNDLE_CONSOLE",
        "BUNDLE_DISABLE_CHECKSUM_VALIDATION", "BUNDLE_GEMFILE", "BUNDLE_LOCAL__*", "BUNDLE_MIRROR__*",
        "BUNDLE_PATH", "BUNDLE_PATH__*", "BUNDLE_PLUGINS", "BUNDLE_REDIRECT", "BUNDLE_SHEBANG", "BUNDLE_SSL_*",
        "BUNDLE_SYSTEM_BINDIR", "BUNDLE_TRUST___POLICY", "BUNDLE_USER_*", "BUNDLE_VERSION", "GEMRC", "GEM_HOME",
        "GEM_PATH", "IRBRC", "JRUBY_OPTS", "PRYRC", "RBENV_*", "RDOCOPT", "RUBYDB_*", "RUBYGEMS_GEMDEPS",
        "RUBYLIB", "RUBYOPT", "RUBYPATH", "RUBYSHELL", "RUBY_DEBUG_*", "TRUFFLERUBYOPT",
    ]),
    // java(1); the start scripts of Tomcat, Kafka, Elasticsearch, sbt and Spring Boot's launcher.
    ("makes the Java virtual machine load other code", &[
        "*JAVA_HOME", "*JAVA_OPTIONS", "*JAVA_OPTS", "*JVMFLAGS", "*JVM_ARGS", "*JVM_OPTIONS", "*JVM_OPTS",
        "ACTIVEMQ_OPTS*", "ANT_ARGS", "ANT_HOME", "ANT_OPTS", "CATALINA_*", "CLASSPATH", "ES_PATH_CONF",
        "GRADLE_OPTS", "GRADLE_USER_HOME", "GROOVY_HOME", "HADOOP_*", "HBASE_*OPTS", "HDFS_*OPTS", "HIVE_*OPTS",
        "JAVACMD*", "JAVA_BINARY", "JAVA_OPTS_APPEND", "JAVA_TOOL_OPTIONS", "JBOSS_HOME", "JBOSS_MODULEPATH",
        "JDK_HOME", "JDK_JAVAC_OPTIONS", "JRE_HOME", "KAFKA_*OPTS", "LEIN_*", "LOADER_*",
        "LOG4J_CONFIGURATION_FILE", "M2_HOME", "MAPRED_*OPTS", "MAVEN_*", "SBT_OPTS", "SDKMAN_DIR",
        "SPARK_*OPTS", "SPARK_CONF_DIR", "SPARK_HOME",
    ]),
    // learn.microsoft.com/dotnet/core/runtime-config: profilers and start-up hooks are code.
    ("makes .NET, Mono or PowerShell load other code", &[
        "ASPNETCORE_HOSTINGSTARTUPASSEMBLIES", "COMPLUS_*", "CORECLR_*", "COR_ENABLE_PROFILING", "COR_PRF*",
        "COR_PROFILER*", "DOTNET_*", "MONO_*", "MSBUILD*", "NUGET_*", "PSMODULEPATH",
    ]),
    // pkg.go.dev/runtime, go help environment. GODEBUG can weaken the checks of certificates.
    ("changes what Go's runtime or its tools do", &[
        "CGO_*", "GCCGO*", "GOAUTH", "GOBIN", "GOCACHE", "GOCACHEPROG", "GOCOVERDIR", "GODEBUG", "GOENV",
        "GOEXPERIMENT", "GOFLAGS", "GOINSECURE", "GOMODCACHE", "GONOPROXY", "GONOSUMCHECK", "GONOSUMDB",
        "GOPATH", "GOPRIVATE", "GOPROXY", "GOROOT", "GOSUMDB", "GOTMPDIR", "GOTOOLCHAIN", "GOTOOLDIR", "GOVCS",
        "GOWORK",
    ]),
    // cargo's and rustup's books: linkers, wrappers and runners are commands.
    ("makes Rust's tools run other programs", &[
        "CARGO_*", "RUSTC*", "RUSTDOC*", "RUSTFLAGS", "RUSTFMT", "RUSTUP_*", "SCCACHE*",
    ]),
    ("makes a language's runtime load other code", &[
        "APP_RUNTIME", "ASDF_*", "CABAL_DIR", "CAML_LD_LIBRARY_PATH", "COMPOSER*", "CRYSTAL_*",
        "DART_VM_OPTIONS", "ELIXIR_ERL_OPTIONS", "ERL_*FLAGS", "ERL_CRASH_DUMP", "ERL_INETRC", "ERL_LIBS",
        "ERL_ROOTDIR", "FLUTTER_ROOT", "GHCRTS", "GHC_*", "GUILE_LOAD_*", "GUILE_SYSTEM_*", "HEX_*",
        "JULIA_BINDIR", "JULIA_DEPOT_PATH", "JULIA_LOAD_PATH", "JULIA_PKG_*", "JULIA_PROJECT", "JULIA_SHELL",
        "LUA_CPATH*", "LUA_INIT*", "LUA_PATH*", "MATLABPATH", "MISE_*", "MIX_*", "OCAMLFIND_*", "OCAMLPATH",
        "OCTAVE_*", "OPAM*", "PHPRC", "PHP_INI_SCAN_DIR", "PLTADDONDIR", "PLTCOLLECTS", "PUB_CACHE", "REBAR_*",
        "RELEASE_BOOT_SCRIPT*", "RELEASE_REMOTE_VM_ARGS", "RELEASE_ROOT", "RELEASE_SYS_CONFIG",
        "RELEASE_VM_ARGS", "R_DEFAULT_PACKAGES", "R_ENVIRON*", "R_HISTFILE", "R_HOME", "R_LIBS*", "R_PROFILE*",
        "SBCL_HOME", "STACK_ROOT", "TCLLIBPATH", "TCL_LIBRARY", "XDEBUG_*", "ZIG_*",
    ]),
    // git(1), ssh(1), rsync(1), svn(1), hg(1): GIT_SSH_COMMAND, GIT_CONFIG_COUNT… all end in a command.
    ("makes Git, SSH or another transport run other programs", &[
        "BZR_*", "CVS*", "GIT_*", "HG", "HGMERGE", "HGRCPATH", "P4DIFF", "P4MERGE", "RSYNC_CONNECT_PROG",
        "RSYNC_PROXY", "RSYNC_RSH", "SSH_ASKPASS", "SSH_AUTH_SOCK", "SSH_PKCS11_HELPER", "SSH_SK_HELPER",
        "SSH_SK_PROVIDER", "SUDO_ASKPASS", "SVN_SSH",
    ]),
    // GNU make's manual ("--eval" in MAKEFLAGS), gcc(1), autoconf's CONFIG_SITE, cmake-env-variables(7).
    ("makes a build tool run other programs", &[
        "ACLOCAL_PATH", "ARFLAGS", "ASFLAGS", "AUTOM4TE_CFG", "BAZELISK_*", "BAZEL_REAL", "CC", "CCACHE_*",
        "CCC_*", "CFLAGS", "CMAKE_*", "COMPILER_PATH", "CONAN_*", "CONFIG_SHELL", "CONFIG_SITE", "CPATH",
        "CPLUS_INCLUDE_PATH", "CPP", "CPPFLAGS", "CXX", "CXXFLAGS", "C_INCLUDE_PATH", "DEPENDENCIES_OUTPUT",
        "DISTCC_*", "FCFLAGS", "FFLAGS", "GCC_EXEC_PREFIX", "GNUMAKEFLAGS", "LDFLAGS", "LIBRARY_PATH", "M4PATH",
        "MAKEFILES", "MAKEFLAGS", "MFLAGS", "OBJCFLAGS", "OBJCXXFLAGS", "OBJC_INCLUDE_PATH", "PKG_CONFIG*",
        "QMAKE*", "SCONSFLAGS", "SUNPRO_DEPENDENCIES", "VCPKG_*",
    ]),
    // tar(1) (`--to-command`), zip(1) (`-TT`), wget(1), psql(1), and the manuals of the rest.
    ("gives a tool other options or another configuration, which can run commands", &[
        "ANSIBLE_*", "APT_CONFIG", "AWKLIBPATH", "AWKPATH", "AZURE_CONFIG_DIR", "AZURE_EXTENSION_DIR",
        "BAT_CONFIG_PATH", "BOX64_*", "BUILDKIT_HOST", "COMPOSE_FILE", "CONTAINERS_*", "CONTAINER_HOST",
        "DEBCONF_*", "DOCKER_CERT_PATH", "DOCKER_CLI_PLUGIN*", "DOCKER_CONFIG", "DOCKER_CONTEXT", "DOCKER_HOST",
        "DOCKER_TLS*", "DPKG_*", "FACTERLIB", "GNUPGHOME", "GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES",
        "GROFF_*", "HELM_*", "HOMEBREW_*", "KUBECONFIG", "KUBECTL_*", "LIBGUESTFS_*", "LIBVIRT_*", "LYNX_CFG*",
        "MANOPT", "MANPATH", "MANROFFSEQ", "MODPROBE_OPTIONS", "MYSQL_HISTFILE", "MYSQL_HOME", "NETRC", "NIX_*",
        "ORACLE_HOME", "PACKER_CONFIG*", "PACKER_PLUGIN_PATH", "PGSERVICEFILE", "PGSYSCONFDIR", "PSQLRC",
        "PSQL_HISTORY", "PULUMI_*CMD", "PULUMI_HOME", "QEMU_LD_PREFIX", "QEMU_SET_ENV", "REDISCLI_HISTFILE",
        "REDISCLI_RCFILE", "RIPGREP_CONFIG_PATH", "RPM_CONFIGDIR", "SCREENRC", "SQLITE_HISTORY", "SYSTEMD_*",
        "TAR_OPTIONS", "TERRAFORM_CONFIG", "TERRAGRUNT_*", "TEXMF*", "TF_CLI_*", "TF_DATA_DIR", "TF_LOG_PATH",
        "TF_PLUGIN_CACHE_DIR", "TF_REATTACH_PROVIDERS", "TMUX_TMPDIR", "TNS_ADMIN", "VAGRANT_*", "VALGRIND_*",
        "WGETRC", "WINE*", "ZIPOPT",
    ]),
    // Drivers, filters and plug-ins are shared objects or commands.
    ("makes a library load plug-ins or run other programs", &[
        "*QPA_PLATFORM_PLUGIN_PATH", "ALSA_*", "CUDA_INJECTION*", "DCONF_PROFILE", "FI_PROVIDER_PATH",
        "FONTCONFIG_*", "FREETDS", "FREETDSCONF", "GDAL_DRIVER_PATH", "GDK_PIXBUF_*", "GIO_*", "GI_TYPELIB_PATH",
        "GSETTINGS_*", "GSS_MECH_CONFIG", "GST_PLUGIN*", "GS_LIB", "GTK*_MODULES", "GTK_EXE_PREFIX",
        "GTK_IM_MODULE_FILE", "GTK_PATH", "HDF5_PLUGIN_PATH", "HSA_TOOLS_LIB", "LDAPCONF", "LDAPRC",
        "LIBGL_DRIVERS_PATH", "LIBMYSQL_*", "LIBVA_DRIVERS_PATH", "MAGICK_*", "NCCL_*PLUGIN", "NCCL_CONF_FILE",
        "NVTX_INJECTION*", "OCL_ICD_VENDORS", "ODBCINI", "ODBCSYSINI", "OMPI_MCA_*", "OMP_TOOL*", "OPENSC_CONF",
        "OPENSC_DRIVERS", "PKCS11SPY*", "PKCS11_MODULE*", "PKCS11_PROVIDER_*", "PMIX_MCA_*", "QML*_PATH",
        "QT_PLUGIN_PATH", "SASL_CONF_PATH", "SASL_PATH", "SOFTHSM2_CONF", "TDSDUMP*", "TPM2TOOLS_*",
        "TPM2_PKCS11_*", "TSS2_*", "UCX_MODULE_DIR", "VDPAU_DRIVER_PATH", "VK_*", "XAPPLRESDIR", "XENVIRONMENT",
        "XFILESEARCHPATH", "XUSERFILESEARCHPATH", "__EGL_*", "__GLX_*",
    ]),
    // OPENSSL_CONF may name an engine, which is code; SSLKEYLOGFILE writes session keys to a file.
    ("loads code into TLS libraries, or decides whom they trust or who can read their traffic", &[
        "CURL_CA_BUNDLE", "CURL_HOME", "GNUTLS_*", "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", "HTTPLIB2_CA_CERTS",
        "HTTPS_CA_*", "KRB5*", "LDAPTLS_*", "NIX_SSL_CERT_FILE", "OPENSSL_*", "REQUESTS_CA_BUNDLE",
        "SSLKEYLOGFILE", "SSL_CERT_DIR", "SSL_CERT_FILE", "VAULT_SKIP_VERIFY", "WEBSOCKET_CLIENT_CA_BUNDLE",
    ]),
    // Listed one by one: `*_PROXY` would take settings of services with it.
    ("sends the program's traffic another way", &[
        "ALL_PROXY", "FTP_PROXY", "GLOBAL_AGENT_*", "GRPC_PROXY", "GRPC_XDS_*", "HTTPS_PROXY", "HTTP_PROXY",
        "NO_PROXY", "SOCKS_PROXY", "SOCKS_SERVER", "VAULT_HTTP_PROXY", "VAULT_PROXY_ADDR", "WSS_PROXY",
        "WS_PROXY",
    ]),
    // The SDKs of other clouds ask these for tokens.
    ("decides which metadata service gives out credentials", &[
        "AZURE_AUTHORITY_HOST", "AZURE_POD_IDENTITY_AUTHORITY_HOST", "GCE_METADATA_*", "IDENTITY_ENDPOINT",
        "IMDS_ENDPOINT", "KUBERNETES_MASTER", "KUBERNETES_PORT*", "KUBERNETES_SERVICE_*", "MSI_ENDPOINT",
    ]),
    ("decides which credentials, endpoints and tools are used for AWS", &[
        "AWS_ACCESS_KEY_ID", "AWS_CA_BUNDLE", "AWS_CONFIG_FILE", "AWS_CONTAINER_*", "AWS_CREDENTIAL_FILE",
        "AWS_DATA_PATH", "AWS_DEFAULT_PROFILE", "AWS_EC2_METADATA_*", "AWS_ENDPOINT_URL*",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_LOGIN_CACHE_DIRECTORY", "AWS_PROFILE", "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME",
        "AWS_SECRET_ACCESS_KEY", "AWS_SECURITY_TOKEN", "AWS_SESSION_TOKEN", "AWS_SHARED_CREDENTIALS_FILE",
        "AWS_VAULT_PASS_CMD", "AWS_WEB_IDENTITY_TOKEN_FILE", "BOTO_CONFIG", "BOTO_PATH",
    ]),
    // docs.aws.amazon.com/lambda: reserved environment variables.
    ("is Lambda's own", &[
        "AWS_LAMBDA_*", "LAMBDA_RUNTIME_DIR", "LAMBDA_TASK_ROOT", "_HANDLER",
    ]),
    // sd_notify(3), sd_listen_fds(3): the service manager talks to the command through these.
    ("is the service manager's own", &[
        "CREDENTIALS_DIRECTORY", "DBUS_*", "LISTEN_FDNAMES", "LISTEN_FDS", "LISTEN_PID*", "NOTIFY_SOCKET",
        "WATCHDOG_PID", "WATCHDOG_USEC",
    ]),
    // Sanitizers' log_path, profilers and coverage; a symbolizer is a program.
    ("makes the program write files, or run a program that explains its crashes", &[
        "*_SYMBOLIZER_PATH", "ASAN_OPTIONS", "CPUPROFILE", "DFSAN_OPTIONS", "FFREPORT", "GCOV_PREFIX",
        "GDBHISTFILE", "GMON_OUT_PREFIX", "HEAPPROFILE", "HWASAN_OPTIONS", "LLVM_PROFILE_FILE", "LSAN_OPTIONS",
        "MOZ_LOG_FILE", "MSAN_OPTIONS", "NSPR_LOG_FILE", "TSAN_OPTIONS", "UBSAN_OPTIONS",
    ]),
    ("configures ssm-exec itself", &[
        "SSM_EXEC_*",
    ]),
];

/// Why a name is refused, where it is. Letters of either case count: `http_proxy` is `HTTP_PROXY`.
pub fn reason(name: &VariableName) -> Option<&'static str> {
    let name = name.as_str().to_ascii_uppercase();
    let (reason, _) = GROUPS.iter().find(|(_, names)| any(names, &name))?;
    (!any(ORDINARY, &name)).then_some(reason)
}

/// Whether one of these patterns matches a name.
pub(super) fn any(patterns: &[&str], name: &str) -> bool {
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
        let patterns = GROUPS.iter().flat_map(|(_, names)| *names).chain(ORDINARY);
        for pattern in patterns {
            assert_eq!(*pattern, pattern.to_ascii_uppercase());
            assert!(pattern.matches('*').count() <= 1, "{pattern}");
            assert!(seen.insert(pattern), "{pattern} is listed twice");
        }
    }

    #[test]
    fn every_listed_name_is_refused_in_either_case() {
        for pattern in GROUPS.iter().flat_map(|(_, names)| *names) {
            let name = pattern.replace('*', "X");
            assert!(reason_of(&name).is_some(), "{name}");
            assert!(reason_of(&name.to_ascii_lowercase()).is_some(), "{name}");
        }
    }

    #[test]
    fn each_family_of_helpers_options_modules_and_paths_is_refused() {
        for name in [
            "CLOUDSDK_PYTHON",
            "UV_PYTHON",
            "JAVACMD",
            "PRISMA_QUERY_ENGINE_LIBRARY",
            "PRISMA_QUERY_ENGINE_BINARY",
            "SSH_PKCS11_HELPER",
            "PYSPARK_PYTHON",
            "PUPPETEER_EXECUTABLE_PATH",
            "HADOOP_OPTS",
            "KAFKA_HEAP_OPTS",
            "SPARK_SUBMIT_OPTS",
            "JVM_OPTS",
            "LOADER_MAIN",
            "GTK_MODULES",
            "GTK3_MODULES",
            "NCCL_NET_PLUGIN",
            "QT_QPA_PLATFORM_PLUGIN_PATH",
            "VK_LAYER_PATH",
            "LIBRARY_PATH",
            "CPATH",
            "SYSTEMD_UNIT_PATH",
            "RIPGREP_CONFIG_PATH",
            "AIRFLOW__CORE__FERNET_KEY_CMD",
            "COMPOSER_HOME",
            "AZURE_EXTENSION_DIR",
        ] {
            assert!(reason_of(name).is_some(), "{name}");
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
            "LISTEN_ADDR",
            "LISTEN_PORT",
            "WATCHDOG_INTERVAL",
            "GIT_COMMIT",
            "GIT_TOKEN",
            "PYTHONUNBUFFERED",
            "UV_THREADPOOL_SIZE",
            "DOCKER_PASSWORD",
            "AZURE_CLIENT_ID",
            "CLOUDSDK_CORE_PROJECT",
            "COMPOSE_PROJECT_NAME",
            "KAFKA_BROKERS",
            "REDISCLI_AUTH",
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
