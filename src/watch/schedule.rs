//! When to poll, when to rehearse, when to send the signal, and when a failure is worth a message. Pure:
//! time and chance are given.

use super::message::{Poll, Rehearsal};
use std::time::{Duration, Instant};

/// Intervals vary by this much, so that a fleet doesn't stay in step.
const JITTER: f64 = 0.2;
/// After failures, the interval doubles this often.
const DOUBLINGS: u32 = 3;
/// What goes on failing is reported this often.
const REPORT_EVERY: Duration = Duration::from_secs(60 * 60);
/// A start that would fail is rehearsed again after so many polls, though no version has changed: a key
/// or a permission may have been corrected.
const POLLS_UNTIL_REHEARSAL: u32 = 8;

/// What comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// Another poll, after [`Schedule::wait`].
    Wait,
    /// A rehearsal. What the polls have seen, where that must be what it finds.
    Rehearse(Option<Vec<u8>>),
}

/// The revisions that a poll saw; `None` for those that the command was started with.
type Seen = Option<Vec<u8>>;

#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    /// The command has the current values.
    Current,
    /// These revisions are new, and must be seen again.
    Settling(Seen),
    /// With these revisions the command would not start.
    Broken { revisions: Seen, polls: u32 },
}

/// The state of a watcher between two polls.
pub(super) struct Schedule {
    every: Duration,
    /// None where a trigger announces changes.
    settle: Option<Duration>,
    state: State,
    failures: u32,
    failure_reported: Option<Instant>,
    broken_reported: Option<(Seen, Instant)>,
    /// What the last poll saw.
    seen: Seen,
}

impl Schedule {
    pub(super) fn new(every: Duration, settle: Option<Duration>) -> Self {
        Self {
            every,
            settle,
            state: State::Current,
            failures: 0,
            failure_reported: None,
            broken_reported: None,
            seen: None,
        }
    }

    /// The time to the first poll: any within an interval. `chance` lies in `0.0..1.0`.
    pub(super) fn first_wait(&self, chance: f64) -> Duration {
        self.every.mul_f64(chance)
    }

    /// The time to the next poll.
    pub(super) fn wait(&self, chance: f64) -> Duration {
        if let (State::Settling(_), Some(settle), 0) = (&self.state, self.settle, self.failures) {
            return settle;
        }
        let interval = self.every * 2_u32.pow(self.failures.min(DOUBLINGS));
        interval.mul_f64(1.0 - JITTER + 2.0 * JITTER * chance)
    }

    /// Whether a poll that fails now is worth a message.
    pub(super) fn reports_failure(&self, now: Instant) -> bool {
        let due = |last: Instant| now.duration_since(last) >= REPORT_EVERY;
        self.failure_reported.is_none_or(due)
    }

    /// Whether a rehearsal that finds a mistake now is worth a message.
    pub(super) fn reports_mistake(&self, now: Instant) -> bool {
        let due = |(revisions, last): &(Seen, Instant)| {
            *revisions != self.seen || now.duration_since(*last) >= REPORT_EVERY
        };
        self.broken_reported.as_ref().is_none_or(due)
    }

    fn failed(&mut self, now: Instant) {
        self.failures = self.failures.saturating_add(1);
        if self.reports_failure(now) {
            self.failure_reported = Some(now);
        }
    }

    pub(super) fn after_poll(&mut self, poll: Poll, now: Instant) -> Step {
        let revisions = match poll {
            Poll::Failed => {
                self.failed(now);
                return Step::Wait;
            }
            Poll::Unchanged if self.state == State::Current => {
                self.failures = 0;
                return Step::Wait;
            }
            Poll::Unchanged => None,
            Poll::Changed(revisions) => Some(revisions),
        };
        self.seen.clone_from(&revisions);
        let must_match = self.settle.and(revisions.clone());
        match &mut self.state {
            State::Broken {
                revisions: broken,
                polls,
            } if *broken == revisions => {
                self.failures = 0;
                *polls += 1;
                if polls.is_multiple_of(POLLS_UNTIL_REHEARSAL) {
                    return Step::Rehearse(must_match);
                }
                Step::Wait
            }
            // A parameter that was gone may have come back with another value.
            _ if revisions.is_none() => {
                self.state = State::Current;
                Step::Rehearse(None)
            }
            State::Settling(settling) if *settling == revisions => Step::Rehearse(must_match),
            _ if self.settle.is_none_or(|settle| settle.is_zero()) => Step::Rehearse(must_match),
            _ => {
                self.failures = 0;
                self.state = State::Settling(revisions);
                Step::Wait
            }
        }
    }

