//! The rehearsal is the next start: the file, the command and the directory as they are by then.

use super::*;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Changes what the next start would find, rotates, sees one error and no signal, changes it back, and sees
/// the signal.
fn expect_no_signal(words: &str, file: &str, harm: impl Fn(&Path), repair: impl Fn(&Path)) {
    let stub = stub();
    let run = Run::against(&stub.url()).file(file).args("--settle 0s --watch 1s");
    let home = run.home().to_owned();
    let script = home.join("server");
    fs::write(&script, format!("#!/bin/sh\n{COMMAND}")).expect("a script");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("a mode");
    let run = spawn(run.args("-- ./server"));
    run.stdout.wait_for("started");
    harm(&home);
    wait_for_polls(&stub, 2);
    assert_eq!(run.stdout.so_far(), [""; 0], "it triggers nothing: {words}");
    stub.put(Parameter::secure("/watch/password", "canary-two"));
    let line = run.stderr.wait_for("ssm-exec: error:");
    assert!(line.contains("keeps its old values"), "{line}");
    assert!(line.contains(words), "{line}");
    wait_for_polls(&stub, 4);
    assert_eq!(run.stderr.so_far(), [""; 0], "{words}");
    assert_eq!(run.stdout.so_far(), [""; 0], "{words}");
    repair(&home);
    // A rehearsal follows after eight polls, or the next write.
    stub.put(Parameter::secure("/watch/password", "canary-three"));
    run.stderr.wait_for("sending SIGTERM");
    assert_eq!(run.finish().1, ["got TERM"]);
}

const FILE: &str = "prefix = \"/watch\"\n";

fn write_file(text: &'static str) -> impl Fn(&Path) {
    move |home: &Path| fs::write(home.join("ssm-exec.toml"), text).expect("a file")
}

#[test]
fn a_file_that_is_broken_by_then_is_an_error() {
    let broken = write_file("prefix = \"/watch\"\nan_error");
    expect_no_signal("ssm-exec.toml", FILE, broken, write_file(FILE));
}

#[test]
fn a_file_that_is_gone_by_then_is_an_error() {
    let away = |home: &Path| fs::remove_file(home.join("ssm-exec.toml")).expect("a file");
    expect_no_signal("ssm-exec.toml is gone, which the start used", FILE, away, write_file(FILE));
}

#[test]
fn a_file_that_others_may_write_by_then_is_an_error() {
    let mode = |mode| {
        move |home: &Path| {
            let permissions = fs::Permissions::from_mode(mode);
            fs::set_permissions(home.join("ssm-exec.toml"), permissions).expect("a mode");
        }
    };
    expect_no_signal("world-writable", FILE, mode(0o666), mode(0o644));
}

#[test]
fn a_command_that_is_not_there_or_not_executable_by_then_is_an_error() {
    let rename = |from: &'static str, to: &'static str| {
        move |home: &Path| fs::rename(home.join(from), home.join(to)).expect("a name")
    };
    expect_no_signal("./server", FILE, rename("server", "old"), rename("old", "server"));
    let mode = |mode| {
        move |home: &Path| {
            let permissions = fs::Permissions::from_mode(mode);
            fs::set_permissions(home.join("server"), permissions).expect("a mode");
        }
    };
    expect_no_signal("execute permission", FILE, mode(0o644), mode(0o755));
}

#[test]
fn a_file_that_asks_for_something_else_by_then_is_what_counts() {
    let stub = stub();
    stub.put(Parameter::secure("/other/password", "canary-other"));
    stub.put(Parameter::string("/other/user-name", "other"));
    let run = Run::against(&stub.url()).file(FILE);
    let file = run.home().join("ssm-exec.toml");
    let run = watch_run(run.args("--settle 0s --on-change HUP"));
    run.stdout.wait_for("started");
    fs::write(file, "prefix = \"/other\"\n").expect("a file");
    wait_for_polls(&stub, 3);
    assert_eq!(run.stdout.so_far(), [""; 0]);
    stub.put(Parameter::secure("/watch/password", "canary-two"));
    run.stderr.wait_for("sending SIGHUP");
    assert_eq!(run.stdout.next(), "got HUP");
    // What the file no longer asks for is no change any more, nor a rehearsal at each poll.
    stub.put(Parameter::secure("/watch/password", "canary-three"));
    wait_for_rehearsals(&stub, 1);
    wait_for_polls(&stub, 3);
    let rehearsals = stub.requests();
    let rehearsals = rehearsals.iter().filter(|one| one.body["WithDecryption"] == true);
    assert_eq!(rehearsals.count(), 3, "the start, and one for each rotation");
    assert_eq!(run.stop(), (vec!["got TERM".to_owned()], Vec::new()));
}
