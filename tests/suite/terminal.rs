//! What a person at a terminal sees while it takes long.

use crate::world::*;
use nix::pty::{Winsize, openpty};
use ssm_stub::{Parameter, Stub};
use std::fs::File;
use std::io::Read;
use std::process::Stdio;

/// Reads from the terminal until this text has come.
fn read_until(terminal: &mut File, wanted: &str) -> String {
    let mut seen = Vec::new();
    let mut byte = [0];
    while !String::from_utf8_lossy(&seen).contains(wanted) {
        assert_eq!(
            terminal.read(&mut byte).expect("the terminal"),
            1,
            "the terminal was closed"
        );
        seen.push(byte[0]);
    }
    String::from_utf8_lossy(&seen).into_owned()
}

#[test]
fn a_long_fetch_shows_a_line_that_is_gone_when_the_command_starts() {
    let stub = Stub::start();
    stub.put(Parameter::secure("/tty/a", "canary"));
    stub.hold();
    let size = Winsize {
        ws_row: 24,
        ws_col: 80,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    let pty = openpty(&size, None).expect("a terminal");
    let (mut command, _home) = Run::against(&stub.url())
        .env("TERM", "xterm")
        .args("-p /tty -- sh -c")
        .arg("echo the command is here >&2")
        .command();
    let mut child = command
        .stderr(Stdio::from(pty.slave))
        .spawn()
        .expect("starts");
    // The command still holds the slave's end.
    drop(command);
    let mut terminal = File::from(pty.master);
    read_until(&mut terminal, "asking SSM");
    stub.release();
    let rest = read_until(&mut terminal, "the command is here");
    let before = rest
        .split("the command is here")
        .next()
        .expect("a beginning");
    let last_line = before.rsplit(['\r', '\n']).next().expect("a line");
    assert!(
        last_line.ends_with("\x1b[2K") || last_line.is_empty(),
        "nothing is left of it: {before:?}"
    );
    assert!(child.wait().expect("ends").success());
}

#[test]
fn elsewhere_a_long_fetch_says_nothing() {
    let stub = Stub::builder()
        .latency(std::time::Duration::from_millis(800))
        .start();
    stub.put(Parameter::secure("/tty/a", "canary"));
    let outcome = Run::against(&stub.url()).args("-p /tty true").run();
    assert_eq!(outcome.stderr, "");
}
