//! Stages: one file for every environment.

use crate::harness::*;
use ssm_stub::{Parameter, Stub};

const FILE: &str = r#"
default_stage = "dev"
require = ["DB"]

[keys]
LOG = { param = "/org/log", default = "info" }

[stage.dev]
skip = true
require = []

[stage.prod]
prefix = ["/org/prod"]

[stage.prod.keys]
EXTRA = "/org/extra"
"#;

fn stub() -> Stub {
    let stub = Stub::start();
    stub.put(Parameter::secure("/org/prod/db", "canary-db"));
    stub.put(Parameter::string("/org/extra", "canary-extra"));
    stub
}

#[test]
fn the_chosen_stage_lies_over_the_rest_of_the_file() {
    let stub = stub();
    let run = || Run::against(&stub.url()).file(FILE);
    let expected = [("DB", "canary-db"), ("EXTRA", "canary-extra"), ("LOG", "info")];
    run().args("--stage prod").environment().has(&expected);
    run().env("SSM_EXEC_STAGE", "prod").environment().has(&expected);
    run().environment().has(&[("LOG", "info")]).lacks(&["DB", "EXTRA"]);
    run().env("SSM_EXEC_STAGE", "dev").args("--stage prod").environment().has(&expected);
}

#[test]
fn a_stage_that_does_not_exist_is_an_error_that_lists_them() {
    let stub = stub();
    let run = || Run::against(&stub.url()).file(FILE);
    run().args("--stage prd").fails(64).says(&["--stage: ", "no stage `prd`", "dev, prod"]);
    run().env("SSM_EXEC_STAGE", "prd").fails(78).says(&["SSM_EXEC_STAGE: ", "dev, prod"]);
    run()
        .file("default_stage = \"x\"\nprefix = \"/org/prod\"")
        .fails(78)
        .says(&["line 1, `default_stage`", "no stage `x`"]);
    run().file(&FILE.replace("default_stage", "#")).fails(78).says(&[
        "no stage is chosen, and",
        "has: dev, prod",
        "--stage NAME",
        "default_stage",
    ]);
    Run::against(&stub.url())
        .args("-p /org/prod --stage prod")
        .fails(64)
        .says(&["no stage `prod`", "no configuration file"]);
    run().args("--stage prod --no-config -p /org/prod").fails(64).says(&["no stage `prod`"]);
}

#[test]
fn check_shows_every_stage() {
    let stub = stub();
    let file = FILE.replace("[stage.prod]", "[stage.broken]\nkeys.X = \"/org/nope\"\n[stage.prod]");
    let run = |format: &str| {
        Run::against(&stub.url()).file(&file).args("check --all-stages --format").arg(format).run()
    };
    let table = run("table");
    assert_eq!(table.status, 66, "{}", table.stderr);
    let error = "error: the command would not start in broken: the report has the problems";
    assert!(table.stderr.contains(error), "{}", table.stderr);
    let text = table.text();
    let stage = |name: &str| {
        let (_, rest) = text.split_once(&format!("Stage {name}\n")).expect(&text);
        rest.split("Stage ").next().unwrap_or_default().to_owned()
    };
    let row = |stage: &str, name: &str| {
        let line = stage.lines().find(|line| line.starts_with(name));
        line.map(|line| line.split_whitespace().next_back().unwrap_or_default().to_owned())
    };
    let (broken, dev, prod) = (stage("broken"), stage("dev"), stage("prod"));
    assert_eq!(row(&broken, "X").as_deref(), Some("missing"));
    assert_eq!(broken.matches("/org/nope (for X)").count(), 1, "{broken}");
    assert_eq!(row(&dev, "LOG").as_deref(), Some("default"));
    assert_eq!(row(&dev, "EXTRA"), None);
    assert_eq!(row(&prod, "EXTRA").as_deref(), Some("key"));
    assert!(!prod.contains("Problems"), "{prod}");
    let json: serde_json::Value = serde_json::from_str(&run("json").text()).expect("JSON");
    let names = json["stages"].as_array().expect("stages").iter();
    let names: Vec<_> = names.map(|stage| stage["stage"].clone()).collect();
    assert_eq!(names, ["broken", "dev", "prod"]);
    assert_eq!(json["stages"][0]["problems"][0]["code"], "missing");
    assert_eq!(json["stages"][2]["problems"], serde_json::json!([]));
    assert_eq!(json["stages"][2]["variables"][0]["variable"], "DB");
    assert!(run("markdown").text().contains("## prod\n\n| variable |"));
    let stale =
        Run::against(&stub.url()).file(FILE).args("check --all-stages --max-age 1s -- true").run();
    assert_eq!(stale.status, 1, "{}", stale.stderr);
    let text = "error: stage prod: 2 parameters exceed their maximum age: DB, EXTRA";
    assert!(stale.stderr.contains(text), "{}", stale.stderr);
    let outcome = Run::against(&stub.url()).args("check -p /org/prod --all-stages").run();
    assert_eq!(outcome.status, 64);
    outcome.says(&["has no stages"]);
    let json =
        Run::against(&stub.url()).args("check -p /org/prod --all-stages --format json").run();
    assert!(json.text().contains("has no stages"), "{}", json.text());
    for option in
        ["--format toml", "--unused", "--identity", "--fingerprint", "--unchanged-since 0123"]
    {
        let outcome = Run::against(&stub.url())
            .file(FILE)
            .args(&format!("check --all-stages {option}"))
            .run();
        assert_eq!(outcome.status, 64, "{option}");
        assert!(outcome.stdout.is_empty(), "{option}");
        let name = option.split(' ').next().unwrap_or_default();
        outcome.says(&[name, "has no effect with `--all-stages`"]);
    }
}

