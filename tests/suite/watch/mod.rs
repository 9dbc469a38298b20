//! `--watch`: a process beside the command that sends it a signal when its parameters have changed.

mod changes;
mod clock;
mod credentials;
mod docker;
mod failures;
mod live;
mod losses;
mod memory;
mod next_start;
mod post_quantum;
mod process;
mod process_1;
mod settings;
mod systemd;

use crate::harness::*;
use crate::support::PATIENCE;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use ssm_stub::{Parameter, Stub};
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use tempfile::TempDir;

/// Says what it was started with and which signals it gets; ends on SIGTERM.
const COMMAND: &str = r#"
trap 'echo "got TERM"; exit 0' TERM
trap 'echo "got HUP"' HUP
echo "started with $USER_NAME $PASSWORD"
while :; do sleep 0.05; done
"#;

fn stub() -> Stub {
    fill(Stub::start())
}

fn fill(stub: Stub) -> Stub {
    stub.put(Parameter::string("/watch/user-name", "one"));
    stub.put(Parameter::secure("/watch/password", "canary-one"));
    stub
}

/// Calls this with each number below `count`, in a few threads.
fn in_parallel(count: usize, each: impl Fn(usize) + Sync) {
    const THREADS: usize = 8;
    std::thread::scope(|scope| {
        for first in 0..THREADS {
            let each = &each;
            scope.spawn(move || (first..count).step_by(THREADS).for_each(each));
        }
    });
}

/// Runs `exit N` beside a watcher for each status, and expects the same one of `run`.
fn every_exit_status(run: impl Fn(Run) -> Option<i32> + Sync) {
    let stub = stub();
    in_parallel(256, |status| {
        let inner = Run::against(&stub.url()).args("-p /watch --watch 5m -- sh -c");
        let ended = run(inner.arg(format!("exit {status}")));
        assert_eq!(ended, i32::try_from(status).ok());
    });
}

/// Lines of a stream, as they come.
struct Lines(Receiver<String>);

impl Lines {
    fn of(stream: impl Read + Send + 'static) -> Self {
        let (sender, receiver) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self(receiver)
    }

    fn next(&self) -> String {
        loop {
            let line = self.0.recv_timeout(PATIENCE).expect("a line");
            if !line.starts_with("  ") {
                return line;
            }
        }
    }

    /// Waits for a line with these words.
    fn wait_for(&self, words: &str) -> String {
        let mut seen = Vec::new();
        loop {
            match self.0.recv_timeout(PATIENCE) {
                Ok(line) if line.contains(words) => {
                    assert!(!line.contains(r"\n"), "one line: {line}");
                    return line;
                }
                Ok(line) => seen.push(line),
                Err(_) => panic!("no line with {words:?} but {seen:#?}"),
            }
        }
    }

    /// What has come since the last look, without the further lines of messages, which are indented.
    fn so_far(&self) -> Vec<String> {
        let lines = self.0.try_iter();
        lines.filter(|line| !line.starts_with("  ")).collect()
    }

    /// Everything until the stream ends.
    fn rest(&self) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            match self.0.recv_timeout(PATIENCE) {
                Ok(line) if line.starts_with("  ") => {}
                Ok(line) => lines.push(line),
                Err(RecvTimeoutError::Disconnected) => return lines,
                Err(RecvTimeoutError::Timeout) => panic!("no end after {lines:#?}"),
            }
        }
    }
}

/// A command that runs, with a watcher beside it.
struct Watched {
    child: Child,
    stdout: Lines,
    stderr: Lines,
    _home: TempDir,
}

/// With intervals as short as they may be.
fn watch(stub: &Stub, options: &str) -> Watched {
    watch_run(Run::against(&stub.url()).args(options))
}

fn watch_run(run: Run) -> Watched {
    watch_every("1s", run)
}

fn watch_every(interval: &str, run: Run) -> Watched {
    watch_with(interval, program(), run)
}

fn watch_with(interval: &str, program: Command, run: Run) -> Watched {
    let run = run.args("--watch").arg(interval);
    spawn_with(program, run.args("-- sh -c").arg(COMMAND))
}

