//! Each failure names cause, subject and the next command, and where and as whom AWS was asked: the wording
//! may change, these parts may not. A file in `cases/` or `credentials/` is a failure as its service puts it;
//! `cargo test --test suite remedies:: -- --nocapture` prints the messages.

mod case;
mod pasted;
mod prepare;

use crate::harness::*;
use case::Case;
use prepare::Servers;
use serde_json::Value;
use ssm_stub::http_server::*;
use ssm_stub::{Denial, Parameter, Policy, Stub};
use std::os::unix::fs::PermissionsExt;
use std::sync::{Mutex, OnceLock};

/// Fields of every JSON message; the others are in the case, or null.
const COMMON: &[&str] = &["level", "message", "program", "status", "kind", "problems"];

/// A case that was run.
struct Ran {
    /// What is wrong with its messages, in text and in JSON.
    problems: Vec<String>,
    /// Its messages in JSON.
    json: String,
}

// The text is for a reader who asks for it.
#[allow(clippy::print_stdout)]
fn run(case: &Case) -> Ran {
    let servers = Servers::start(case);
    let mut problems = Vec::new();
    let run = servers.run(case);
    let parts: Vec<(&str, String)> = ["cause", "subject", "remedy"]
        .into_iter()
        .flat_map(|key| case.parts(key).into_iter().map(move |part| (key, part)))
        .map(|(key, part)| (key, servers.fill(part, &run)))
        .collect();
    let home = run.home().to_string_lossy().into_owned();
    let outcome = start(case, run);
    // `check` has its problems in the report, indented by two more.
    let report = outcome.text().replace("\n  ", "\n");
    // A command is a line of its own, and a part may be a sentence with its command.
    let text = (report + &outcome.stderr).replace(":\n    ", ": ");
    println!("== {} ({}): {}\n{text}", case.name, outcome.status, case.text("what"));
    if outcome.status != case.status() {
        problems.push(format!("status {}", outcome.status));
    }
    for (key, part) in &parts {
        if !text.contains(part.as_str()) {
            problems.push(format!("the message names no {key} {part:?}"));
        }
    }
    for part in case.parts("never") {
        if text.contains(part) {
            problems.push(format!("the message misleads with {part:?}"));
        }
    }
    if case.is("sends-nothing", true) && !servers.stub.requests().is_empty() {
        problems.push("a request was sent to Parameter Store".to_owned());
    }
    let mut json = String::new();
    if case.status() != 0 {
        problems.extend(style(&text));
        let run = servers.run(case).env("SSM_EXEC_LOG_FORMAT", "json");
        let parts =
            parts.iter().map(|(_, part)| part.replace(&home, &run.home().to_string_lossy()));
        let parts: Vec<String> = parts.collect();
        let wrong;
        (wrong, json) = json_problems(case, &parts, &servers, run);
        problems.extend(wrong);
    }
    if !problems.is_empty() {
        problems.push(text);
        problems.insert(0, format!("{}:", case.name));
    }
    Ran { problems, json }
}

/// Runs it with the command that it would start.
fn start(case: &Case, run: Run) -> Outcome {
    if case.text("needs") == "another user" {
        return as_another_user(run);
    }
    match case.text("runs") {
        _ if case.status() == 0 => run.args("-- true").run(),
        "" if case.text("command").starts_with("check") => run.run(),
        "" => run.args("-- touch started").run(),
        command => run.args("--").args(command).run(),
    }
}

/// Runs it as a user who owns none of the files.
fn as_another_user(run: Run) -> Outcome {
    let everyone = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(run.home(), everyone).expect("a directory");
    run.with_user(65_534).args("-- true").run()
}

