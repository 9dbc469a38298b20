//! The contract: what each variable must be, in a launch and in `check`.

use crate::harness::*;
use crate::scenarios;
use ssm_stub::{Parameter, Stub};

fn report(outcome: &Outcome) -> serde_json::Value {
    serde_json::from_str(&outcome.text()).expect("JSON")
}

fn row(report: &serde_json::Value, variable: &str) -> serde_json::Value {
    let rows = report["variables"].as_array().expect("rows");
    let row = rows.iter().find(|row| row["variable"] == variable);
    row.cloned().unwrap_or_default()
}

/// A value that keeps its rule, the rule, and one that breaks it.
const RULES: &[(&str, &str, &str)] = &[
    ("x", "{}", ""),
    ("42", "{ type = \"integer\" }", "canary"),
    ("10", "{ type = \"integer\", min = 1, max = 10 }", "11"),
    ("1.5", "{ type = \"number\", max = 2 }", "2.5"),
    ("yes", "{ type = \"boolean\" }", "canary"),
    ("8080", "{ type = \"port\" }", "80800"),
    ("https://a.example/b", "{ type = \"url\" }", "a.example"),
    ("postgres://h/d", "{ type = \"url\", schemes = [\"postgres\"] }", "mysql://h/d"),
    ("{\"a\":1}", "{ type = \"json\" }", "{canary}"),
    ("YQ==", "{ type = \"base64\" }", "c@n@ry"),
    (
        "-----BEGIN CERTIFICATE-----\nYWJj\n-----END CERTIFICATE-----\n",
        "{ type = \"pem\", label = \"CERTIFICATE\" }",
        "-----BEGIN PRIVATE KEY-----\nYWJj\n-----END PRIVATE KEY-----\n",
    ),
    ("123e4567-e89b-12d3-a456-426614174000", "{ type = \"uuid\" }", "123e4567-e89b-12d3-a456"),
    ("sk_live_0123456789", "{ pattern = \"sk_live_[A-Za-z0-9]{4,}\" }", "sk_test_0123456789"),
    ("debug", "{ one_of = [\"debug\", \"info\"] }", "canary"),
    ("abcd", "{ min_length = 4 }", "abc"),
    ("abcd", "{ max_length = 4 }", "canary"),
];

scenarios! {
    fn each_rule_lets_start_what_keeps_it_and_nothing_else(ssm) {
        for (n, (good, rule, bad)) in RULES.iter().enumerate() {
            let file = format!("[keys]\nX = \"/contract/{n}/x\"\n[contract]\nX = {rule}\n");
            ssm.put(&[secure(&format!("/contract/{n}/x"), good)]);
            let run = || Run::against(&ssm.url()).file(&file);
            run().environment().has(&[("X", good)]);
            // The service holds no empty value; a JSON object may.
            if !bad.is_empty() {
                ssm.put(&[secure(&format!("/contract/{n}/x"), bad)]);
                run().fails(65).says(&["X, from /contract", "breaks the contract: it must"]);
                assert_eq!(run().args("check").run().status, 65, "{rule}");
            }
        }
    }

    fn a_closed_contract_names_every_variable_and_only_optional_ones_may_be_absent(ssm) {
        ssm.put(&[secure("/contract/c/url", "canary-1"), secure("/contract/c/extra", "canary-2")]);
        let run = |rules: &str| {
            Run::against(&ssm.url()).file(&format!("prefix = \"/contract/c\"\nclosed = true\n[contract]\n{rules}\n"))
        };
        run("URL = {}\nEXTRA = {}\nMAYBE = { optional = true }")
            .environment()
            .has(&[("URL", "canary-1"), ("EXTRA", "canary-2")])
            .lacks(&["MAYBE"]);
        run("URL = {}").fails(65).says(&["1 variable is not in the contract, which is closed: EXTRA (/contract/c/extra)", "--exclude EXTRA"]);
        run("URL = {}\nEXTRA = {}\nGONE = {}").fails(66).says(&["GONE breaks the contract: it must be set"]);
    }

    fn a_secure_variable_must_come_from_a_secure_string(ssm) {
        ssm.put(&[string("/contract/s/plain", "canary-1"), secure("/contract/s/secure", "canary-2")]);
        let file = "prefix = \"/contract/s\"\n[contract]\nPLAIN = { secure = true }\nSECURE = { secure = true }\n";
        let run = || Run::against(&ssm.url()).file(file);
        run().fails(65).says(&["PLAIN, from /contract/s/plain", "SecureString"]);
        let report = report(&run().args("check --format json").run());
        assert_eq!(row(&report, "PLAIN")["contract"]["status"], "violated");
        assert_eq!(row(&report, "SECURE")["contract"]["status"], "met");
    }
}

