//! The names that a JSON object must not set, each with a real program that such a variable makes run
//! code or write a file. With `--allow` the variable arrives and does it; without, the start is refused.

use crate::harness::*;
use ssm_stub::{Parameter, Stub};
use std::fs;
use std::path::Path;

/// `DIR` in every text stands for the case's directory. What the variable causes leaves a file there
/// whose name begins with `marker`.
struct Case {
    /// The members of the JSON object. Each must be refused.
    variables: &'static [(&'static str, &'static str)],
    /// Files that are there beforehand.
    files: &'static [(&'static str, &'static str)],
    command: &'static [&'static str],
}

/// A program that leaves the marker.
const SCRIPT: (&str, &str) = ("run", "#!/bin/sh\n: >DIR/marker\n");

fn refused_and_effective(case: &Case) {
    let directory = tempfile::tempdir().expect("a directory for the test");
    let root = directory.path();
    let fill = |text: &str| text.replace("DIR", root.to_str().expect("UTF-8"));
    for (name, text) in case.files {
        let path = root.join(name);
        fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
        script(&path, &fill(text));
    }
    let object: serde_json::Map<String, serde_json::Value> = case
        .variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), fill(value).into()))
        .collect();
    let stub = Stub::start();
    stub.put(Parameter::secure("/denylist/settings", &serde_json::Value::from(object).to_string()));
    let run = || {
        Run::against(&stub.url())
            .env("PATH", std::env::var_os("PATH").expect("a PATH"))
            .args("--json /denylist/settings")
    };
    let start = |run: Run| {
        let run = run.arg("--");
        let run = case.command.iter().map(|word| fill(word)).fold(run, Run::arg);
        let (mut command, _home) = run.command();
        command.current_dir(root).output().expect("the binary starts")
    };

    let refused = start(run());
    let message = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(78), "{message}");
    for (name, _) in case.variables {
        assert!(message.contains(name), "no {name} in: {message}");
    }
    assert!(message.contains("/denylist/settings"), "{message}");
    assert!(!is_marked(root), "{:?} ran", case.command);

    let allowed =
        start(case.variables.iter().fold(run(), |run, (name, _)| run.arg("--allow").arg(name)));
    assert!(
        is_marked(root),
        "the variable has no effect, so the refusal above shows nothing: {:?}: {}",
        case.command,
        String::from_utf8_lossy(&allowed.stderr),
    );
}

fn is_marked(root: &Path) -> bool {
    fs::read_dir(root)
        .expect("the directory")
        .any(|entry| entry.expect("an entry").file_name().to_string_lossy().starts_with("marker"))
}

