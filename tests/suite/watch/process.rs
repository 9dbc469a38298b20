//! The watcher is beside the command: neither its child nor its parent, and it leaves nothing behind.

use super::*;
use crate::support::{eventually, example};
use nix::libc;
use nix::pty::openpty;
use std::fs::File;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};

const WAIT: &str = "import os
try: os.wait(); print('a child')
except ChildProcessError: print('no child')";

/// Becomes a subreaper, and runs the rest.
const SUBREAPER: &str = "import ctypes, subprocess, sys
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
sys.exit(subprocess.run(sys.argv[1:]).returncode)";

#[test]
fn the_command_has_no_child_that_it_did_not_make() {
    let stub = stub();
    let run = || Run::against(&stub.url()).args("-p /watch --watch 5m -- python3 -c").arg(WAIT);
    assert_eq!(run().run().text(), "no child\n");
    for wrapper in [&["sh", "-c", "\"$@\"; exit $?", "sh"][..], &["python3", "-c", SUBREAPER]] {
        let (inner, _home) = run().command();
        let output = through(wrapper[0], &wrapper[1..], &inner).output().expect("starts");
        assert_eq!(output.stdout, b"no child\n", "{wrapper:?}");
    }
}

/// A service manager, which starts others and waits for all of them.
pub(super) const WAITS_FOR_ALL: &str = "import os, sys
children = open('/proc/self/task/%d/children' % os.getpid()).read().split()
shown = [open('/proc/%s/cmdline' % child).read() for child in children]
print('a watcher' if any('ssm-exec: watching' in line for line in shown) else 'no watcher')
pid = os.fork()
if pid == 0: os._exit(7)
ended = []
try:
    while True: ended.append(os.wait()[0] == pid)
except ChildProcessError: print(ended)
sys.exit(9)";

#[test]
fn a_subreaper_that_waits_for_all_its_children_ends() {
    let stub = stub();
    let run = Run::against(&stub.url()).args("-p /watch --watch 5m -- python3 -c");
    let (mut command, _home) = run.arg(WAITS_FOR_ALL).command();
    // SAFETY: one system call on the state of the new process, which keeps it across `execve`.
    #[allow(unsafe_code)]
    unsafe {
        command.pre_exec(|| Ok(nix::sys::prctl::set_child_subreaper(true)?));
    }
    let output = command.output().expect("starts");
    assert_eq!(output.stdout, b"a watcher\n[True]\n", "{output:?}");
    assert_eq!(output.status.code(), Some(9));
}

#[test]
fn every_exit_status_passes_unchanged() {
    every_exit_status(|run| Some(run.run().status));
}

#[test]
fn every_deadly_signal_passes_unchanged() {
    let stub = stub();
    for signal in Signal::iterator() {
        let survives = [
            Signal::SIGCHLD,
            Signal::SIGCONT,
            Signal::SIGSTOP,
            Signal::SIGTSTP,
            Signal::SIGTTIN,
            Signal::SIGTTOU,
            Signal::SIGURG,
            Signal::SIGWINCH,
        ];
        if survives.contains(&signal) {
            continue;
        }
        let (mut command, _home) = Run::against(&stub.url())
            .args("-p /watch --watch 5m -- sh -c")
            .arg(format!("ulimit -c 0; kill -{} $$; sleep 60", signal as i32))
            .command();
        let output = command.output().expect("starts");
        assert_eq!(output.status.signal(), Some(signal as i32), "{signal}");
    }
}

#[test]
fn the_watcher_ends_with_the_command_and_closes_nothing_of_it_late() {
    let stub = stub();
    let run = watch(&stub, "-p /watch");
    run.stdout.wait_for("started");
    let watcher = run.watcher();
    run.send(Signal::SIGKILL);
    // Its stderr is the only stream that the watcher has, and ends too.
    let (status, stdout, _) = run.finish();
    assert_eq!(status.signal(), Some(9));
    assert_eq!(stdout, [""; 0]);
    eventually("the watcher is gone", || is_gone(watcher));
}

#[test]
fn a_failed_start_leaves_no_watcher() {
    let stub = stub();
    let run = Run::against(&stub.url()).args("-k /watch/nothing --watch 5m -- true");
    let (mut command, _home) = run.command();
    let mut child = command.stderr(Stdio::piped()).spawn().expect("starts");
    let process = Pid::from_raw(i32::try_from(child.id()).expect("a process id"));
    // The watcher has stderr: it ends when both are gone.
    let mut said = String::new();
    child.stderr.take().expect("a pipe").read_to_string(&mut said).expect("UTF-8");
    assert_eq!(child.wait().expect("ends").code(), Some(66), "{said}");
    assert_eq!(watcher_of(process), None);
}

#[test]
fn sigterm_ends_the_watcher_and_the_command_runs_on() {
    let stub = stub();
    let run = watch(&stub, "-p /watch");
    run.stdout.wait_for("started");
    let watcher = run.watcher();
    kill(watcher, Signal::SIGTERM).expect("a signal");
    eventually("the watcher is gone", || is_gone(watcher));
    assert_eq!(run.stop().0, ["got TERM"]);
}