#[test]
fn every_violation_is_reported_at_once() {
    let stub = Stub::start();
    stub.put(Parameter::string("/k/api/port", "canary-port"));
    stub.put(Parameter::secure("/k/api/level", "canary-level"));
    stub.put(Parameter::secure("/k/api/extra", "canary-extra"));
    let file = "prefix = \"/k/api\"\nclosed = true\n[contract]\nPORT = { type = \"port\", secure = true }\nLEVEL = { one_of = [\"debug\", \"info\"] }\nGONE = {}\nMAYBE = { optional = true }\n";
    let run = || Run::against(&stub.url()).file(file);
    let parts = [
        "PORT, from /k/api/port, breaks the contract: it must be a port",
        "PORT, from /k/api/port, breaks the contract: it must be a SecureString",
        "LEVEL, from /k/api/level, breaks the contract: it must be one of `debug`, `info`",
        "1 variable is not in the contract, which is closed: EXTRA (/k/api/extra)",
        "GONE breaks the contract: it must be set",
    ];
    let outcome = run().fails(66);
    outcome.says(&parts);
    assert!(!outcome.stderr.contains("MAYBE"), "{}", outcome.stderr);
    let check = run().args("check --format json").run();
    assert_eq!(check.status, 66);
    let report = report(&check);
    for (variable, status, state) in [
        ("PORT", "violated", "set"),
        ("LEVEL", "violated", "set"),
        ("EXTRA", "unexpected", "set"),
        ("GONE", "violated", "missing"),
        ("MAYBE", "met", "absent"),
    ] {
        let row = row(&report, variable);
        assert_eq!(row["contract"]["status"], status, "{variable}");
        assert_eq!(row["state"], state, "{variable}");
    }
    run().env("GONE", "inherited").fails(65).says(&["PORT", "LEVEL", "EXTRA"]);
}

#[test]
fn the_contract_is_about_the_final_environment() {
    let stub = Stub::start();
    stub.put(Parameter::secure("/k/f/host", "canary"));
    let run = |contract: &str| {
        let file = format!(
            "prefix = \"/k/f\"\n[keys]\nLEVEL = {{ param = \"/k/none\", default = \"info\" }}\n[compose]\nURL = \"https://${{HOST}}/x\"\n[rename]\nHOST = \"DB_HOST\"\n[contract]\n{contract}\n"
        );
        Run::against(&stub.url()).file(&file).env("PORT", "80")
    };
    run("PORT = { type = \"port\" }\nLEVEL = { one_of = [\"info\"] }\nURL = { type = \"url\" }\nDB_HOST = {}")
        .environment()
        .has(&[("URL", "https://canary/x"), ("DB_HOST", "canary")])
        .lacks(&["HOST"]);
    run("PORT = { type = \"uuid\" }").fails(65).says(&["PORT breaks the contract"]);
    run("LEVEL = { one_of = [\"debug\"] }")
        .fails(78)
        .says(&["`keys.LEVEL`: the default of LEVEL breaks the contract"]);
    run("HOST = {}").fails(66).says(&["HOST breaks the contract"]);
    let skipped = Run::against(&stub.url())
        .file("[contract]\nPORT = { type = \"uuid\" }\n")
        .env("PORT", "80")
        .args("--skip")
        .fails(65);
    assert!(skipped.stderr.contains("PORT breaks the contract"), "{}", skipped.stderr);
}

#[test]
fn a_missing_parameter_is_reported_once() {
    let stub = Stub::start();
    stub.put(Parameter::secure("/k/o/a", "canary"));
    let outcome = Run::against(&stub.url())
        .file("require = [\"B\"]\n[keys]\nA = \"/k/o/none\"\n[contract]\nA = {}\nB = {}\n")
        .fails(66);
    outcome.says(&["/k/o/none (for A)", "B is required"]);
    assert!(!outcome.stderr.contains("contract"), "{}", outcome.stderr);
}

#[test]
fn a_stale_variable_of_the_contract_ends_check_with_1() {
    let stub = Stub::start();
    stub.put(Parameter::secure("/k/age/a", "canary").modified(1_600_000_000.0));
    let run = |age: &str| {
        let file = format!("prefix = \"/k/age\"\n[contract]\nA = {{ max_age = \"{age}\" }}\n");
        Run::against(&stub.url()).file(&file)
    };
    let outcome = run("90d").args("check").run();
    assert_eq!(outcome.status, 1, "{}", outcome.stderr);
    assert_eq!(run("36500d").args("check").run().status, 0);
    run("90d").environment().has(&[("A", "canary")]);
}

