//! How the final environment is built from the sources, and what `check` shows of it.

use crate::harness::*;
use ssm_stub::{Parameter, Stub};

fn stub() -> Stub {
    let stub = Stub::start();
    stub.put(Parameter::secure("/e/api/old", "canary-old"));
    stub.put(Parameter::secure("/e/api/other", "canary-other"));
    stub
}

/// The rows of `check --format json`, by variable.
fn row(outcome: &Outcome, variable: &str) -> serde_json::Value {
    let report: serde_json::Value = serde_json::from_str(&outcome.text()).expect("JSON");
    let rows = report["variables"].as_array().expect("rows");
    let row = rows.iter().find(|row| row["variable"] == variable);
    row.cloned().unwrap_or_default()
}

const RENAME: &str = "prefix = \"/e/api\"\n[rename]\nOLD = \"NEW\"\n";

#[test]
fn a_renamed_variable_obeys_keep_existing() {
    let stub = stub();
    let run = || Run::against(&stub.url()).file(RENAME).env("NEW", "inherited");
    run().args("--keep-existing").environment().has(&[("NEW", "inherited")]).lacks(&["OLD"]);
    run().env("OLD", "inherited").environment().has(&[("NEW", "canary-old")]).lacks(&["OLD"]);
}

#[test]
fn check_shows_a_renamed_variable_with_its_parameter() {
    let stub = stub();
    let outcome = Run::against(&stub.url())
        .file(RENAME)
        .env("NEW", "inherited")
        .args("check --format json")
        .run();
    let row = row(&outcome, "NEW");
    assert_eq!(row["parameter"], "/e/api/old");
    assert_eq!(row["source"], "prefix");
    assert_eq!(row["renamedFrom"], "OLD");
    assert_eq!(row["overrides"], true);
}

#[test]
fn a_rename_onto_a_name_that_another_source_set_is_a_collision() {
    let stub = stub();
    Run::against(&stub.url())
        .file("prefix = \"/e/api\"\n[rename]\nOLD = \"OTHER\"\n")
        .fails(78)
        .says(&["OLD", "OTHER", "/e/api/other"]);
}

#[test]
fn a_collision_is_resolved_by_an_explicit_key_for_that_name() {
    let stub = Stub::start();
    stub.put(Parameter::secure("/c/db-url", "canary-1"));
    stub.put(Parameter::secure("/c/db/url", "canary-2"));
    let run = || Run::against(&stub.url()).args("-p /c");
    run().fails(78).says(&["/c/db-url and /c/db/url", "--key DB_URL=/c/db-url"]);
    run().args("--key DB_URL=/c/db-url").environment().has(&[("DB_URL", "canary-1")]);
    run().args("--key OTHER=/c/db-url").fails(78).says(&["/c/db-url and /c/db/url"]);
}

#[test]
fn an_inherited_variable_beats_a_default() {
    let stub = stub();
    let file = "[keys]\nLEVEL = { param = \"/e/nope\", default = \"info\" }";
    let run = || Run::against(&stub.url()).file(file);
    run().environment().has(&[("LEVEL", "info")]);
    run().env("LEVEL", "debug").environment().has(&[("LEVEL", "debug")]);
    run().env("LEVEL", "debug").args("--skip").environment().has(&[("LEVEL", "debug")]);
}

#[test]
fn a_missing_member_of_json_is_an_unusable_value() {
    let stub = Stub::start();
    stub.put(Parameter::secure("/j/db", r#"{"user":"canary","port":1}"#));
    Run::against(&stub.url()).args("-k PW=/j/db#password").fails(65).says(&[
        "/j/db (for PW) exists",
        "no member `password`",
        "port, user",
    ]);
    Run::against(&stub.url()).args("-k PW=/j/db#/port/x").fails(65).says(&["no member `x`"]);
}

#[test]
fn check_looks_for_the_command_as_the_launch_does() {
    let stub = stub();
    let run = |command: &str| {
        let file = format!("prefix = \"/e/api\"\ncommand = {command}\n");
        Run::against(&stub.url()).file(&file).args("check").run()
    };
    assert_eq!(run("[\"./nope\"]").status, 127);
    assert_eq!(run("[\"/etc/passwd\"]").status, 126);
    assert_eq!(run("[\"env\"]").status, 0);
}

#[test]
fn check_counts_the_arguments_of_the_command() {
    let stub = Stub::start();
    for n in 0..18 {
        stub.put(Parameter::secure(&format!("/big/k{n}"), &"canary".repeat(19_000)));
    }
    let run = |argument: usize| {
        let file =
            format!("prefix = \"/big\"\ncommand = [\"env\", \"{}\"]\n", "x".repeat(argument));
        Run::against(&stub.url()).file(&file).args("check").run()
    };
    assert_eq!(run(1).status, 0);
    let outcome = run(100_000);
    assert_eq!(outcome.status, 65);
    let text = outcome.text();
    assert!(text.contains("The largest variables are"), "{text}");
}
