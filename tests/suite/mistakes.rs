//! Invalid input that needs an endpoint to show: status, message, and the command isn't started. The
//! other mistakes are case files in `tests/cmd`.

use crate::harness::*;
use ssm_stub::{Fault, Parameter, Stub};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

#[test]
fn one_message_lists_every_missing_parameter() {
    let stub = Stub::start();
    stub.put(Parameter::secure("/m/there", "canary"));
    Run::against(&stub.url())
        .args("-k A=/m/one -k B=/m/two:3 -k C=/m/there --optional-key D=/m/three")
        .env("R", "ssm:///m/four#x")
        .fails(66)
        .says(&[
            "3 parameters do not exist",
            "/m/one (for A)",
            "/m/two:3 (for B)",
            "/m/four#x (for R)",
        ]);
}

#[test]
fn control_characters_from_outside_are_escaped() {
    let stub = Stub::start();
    stub.always(Fault::client("OddException", "first\u{1b}[2J\nsecond"));
    Run::against(&stub.url()).args("-p /a").fails(78).says(&[r"first\u{1b}[2J second"]);
    Run::bare()
        .arg("--key=/a\nssm-exec: all is well")
        .fails(64)
        .says(&[r"`/a\nssm-exec` contains"]);
}

#[test]
fn values_that_a_variable_cannot_hold_are_errors() {
    let stub = Stub::start();
    stub.put(Parameter::secure("/v/nul", "canary\0x"));
    stub.put(Parameter::secure("/v/bad", "{\"a\": canary"));
    stub.put(Parameter::secure("/v/big", &"canary".repeat(30_000)));
    let run = || Run::against(&stub.url());
    run().args("-k X=/v/nul").fails(65).says(&["NUL byte", "--file X=/v/nul"]);
    run()
        .args("-k X=/v/bad#a")
        .fails(65)
        .says(&["/v/bad#a (for X) is not valid JSON at line 1, column 7"]);
    run().args("--json /v/bad").fails(65).says(&["is not valid JSON"]);
    run().args("-k X=/v/bad --base64 X").fails(65).says(&["is not Base64"]);
    run().args("-k X=/v/big").fails(65).says(&["X, from /v/big, is longer than the 131071 bytes"]);
    let by_file = run()
        .args("--file X=/v/big --file Y=/v/nul -- sh -c")
        .arg("cat $X | wc -c; cat $Y | wc -c")
        .run();
    assert_eq!(by_file.text(), "180000\n8\n");
}

#[test]
fn an_environment_over_the_kernel_limit_names_the_largest_variables() {
    let stub = Stub::start();
    for n in 0..30 {
        stub.put(Parameter::secure(&format!("/big/k{n}"), &"canary".repeat(20_000)));
    }
    Run::against(&stub.url()).args("-p /big").fails(65).says(&[
        "the kernel allows 2097152",
        "The largest variables are K10",
        "ulimit -s",
    ]);
}

#[test]
fn an_argument_over_the_kernel_limit_is_named_by_its_number() {
    let stub = Stub::start();
    stub.put(Parameter::secure("/arg/a", "canary"));
    let long = "x".repeat(140_000);
    let file = format!("prefix = \"/arg\"\ncommand = [\"echo\", \"short\", \"{long}\"]");
    let run = || Run::against(&stub.url()).file(&file);
    for run in [run(), run().args("check")] {
        let outcome = run.run();
        assert_eq!(outcome.status, 65);
        assert!(!outcome.stderr.contains("xxx"));
        let text = outcome.text() + &outcome.stderr;
        let part = "argument 2 of the command is longer than the 131071 bytes";
        assert_eq!(text.matches(part).count(), 1, "{text}");
    }
}

