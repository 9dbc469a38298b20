//! Secrets in memory: the real binary is stopped when it enters `execve`, or `exit_group` if it fails, and
//! its readable memory is searched for each value, raw and in the forms of JSON, base64 and UTF-16. At
//! `execve` there is one copy, in the environment block; at an exit there is none.

use crate::harness::*;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use memchr::memmem;
use nix::sys::ptrace;
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use ssm_stub::{Fault, Parameter, Stub};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::os::unix::process::CommandExt;
use std::process::Stdio;

const EXECVE: u64 = 59;
const EXIT_GROUP: u64 = 231;
/// The result register at the entry of a system call, as set by the kernel (-ENOSYS).
const ENTERED: u64 = (-38_i64).cast_unsigned();

#[derive(Debug, PartialEq, Eq)]
enum Stopped {
    AtExecve,
    AtExit(i32),
}

/// Runs until `execve` or `exit_group`, and counts each needle in memory.
fn scan(run: Run, needles: &[&str]) -> (Stopped, BTreeMap<String, usize>) {
    scan_at(&[EXECVE, EXIT_GROUP], run, needles)
}

/// Runs until one of these system calls, and counts each needle in memory.
fn scan_at(calls: &[u64], run: Run, needles: &[&str]) -> (Stopped, BTreeMap<String, usize>) {
    let (mut command, _home) = run.command();
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let trace = || ptrace::traceme().map_err(std::io::Error::from);
    // SAFETY: ptrace(2) with TRACEME is one system call, which is safe between fork and exec.
    // It is waited for by `waitpid`, thread by thread.
    #[allow(unsafe_code, clippy::zombie_processes)]
    let child = unsafe { command.pre_exec(trace) }.spawn().expect("starts");
    let pid = Pid::from_raw(i32::try_from(child.id()).expect("a process id"));
    // Tests run in threads of one process: only wait for children of this thread.
    let flags = WaitPidFlag::__WALL | WaitPidFlag::__WNOTHREAD;
    let wait = || waitpid(Pid::from_raw(-1), Some(flags)).expect("a stop");
    assert_eq!(wait(), WaitStatus::Stopped(pid, Signal::SIGTRAP), "the binary itself was executed");
    let options = ptrace::Options::PTRACE_O_TRACESYSGOOD
        | ptrace::Options::PTRACE_O_TRACECLONE
        | ptrace::Options::PTRACE_O_EXITKILL;
    ptrace::setoptions(pid, options).expect("options");
    ptrace::syscall(pid, None).expect("on");
    loop {
        match wait() {
            WaitStatus::PtraceSyscall(thread) => {
                let registers = ptrace::getregs(thread).expect("registers");
                let stopped = match (registers.orig_rax, registers.rax) {
                    (EXECVE, ENTERED) if calls.contains(&EXECVE) => Stopped::AtExecve,
                    // The process that leaves the watcher behind is another one.
                    (EXIT_GROUP, ENTERED) if is_thread_of(pid, thread) => {
                        Stopped::AtExit(i32::try_from(registers.rdi).expect("a status"))
                    }
                    _ => {
                        ptrace::syscall(thread, None).expect("on");
                        continue;
                    }
                };
                let counts = count(pid, needles);
                ptrace::kill(pid).expect("killed");
                while !matches!(wait(), WaitStatus::Signaled(done, ..) | WaitStatus::Exited(done, _) if done == pid)
                {
                }
                return (stopped, counts);
            }
            WaitStatus::Exited(done, status) if done == pid => {
                panic!("it ended with {status} unseen")
            }
            WaitStatus::Exited(..) | WaitStatus::Signaled(..) => {}
            WaitStatus::Stopped(thread, signal) => {
                // A new thread begins with a stop; other signals are delivered.
                let passed =
                    (signal != Signal::SIGSTOP && signal != Signal::SIGTRAP).then_some(signal);
                ptrace::syscall(thread, passed).expect("on");
            }
            WaitStatus::PtraceEvent(thread, ..) => ptrace::syscall(thread, None).expect("on"),
            other => panic!("unexpected: {other:?}"),
        }
    }
}

fn is_thread_of(pid: Pid, thread: Pid) -> bool {
    std::path::Path::new(&format!("/proc/{pid}/task/{thread}")).exists()
}

