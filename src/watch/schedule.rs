//! When to poll, when to rehearse, and when a rehearsal may act. Pure: time and chance are given.

use super::message::{Poll, Rehearsal};
use ssm_exec_core::contents::Contents;
use ssm_exec_core::revision::Revisions;
use std::time::{Duration, Instant};

/// Intervals vary by this much, so that a fleet doesn't stay in step.
const JITTER: f64 = 0.2;
/// After failures, the interval doubles this often.
const DOUBLINGS: u32 = 3;
/// A start that would fail is rehearsed again after so many polls, though no version has changed: a key
/// or a permission may have been corrected.
const POLLS_UNTIL_REHEARSAL: u32 = 8;
/// What never stays the same is acted on after so many times `settle`.
const LONGEST_SETTLING: u32 = 10;

/// What a rehearsal must find to act on it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Settled<'a> {
    /// Anything.
    Anything,
    /// What the last one found. `None` if it found nothing that can be acted on.
    Only(Option<&'a Contents>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Phase {
    /// The command has the current values.
    Current,
    /// There are others, which must be found again.
    Settling { since: Instant, found: LastRehearsal },
    /// With these revisions the command would not start; `None` for those that it was given.
    Broken { revisions: Option<Revisions>, polls: u32 },
}

/// What a rehearsal found.
#[derive(Debug, Clone, PartialEq, Eq)]
enum LastRehearsal {
    /// It could not be made.
    Nothing,
    Contents(Contents),
    /// The command would not start.
    Mistake,
}

/// The state of a watcher between two looks.
pub(super) struct Schedule {
    every: Duration,
    /// Zero where a trigger announces changes.
    settle: Duration,
    state: Phase,
    failures: u32,
    /// What the last poll saw; `None` if that was what the command was given.
    seen: Option<Revisions>,
}

impl Schedule {
    pub(super) fn new(every: Duration, settle: Duration) -> Self {
        Self { every, settle, state: Phase::Current, failures: 0, seen: None }
    }

    /// The time to the first poll: any within an interval. `chance` lies in `0.0..1.0`.
    pub(super) fn first_wait(&self, chance: f64) -> Duration {
        self.every.mul_f64(chance)
    }

    /// The time to the next look.
    pub(super) fn wait(&self, chance: f64) -> Duration {
        if let (Phase::Settling { .. }, 0) = (&self.state, self.failures) {
            return self.settle;
        }
        let interval = self.every * 2_u32.pow(self.failures.min(DOUBLINGS));
        interval.mul_f64(1.0 - JITTER + 2.0 * JITTER * chance)
    }

    /// Whether the next look begins with a poll. What settles is compared by its values: a parameter that is
    /// written again and again with the same value must not keep it from settling.
    pub(super) fn polls(&self) -> bool {
        !matches!(self.state, Phase::Settling { .. })
    }

    /// What the last poll saw, if that is not what the command was given.
    pub(super) fn seen(&self) -> Option<&Revisions> {
        self.seen.as_ref()
    }

    /// Notes a poll. Returns whether a rehearsal follows at once.
    pub(super) fn after_poll(&mut self, poll: Poll) -> bool {
        let revisions = match poll {
            Poll::Failed(_) => {
                self.failures = self.failures.saturating_add(1);
                return false;
            }
            Poll::Unchanged => None,
            Poll::Changed(revisions) => Some(revisions),
        };
        self.failures = 0;
        self.seen.clone_from(&revisions);
        match &mut self.state {
            Phase::Current => revisions.is_some(),
            Phase::Broken { revisions: broken, polls } if *broken == revisions => {
                *polls += 1;
                polls.is_multiple_of(POLLS_UNTIL_REHEARSAL)
            }
            // Also where the parameters are those that it was given: one may have gone and come back.
            _ => true,
        }
    }

