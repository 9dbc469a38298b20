//! `check`: resolves as a launch does and starts nothing. Every output format has a snapshot.

use crate::harness::*;
use crate::scenarios;
use ssm_stub::{Parameter, Stub};
use std::time::{SystemTime, UNIX_EPOCH};

/// Ten and a half days ago.
fn ten_days_ago() -> f64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    now.as_secs_f64() - 10.5 * 86_400.0
}

fn stub() -> Stub {
    let stub = Stub::start();
    stub.put(Parameter::secure("/golden/api/db/url", "canary-1").modified(ten_days_ago()));
    stub.put(Parameter::secure("/golden/api/db/url", "canary-2").modified(ten_days_ago()));
    stub.put(Parameter::string("/golden/api/log-level", "canary-info").modified(ten_days_ago()));
    stub.put(Parameter::list("/golden/shared/hosts", "canary-a,canary-b").modified(ten_days_ago()));
    stub
}

/// Replaces dates, which change; ages don't.
fn without_dates(text: &str) -> String {
    let is_date =
        |word: &str| word.len() == 10 && word.starts_with("20") && word.matches('-').count() == 2;
    let line = |line: &str| {
        let words = line.split(' ').map(|word| if is_date(word) { "YYYY-MM-DD" } else { word });
        words.collect::<Vec<_>>().join(" ")
    };
    let text: Vec<String> = text.lines().map(line).collect();
    let text = text.join("\n");
    match text.find("\"lastModified\": \"") {
        None => text,
        Some(_) => text
            .lines()
            .map(|line| match line.split_once("\"lastModified\": \"") {
                Some((indent, _)) => format!("{indent}\"lastModified\": \"YYYY-MM-DDTHH:MM:SSZ\","),
                None => line.to_owned(),
            })
            .collect::<Vec<_>>()
            .join("\n"),
    }
}

fn check(stub: &Stub, format: &str) -> Outcome {
    Run::against(&stub.url())
        .env("URL", "inherited")
        .args("check -p /golden/api -k URL=/golden/api/db/url:1 -k HOSTS=/golden/shared/hosts")
        .args("--optional-key GONE=/golden/gone --require HOSTS --unused --format")
        .arg(format)
        .run()
}

#[test]
fn every_output_format_matches_its_snapshot() {
    let stub = stub();
    for format in ["table", "json", "markdown", "toml"] {
        let outcome = check(&stub, format);
        assert_eq!((outcome.status, outcome.stderr.as_str()), (0, ""), "{format}");
        assert!(!outcome.text().contains("canary"), "no value in {format}");
        insta::assert_snapshot!(format, without_dates(&outcome.text()));
    }
}

#[test]
fn all_problems_are_reported_at_once_with_the_most_severe_status() {
    let stub = stub();
    stub.put(Parameter::secure("/golden/api/path", "canary-path"));
    let run = Run::against(&stub.url())
        .args("check -p /golden/api -p /golden/none -k A=/golden/nope --require B");
    let outcome = run.run();
    assert_eq!(outcome.status, 78);
    let text = outcome.text();
    for part in [
        "would set PATH",
        "help: If that is intended, use `--allow PATH`",
        "nothing below the prefix /golden/none",
        "/golden/nope (for A)",
        "aws ssm get-parameters-by-path --path /golden --recursive",
        "B is required",
    ] {
        assert_eq!(text.matches(part).count(), 1, "{part}: {text}");
    }
    assert_eq!(
        outcome.stderr,
        "ssm-exec: error: the command would not start: the report has 4 problems\n"
    );
}

#[test]
fn a_report_without_variables_has_no_table() {
    let stub = stub();
    let outcome = Run::against(&stub.url()).args("check -p /golden/none").run();
    assert_eq!(outcome.status, 66);
    let text = outcome.text();
    assert!(!text.contains("VARIABLE"), "{text}");
    assert!(text.contains("Problems\n  there is nothing below"), "{text}");
}

#[test]
fn a_report_without_a_place_for_problems_leaves_them_on_stderr() {
    let stub = stub();
    let outcome = Run::against(&stub.url()).args("check -p /golden/none --format toml").run();
    assert_eq!(outcome.status, 66);
    outcome.says(&["nothing below the prefix /golden/none", "help: "]);
}

#[test]
fn json_has_each_problem_with_its_help() {
    let stub = stub();
    let outcome = Run::against(&stub.url()).args("check -k A=/golden/nope --format json").run();
    let report: serde_json::Value = serde_json::from_str(&outcome.text()).expect("JSON");
    let problem = &report["problems"][0];
    assert_eq!(problem["code"], "missing");
    assert_eq!(problem["variables"], serde_json::json!(["A"]));
    assert_eq!(problem["parameters"], serde_json::json!(["/golden/nope"]));
    let help = problem["help"].as_array().expect("help");
    let command = help.iter().find_map(|help| help["command"].as_str());
    let command = command.expect("a command");
    assert!(command.starts_with("aws ssm get-parameters-by-path --path /golden "));
}

