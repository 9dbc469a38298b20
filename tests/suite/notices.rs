//! Settings without effect, defaults, absent parameters and replaced variables: what is written before
//! a start, what `check` shows, and what `--strict` makes of it.

use crate::harness::*;
use ssm_stub::{Parameter, Stub};

fn stub() -> Stub {
    let stub = Stub::start();
    stub.put(Parameter::secure("/n/api/db/url", "canary-url"));
    stub.put(Parameter::string("/n/api/log", "canary-log"));
    stub
}

fn report(outcome: &Outcome) -> serde_json::Value {
    serde_json::from_str(&outcome.text()).expect("JSON")
}

/// The messages of a launch at the default level, at `-v`, and the notices of `check`.
fn reported(run: impl Fn() -> Run, words: &str) -> [String; 3] {
    let launch = run().args(words).args("-- true").run();
    assert_eq!(launch.status, 0, "{}", launch.stderr);
    let verbose = run().args("-v").args(words).args("-- true").run();
    let check = run().args("check --format json").args(words).run();
    let notices = report(&check)["notices"].to_string();
    [launch.stderr, verbose.stderr, notices]
}

fn is_warning(run: impl Fn() -> Run, words: &str, part: &str, strict: i32) {
    let [launch, verbose, check] = reported(&run, words);
    assert!(launch.contains(part), "{words}: {launch}");
    assert_eq!(launch.matches("warning: ").count(), 1, "{words}: {launch}");
    assert!(verbose.contains(part), "{words}: {verbose}");
    assert!(check.contains(part) && check.contains("\"warning\""), "{words}: {check}");
    run().args(words).args("--strict").fails(strict).says(&[part]);
    let check = run().args("check --strict").args(words).run();
    assert_eq!(check.status, strict, "{words}: {}", check.stderr);
}

fn is_note(run: impl Fn() -> Run, words: &str, part: &str) {
    let [launch, verbose, check] = reported(&run, words);
    assert_eq!(launch, "", "{words}");
    assert!(verbose.contains(part), "{words}: {verbose}");
    assert!(check.contains(part) && check.contains("\"note\""), "{words}: {check}");
    let strict = run().args(words).args("--strict -- true").run();
    assert_eq!(strict.status, 0, "{words}: {}", strict.stderr);
}

#[test]
fn a_pattern_of_only_that_matches_nothing_is_a_warning() {
    let stub = stub();
    let run = || Run::against(&stub.url()).args("-p /n/api");
    is_warning(run, "--only DB_*,LOGS", "--only: `LOGS` matches no variable", 64);
    let variable = || run().env("SSM_EXEC_ONLY", "LOG db_url");
    is_warning(variable, "", "SSM_EXEC_ONLY: `db_url` matches no variable", 78);
    let file = || {
        Run::against(&stub.url()).file("prefix = { path = \"/n/api\", only = [\"LOG\", \"X\"] }")
    };
    is_warning(file, "", "line 1, `prefix.only`: `X` matches no variable", 78);
}

