//! Secrets in the memory of the watcher, and its size.

use super::*;
use crate::support::eventually;
use memchr::memmem;
use std::fs::File;
use std::os::unix::fs::{FileExt, MetadataExt};

/// How often each value is in the readable memory of a process.
fn count(process: Pid, needles: &[String]) -> Option<usize> {
    let maps = std::fs::read_to_string(format!("/proc/{process}/maps")).ok()?;
    let memory = File::open(format!("/proc/{process}/mem")).ok()?;
    let mut found = 0;
    let mut bytes_seen = 0;
    for line in maps.lines() {
        let (range, rest) = line.split_once(' ').expect("a range");
        if !rest.starts_with('r') || line.ends_with("[vvar]") || line.ends_with("[vsyscall]") {
            continue;
        }
        let (start, end) = range.split_once('-').expect("a range");
        let parse = |text| u64::from_str_radix(text, 16).expect("an address");
        let mut block = vec![0; usize::try_from(parse(end) - parse(start)).expect("a size")];
        if memory.read_exact_at(&mut block, parse(start)).is_ok() {
            bytes_seen += block.len();
            for needle in needles {
                found += memmem::find_iter(&block, needle.as_bytes()).count();
            }
        }
    }
    (bytes_seen > 1_000_000).then_some(found)
}

/// Memory that is not of a file, in KiB.
pub(super) fn own_memory(process: Pid) -> usize {
    let size = field(process, "status", "RssAnon:");
    let size = size.trim_end_matches(" kB");
    size.trim().parse().expect("a number")
}

#[test]
#[ignore = "needs root, to read the memory of a process that hides it: ./tests/run provides it"]
fn the_watcher_never_holds_a_value_and_stays_small() {
    holds_no_value(
        "-p /watch --settle 0s --on-change HUP",
        "started with one canary-0-Qk7vX2mP9sLw",
    );
}

#[test]
#[ignore = "needs root, to read the memory of a process that hides it: ./tests/run provides it"]
fn the_watcher_of_live_files_never_holds_a_value_and_stays_small() {
    holds_no_value(
        "--file PASSWORD=/watch/password --settle 0s --on-file-change HUP",
        "started with  /proc/",
    );
}

fn holds_no_value(options: &str, started: &str) {
    let value = |n: usize| format!("canary-{n}-Qk7vX2mP9sLw");
    let stub = stub();
    stub.put(Parameter::secure("/watch/password", &value(0)));
    let run = watch(&stub, options);
    run.stdout.wait_for(started);
    let watcher = run.watcher();
    let needles: Vec<String> = (0..4).map(value).collect();
    assert_eq!(count(watcher, &needles), Some(0), "after the start");
    wait_for_polls(&stub, 1);
    let before = own_memory(watcher);
    for n in 1..4 {
        stub.put(Parameter::secure("/watch/password", &value(n)));
        run.stderr.wait_for("sending SIGHUP");
        assert_eq!(run.stdout.next(), "got HUP");
        assert_eq!(count(watcher, &needles), Some(0), "after rotation {n}");
    }
    let after = own_memory(watcher);
    assert!(after <= 2048, "{after} KiB of its own");
    assert!(after <= before + 128, "{before} KiB, then {after} KiB");
    let status = std::fs::read_to_string(format!("/proc/{watcher}/status")).expect("it runs");
    assert!(!status.contains("canary"));
    // Hidden from other processes of the user, as its memory is.
    let owner = std::fs::metadata(format!("/proc/{watcher}/environ")).expect("it runs").uid();
    assert_eq!(owner, 0);
    assert_eq!(run.stop().0, ["got TERM"]);
    eventually("the watcher is gone", || is_gone(watcher));
}

/// The processes that a process has started.
pub(super) fn children(process: Pid) -> Vec<Pid> {
    processes(|_| true).into_iter().filter(|child| parent(*child) == Some(process)).collect()
}

#[test]
#[ignore = "needs root, to read the memory of a process that hides it: ./tests/run provides it"]
fn during_a_rehearsal_only_its_own_process_holds_a_value() {
    let value = "canary-rehearsed-Qk7vX2mP9sLw";
    let stub = stub();
    stub.put(Parameter::secure("/other/key", "canary-other"));
    stub.put(Parameter::string("/org/generation", "1"));
    let run = watch(
        &stub,
        "-p /watch -k /other/key --trigger /org/generation --timeout 1h --on-change HUP",
    );
    run.stdout.wait_for("started");
    let watcher = run.watcher();
    // The rehearsal has one answer, and waits for the other one. Polls ask for the trigger alone.
    stub.fault_when(ssm_stub::When::next(1).naming("/other/key"), ssm_stub::Fault::NoResponse);
    stub.put(Parameter::secure("/watch/password", value));
    stub.put(Parameter::string("/org/generation", "2"));
    let needles = [value.to_owned()];
    let holds = |process: Pid| count(process, &needles).is_some_and(|found| found > 0);
    let mut rehearsing = Vec::new();
    eventually("a process has fetched the value", || {
        rehearsing = children(watcher);
        rehearsing.iter().any(|process| holds(*process))
    });
    assert_eq!(rehearsing.len(), 1, "{rehearsing:?}");
    assert_eq!(count(watcher, &needles), Some(0), "the watcher");
    assert_eq!(count(run.process(), &needles), Some(0), "the command");
    // Its end is a failure that may pass: the watcher says so, and tries again.
    kill(rehearsing[0], Signal::SIGKILL).expect("a signal");
    run.stderr.wait_for("SIGKILL ended its process");
    run.stderr.wait_for("sending SIGHUP");
    assert_eq!(run.stdout.next(), "got HUP");
    eventually("its processes are gone", || children(watcher).is_empty());
    assert_eq!(count(watcher, &needles), Some(0), "after the signal");
    assert_eq!(count(run.process(), &needles), Some(0), "the command");
    assert_eq!(run.stop().0, ["got TERM"]);
    eventually("the watcher is gone", || is_gone(watcher));
}
