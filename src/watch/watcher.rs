//! The life of a watcher: it waits, has a fork ask for versions, has another rehearse the start, and sends
//! the signal. It ends with the command.

use super::command::{Reception, Running};
use super::fork::{self, ForkOutcome, Why};
use super::live::Live;
use super::message::{Delivered, FailureId, Poll, Rehearsal};
use super::schedule::Schedule;
use super::told::{HOUR, Told};
use super::{ForkedWork, Look};
use crate::logging::{error, warn};
use crate::panic;
use nix::errno::Errno;
use ssm_exec_core::config::{ChangeSignal, Watch};
use std::time::{Duration, Instant};

/// How much longer than its requests a fork may take.
const GRACE: Duration = Duration::from_secs(10);

/// What stands for a panic among the failures.
const PANIC: &str = "panic";

/// The watcher of a command.
pub(super) struct Watcher<'a, W> {
    pub(super) watch: &'a Watch,
    pub(super) work: &'a W,
    pub(super) command: &'a Running,
    pub(super) live: Option<Live>,
    pub(super) delivered: Delivered,
    pub(super) schedule: Schedule,
    failures: Told,
    mistakes: Told,
}

/// What follows a look.
enum Next {
    Wait,
    /// The command was told to end.
    Last(ChangeSignal),
}

impl<'a, W: ForkedWork> Watcher<'a, W> {
    pub(super) fn new(
        watch: &'a Watch,
        work: &'a W,
        command: &'a Running,
        live: Option<Live>,
        delivered: Delivered,
    ) -> Self {
        let settle = match watch.trigger {
            Some(_) => Duration::ZERO,
            None => watch.settle,
        };
        Self {
            watch,
            work,
            command,
            live,
            delivered,
            schedule: Schedule::new(watch.every, settle),
            failures: Told::default(),
            mistakes: Told::default(),
        }
    }

    /// Watches until the command has ended.
    pub(super) fn run(mut self) {
        let mut wait = self.schedule.first_wait(fastrand::f64());
        while !self.command.ends_within(wait) {
            match self.look() {
                None => return,
                Some(Next::Wait) => wait = self.schedule.wait(fastrand::f64()),
                // A second signal would end many programs at once, whatever they still had to do.
                Some(Next::Last(signal)) => return self.await_end(signal),
            }
        }
    }

    fn await_end(&self, signal: ChangeSignal) {
        let process = self.command.process;
        let since = Instant::now();
        while !self.command.ends_within(HOUR) {
            let hours = since.elapsed().as_secs() / HOUR.as_secs();
            error!(
                "the command (process {process}) still runs {hours}h after {signal}, and keeps its old values; no second signal is sent to it; restart it"
            );
        }
    }

    /// One poll or rehearsal, and what follows from it. `None` when the command has ended.
    fn look(&mut self) -> Option<Next> {
        if self.schedule.polls() {
            let poll = self.poll()?;
            let failure = match poll {
                Poll::Failed(failure) => Some(failure),
                Poll::Unchanged | Poll::Changed(_) => None,
            };
            if !self.schedule.after_poll(poll) {
                self.note(failure);
                return Some(Next::Wait);
            }
        }
        let rehearsal = self.rehearse()?;
        let now = Instant::now();
        if let (Rehearsal::Broken(mistake), true) =
            (&rehearsal, self.schedule.reports_mistakes(now))
        {
            self.mistakes.note(*mistake, now);
        }
        self.note(match rehearsal {
            Rehearsal::Failed(failure) => Some(failure),
            _ => None,
        });
        self.schedule.after_rehearsal(&rehearsal, now);
        match rehearsal {
            Rehearsal::Same(new) => {
                self.delivered = new;
                if std::mem::take(&mut self.mistakes).is_over() {
                    warn!("a new start would succeed again, with the values that the command has");
                }
            }
            Rehearsal::Changed { delivered, changes, live } => {
                self.delivered = delivered;
                self.mistakes = Told::default();
                return self.notify(&changes, live);
            }
            Rehearsal::Unsettled(_) | Rehearsal::Broken(_) | Rehearsal::Failed(_) => {}
        }
        Some(Next::Wait)
    }

    /// Notes whether looking for changes has failed.
    fn note(&mut self, failure: Option<Option<FailureId>>) {
        match failure {
            Some(failure) => failure.into_iter().for_each(|failure| {
                self.failures.note(failure, Instant::now());
            }),
            None if self.failures.is_over() => warn!("--watch looks for changes again"),
            None => {}
        }
    }

    fn poll(&mut self) -> Option<Poll> {
        let look = self.look_at();
        let outcome = fork::run(self.command, self.limit(), |say| {
            self.prepare_fork();
            say(&self.work.poll(&look));
            true
        })?;
        Some(match outcome {
            ForkOutcome::Done(poll) => poll,
            ForkOutcome::Failed { why, .. } => Poll::Failed(self.explain(why)),
        })
    }