#[test]
fn a_mistake_in_a_stage_that_is_not_chosen_is_an_error() {
    let stub = stub();
    for (setting, says) in [
        ("timeout = \"soon\"", "`stage.other.timeout`"),
        ("prefix = [\"nope\"]", "`stage.other.prefix`"),
        ("case = \"UP\"", "`stage.other.case`"),
        ("keys.A = \"/a:0\"", "`stage.other.keys.A`"),
        ("contract.X = { type = \"nope\" }", "`stage.other.contract.X"),
        ("compose.X = \"${\"", "`stage.other.compose.X`"),
        ("keep = [\"A\"]", "`stage.other.keep`"),
    ] {
        let file = format!("{FILE}\n[stage.other]\n{setting}");
        Run::against(&stub.url()).file(&file).args("--stage prod").fails(78).says(&["line ", says]);
    }
    // A variable of another stage need not be set, and what the other levels give counts there too.
    for setting in ["prefix = \"/org/${NOT_SET}/x\"", "keep = [\"A\"]"] {
        let file = format!("{FILE}\n[stage.other]\n{setting}");
        Run::against(&stub.url())
            .file(&file)
            .args("--stage prod --pristine")
            .environment()
            .has(&[("DB", "canary-db")]);
    }
}

#[test]
fn a_message_names_the_line_of_the_stage() {
    let stub = stub();
    let file = "[stage.prod]\nprefix = [\"org/prod\"]";
    Run::against(&stub.url())
        .file(file)
        .args("--stage prod")
        .fails(78)
        .says(&["line 2, `stage.prod.prefix`", "does not begin with a slash"]);
}

#[test]
fn the_example_service_starts_in_each_stage() {
    let file = include_str!("../../examples/service/ssm-exec.toml");
    let stub = Stub::start();
    for stage in ["staging", "prod"] {
        let name = |key: &str| format!("/org/{stage}/api/{key}");
        stub.put(Parameter::secure(
            &name("database-url"),
            &format!("postgres://canary-{stage}/db"),
        ));
        stub.put(Parameter::string(&name("port"), "8080"));
    }
    let run = || Run::against(&stub.url()).file(file);
    for stage in ["staging", "prod"] {
        let url = format!("postgres://canary-{stage}/db");
        run()
            .args("--stage")
            .arg(stage)
            .environment()
            .has(&[("DATABASE_URL", &url), ("PORT", "8080"), ("LOG_LEVEL", "info")])
            .lacks(&["SENTRY_DSN"]);
    }
    run().environment().lacks(&["DATABASE_URL", "PORT"]);
    let check = run().args("check --all-stages -- true").run();
    assert_eq!(check.status, 0, "{}", check.stderr);
    stub.put(Parameter::string("/org/prod/api/database-url", "canary-not-a-url"));
    run().args("--stage prod").fails(65).says(&["DATABASE_URL", "/org/prod/api/database-url"]);
}
