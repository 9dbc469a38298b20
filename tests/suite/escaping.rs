//! Names and texts from outside never steer a terminal, and never add a line or a cell to a report.

use crate::harness::*;
use ssm_stub::{Fault, Parameter, Stub};

/// ESC, BEL, a line break, C1, a direction override, a line separator, and what Markdown obeys.
const HOSTILE: &str = "x\u{1b}[2J\u{7}\r\n| FORGED | row |\u{9b}\u{202e}\u{2028}`|<b>";

fn is_unsafe(c: char) -> bool {
    (c.is_control() && c != '\n') || "\u{202e}\u{2028}".contains(c)
}

#[test]
fn no_report_obeys_the_name_of_a_json_member() {
    let stub = Stub::start();
    let object =
        serde_json::json!({ HOSTILE: "canary-1", "ld_preload": "canary-2", "a": "canary-3" });
    stub.put(Parameter::secure("/esc/json", &object.to_string()));
    for (format, lines) in [("table", 10), ("markdown", 10), ("json", 0), ("toml", 0)] {
        let run = Run::against(&stub.url())
            .args("check --json /esc/json --format")
            .arg(format)
            .arg("--optional-key")
            .arg(format!("B=/esc/json#{HOSTILE}"))
            .run();
        let report = run.text();
        assert!(!report.contains(is_unsafe), "{format}: {report:?}");
        assert!(report.contains("FORGED"), "{format}: {report}");
        assert!(!report.lines().any(|line| line.starts_with("| FORGED")), "{format}: {report}");
        if lines > 0 {
            assert_eq!(report.lines().count(), lines, "{format}: {report}");
        }
        if format == "markdown" {
            let row = report.lines().find(|line| line.contains("FORGED")).expect("a row");
            let cells = row.replace(r"\|", "").matches('|').count();
            assert_eq!(cells, 5, "{row}");
        }
        assert!(
            !run.stderr.trim_end().replace("\n  ", "  ").contains(|c| is_unsafe(c) || c == '\n'),
            "{:?}",
            run.stderr
        );
    }
}

#[test]
fn no_log_obeys_a_name_or_a_message() {
    let stub = Stub::start();
    stub.always(Fault::client("OddException", HOSTILE));
    for log in ["text", "json"] {
        let by_service =
            Run::against(&stub.url()).args("-vv -p /esc --log-format").arg(log).args("-- true");
        let by_flag = Run::bare().args("--log-format").arg(log).arg("--prefix").arg(HOSTILE);
        let by_file = Run::bare().args("--log-format").arg(log).arg("--config").arg(HOSTILE);
        let by_command =
            Run::bare().args("--skip --log-format").arg(log).arg(format!("/{HOSTILE}"));
        for run in [by_service, by_flag, by_file, by_command] {
            let outcome = run.run();
            assert!(outcome.stderr.contains("FORGED"), "{}", outcome.stderr);
            assert!(!outcome.stderr.contains(is_unsafe), "{:?}", outcome.stderr);
            assert!(
                !outcome.stderr.lines().any(|line| line.starts_with("| FORGED")),
                "{}",
                outcome.stderr
            );
        }
    }
}
