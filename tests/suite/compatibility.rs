//! What docs/install.md calls stable, beside tests/suite/stable.txt, the lists of the last release: they only grow. The
//! commit of a release writes the file anew: `SSM_EXEC_BLESS=1 cargo test --test suite compatibility::`.

use crate::harness::Run;
use crate::support::project;
use serde_json::Value;
use ssm_exec_core::code::Code;
use ssm_exec_core::config::SETTINGS;
use ssm_exec_core::config::setting::Kind;
use ssm_stub::{Parameter, Stub};
use std::collections::BTreeSet;

/// A line for each thing that a user's script or file can name.
fn stable() -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    let mut add = |line: String| {
        lines.insert(line);
    };
    for command in ["check", "policy", "init", "completions"] {
        let help = Run::bare().args(command).args("--help").run();
        if help.text().contains(&format!("ssm-exec {command}")) {
            add(format!("command {command}"));
        }
    }
    for row in SETTINGS {
        let command = row.taken_by.map(|own| format!("{} ", own.word())).unwrap_or_default();
        for flag in [row.flag, row.negation].into_iter().flatten() {
            add(format!("option {command}{flag}"));
            if let Kind::Choice(words) = row.kind {
                for word in words {
                    add(format!("option {command}{flag} {word}"));
                }
            }
        }
        if let Some(short) = row.short {
            add(format!("option {command}-{short}"));
        }
        for variable in row.variables {
            add(format!("variable {variable}"));
        }
    }
    let schema = Run::bare().args("completions schema").run().text();
    let schema = serde_json::from_str(&schema).expect("the schema");
    for key in keys_of_file(&schema) {
        add(format!("key {key}"));
    }
    for code in Code::ALL {
        add(format!("code {} {}", code.word(), code.status().code()));
        add(format!("status {} {}", code.status().code(), code.status().word()));
    }
    for key in keys_of_message() {
        add(format!("message {key}"));
    }
    for key in keys_of_report() {
        add(format!("report {key}"));
    }
    lines
}

/// Every key that the schema knows, dotted. A stage has those of the file again.
fn keys_of_file(schema: &Value) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    if let Value::Object(members) = schema {
        for (name, value) in members {
            match (name.as_str(), value) {
                ("properties", Value::Object(properties)) => {
                    for (key, inner) in properties.iter().filter(|(key, _)| *key != "stage") {
                        keys.insert(key.clone());
                        let inner = keys_of_file(inner);
                        keys.extend(inner.iter().map(|inner| format!("{key}.{inner}")));
                    }
                }
                _ => keys.extend(keys_of_file(value)),
            }
        }
    } else if let Value::Array(values) = schema {
        keys.extend(values.iter().flat_map(keys_of_file));
    }
    keys
}

/// The keys of a JSON document, dotted, those of all members of a list together.
fn keys(value: &Value) -> BTreeSet<String> {
    match value {
        Value::Object(members) => {
            let of = |(name, value): (&String, &Value)| {
                let inner = keys(value).into_iter();
                let inner = inner.map(|inner| format!("{name}.{inner}"));
                inner.chain([name.clone()]).collect::<Vec<_>>()
            };
            members.iter().flat_map(of).collect()
        }
        Value::Array(values) => values.iter().flat_map(keys).collect(),
        _ => BTreeSet::new(),
    }
}

fn keys_of_message() -> BTreeSet<String> {
    let run = Run::bare().args("--log-format json --key A=/a -- true").run();
    let line = run.stderr.lines().last().expect("a message");
    keys(&serde_json::from_str(line).expect("JSON"))
}

fn keys_of_report() -> BTreeSet<String> {
    let stub = Stub::start();
    stub.put(Parameter::secure("/org/api/url", "canary"));
    let report = Run::against(&stub.url())
        .file("prefix = [\"/org/api\"]\n[contract]\nURL = { type = \"url\" }\n[watch]\nevery = \"5m\"\n")
        .args("check --unused --format json --only NOTHING,URL")
        .run();
    keys(&serde_json::from_str(&report.text()).expect("JSON"))
}

#[test]
fn nothing_stable_is_removed() {
    let path = project("tests/suite/stable.txt");
    let stable = stable();
    if std::env::var_os("SSM_EXEC_BLESS").is_some() {
        let mut text = format!("# {}\n", env!("CARGO_PKG_VERSION"));
        stable.iter().for_each(|line| text.extend([line, "\n"]));
        std::fs::write(&path, text).expect("the file");
    }
    let kept = std::fs::read_to_string(&path).expect("the file");
    let removed = |line: &&str| !line.starts_with('#') && !stable.contains(*line);
    let removed: Vec<_> = kept.lines().filter(removed).collect();
    assert!(removed.is_empty(), "removed or renamed since the last release: {removed:#?}");
}
