//! SIGTERM, SIGINT and SIGHUP end the fetch at once with 128+N, as PID 1 too, to which the kernel
//! gives no default action. Only signals at their default get a handler, so that `execve`, which
//! resets handlers to the default, leaves every disposition as it was found.

use crate::logging::progress;
use nix::libc;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use std::sync::atomic::Ordering;

const ENDING: &[Signal] = &[
    Signal::SIGTERM,
    Signal::SIGINT,
    Signal::SIGHUP,
    Signal::SIGQUIT,
];

/// Installs the handlers.
#[allow(unsafe_code)]
pub fn install_termination_handlers() {
    let ours = SigAction::new(SigHandler::Handler(end), SaFlags::empty(), SigSet::all());
    for &signal in ENDING {
        // SAFETY: the handler calls only functions that signal-safety(7) lists. Both actions are valid.
        let Ok(found) = (unsafe { sigaction(signal, &ours) }) else {
            continue;
        };
        if !matches!(found.handler(), SigHandler::SigDfl) {
            // SAFETY: the action is the one that was just found.
            let _ = unsafe { sigaction(signal, &found) };
        }
    }
}

/// Ends the process: nothing is half done that would have to be undone, and the kernel wipes pages
/// before it gives them to anyone else.
#[allow(unsafe_code)]
extern "C" fn end(signal: libc::c_int) {
    let message: &[u8] = match signal {
        libc::SIGTERM => b"ssm-exec: SIGTERM came before the command was started\n",
        libc::SIGINT => b"ssm-exec: SIGINT came before the command was started\n",
        libc::SIGHUP => b"ssm-exec: SIGHUP came before the command was started\n",
        _ => b"ssm-exec: a signal came before the command was started\n",
    };
    if progress::SHOWN.load(Ordering::Relaxed) {
        // SAFETY: write(2) is async-signal-safe, and the buffer is static.
        unsafe { libc::write(2, progress::ERASE.as_ptr().cast(), progress::ERASE.len()) };
    }
    // SAFETY: as above.
    unsafe { libc::write(2, message.as_ptr().cast(), message.len()) };
    // SAFETY: _exit(2) is async-signal-safe.
    unsafe { libc::_exit(128 + signal) }
}
