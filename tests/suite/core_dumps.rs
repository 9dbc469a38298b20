//! `--no-core`: a command that crashes leaves its environment in no core dump.

use crate::harness::*;
use crate::support::eventually;
use nix::sys::resource::{Resource, setrlimit};
use ssm_stub::{Parameter, Stub};
use std::fs;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::ExitStatus;

fn stub() -> Stub {
    let stub = Stub::start();
    stub.put(Parameter::secure("/core/a", "canary-core"));
    stub
}

#[test]
fn the_core_limit_and_filter_are_set_only_with_no_core() {
    let stub = stub();
    let report = |options: &str| {
        let run = Run::against(&stub.url()).args("-p /core").args(options);
        run.args("-- cat /proc/self/limits /proc/self/coredump_filter").run().text()
    };
    let core = |report: &str| {
        let line = report.lines().find(|line| line.starts_with("Max core file size"));
        let words: Vec<String> =
            line.expect("the limit").split_whitespace().map(str::to_owned).collect();
        let filter = report.lines().last().expect("the filter").to_owned();
        (words[4].clone(), words[5].clone(), filter)
    };
    let limited = ("1".to_owned(), "1".to_owned(), "00000000".to_owned());
    assert_eq!(core(&report("--no-core")), limited);
    assert_eq!(core(&report("--core --no-core")), limited);
    let untouched = core(&report(""));
    assert_ne!(untouched, limited);
    assert_eq!(core(&report("--no-core --core")), untouched);
}

/// The system's handler of core dumps, for as long as this lives.
struct Handler {
    before: String,
    directory: tempfile::TempDir,
}

impl Handler {
    const PATTERN: &str = "/proc/sys/kernel/core_pattern";

    /// Reads what systemd-coredump reads: the environment from /proc, and the core from the pipe.
    fn install() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("handler");
        script(
            &path,
            "#!/bin/sh\ncd \"${0%/*}\"\ntr '\\0' '\\n' </proc/\"$1\"/environ >\"$1.environ\"\ncat >\"$1.core\"\n: >\"$1.done\"\n",
        );
        let before = fs::read_to_string(Self::PATTERN).expect("the pattern");
        fs::write(Self::PATTERN, format!("|{} %P", path.display())).expect("root may set it");
        Self { before, directory }
    }

    fn file(&self, process: u32, kind: &str) -> std::path::PathBuf {
        self.directory.path().join(format!("{process}.{kind}"))
    }
}

impl Drop for Handler {
    fn drop(&mut self) {
        fs::write(Self::PATTERN, &self.before).expect("the pattern as it was");
    }
}

/// Starts a command that crashes under this core limit. Returns its process ID and how it ended.
fn crash(stub: &Stub, options: &str, limit: u64) -> (u32, ExitStatus) {
    let run = Run::against(&stub.url()).args("-p /core").args(options);
    let (mut command, _home) = run.args("-- sh -c").arg("kill -SEGV $$").command();
    let set = move || Ok(setrlimit(Resource::RLIMIT_CORE, limit, limit)?);
    // SAFETY: setrlimit(2) is a system call on the state of this process.
    #[allow(unsafe_code)]
    unsafe {
        command.pre_exec(set)
    };
    let mut child = command.spawn().expect("the binary starts");
    (child.id(), child.wait().expect("its end"))
}

#[test]
#[ignore = "needs root, and sets the machine's handler of core dumps for a moment"]
fn a_handler_in_a_pipe_gets_no_environment_with_no_core() {
    let stub = stub();
    let handler = Handler::install();
    let mut protected = Vec::new();
    for (options, limit) in [("--no-core", 1), ("--no-core", 1 << 30), ("", 1)] {
        let (process, status) = crash(&stub, options, limit);
        assert_eq!(status.signal(), Some(11));
        protected.push(process);
    }
    // Only a process with CAP_SYS_RESOURCE can raise a hard limit of 0. Another one isn't started.
    let (process, status) = crash(&stub, "--no-core", 0);
    assert!(status.signal() == Some(11) || status.code() == Some(71), "{status}");
    protected.push(process);
    // Without the option, a limit of 0 does not help.
    for limit in [0, 1 << 30] {
        let (process, status) = crash(&stub, "", limit);
        assert_eq!(status.signal(), Some(11));
        let done = handler.file(process, "done");
        eventually("the handler has the core", || done.exists());
        let environment = fs::read_to_string(handler.file(process, "environ")).expect("a file");
        assert!(environment.contains("A=canary-core"), "{environment}");
        let core = fs::read(handler.file(process, "core")).expect("a file");
        assert!(memchr::memmem::find(&core, b"canary-core").is_some());
    }
    for process in protected {
        for kind in ["environ", "core", "done"] {
            assert!(!handler.file(process, kind).exists(), "{process} {kind}");
        }
    }
}
