//! Fault injection: each row of the table is injected into a run of the real binary, and has the result
//! that the row states. tests/suite/faults/README.md is generated from the table with `SSM_EXEC_BLESS=1`.

mod connections;
mod credentials;
mod denials;
mod environment;
mod foreign_responses;
mod invalid_responses;
mod request_errors;
mod setup;
mod throttling;
mod tls;

use crate::harness::*;
use setup::{COUNT, Row, Setup};
use ssm_stub::Variant;
use std::fmt::Write;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The result of a run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The command was started with all values.
    Started,
    /// The command was not started, and the status is this.
    Status(i32),
}

/// The rows by title.
const TABLES: &[(&str, &[Row])] = &[
    ("Connections", connections::ROWS),
    ("Responses that are not from SSM", foreign_responses::ROWS),
    ("Throttling", throttling::ROWS),
    ("Invalid responses", invalid_responses::ROWS),
    ("Denials", denials::ROWS),
    ("Credentials", credentials::ROWS),
    ("Errors of the request", request_errors::ROWS),
    ("TLS", tls::ROWS),
    ("The environment", environment::ROWS),
];

/// Runs a row, and compares its result.
fn check_row(row: &Row, variants: &[Variant]) -> Result<(), String> {
    let Setup { stub, run } = (row.setup)();
    if let Some(stub) = &stub {
        stub.set_variants(variants);
    }
    let outcome = match row.end {
        End::Status(_) => run.args("-- echo started").run(),
        // Ample: a busy machine must not make a start time out.
        End::Started => run.args("--timeout 60s -- env -0").run(),
    };
    drop(stub);
    let wrong = |why: &str| {
        Err(format!("{}: {why}: status {}, {}", row.name, outcome.status, outcome.stderr))
    };
    match row.end {
        End::Status(status) if outcome.status != status => return wrong(&format!("not {status}")),
        End::Status(_) if !outcome.stdout.is_empty() => return wrong("the command was started"),
        End::Started if outcome.status != 0 => return wrong("not started"),
        End::Started => {
            let arrived = Environment::parse(&outcome.stdout);
            for n in 0..COUNT {
                if arrived.get(&format!("K{n}")) != Some(&format!("canary-{n}")) {
                    return wrong(&format!("K{n} is missing"));
                }
            }
        }
        End::Status(_) => {}
    }
    for part in row.says.split(" … ") {
        if !outcome.stderr.contains(part) {
            return wrong(&format!("no {part:?}"));
        }
    }
    Ok(())
}

#[test]
fn every_fault_has_the_documented_result() {
    check_all(&[]);
}

#[test]
fn every_fault_has_the_same_result_with_all_variants() {
    check_all(&Variant::ALL);
}

fn check_all(variants: &[Variant]) {
    let rows: Vec<&Row> = TABLES.iter().flat_map(|(_, rows)| *rows).collect();
    assert!(rows.len() >= 60, "{} rows", rows.len());
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                while let Some(row) = rows.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(failure) = check_row(row, variants) {
                        failures.lock().expect("not poisoned").push(failure);
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().expect("not poisoned");
    assert!(failures.is_empty(), "{} of {}:\n{}", failures.len(), rows.len(), failures.join("\n"));
}

/// Faults of what is around the process, which tests outside of the table inject.
const AROUND_THE_PROCESS: &str = "
## Around the process

| fault | result | test |
| --- | --- | --- |
| a system call that a filter refuses: `socketpair`, `epoll_create1`, `eventfd2`, `memfd_create`, `socket`, `clone` | 71 | `system_refusals` |
| too few descriptors | 71 | `system_refusals` |
| too little memory | 71 | `signals_and_limits` |
| a panic in ssm-exec or a library | 70 | `panics`, `src/panic.rs` |
| SIGTERM, SIGINT, SIGHUP or SIGQUIT during a fetch, as process 1 too | 128+N | `signals_and_limits` |
| a full or closed stderr, or one without a reader | as without it | `stalled_stderr`, `signals_and_limits` |
| a configuration file that is a FIFO, device or directory, or larger than 1 MiB | 78, or 64 for `--config` | `config_file` |
| a profile or token file that blocks | 75 | `credentials::files` |
| a profile or token file that is a FIFO, device or directory, named by a variable | 78 | `credentials::files` |
| `--file` without /proc, or over the limit on the size of files | 71 | `files` |
| `--no-core` where a hard limit of 0 cannot be raised and cores go to a handler | 71 | `core_dumps` |
| a command for another machine, or a binary that Linux does not execute | 126 | `launching` |
";

#[test]
fn the_documented_table_is_up_to_date() {
    let mut text = String::from(
        "# Faults\n\nFaults, and the result of a run. Each row is injected into a run of the real binary by\n`tests/suite/faults`, which generates this page. \"Started\" means with every value; otherwise the command\nwas not started, and the number is the exit status.\n",
    );
    for (title, rows) in TABLES {
        let _ = writeln!(text, "\n## {title}\n");
        text.push_str("| fault | result | message |\n| --- | --- | --- |\n");
        for row in *rows {
            let end = match row.end {
                End::Started => "started".to_owned(),
                End::Status(status) => status.to_string(),
            };
            let says = if row.says.is_empty() {
                String::new()
            } else {
                format!("…{}…", row.says.replace('|', "\\|"))
            };
            let _ = writeln!(text, "| {} | {end} | {says} |", row.name);
        }
    }
    text.push_str(AROUND_THE_PROCESS);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/faults/README.md");
    if std::env::var_os("SSM_EXEC_BLESS").is_some() {
        std::fs::write(&path, &text).expect("the page");
    }
    let page = std::fs::read_to_string(&path).expect("the page");
    assert!(
        page == text,
        "tests/suite/faults/README.md is out of date: run SSM_EXEC_BLESS=1 cargo test faults"
    );
}