    /// What the next rehearsal must find to act on it.
    pub(super) fn settled(&self, now: Instant) -> Settled<'_> {
        match &self.state {
            _ if self.settle.is_zero() => Settled::Anything,
            Phase::Settling { since, .. }
                if now.duration_since(*since) >= self.settle * LONGEST_SETTLING =>
            {
                Settled::Anything
            }
            Phase::Settling { found: LastRehearsal::Contents(found), .. } => {
                Settled::Only(Some(found))
            }
            _ => Settled::Only(None),
        }
    }

    /// Whether the next rehearsal may report a mistake: a rotation that is half done may look like one.
    pub(super) fn reports_mistakes(&self, now: Instant) -> bool {
        let known = match &self.state {
            Phase::Settling { found, .. } => *found == LastRehearsal::Mistake,
            Phase::Broken { revisions, .. } => *revisions == self.seen,
            Phase::Current => false,
        };
        known || self.settled(now) == Settled::Anything
    }

    pub(super) fn after_rehearsal(&mut self, rehearsal: &Rehearsal, now: Instant) {
        let since = match &self.state {
            Phase::Settling { since, .. } => *since,
            _ => now,
        };
        let reports = self.reports_mistakes(now);
        let settling = |found| Phase::Settling { since, found };
        self.state = match rehearsal {
            Rehearsal::Failed(_) => {
                self.failures = self.failures.saturating_add(1);
                self.state = match std::mem::replace(&mut self.state, Phase::Current) {
                    settling @ Phase::Settling { .. } => settling,
                    _ => settling(LastRehearsal::Nothing),
                };
                return;
            }
            Rehearsal::Same(_) | Rehearsal::Changed { .. } => Phase::Current,
            Rehearsal::Unsettled(contents) => settling(LastRehearsal::Contents(contents.clone())),
            Rehearsal::Broken(_) if reports => {
                Phase::Broken { revisions: self.seen.clone(), polls: 0 }
            }
            Rehearsal::Broken(_) => settling(LastRehearsal::Mistake),
        };
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::super::message::Delivered;
    use super::*;

    const EVERY: Duration = Duration::from_secs(60);
    const SETTLE: Duration = Duration::from_secs(30);

    fn schedule() -> Schedule {
        Schedule::new(EVERY, SETTLE)
    }

    /// Revisions, or contents, that differ by a number.
    fn revisions(number: u64) -> Revisions {
        let text = format!(r#"{{"/a":{{"version":{number},"modified":null}}}}"#);
        serde_json::from_str(&text).expect("revisions")
    }

    fn contents(number: u64) -> Contents {
        let text = format!(r#"{{"A":{{"digest":{number},"is_file":false,"source":null}}}}"#);
        serde_json::from_str(&text).expect("contents")
    }

    fn polls(schedule: &mut Schedule, number: u64) -> bool {
        assert!(schedule.polls());
        schedule.after_poll(Poll::Changed(revisions(number)))
    }

    fn changed() -> Rehearsal {
        Rehearsal::Changed { delivered: Delivered::default(), changes: String::new(), live: false }
    }

    fn unsettled(number: u64) -> Rehearsal {
        Rehearsal::Unsettled(contents(number))
    }

    #[test]
    fn a_change_is_acted_on_when_it_has_been_found_twice() {
        let (mut schedule, now) = (schedule(), Instant::now());
        assert!(!schedule.after_poll(Poll::Unchanged));
        assert!(polls(&mut schedule, 1));
        assert_eq!(schedule.settled(now), Settled::Only(None));
        schedule.after_rehearsal(&unsettled(1), now);
        assert_eq!(schedule.wait(0.9), SETTLE);
        assert!(!schedule.polls());
        assert_eq!(schedule.settled(now), Settled::Only(Some(&contents(1))));
        // Another one since.
        schedule.after_rehearsal(&unsettled(2), now);
        assert_eq!(schedule.wait(0.9), SETTLE);
        assert_eq!(schedule.settled(now), Settled::Only(Some(&contents(2))));
        schedule.after_rehearsal(&changed(), now);
        assert_eq!(schedule.wait(0.5), EVERY);
        assert!(schedule.polls());
    }

    #[test]
    fn what_is_written_again_with_the_same_value_needs_no_settling() {
        let (mut schedule, now) = (schedule(), Instant::now());
        assert!(polls(&mut schedule, 1));
        schedule.after_rehearsal(&Rehearsal::Same(Delivered::default()), now);
        assert_eq!(schedule.wait(0.5), EVERY);
        assert!(!schedule.after_poll(Poll::Unchanged));
    }

    #[test]
    fn what_never_stays_the_same_is_acted_on_after_ten_times_settle() {
        let (mut schedule, start) = (schedule(), Instant::now());
        assert!(polls(&mut schedule, 0));
        for number in 0..10_u32 {
            let now = start + SETTLE * number;
            assert!(matches!(schedule.settled(now), Settled::Only(_)), "{number}");
            schedule.after_rehearsal(&unsettled(number.into()), now);
        }
        let late = start + SETTLE * 10;
        assert_eq!(schedule.settled(late), Settled::Anything);
        schedule.after_rehearsal(&changed(), late);
        // The next change begins anew.
        assert!(polls(&mut schedule, 1));
        assert_eq!(schedule.settled(late), Settled::Only(None));
    }

    #[test]
    fn a_trigger_needs_no_settling() {
        let mut schedule = Schedule::new(EVERY, Duration::ZERO);
        assert!(polls(&mut schedule, 1));
        assert_eq!(schedule.settled(Instant::now()), Settled::Anything);
        assert!(schedule.reports_mistakes(Instant::now()));
    }

    #[test]
    fn failures_double_the_interval_up_to_eight_times() {
        let mut schedule = schedule();
        let waits: Vec<u64> = (0..5)
            .map(|_| {
                assert!(!schedule.after_poll(Poll::Failed(None)));
                schedule.wait(0.5).as_secs_f64().round() as u64
            })
            .collect();
        assert_eq!(waits, [120, 240, 480, 480, 480]);
        assert!(polls(&mut schedule, 1));
        schedule.after_rehearsal(&unsettled(1), Instant::now());
        assert_eq!(schedule.wait(0.5), SETTLE);
    }

    #[test]
    fn a_rehearsal_that_could_not_be_made_is_tried_again_after_a_longer_wait() {
        let (mut schedule, now) = (schedule(), Instant::now());
        assert!(polls(&mut schedule, 1));
        for wait in [120, 240] {
            schedule.after_rehearsal(&Rehearsal::Failed(None), now);
            assert_eq!(schedule.wait(0.5).as_secs_f64().round() as u64, wait);
            assert!(!schedule.polls());
            assert_eq!(schedule.settled(now), Settled::Only(None));
        }
        schedule.after_rehearsal(&unsettled(1), now);
        schedule.after_rehearsal(&Rehearsal::Failed(None), now);
        // What was found before still counts.
        assert_eq!(schedule.settled(now), Settled::Only(Some(&contents(1))));
        schedule.after_rehearsal(&changed(), now);
        assert_eq!(schedule.wait(0.5), EVERY);
    }

    #[test]
    fn a_mistake_must_settle_and_is_rehearsed_again_when_it_changes_or_after_eight_polls() {
        let (mut schedule, now) = (schedule(), Instant::now());
        let broken = Rehearsal::Broken(1);
        assert!(polls(&mut schedule, 1));
        assert!(!schedule.reports_mistakes(now));
        schedule.after_rehearsal(&broken, now);
        assert_eq!(schedule.wait(0.5), SETTLE);
        assert!(schedule.reports_mistakes(now));
        schedule.after_rehearsal(&broken, now);
        for _ in 0..7 {
            assert!(!polls(&mut schedule, 1));
        }
        assert!(polls(&mut schedule, 1));
        assert!(schedule.reports_mistakes(now));
        schedule.after_rehearsal(&broken, now);
        assert!(polls(&mut schedule, 2));
        assert!(!schedule.reports_mistakes(now));
        schedule.after_rehearsal(&unsettled(2), now);
        schedule.after_rehearsal(&changed(), now);
        assert!(!schedule.after_poll(Poll::Unchanged));
    }

    #[test]
    fn a_start_that_would_fail_with_its_own_parameters_is_rehearsed_after_eight_polls() {
        let (mut schedule, now) = (Schedule::new(EVERY, Duration::ZERO), Instant::now());
        assert!(polls(&mut schedule, 1));
        schedule.after_rehearsal(&Rehearsal::Broken(1), now);
        // Taken back: what the command was given may have come back with another value.
        assert!(schedule.after_poll(Poll::Unchanged));
        schedule.after_rehearsal(&Rehearsal::Broken(1), now);
        for _ in 0..7 {
            assert!(!schedule.after_poll(Poll::Unchanged));
        }
        assert!(schedule.after_poll(Poll::Unchanged));
        schedule.after_rehearsal(&Rehearsal::Same(Delivered::default()), now);
        assert!(!schedule.after_poll(Poll::Unchanged));
    }

    #[test]
    fn a_year_of_polls_without_a_change_never_rehearses() {
        let mut schedule = schedule();
        for _ in 0..525_600_u32 {
            assert!(!schedule.after_poll(Poll::Unchanged));
        }
    }
}
