//! Leaves a process behind that no `wait` of the command returns, with a session of its own and no
//! descriptor but stderr and those that it is given.
#![allow(unsafe_code)]
// /proc lists the descriptors where close_range(2) is missing.
#![allow(clippy::disallowed_methods)]

use super::fork::wait_for;
use crate::exec::{allocator, core_dumps, process, refused, stdio};
use nix::errno::Errno;
use nix::libc;
use nix::sys::prctl;
use nix::sys::signal::{SigSet, SigmaskHow, sigprocmask};
use nix::sys::wait::{WaitPidFlag, WaitStatus};
use nix::unistd::{ForkResult, Pid, chdir, fork, getpid, setsid};
use ssm_exec_core::diagnostic::Diagnostic;
use std::os::fd::RawFd;
use std::thread;

/// The first descriptor after the standard streams.
const AFTER_STDERR: u32 = 3;

/// Signals that are sent to every process of a unit, and would end this one.
const WITHOUT_EFFECT: &[libc::c_int] = &[
    libc::SIGHUP,
    libc::SIGINT,
    libc::SIGQUIT,
    libc::SIGUSR1,
    libc::SIGUSR2,
    libc::SIGALRM,
    libc::SIGPIPE,
    libc::SIGVTALRM,
    libc::SIGPROF,
    libc::SIGIO,
    libc::SIGPWR,
];

/// Runs `work` in a process that outlives this one's `execve`. `prepare` comes first. Must be called while
/// there is one thread.
pub(super) fn detach(
    kept: &[RawFd],
    prepare: impl FnOnce(),
    work: impl FnOnce() + Send,
) -> Result<(), Diagnostic> {
    // Not dumpable from its first instruction: a fork inherits it.
    core_dumps::disable();
    let refused = |error: Errno| refused("a process for --watch", "clone", error);
    let adopts_orphans = adopts_orphans();
    let Some(child) = fork_silently().map_err(refused)? else {
        // Refused only to the leader of a group, which a new process isn't.
        let _ = setsid();
        reset_inherited(kept);
        allocator::allow_in_forks();
        prepare();
        if adopts_orphans { run_in_thread(work) } else { run_in_fork(work) }
    };
    if adopts_orphans {
        return Ok(());
    }
    // A child that raises no SIGCHLD is a "clone" child to waitpid(2).
    match wait_for(child, Some(WaitPidFlag::__WCLONE)).map_err(refused)? {
        WaitStatus::Exited(_, 0) => Ok(()),
        WaitStatus::Exited(_, error) => Err(refused(Errno::from_raw(error))),
        _ => Err(refused(Errno::EINTR)),
    }
}

/// Whether a process that loses its parent becomes a child of the command, whose `wait` would return it.
/// A direct child without a signal for its end is not returned (waitpid(2), "clone" children).
fn adopts_orphans() -> bool {
    getpid() == Pid::from_raw(1) || prctl::get_child_subreaper().unwrap_or(false)
}

/// A fork whose end raises no SIGCHLD: where that is blocked, it would be pending when the command starts.
/// The C library still takes this process for its parent: musl's raise(3) would end that.
fn fork_silently() -> nix::Result<Option<Pid>> {
    // SAFETY: without flags, clone(2) is fork(2) with no signal for its end. There is one thread, so the
    // child may do whatever this process may.
    let process = unsafe { libc::syscall(libc::SYS_clone, 0, 0, 0, 0, 0) };
    let process = Errno::result(process)?;
    let process = libc::pid_t::try_from(process).map_err(|_| Errno::EOVERFLOW)?;
    Ok((process != 0).then(|| Pid::from_raw(process)))
}

/// In a child that the C library made.
fn run_in_fork(work: impl FnOnce()) -> ! {
    // SAFETY: there is one thread, so the child may do whatever this process may.
    match unsafe { fork() } {
        Ok(ForkResult::Child) => {
            work();
            process::end(0)
        }
        Ok(ForkResult::Parent { .. }) => process::end(0),
        Err(error) => process::end(u8::try_from(error as i32).unwrap_or(1)),
    }
}

/// In this process, but in a thread that the C library made. This one only waits.
fn run_in_thread(work: impl FnOnce() + Send) -> ! {
    thread::scope(|scope| {
        // Without a thread the watcher ends, and the start finds that.
        let _ = thread::Builder::new().spawn_scoped(scope, work);
    });
    process::end(0)
}

/// Gives up what is inherited: descriptors, signals and the working directory.
fn reset_inherited(kept: &[RawFd]) {
    close_all_but(kept);
    stdio::reserve_closed_descriptors();
    // A file system must not be busy for the watcher's sake.
    let _ = chdir("/");
    for number in 1..=libc::SIGRTMAX() {
        // In place of ignoring it: what a fork executes must not inherit that.
        let handler = nothing as extern "C" fn(libc::c_int) as libc::sighandler_t;
        let action = if WITHOUT_EFFECT.contains(&number) || number >= libc::SIGRTMIN() {
            handler
        } else {
            libc::SIG_DFL
        };
        // SAFETY: the handler does nothing. It fails for SIGKILL, SIGSTOP and signals of the C library.
        unsafe { libc::signal(number, action) };
    }
    handle_signal_of_musl();
    let _ = sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None);
}

/// musl keeps the first real-time signal of programs that use glibc for itself, and takes no handler for it. So the
/// kernel's action for another signal is copied.
fn handle_signal_of_musl() {
    // A handler, flags, where it returns to, and a mask.
    let mut action = [0_usize; 4];
    const MASK_SIZE: usize = 8;
    // SAFETY: the kernel writes its structure, which has this size.
    unsafe {
        let (signal, none) = (libc::SIGHUP, std::ptr::null::<usize>());
        libc::syscall(libc::SYS_rt_sigaction, signal, none, action.as_mut_ptr(), MASK_SIZE);
    }
    // SAFETY: the kernel reads the same structure, whose handler does nothing.
    unsafe {
        let none = std::ptr::null_mut::<usize>();
        libc::syscall(libc::SYS_rt_sigaction, 34, action.as_ptr(), none, MASK_SIZE);
    }
}

extern "C" fn nothing(_: libc::c_int) {}

/// Closes stdin, stdout and everything above stderr, but these.
fn close_all_but(kept: &[RawFd]) {
    let mut kept: Vec<u32> = kept.iter().filter_map(|&kept| u32::try_from(kept).ok()).collect();
    kept.sort_unstable();
    close_range(0, 1);
    let mut next = AFTER_STDERR;
    for number in kept {
        if number > next {
            close_range(next, number - 1);
        }
        next = next.max(number + 1);
    }
    close_range(next, u32::MAX);
}

fn close_range(first: u32, last: u32) {
    // SAFETY: nothing in this process uses a descriptor of this range any more.
    let result = unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) };
    if Errno::result(result).is_ok() {
        return;
    }
    // The kernel is older than 5.9, or a filter doesn't know the call.
    let listed = std::fs::read_dir("/proc/self/fd").map(|entries| {
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        names.filter_map(|name| name.parse::<u32>().ok()).collect::<Vec<_>>()
    });
    let open = listed.unwrap_or_else(|_| (first..last.min(1024) + 1).collect());
    for number in open {
        if (first..=last).contains(&number) {
            // SAFETY: as above. One that is not open changes nothing.
            let _ = unsafe { libc::close(number.cast_signed()) };
        }
    }
}