/// The JSON message has the same parts, and its fields are right or null. Returns what is wrong, and the messages.
fn json_problems(
    case: &Case,
    parts: &[String],
    servers: &Servers,
    run: Run,
) -> (Vec<String>, String) {
    let mut expected = case.json();
    for value in expected.values_mut() {
        if let Value::String(text) = value {
            *text = servers.fill(text, &run).replace("{message}", case.wire_text());
        }
    }
    let outcome = start(case, run);
    let line = outcome.stderr.lines().last().unwrap_or_default();
    let message: Value = match serde_json::from_str(line) {
        Ok(message) => message,
        Err(error) => return (vec![format!("no JSON: {error}")], outcome.stderr),
    };
    let mut problems = Vec::new();
    let report = outcome.text().replace("\n  ", "\n");
    let text = report + message["message"].as_str().unwrap_or_default();
    let text = text.replace(":\n    ", ": ");
    for part in parts {
        if !text.contains(part.as_str()) {
            problems.push(format!("the JSON message names no {part:?}"));
        }
    }
    for (field, value) in message.as_object().expect("an object") {
        let wanted = expected.remove(field);
        if COMMON.contains(&field.as_str()) {
            continue;
        }
        let wanted = wanted.unwrap_or(Value::Null);
        let is_any = wanted == "*" && value.is_string();
        if *value != wanted && !is_any {
            problems.push(format!("the field {field} is {value} instead of {wanted}"));
        }
    }
    for field in expected.keys() {
        problems.push(format!("there is no field {field}"));
    }
    if !problems.is_empty() {
        problems.push(line.to_owned());
    }
    (problems, outcome.stderr)
}

/// Runs the cases on some threads.
fn run_all(cases: &[Case]) -> Vec<Ran> {
    let waiting = Mutex::new(cases.iter());
    let ran = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        // Most of them wait for the end of a timeout.
        for _ in 0..16 {
            scope.spawn(|| {
                let next = || waiting.lock().expect("not poisoned").next();
                while let Some(case) = next() {
                    let one = run(case);
                    ran.lock().expect("not poisoned").push(one);
                }
            });
        }
    });
    ran.into_inner().expect("not poisoned")
}

fn expect_no_problems(ran: &[Ran]) {
    let failed = ran.iter().filter(|ran| !ran.problems.is_empty());
    let failed: Vec<String> = failed.map(|ran| ran.problems.join("\n  ")).collect();
    assert!(failed.is_empty(), "{} of {}:\n{}", failed.len(), ran.len(), failed.join("\n"));
}

/// Those of a directory that need nothing that this machine may lack. The first test that needs them runs them.
fn anywhere(directory: &str, ran: &'static OnceLock<Vec<Ran>>) -> &'static [Ran] {
    ran.get_or_init(|| {
        let mut cases = Case::all(directory);
        cases.retain(|case| case.text("needs").is_empty());
        run_all(&cases)
    })
}

fn cases() -> &'static [Ran] {
    static RAN: OnceLock<Vec<Ran>> = OnceLock::new();
    anywhere("cases", &RAN)
}

fn cases_of_credentials() -> &'static [Ran] {
    static RAN: OnceLock<Vec<Ran>> = OnceLock::new();
    anywhere("credentials", &RAN)
}

#[test]
fn every_failure_names_cause_subject_and_remedy() {
    expect_no_problems(cases());
}

#[test]
fn every_failing_source_of_credentials_names_cause_subject_and_remedy() {
    expect_no_problems(cases_of_credentials());
}

#[test]
fn nobody_is_asked_who_the_caller_is_on_the_way_to_a_start() {
    let stub = Stub::start();
    stub.put(Parameter::secure("/r/a", "canary"));
    let sts = HttpServer::start(|_| ok("canary"));
    Run::against(&stub.url()).env("AWS_ENDPOINT_URL_STS", sts.url()).args("-p /r").environment();
    assert!(sts.requests().is_empty());
}

#[test]
fn the_account_is_logged_from_the_parameters_that_came() {
    let stub = Stub::start();
    stub.put(Parameter::secure("/r/a", "canary"));
    let run = Run::against(&stub.url()).args("-v -p /r -- true").run();
    assert_eq!(run.status, 0, "{}", run.stderr);
    for words in ["Region eu-west-1, credentials from", "account 111122223333"] {
        assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
    }
}

