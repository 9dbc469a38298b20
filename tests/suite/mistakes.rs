//! Bad input: its status, one clear paragraph, and a command that was never started.

use crate::harness::*;
use ssm_stub::{Fault, Parameter, Stub};

#[test]
fn every_missing_parameter_is_named_at_once() {
    let stub = Stub::start();
    stub.put(Parameter::secure("/m/there", "canary"));
    Run::against(&stub.url())
        .args("-k A=/m/one -k B=/m/two:3 -k C=/m/there --optional-key D=/m/three")
        .env("R", "ssm:///m/four#x")
        .fails(66)
        .says(&[
            "3 parameters don't exist",
            "/m/one (for A)",
            "/m/two:3 (for B)",
            "/m/four#x (for R)",
        ]);
}

#[test]
fn mistakes_of_the_command_line_are_usage() {
    for (words, says) in [
        ("--prefx /a", "--prefix"),
        ("--timeout", "--timeout"),
        ("--log-format yaml -p /a", "neither `text` nor `json`"),
    ] {
        let run = if words == "--timeout" {
            Run::bare().args(words).run()
        } else {
            Run::bare().args(words).fails(64)
        };
        assert_eq!(run.status, 64, "{words}");
        run.says(&[says]);
    }
    let outcome = Run::bare().args("-p /a").run();
    assert_eq!(outcome.status, 64);
    outcome.says(&["there is no command to start"]);
}

#[test]
fn what_others_wrote_stays_on_one_line_and_steers_no_terminal() {
    let stub = Stub::start();
    stub.always(Fault::client("OddException", "first\u{1b}[2J\nsecond"));
    Run::against(&stub.url())
        .args("-p /a")
        .fails(78)
        .says(&[r"first\u{1b}[2J second"]);
    Run::bare()
        .arg("--key=/a\nssm-exec: all is well")
        .fails(78)
        .says(&[r"/a\nssm-exec: all is well"]);
}

#[test]
fn mistakes_of_configuration_name_their_place_and_their_mending() {
    for (words, says) in [
        ("", "nothing says which parameters to fetch"),
        ("-p omneuro/api", "must begin with a slash: `/omneuro/api`"),
        ("-p /a//b", "empty segment"),
        ("-p /a:3", "asks for a version of a whole prefix"),
        ("-k /a/b/", "use `--prefix`"),
        ("-k a/b", "must begin with a slash: `/a/b`"),
        ("-k /a/b:", "a version or a label must follow"),
        ("-k /a/b:0", "versions begin with 1"),
        ("-k X=/a=b", "has `=` in it"),
        ("-k /a/b=X", "write X=/a/b"),
        ("-k 1X=/a", "begins with a digit"),
        ("-k /a/1st", "--name-prefix"),
        ("-k X=arn:aws:ssm:eu-west-1:1:parameter/a", "twelve digits"),
        (
            "-k X=arn:aws:s3:::bucket",
            "isn't the ARN of an SSM parameter",
        ),
        ("-k X=ssm:///a", "without `ssm://`"),
        ("-k X=/a -k X=/b", "X is asked for twice"),
        ("-k /a#", "must follow"),
        ("-p /a --timeout 30", "write `30s`"),
        ("-p /a --timeout soon", "isn't a duration"),
        ("-p /a --case lower", "neither `upper` nor `keep`"),
        ("-p /a --region EU", "isn't a region"),
        ("-p /a --role-arn admin", "isn't a role's ARN"),
        ("-p /a --endpoint-url localhost:4566", "has no scheme"),
        ("-p /a --endpoint-url http://ssm.example.com", "plain HTTP"),
        ("-p /a --base64 X", "names no key and no file"),
        ("-p /a --config nope.toml", "there is no such file"),
        ("--file /a", "NAME=/a"),
        ("-p /a --profile nope", "no profile `nope`"),
    ] {
        Run::bare()
            .env("AWS_REGION", "eu-west-1")
            .args(words)
            .fails(78)
            .says(&[says]);
    }
}

#[test]
fn mistakes_of_variables_name_the_variable() {
    for (name, value, says) in [
        ("SSM_EXEC_PREFIXES", "/a", "did you mean `SSM_EXEC_PREFIX`?"),
        (
            "SSM_EXEC_PREFIX",
            "a",
            "SSM_EXEC_PREFIX: `a` must begin with a slash",
        ),
        ("SSM_EXEC_SKIP", "maybe", "SSM_EXEC_SKIP: is `maybe`"),
        ("DB", "ssm://a b", "the variable DB holds a reference"),
        ("DB", "ssm:///a?optinal", "`?optional`"),
    ] {
        Run::bare()
            .env("AWS_REGION", "eu-west-1")
            .env(name, value)
            .fails(78)
            .says(&[says]);
    }
}

#[test]
fn mistakes_of_the_file_name_the_line_and_the_nearest_key() {
    for (text, says) in [
        (
            "\nprefixs = \"/a\"",
            "line 2: unknown key `prefixs`; did you mean `prefix`?",
        ),
        ("prefix = [\"/a\"", "line 1: not valid TOML"),
        ("prefix = 3", "is a TOML integer"),
        ("[keys]\nA = { parm = \"/a\" }", "did you mean `param`?"),
        (
            "[aws]\nregoin = \"x\"",
            "unknown key `regoin` in `aws`; did you mean `region`?",
        ),
        ("prefix = \"/${NOPE}/a\"", "NOPE is not set"),
        ("[compose]\nA = \"${B|upper}\"", "filter `upper`"),
        ("prefix = \"a\"", "line 1, `prefix`"),
    ] {
        Run::bare()
            .env("AWS_REGION", "eu-west-1")
            .file(text)
            .fails(78)
            .says(&[says, "ssm-exec.toml"]);
    }
}

