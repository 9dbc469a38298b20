//! Short-lived forks of the watcher: what they fetch is gone with them.
#![allow(unsafe_code)]

use super::command::Running;
use super::socket::{self, Received};
use crate::exec::process;
use nix::errno::Errno;
use nix::sys::prctl;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork, getpid, getppid};
use serde::Serialize;
use serde::de::DeserializeOwned;
use ssm_exec_core::status::Status;
use std::time::Duration;

/// How a fork ended.
pub(super) enum ForkOutcome<T> {
    /// It has done what it said.
    Done(T),
    /// It has not, or has said nothing.
    Failed { said: Option<T>, why: Why },
}

/// Why a fork has failed.
pub(super) enum Why {
    /// It was asked to end: a supervisor that stops the unit sends SIGTERM to every process of it.
    Asked,
    /// It has written that itself, if it might.
    Panic,
    Reason(String),
}

/// Runs `work` in a fork, for a limited time. `work` says its result before it carries it out, and returns
/// whether it could. `None` if the command has ended meanwhile.
pub(super) fn run<T: Serialize + DeserializeOwned>(
    command: &Running,
    limit: Duration,
    work: impl FnOnce(&dyn Fn(&T)) -> bool,
) -> Option<ForkOutcome<T>> {
    let failed = |said, why| Some(ForkOutcome::Failed { said, why });
    let refused = |what: &str, error: Errno| {
        let reason = format!("the system refused {what}: {}", error.desc());
        failed(None, Why::Reason(reason))
    };
    let (ours, theirs) = match socket::pair() {
        Ok(pair) => pair,
        Err(error) => return refused("a socket", error),
    };
    let watcher = getpid();
    // SAFETY: no other thread of the watcher does anything, so the child may do whatever it may.
    match unsafe { fork() } {
        Err(error) => refused("a process", error),
        Ok(ForkResult::Child) => {
            // When the watcher ends, so does its fork; it may have ended already.
            let _ = prctl::set_pdeathsig(Signal::SIGKILL);
            if getppid() != watcher {
                process::end(0);
            }
            // The watcher may be gone.
            let is_done = work(&|said| {
                let _ = socket::send(&theirs, said, &[]);
            });
            process::end(if is_done { 0 } else { Status::System.code() })
        }
        Ok(ForkResult::Parent { child }) => {
            drop(theirs);
            let received = socket::receive(&ours, command, Some(limit));
            if !matches!(received, Received::Message(..)) {
                let _ = kill(child, Signal::SIGKILL);
            }
            let status = wait_for(child, None);
            let text = match received {
                Received::CommandEnded => return None,
                Received::Failed(error) => return refused("a wait for its process", error),
                Received::Late => {
                    let reason = format!("its process took longer than {limit:?}");
                    return failed(None, Why::Reason(reason));
                }
                Received::Message(text, _) => text,
            };
            let said = serde_json::from_slice(&text).ok();
            match (status, said) {
                (Ok(WaitStatus::Exited(_, 0)), Some(said)) => Some(ForkOutcome::Done(said)),
                (Ok(WaitStatus::Signaled(_, signal, _)), said) => failed(said, ended_by(signal)),
                (_, None) => failed(None, Why::Panic),
                (_, said) => {
                    failed(said, Why::Reason("an in-memory file could not be written".to_owned()))
                }
            }
        }
    }
}

fn ended_by(signal: Signal) -> Why {
    let cause = match signal {
        Signal::SIGTERM => return Why::Asked,
        Signal::SIGKILL => ", as the kernel does where memory is short",
        _ => "",
    };
    Why::Reason(format!("{signal} ended its process{cause}"))
}

/// Waits for the end of a child, whatever signals arrive.
pub(super) fn wait_for(child: Pid, options: Option<WaitPidFlag>) -> nix::Result<WaitStatus> {
    loop {
        match waitpid(child, options) {
            Err(Errno::EINTR) => {}
            ended => return ended,
        }
    }
}
