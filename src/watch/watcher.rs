//! The life of a watcher: it waits, has a fork ask for versions, has another rehearse the start, and sends
//! the signal. It ends with the command.

use super::command::{Reception, Running};
use super::handover::Received;
use super::message::{Delivered, Poll, Rehearsal};
use super::schedule::{Schedule, Step};
use super::{Reports, Work, fork};
use nix::errno::Errno;
use nix::sys::signal::Signal;
use ssm_exec_core::config::{ChangeSignal, Watch};
use std::str::FromStr;
use std::time::Instant;
use tracing::{error, warn};

/// Watches until the command has ended. It may never have been started.
pub(super) fn run(watch: &Watch, work: &impl Work, command: &Running, received: Received) {
    let Some(mut delivered) = received.wait(command) else {
        return;
    };
    let settle = watch.trigger.is_none().then_some(watch.settle);
    let mut schedule = Schedule::new(watch.every, settle);
    let mut wait = schedule.first_wait(fastrand::f64());
    while !command.ends_within(wait) {
        if round(watch, work, command, &mut schedule, &mut delivered).is_none() {
            return;
        }
        wait = schedule.wait(fastrand::f64());
    }
}

/// One poll, and what follows from it. `None` when the command has ended.
fn round(
    watch: &Watch,
    work: &impl Work,
    command: &Running,
    schedule: &mut Schedule,
    delivered: &mut Delivered,
) -> Option<()> {
    let report = schedule.reports_failure(Instant::now());
    let result = fork::run(command, report, || work.poll(delivered, report).to_bytes())?;
    let poll = Poll::from_bytes(&result);
    let Step::Rehearse(settled) = schedule.after_poll(poll, Instant::now()) else {
        return Some(());
    };
    let reports = Reports {
        failure: schedule.reports_failure(Instant::now()),
        mistake: schedule.reports_mistake(Instant::now()),
    };
    let rehearse = || work.rehearse(delivered, settled.as_deref(), reports);
    let result = fork::run(command, reports.failure, || rehearse().to_bytes())?;
    let rehearsal = Rehearsal::from_bytes(&result);
    schedule.after_rehearsal(&rehearsal, Instant::now());
    match rehearsal {
        Rehearsal::Same(new) => *delivered = new,
        Rehearsal::Changed(new, changes) => {
            *delivered = new;
            return notify(watch.on_change, command, &changes);
        }
        Rehearsal::Moved | Rehearsal::Broken | Rehearsal::Failed => {}
    }
    Some(())
}

/// Sends the signal, or says why the command would not notice it.
fn notify(on_change: ChangeSignal, command: &Running, changes: &str) -> Option<()> {
    let name = on_change.name();
    let process = command.process;
    // The table of signals has those of Linux only.
    let signal = Signal::from_str(&name).unwrap_or(Signal::SIGTERM);
    match command.reception(signal) {
        Reception::Delivered => {
            // Before the signal: as process 1, the command takes the watcher with it.
            warn!("{changes}: sending {name} to the command (process {process})");
        }
        Reception::Ignored => {
            error!(
                "{changes}: the command (process {process}) ignores {name}, so it keeps its old values; choose another signal with --on-change, or restart it"
            );
            return Some(());
        }
        Reception::Dropped => {
            error!(
                "{changes}: the command is process 1 and has no handler for {name}, and the kernel does not deliver such a signal to process 1, so it keeps its old values; run the container with `--init` (in Compose `init: true`, in ECS `initProcessEnabled`), or handle {name}"
            );
            return Some(());
        }
    }
    match command.send(signal) {
        Ok(()) => Some(()),
        Err(Errno::ESRCH) => None,
        Err(error) => {
            error!(
                "{name} could not be sent to the command (process {process}): {}; it keeps its old values",
                error.desc()
            );
            Some(())
        }
    }
}

#[cfg(test)]
// Its own size is in /proc.
#[allow(unsafe_code, clippy::disallowed_methods)]
mod tests {
    use super::*;
    use crate::exec::process;
    use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
    use nix::unistd::{ForkResult, fork};
    use ssm_exec_core::config::Watch;
    use ssm_exec_core::origin::Origin;
    use std::time::Duration;

    const POLLS: usize = 10_000;

    struct Unchanged;

    impl Work for Unchanged {
        fn poll(&self, delivered: &Delivered, _report: bool) -> Poll {
            match delivered.revisions.is_empty() {
                true => Poll::Failed,
                false => Poll::Unchanged,
            }
        }

        fn rehearse(&self, _: &Delivered, _: Option<&[u8]>, _: Reports) -> Rehearsal {
            Rehearsal::Failed
        }
    }

    /// Kilobytes that are not of a file, counted page by page, and open descriptors.
    fn size() -> (usize, usize) {
        let rollup = std::fs::read_to_string("/proc/self/smaps_rollup").expect("/proc");
        let mut lines = rollup.lines();
        let resident = lines.find_map(|line| line.strip_prefix("Anonymous:"));
        let resident = resident.expect("a size").trim_end_matches("kB").trim();
        let open = std::fs::read_dir("/proc/self/fd").expect("/proc");
        (resident.parse().expect("a number"), open.count())
    }

    /// The status to end with: 0 if polls leave nothing behind.
    fn poll_and_compare(command: &Running) -> u8 {
        let watch = Watch {
            every: Duration::ZERO,
            on_change: ChangeSignal::TERM,
            settle: Duration::ZERO,
            trigger: None,
            origin: Origin::Default,
        };
        let mut schedule = Schedule::new(watch.every, Some(watch.settle));
        let mut delivered = Delivered {
            digest: [0; 32],
            revisions: b"[]".to_vec(),
        };
        let mut poll = |times: usize| {
            (0..times).all(|_| {
                round(&watch, &Unchanged, command, &mut schedule, &mut delivered).is_some()
                    && schedule.wait(0.5).is_zero()
            })
        };
        if !poll(100) {
            return 1;
        }
        let (resident, open) = size();
        if !poll(POLLS) {
            return 2;
        }
        let (resident_after, open_after) = size();
        if open_after != open {
            return 3;
        }
        // A few pages, where the stack has become deeper.
        if resident_after > resident + 64 {
            return 4;
        }
        match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Err(Errno::ECHILD) => 0,
            _ => 5,
        }
    }

    #[test]
    fn ten_thousand_polls_leave_no_memory_no_descriptor_and_no_process() {
        let command = Running::this_process().expect("Linux 5.3");
        // SAFETY: the child uses what the C library keeps usable after fork(2), and ends by _exit(2).
        match unsafe { fork() }.expect("a process") {
            ForkResult::Child => process::end(poll_and_compare(&command)),
            ForkResult::Parent { child } => {
                let status = waitpid(child, None).expect("its end");
                assert_eq!(status, WaitStatus::Exited(child, 0));
            }
        }
    }
}
