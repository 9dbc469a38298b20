//! What is a change, and what the command is told about it.

use super::*;

#[test]
fn a_rotated_value_is_one_signal_and_one_line_that_names_the_change() {
    let stub = stub();
    let run = watch(&stub, "-p /watch --settle 0s");
    assert_eq!(run.stdout.next(), "started with one canary-one");
    wait_for_polls(&stub, 2);
    stub.put(Parameter::secure("/watch/password", "canary-two"));
    let line = run.stderr.wait_for("sending SIGTERM");
    assert!(line.contains("/watch/password 1 -> 2"), "{line}");
    let (status, stdout, stderr) = run.finish();
    assert_eq!(status.code(), Some(0));
    assert_eq!(stdout, ["got TERM"]);
    assert_eq!(stderr, [""; 0]);
}

#[test]
fn the_next_start_has_the_new_value_and_the_next_rotation_is_seen_too() {
    let stub = stub();
    let run = watch(&stub, "-p /watch --settle 0s --on-change HUP");
    assert_eq!(run.stdout.next(), "started with one canary-one");
    for version in 2..5 {
        let value = format!("canary-{version}");
        stub.put(Parameter::secure("/watch/password", &value));
        let line = run.stderr.wait_for("sending SIGHUP");
        let change = format!("/watch/password {} -> {version}:", version - 1);
        assert!(line.contains(&change), "{line}");
        assert_eq!(run.stdout.next(), "got HUP");
    }
    wait_for_polls(&stub, 3);
    assert_eq!(run.stdout.so_far(), [""; 0]);
    assert_eq!(run.stop().0, ["got TERM"]);
}

#[test]
fn the_same_value_written_again_is_no_signal() {
    let stub = stub();
    let run = watch(&stub, "-p /watch --settle 0s");
    assert_eq!(run.stdout.next(), "started with one canary-one");
    stub.put(Parameter::secure("/watch/password", "canary-one"));
    // Two, since the first may have begun before.
    wait_for_polls(&stub, 4);
    let rehearsals = stub.requests();
    let rehearsals = rehearsals.iter().filter(|request| request.body["WithDecryption"] == true);
    assert_eq!(rehearsals.count(), 2, "the start, and one rehearsal");
    let (stdout, stderr) = run.stop();
    assert_eq!(stdout, ["got TERM"]);
    assert!(stderr.iter().all(|line| line.contains("--watch: an interval")), "{stderr:#?}");
}

#[test]
fn a_user_and_a_password_rotated_one_after_the_other_are_one_signal() {
    let stub = stub();
    let run = watch(&stub, "-p /watch --settle 2s --on-change HUP");
    assert_eq!(run.stdout.next(), "started with one canary-one");
    stub.put(Parameter::string("/watch/user-name", "two"));
    // It has been seen, and settles.
    wait_for_rehearsals(&stub, 1);
    stub.put(Parameter::secure("/watch/password", "canary-two"));
    let line = run.stderr.wait_for("sending SIGHUP");
    assert!(line.contains("/watch/password 1 -> 2, /watch/user-name 1 -> 2"), "{line}");
    assert_eq!(run.stdout.next(), "got HUP");
    wait_for_polls(&stub, 4);
    assert_eq!(run.stop().0, ["got TERM"]);
}

#[test]
fn a_parameter_that_is_written_all_the_time_holds_nothing_back() {
    // With the same value it needs no settling; what always changes is acted on after ten times as long.
    in_parallel(2, |n| {
        let always = ["beat", ""][n];
        let stub = stub();
        stub.put(Parameter::string("/watch/heartbeat", "beat0"));
        let run = watch(&stub, "-p /watch --settle 1s --on-change HUP");
        assert_eq!(run.stdout.next(), "started with one canary-one");
        stub.put(Parameter::secure("/watch/password", "canary-two"));
        let mut settling = 0;
        let line = loop {
            stub.put(Parameter::string(
                "/watch/heartbeat",
                &format!(
                    "beat{}",
                    match always {
                        "beat" => 0,
                        _ => settling,
                    }
                ),
            ));
            wait_for_rehearsals(&stub, 1);
            settling += 1;
            if let Some(line) =
                run.stderr.so_far().into_iter().find(|line| line.contains("sending"))
            {
                break line;
            }
        };
        assert!(line.contains("/watch/password 1 -> 2"), "{line}");
        assert_eq!(run.stdout.next(), "got HUP");
        let expected = if always == "beat" { 2..=4 } else { 9..=13 };
        assert!(expected.contains(&settling), "{always:?}: {settling} rehearsals");
    });
}