fn spawn(run: Run) -> Watched {
    spawn_with(program(), run)
}

fn spawn_with(program: Command, run: Run) -> Watched {
    let (mut command, home) = run.command_of(program);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts");
    Watched {
        stdout: Lines::of(child.stdout.take().expect("a pipe")),
        stderr: Lines::of(child.stderr.take().expect("a pipe")),
        child,
        _home: home,
    }
}

impl Watched {
    fn process(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).expect("a process id"))
    }

    fn watcher(&self) -> Pid {
        watcher_of(self.process()).expect("a watcher")
    }

    fn send(&self, signal: Signal) {
        kill(self.process(), signal).expect("a signal");
    }

    /// Waits for its end, and returns what was written since the last look.
    fn finish(mut self) -> (ExitStatus, Vec<String>, Vec<String>) {
        let status = self.child.wait().expect("ends");
        let stderr = self.stderr.rest();
        assert!(!stderr.iter().any(|line| line.contains("canary")), "{stderr:#?}");
        (status, self.stdout.rest(), stderr)
    }

    /// Ends it, and returns what it and its watcher wrote since the last look.
    fn stop(self) -> (Vec<String>, Vec<String>) {
        self.send(Signal::SIGTERM);
        let (status, stdout, stderr) = self.finish();
        assert_eq!(status.code(), Some(0));
        (stdout, stderr)
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The watcher of a process, by its title, which its forks have too.
fn watcher_of(process: Pid) -> Option<Pid> {
    let title = format!("ssm-exec: watching {process}");
    let watching = processes(|arguments| arguments.trim_end_matches('\0') == title);
    let is_fork = |process: Pid| parent(process).is_none_or(|parent| watching.contains(&parent));
    watching.iter().copied().find(|process| !is_fork(*process))
}

/// `None` if the process has ended.
fn parent(process: Pid) -> Option<Pid> {
    status(process, "PPid:")?.parse().ok().map(Pid::from_raw)
}

fn is_stopped(process: Pid) -> bool {
    status(process, "State:").is_some_and(|state| state.starts_with('T'))
}

/// A field of a process that may have ended.
fn status(process: Pid, field: &str) -> Option<String> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let value = status.lines().find_map(|line| line.strip_prefix(field))?;
    Some(value.trim().to_owned())
}

/// The processes whose arguments are such.
fn processes(such: impl Fn(&str) -> bool) -> Vec<Pid> {
    let entries = std::fs::read_dir("/proc").expect("/proc");
    let numbers = entries.filter_map(|entry| {
        let name = entry.expect("an entry").file_name();
        name.to_str()?.parse::<i32>().ok()
    });
    numbers
        .filter(|number| {
            let arguments = std::fs::read(format!("/proc/{number}/cmdline"));
            arguments.is_ok_and(|bytes| such(&String::from_utf8_lossy(&bytes)))
        })
        .map(Pid::from_raw)
        .collect()
}

fn is_gone(process: Pid) -> bool {
    !std::path::Path::new(&format!("/proc/{process}")).exists()
}

/// Waits until the watcher has polled so often from now on.
fn wait_for_polls(stub: &Stub, polls: usize) {
    wait_for(stub, false, polls);
}

/// Waits until the watcher has rehearsed a start of one request so often from now on.
fn wait_for_rehearsals(stub: &Stub, rehearsals: usize) {
    wait_for(stub, true, rehearsals);
}

fn wait_for(stub: &Stub, with_decryption: bool, count: usize) {
    let seen = || {
        let requests = stub.requests();
        let is_one =
            |request: &&ssm_stub::Request| request.body["WithDecryption"] == with_decryption;
        requests.iter().filter(is_one).count()
    };
    let until = seen() + count;
    while seen() < until {
        stub.wait_for_requests(stub.requests().len() + 1);
    }
}

fn field(process: Pid, file: &str, name: &str) -> String {
    let text = std::fs::read_to_string(format!("/proc/{process}/{file}")).expect("it runs");
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.expect("the field").trim().to_owned()
}
