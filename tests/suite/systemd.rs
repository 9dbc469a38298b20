//! The units in `deploy/systemd`, under a real systemd in a container.

use crate::support::docker::*;
use crate::support::*;
use ssm_stub::{Fault, Parameter, Stub};
use std::path::Path;
use std::process::{Child, Command};
use std::sync::{OnceLock, PoisonError, RwLock, RwLockReadGuard};

/// Made by `tests/needs`.
pub const IMAGE: &str = "ssm-exec-tests-systemd";

/// A service that notifies systemd as the main process, and exits on SIGTERM.
const APP: &str = r#"#!/usr/bin/perl
use Socket;
$SIG{TERM} = sub { exit 0 };
if (my $path = $ENV{NOTIFY_SOCKET}) {
    $path =~ s/^@/\0/;
    socket(my $socket, AF_UNIX, SOCK_DGRAM, 0) or die $!;
    my $got = length $ENV{PASSWORD};
    defined send($socket, "READY=1\nSTATUS=got $got bytes", 0, pack_sockaddr_un($path)) or die $!;
}
sleep while 1;
"#;

/// A program that knows nothing of systemd and does what the runtimes of Node.js, Java and Go do.
const ORDINARY: &str = r#"#!/usr/bin/python3
import mmap, os, signal, socket, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
assert "processor" in open("/proc/cpuinfo").read()
assert "lo" in [name for _, name in socket.if_nameindex()]
socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0).close()
os.setpriority(os.PRIO_PROCESS, 0, 5)
open(os.environ["STATE_DIRECTORY"] + "/file", "w").close()
print("got", len(os.environ["PASSWORD"]), "bytes", flush=True)
while True:
    signal.pause()
"#;

pub struct Machine(Container);

/// Tests share the machine, and systemd counts a restart twice that is due while it reads its units again.
static RELOADS: RwLock<()> = RwLock::new(());

/// Booted by the first test that needs it, and removed when the tests end.
pub fn machine() -> &'static Machine {
    static MACHINE: OnceLock<(Machine, Child)> = OnceLock::new();
    &MACHINE
        .get_or_init(|| {
            let container = Container(unique_name("systemd"));
            let remover = run_at_exit(&format!("docker rm -f {}", container.0));
            boot(&container.0);
            let machine = Machine(container);
            machine.install();
            (machine, remover)
        })
        .0
}

fn boot(name: &str) {
    let known = docker("image inspect").arg(IMAGE).output().expect("docker");
    assert!(known.status.success(), "no image {IMAGE}: tests/needs makes it");
    succeeds(&mut docker(&format!(
        "run --detach --name {name} --network host --cap-add SYS_ADMIN --cap-add NET_ADMIN \
         --cap-add SYS_PTRACE --cap-add MKNOD --security-opt seccomp=unconfined --tmpfs /run \
         --tmpfs /run/lock --tmpfs /tmp --volume /sys/fs/cgroup:/sys/fs/cgroup:rw --cgroupns=host \
         --env container=docker {IMAGE} /sbin/init"
    )));
    eventually("systemd is up", || {
        let state =
            docker("exec").args([name, "systemctl", "is-system-running", "--wait"]).output();
        let state = state.expect("docker");
        ["running\n", "degraded\n"].map(str::as_bytes).contains(&&state.stdout[..])
    });
}

impl Machine {
    fn install(&self) {
        self.copy(static_binary(), "/usr/bin/ssm-exec");
        for unit in ["ssm-exec@.service", "example.service"] {
            let from = project("deploy/systemd").join(unit);
            self.copy(&from, &format!("/etc/systemd/system/{unit}"));
        }
        let directory = tempfile::tempdir().expect("a directory for the test");
        let app = directory.path().join("api");
        crate::harness::script(&app, APP);
        self.copy(&app, "/usr/local/bin/api");
        let ordinary = directory.path().join("ordinary");
        crate::harness::script(&ordinary, ORDINARY);
        self.copy(&ordinary, "/usr/local/bin/ordinary");
        for unit in ["ssm-exec@", "example"] {
            self.write(
                &format!("/etc/systemd/system/{unit}.service.d/soon.conf"),
                "[Service]\nRestartSec=100ms\n",
            );
        }
    }

    fn copy(&self, from: &Path, to: &str) {
        succeeds(docker("cp").arg(from).arg(format!("{}:{to}", self.0.0)));
    }

    pub fn write(&self, to: &str, content: &str) {
        let directory = tempfile::tempdir().expect("a directory for the test");
        let file = directory.path().join("file");
        write(&file, content);
        let shell = "mkdir -p \"${0%/*}\" && cat >\"$0\"";
        let mut command = self.run("-i sh -c");
        let content = std::fs::File::open(&file).expect("a file");
        succeeds(command.args([shell, to]).stdin(content));
    }

