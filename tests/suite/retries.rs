//! What counts as an attempt, and what a message names when several requests fail.

use crate::harness::*;
use ssm_stub::{Denial, Fault, Parameter, Stub, When};
use std::time::Duration;

/// A stub with a parameter below each of `/p0`, `/p1`, …, and a run that fetches them.
fn prefixes(count: usize) -> (Stub, Run) {
    let stub = Stub::start();
    let mut run = Run::against(&stub.url());
    for n in 0..count {
        stub.put(Parameter::secure(&format!("/p{n}/k{n}"), "canary"));
        run = run.args(&format!("-p /p{n}"));
    }
    (stub, run)
}

#[test]
fn pages_that_were_answered_are_no_attempts() {
    let stub = Stub::start();
    for n in 0..250 {
        stub.put(Parameter::secure(&format!("/many/k{n}"), "canary"));
    }
    stub.fault_when(When::next(20), Fault::None);
    stub.always(Fault::status(500));
    let run = Run::against(&stub.url()).args("-q -p /many --timeout 6s -- true");
    let outcome = run.fails(75);
    let failed = stub.requests().len() - 20;
    let attempts = if failed == 1 { "attempt" } else { "attempts" };
    outcome.says(&[&format!("in {failed} {attempts}")]);
}

#[test]
fn after_a_denial_every_other_request_has_one_attempt() {
    let (stub, run) = prefixes(40);
    let by_path = "GetParametersByPath";
    for denied in ["p0", "p39"] {
        let arn = format!("arn:aws:ssm:*:*:parameter/{denied}*");
        stub.deny(by_path, &arn, Denial::default());
    }
    // They are sent before the last one.
    for n in 1..39 {
        stub.fault_when(When::every().naming(&format!("/p{n}")), Fault::status(500));
    }
    run.args("--timeout 30s -- true").fails(77).says(&["/p0", "/p39"]);
}

#[test]
fn a_denied_batch_is_reported_although_its_names_fail_temporarily() {
    let stub = Stub::start();
    for name in ["/d/one", "/d/two"] {
        stub.put(Parameter::secure(name, "canary"));
    }
    stub.deny("GetParameters", "*", Denial::default());
    stub.fault(Fault::None);
    stub.always(Fault::status(503).header("retry-after", "60"));
    Run::against(&stub.url())
        .args("-k A=/d/one -k B=/d/two -- true")
        .fails(77)
        .says(&["ssm:GetParameters"]);
}

#[test]
fn the_message_at_the_deadline_names_what_was_throttled() {
    let (stub, run) = prefixes(2);
    stub.fault_when(When::next(1).naming("/p0"), Fault::throttle());
    stub.fault_when(When::every().naming("/p0"), Fault::NoResponse);
    stub.fault_when(When::every().naming("/p1"), Fault::Delay(Duration::from_millis(500)));
    run.args("-q --timeout 6s -- true")
        .fails(75)
        .says(&["/p0", "throttled: Parameter Store limits the rate of requests"]);
}
