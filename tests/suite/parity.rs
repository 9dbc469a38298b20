//! A probe started directly and started by ssm-exec, from the same unusual state, reports the same
//! inherited state, except for the environment.

use crate::harness::*;
use nix::libc;
use nix::sys::signal::{
    SaFlags, SigAction, SigHandler, SigSet, SigmaskHow, Signal, sigaction, sigprocmask,
};
use ssm_stub::{Parameter, Stub};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

/// `$$` is the shell itself, which has one more descriptor while it lists its descriptors. It blocks
/// signals at times, so the signal mask is tested separately.
const PROBE: &str = r#"
printf 'arguments: '; od -An -tx1 -v /proc/$$/cmdline | tr -d '\n '; echo
printf 'directory: '; readlink /proc/$$/cwd
printf 'umask: '; umask
printf 'descriptors:'; for d in /proc/$$/fd/*; do printf ' %s' "${d##*/}"; done; echo
cut -d' ' -f4-8,19 /proc/$$/stat
grep -E '^(Uid|Gid|Groups|Sig(Ign|Cgt)|Shd|Cap|NoNewPrivs|Seccomp|Cpus_allowed|Mems_allowed|Threads|CoreDumping)' /proc/$$/status
cat /proc/$$/limits /proc/$$/oom_score_adj /proc/$$/timerslack_ns /proc/$$/coredump_filter /proc/$$/personality
stat -c 'owner of the process: %u' /proc/$$/environ
"#;

/// Attributes that only the process itself can query. Python changes some others, so it reports only these.
const ASK: &str = r"
import ctypes, signal, os
libc = ctypes.CDLL(None)
death = ctypes.c_int()
libc.prctl(2, ctypes.byref(death))
print('dumpable', libc.prctl(3), 'death signal', death.value, 'keepcaps', libc.prctl(7), 'subreaper', libc.prctl(37, ctypes.byref(death)))
print('timers', [signal.getitimer(t) for t in (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF)])
print('priority', os.getpriority(os.PRIO_PROCESS, 0), 'scheduler', os.sched_getscheduler(0))
";

#[derive(Clone, Copy)]
struct State {
    pipe: SigHandler,
    closed: &'static [i32],
}

/// The unusual state, set between fork and exec, where it only affects the child.
fn set_up(state: State) -> std::io::Result<()> {
    let dispose = |signal, handler| {
        // SAFETY: the handlers are the default and "ignore", which run no code.
        #[allow(unsafe_code)]
        unsafe {
            sigaction(signal, &SigAction::new(handler, SaFlags::empty(), SigSet::empty()))
        }
    };
    dispose(Signal::SIGPIPE, state.pipe)?;
    dispose(Signal::SIGINT, SigHandler::SigIgn)?;
    dispose(Signal::SIGTERM, SigHandler::SigDfl)?;
    // Whatever the tests were started with, such as `nohup`.
    dispose(Signal::SIGHUP, SigHandler::SigDfl)?;
    dispose(Signal::SIGQUIT, SigHandler::SigDfl)?;
    let mut blocked = SigSet::empty();
    blocked.add(Signal::SIGUSR1);
    sigprocmask(SigmaskHow::SIG_SETMASK, Some(&blocked), None)?;
    nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o027));
    nix::sys::resource::setrlimit(nix::sys::resource::Resource::RLIMIT_NOFILE, 333, 444)?;
    nix::sys::resource::setrlimit(nix::sys::resource::Resource::RLIMIT_CORE, 0, 4096)?;
    // SAFETY: nice(2), dup2(2) and close(2) are system calls on the state of this process.
    #[allow(unsafe_code, clippy::multiple_unsafe_ops_per_block)]
    unsafe {
        // Other tests of this process may have inheritable descriptors open.
        libc::syscall(libc::SYS_close_range, 3, u32::MAX, libc::CLOSE_RANGE_CLOEXEC);
        libc::nice(5);
        libc::dup2(2, 7);
        for descriptor in state.closed {
            libc::close(*descriptor);
        }
    }
    Ok(())
}

fn report(mut command: Command, state: State, output: &std::path::Path) -> String {
    let file = std::fs::File::create(output).expect("a file");
    command.stdin(Stdio::null()).stdout(file).stderr(Stdio::null());
    // SAFETY: `set_up` makes system calls only, and allocates nothing.
    #[allow(unsafe_code)]
    unsafe {
        command.pre_exec(move || set_up(state))
    };
    let status = command.status().expect("starts");
    assert!(status.success(), "{status}");
    std::fs::read_to_string(output).expect("a report")
}

/// The reports of the probe started directly and by ssm-exec, written to a file so that stdout can be
/// closed.
fn both(options: &str, state: State, program: &[&str]) -> (String, String) {
    let stub = Stub::start();
    stub.put(Parameter::secure("/parity/a", "canary"));
    let wrapped = program
        .iter()
        .fold(Run::against(&stub.url()).args("-p /parity").args(options).arg("--"), Run::arg);
    let (wrapped, home) = wrapped.command();
    let mut bare = Command::new(program[0]);
    bare.args(&program[1..])
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .current_dir(home.path());
    let output = home.path().join("report");
    (report(bare, state, &output), report(wrapped, state, &output))
}

/// Without a watcher, and with one.
const OPTIONS: &[&str] = &["", "--watch 5m"];

const PLAIN: State = State { pipe: SigHandler::SigDfl, closed: &[] };

#[test]
fn the_command_inherits_the_same_state_as_without_a_wrapper() {
    for (options, pipe) in OPTIONS
        .iter()
        .flat_map(|options| [(options, SigHandler::SigDfl), (options, SigHandler::SigIgn)])
    {
        let (bare, wrapped) =
            both(options, State { pipe, ..PLAIN }, &["sh", "-c", PROBE, "probe", "\u{fc}", ""]);
        assert!(bare.contains("descriptors: 0 1 2 3 7\n"), "{bare}");
        assert_eq!(bare, wrapped);
        // A shell clears the inherited signal mask; grep doesn't.
        let (bare, wrapped) = both(
            options,
            State { pipe, ..PLAIN },
            &["grep", "-E", "^(S[^i]|Sig[^Q])", "/proc/self/status"],
        );
        assert!(bare.contains("SigBlk:\t0000000000000200"), "{bare}");
        assert_eq!(bare, wrapped);
    }
}

#[test]
fn closed_streams_stay_closed() {
    for closed in [&[0][..], &[2], &[0, 2]] {
        for options in OPTIONS {
            let (bare, wrapped) = both(options, State { closed, ..PLAIN }, &["sh", "-c", PROBE]);
            assert_eq!(bare, wrapped, "closed: {closed:?}, {options}");
        }
    }
}

#[test]
fn the_command_sees_the_same_process_attributes_as_without_a_wrapper() {
    let python = ["/usr/bin/python3", "/usr/local/bin/python3"]
        .into_iter()
        .find(|path| std::path::Path::new(path).exists());
    let Some(python) = python else {
        panic!("this test needs Python 3, as ./tests/run does");
    };
    for options in OPTIONS {
        let (bare, wrapped) = both(options, PLAIN, &[python, "-c", ASK]);
        assert!(bare.contains("dumpable 1"), "{bare}");
        assert_eq!(bare, wrapped, "{options}");
    }
}
