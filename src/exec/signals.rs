//! SIGTERM, SIGINT and SIGHUP end the fetch at once with 128+N, as PID 1 too, to which the kernel
//! gives no default action. Only signals at their default get a handler, so that `execve`, which
//! resets handlers to the default, leaves every disposition as it was found.
//!
//! SIGABRT is how Rust's standard library ends a process without memory for what it allocates itself, past our
//! allocator: that is a refusal of the system, as in [`super::allocator`].

use super::{allocator, children, process};
use crate::logging;
use nix::libc;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use ssm_exec_core::status::Status;
use std::sync::atomic::{AtomicBool, Ordering};

const ENDING: &[Signal] =
    &[Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP, Signal::SIGQUIT, Signal::SIGABRT];

/// Installs the handlers.
#[allow(unsafe_code)]
pub fn install_termination_handlers() {
    let ours = SigAction::new(SigHandler::Handler(end), SaFlags::SA_NODEFER, SigSet::empty());
    for &signal in ENDING {
        // SAFETY: the handler is `end` below. All that it runs are system calls, atomics, and formatting of numbers
        // and texts into an array on its stack: it takes no lock and allocates nothing, so it can interrupt any code.
        let Ok(found) = (unsafe { sigaction(signal, &ours) }) else {
            continue;
        };
        if !matches!(found.handler(), SigHandler::SigDfl) {
            // SAFETY: the action is what sigaction(2) has just returned, so it was in force a moment ago.
            let _ = unsafe { sigaction(signal, &found) };
        }
    }
}

/// A second signal ends the process even if the message should hang.
static IS_ENDING: AtomicBool = AtomicBool::new(false);

extern "C" fn end(signal: libc::c_int) {
    children::kill_running();
    let status = match signal {
        libc::SIGABRT => Status::System.code(),
        // Signals have numbers up to 64.
        _ => u8::try_from(128 + signal).unwrap_or(u8::MAX),
    };
    if IS_ENDING.swap(true, Ordering::Relaxed) {
        process::end(status);
    }
    let name = match signal {
        libc::SIGABRT => allocator::memory_refused(", or something sent SIGABRT"),
        libc::SIGTERM => "SIGTERM",
        libc::SIGINT => "SIGINT",
        libc::SIGHUP => "SIGHUP",
        _ => "SIGQUIT",
    };
    logging::final_message(
        format_args!("{name} came before the command was started"),
        "signal",
        status,
    )
}
