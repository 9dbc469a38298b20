//! A watcher under a real systemd, beside a service that notifies and has a watchdog.

use crate::support::*;
use crate::systemd::{Machine, instance_of, machine};
use ssm_stub::{Parameter, Stub};

/// Notifies systemd that it is ready and, until it is stopped, that it is alive.
const SERVICE: &str = r#"#!/usr/bin/python3
import os, signal, socket, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
path = os.environ["NOTIFY_SOCKET"]
notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
notify.connect("\0" + path[1:] if path[0] == "@" else path)
notify.send(b"READY=1\nSTATUS=got %d bytes" % len(os.environ["PASSWORD"]))
while True:
    notify.send(b"WATCHDOG=1")
    time.sleep(0.2)
"#;

const UNIT: &str = "[Service]
Type=notify
WatchdogSec=5s
KillMode=process
";

/// The watchers in a unit, its polls too.
fn watchers(machine: &Machine, unit: &str) -> usize {
    let status = machine.run("systemctl status --lines=0 --full").arg(unit).output();
    text(&status.expect("docker")).matches("ssm-exec: watching").count()
}

/// The line of the template unit that says when it restarts: the tests have another one.
fn restart_of_the_template() -> String {
    let unit =
        std::fs::read_to_string(project("deploy/systemd/ssm-exec@.service")).expect("a unit");
    let line = unit.lines().find(|line| line.starts_with("RestartSec="));
    line.expect("such a line").to_owned()
}

fn drop_in(machine: &Machine, name: &str, text: &str) {
    let directory = format!("/etc/systemd/system/ssm-exec@{name}.service.d");
    machine.write(&format!("{directory}/watch.conf"), text);
}

#[test]
#[ignore = "needs systemd in a container: ./tests/run provides it"]
fn a_rotation_restarts_the_unit_and_the_watchdog_still_works() {
    let (machine, stub) = (machine(), Stub::start());
    stub.put(Parameter::secure("/s/password", "canary-one"));
    let program = "/usr/local/bin/watched";
    machine.write(program, SERVICE);
    succeeds(machine.run("chmod 755").arg(program));
    drop_in(machine, "watched", &format!("{UNIT}{}\n", restart_of_the_template()));
    let watch = "\n[watch]\nevery = \"1s\"\nsettle = \"0s\"\n";
    let unit = instance_of(machine, "watched", &stub, program, watch);
    succeeds(machine.run("systemctl start").arg(&unit));
    assert_eq!(machine.property(&unit, "StatusText"), "got 10 bytes");
    // A poll is a process too.
    eventually("there is one watcher", || watchers(machine, &unit) == 1);
    let main = machine.property(&unit, "MainPID");
    let counted = machine.count_restarts();
    stub.put(Parameter::secure("/s/password", "canary-number-two"));
    eventually("it is restarted", || machine.property(&unit, "StatusText") == "got 17 bytes");
    assert_ne!(machine.property(&unit, "MainPID"), main);
    assert_eq!(machine.property(&unit, "NRestarts"), "1");
    assert_eq!(machine.property(&unit, "RestartUSec"), "500ms");
    let journal = machine.journal(&unit);
    let events = [
        "/s/password 1 -> 2: sending SIGTERM",
        "Scheduled restart job, restart counter is at 1",
        "Started ssm-exec@watched.service",
    ];
    let places = events.map(|event| journal.rfind(event));
    assert!(places[0].is_some() && places.is_sorted(), "{places:?}: {journal}");
    // The watchdog takes a service that hangs for one that has failed.
    succeeds(machine.run("systemctl kill --kill-whom=main --signal=STOP").arg(&unit));
    eventually("the watchdog has restarted it", || {
        machine.property(&unit, "NRestarts") == "2"
            && machine.property(&unit, "ActiveState") == "active"
    });
    drop(counted);
    eventually("one watcher is left", || watchers(machine, &unit) == 1);
    machine.shows_no_value(&unit);
    succeeds(machine.run("systemctl stop").arg(&unit));
    eventually("no watcher is left", || watchers(machine, &unit) == 0);
}

/// Starts a process in the background, writes its number to a file, and ends.
const DAEMON: &str = "#!/bin/sh
sleep 1000 &
echo $! >/run/daemon.pid
";

/// docs/rotation.md: nothing is watched, and only with PIDFile= does systemd always know the main process.
#[test]
#[ignore = "needs systemd in a container: ./tests/run provides it"]
fn a_program_that_goes_to_the_background_is_not_watched_and_needs_a_pid_file() {
    let (machine, stub) = (machine(), Stub::start());
    stub.put(Parameter::secure("/s/password", "canary-one"));
    let program = "/usr/local/bin/daemon";
    machine.write(program, DAEMON);
    succeeds(machine.run("chmod 755").arg(program));
    let watch = "\n[watch]\nevery = \"1s\"\nsettle = \"0s\"\n";
    for (name, setting) in [("daemon", ""), ("daemon-file", "PIDFile=/run/daemon.pid\n")] {
        let user = "DynamicUser=no\nPrivateUsers=no\nProtectSystem=no\n";
        drop_in(machine, name, &format!("[Service]\nType=forking\n{user}{setting}"));
        let unit = instance_of(machine, name, &stub, program, watch);
        for _start in 0..6 {
            succeeds(machine.run("systemctl start").arg(&unit));
            let daemon = succeeds(&mut machine.run("cat /run/daemon.pid"));
            let main = machine.property(&unit, "MainPID");
            let known = main == daemon.trim();
            assert!(known || setting.is_empty() && main == "0", "{name}: {main} for {daemon}");
            eventually("no watcher is left", || watchers(machine, &unit) == 0);
            assert_eq!(machine.property(&unit, "ActiveState"), "active");
            succeeds(machine.run("systemctl stop").arg(&unit));
        }
    }
}