/// Makes a test of each case.
macro_rules! cases {
    ($($(#[$attribute:meta])* $name:ident: $variables:expr, $files:expr, $command:expr;)*) => {
        $(
            $(#[$attribute])*
            #[test]
            fn $name() {
                refused_and_effective(&Case { variables: &$variables, files: &$files, command: &$command });
            }
        )*
    };
}

cases! {
    the_loader_writes_a_file: [("LD_DEBUG", "libs"), ("LD_DEBUG_OUTPUT", "DIR/marker")], [], ["ls"];
    path_chooses_what_a_shell_runs: [("PATH", "DIR/bin")], [("bin/ls", SCRIPT.1)], ["/bin/sh", "-c", "ls"];
    home_holds_bashs_start_file: [("HOME", "DIR")], [(".bashrc", ": >DIR/marker\n")], ["bash", "-i", "-c", ":"];
    bash_env: [("BASH_ENV", "DIR/run")], [SCRIPT], ["bash", "-c", ":"];
    ps0_of_an_interactive_bash: [("PS0", "$(: >DIR/marker)")], [], ["sh", "-c", "echo : | bash --norc -i"];
    prompt_command_of_bash: [("PROMPT_COMMAND", ": >DIR/marker")], [], ["sh", "-c", "echo : | bash --norc -i"];
    env_of_an_interactive_sh: [("ENV", "DIR/run")], [SCRIPT], ["sh", "-c", "echo : | sh -i"];
    tmpdir_of_mktemp: [("TMPDIR", "DIR")], [], ["mktemp", "-t", "marker.XXXXXX"];
    tar_options: [("TAR_OPTIONS", "--use-compress-program=DIR/run")], [SCRIPT], ["tar", "-cf", "out.tar", "run"];
    makeflags: [("MAKEFLAGS", "--eval=$$(shell\\ :\\ >DIR/marker)")], [("Makefile", "all:\n")], ["make"];
    makefiles: [("MAKEFILES", "DIR/more.mk")], [("Makefile", "all:\n"), ("more.mk", "$(shell : >DIR/marker)\n")], ["make"];
    the_compiler_of_make: [("CC", "DIR/run")], [SCRIPT, ("hello.c", "int main(){}\n")], ["make", "hello"];
    compiler_path_of_gcc: [("COMPILER_PATH", "DIR/bin")], [("bin/as", SCRIPT.1), ("hello.c", "int main(){}\n")], ["gcc", "-c", "hello.c"];
    rustc_of_cargo: [("RUSTC", "DIR/run")], [SCRIPT, ("Cargo.toml", "[package]\nname=\"x\"\n"), ("src/lib.rs", "")], [env!("CARGO"), "check", "--offline"];
    git_ssh_command: [("GIT_SSH_COMMAND", "DIR/run")], [SCRIPT], ["git", "ls-remote", "ssh://localhost/x"];
    editor_of_git: [("GIT_EDITOR", "DIR/run")], [SCRIPT], ["git", "config", "--edit", "--file", "DIR/settings"];
    xdg_config_home_of_git: [("XDG_CONFIG_HOME", "DIR/xdg")], [SCRIPT, ("xdg/git/config", "[core]\nfsmonitor = DIR/run\n")],
        ["sh", "-c", "git init -q && git status"];
    pager_of_git: [("GIT_PAGER", "DIR/run")], [SCRIPT], ["script", "-qec", "git -c core.pager=cat help -a", "/dev/null"];
    perl5opt: [("PERL5OPT", "-IDIR -MCanary")], [("Canary.pm", "open(F, '>DIR/marker'); 1;\n")], ["perl", "-e", "1"];
    pythonpath: [("PYTHONPATH", "DIR")], [("sitecustomize.py", "open('DIR/marker', 'w')\n")], ["python3", "-c", ""];
    terminfo_of_tic: [("TERMINFO", "DIR/marker")], [("x.src", "x|x,\n\tam,\n")], ["tic", "x.src"];
    curl_home: [("CURL_HOME", "DIR")], [(".curlrc", "output = DIR/marker\n")], ["curl", "-s", "file:///etc/passwd"];

    #[ignore = "needs zip: ./tests/run installs it"]
    zipopt: [("ZIPOPT", "-T -TT DIR/run")], [SCRIPT], ["zip", "out.zip", "run"];
    #[ignore = "needs wget: ./tests/run installs it"]
    wgetrc: [("WGETRC", "DIR/rc")], [("rc", "logfile = DIR/marker\n")], ["wget", "-t1", "http://127.0.0.1:1/"];
    #[ignore = "needs tcl: ./tests/run installs it"]
    tcl_library: [("TCL_LIBRARY", "DIR")], [("init.tcl", "open DIR/marker w\n")], ["tclsh", "/dev/null"];
    #[ignore = "needs man-db: ./tests/run installs it"]
    manpager: [("MANPAGER", "DIR/run")], [SCRIPT, ("x.1", ".TH X 1\n")], ["script", "-qec", "man -l x.1", "/dev/null"];
    #[ignore = "needs pip"]
    pip_log: [("PIP_LOG", "DIR/marker")], [], ["python3", "-m", "pip", "--disable-pip-version-check", "list"];
    #[ignore = "needs Node.js"]
    node_options: [("NODE_OPTIONS", "--require DIR/x.js")], [("x.js", "require('fs').writeFileSync('DIR/marker', '')\n")], ["node", "-e", ""];
    #[ignore = "needs Node.js"]
    node_v8_coverage: [("NODE_V8_COVERAGE", "DIR/marker")], [], ["node", "-e", ""];
    #[ignore = "needs Node.js"]
    node_redirect_warnings: [("NODE_REDIRECT_WARNINGS", "DIR/marker")], [], ["node", "-e", "process.emitWarning('x')"];
    #[ignore = "needs a Java virtual machine"]
    java_tool_options: [("JAVA_TOOL_OPTIONS", "-Xlog:all:file=DIR/marker")], [], ["java", "-version"];
}