#[test]
fn contracts_that_make_no_sense_are_refused_before_any_request() {
    let stub = Stub::start();
    stub.put(Parameter::secure("/k/bad/a", "canary"));
    let run = |text: &str| {
        let file = format!("prefix = \"/k/bad\"\n{text}\n");
        Run::against(&stub.url()).file(&file)
    };
    for (text, parts) in [
        ("[contract]\nA = { type = \"prot\" }", ["line 3", "`port`"]),
        ("[contract]\nA = { min_length = 3, max_length = 2 }", ["line 3", "min_length"]),
        ("[contract]\nA = { one_of = [] }", ["line 3", "one_of"]),
        ("[contract]\nA = { pattern = \"(\" }", ["line 3", "pattern"]),
        ("[contract]\n\"A B\" = {}", ["line 3", "A B"]),
        ("closed = true", ["line 2", "[contract]"]),
    ] {
        run(text).fails(78).says(&parts);
    }
    run("").args("--closed").fails(64).says(&["--closed", "[contract]"]);
    assert_eq!(stub.requests().len(), 0);
}

#[test]
fn a_stage_merges_the_contract_by_name() {
    let stub = Stub::start();
    stub.put(Parameter::string("/k/stage/a", "canary"));
    let file = "prefix = \"/k/stage\"\ndefault_stage = \"dev\"\n[contract]\nA = { secure = true }\n[stage.dev.contract]\nA = {}\n[stage.prod]\n";
    let run = |stage: &str| Run::against(&stub.url()).file(file).args("--stage").arg(stage);
    run("dev").environment().has(&[("A", "canary")]);
    run("prod").fails(65).says(&["A, from /k/stage/a"]);
}

#[test]
fn check_prints_the_contract_in_every_format() {
    let stub = Stub::start();
    stub.put(Parameter::secure("/k/p/db-url", "postgres://canary"));
    stub.put(Parameter::string("/k/p/level", "info"));
    let file = "prefix = \"/k/p\"\n[contract]\nDB_URL = { type = \"url\", schemes = [\"postgres\"], secure = true, description = \"main database\" }\n";
    let run = |format: &str| {
        let run = Run::against(&stub.url()).file(file);
        let outcome = run.args("check --format").arg(format).run();
        assert_eq!(outcome.status, 0, "{}", outcome.stderr);
        assert!(!outcome.text().contains("canary"), "{}", outcome.text());
        outcome.text()
    };
    let table = run("table");
    assert!(
        table.lines().any(|line| line.starts_with("VARIABLE") && line.contains("CONTRACT")),
        "{table}"
    );
    assert!(table.contains("prefix  ok"), "{table}");
    let markdown = run("markdown");
    for part in ["main database", "url (", "`secure`", "| contract | description |"] {
        assert!(markdown.contains(part), "{part}: {markdown}");
    }
    let toml = run("toml");
    let again = Run::against(&stub.url()).file(&toml);
    again.environment().has(&[("LEVEL", "info")]);
    for part in ["DB_URL = \"/k/p/db-url\"", "description = \"main database\"", "LEVEL = {}"] {
        assert!(toml.contains(part), "{part}: {toml}");
    }
    let bare = Run::against(&stub.url()).args("check -p /k/p --format toml").run();
    assert!(bare.text().contains("DB_URL = { secure = true }"), "{}", bare.text());
}

/// Values of which no part occurs in a rule, a name or a message by accident.
fn distinctive_values() -> impl Iterator<Item = String> {
    (0..2_u32).map(|seed| {
        let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(97);
        let next = |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            char::from(b"QZXJKV#%&~"[(state >> 24) as usize % 10])
        };
        (0..24 + seed).map(next).collect()
    })
}

#[test]
fn no_output_has_a_part_of_a_value_that_breaks_a_rule() {
    let stub = Stub::start();
    for value in distinctive_values() {
        stub.put(Parameter::string("/k/leak/x", &value));
        for (_, rule, _) in RULES.iter().filter(|(_, rule, _)| *rule != "{}") {
            let file = format!("[keys]\nX = \"/k/leak/x\"\n[contract]\nX = {rule}\n");
            let run = || Run::against(&stub.url()).file(&file);
            let mut outputs = Vec::new();
            for words in [
                "-vvv -- true",
                "--log-format json -- true",
                "check -v",
                "check --format json",
                "check --format markdown",
                "check --format toml",
            ] {
                let outcome = run().args(words).run();
                if rule.contains("min_length") {
                    continue;
                }
                assert_eq!(outcome.status, 65, "{rule}: {}", outcome.stderr);
                outputs.push(outcome.stderr.clone() + &outcome.text());
            }
            let characters: Vec<char> = value.chars().collect();
            for part in characters.windows(3) {
                let part: String = part.iter().collect();
                let leak = outputs.iter().find(|output| output.contains(&part));
                assert_eq!(leak, None, "{part} of {value}: {rule}");
            }
        }
    }
}
