//! The picture of `check` in the README, made from a real run. `SSM_EXEC_BLESS=1 cargo test --test suite
//! picture::` writes it anew.

use crate::harness::{Run, script};
use ssm_stub::{Parameter, Stub};
use std::fmt::Write;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

const COMMAND: &str = "ssm-exec check --stage prod";
/// Width of a character and height of a line, in pixels.
const WIDTH: usize = 8;
const HEIGHT: usize = 19;

fn stub() -> Stub {
    let stub = Stub::start();
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let modified = now.expect("after 1970").as_secs_f64() - 12.5 * 86_400.0;
    for (name, value) in [
        ("/org/prod/api/database-url", "postgres://canary-database"),
        ("/org/shared/sentry-dsn", "https://canary-sentry.example"),
    ] {
        stub.put(Parameter::secure(name, value).modified(modified));
    }
    stub.put(Parameter::string("/org/prod/api/port", "canary-port").modified(modified));
    stub
}

/// What a terminal shows. Dates change, and so does the directory of the test.
fn terminal() -> Vec<String> {
    let stub = stub();
    let run = Run::against(&stub.url()).file(include_str!("../../examples/service/ssm-exec.toml"));
    script(&run.home().join("server"), "#!/bin/sh\n");
    let home = run.home().display().to_string();
    let outcome = run.args("check --stage prod").run();
    assert_eq!(outcome.status, 65);
    let text = outcome.text().replace(&home, "/srv/api");
    assert!(!text.contains("canary"), "{text}");
    let is_date = |word: &&str| word.len() == 10 && word.starts_with("20");
    let today = text.split_whitespace().find(is_date).unwrap_or_default();
    let text = text.replace(today, "2026-01-31");
    let prompt = format!("$ {COMMAND}");
    let lines = text.lines().map(|line| line.trim_end().to_owned());
    std::iter::once(prompt).chain(lines).collect()
}

fn escaped(line: &str) -> String {
    line.replace('&', "&amp;").replace('<', "&lt;")
}

fn picture(lines: &[String]) -> String {
    let columns = lines.iter().map(|line| line.chars().count()).max();
    let (width, height) = (columns.unwrap_or_default() * WIDTH + 32, lines.len() * HEIGHT + 28);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"monospace\" font-size=\"13\" fill=\"#e6e6e6\">\n<title>{COMMAND}</title>\n<rect width=\"{width}\" height=\"{height}\" rx=\"8\" fill=\"#1e1e28\"/>\n"
    );
    for (number, line) in lines.iter().enumerate().filter(|(_, line)| !line.is_empty()) {
        let y = 28 + number * HEIGHT;
        let length = line.chars().count() * WIDTH;
        let _ = writeln!(
            svg,
            "<text x=\"16\" y=\"{y}\" textLength=\"{length}\" xml:space=\"preserve\">{}</text>",
            escaped(line)
        );
    }
    svg + "</svg>\n"
}

#[test]
fn the_picture_of_check_is_up_to_date() {
    let made = picture(&terminal());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/check.svg");
    if std::env::var_os("SSM_EXEC_BLESS").is_some() {
        std::fs::write(&path, made).expect("the file");
    } else {
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(kept, made, "{}: out of date", path.display());
    }
}
