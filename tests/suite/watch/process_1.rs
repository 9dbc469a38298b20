//! The command as the first process of a PID namespace, which the kernel sends few signals.

use super::*;
use std::process::Command;

/// A command as the first process of a PID namespace, with its own /proc.
fn in_a_namespace(inner: &Command) -> Command {
    through("unshare", &["--pid", "--fork", "--kill-child", "--mount-proc"], inner)
}

/// The first process of a PID namespace, and what it wrote.
fn as_process_1(stub: &Stub, script: &str) -> (Child, Lines, Lines, TempDir) {
    let run =
        Run::against(&stub.url()).args("-p /watch --settle 0s --watch 1s -- sh -c").arg(script);
    let (inner, home) = run.command();
    let mut child = in_a_namespace(&inner)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    let stdout = Lines::of(child.stdout.take().expect("a pipe"));
    let stderr = Lines::of(child.stderr.take().expect("a pipe"));
    (child, stdout, stderr, home)
}

#[test]
#[ignore = "needs root, for a PID namespace: ./tests/run provides it"]
fn as_process_1_with_a_handler_it_gets_the_signal_and_its_status_passes() {
    let stub = stub();
    let (mut child, stdout, stderr, _home) =
        as_process_1(&stub, "trap 'exit 7' TERM; echo started; while :; do sleep 0.05; done");
    stdout.wait_for("started");
    stub.put(Parameter::secure("/watch/password", "canary-two"));
    stderr.wait_for("sending SIGTERM to the command (process 1)");
    assert_eq!(child.wait().expect("ends").code(), Some(7));
}

#[test]
#[ignore = "needs root, for a PID namespace: ./tests/run provides it"]
fn as_process_1_without_a_handler_the_message_names_the_remedy() {
    let stub = stub();
    let (mut child, stdout, stderr, _home) =
        // Not the shell, which blocks signals for a moment before it waits.
        as_process_1(&stub, "echo started; exec sleep 600");
    stdout.wait_for("started");
    stub.put(Parameter::secure("/watch/password", "canary-two"));
    let line = stderr.wait_for("no handler for SIGTERM");
    assert!(line.contains("--init"), "{line}");
    child.kill().expect("a signal");
    child.wait().expect("ends");
}

/// Takes SIGTERM by sigwait(3), as tini does: no handler for it is to be seen.
const SIGWAIT: &str = "import signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
print('started', flush=True)
sys.exit(signal.sigwait([signal.SIGTERM]))";

#[test]
#[ignore = "needs root, for a PID namespace: ./tests/run provides it"]
fn as_process_1_that_waits_for_the_signal_it_gets_it() {
    let ignores = "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n";
    for ignores in ["", ignores] {
        let stub = stub();
        let program =
            SIGWAIT.replace("signal.pthread_sigmask", &format!("{ignores}signal.pthread_sigmask"));
        let run = Run::against(&stub.url()).args("-p /watch --settle 0s --watch 1s -- python3 -c");
        let (inner, _home) = run.arg(program).command();
        let mut child = in_a_namespace(&inner)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("starts");
        Lines::of(child.stdout.take().expect("a pipe")).wait_for("started");
        let stderr = Lines::of(child.stderr.take().expect("a pipe"));
        stub.put(Parameter::secure("/watch/password", "canary-two"));
        stderr.wait_for("sending SIGTERM");
        assert_eq!(child.wait().expect("ends").code(), Some(15), "{ignores}");
    }
}

#[test]
#[ignore = "needs root, for a PID namespace: ./tests/run provides it"]
fn as_process_1_that_waits_for_all_its_children_it_ends() {
    let stub = stub();
    let run = Run::against(&stub.url()).args("-p /watch --watch 5m -- python3 -c");
    let (inner, _home) = run.arg(super::process::WAITS_FOR_ALL).command();
    let output = in_a_namespace(&inner).output().expect("starts");
    assert_eq!(output.stdout, b"a watcher\n[True]\n", "{output:?}");
    assert_eq!(output.status.code(), Some(9));
}

#[test]
#[ignore = "needs root, for a PID namespace: ./tests/run provides it"]
fn as_process_1_every_exit_status_passes_unchanged() {
    every_exit_status(|run| {
        let (inner, _home) = run.command();
        in_a_namespace(&inner).status().expect("starts").code()
    });
}

/// Most signals without a handler do nothing to process 1 (pid_namespaces(7)), so each has the effect that it has
/// without ssm-exec.
#[test]
#[ignore = "needs root, for a PID namespace: ./tests/run provides it"]
fn as_process_1_every_signal_has_the_same_effect_as_without_a_wrapper() {
    let stub = stub();
    let mut scripts: Vec<String> = Signal::iterator()
        .filter(|signal| ![Signal::SIGSTOP, Signal::SIGTSTP].contains(signal))
        .map(|signal| format!("ulimit -c 0; kill -{} $$; exit 7", signal as i32))
        .collect();
    // A real fault, which also ends process 1.
    scripts.push("ulimit -c 0; exec python3 -c 'import ctypes; ctypes.string_at(8)'".to_owned());
    let mut deadly = 0;
    for script in scripts {
        let mut bare = Command::new("sh");
        bare.args(["-c", &script]).env("PATH", "/usr/local/bin:/usr/bin:/bin");
        let bare = in_a_namespace(&bare).status().expect("starts");
        let run = Run::against(&stub.url()).args("-p /watch --watch 5m -- sh -c");
        let (inner, _home) = run.arg(&script).command();
        let wrapped = in_a_namespace(&inner).status().expect("starts");
        assert_eq!(bare, wrapped, "{script}");
        deadly += usize::from(wrapped.code() != Some(7));
    }
    assert!(deadly > 0, "the fault was not deadly");
}