    pub fn run(&self, words: &str) -> Command {
        self.0.command(&format!("exec {words}"))
    }

    /// Runs a command with which systemd reads its units again, while no test counts restarts.
    fn reload(&self, words: &str) {
        let _alone = RELOADS.write().unwrap_or_else(PoisonError::into_inner);
        succeeds(&mut self.run(words));
    }

    /// Restarts are counted right for as long as this lives.
    pub fn count_restarts(&self) -> RwLockReadGuard<'static, ()> {
        RELOADS.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// A property of a unit.
    pub fn property(&self, unit: &str, name: &str) -> String {
        let value = succeeds(self.run("systemctl show --value -p").args([name, unit]));
        value.trim().to_owned()
    }

    fn state(&self, unit: &str) -> String {
        let names = ["ActiveState", "SubState", "ExecMainStatus", "NRestarts"];
        let shown = succeeds(self.run("systemctl show -p").args([&names.join(","), unit]));
        // In an order of its own.
        let value = |name: &str| {
            let is_it = |line: &str| Some(line.strip_prefix(name)?.strip_prefix('=')?.to_owned());
            shown.lines().find_map(is_it).expect(&shown)
        };
        names.map(value).join(" ")
    }

    pub fn journal(&self, unit: &str) -> String {
        succeeds(self.run("journalctl --no-pager -o export -u").arg(unit))
    }

    /// Asserts that neither the journal nor the properties contain a value.
    pub fn shows_no_value(&self, unit: &str) {
        for shown in [
            self.journal(unit),
            succeeds(self.run("systemctl show").arg(unit)),
            text(&self.run("systemctl status -l").arg(unit).output().expect("docker")),
        ] {
            assert!(!shown.contains("canary"), "{shown}");
        }
    }
}

fn settings(stub: &Stub) -> String {
    // By name, to test that the unit's address families suffice for the resolver.
    format!(
        "AWS_ENDPOINT_URL_SSM=http://localhost:{}\nAWS_REGION=eu-west-1\nAWS_ACCESS_KEY_ID=AKIDEXAMPLE\nAWS_SECRET_ACCESS_KEY=key\n",
        stub.port()
    )
}

/// Configures an instance of the template unit.
fn instance(machine: &Machine, name: &str, stub: &Stub, more: &str) -> String {
    instance_of(machine, name, stub, "/usr/local/bin/api", more)
}

pub fn instance_of(
    machine: &Machine,
    name: &str,
    stub: &Stub,
    program: &str,
    more: &str,
) -> String {
    machine.write(&format!("/etc/ssm-exec/{name}.env"), &settings(stub));
    machine.write(
        &format!("/etc/ssm-exec/{name}.toml"),
        &format!("prefix = [\"/s\"]\ncommand = [\"{program}\"]\n{more}"),
    );
    machine.reload("systemctl daemon-reload");
    format!("ssm-exec@{name}.service")
}

fn stub() -> Stub {
    let stub = Stub::start();
    stub.put(Parameter::secure("/s/password", "canary-s"));
    stub
}

fn expect_stop(machine: &Machine, unit: &str) {
    succeeds(machine.run("systemctl stop").arg(unit));
    // A command that does not end by itself is killed, and its unit has failed.
    assert_eq!(machine.state(unit), "inactive dead 0 0");
}

/// Installs a drop-in of `deploy/systemd` for an instance.
fn drop_in(machine: &Machine, instance: &str, name: &str) {
    let directory = format!("/etc/systemd/system/ssm-exec@{instance}.service.d");
    succeeds(machine.run("mkdir -p").arg(&directory));
    let file = project("deploy/systemd/drop-ins").join(name);
    machine.copy(&file, &format!("{directory}/{name}"));
    machine.reload("systemctl daemon-reload");
}

#[test]
#[ignore = "needs systemd in a container: ./tests/run provides it"]
fn an_ordinary_program_starts_under_the_template_and_is_restarted_when_it_exits() {
    let (machine, stub) = (machine(), stub());
    let unit = instance_of(machine, "ordinary", &stub, "/usr/local/bin/ordinary", "");
    machine.reload(&format!("systemctl enable --now {unit}"));
    let logged = |times: usize| {
        eventually("the program is up", || {
            machine.journal(&unit).matches("MESSAGE=got 8 bytes").count() == times
        });
    };
    logged(1);
    assert_eq!(machine.state(&unit), "active running 0 0");
    let counted = machine.count_restarts();
    // As the watcher ends it after a rotation: with status 0.
    succeeds(machine.run("systemctl kill --kill-whom=main").arg(&unit));
    logged(2);
    assert_eq!(machine.state(&unit), "active running 0 1");
    drop(counted);
    machine.reload(&format!("systemctl disable --now {unit}"));
}

