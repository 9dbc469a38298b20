//! The fault catalogue: each row of the table is injected into a run of the real binary, and ends as
//! the row says. docs/faults.md is this table; `SSM_EXEC_BLESS=1` writes it anew.

mod table;

use crate::harness::*;
use ssm_stub::{Parameter, Stub};
use std::fmt::Write;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How a run ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// With all values.
    Started,
    /// With this status, and the command was not started.
    Status(i32),
}

/// One fault.
pub struct Row {
    /// What goes wrong.
    pub what: &'static str,
    /// Makes the world in which it does.
    pub world: fn() -> Scene,
    /// How the run ends.
    pub end: End,
    /// What the message says.
    pub says: &'static str,
}

/// An endpoint, if there is one, and a run that asks it.
pub struct Scene {
    pub stub: Option<Stub>,
    pub run: Run,
}

/// Parameters of two pages below `/f`.
pub const COUNT: usize = 15;

pub fn filled(stub: Stub) -> Stub {
    for n in 0..COUNT {
        stub.put(Parameter::secure(
            &format!("/f/k{n}"),
            &format!("canary-{n}"),
        ));
    }
    stub
}

/// A run over all of `/f`, with a time that is short and enough for a retry or two.
pub fn over(stub: Stub) -> Scene {
    let run = Run::against(&stub.url()).args("-p /f --timeout 3s");
    Scene {
        stub: Some(stub),
        run,
    }
}

/// Two batches of keys in place of the prefix.
pub fn by_keys(stub: Stub) -> Scene {
    let keys: String = (0..COUNT).map(|n| format!("K{n}=/f/k{n} ")).collect();
    let run = Run::against(&stub.url())
        .env("SSM_EXEC_KEY", keys)
        .args("--timeout 3s");
    Scene {
        stub: Some(stub),
        run,
    }
}

/// The command that a started row runs: it has every value.
fn play(row: &Row) -> Result<(), String> {
    let Scene { stub, run } = (row.world)();
    let outcome = match row.end {
        End::Status(_) => run.args("-- echo started").run(),
        End::Started => run.args("-- env -0").run(),
    };
    drop(stub);
    let wrong = |why: &str| {
        Err(format!(
            "{}: {why}: status {}, {}",
            row.what, outcome.status, outcome.stderr
        ))
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
    if !outcome.stderr.contains(row.says) {
        return wrong(&format!("no {:?}", row.says));
    }
    Ok(())
}

#[test]
fn every_fault_has_the_documented_result() {
    let rows = table::ROWS;
    assert!(rows.len() >= 60, "{} rows", rows.len());
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                while let Some(row) = rows.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(failure) = play(row) {
                        failures.lock().expect("no panic holds it").push(failure);
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().expect("no panic held it");
    assert!(
        failures.is_empty(),
        "{} of {}:\n{}",
        failures.len(),
        rows.len(),
        failures.join("\n")
    );
}

#[test]
fn the_documented_table_is_up_to_date() {
    let mut text = String::from(
        "# Faults\n\nWhat goes wrong, and how a run ends. Each row is injected into a run of the real binary by\n`tests/suite/faults`, which writes this page. \"Started\" is with every value; otherwise the command was\nnot started.\n\n| fault | ends with | message |\n| --- | --- | --- |\n",
    );
    for row in table::ROWS {
        let end = match row.end {
            End::Started => "started".to_owned(),
            End::Status(status) => status.to_string(),
        };
        let says = if row.says.is_empty() {
            String::new()
        } else {
            format!("…{}…", row.says.replace('|', "\\|"))
        };
        let _ = writeln!(text, "| {} | {end} | {says} |", row.what);
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/faults.md");
    if std::env::var_os("SSM_EXEC_BLESS").is_some() {
        std::fs::write(&path, &text).expect("the page");
    }
    let page = std::fs::read_to_string(&path).expect("the page");
    assert_eq!(
        page, text,
        "SSM_EXEC_BLESS=1 cargo test faults writes docs/faults.md"
    );
}