#[test]
fn values_that_no_variable_can_hold_are_told_before_the_start() {
    let stub = Stub::start();
    stub.put(Parameter::secure("/v/nul", "canary\0x"));
    stub.put(Parameter::secure("/v/bad", "{\"a\": canary"));
    stub.put(Parameter::secure("/v/big", &"canary".repeat(30_000)));
    let run = || Run::against(&stub.url());
    run()
        .args("-k X=/v/nul")
        .fails(65)
        .says(&["NUL byte", "--file X=/v/nul"]);
    run()
        .args("-k X=/v/bad#a")
        .fails(65)
        .says(&["/v/bad#a isn't valid JSON at line 1, column 7"]);
    run()
        .args("--json /v/bad")
        .fails(65)
        .says(&["isn't valid JSON"]);
    run()
        .args("-k X=/v/bad --base64 X")
        .fails(65)
        .says(&["isn't base64"]);
    run()
        .args("-k X=/v/big")
        .fails(65)
        .says(&["X, from /v/big, is longer than the 131071 bytes"]);
    let by_file = run()
        .args("--file X=/v/big --file Y=/v/nul -- sh -c")
        .arg("cat $X | wc -c; cat $Y | wc -c")
        .run();
    assert_eq!(by_file.text(), "180000\n8\n");
}

#[test]
fn too_much_in_all_names_the_largest() {
    let stub = Stub::start();
    for n in 0..30 {
        stub.put(Parameter::secure(
            &format!("/big/k{n}"),
            &"canary".repeat(20_000),
        ));
    }
    Run::against(&stub.url()).args("-p /big").fails(65).says(&[
        "the kernel takes 2097152",
        "the largest variables are K10",
        "ulimit -s",
    ]);
}

#[test]
fn names_collide_within_a_source_only() {
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
fn a_prefix_with_nothing_below_is_an_error() {
    let stub = Stub::start();
    stub.put(Parameter::secure("/p/a", "canary"));
    Run::against(&stub.url())
        .args("-p /p/a")
        .fails(66)
        .says(&["nothing below the prefix /p/a", "--key"]);
}

#[test]
fn what_is_required_must_be_set_and_not_empty() {
    let stub = Stub::start();
    stub.put(Parameter::string("/q/a", "canary"));
    let run = || Run::against(&stub.url()).env("EMPTY", "").args("-p /q");
    run().args("--require B --require EMPTY").fails(66).says(&[
        "B is required and is not set",
        "EMPTY is required and is empty",
    ]);
    run()
        .args("--require A --require HOME")
        .environment()
        .has(&[("A", "canary")]);
}

#[test]
fn no_region_and_no_credentials_are_told_apart() {
    let stub = Stub::start();
    let url = stub.url();
    Run::against(&url)
        .unset("AWS_REGION")
        .args("-k /a")
        .fails(78)
        .says(&["no AWS region", "--region"]);
    Run::against(&url)
        .env("AWS_REGION", "")
        .args("-k /a")
        .fails(78)
        .says(&["no AWS region"]);
    Run::against(&url)
        .unset("AWS_ACCESS_KEY_ID")
        .args("-k /a")
        .fails(77)
        .says(&["no AWS credentials", "AWS_PROFILE"]);
    assert_eq!(stub.requests().len(), 0, "nobody was asked");
}

#[test]
fn credentials_that_expired_say_so() {
    let stub = Stub::start();
    stub.always(Fault::client(
        "ExpiredTokenException",
        "The security token included in the request is expired",
    ));
    Run::against(&stub.url())
        .args("-k /a")
        .fails(77)
        .says(&["ExpiredTokenException", "renew them"]);
    assert_eq!(stub.requests().len(), 1, "it is not tried again");
}

#[test]
fn an_endpoint_that_refuses_is_bad_weather() {
    Run::against("http://127.0.0.1:1")
        .args("-k /a --timeout 300ms")
        .fails(75)
        .says(&["Connection refused", "within 300ms"]);
}

#[test]
fn a_command_that_is_not_there_costs_no_call() {
    let stub = Stub::start();
    stub.put(Parameter::secure("/n/a", "canary"));
    for (command, status, says) in [
        ("no-such-command", 127, "isn't in PATH"),
        ("./no-such-file", 127, "there is no command"),
        ("/etc/hostname/x", 127, "there is no command"),
        ("/etc/passwd", 126, "permission denied"),
        ("/tmp", 126, "it is a directory"),
    ] {
        let outcome = Run::against(&stub.url())
            .args("-p /n --")
            .arg(command)
            .run();
        assert_eq!(outcome.status, status, "{command}");
        outcome.says(&[says]);
    }
    assert_eq!(stub.requests().len(), 0);
}

#[test]
fn messages_can_be_json() {
    let outcome = Run::bare().args("-p a --log-format json").fails(78);
    let line: serde_json::Value = serde_json::from_str(&outcome.stderr).expect("one JSON object");
    assert_eq!(line["level"], "error");
    assert_eq!(line["status"], 78);
    assert_eq!(line["kind"], "config");
    assert!(
        line["message"]
            .as_str()
            .expect("a text")
            .contains("must begin with a slash")
    );
}