/// A C library that takes the watcher for the command would end that.
#[test]
fn an_abort_ends_the_watcher_and_the_command_runs_on() {
    let path = example("aborting_watcher");
    for subreaper in [false, true] {
        let stub = stub();
        let mut program = Command::new(&path);
        // SAFETY: one system call on the state of the new process, which keeps it across `execve`.
        #[allow(unsafe_code)]
        unsafe {
            program.pre_exec(move || Ok(nix::sys::prctl::set_child_subreaper(subreaper)?));
        }
        let run = watch_with("1m", program, Run::against(&stub.url()).args("-p /watch"));
        run.stdout.wait_for("started");
        eventually("the watcher is gone", || watcher_of(run.process()).is_none());
        assert_eq!(run.stop().0, ["got TERM"], "subreaper: {subreaper}");
    }
}

#[test]
fn signals_to_the_whole_unit_do_not_end_the_watcher() {
    let stub = stub();
    let run = watch(&stub, "-p /watch --settle 0s");
    run.stdout.wait_for("started");
    let watcher = run.watcher();
    for signal in [1, 2, 3, 10, 12, 13, 14, 26, 27, 29, 30, 34, 40, 64] {
        // SAFETY: kill(2) takes any number.
        #[allow(unsafe_code)]
        let sent = unsafe { libc::kill(watcher.as_raw(), signal) };
        assert_eq!(sent, 0, "{signal}");
    }
    wait_for_polls(&stub, 2);
    stub.put(Parameter::secure("/watch/password", "canary-two"));
    run.stderr.wait_for("sending SIGTERM");
    assert_eq!(run.finish().1, ["got TERM"]);
}

#[test]
fn what_a_fork_executes_has_signals_at_their_defaults() {
    let stub = stub();
    let run = Run::against(&stub.url());
    let found = run.home().join("signals");
    let helper = format!(
        "grep -E 'Sig(Ign|Blk)' /proc/self/status >>{}; echo '{}'",
        found.display(),
        r#"{"Version":1,"AccessKeyId":"AKIDEXAMPLE","SecretAccessKey":"canary-key"}"#
    );
    let config =
        format!("[default]\ncredential_process = sh -c \"{}\"\n", helper.replace('"', "\\\""));
    let file = run.home().join("config");
    std::fs::write(&file, config).expect("a file");
    let run =
        run.unset("AWS_ACCESS_KEY_ID").unset("AWS_SECRET_ACCESS_KEY").env("AWS_CONFIG_FILE", file);
    let run = watch_run(run.args("-p /watch"));
    run.stdout.wait_for("started");
    wait_for_polls(&stub, 2);
    let found = std::fs::read_to_string(found).expect("it ran");
    assert!(found.lines().count() >= 6, "{found}");
    for line in found.lines() {
        let (_, mask) = line.rsplit_once('\t').expect("a mask");
        // The C library's own, 32 and 33, are not asked for.
        let mask = u64::from_str_radix(mask, 16).expect("a number") & !(0b11 << 31);
        assert_eq!(mask, 0, "{found}");
    }
    assert_eq!(run.stop().0, ["got TERM"]);
}

#[test]
fn the_watcher_keeps_no_directory_busy() {
    let stub = stub();
    let run = watch(&stub, "-p /watch");
    run.stdout.wait_for("started");
    if nix::unistd::geteuid().is_root() {
        let directory = std::fs::read_link(format!("/proc/{}/cwd", run.watcher()));
        assert_eq!(directory.expect("a link"), std::path::Path::new("/"));
    }
    assert_eq!(run.stop().0, ["got TERM"]);
}

/// The descriptors of a process, with what they lead to.
fn open_files(process: nix::unistd::Pid) -> Vec<String> {
    let entries = std::fs::read_dir(format!("/proc/{process}/fd"));
    let described = |entry: std::io::Result<std::fs::DirEntry>| {
        let path = entry.ok()?.path();
        let target = std::fs::read_link(&path).ok()?;
        let target = target.to_string_lossy();
        let target = target.split('[').next().unwrap_or_default();
        Some(format!("{} {target}", path.file_name()?.to_string_lossy()))
    };
    entries.into_iter().flatten().filter_map(described).collect()
}

#[test]
fn the_watcher_has_a_session_of_its_own_and_stderr_only() {
    let stub = stub();
    let run = watch(&stub, "-p /watch");
    run.stdout.wait_for("started");
    let watcher = run.watcher();
    assert_eq!(field(watcher, "status", "Name:"), "ssm-exec-watch");
    let session = nix::unistd::getsid(Some(watcher)).expect("a session");
    assert_ne!(session, nix::unistd::getsid(None).expect("a session"));
    let mut open = Vec::new();
    // A poll has a socket of its own.
    eventually("five open files at most", || {
        open = open_files(watcher);
        open.len() <= 5
    });
    if nix::unistd::geteuid().is_root() {
        let streams: Vec<&str> = open
            .iter()
            .filter_map(|entry| entry.split_once(' ').map(|(_, target)| target))
            .collect();
        assert_eq!(streams.iter().filter(|target| **target == "pipe:").count(), 1, "{open:?}");
        assert_eq!(streams.iter().filter(|target| **target == "/dev/null").count(), 2, "{open:?}");
    }
    assert_eq!(run.stop().0, ["got TERM"]);
}