#[test]
fn a_parameter_older_than_the_maximum_age_exits_with_1() {
    let stub = stub();
    let run = || Run::against(&stub.url()).args("check -p /golden/api");
    assert_eq!(run().args("--max-age 11d").run().status, 0);
    let outcome = run().args("--max-age 10d").run();
    assert_eq!(outcome.status, 1);
    outcome.says(&["DB_URL, LOG_LEVEL"]);
    let own = Run::against(&stub.url())
        .file("[keys]\nA = { param = \"/golden/api/db/url\", max_age = \"9d\" }\nB = \"/golden/api/log-level\"")
        .args("check")
        .run();
    assert_eq!(own.status, 1);
    own.says(&["1 parameter exceeds", ": A"]);
}

#[test]
fn the_keys_printed_as_toml_set_the_same_variables_as_the_prefix() {
    let stub = stub();
    let printed = Run::against(&stub.url()).args("check -p /golden --format toml").run().text();
    let by_prefix = Run::against(&stub.url()).args("-p /golden").environment();
    let by_keys = Run::against(&stub.url()).file(&printed).environment();
    assert_eq!(by_prefix.names(), by_keys.names());
    assert_eq!(by_keys.get("API_DB_URL"), Some("canary-2"));
}

#[test]
fn the_keys_printed_as_toml_include_parts_that_are_dropped() {
    let stub = stub();
    let rules = "drop = [\"DB_URL\", \"HOSTS\", \"KEY\"]\n[compose]\nA = \"${DB_URL}-${KEY}\"\n";
    let before = format!("prefix = [\"/golden/api\", \"/golden/shared\"]\n{rules}");
    let key = "[keys]\nKEY = \"/golden/shared/hosts\"\n";
    let printed = Run::against(&stub.url())
        .file(&format!("{before}{key}"))
        .args("check --format toml -- true")
        .run()
        .text();
    assert!(!printed.contains("HOSTS ="), "{printed}");
    let run = |file: &str| Run::against(&stub.url()).file(file).environment();
    let by_prefix = run(&format!("{before}{key}"));
    let by_keys = run(&format!("{rules}{printed}"));
    assert_eq!(by_prefix.names(), by_keys.names());
    assert_eq!(by_keys.get("A"), Some("canary-2-canary-a,canary-b"));
}

#[test]
fn a_prefix_with_many_parameters_is_reported() {
    let stub = Stub::start();
    for n in 0..11 {
        stub.put(Parameter::secure(&format!("/crowd/k{n}"), "canary"));
    }
    let outcome = Run::against(&stub.url()).args("check -p /crowd").run();
    assert!(outcome.text().contains("11 parameters are below /crowd"), "{}", outcome.text());
}

scenarios! {
    fn check_succeeds_or_fails_as_the_launch_would(ssm) {
        ssm.put(&[secure("/gate/api/a", "canary-a"), string("/gate/api/b", "canary-b")]);
        let run = || Run::against(&ssm.url()).args("check -p /gate/api --format json");
        let open = run().run();
        assert_eq!(open.status, 0, "{}", open.stderr);
        let report: serde_json::Value = serde_json::from_str(&open.text()).expect("JSON");
        assert_eq!(report["variables"][1]["parameter"], "/gate/api/b");
        assert_eq!(report["variables"][1]["type"], "String");
        assert_eq!(report["variables"][0]["version"], 1);
        assert_eq!(run().args("-k C=/gate/api/c").run().status, 66);
    }
}

#[test]
fn a_command_that_does_not_exist_is_one_problem_among_others() {
    let stub = stub();
    let run = |words: &str| {
        Run::against(&stub.url())
            .file("prefix = \"/golden/api\"\ncommand = [\"/app/server\"]")
            .args("check")
            .args(words)
            .run()
    };
    let missing = "there is no command `/app/server`";
    let alone = run("");
    assert_eq!(alone.status, 127);
    for words in [missing, "/golden/api/db/url"] {
        assert!(alone.text().contains(words), "{}", alone.text());
    }

    let both = run("--require NOPE");
    assert_eq!(both.status, 66);
    for words in [missing, "NOPE is required"] {
        assert!(both.text().contains(words), "{}", both.text());
    }
    both.says(&["the report has 2 problems"]);
    let json = run("--format json").text();
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert!(json["problems"][0]["message"].as_str().is_some_and(|text| text.contains(missing)));
    assert_eq!(run("-- true").status, 0);
}

#[test]
fn processes_shows_how_long_a_simultaneous_start_takes() {
    let stub = Stub::start();
    for n in 0..30 {
        stub.put(Parameter::secure(&format!("/fleet/api/{n}"), "canary"));
    }
    let check = |words: &str| {
        let outcome = Run::against(&stub.url()).args("check --processes 1000").args(words).run();
        assert_eq!(outcome.status, 0, "{}", outcome.stderr);
        outcome.text()
    };
    let text = check("-p /fleet/api --name-prefix P");
    let line = "start: 3 requests for each process: 1000 at once take at least 75 s at 40 requests a second; with `[keys]` and higher throughput 3 s\n";
    assert!(text.ends_with(line), "{text}");
    let text = check("-k A=/fleet/api/1");
    let line = "start: 1 request for each process: 1000 at once take at least 25 s at 40 requests a second; with higher throughput 1 s\n";
    assert!(text.ends_with(line), "{text}");
    let json = check("-p /fleet/api --name-prefix P --format json");
    let report: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let start = serde_json::json!({
        "processes": 1000, "requests": 3, "seconds": 75, "secondsWithKeysAndHigherThroughput": 3,
    });
    assert_eq!(report["start"], start);
}
