//! A watcher under a real systemd, beside a service that notifies and has a watchdog.

use crate::support::*;
use crate::systemd::{instance_of, machine};
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
RestartSec=100ms
KillMode=process
";

#[test]
#[ignore = "needs systemd in a container: ./tests/run provides it"]
fn a_rotation_restarts_the_unit_and_the_watchdog_still_works() {
    let (machine, stub) = (machine(), Stub::start());
    stub.put(Parameter::secure("/s/password", "canary-one"));
    let program = "/usr/local/bin/watched";
    machine.write(program, SERVICE);
    succeeds(machine.run("chmod 755").arg(program));
    machine.write(
        "/etc/systemd/system/ssm-exec@watched.service.d/watch.conf",
        UNIT,
    );
    let watch = "\n[watch]\nevery = \"1s\"\nsettle = \"0s\"\n";
    let unit = instance_of(machine, "watched", &stub, program, watch);
    succeeds(machine.run("systemctl start").arg(&unit));
    assert_eq!(machine.property(&unit, "StatusText"), "got 10 bytes");
    let watcher = || {
        let shell = "grep -l 'ssm-exec: [w]atching' /proc/[0-9]*/cmdline | wc -l";
        succeeds(machine.run("sh -c").arg(shell)).trim().to_owned()
    };
    // A poll is a process too.
    eventually("there is one watcher", || watcher() == "1");
    let main = machine.property(&unit, "MainPID");
    stub.put(Parameter::secure("/s/password", "canary-number-two"));
    eventually("it is restarted", || {
        machine.property(&unit, "StatusText") == "got 17 bytes"
    });
    assert_ne!(machine.property(&unit, "MainPID"), main);
    assert_eq!(machine.property(&unit, "NRestarts"), "1");
    let journal = machine.journal(&unit);
    assert!(
        journal.contains("/s/password 1 -> 2: sending SIGTERM"),
        "{journal}"
    );
    // The watchdog takes a service that hangs for one that has failed.
    succeeds(
        machine
            .run("systemctl kill --kill-whom=main --signal=STOP")
            .arg(&unit),
    );
    eventually("the watchdog has restarted it", || {
        machine.property(&unit, "NRestarts") == "2"
            && machine.property(&unit, "ActiveState") == "active"
    });
    eventually("one watcher is left", || watcher() == "1");
    machine.shows_no_value(&unit);
    succeeds(machine.run("systemctl stop").arg(&unit));
    eventually("no watcher is left", || watcher() == "0");
}
