//! A child process that runs before the command: waited for whatever the parent does with SIGCHLD, and
//! ended with all that it started when it isn't needed any more.

use nix::fcntl::{OFlag, open};
use nix::libc;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use nix::sys::stat::Mode;
use nix::unistd::read;
use std::ffi::CStr;
use std::io::Write;
use std::sync::atomic::{AtomicI32, Ordering};

/// The process group of the child that runs now, or 0.
static RUNNING: AtomicI32 = AtomicI32::new(0);

/// While it exists, children can be waited for: where SIGCHLD is ignored, the kernel discards their exit
/// statuses.
pub struct Waitable(Option<SigAction>);

impl Waitable {
    /// Sets SIGCHLD to its default.
    #[allow(unsafe_code)]
    pub fn new() -> Self {
        let default = SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty());
        // SAFETY: no handler is installed, so nothing is called.
        Self(unsafe { sigaction(Signal::SIGCHLD, &default) }.ok())
    }
}

impl Default for Waitable {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Waitable {
    #[allow(unsafe_code)]
    fn drop(&mut self) {
        if let Some(found) = &self.0 {
            // SAFETY: the action is the one that was found.
            let _ = unsafe { sigaction(Signal::SIGCHLD, found) };
        }
    }
}

/// The process group of a child. Dropped before the child has ended, it kills the group.
pub struct ProcessGroup(());

impl ProcessGroup {
    /// For a child that leads its process group.
    pub fn of(child: u32) -> Self {
        RUNNING.store(i32::try_from(child).unwrap_or(0), Ordering::Relaxed);
        Self(())
    }

    /// Its leader has been waited for: the number may belong to another process soon.
    pub fn has_ended(self) {
        RUNNING.store(0, Ordering::Relaxed);
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        kill_running();
    }
}

/// How far below the child its descendants are looked for.
const DEEPEST: u8 = 8;

/// Kills the process group that runs now, if there is one, and its descendants that have left it (setsid(2)). For a
/// signal's handler too: system calls and an array on the stack.
#[allow(unsafe_code)]
pub fn kill_running() {
    let group = RUNNING.swap(0, Ordering::Relaxed);
    if group > 0 {
        kill_tree(group, DEEPEST);
        // SAFETY: kill(2) takes two integers and touches no memory of ours.
        unsafe { libc::kill(-group, libc::SIGKILL) };
    }
}

/// Kills a process after those that it started. It is stopped first, so that it starts no more.
#[allow(unsafe_code)]
fn kill_tree(process: i32, depth: u8) {
    // SAFETY: kill(2) takes two integers and touches no memory of ours.
    unsafe { libc::kill(process, libc::SIGSTOP) };
    let mut text = [0; 512];
    let list = children_of(process, &mut text);
    for number in list.split(|&byte| byte == b' ').filter(|_| depth > 0) {
        if let Some(child) = std::str::from_utf8(number).ok().and_then(|it| it.parse().ok()) {
            kill_tree(child, depth - 1);
        }
    }
    // SAFETY: as above.
    unsafe { libc::kill(process, libc::SIGKILL) };
}

/// The numbers of a process's children (proc_pid_task_tid_children(5)), with blanks between; nothing where the kernel
/// does not list them.
fn children_of(process: i32, text: &mut [u8; 512]) -> &[u8] {
    let mut path = [0; 64];
    let mut rest = &mut path[..];
    let is_written = write!(rest, "/proc/{process}/task/{process}/children\0").is_ok();
    let path = CStr::from_bytes_until_nul(&path).ok().filter(|_| is_written);
    let list = path.and_then(|path| {
        let file = open(path, OFlag::O_RDONLY | OFlag::O_CLOEXEC, Mode::empty()).ok()?;
        read(&file, &mut text[..]).ok()
    });
    text.get(..list.unwrap_or(0)).unwrap_or_default()
}