#[test]
#[ignore = "needs systemd in a container: ./tests/run provides it"]
fn the_command_is_the_main_process_and_can_notify_systemd() {
    let (machine, stub) = (machine(), stub());
    drop_in(machine, "notifies", "notify.conf");
    drop_in(machine, "notifies", "strict.conf");
    let unit = instance(machine, "notifies", &stub, "");
    succeeds(machine.run("systemctl start").arg(&unit));
    assert_eq!(machine.state(&unit), "active running 0 0");
    assert_eq!(machine.property(&unit, "StatusText"), "got 8 bytes");
    let id = machine.property(&unit, "MainPID");
    let name = succeeds(machine.run("cat").arg(format!("/proc/{id}/comm")));
    assert_eq!(name.trim(), "api");
    machine.shows_no_value(&unit);
    expect_stop(machine, &unit);
}

#[test]
#[ignore = "needs systemd in a container: ./tests/run provides it"]
fn the_command_of_each_unit_has_a_core_limit_of_1() {
    let (machine, stub) = (machine(), stub());
    for (name, drop_ins) in [
        ("core", &[][..]),
        ("core-strict", &["strict.conf"]),
        ("core-low-port", &["low-port.conf"]),
    ] {
        for file in drop_ins {
            drop_in(machine, name, file);
        }
        let unit = instance(machine, name, &stub, "");
        succeeds(machine.run("systemctl start").arg(&unit));
        eventually("the command is there", || {
            let id = machine.property(&unit, "MainPID");
            let name = machine.run("cat").arg(format!("/proc/{id}/comm")).output();
            name.expect("docker").stdout == b"api\n"
        });
        let id = machine.property(&unit, "MainPID");
        let limits = succeeds(machine.run("cat").arg(format!("/proc/{id}/limits")));
        let core = limits.lines().find_map(|line| line.strip_prefix("Max core file size"));
        let core: Vec<&str> = core.expect(&limits).split_whitespace().collect();
        assert_eq!(core[..2], ["1", "1"], "{unit}: {limits}");
        expect_stop(machine, &unit);
    }
}

#[test]
#[ignore = "needs systemd in a container: ./tests/run provides it"]
fn systemctl_stop_ends_a_fetch() {
    let (machine, stub) = (machine(), stub());
    stub.hold();
    let unit = instance(machine, "held", &stub, "");
    succeeds(machine.run("systemctl start --no-block").arg(&unit));
    stub.wait_for_requests(1);
    succeeds(machine.run("systemctl stop").arg(&unit));
    // SIGTERM has ended it, and not SIGKILL: it is no failure.
    assert_eq!(machine.state(&unit), "inactive dead 0 0");
}

#[test]
#[ignore = "needs systemd in a container: ./tests/run provides it"]
fn a_missing_parameter_prevents_a_restart() {
    let (machine, stub) = (machine(), Stub::start());
    let unit = instance(machine, "missing", &stub, "");
    succeeds(machine.run("systemctl start --no-block").arg(&unit));
    eventually("it has failed", || machine.property(&unit, "ActiveState") == "failed");
    assert_eq!(machine.state(&unit), "failed failed 66 0");
    let journal = machine.journal(&unit);
    assert!(journal.contains("/s"), "{journal}");
}

#[test]
#[ignore = "needs systemd in a container: ./tests/run provides it"]
fn a_command_that_cannot_be_started_prevents_a_restart() {
    let (machine, stub) = (machine(), stub());
    for (name, program, status) in
        [("absent", "/usr/local/bin/none", "127"), ("directory", "/usr/local/bin", "126")]
    {
        let unit = instance_of(machine, name, &stub, program, "");
        succeeds(machine.run("systemctl start --no-block").arg(&unit));
        eventually("it has failed", || machine.property(&unit, "ActiveState") == "failed");
        assert_eq!(machine.state(&unit), format!("failed failed {status} 0"));
    }
}

/// README, the page and the units give the same list.
#[test]
fn the_statuses_that_prevent_a_restart_are_the_same_everywhere() {
    let list = "RestartPreventExitStatus=64 65 66 77 78 126 127";
    for file in [
        "README.md",
        "docs/systemd.md",
        "deploy/systemd/ssm-exec@.service",
        "deploy/systemd/example.service",
    ] {
        let text = std::fs::read_to_string(project(file)).expect(file);
        assert!(text.contains(list), "{file} lacks {list}");
    }
}

/// A block of docs/systemd.md.
fn block(first_line: &str) -> String {
    let page = std::fs::read_to_string(project("docs/systemd.md")).expect("docs/systemd.md");
    let (_, block) = page.split_once(&format!("\n{first_line}\n")).expect("a block with this line");
    let (block, _) = block.split_once("```").expect("its end");
    block.to_owned()
}