#[test]
fn only_that_leaves_nothing_of_a_prefix_is_an_error() {
    let stub = stub();
    stub.put(Parameter::secure("/n/json", r#"{"user":"canary"}"#));
    let run = || Run::against(&stub.url());
    for words in ["-p /n/api --only DB", "-p /n/api --only db_url", "-p /n/api --only A,B"] {
        run().args(words).fails(66).says(&["--only", "the prefix /n/api"]);
    }
    run().args("--json /n/json --only DB").fails(66).says(&["--only", "the JSON object /n/json"]);
    run()
        .args("-p /n/api --only DB_URL,LOG")
        .environment()
        .has(&[("DB_URL", "canary-url"), ("LOG", "canary-log")]);
}

#[test]
fn only_is_matched_against_the_name_with_and_without_its_prefix() {
    let stub = stub();
    let run = || Run::against(&stub.url()).args("-p /n/api --name-prefix APP_");
    for words in ["--only LOG", "--only APP_LOG", "--exclude DB_URL", "--exclude APP_DB_URL"] {
        let environment = run().args(words).environment();
        assert_eq!(environment.names(), ["APP_LOG"], "{words}");
    }
}

#[test]
fn a_rename_without_its_source_is_a_warning() {
    let stub = stub();
    let run = || Run::against(&stub.url()).args("-p /n/api").file("[rename]\nLOGS = \"LEVEL\"");
    is_warning(run, "", "there is no variable LOGS to rename", 78);
    let absent = || {
        Run::against(&stub.url())
            .args("--optional-key LOGS=/n/none -p /n/api")
            .file("[rename]\nLOGS = \"LEVEL\"")
    };
    is_note(absent, "", "LOGS is absent");
    let skipped = run().args("--skip -- true").run();
    assert!(!skipped.stderr.contains("LOGS"), "{}", skipped.stderr);
}

#[test]
fn patterns_that_leave_nothing_out_are_warnings() {
    let stub = stub();
    let run = || Run::against(&stub.url()).args("-p /n/api");
    is_warning(run, "--exclude NOPE*", "--exclude: `NOPE*` matches no", 64);
    let drop = || run().file("drop = [\"LOG\", \"NOPE\"]");
    is_warning(drop, "", "`drop`: `NOPE` matches no", 78);
    // Another stage may have what a pattern for all stages is for.
    let stages = || run().file("exclude = [\"NOPE\"]\ndrop = [\"NEVER\"]\n[stage.dev]");
    is_note(stages, "--stage dev", "`exclude`: `NOPE` matches no");
    is_note(stages, "--stage dev", "`drop`: `NEVER` matches no");
}

#[test]
fn unused_permissions_are_notes() {
    let stub = stub();
    let run = || Run::against(&stub.url()).args("-p /n/api");
    is_note(run, "--allow PATH", "--allow: no prefix or JSON object would set PATH");
    is_note(run, "--allow LOG", "--allow: no prefix or JSON object would set LOG");
    is_note(run, "--pristine --keep PATH,X_*", "--keep: `X_*` matches no inherited");
}

#[test]
fn keep_without_pristine_is_an_error() {
    let stub = stub();
    let run = || Run::against(&stub.url()).args("-p /n/api");
    run().args("--keep PATH").fails(64).says(&["--keep", "--pristine"]);
    run().env("SSM_EXEC_KEEP", "PATH").fails(78).says(&["SSM_EXEC_KEEP", "--pristine"]);
}

#[test]
fn defaults_and_absent_parameters_are_notes() {
    let stub = stub();
    let run = || {
        Run::against(&stub.url()).file(
            "prefix = [\"/n/api\", { path = \"/n/empty\", optional = true }]\njson = { param = \"/n/none\", optional = true }\n[keys]\nLEVEL = { param = \"/n/lgo\", default = \"info\" }\nDSN = { param = \"/n/dsn\", optional = true }",
        )
    };
    is_note(run, "", "LEVEL has its default, since /n/lgo does not exist");
    is_note(run, "", "DSN is absent, since /n/dsn does not exist");
    is_note(run, "", "nothing below the optional prefix /n/empty");
    is_note(run, "", "optional JSON object /n/none does not exist");
    let verbose = run().args("-v -- true").run();
    assert!(!verbose.stderr.contains("comes from /n/lgo"), "{}", verbose.stderr);
    let check = report(&run().args("check --format json").run());
    let state = |name: &str| {
        let rows = check["variables"].as_array().expect("rows");
        let row = rows.iter().find(|row| row["variable"] == name);
        row.map(|row| row["state"].clone()).unwrap_or_default()
    };
    assert_eq!(state("LEVEL"), "default");
    assert_eq!(state("DSN"), "absent");
    assert_eq!(state("LOG"), "set");
    let kept = || run().env("LEVEL", "debug");
    is_note(kept, "", "LEVEL keeps its inherited value instead of /n/lgo");
}

#[test]
fn replaced_variables_are_notes() {
    let stub = stub();
    stub.put(Parameter::secure("/n/other/log", "canary-other"));
    stub.put(Parameter::secure("/n/names/term", "canary-term"));
    let run = || Run::against(&stub.url());
    is_note(run, "-p /n/api -p /n/other", "LOG comes from /n/other/log, which replaces /n/api/log");
    let term = || run().env("TERM", "xterm");
    is_note(term, "-p /n/names", "TERM comes from /n/names/term; many programs");
}

#[test]
fn a_value_that_ends_with_a_newline_is_a_note() {
    let stub = stub();
    stub.put(Parameter::secure("/n/nl/token", "canary\n"));
    let run = || Run::against(&stub.url());
    is_note(run, "-p /n/nl", "TOKEN from /n/nl/token ends with a newline");
    let file = run().args("check --file TOKEN=/n/nl/token").run();
    assert!(!file.text().contains("newline"), "{}", file.text());
}

#[test]
fn near_references_are_errors_that_name_the_variable() {
    let stub = stub();
    let run = |value: &str| Run::against(&stub.url()).args("-p /n/api").env("DB", value);
    for value in [
        "\"ssm:///n/api/log\"",
        "'ssm:///n/api/log'",
        " ssm:///n/api/log",
        "\tssm:///n/api/log",
        "SSM:///n/api/log",
        "Ssm:///n/api/log?default=canary",
        "ssm:/n/api/log",
        "ssm:///n/api/log\"",
        "ssm:///n/api/log ",
    ] {
        run(value).fails(78).says(&["DB", "--no-refs"]);
        run(value).args("--no-refs").environment().has(&[("DB", value)]);
    }
    for value in ["ssm:GetParameters", "https://x/ssm:/y", "ssm", "ssm:"] {
        run(value).environment().has(&[("DB", value)]);
    }
}

#[test]
fn a_name_prefix_with_characters_that_names_do_not_have_is_refused() {
    let stub = stub();
    let run = || Run::against(&stub.url());
    run().args("-p /n/api --name-prefix APP-").fails(64).says(&["--name-prefix", "`APP_`"]);
    run().file("prefix = { path = \"/n/api\", name_prefix = \"a.\" }").fails(78).says(&["`a_`"]);
}

#[test]
fn check_shows_that_a_required_variable_is_only_inherited() {
    let stub = stub();
    let outcome = Run::against(&stub.url())
        .env("TOKEN", "inherited")
        .args("check -p /n/api --require TOKEN,LOG --format json")
        .run();
    assert_eq!(outcome.status, 0);
    let report = report(&outcome);
    let rows = report["variables"].as_array().expect("rows");
    let row = rows.iter().find(|row| row["variable"] == "TOKEN");
    let row = row.expect("a row for TOKEN");
    assert_eq!(row["source"], "inherited");
    assert_eq!(row["state"], "inherited");
}

#[test]
fn check_and_verbose_name_the_configuration_file() {
    let stub = stub();
    let run = Run::against(&stub.url()).file("require = [\"LOG\"]");
    let file = run.home().join("ssm-exec.toml");
    let name = file.to_str().expect("UTF-8").to_owned();
    let (mut command, _home) = run.args("check -p /n/api --format json").command();
    let output = command.output().expect("the binary starts");
    let report = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(report.contains(&name), "{name}: {report}");
}

#[test]
fn check_prints_one_json_object_after_every_failure() {
    let stub = stub();
    let run = |words: &str| Run::against(&stub.url()).args("check --format json").args(words);
    for (run, status, says) in [
        (run("-p /n/none"), 66, "/n/none"),
        (run("-p /n/api --only NOPE"), 66, "NOPE"),
        (run("-p n"), 64, "/n"),
        (run("-p /n/api --keep X"), 64, "--pristine"),
        (run("-p /n/api").file("prefx = 1"), 78, "prefx"),
        (run("-p /n/api").file("[contract]\nX = { type = \"x\" }"), 78, "type"),
        (run("-p /n/api").env("DB", "SSM:///x"), 78, "DB"),
        (run(""), 78, "--prefix"),
        (run("-p /n/api -- ./nope"), 127, "./nope"),
        (run("-p /n/api --endpoint-url http://127.0.0.1:1 --timeout 3s"), 75, "127.0.0.1:1"),
    ] {
        let outcome = run.run();
        assert_eq!(outcome.status, status, "{}", outcome.stderr);
        let report = report(&outcome);
        assert!(report["variables"].is_array(), "{report}");
        let problems = report["problems"].to_string();
        assert!(problems.contains(says), "{says}: {problems}");
    }
}

#[test]
fn verbose_names_the_lists_of_the_file_that_were_replaced() {
    let stub = stub();
    let outcome = Run::against(&stub.url())
        .file("prefix = \"/n/none\"\nrequire = [\"X\"]")
        .args("-v -p /n/api --require LOG -- true")
        .run();
    assert_eq!(outcome.status, 0, "{}", outcome.stderr);
    for part in ["--prefix replaces", "line 1, `prefix`", "--require replaces", "line 2, `require`"]
    {
        assert!(outcome.stderr.contains(part), "{part}: {}", outcome.stderr);
    }
}