#[test]
fn an_error_as_json_has_the_parameters_that_the_message_names() {
    let stub = Stub::start();
    stub.put(Parameter::secure("/f/port", "canary"));
    let contract = "prefix = \"/f\"\n[contract]\nPORT = { type = \"port\", max_length = 3 }";
    Run::against(&stub.url())
        .file(contract)
        .args("--log-format json")
        .fails(65)
        .says(&[r#""parameters":["/f/port"]"#]);
    Run::against(&stub.url())
        .args("--log-format json -p /f --only NOPE")
        .fails(66)
        .says(&[r#""parameters":["/f/*"]"#]);
}

#[test]
fn errors_in_the_environment_have_the_format_that_it_asks_for() {
    let run = || Run::bare().args("-k /a").env("SSM_EXEC_LOG_FORMAT", "json");
    for run in [
        run().env("SSM_EXEC_SKIP", "maybe"),
        run().env("SSM_EXEC_BOGUS", "1"),
        run().env("AWS_REGION", OsStr::from_bytes(b"\xff")),
        Run::bare().args("--log-format json").env("SSM_EXEC_BOGUS", "1"),
    ] {
        run.fails(78).says(&["{\"account\":null,", "\"status\":78"]);
    }
    // The command line overrides it.
    let outcome = run().args("--log-format text --bogus").fails(64);
    assert!(outcome.stderr.starts_with("ssm-exec: error: unknown option"));
}

#[test]
fn check_prints_an_object_after_every_failure() {
    for (arguments, status) in [
        ("check --format json --bogus", 64),
        ("check --format=json --all-stages", 64),
        ("check --format json --config not-there", 64),
    ] {
        let outcome = Run::bare().args(arguments).run();
        assert_eq!(outcome.status, status, "{arguments}");
        let object: serde_json::Value = serde_json::from_slice(&outcome.stdout).expect("an object");
        assert_eq!(object["problems"].as_array().map(Vec::len), Some(1));
    }
}

#[test]
fn a_variable_that_is_not_utf8_is_not_told_to_be_unset() {
    for file in ["prefix = \"/o/${S}\"", "prefix = \"/o/${S:-default}\""] {
        Run::bare()
            .file(file)
            .env("S", OsStr::from_bytes(b"ap\xff"))
            .fails(78)
            .says(&["line 1, `prefix`", "the value of S is not UTF-8"]);
    }
}

#[test]
fn the_same_name_twice_is_an_error_within_one_source_only() {
    let stub = Stub::start();
    stub.put(Parameter::secure("/c/a-b", "canary-1"));
    stub.put(Parameter::secure("/c/a/b", "canary-2"));
    stub.put(Parameter::secure("/d/a_b", "canary-3"));
    Run::against(&stub.url())
        .args("-p /c")
        .fails(78)
        .says(&["/c/a-b and /c/a/b both become the variable A_B"]);
    Run::against(&stub.url())
        .args("-p /c/a -p /d")
        .environment()
        .has(&[("A_B", "canary-3"), ("B", "canary-2")]);
}

#[test]
fn a_prefix_without_parameters_is_an_error() {
    let stub = Stub::start();
    stub.put(Parameter::secure("/p/a", "canary"));
    Run::against(&stub.url())
        .args("-p /p/a")
        .fails(66)
        .says(&["nothing below the prefix /p/a", "--key"]);
}

#[test]
fn a_required_variable_must_be_set_and_not_empty() {
    let stub = Stub::start();
    stub.put(Parameter::string("/q/a", "canary"));
    let run = || Run::against(&stub.url()).env("EMPTY", "").args("-p /q");
    run()
        .args("--require B --require EMPTY")
        .fails(66)
        .says(&["B is required and is not set", "EMPTY is required and is empty"]);
    run().args("--require A --require HOME").environment().has(&[("A", "canary")]);
}

#[test]
fn a_missing_region_and_missing_credentials_have_different_errors() {
    let stub = Stub::start();
    let url = stub.url();
    Run::against(&url)
        .unset("AWS_REGION")
        .args("-k /a")
        .fails(78)
        .says(&["no AWS Region", "--region"]);
    Run::against(&url).env("AWS_REGION", "").args("-k /a").fails(78).says(&["no AWS Region"]);
    Run::against(&url)
        .unset("AWS_ACCESS_KEY_ID")
        .unset("AWS_SECRET_ACCESS_KEY")
        .args("-k /a")
        .fails(77)
        .says(&["no AWS credentials", "AWS_PROFILE"]);
    assert_eq!(stub.requests().len(), 0, "no request was sent");
}

#[test]
fn expired_credentials_are_reported_without_a_retry() {
    let stub = Stub::start();
    stub.always(Fault::client(
        "ExpiredTokenException",
        "The security token included in the request is expired",
    ));
    Run::against(&stub.url())
        .args("-k /a")
        .fails(77)
        .says(&["ExpiredTokenException", "unset AWS_ACCESS_KEY_ID"]);
    assert_eq!(stub.requests().len(), 1, "no retry");
}

#[test]
fn a_refused_connection_is_a_temporary_failure() {
    Run::against("http://127.0.0.1:1")
        .args("-q -k /a --timeout 3s")
        .fails(75)
        .says(&["Connection refused", "within 3s"]);
}

#[test]
fn a_command_that_cannot_be_executed_fails_before_any_request() {
    let stub = Stub::start();
    stub.put(Parameter::secure("/n/a", "canary"));
    for (command, status, says) in [
        ("no-such-command", 127, "is not in PATH"),
        ("./no-such-file", 127, "there is no command"),
        ("/etc/hostname/x", 127, "there is no command"),
        ("/etc/passwd", 126, "no execute permission"),
        ("/tmp", 126, "it is a directory"),
    ] {
        let outcome = Run::against(&stub.url()).args("-p /n --").arg(command).run();
        assert_eq!(outcome.status, status, "{command}");
        outcome.says(&[says]);
    }
    assert_eq!(stub.requests().len(), 0);
}

#[test]
fn a_handler_that_names_no_program_is_called_the_handler() {
    let run = Run::bare().env("_HANDLER", "servr").args("-p /a");
    let root = run.home().to_owned();
    let run = run.env("LAMBDA_TASK_ROOT", &root);
    let bootstrap = run.home().join("bootstrap");
    std::os::unix::fs::symlink(binary(), &bootstrap).expect("a link");
    let (mut command, _home) = run.command_of(std::process::Command::new(bootstrap));
    let output = command.output().expect("a start");
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(127), "{message}");
    assert!(
        message.contains(&format!("there is no command `{}/servr`", root.display())),
        "{message}"
    );
    assert!(message.contains("The handler of the function (`_HANDLER`)"), "{message}");
}
