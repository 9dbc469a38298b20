//! A parameter that no longer exists: the command is never restarted without it.

use super::*;

fn run(stub: &Stub, options: &str, file: &str) -> Watched {
    let run = Run::against(&stub.url()).file(file);
    let run = watch_run(run.args("-p /watch --settle 0s").args(options));
    run.stdout.wait_for("started");
    run
}

/// Removes something, sees one error and no signal.
fn expect_no_restart(run: &Watched, stub: &Stub, words: &[&str]) {
    let line = run.stderr.wait_for("ssm-exec: error:");
    for word in words.iter().chain(&["keeps its old values"]) {
        assert!(line.contains(word), "{word}: {line}");
    }
    wait_for_polls(stub, 3);
    assert_eq!(run.stderr.so_far(), [""; 0]);
    assert_eq!(run.stdout.so_far(), [""; 0]);
}

#[test]
fn a_parameter_that_is_gone_is_one_error_until_others_change() {
    let stub = stub();
    stub.put(Parameter::string("/watch/other", "one"));
    let run = run(&stub, "", "");
    stub.remove("/watch/password");
    expect_no_restart(&run, &stub, &["/watch/password", "PASSWORD", "no longer exists"]);
    stub.put(Parameter::string("/watch/other", "two"));
    let line = run.stderr.wait_for("sending SIGTERM");
    assert!(line.contains("/watch/other 1 -> 2, /watch/password removed"), "{line}");
    assert_eq!(run.finish().1, ["got TERM"]);
}

#[test]
fn one_that_is_required_holds_the_others_back() {
    for (options, file) in [
        ("", "[compose]\nDSN = \"x${PASSWORD}\"\n"),
        ("", "[contract]\nPASSWORD = {}\n"),
        ("--require PASSWORD", ""),
        ("-k PASSWORD=/watch/password", ""),
    ] {
        let stub = stub();
        // Without the parameter, the variable would have this value.
        stub.put(Parameter::string("/old/password", "canary-old"));
        let run = run(&stub, &format!("-p /old -p /watch {options}"), file);
        stub.put(Parameter::string("/watch/user-name", "two"));
        stub.remove("/watch/password");
        // The user may be found first.
        let line = run.stderr.wait_for("/watch/");
        if line.contains("sending") {
            continue;
        }
        assert!(line.contains("/watch/password"), "{options}{file}: {line}");
        assert_eq!(run.stdout.so_far(), [""; 0], "{options}{file}");
        stub.put(Parameter::secure("/watch/password", "canary-two"));
        let line = run.stderr.wait_for("sending SIGTERM");
        assert!(line.contains("/watch/user-name 1 -> 2"), "{line}");
    }
}

#[test]
fn a_member_of_an_object_that_is_gone_is_an_error_too() {
    let stub = stub();
    let object = |text: &str| stub.put(Parameter::string("/org/json", text));
    object(r#"{"A": "canary-a", "B": "canary-b"}"#);
    let run = run(&stub, "--json /org/json", "");
    object(r#"{"A": "canary-a"}"#);
    expect_no_restart(&run, &stub, &["/org/json#B", "no longer exists"]);
    object(r#"{"A": "canary-a", "B": "canary-b"}"#);
    let line = run.stderr.wait_for("would succeed again");
    assert!(line.starts_with("ssm-exec: warning: "), "{line}");
    assert_eq!(run.stop(), (vec!["got TERM".to_owned()], Vec::new()));
}

#[test]
fn an_optional_parameter_that_is_gone_is_one_warning_and_no_signal() {
    let stub = stub();
    stub.put(Parameter::string("/org/optional", "one"));
    let run = run(&stub, "--optional-key OPTIONAL=/org/optional", "");
    stub.remove("/org/optional");
    let line = run.stderr.wait_for("/org/optional");
    assert!(line.starts_with("ssm-exec: warning: "), "{line}");
    assert!(line.contains("keeps its old value"), "{line}");
    wait_for_polls(&stub, 3);
    assert_eq!(run.stdout.so_far(), [""; 0]);
    // It comes back: the same value is no change, another one is.
    stub.put(Parameter::string("/org/optional", "one"));
    wait_for_rehearsals(&stub, 2);
    wait_for_polls(&stub, 2);
    assert_eq!(run.stdout.so_far(), [""; 0]);
    stub.put(Parameter::string("/org/optional", "two"));
    run.stderr.wait_for("sending SIGTERM");
    assert_eq!(run.finish().1, ["got TERM"]);
}
