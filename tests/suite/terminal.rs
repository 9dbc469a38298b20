//! Colours, widths and progress on a terminal.

use crate::harness::*;
use nix::pty::{OpenptyResult, Winsize, openpty};
use ssm_stub::{Parameter, Stub};
use std::fs::File;
use std::io::Read;
use std::process::Stdio;

/// Reads from the terminal until this text.
fn read_until(terminal: &mut File, wanted: &str) -> String {
    let mut seen = Vec::new();
    let mut byte = [0];
    while !String::from_utf8_lossy(&seen).contains(wanted) {
        assert_eq!(terminal.read(&mut byte).expect("the terminal"), 1, "the terminal was closed");
        seen.push(byte[0]);
    }
    String::from_utf8_lossy(&seen).into_owned()
}

/// A terminal with this many columns.
fn terminal(columns: u16) -> OpenptyResult {
    let size = Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    openpty(&size, None).expect("a terminal")
}

#[test]
fn a_report_is_coloured_and_fits_the_terminal_unless_no_color_is_set() {
    let stub = Stub::start();
    let long = format!("/tty/{}end", "segment/".repeat(8));
    stub.put(Parameter::secure(&long, "canary"));
    let report = |no_colour: &str| {
        let pty = terminal(100);
        let (mut command, _home) = Run::against(&stub.url())
            .env("NO_COLOR", no_colour)
            .args(&format!("check -k A={long}"))
            .command();
        let mut child = command.stdout(Stdio::from(pty.slave)).spawn().expect("starts");
        drop(command);
        let text = read_until(&mut File::from(pty.master), "key");
        assert!(child.wait().expect("ends").code().is_some());
        text
    };
    let coloured = report("");
    assert!(coloured.contains("\x1b[1mVARIABLE"), "{coloured:?}");
    assert!(coloured.contains("…") && coloured.contains("segment/end"), "{coloured:?}");
    assert!(coloured.lines().all(|line| line.chars().count() <= 110), "{coloured:?}");
    assert!(!report("1").contains('\x1b'));
}

#[test]
fn a_long_fetch_shows_a_progress_line_and_clears_it() {
    let stub = Stub::start();
    stub.put(Parameter::secure("/tty/a", "canary"));
    stub.hold();
    let pty = terminal(80);
    let (mut command, _home) = Run::against(&stub.url())
        .env("TERM", "xterm")
        .args("-p /tty -- sh -c")
        .arg("echo the command is here >&2")
        .command();
    let mut child = command.stderr(Stdio::from(pty.slave)).spawn().expect("starts");
    // The command holds the slave's end of the terminal.
    drop(command);
    let mut terminal = File::from(pty.master);
    read_until(&mut terminal, "fetching parameters");
    stub.release();
    let rest = read_until(&mut terminal, "the command is here");
    let before = rest.split("the command is here").next().expect("a beginning");
    let last_line = before.rsplit(['\r', '\n']).next().expect("a line");
    assert!(
        last_line.ends_with("\x1b[2K") || last_line.is_empty(),
        "the progress line was not cleared: {before:?}"
    );
    assert!(child.wait().expect("ends").success());
}

#[test]
fn without_a_terminal_a_long_fetch_prints_nothing() {
    let stub = Stub::builder().latency(std::time::Duration::from_millis(800)).start();
    stub.put(Parameter::secure("/tty/a", "canary"));
    let outcome = Run::against(&stub.url()).args("-p /tty true").run();
    assert_eq!(outcome.stderr, "");
}
