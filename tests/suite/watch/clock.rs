//! Hours of an SSM that does not answer. The watcher is the real one with another clock (examples/fast_clock.rs).

use super::*;
use crate::support::{eventually, fast_clock};
use crate::watch::memory::{children, own_memory};
use nix::unistd::geteuid;
use ssm_stub::{Fault, OnConnect};

/// After the first failure the interval is 2, 4 and then 8 minutes, each less a fifth at most.
const MOST_POLLS_IN_AN_HOUR: usize = 11;

fn an_outage(begin: impl Fn(&Stub), end: impl Fn(&Stub)) {
    let stub = stub();
    let run = Run::against(&stub.url()).args("-p /watch --settle 0s --on-change HUP");
    let run = watch_with("1m", fast_clock(), run);
    run.stdout.wait_for("started");
    run.stderr.wait_for("--on-change HUP");
    wait_for_polls(&stub, 2);
    begin(&stub);
    stub.put(Parameter::secure("/watch/password", "canary-two"));
    for _hour in 0..2 {
        let line = run.stderr.next();
        assert!(line.contains("could not look for changes"), "{line}");
        let before = stub.connections();
        // The next message comes after an hour.
        let line = run.stderr.next();
        assert!(line.contains("could not look for changes"), "{line}");
        let polls = stub.connections() - before;
        // On a busy machine an hour of that clock is soon over.
        assert!((1..=MOST_POLLS_IN_AN_HOUR).contains(&polls), "{polls}");
        assert_eq!(run.stdout.so_far(), [""; 0]);
    }
    end(&stub);
    run.stderr.wait_for("/watch/password 1 -> 2: sending SIGHUP");
    assert_eq!(run.stdout.next(), "got HUP");
    let polls = stub.connections();
    stub.wait_for_connections(polls + 3);
    assert_eq!(run.stop(), (vec!["got TERM".to_owned()], Vec::new()));
}

#[test]
fn hours_of_throttling_are_one_message_an_hour_few_requests_and_no_signal() {
    an_outage(|stub| stub.always(Fault::throttle()), Stub::clear_faults);
}

#[test]
fn hours_of_errors_are_one_message_an_hour_few_requests_and_no_signal() {
    an_outage(|stub| stub.always(Fault::status(503)), Stub::clear_faults);
}

#[test]
fn hours_without_connections_are_one_message_an_hour_few_requests_and_no_signal() {
    an_outage(|stub| stub.on_connect(OnConnect::Reset), |stub| stub.on_connect(OnConnect::Serve));
}

#[test]
fn a_command_that_goes_on_after_its_signal_gets_no_second_one_and_is_one_message_an_hour() {
    let stub = stub();
    let run = Run::against(&stub.url()).args("-p /watch --settle 0s --watch 1m");
    let script = "trap 'echo got TERM' TERM; echo started; while :; do sleep 0.05; done";
    let run = spawn_with(fast_clock(), run.args("-- sh -c").arg(script));
    run.stdout.wait_for("started");
    stub.put(Parameter::secure("/watch/password", "canary-two"));
    run.stderr.wait_for("sending SIGTERM");
    assert_eq!(run.stdout.next(), "got TERM");
    let requests = stub.requests().len();
    stub.put(Parameter::secure("/watch/password", "canary-three"));
    for hours in 1..3 {
        let line = run.stderr.next();
        assert!(line.contains(&format!("still runs {hours}h after SIGTERM")), "{line}");
    }
    assert_eq!(run.stdout.so_far(), [""; 0]);
    let after = stub.requests().len();
    assert_eq!(after, requests, "nothing is left to look for");
    run.send(Signal::SIGKILL);
}

#[test]
fn a_change_that_would_not_start_is_one_error_an_hour_another_and_its_end_are_told_at_once() {
    let stub = stub();
    let run = Run::against(&stub.url()).args("-p /watch --settle 0s --require PASSWORD");
    let run = watch_with("1m", fast_clock(), run);
    run.stdout.wait_for("started");
    stub.remove("/watch/password");
    let rehearsals = || {
        let requests = stub.requests().into_iter();
        let is_one = |it: &ssm_stub::Request| it.body["WithDecryption"] == true;
        requests.filter(is_one).count()
    };
    run.stderr.wait_for("ssm-exec: error:");
    for _hour in 0..2 {
        let before = rehearsals();
        let line = run.stderr.next();
        assert!(line.contains("PASSWORD"), "{line}");
        assert!(rehearsals() > before + 1, "only one of several rehearsals writes a message");
    }
    stub.put(Parameter::secure("/watch/password", "canary\0"));
    let line = run.stderr.next();
    assert!(line.contains("NUL"), "{line}");
    stub.put(Parameter::secure("/watch/password", "canary-one"));
    let line = run.stderr.next();
    assert!(line.contains("would succeed again"), "{line}");
    assert_eq!(run.stop(), (vec!["got TERM".to_owned()], Vec::new()));
}

/// Open descriptors, where only root may look.
fn descriptors(process: Pid) -> Option<usize> {
    let open = std::fs::read_dir(format!("/proc/{process}/fd"));
    geteuid().is_root().then(|| open.expect("it runs").count())
}

/// The unit test of src/watch/watcher.rs makes 10,000 polls, which answer at once.
#[test]
#[ignore = "takes half a minute: ./tests/run includes it"]
fn five_hundred_polls_leave_the_watcher_as_it_was() {
    const POLLS: usize = 500;
    let stub = stub();
    let run = Run::against(&stub.url()).args("-p /watch --settle 0s --on-change HUP");
    let run = watch_with("15s", fast_clock(), run);
    run.stdout.wait_for("started");
    stub.wait_for_requests(100);
    let watcher = run.watcher();
    let (size, open) = (own_memory(watcher), descriptors(watcher));
    for step in 1..=20 {
        stub.wait_for_requests(100 + step * POLLS / 20);
    }
    stub.hold();
    eventually("the last poll waits", || children(watcher).len() == 1);
    let size_after = own_memory(watcher);
    assert!(size_after <= 2048, "{size_after} KiB of its own");
    assert!(size_after <= size + 128, "{size} KiB, then {size_after} KiB");
    // One more for the answer of the poll that waits.
    let open_after = descriptors(watcher);
    assert!(
        open_after == open || open_after == open.map(|open| open + 1),
        "{open:?}, then {open_after:?}"
    );
    stub.release();
    stub.put(Parameter::secure("/watch/password", "canary-two"));
    run.stderr.wait_for("sending SIGHUP");
    assert_eq!(run.stdout.next(), "got HUP");
    assert_eq!(run.stop(), (vec!["got TERM".to_owned()], Vec::new()));
}