/// Starts ssm-exec again whenever it ends, as a supervisor does.
const SUPERVISOR: &str = r#"while :; do "$@"; done"#;

#[test]
fn no_start_ever_has_a_new_user_and_an_old_password() {
    let stub = stub();
    let (inner, _home) = Run::against(&stub.url())
        .args("-p /watch --settle 2s --watch 1s -- sh -c")
        .arg(COMMAND)
        .command();
    let mut supervisor = through("sh", &["-c", SUPERVISOR, "sh"], &inner);
    // A group of its own, to end all of it.
    std::os::unix::process::CommandExt::process_group(&mut supervisor, 0);
    let mut child = supervisor
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("starts");
    let stdout = Lines::of(child.stdout.take().expect("a pipe"));
    let mut said = vec![stdout.next()];
    for new in ["two", "three"] {
        // The first has been seen, and settles, when the second one comes.
        stub.put(Parameter::string("/watch/user-name", new));
        wait_for_rehearsals(&stub, 1);
        stub.put(Parameter::secure("/watch/password", &format!("canary-{new}")));
        said.push(stdout.next());
        said.push(stdout.next());
    }
    wait_for_polls(&stub, 4);
    let group = Pid::from_raw(i32::try_from(child.id()).expect("a process id"));
    nix::sys::signal::killpg(group, Signal::SIGKILL).expect("a signal");
    child.wait().expect("ends");
    said.extend(stdout.rest());
    assert_eq!(
        said,
        [
            "started with one canary-one",
            "got TERM",
            "started with two canary-two",
            "got TERM",
            "started with three canary-three",
        ]
    );
}

#[test]
fn a_trigger_is_the_only_parameter_that_is_polled_and_counts_at_once() {
    let stub = stub();
    stub.put(Parameter::string("/org/generation", "1"));
    let run = watch(&stub, "-p /watch --trigger /org/generation --settle 1h --on-change HUP");
    assert_eq!(run.stdout.next(), "started with one canary-one");
    stub.put(Parameter::string("/watch/user-name", "two"));
    wait_for_polls(&stub, 3);
    assert_eq!(run.stdout.so_far(), [""; 0]);
    stub.put(Parameter::secure("/watch/password", "canary-two"));
    stub.put(Parameter::string("/org/generation", "2"));
    let line = run.stderr.wait_for("sending SIGHUP");
    for change in ["/org/generation 1 -> 2", "/watch/password 1 -> 2", "/watch/user-name 1 -> 2"] {
        assert!(line.contains(change), "{line}");
    }
    assert_eq!(run.stdout.next(), "got HUP");
    let polls = stub.requests();
    let polls = polls.iter().filter(|request| request.body["WithDecryption"] == false);
    assert!(polls.clone().count() > 2);
    for poll in polls {
        assert_eq!(poll.names(), ["/org/generation"]);
    }
    assert_eq!(run.stop().0, ["got TERM"]);
}

