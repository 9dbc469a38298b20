//! A panic. There is no input that panics, so the kernel is made to: it claims
//! to have received more bytes than there is room for, at which the library that reads them panics.

use crate::harness::*;
use crate::support::text;
use ssm_stub::{Parameter, Stub};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Output};

/// Runs it with one tampered answer of recvfrom(2).
fn panic_in(options: &str) -> Output {
    let stub = Stub::start();
    stub.put(Parameter::secure("/panic/a", "canary-a"));
    let run = Run::against(&stub.url()).args("-p /panic").args(options);
    let (inner, _home) = run.args("-- echo started").command();
    let mut command = Command::new("strace");
    command
        .args(["-qq", "-o", "/dev/null"])
        .args(["-e", "inject=recvfrom:retval=100000000:when=1", "--"])
        .arg(binary())
        .args(inner.get_args())
        .env_clear();
    for (name, value) in inner.get_envs() {
        command.env(name, value.expect("a value"));
    }
    command.output().expect("strace")
}

#[test]
#[ignore = "needs strace: ./tests/run installs it"]
fn a_panic_ends_with_70_and_one_line() {
    let output = panic_in("");
    let message = text(&output);
    // Not by a signal, so there is no core.
    assert_eq!(output.status.signal(), None, "{message}");
    assert_eq!(output.status.code(), Some(70), "{message}");
    assert!(message.starts_with("ssm-exec: error: internal error at "), "{message}");
    assert!(message.ends_with("; this is a bug in ssm-exec, please report it\n"), "{message}");
    assert_eq!(message.lines().count(), 1, "{message}");
    // Neither the panic's text nor the directories of the build machine.
    for part in ["canary", "100000000", "panicked", "registry", "RUST_BACKTRACE"] {
        assert!(!message.contains(part), "{message}");
    }
}

#[test]
#[ignore = "needs strace: ./tests/run installs it"]
fn a_panic_is_one_line_of_json_where_messages_are_json() {
    let output = panic_in("--log-format json");
    assert_eq!(output.status.code(), Some(70), "{}", text(&output));
    let message: serde_json::Value =
        serde_json::from_slice(&output.stderr).expect("one JSON object");
    assert_eq!((&message["status"], &message["level"]), (&70.into(), &"error".into()));
}