fn count(pid: Pid, needles: &[&str]) -> BTreeMap<String, usize> {
    let mut maps = String::new();
    let path = format!("/proc/{pid}/maps");
    File::open(path).and_then(|mut file| file.read_to_string(&mut maps)).expect("the mappings");
    let memory = File::open(format!("/proc/{pid}/mem")).expect("the memory");
    let mut counts: BTreeMap<String, usize> =
        needles.iter().map(|needle| ((*needle).to_owned(), 0)).collect();
    let mut bytes_seen = 0;
    for line in maps.lines() {
        let mut words = line.split_whitespace();
        let (range, permissions) =
            (words.next().expect("a range"), words.next().expect("permissions"));
        if !permissions.starts_with('r') || line.ends_with("[vvar]") || line.ends_with("[vsyscall]")
        {
            continue;
        }
        let (start, end) = range.split_once('-').expect("a range");
        let parse = |text| u64::from_str_radix(text, 16).expect("an address");
        let mut block = vec![0; usize::try_from(parse(end) - parse(start)).expect("a size")];
        // Some mappings of the kernel can't be read.
        if memory.read_exact_at(&mut block, parse(start)).is_err() {
            continue;
        }
        bytes_seen += block.len();
        for needle in needles {
            for form in forms(needle) {
                *counts.get_mut(*needle).expect("counted") +=
                    memmem::find_iter(&block, &form).count();
            }
        }
    }
    assert!(bytes_seen > 1_000_000, "the memory was read");
    counts
}

/// The needle, and its encoded forms.
fn forms(needle: &str) -> Vec<Vec<u8>> {
    let escaped = serde_json::to_string(needle).expect("a string");
    let escaped = escaped.trim_matches('"').as_bytes().to_vec();
    let mut forms = vec![needle.as_bytes().to_vec()];
    if escaped != forms[0] {
        forms.push(escaped);
    }
    forms.push(needle.encode_utf16().flat_map(u16::to_le_bytes).collect());
    for shift in 0..3 {
        let mut shifted = vec![b' '; shift];
        shifted.extend_from_slice(needle.as_bytes());
        let encoded = STANDARD.encode(&shifted);
        // The first and last characters depend on the neighbouring bytes.
        forms.push(encoded.as_bytes()[4..encoded.len() - 4].to_vec());
    }
    forms
}

/// Values that occur nowhere else, with a quote so that their JSON form differs.
const ONE: &str = "canary-\"one\"-Qk7vX2mP9sLw";
const TWO: &str = "canary-\"two\"-Zt4nB8cR1yHd";
const MEMBER: &str = "canary-member-Jf6gW3eT5uKa";
const OTHER: &str = "canary-other-Vb0hN7qS2xMi";

fn fill(stub: &Stub) {
    stub.put(Parameter::secure("/mem/api/one", ONE));
    stub.put(Parameter::secure("/mem/api/two", TWO));
    stub.put(Parameter::secure(
        "/mem/json",
        &serde_json::json!({ "member": MEMBER, "other": OTHER }).to_string(),
    ));
    stub.put(Parameter::secure("/mem/nul", &format!("{ONE}\0")));
    for n in 0..995 {
        stub.put(Parameter::secure(&format!("/mem/many/k{n}"), "canary-filler"));
    }
    stub.put(Parameter::secure("/mem/many/one", ONE));
    stub.put(Parameter::secure("/mem/many/path", TWO));
}