    fn rehearse(&mut self) -> Option<Rehearsal> {
        let look = self.look_at();
        let outcome = fork::run(self.command, self.limit(), |say| {
            self.prepare_fork();
            let (mut rehearsal, files) = self.work.rehearse(&look);
            let live = self.live.as_ref().filter(|_| !files.is_empty());
            let Some(live) = live else {
                say(&rehearsal);
                return true;
            };
            let obstacle = live.obstacle(self.command, &files);
            if let Rehearsal::Changed { live, changes, .. } = &mut rehearsal {
                *live = obstacle.is_none();
                changes.extend(obstacle.iter().flat_map(|why| [" (only files, but ", why, ")"]));
            }
            say(&rehearsal);
            obstacle.is_some() || live.write(&files).is_ok()
        })?;
        Some(match outcome {
            ForkOutcome::Done(rehearsal) => rehearsal,
            ForkOutcome::Failed { said, why } => {
                if let Some(Rehearsal::Changed { live: true, .. }) = said {
                    // It may have written a part.
                    self.delivered.contents.forget_files();
                }
                Rehearsal::Failed(self.explain(why))
            }
        })
    }

    fn look_at(&self) -> Look<'_> {
        let now = Instant::now();
        Look {
            delivered: &self.delivered,
            seen: self.schedule.seen().unwrap_or(&self.delivered.revisions),
            settled: self.schedule.settled(now),
            failures: &self.failures,
            mistakes: self.schedule.reports_mistakes(now).then_some(&self.mistakes),
        }
    }

    fn limit(&self) -> Duration {
        self.work.time_limit() + GRACE
    }

    fn prepare_fork(&self) {
        if !self.failures.is_due(Told::failure(PANIC), Instant::now()) {
            panic::end_silently();
        }
    }

    /// Writes why a fork has failed, unless that was written lately.
    fn explain(&self, why: Why) -> Option<FailureId> {
        Some(match why {
            Why::Asked => return None,
            Why::Panic => Told::failure(PANIC),
            Why::Reason(reason) => {
                let failure = Told::failure(&reason);
                if self.failures.is_due(failure, Instant::now()) {
                    warn!("{reason}; --watch could not look for changes, and goes on trying");
                }
                failure
            }
        })
    }

    /// Sends a signal, and says where the command may not notice it.
    fn notify(&self, changes: &str, live: bool) -> Option<Next> {
        let process = self.command.process;
        let signal = match &self.live {
            Some(files) if live => files.signal,
            _ => self.watch.on_change,
        };
        let reception = self.command.reception(signal);
        let to = format!("{changes}: sending {signal} to the command (process {process})");
        // Before the signal: as process 1, the command takes the watcher with it. One that waits for the signal
        // by sigwait(3) shows neither a handler nor that it blocks it, so it is sent in any case.
        match reception {
            Reception::Ignored => error!(
                "{to}, which ignores {signal}: unless it waits for the signal, it keeps its old values; choose another signal with --on-change, or restart it"
            ),
            Reception::Unseen => warn!(
                "{to}, which has no handler for {signal}: unless it waits for the signal, the kernel does not deliver it to process 1, and the command keeps its old values; run the container with `--init` (in Compose `init: true`, in ECS `initProcessEnabled`), or handle {signal}"
            ),
            Reception::Taken | Reception::Ends | Reception::Unknown => warn!("{to}"),
        }
        match self.command.send(signal) {
            Ok(()) if signal.ends() || reception == Reception::Ends => Some(Next::Last(signal)),
            Ok(()) => Some(Next::Wait),
            Err(Errno::ESRCH) => None,
            Err(error) => {
                error!(
                    "{signal} could not be sent to the command (process {process}): {}; it keeps its old values",
                    error.desc()
                );
                Some(Next::Wait)
            }
        }
    }
}

#[cfg(test)]
// Its own size is in /proc.
#[allow(unsafe_code, clippy::disallowed_methods)]
mod tests {
    use super::super::NewContent;
    use super::*;
    use crate::exec::process;
    use nix::errno::Errno;
    use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
    use nix::unistd::{ForkResult, fork};
    use ssm_exec_core::origin::Origin;

    const POLLS: usize = 10_000;

    struct Unchanged;

    impl ForkedWork for Unchanged {
        fn time_limit(&self) -> Duration {
            Duration::from_secs(60)
        }

        fn poll(&self, _: &Look<'_>) -> Poll {
            Poll::Unchanged
        }

        fn rehearse(&self, _: &Look<'_>) -> (Rehearsal, Vec<NewContent>) {
            (Rehearsal::Failed(None), Vec::new())
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
            on_file_change: None,
            settle: Duration::ZERO,
            trigger: None,
            origin: Origin::Default,
        };
        let delivered = Delivered::default();
        let mut watcher = Watcher::new(&watch, &Unchanged, command, None, delivered);
        let mut poll = |times: usize| {
            (0..times).all(|_| watcher.look().is_some() && watcher.schedule.wait(0.5).is_zero())
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
