//! What has been told: each failure once an hour, a different one and the end of all at once. Pure: the
//! time is given.

use super::message::FailureId;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Duration, Instant};

/// What goes on is told this often.
pub(super) const HOUR: Duration = Duration::from_secs(60 * 60);

/// Which failures have been told lately.
#[derive(Debug, Default)]
pub(crate) struct Told {
    lately: Vec<(FailureId, Instant)>,
    goes_on: bool,
}

impl Told {
    /// What tells this failure from others: its text, whatever numbers are in it.
    pub(crate) fn failure(text: &str) -> FailureId {
        let mut hasher = DefaultHasher::new();
        let letters = text.chars().filter(|c| !c.is_ascii_digit());
        letters.collect::<String>().hash(&mut hasher);
        hasher.finish()
    }

    /// Whether a failure is worth a message now.
    pub(crate) fn is_due(&self, failure: FailureId, now: Instant) -> bool {
        let mut lately = self.lately.iter();
        !lately.any(|(told, time)| *told == failure && now.duration_since(*time) < HOUR)
    }

    /// Notes a failure, which was told if that was due.
    pub(super) fn note(&mut self, failure: FailureId, now: Instant) {
        if self.is_due(failure, now) {
            self.lately.retain(|(_, time)| now.duration_since(*time) < HOUR);
            self.lately.push((failure, now));
            self.goes_on = true;
        }
    }

    /// Notes that nothing fails any more. Returns whether that is worth a message.
    pub(super) fn is_over(&mut self) -> bool {
        std::mem::take(&mut self.goes_on)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_is_told_once_an_hour_and_the_end_once() {
        let (mut told, start) = (Told::default(), Instant::now());
        let [one, other] = ["throttled", "denied"].map(Told::failure);
        let tell = |told: &mut Told, failure, minutes: u64| {
            let now = start + Duration::from_secs(minutes * 60);
            let due = told.is_due(failure, now);
            told.note(failure, now);
            due
        };
        assert!(!told.is_over());
        let times = (0..180_u64).step_by(10);
        let reports = times.map(|minutes| {
            usize::from(tell(&mut told, one, minutes))
                + usize::from(tell(&mut told, other, minutes))
        });
        assert_eq!(reports.sum::<usize>(), 6);
        assert!(told.is_over() && !told.is_over());
        // One that comes and goes is not told each time, and so its end isn't.
        assert!(!tell(&mut told, one, 179));
        assert!(!told.is_over());
        assert!(tell(&mut told, one, 180) && told.is_over());
    }

    #[test]
    fn a_failure_is_the_same_whatever_the_numbers() {
        assert_eq!(Told::failure("after 3 tries"), Told::failure("after 12 tries"));
        assert_ne!(Told::failure("denied"), Told::failure("throttled"));
    }
}