/// Parameter Store knows a name without hierarchy with and without its slash.
#[test]
fn a_trigger_may_be_written_with_or_without_a_slash() {
    in_parallel(2, |n| {
        let trigger = ["generation", "/generation"][n];
        let stub = stub();
        stub.put(Parameter::string("generation", "1"));
        let run = watch(&stub, &format!("-p /watch --trigger {trigger} --on-change HUP"));
        assert_eq!(run.stdout.next(), "started with one canary-one");
        // A poll that finds a change is followed by a request for the values.
        let decrypting = || {
            let requests = stub.requests();
            let requests = requests.iter();
            requests.filter(|request| request.body["WithDecryption"] == true).count()
        };
        let before = decrypting();
        stub.put(Parameter::secure("/watch/password", "canary-two"));
        wait_for_polls(&stub, 3);
        assert_eq!(decrypting(), before, "{trigger}");
        stub.put(Parameter::string("generation", "2"));
        let line = run.stderr.wait_for("sending SIGHUP");
        assert!(line.contains("generation 1 -> 2"), "{line}");
        assert_eq!(run.stdout.next(), "got HUP");
        assert_eq!(run.stop().0, ["got TERM"]);
    });
}

#[test]
fn an_added_parameter_a_moved_label_and_a_new_secret_are_changes() {
    let stub = Stub::start();
    stub.put(Parameter::secure("/watch/password", "canary-one").label("blue"));
    stub.put(Parameter::secure("/watch/password", "canary-two"));
    stub.put(Parameter::string("/watch/below/user-name", "one"));
    stub.put_secret("db", "canary-secret-one");
    let sources =
        "-k PASSWORD=/watch/password:blue -p /watch/below -k DB=/aws/reference/secretsmanager/db";
    let run = watch(&stub, &format!("{sources} --settle 0s --on-change HUP"));
    assert_eq!(run.stdout.next(), "started with one canary-one");
    let expect = |words: &str| {
        let line = run.stderr.wait_for("sending SIGHUP");
        assert!(line.contains(words), "{line}");
        assert_eq!(run.stdout.next(), "got HUP");
    };
    stub.put(Parameter::string("/watch/below/new", "canary-new"));
    expect("/watch/below/new added");
    stub.put(Parameter::secure("/watch/password", "canary-three").label("blue"));
    expect("/watch/password:blue 1 -> 3");
    stub.put_secret_version(ssm_stub::Secret::string("db", "canary-secret-two").created(2e9));
    expect("/aws/reference/secretsmanager/db changed");
    assert_eq!(run.stop().0, ["got TERM"]);
}

#[test]
fn polls_ask_for_what_check_announced_and_decrypt_nothing() {
    let stub = stub();
    for n in 0..25 {
        stub.put(Parameter::secure(&format!("/many/k{n}"), "canary"));
    }
    stub.put(Parameter::secure("/fixed", "canary-fixed"));
    stub.put_secret("db", "canary-secret");
    let sources =
        "-p /many -k A=/watch/password -k FIXED=/fixed:1 -k DB=/aws/reference/secretsmanager/db";
    let report = Run::against(&stub.url()).args("check --watch 5m").args(sources).run().text();
    // Three pages, one batch of names, one of secrets.
    assert!(report.ends_with("\nwatch: 5 requests every 5m for each process\n"), "{report}");
    let before = stub.requests().len();
    let run = watch(&stub, &format!("{sources} --settle 0s"));
    run.stdout.wait_for("started");
    let started = stub.requests().len();
    assert_eq!(started - before, 5, "the pinned name shares a batch");
    stub.wait_for_requests(started + 15);
    let polls = stub.requests().split_off(started);
    let polls = &polls[..15];
    for poll in polls {
        let is_secret = poll.names().iter().any(|name| name.contains("secretsmanager"));
        assert_eq!(poll.body["WithDecryption"], is_secret, "{:?}", poll.body);
        assert!(!poll.names().contains(&"/fixed:1"));
    }
    let by_path = polls.iter().filter(|poll| poll.action == "GetParametersByPath");
    assert_eq!(by_path.count(), 9);
    assert_eq!(run.stop().0, ["got TERM"]);
}

#[test]
fn polls_need_no_permission_to_decrypt() {
    let stub = stub();
    let run = watch(&stub, "-p /watch --settle 0s");
    run.stdout.wait_for("started");
    stub.deny_kms("/watch/*", ssm_stub::KmsDenial::New);
    wait_for_polls(&stub, 3);
    let (_, stderr) = run.stop();
    assert!(stderr.iter().all(|line| line.contains("--watch: an interval")), "{stderr:#?}");
}
