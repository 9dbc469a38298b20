//! `--wait`: access and parameters that are on their way.

use crate::harness::*;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use ssm_stub::{Fault, Parameter, Stub};
use std::process::Stdio;

const ALLOW: &str = "no identity-based policy allows the ssm:GetParameters action";

fn run(stub: &Stub) -> Run {
    Run::against(&stub.url()).args("--wait 60s -k A=/wait/a")
}

fn canary() -> Parameter {
    Parameter::secure("/wait/a", "canary-late")
}

fn denied(end: &str) -> Fault {
    let text = format!(
        "User: arn:aws:iam::111122223333:user/ci is not authorized to perform: ssm:GetParameters on resource: arn:aws:ssm:eu-west-1:111122223333:parameter/wait/a {end}"
    );
    Fault::client("AccessDeniedException", &text)
}

#[test]
fn a_parameter_that_is_created_meanwhile_reaches_the_command() {
    for words in ["", "--optional-key B=/wait/never"] {
        let stub = Stub::start();
        std::thread::scope(|scope| {
            let started = scope.spawn(|| run(&stub).args(words).args("-- env").run());
            stub.wait_for_requests(1);
            stub.put(canary());
            let outcome = started.join().expect("a start");
            assert_eq!(outcome.status, 0, "{}", outcome.stderr);
            assert!(outcome.text().contains("A=canary-late"));
            let warnings = outcome.stderr.matches("warning: ").count();
            assert_eq!(warnings, 1, "{}", outcome.stderr);
            outcome.says(&["/wait/a (for A)", "waiting up to 1m for it (`--wait`)"]);
        });
    }
}

#[test]
fn without_a_request_there_is_nothing_to_wait_for() {
    let outcome = Run::bare().args("--skip --wait 60s --require A -k A=/wait/a").fails(66);
    assert_eq!(outcome.stderr.matches("warning: ").count(), 1, "{}", outcome.stderr);
}

#[test]
fn a_permission_and_a_key_that_take_effect_meanwhile_are_waited_for() {
    let unknown = "The security token included in the request is invalid.";
    for fault in
        [denied(&format!("because {ALLOW}")), Fault::client("UnrecognizedClientException", unknown)]
    {
        let stub = Stub::start();
        stub.put(canary());
        stub.fault(fault.clone());
        let environment = run(&stub).environment();
        environment.has(&[("A", "canary-late")]);
        assert_eq!(stub.requests().len(), 2, "{fault:?}");
    }
}

#[test]
fn what_time_does_not_mend_ends_at_once() {
    let expired = "The security token included in the request is expired";
    for fault in [
        denied("with an explicit deny in an identity-based policy"),
        Fault::client("ExpiredTokenException", expired),
    ] {
        let stub = Stub::start();
        stub.put(canary());
        stub.always(fault);
        let outcome = run(&stub).args("-- env").fails(77);
        assert!(!outcome.stderr.contains("waited"), "{}", outcome.stderr);
        assert_eq!(stub.requests().len(), 1);
    }
    // A mistake beside it ends the wait for a parameter.
    let stub = Stub::start();
    stub.put(Parameter::string("/wait/b/path", "canary-path"));
    let outcome = run(&stub).args("-p /wait/b -- env").fails(78);
    outcome.says(&["PATH"]);
    assert!(!outcome.stderr.contains("waiting"), "{}", outcome.stderr);
}

#[test]
fn after_the_time_the_message_is_the_same_and_says_how_long() {
    let stub = Stub::start();
    let run = || Run::against(&stub.url()).args("-q --wait 1s -k A=/wait/a");
    let outcome = run().args("-- env").fails(66);
    outcome.says(&["1 parameter does not exist", "/wait/a (for A)", "waited 1s"]);
    let of_a_check = Run::against(&stub.url()).args("check --wait 1s -k A=/wait/a");
    assert_eq!(of_a_check.run().status, 66);
    let asked = stub.requests().len();
    assert!(asked >= 4, "{asked}");
}

#[test]
fn without_it_and_for_what_is_optional_nothing_is_asked_twice() {
    let stub = Stub::start();
    let run = |words: &str| Run::against(&stub.url()).args(words).args("-- env");
    for words in ["-k A=/wait/a", "--wait 0s -k A=/wait/a"] {
        assert_eq!(run(words).run().status, 66);
    }
    let optional = run("--wait 60s --optional-key A=/wait/a").run();
    assert_eq!((optional.status, optional.stderr.as_str()), (0, ""));
    assert_eq!(stub.requests().len(), 3);
    let on_lambda = run("--wait 60s -k A=/wait/a").env("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001");
    on_lambda.fails(64).says(&["--wait: on Lambda there is no time to wait"]);
}

#[test]
fn a_signal_ends_it() {
    let stub = Stub::start();
    let (mut command, _home) = run(&stub).args("-- env").command();
    let mut child = command.stderr(Stdio::piped()).spawn().expect("starts");
    let mut stderr = std::io::BufReader::new(child.stderr.take().expect("a pipe"));
    let mut line = String::new();
    std::io::BufRead::read_line(&mut stderr, &mut line).expect("a line");
    assert!(line.contains("waiting up to"), "{line}");
    let pid = Pid::from_raw(i32::try_from(child.id()).expect("a process"));
    kill(pid, Signal::SIGTERM).expect("a signal");
    assert_eq!(child.wait().expect("a status").code(), Some(143));
}
