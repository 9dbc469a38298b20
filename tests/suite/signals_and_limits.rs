//! Signals at every stage, a stderr that can't be written to, and memory limits.

use crate::harness::*;
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use ssm_stub::http_server::{HttpServer, Reply};
use ssm_stub::{After, Corruption, Fault, Parameter, Stub};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::process::{ChildStderr, Command, Stdio};

fn stub() -> Stub {
    let stub = Stub::start();
    stub.put(Parameter::secure("/end/a", "canary-a"));
    stub
}

const SIGNALS: [(Signal, i32, &str); 4] = [
    (Signal::SIGTERM, 143, "SIGTERM came before"),
    (Signal::SIGINT, 130, "SIGINT came before"),
    (Signal::SIGHUP, 129, "SIGHUP came before"),
    // Rust's standard library, where it is refused memory.
    (
        Signal::SIGABRT,
        71,
        "the system refused memory that the start needs, or something sent SIGABRT",
    ),
];

/// Sends each signal to a separate run once `ready` returns, and expects its status and message.
fn expect_end_by_signals(fault: &Fault, ready: impl Fn(&Stub, &mut BufReader<ChildStderr>)) {
    for (signal, status, words) in SIGNALS {
        let stub = stub();
        stub.always(fault.clone());
        let (mut command, _home) = Run::against(&stub.url()).args("-vv -p /end -- true").command();
        let mut child = command.stderr(Stdio::piped()).spawn().expect("starts");
        let mut stderr = BufReader::new(child.stderr.take().expect("a pipe"));
        ready(&stub, &mut stderr);
        let process = Pid::from_raw(i32::try_from(child.id()).expect("a process id"));
        kill(process, signal).expect("a signal");
        assert_eq!(child.wait().expect("ends").code(), Some(status), "{fault:?}");
        let mut said = String::new();
        stderr.read_to_string(&mut said).expect("UTF-8");
        assert!(said.contains(words), "{fault:?}: {said}");
    }
}

fn read_until(stderr: &mut impl BufRead, words: &str) {
    let mut lines = stderr.lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains(words)), "no {words:?}");
}

#[test]
fn signals_end_a_fetch_at_every_stage() {
    let asked = |stub: &Stub, _: &mut BufReader<ChildStderr>| stub.wait_for_requests(1);
    expect_end_by_signals(&Fault::NoResponse, asked);
    expect_end_by_signals(&Fault::TruncatedBody(After::Stall), asked);
    let between = |_: &Stub, stderr: &mut BufReader<ChildStderr>| read_until(stderr, "again in");
    expect_end_by_signals(&Fault::client("ThrottlingException", "Rate exceeded"), between);
}

#[test]
fn signals_end_the_search_for_credentials() {
    for (signal, status, words) in SIGNALS {
        let agent = HttpServer::start(|_| Reply::Hang);
        let (mut command, _home) = Run::bare()
            .args("-vv --region eu-west-1 -p /end -- true")
            .env("AWS_CONTAINER_CREDENTIALS_FULL_URI", agent.url())
            .command();
        let mut child = command.stderr(Stdio::piped()).spawn().expect("starts");
        let mut stderr = BufReader::new(child.stderr.take().expect("a pipe"));
        read_until(&mut stderr, "asking the container's agent");
        let process = Pid::from_raw(i32::try_from(child.id()).expect("a process id"));
        kill(process, signal).expect("a signal");
        assert_eq!(child.wait().expect("ends").code(), Some(status));
        read_until(&mut stderr, words);
    }
}

/// The kernel delivers signals to process 1 of a PID namespace only if it has handlers for them.
#[test]
#[ignore = "needs root, for a PID namespace: ./tests/run provides it"]
fn signals_end_a_fetch_as_process_1() {
    for (signal, status, _) in &SIGNALS[..2] {
        let stub = stub();
        stub.always(Fault::NoResponse);
        let (command, _home) = Run::against(&stub.url()).args("-p /end -- true").command();
        let mut unshare = through("unshare", &["--pid", "--fork", "--kill-child"], &command);
        let outer = unshare.stderr(Stdio::piped()).spawn().expect("starts");
        stub.wait_for_requests(1);
        let children = format!("/proc/{0}/task/{0}/children", outer.id());
        let inner = std::fs::read_to_string(children).expect("the first process inside");
        let inner = Pid::from_raw(inner.trim().parse().expect("one child"));
        let status_file = std::fs::read_to_string(format!("/proc/{inner}/status"));
        let inside = status_file.expect("it runs");
        let inside = inside.lines().find(|line| line.starts_with("NSpid:"));
        assert!(inside.is_some_and(|line| line.ends_with("\t1")), "{inside:?}");
        kill(inner, *signal).expect("a signal");
        let ended = outer.wait_with_output().expect("ends");
        assert_eq!(ended.status.code(), Some(*status), "{ended:?}");
    }
}