#[test]
#[ignore = "needs systemd in a container: ./tests/run provides it"]
fn the_deployment_of_the_page_notices_a_start_that_fails() {
    let (machine, stub) = (machine(), stub());
    let script = block("unit=ssm-exec@api");
    for (name, more, status) in [("deployed", "", 0), ("undeployed", "require = [\"NONE\"]\n", 1)] {
        let unit = instance(machine, name, &stub, more);
        let mut deploy = machine.run("sh -ec");
        let output = deploy.arg(format!("unit={unit}\n{script}")).output();
        let output = output.expect("docker");
        assert_eq!(output.status.code(), Some(status), "{}", text(&output));
    }
    succeeds(&mut machine.run("systemctl stop ssm-exec@deployed"));
}

#[test]
#[ignore = "needs systemd in a container: ./tests/run provides it"]
fn a_script_can_notify_systemd_with_the_access_of_the_page() {
    let (machine, stub) = (machine(), stub());
    let script = tempfile::tempdir().expect("a directory for the test");
    let script = script.path().join("script");
    crate::harness::script(&script, "#!/bin/sh\nsystemd-notify --ready\nexec sleep 1000\n");
    machine.copy(&script, "/usr/local/bin/script");
    let unit = instance_of(machine, "script", &stub, "/usr/local/bin/script", "");
    drop_in(machine, "script", "notify.conf");
    machine.write(
        "/etc/systemd/system/ssm-exec@script.service.d/access.conf",
        "[Service]\nNotifyAccess=all\n",
    );
    machine.reload("systemctl daemon-reload");
    succeeds(machine.run("systemctl start").arg(&unit));
    assert_eq!(machine.property(&unit, "SubState"), "running");
    succeeds(machine.run("systemctl stop").arg(&unit));
}

#[test]
#[ignore = "needs systemd in a container: ./tests/run provides it"]
fn a_throttled_start_is_restarted_until_it_succeeds() {
    let (machine, stub) = (machine(), stub());
    stub.always(Fault::throttle());
    let unit = instance(machine, "throttled", &stub, "timeout = \"500ms\"\n");
    succeeds(machine.run("systemctl start --no-block").arg(&unit));
    eventually("it is started again", || machine.property(&unit, "NRestarts") != "0");
    assert!(machine.journal(&unit).contains("status=75"));
    stub.clear_faults();
    eventually("it is up", || machine.property(&unit, "ActiveState") == "active");
    machine.shows_no_value(&unit);
    succeeds(machine.run("systemctl stop").arg(&unit));
}

#[test]
#[ignore = "needs systemd in a container: ./tests/run provides it"]
fn the_plain_example_starts_and_stops() {
    let (machine, stub) = (machine(), Stub::start());
    stub.put(Parameter::secure("/org/api/password", "canary-s"));
    let settings: String =
        settings(&stub).lines().map(|line| format!("Environment={line}\n")).collect();
    machine.write(
        "/etc/systemd/system/example.service.d/endpoint.conf",
        &format!("[Service]\n{settings}"),
    );
    machine.reload("systemctl daemon-reload");
    succeeds(&mut machine.run("systemctl start example"));
    let unit = "example.service";
    eventually("the command is there", || {
        let id = machine.property(unit, "MainPID");
        let name = machine.run("cat").arg(format!("/proc/{id}/comm")).output();
        name.expect("docker").stdout == b"api\n"
    });
    machine.shows_no_value(unit);
    succeeds(&mut machine.run("systemctl stop example"));
    assert_eq!(machine.property(unit, "NRestarts"), "0");
}

#[test]
#[ignore = "needs systemd in a container: ./tests/run provides it"]
fn the_units_are_as_hardened_as_the_documentation_says() {
    let machine = machine();
    let page = std::fs::read_to_string(project("docs/systemd.md")).expect("docs/systemd.md");
    for name in ["strict.conf", "low-port.conf"] {
        drop_in(machine, name.trim_end_matches(".conf"), name);
    }
    let mut missing = Vec::new();
    for (unit, row) in [
        ("ssm-exec@plain.service", "`ssm-exec@.service`"),
        ("example.service", "`example.service`"),
        ("ssm-exec@strict.service", "with `strict.conf`"),
        ("ssm-exec@low-port.service", "with `low-port.conf`"),
    ] {
        let report = succeeds(machine.run("systemd-analyze security --no-pager").arg(unit));
        let level = report
            .split_once("Overall exposure level for ")
            .and_then(|(_, rest)| rest.split_whitespace().nth(1))
            .expect(&report);
        let row = format!("| {row} | {level} |");
        if !page.contains(&row) {
            missing.push(row);
        }
    }
    assert!(missing.is_empty(), "docs/systemd.md lacks {missing:#?}");
}