    pub(super) fn after_rehearsal(&mut self, rehearsal: &Rehearsal, now: Instant) {
        match rehearsal {
            Rehearsal::Same(_) | Rehearsal::Changed(..) => {
                self.state = State::Current;
                self.broken_reported = None;
            }
            // What the next poll sees must be seen twice again.
            Rehearsal::Moved => self.state = State::Current,
            Rehearsal::Broken => {
                if self.reports_mistake(now) {
                    self.broken_reported = Some((self.seen.clone(), now));
                }
                let is_new = !matches!(&self.state, State::Broken { revisions, .. } if *revisions == self.seen);
                if is_new {
                    self.state = State::Broken {
                        revisions: self.seen.clone(),
                        polls: 0,
                    };
                }
            }
            Rehearsal::Failed => {
                // It is rehearsed again as soon as the next poll sees the same.
                self.state = State::Settling(self.seen.clone());
                return self.failed(now);
            }
        }
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERY: Duration = Duration::from_secs(60);
    const SETTLE: Duration = Duration::from_secs(30);

    fn schedule() -> Schedule {
        Schedule::new(EVERY, Some(SETTLE))
    }

    fn changed(revisions: &str) -> Poll {
        Poll::Changed(revisions.into())
    }

    fn rehearse(revisions: &str) -> Step {
        Step::Rehearse(Some(revisions.into()))
    }

    fn delivered() -> super::super::Delivered {
        super::super::Delivered {
            digest: [0; 32],
            revisions: Vec::new(),
        }
    }

    #[test]
    fn the_first_poll_comes_at_any_time_within_an_interval_and_the_next_ones_vary_by_a_fifth() {
        let schedule = schedule();
        let first = [0.0, 0.5, 1.0].map(|chance| schedule.first_wait(chance).as_secs());
        assert_eq!(first, [0, 30, 60]);
        let next = [0.0, 0.5, 1.0].map(|chance| schedule.wait(chance).as_secs_f64().round());
        assert_eq!(next, [48.0, 60.0, 72.0]);
    }

    #[test]
    fn a_change_is_rehearsed_when_it_has_been_seen_twice() {
        let (mut schedule, now) = (schedule(), Instant::now());
        assert_eq!(schedule.after_poll(Poll::Unchanged, now), Step::Wait);
        assert_eq!(schedule.after_poll(changed("user"), now), Step::Wait);
        assert_eq!(schedule.wait(0.9), SETTLE);
        assert_eq!(
            schedule.after_poll(changed("user and password"), now),
            Step::Wait
        );
        assert_eq!(schedule.wait(0.9), SETTLE);
        assert_eq!(
            schedule.after_poll(changed("user and password"), now),
            rehearse("user and password")
        );
    }

    #[test]
    fn a_change_that_is_taken_back_is_rehearsed_for_what_happened_in_between() {
        let (mut schedule, now) = (schedule(), Instant::now());
        assert_eq!(schedule.after_poll(changed("a"), now), Step::Wait);
        assert_eq!(
            schedule.after_poll(Poll::Unchanged, now),
            Step::Rehearse(None)
        );
        schedule.after_rehearsal(&Rehearsal::Same(delivered()), now);
        assert_eq!(schedule.after_poll(Poll::Unchanged, now), Step::Wait);
        assert_eq!(schedule.after_poll(changed("a"), now), Step::Wait);
    }

    #[test]
    fn a_trigger_needs_no_settling() {
        let mut schedule = Schedule::new(EVERY, None);
        let step = schedule.after_poll(changed("a"), Instant::now());
        assert_eq!(step, Step::Rehearse(None));
    }

    #[test]
    fn what_changes_during_the_rehearsal_must_settle_too() {
        let (mut schedule, now) = (schedule(), Instant::now());
        schedule.after_poll(changed("a"), now);
        schedule.after_poll(changed("a"), now);
        schedule.after_rehearsal(&Rehearsal::Moved, now);
        assert_eq!(schedule.after_poll(changed("b"), now), Step::Wait);
        assert_eq!(schedule.after_poll(changed("b"), now), rehearse("b"));
    }

    #[test]
    fn failures_double_the_interval_up_to_eight_times_and_are_reported_once_an_hour() {
        let mut schedule = schedule();
        let start = Instant::now();
        let mut now = start;
        let (mut waits, mut reports) = (Vec::new(), Vec::new());
        while now < start + Duration::from_secs(3 * 60 * 60) {
            reports.push(schedule.reports_failure(now));
            assert_eq!(schedule.after_poll(Poll::Failed, now), Step::Wait);
            waits.push(schedule.wait(0.5).as_secs_f64().round() as u64);
            now += schedule.wait(0.5);
        }
        assert_eq!(waits[..5], [120, 240, 480, 480, 480]);
        assert!(waits.len() < 30, "{}", waits.len());
        assert_eq!(reports.iter().filter(|&&reported| reported).count(), 3);
        assert!(reports[0]);
        assert_eq!(schedule.after_poll(changed("a"), now), Step::Wait);
        assert_eq!(schedule.wait(0.5), SETTLE);
    }

    #[test]
    fn a_rehearsal_that_could_not_be_made_is_tried_again_after_a_longer_wait() {
        let (mut schedule, now) = (schedule(), Instant::now());
        schedule.after_poll(changed("a"), now);
        schedule.after_poll(changed("a"), now);
        schedule.after_rehearsal(&Rehearsal::Failed, now);
        assert_eq!(schedule.wait(0.5).as_secs_f64().round() as u64, 120);
        assert_eq!(schedule.after_poll(changed("a"), now), rehearse("a"));
        schedule.after_rehearsal(&Rehearsal::Failed, now);
        assert_eq!(schedule.wait(0.5).as_secs_f64().round() as u64, 240);
        assert_eq!(schedule.after_poll(changed("a"), now), rehearse("a"));
        schedule.after_rehearsal(&Rehearsal::Changed(delivered(), String::new()), now);
        assert_eq!(schedule.wait(0.5), EVERY);
    }

    #[test]
    fn a_mistake_is_reported_once_and_rehearsed_again_when_it_changes_or_after_eight_polls() {
        let (mut schedule, now) = (schedule(), Instant::now());
        schedule.after_poll(changed("a"), now);
        schedule.after_poll(changed("a"), now);
        assert!(schedule.reports_mistake(now));
        schedule.after_rehearsal(&Rehearsal::Broken, now);
        for _ in 0..7 {
            assert_eq!(schedule.after_poll(changed("a"), now), Step::Wait);
        }
        assert_eq!(schedule.after_poll(changed("a"), now), rehearse("a"));
        assert!(!schedule.reports_mistake(now));
        assert!(schedule.reports_mistake(now + REPORT_EVERY));
        schedule.after_rehearsal(&Rehearsal::Broken, now);
        assert_eq!(schedule.after_poll(changed("b"), now), Step::Wait);
        assert_eq!(schedule.after_poll(changed("b"), now), rehearse("b"));
        assert!(schedule.reports_mistake(now));
        schedule.after_rehearsal(&Rehearsal::Changed(delivered(), String::new()), now);
        assert_eq!(schedule.after_poll(Poll::Unchanged, now), Step::Wait);
    }

    #[test]
    fn a_start_that_would_fail_with_its_own_parameters_is_rehearsed_after_eight_polls() {
        let (mut schedule, now) = (schedule(), Instant::now());
        schedule.after_poll(changed("a"), now);
        assert_eq!(
            schedule.after_poll(Poll::Unchanged, now),
            Step::Rehearse(None)
        );
        schedule.after_rehearsal(&Rehearsal::Broken, now);
        for _ in 0..7 {
            assert_eq!(schedule.after_poll(Poll::Unchanged, now), Step::Wait);
        }
        assert_eq!(
            schedule.after_poll(Poll::Unchanged, now),
            Step::Rehearse(None)
        );
        schedule.after_rehearsal(&Rehearsal::Same(delivered()), now);
        assert_eq!(schedule.after_poll(Poll::Unchanged, now), Step::Wait);
    }

    #[test]
    fn a_year_of_polls_without_a_change_never_rehearses() {
        let (mut schedule, mut now) = (schedule(), Instant::now());
        for n in 0..525_600_u32 {
            now += schedule.wait(f64::from(n % 10) / 10.0);
            assert_eq!(schedule.after_poll(Poll::Unchanged, now), Step::Wait);
        }
    }
}
