//! Settings of `--watch`, and mistakes in them: each is an error before the start.

use super::*;
use crate::support::seccomp;
use nix::libc;

fn refused(words: &str, status: i32, parts: &[&str]) {
    let stub = stub();
    Run::against(&stub.url()).args(words).fails(status).says(parts);
    assert_eq!(stub.requests().len(), 0, "{words}");
}

#[test]
fn mistakes_in_the_settings_are_errors_before_the_start() {
    for (words, parts) in [
        ("--watch 500ms", &["--watch", "`500ms`", "too short", "1s"][..]),
        ("--watch 0s", &["--watch", "too short"]),
        ("--watch 5", &["--watch", "has no unit"]),
        ("--watch often", &["--watch", "`often`"]),
        ("--watch 5m --on-change KILL", &["--on-change", "`KILL`", "TERM"]),
        ("--watch 5m --on-change 9", &["--on-change", "`9`", "TERM"]),
        ("--watch 5m --on-change SIGSTOP", &["--on-change", "suspends"]),
        ("--watch 5m --on-change TERN", &["did you mean `TERM`?"]),
        ("--watch 5m --settle soon", &["--settle", "`soon`"]),
        ("--watch 5m --trigger a/b", &["--trigger", "/a/b"]),
        ("--watch 5m --trigger /g:1", &["--trigger", "version 1"]),
        ("--trigger /org/generation", &["--trigger", "nothing is watched", "Add `--watch 5m`"]),
        ("--settle 5s", &["--settle", "nothing is watched", "Add `--watch 5m`"]),
        ("--on-change HUP", &["--on-change", "nothing is watched", "Add `--watch 5m`"]),
        ("--on-file-change HUP", &["--on-file-change", "nothing is watched", "Add `--watch 5m`"]),
        ("--watch 5m --on-file-change KILL", &["--on-file-change", "`KILL`"]),
    ] {
        refused(&format!("-p /watch {words}"), 64, parts);
    }
    refused(
        "-k A=/watch/password:1 -k B=/watch/user-name:1 --no-refs --watch 5m",
        64,
        &["--watch", "pinned to a version"],
    );
}

#[test]
fn a_mistake_in_a_variable_or_the_file_ends_with_78() {
    let stub = stub();
    let run = || Run::against(&stub.url()).args("-p /watch");
    run().env("SSM_EXEC_WATCH", "500ms").fails(78).says(&["SSM_EXEC_WATCH", "too short"]);
    run()
        .file("[watch]\nevery = \"5m\"\non_change = \"KILL\"\n")
        .fails(78)
        .says(&["line 3", "watch.on_change"]);
    run().file("[watch]\nevry = \"5m\"\n").fails(78).says(&["evry", "did you mean `every`"]);
}

#[test]
fn off_is_off_whatever_weaker_levels_say() {
    const FILE: &str = "prefix = \"/watch\"\n[watch]\nevery = \"1s\"\nsettle = \"0s\"\n";
    let stub = stub();
    let run = || Run::against(&stub.url()).file(FILE);
    for run in [
        run().args("--no-watch"),
        run().args("--watch 5s --no-watch"),
        run().args("--watch off"),
        run().env("SSM_EXEC_WATCH", "off"),
        run().env("SSM_EXEC_WATCH", "5s").args("--no-watch"),
    ] {
        let outcome = run.args("-- grep -c . /proc/self/status").run();
        assert_eq!((outcome.status, outcome.stderr.as_str()), (0, ""), "{}", outcome.shown);
    }
    for run in [
        run().args("--no-watch --watch 1s"),
        run().env("SSM_EXEC_WATCH", ""),
        run().env("SSM_EXEC_WATCH", "off").args("--watch 1s"),
    ] {
        let outcome = run.args("-- true").run();
        outcome.says(&["an interval of 1s"]);
    }
}

#[test]
fn a_signal_to_reload_is_one_warning() {
    let stub = stub();
    let run = |options: &str| {
        let run = Run::against(&stub.url()).args("--watch 5m");
        run.args(options).args("-- true").run()
    };
    for options in [
        "-p /watch --on-change HUP",
        "-p /watch --on-change USR1",
        "--file F=/watch/password --on-change USR2",
    ] {
        run(options).says(&["--on-change", "does not change", "--on-file-change"]);
    }
    for options in [
        "-p /watch --on-change INT",
        "--file F=/watch/password --on-change HUP --on-file-change HUP",
    ] {
        assert_eq!(run(options).stderr, "", "{options}");
    }
}

#[test]
fn a_trigger_that_does_not_exist_is_a_missing_parameter() {
    let stub = stub();
    Run::against(&stub.url())
        .args("-p /watch --watch 5m --trigger /org/generation")
        .fails(66)
        .says(&["/org/generation", "--trigger"]);
}

#[test]
fn on_lambda_it_is_an_error() {
    let stub = stub();
    Run::against(&stub.url())
        .env("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001")
        .args("-p /watch --watch 5m")
        .fails(64)
        .says(&["--watch", "Lambda", "--fingerprint"]);
}