#[test]
fn a_full_or_closed_stderr_does_not_change_the_result() {
    for stderr in ["2>/dev/full", "2>&-"] {
        let redirected = |run: Run, command: &str| {
            let shell = format!("exec \"$0\" \"$@\" {stderr}");
            let (inner, home) = run.args(command).command();
            let mut outer = through("sh", &["-c", &shell], &inner);
            outer.current_dir(home.path()).output().expect("a shell")
        };
        let stub = stub();
        stub.fault(Fault::client("ThrottlingException", "Rate exceeded"));
        let started = redirected(Run::against(&stub.url()).args("-vvv -p /end"), "-- env -0");
        assert_eq!(started.status.code(), Some(0), "{stderr}");
        let arrived = Environment::parse(&started.stdout);
        assert!(arrived.get("A").is_some_and(|value| value.contains("canary")));
        let missing = redirected(Run::against(&stub.url()).args("-k /end/nothing"), "-- env");
        assert_eq!(missing.status.code(), Some(66), "{stderr}");
        assert!(missing.stdout.is_empty());
    }
}

#[test]
fn responses_without_bounds_do_not_exhaust_memory() {
    for (fault, status) in [
        (Fault::LargeBody(1 << 30), 75),
        (Fault::EndlessBody, 75),
        (Fault::from(Corruption::EndlessPages(100)), 78),
    ] {
        let stub = stub();
        for n in 0..9 {
            let value = "canary".repeat(100);
            stub.put(Parameter::secure(&format!("/end/k{n}"), &value));
        }
        stub.always(fault.clone());
        let run = Run::against(&stub.url()).args("-p /end -- true");
        let (mut command, _home) = run.command();
        limit_memory(&mut command, 256);
        let output = command.output().expect("starts");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{fault:?}: {stderr}");
        assert!(!stderr.contains("canary"), "{stderr}");
    }
}

/// Limits the address space of a command, in MiB.
fn limit_memory(command: &mut Command, mebibytes: u64) {
    let limit = move || {
        let limit = mebibytes << 20;
        setrlimit(Resource::RLIMIT_AS, limit, limit)?;
        setrlimit(Resource::RLIMIT_CORE, 0, 0)?;
        Ok(())
    };
    // SAFETY: setrlimit(2) is a system call on the state of this process.
    #[allow(unsafe_code)]
    unsafe {
        command.pre_exec(limit)
    };
}

/// From a limit that is too low for anything to one that is high enough: never an incomplete environment.
#[test]
fn without_enough_memory_the_command_is_not_started() {
    let stub = Stub::start();
    for n in 0..8 {
        let value = "canary".repeat(20_000);
        stub.put(Parameter::secure(&format!("/much/k{n}"), &value));
    }
    let mut ends = Vec::new();
    for mebibytes in (6..60).step_by(3) {
        let (mut command, _home) =
            Run::against(&stub.url()).args("-p /much -- sh -c").arg("echo ${#K0} ${#K7}").command();
        limit_memory(&mut command, mebibytes);
        let Ok(output) = command.output() else {
            ends.push(false);
            continue;
        };
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(!stderr.contains("canary"), "{mebibytes} MiB: {stderr}");
        let started = output.stdout == b"120000 120000\n";
        assert!(started || output.stdout.is_empty(), "{mebibytes} MiB");
        assert_eq!(output.status.success(), started, "{mebibytes} MiB: {stderr}");
        // Without any, not even the loader comes as far as `main`: 127, or a signal.
        let is_refusal = output.status.code() == Some(71) || !stderr.starts_with("ssm-exec: ");
        assert!(started || is_refusal, "{mebibytes} MiB: {stderr}");
        ends.push(started);
    }
    assert!(ends.contains(&false) && ends.contains(&true), "{ends:?}");
}
