//! A change that would not start, and an SSM that does not answer: the command runs on.

use super::*;
use crate::support::relay::{Break, How, Relay, Step};
use crate::support::{eventually, succeeds};
use crate::watch::memory::children;
use ssm_stub::{Fault, KmsDenial, When};
use std::process::Command;
use std::sync::Arc;

/// What the values of all these tests satisfy, except one.
const CONTRACT: &str = "[contract]\nPASSWORD = { pattern = \"(?s)canary.*\", optional = true }\n";

/// Makes a change with which the command would not start, sees one message and no signal, repairs it, and
/// sees one signal.
fn expect_one_message(
    options: &str,
    words: &str,
    break_it: impl Fn(&Stub),
    repair: impl Fn(&Stub),
) {
    let stub = stub();
    stub.put(Parameter::string("/org/json", r#"{"member": "canary-member"}"#));
    let options =
        format!("-p /watch -k MEMBER=/org/json#member --settle 0s --on-change HUP {options}");
    let run = Run::against(&stub.url()).args(&options).file(CONTRACT);
    let run = watch_run(run);
    run.stdout.wait_for("started");
    let process = run.process();
    break_it(&stub);
    let line = run.stderr.wait_for("ssm-exec: error:");
    assert!(line.contains(words), "{line}");
    assert!(line.contains("keeps its old values"), "{line}");
    wait_for_polls(&stub, 6);
    assert_eq!(run.stderr.so_far(), [""; 0], "{words}");
    assert_eq!(run.stdout.so_far(), [""; 0], "{words}");
    repair(&stub);
    let line = run.stderr.wait_for("sending SIGHUP");
    assert!(line.contains(&format!("(process {process})")), "{line}");
    assert_eq!(run.stdout.next(), "got HUP");
    wait_for_polls(&stub, 3);
    assert_eq!(run.stop().0, ["got TERM"], "{words}");
}

fn put_password(value: &'static str) -> impl Fn(&Stub) {
    move |stub: &Stub| stub.put(Parameter::secure("/watch/password", value))
}

#[test]
fn a_deleted_parameter_is_one_message_and_no_signal() {
    expect_one_message(
        "--require PASSWORD",
        "PASSWORD",
        |stub| stub.remove("/watch/password"),
        put_password("canary-two"),
    );
}

#[test]
fn a_value_with_a_nul_byte_is_one_message_and_no_signal() {
    expect_one_message("", "NUL", put_password("canary\0"), put_password("canary-two"));
}

#[test]
fn a_value_that_is_too_long_is_one_message_and_no_signal() {
    let long = |stub: &Stub| {
        let value = "canary".repeat(30_000);
        stub.put(Parameter::secure("/watch/password", &value));
    };
    expect_one_message("", "PASSWORD", long, put_password("canary-two"));
}

#[test]
fn a_violated_contract_is_one_message_and_no_signal() {
    expect_one_message(
        "",
        "PASSWORD",
        put_password("not as the contract says: canary"),
        put_password("canary-two"),
    );
}

#[test]
fn broken_json_is_one_message_and_no_signal() {
    expect_one_message(
        "",
        "/org/json#member",
        |stub| stub.put(Parameter::string("/org/json", "{")),
        |stub| stub.put(Parameter::string("/org/json", r#"{"member": "canary-new"}"#)),
    );
}

#[test]
fn a_denied_decryption_is_one_message_and_no_signal_until_it_is_allowed() {
    let stub = stub();
    let run = watch(&stub, "-p /watch --settle 0s --on-change HUP");
    run.stdout.wait_for("started");
    stub.deny_kms("/watch/password", KmsDenial::New);
    put_password("canary-two")(&stub);
    let line = run.stderr.wait_for("ssm-exec: error:");
    assert!(line.contains("kms:Decrypt"), "{line}");
    wait_for_polls(&stub, 9);
    assert_eq!(run.stderr.so_far(), [""; 0]);
    assert_eq!(run.stdout.so_far(), [""; 0]);
    stub.clear_denials();
    run.stderr.wait_for("sending SIGHUP");
    assert_eq!(run.stdout.next(), "got HUP");
    assert_eq!(run.stop().0, ["got TERM"]);
}

#[test]
fn a_denied_poll_is_one_warning_and_no_signal() {
    let stub = stub();
    let run = watch(&stub, "-p /watch --settle 0s");
    run.stdout.wait_for("started");
    stub.deny("GetParametersByPath", "*", ssm_stub::Denial::default());
    let line = run.stderr.wait_for("--watch could not look for changes");
    assert!(line.contains("ssm:GetParametersByPath"), "{line}");
    run.stderr.wait_for("  Region eu-west-1");
    stub.wait_for_requests(stub.requests().len() + 2);
    let (stdout, stderr) = run.stop();
    assert_eq!(stdout, ["got TERM"]);
    assert_eq!(stderr, [""; 0]);
}

#[test]
fn a_message_of_the_service_adds_no_line_and_steers_no_terminal() {
    let stub = stub();
    let run = watch(&stub, "-p /watch --settle 0s");
    run.stdout.wait_for("started");
    stub.always(Fault::client("OddException", "x\u{1b}[2J\nssm-exec: FORGED\u{9b}\u{202e}"));
    let line = run.stderr.wait_for("could not look for changes");
    assert!(line.starts_with("ssm-exec: warning: "), "{line}");
    assert!(line.contains("FORGED"), "{line}");
    assert!(!line.contains(|c: char| c.is_control() || c == '\u{202e}'), "{line:?}");
    assert_eq!(run.stop(), (vec!["got TERM".to_owned()], Vec::new()));
}

#[test]
fn while_ssm_is_down_there_is_no_signal_and_a_change_is_found_afterwards() {
    // How the interval grows is in `clock`.
    let faults = [Fault::throttle, Fault::internal];
    in_parallel(faults.len(), |n| {
        let fault = faults[n]();
        let stub = stub();
        let run = watch(&stub, "-p /watch --settle 0s --on-change HUP");
        run.stdout.wait_for("started");
        stub.fault_when(When::every(), fault);
        put_password("canary-two")(&stub);
        run.stderr.wait_for("--watch could not look for changes");
        wait_for_polls(&stub, 2);
        assert_eq!(run.stdout.so_far(), [""; 0]);
        stub.clear_faults();
        run.stderr.wait_for("sending SIGHUP");
        assert_eq!(run.stdout.next(), "got HUP");
        assert_eq!(run.stop().0, ["got TERM"]);
    });
}

#[test]
fn another_failure_and_the_end_of_all_are_told_at_once() {
    let stub = stub();
    let run = watch(&stub, "-p /watch --settle 0s");
    run.stdout.wait_for("started");
    run.stderr.wait_for("--watch: an interval");
    stub.always(Fault::throttle());
    let line = run.stderr.next();
    assert!(line.contains("hrottl"), "{line}");
    stub.clear_faults();
    let line = run.stderr.next();
    assert!(line.contains("looks for changes again"), "{line}");
    stub.always(Fault::throttle());
    stub.wait_for_requests(stub.requests().len() + 2);
    stub.clear_faults();
    stub.deny("GetParametersByPath", "*", ssm_stub::Denial::default());
    let line = run.stderr.next();
    assert!(line.contains("ssm:GetParametersByPath"), "{line}");
    stub.clear_denials();
    let line = run.stderr.next();
    assert!(line.contains("looks for changes again"), "{line}");
    assert_eq!(run.stop(), (vec!["got TERM".to_owned()], Vec::new()));
}

#[test]
fn a_fork_that_is_stopped_is_not_waited_for_without_end() {
    let stub = stub();
    let run = watch(&stub, "-p /watch --settle 0s --timeout 1s");
    run.stdout.wait_for("started");
    let watcher = run.watcher();
    stub.hold();
    // A poll waits for a second, and may end before the signal.
    let mut polls = Vec::new();
    eventually("a poll is stopped", || {
        polls = children(watcher);
        let stops = |poll: &Pid| kill(*poll, Signal::SIGSTOP).is_ok() && is_stopped(*poll);
        polls.iter().any(stops)
    });
    let [poll] = polls[..] else {
        panic!("{polls:?}");
    };
    let line = run.stderr.wait_for("took longer than");
    assert!(line.contains("goes on trying"), "{line}");
    assert!(is_gone(poll), "it is gone");
    stub.release();
    run.stderr.wait_for("looks for changes again");
    assert_eq!(run.stop().0, ["got TERM"]);
}

/// Sets the soft limit on open files of a process.
fn limit_descriptors(process: Pid, limit: u32) {
    let mut prlimit = Command::new("prlimit");
    prlimit.arg(format!("--pid={process}"));
    succeeds(prlimit.arg(format!("--nofile={limit}:")));
}

#[test]
fn a_watcher_that_gets_no_socket_says_so_and_goes_on() {
    let stub = stub();
    let run = watch(&stub, "-p /watch --settle 0s --on-change HUP");
    run.stdout.wait_for("started");
    let watcher = run.watcher();
    // Until its first poll, it waits for what the command gets. It may be waiting for a poll, which the limit ends with
    // another reason.
    wait_for_polls(&stub, 1);
    limit_descriptors(watcher, 1);
    let line = run.stderr.wait_for("the system refused a socket: Too many open files");
    assert!(line.contains("--watch could not look for changes, and goes on trying"), "{line}");
    put_password("canary-two")(&stub);
    limit_descriptors(watcher, 64);
    run.stderr.wait_for("sending SIGHUP");
    assert_eq!(run.stdout.next(), "got HUP");
    assert_eq!(run.stop(), (vec!["got TERM".to_owned()], Vec::new()));
}

/// A stub with TLS behind a relay, and a watcher that asks it.
fn watch_by_relay() -> (Arc<Stub>, Relay, Watched) {
    let stub = fill(Stub::builder().tls().start());
    let stub = Arc::new(stub);
    let counted = Arc::clone(&stub);
    let relay = Relay::to(stub.port(), move || counted.requests().len());
    let run = Run::against(&format!("https://localhost:{}", relay.port()));
    std::fs::write(run.home().join("ca.pem"), stub.ca_pem()).expect("a file");
    let run = run.args("-p /watch --settle 0s --on-change HUP --ca-bundle ca.pem");
    let run = watch_run(run);
    run.stdout.wait_for("started");
    (stub, relay, run)
}

const BREAKS: [(Step, How); 5] = [
    (Step::Hello, How::Close),
    (Step::Handshake, How::Reset),
    (Step::Handshake, How::Close),
    (Step::Request, How::Reset),
    (Step::Handshake, How::Text("220 mail.example ESMTP\r\n")),
];

#[test]
fn a_poll_whose_connections_break_is_a_warning_and_the_change_is_found_afterwards() {
    in_parallel(BREAKS.len(), |n| {
        let (step, how) = BREAKS[n];
        let (stub, relay, run) = watch_by_relay();
        relay.breaks(Break { step, how, after: 0, connections: usize::MAX });
        let line = run.stderr.wait_for("--watch could not look for changes");
        let server = format!("localhost:{}", relay.port());
        assert!(line.contains(&server), "{step:?} {how:?}: {line}");
        put_password("canary-two")(&stub);
        relay.breaks(None);
        run.stderr.wait_for("sending SIGHUP");
        assert_eq!(run.stdout.next(), "got HUP");
        assert_eq!(run.stop().0, ["got TERM"]);
    });
}

#[test]
fn a_rehearsal_whose_connection_breaks_is_repeated() {
    in_parallel(BREAKS.len(), |n| {
        let (step, how) = BREAKS[n];
        let (stub, relay, run) = watch_by_relay();
        // The poll is forwarded.
        put_password("canary-two")(&stub);
        relay.breaks(Break { step, how, after: 1, connections: 1 });
        run.stderr.wait_for("sending SIGHUP");
        assert_eq!(run.stdout.next(), "got HUP");
        assert_eq!(run.stop().0, ["got TERM"]);
    });
}