#[test]
fn sixty_denied_keys_are_one_message_and_each_is_named_once() {
    let stub = Stub::start();
    stub.deny("GetParameters", "*", Denial::Implicit(Policy::Identity));
    let mut run = Run::against(&stub.url());
    for n in 0..60 {
        stub.put(Parameter::secure(&format!("/r/k{n:02}"), "canary"));
        run = run.args(&format!("-k K{n}=/r/k{n:02}"));
    }
    let outcome = run.fails(77);
    outcome.says(&["allows ssm:GetParameters on 60 parameters", "Add this to"]);
    for n in 0..60 {
        let name = format!("/r/k{n:02}\"");
        assert_eq!(outcome.stderr.matches(&name).count(), 1, "{}", outcome.stderr);
    }
}

#[test]
fn the_whole_sentence_of_aws_is_logged_with_verbose() {
    let stub = Stub::start();
    stub.deny("GetParametersByPath", "*", Denial::Implicit(Policy::Identity));
    let sentence = "is not authorized to perform: ssm:GetParametersByPath on resource: arn:aws:ssm:eu-west-1:111122223333:parameter/r because no identity-based policy allows the ssm:GetParametersByPath action";
    let run = |options: &str| {
        let run = Run::against(&stub.url()).args(options);
        run.args("-p /r -- true").run().stderr
    };
    assert!(!run("").contains(sentence), "{}", run(""));
    let verbose = run("-v");
    assert!(verbose.contains(sentence), "{verbose}");
}

#[test]
fn check_prints_one_json_object_after_a_denial_too() {
    let stub = Stub::start();
    stub.deny("GetParametersByPath", "*", Denial::Implicit(Policy::Identity));
    let outcome = Run::against(&stub.url()).args("check -p /r --format json").run();
    assert_eq!(outcome.status, 77, "{}", outcome.stderr);
    let report: Value = serde_json::from_str(&outcome.text()).expect("JSON");
    assert_eq!(report["asked"]["region"], "eu-west-1");
    assert_eq!(report["asked"]["account"], "111122223333");
    let problem = report["problems"][0]["message"].as_str();
    assert!(problem.is_some_and(|it| it.contains("access denied")), "{report}");
}

#[test]
#[ignore = "needs root, for a network of its own, and files of other users: ./tests/run provides it"]
fn every_failure_that_needs_root_names_cause_subject_and_remedy() {
    let mut cases = Case::all("cases");
    cases.retain(|case| !case.text("needs").is_empty());
    let threads = cases.into_iter().map(|case| {
        std::thread::spawn(move || {
            let _network = (case.text("needs") == "a network").then(|| prepare::network(&case));
            run(&case)
        })
    });
    let threads: Vec<_> = threads.collect();
    let ran = threads.into_iter().map(|thread| thread.join().expect("it ran"));
    expect_no_problems(&ran.collect::<Vec<_>>());
}

/// The most words of a sentence, without what is in brackets and backquotes.
const LONGEST_SENTENCE: usize = 35;

/// What keeps a message from being read at once: long sentences, chains of them, contractions.
fn style(text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let first = text.lines().next().unwrap_or_default();
    for sentence in plain(first).split(". ") {
        let words = sentence.split_whitespace().count();
        if words > LONGEST_SENTENCE
            || sentence.matches("; ").count() > 1
            || sentence.contains("n't ")
        {
            problems.push(format!("a sentence of {words} words: {sentence:?}"));
        }
    }
    problems
}

/// A text without what is in brackets and in backquotes.
fn plain(text: &str) -> String {
    let (mut depth, mut quoted) = (0_u32, false);
    let outside = text.chars().filter(|&c| {
        match c {
            '`' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth = depth.saturating_sub(1),
            _ => return depth == 0 && !quoted,
        }
        false
    });
    outside.collect()
}