#[test]
fn pgrep_finds_one_process() {
    let stub = stub();
    let name = format!("server-{}", std::process::id());
    let run = Run::against(&stub.url()).args("-p /watch --watch 5m -- sh -c");
    // A builtin waits: a fork of the shell would have its arguments for a moment.
    let run = run.arg("echo started; read -r line").arg(&name);
    let (mut command, _home) = run.command();
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("starts");
    let stdout = Lines::of(child.stdout.take().expect("a pipe"));
    stdout.wait_for("started");
    let found = processes(|arguments| arguments.contains(&name));
    let process = Pid::from_raw(i32::try_from(child.id()).expect("a process id"));
    assert_eq!(found, [process]);
    assert!(watcher_of(process).is_some());
    child.kill().expect("a signal");
    child.wait().expect("ends");
}

#[test]
fn keys_of_the_terminal_reach_the_command_once_and_never_the_watcher() {
    let stub = stub();
    let pty = openpty(None, None).expect("a terminal");
    let slave = pty.slave.as_raw_fd();
    // No process is started after the first: dash misses a stop that comes while it starts one.
    let script = "trap 'echo got INT' INT; sleep 1000 & echo started $$; while :; do wait; done";
    let (inner, _home) =
        Run::against(&stub.url()).args("-p /watch --watch 5m -- sh -c").arg(script).command();
    // A shell with job control, since a process group without one is never stopped by the terminal.
    let job = "\"$@\"; echo the job has status $?; read -r line";
    let mut command = through("sh", &["-mc", job, "sh"], &inner);
    // SAFETY: system calls on the state of the new process; the descriptor is the terminal's.
    #[allow(unsafe_code, clippy::multiple_unsafe_ops_per_block)]
    unsafe {
        command.pre_exec(move || {
            nix::unistd::setsid()?;
            nix::errno::Errno::result(libc::ioctl(slave, libc::TIOCSCTTY, 0))?;
            Ok(())
        });
    }
    let stream = || Stdio::from(pty.slave.try_clone().expect("a descriptor"));
    let mut child =
        command.stdin(stream()).stdout(stream()).stderr(stream()).spawn().expect("starts");
    drop(command);
    let mut keyboard = File::from(pty.master);
    let screen = Lines::of(keyboard.try_clone().expect("a descriptor"));
    let line = screen.wait_for("started");
    let process = line.split_whitespace().next_back().expect("its number");
    let process = Pid::from_raw(process.parse().expect("a number"));
    let watcher = watcher_of(process).expect("a watcher");
    keyboard.write_all(b"\x03").expect("Ctrl-C");
    screen.wait_for("got INT");
    keyboard.write_all(b"\x1a").expect("Ctrl-Z");
    let status = 128 + Signal::SIGTSTP as i32;
    screen.wait_for(&format!("the job has status {status}"));
    assert!(is_stopped(process));
    assert!(!is_stopped(watcher));
    nix::sys::signal::killpg(process, Signal::SIGKILL).expect("a signal");
    child.kill().expect("a signal");
    child.wait().expect("ends");
    let rest = screen.so_far();
    assert!(!rest.iter().any(|line| line.contains("got INT")), "{rest:?}");
    eventually("the watcher is gone", || is_gone(watcher));
}

/// A process that does nothing until this is dropped.
struct Stopped(Pid);

impl Stopped {
    fn new(process: Pid) -> Self {
        kill(process, Signal::SIGSTOP).expect("a signal");
        Self(process)
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        let _ = kill(self.0, Signal::SIGCONT);
    }
}

#[test]
fn a_pipe_on_stdout_closes_with_the_command_though_the_watcher_has_stopped() {
    let stub = stub();
    let run = watch(&stub, "-p /watch");
    run.stdout.wait_for("started");
    let watcher = run.watcher();
    let stopped = Stopped::new(watcher);
    run.send(Signal::SIGTERM);
    assert_eq!(run.stdout.rest(), ["got TERM"]);
    assert!(!is_gone(watcher), "it cannot end");
    drop(stopped);
    assert_eq!(run.finish().0.code(), Some(0));
    eventually("the watcher is gone", || is_gone(watcher));
}

#[test]
fn the_watcher_keeps_the_credentials_that_the_command_does_not_get() {
    let stub = stub();
    let run = watch(&stub, "-p /watch --settle 0s --on-change HUP --drop-aws-credentials");
    run.stdout.wait_for("started");
    let environment = std::fs::read(format!("/proc/{}/environ", run.process())).expect("it runs");
    let environment = Environment::parse(&environment);
    environment.has(&[("PASSWORD", "canary-one")]);
    environment.lacks(&["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]);
    stub.put(Parameter::secure("/watch/password", "canary-two"));
    run.stderr.wait_for("sending SIGHUP");
    assert_eq!(run.stdout.next(), "got HUP");
    assert_eq!(run.stop().0, ["got TERM"]);
}