/// Arguments, a variable, and how many copies of which value there are at `execve`.
type Success =
    (&'static str, Option<(&'static str, &'static str)>, &'static [(&'static str, usize)]);

const SUCCESSES: &[Success] = &[
    ("-p /mem/api", None, &[(ONE, 1), (TWO, 1)]),
    // The digest for the watcher leaves no second copy.
    ("-p /mem/api --watch 5m", None, &[(ONE, 1), (TWO, 1)]),
    ("-k A=/mem/api/one -k B=/mem/api/two", None, &[(ONE, 1), (TWO, 1)]),
    ("-k A=/mem/api/one -k B=/mem/api/one", None, &[(ONE, 2)]),
    ("", Some(("A", "ssm:///mem/api/one")), &[(ONE, 1)]),
    ("-k A=/mem/json#member", None, &[(MEMBER, 1), (OTHER, 0)]),
    ("--json /mem/json", None, &[(MEMBER, 1), (OTHER, 1)]),
    ("--json /mem/json --exclude OTHER", None, &[(MEMBER, 1), (OTHER, 0)]),
    ("--file A=/mem/api/one -k B=/mem/api/two", None, &[(ONE, 0), (TWO, 1)]),
    ("-p /mem/many --only ONE", None, &[(ONE, 1), (TWO, 0)]),
    ("-p /mem/many --exclude PATH", None, &[(ONE, 1), (TWO, 0)]),
    // A planted leak: a copy that was inherited is seen.
    ("-k A=/mem/api/one", Some(("LEAK", ONE)), &[(ONE, 2)]),
];

fn run(stub: &Stub, words: &str) -> Run {
    let run = Run::against(&stub.url()).args(words);
    if stub.url().starts_with("http:") {
        return run;
    }
    let bundle = run.home().join("ca.pem");
    std::fs::write(&bundle, stub.ca_pem()).expect("a bundle");
    run.env("AWS_CA_BUNDLE", bundle)
}

fn one_copy_at_execve(stub: &Stub, before: impl Fn(&Stub)) {
    fill(stub);
    for (words, variable, expected) in SUCCESSES {
        before(stub);
        let mut run = run(stub, words);
        if let Some((name, value)) = variable {
            run = run.env(name, value);
        }
        let needles: Vec<&str> = expected.iter().map(|(needle, _)| *needle).collect();
        let (stopped, counts) = scan(run.args("-- true"), &needles);
        assert_eq!(stopped, Stopped::AtExecve, "{words}");
        for (needle, wanted) in *expected {
            assert_eq!(counts[*needle], *wanted, "copies of {needle} with {words}");
        }
    }
}

#[test]
#[ignore = "needs root to read the memory of a process that hides it: ./tests/run provides it"]
fn memory_contains_each_value_once_at_execve() {
    one_copy_at_execve(&Stub::start(), |_| ());
}

#[test]
#[ignore = "needs root to read the memory of a process that hides it: ./tests/run provides it"]
fn memory_contains_each_value_once_at_execve_over_tls() {
    one_copy_at_execve(&Stub::builder().tls().start(), |_| ());
}

#[test]
#[ignore = "needs root to read the memory of a process that hides it: ./tests/run provides it"]
fn memory_contains_each_value_once_at_execve_after_retries() {
    let broken = |stub: &Stub| {
        stub.fault(Fault::status(503));
        // Half a body, values and all, and then nothing more.
        let half = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.1\r\ncontent-length: 9999\r\n\r\n{{\"Parameters\":[{{\"Name\":\"/mem/api/one\",\"Value\":{}",
            serde_json::json!(ONE)
        );
        stub.fault(Fault::Raw(half.into_bytes(), ssm_stub::After::Close));
    };
    one_copy_at_execve(&Stub::builder().tls().start(), broken);
}

#[test]
#[ignore = "needs root to read the memory of a process that hides it: ./tests/run provides it"]
fn memory_contains_no_value_when_a_run_fails() {
    for stub in [Stub::start(), Stub::builder().tls().start()] {
        fill(&stub);
        for (words, status) in [
            ("-p /mem/api -k X=/mem/nope", 66),
            ("-p /mem/api -k X=/mem/nul", 65),
            ("-p /mem/api --json /mem/api/one", 65),
            ("-p /mem/many", 78),
            ("-p /mem/api --require NOPE", 66),
        ] {
            let (stopped, counts) = scan(run(&stub, words).args("-- true"), &[ONE, TWO]);
            assert_eq!(stopped, Stopped::AtExit(status), "{words}");
            assert_eq!(counts.values().sum::<usize>(), 0, "{words}: {counts:?}");
        }
    }
}

/// The environment block is wiped if `execve` fails, here because of a missing interpreter.
#[test]
#[ignore = "needs root to read the memory of a process that hides it: ./tests/run provides it"]
fn memory_contains_no_value_when_execve_fails() {
    let stub = Stub::start();
    fill(&stub);
    let run = run(&stub, "-p /mem/api -- ./broken");
    script(&run.home().join("broken"), "#!/no/such/interpreter\n");
    let (stopped, counts) = scan_at(&[EXIT_GROUP], run, &[ONE, TWO]);
    assert_eq!(stopped, Stopped::AtExit(127));
    assert_eq!(counts.values().sum::<usize>(), 0, "{counts:?}");
}

#[test]
#[ignore = "needs root to read the memory of a process that hides it: ./tests/run provides it"]
fn memory_contains_no_value_when_check_exits() {
    let stub = Stub::start();
    fill(&stub);
    let (stopped, counts) = scan(run(&stub, "check -p /mem/api"), &[ONE, TWO]);
    assert_eq!(stopped, Stopped::AtExit(0));
    assert_eq!(counts.values().sum::<usize>(), 0, "{counts:?}");
}