#[test]
fn a_kernel_without_descriptors_of_processes_is_an_error() {
    let stub = stub();
    let (mut command, _home) =
        Run::against(&stub.url()).args("-p /watch --watch 5m -- echo started").command();
    seccomp::refuse(&mut command, &[libc::SYS_pidfd_open], libc::ENOSYS);
    let output = command.output().expect("starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(71), "{stderr}");
    assert!(stderr.contains("Linux 5.3"), "{stderr}");
    assert!(output.stdout.is_empty());
}

#[test]
fn with_skip_there_is_no_watcher() {
    let run = Run::bare().args("--skip --watch 5m -- sh -c");
    let outcome = run.arg("cat /proc/$$/status | grep -c Name; ls /proc").run();
    assert_eq!(outcome.status, 0);
    assert!(!outcome.stderr.contains("--watch"), "{}", outcome.stderr);
}

#[test]
fn a_short_interval_is_a_warning_with_its_cost() {
    let stub = stub();
    let run = |every: &str| {
        Run::against(&stub.url()).args("-p /watch --watch").arg(every).args("-- true").run()
    };
    run("10s").says(&["warning", "360 requests an hour", "40 a second"]);
    assert_eq!(run("30s").stderr, "");
}

#[test]
fn check_reports_the_cost_as_json_too() {
    let stub = stub();
    let report = Run::against(&stub.url()).args("check -p /watch --watch 90s --format json").run();
    let report: serde_json::Value = serde_json::from_str(&report.text()).expect("JSON");
    assert_eq!(report["watch"], serde_json::json!({ "requests": 1, "everySeconds": 90.0 }));
}

#[test]
fn policy_says_that_polls_need_no_decryption() {
    let run = Run::bare().args("policy -v -p /watch --watch 5m --trigger /org/generation");
    let outcome = run.args("--region eu-west-1 --account 111122223333").run();
    outcome.says(&["need no kms:Decrypt"]);
    assert!(outcome.text().contains("parameter/org/generation"));
}

fn fingerprint(stub: &Stub, words: &str) -> Outcome {
    Run::against(&stub.url()).args("check --fingerprint").args(words).run()
}

#[test]
fn a_fingerprint_follows_versions_and_settings_and_reads_no_value() {
    let stub = stub();
    let first = fingerprint(&stub, "-p /watch").text();
    assert!(first.starts_with("v1:"), "{first}");
    assert_eq!(first.trim_end().len(), 67, "{first}");
    assert_eq!(fingerprint(&stub, "-p /watch").text(), first);
    for request in stub.requests() {
        assert_eq!(request.body["WithDecryption"], false);
    }
    assert_ne!(fingerprint(&stub, "-p /watch --case keep").text(), first);
    assert_eq!(fingerprint(&stub, "-p /watch --timeout 7s --log-format json").text(), first);
    stub.put(Parameter::secure("/watch/password", "canary-one"));
    assert_ne!(fingerprint(&stub, "-p /watch").text(), first);
}

#[test]
fn a_fingerprint_follows_the_region_and_the_date_of_what_was_created_again() {
    let with = |region: &str, seconds: f64| {
        let stub = Stub::builder().region(region).start();
        stub.put(Parameter::secure("/watch/password", "canary-one").modified(seconds));
        Run::against(&stub.url())
            .env("AWS_REGION", region)
            .args("check --fingerprint -p /watch -k NAMED=/watch/password")
            .run()
            .text()
    };
    let first = with("eu-west-1", 1e9);
    assert_eq!(with("eu-west-1", 1e9), first);
    assert_ne!(with("us-east-1", 1e9), first);
    assert_ne!(with("eu-west-1", 2e9), first);
}

#[test]
fn unchanged_since_ends_with_0_or_1() {
    let stub = stub();
    let first = fingerprint(&stub, "-p /watch").text();
    let compare = |with: &str| {
        Run::against(&stub.url()).args("check -p /watch --unchanged-since").arg(with).run()
    };
    let same = compare(first.trim_end());
    assert_eq!((same.status, same.stderr.as_str()), (0, ""));
    assert!(same.stdout.is_empty());
    stub.put(Parameter::secure("/watch/password", "canary-two"));
    let other = compare(first.trim_end());
    assert_eq!(other.status, 1);
    let now = fingerprint(&stub, "-p /watch").text();
    other.says(&["changed", now.trim_end()]);
    for wrong in ["", "abc", &"x".repeat(64)] {
        assert_eq!(compare(wrong).status, 64, "{wrong}");
    }
    for older in [&"0".repeat(64), &format!("v0:{}", "0".repeat(64))] {
        let outcome = compare(older);
        assert_eq!(outcome.status, 65, "{older}");
        outcome.says(&["another version of ssm-exec", "check --fingerprint"]);
    }
    stub.remove("/watch/password");
    stub.remove("/watch/user-name");
    assert_eq!(compare(first.trim_end()).status, 66);
}
