//! Patience: what may pass is tried again until the deadline. Failures of the network wait with full
//! jitter; throttled requests wait so that a fleet which starts at once spreads over the quota.

use super::classify::Failure;
use crate::error::{FetchError, Weather};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use tracing::{debug, warn};

/// The longest wait after the first failure of the network, after the second, … (AWS Architecture
/// Blog, "Exponential Backoff And Jitter").
const FAILED: Backoff = Backoff {
    first: Duration::from_millis(100),
    growth: 2,
    longest: Duration::from_secs(5),
    least: 0.0,
};
/// The same after throttles. Found by simulation: a thousand processes of three pages each, under 40
/// requests a second (docs/decisions.md).
const THROTTLED: Backoff = Backoff {
    first: Duration::from_secs(4),
    growth: 3,
    longest: Duration::from_secs(30),
    least: 0.3,
};
/// A wait longer than this is told at warning level.
const NOTABLE: Duration = Duration::from_secs(1);
/// What a last try needs.
const LAST_TRY: Duration = Duration::from_millis(250);

/// How waits grow, and over which part of their bound they are spread.
struct Backoff {
    first: Duration,
    growth: u32,
    longest: Duration,
    /// The least part of the bound: 0 is full jitter.
    least: f64,
}

impl Backoff {
    /// `chance` lies in `0.0..1.0`.
    fn wait(&self, failures: u32, chance: f64) -> Duration {
        let growth = self.growth.saturating_pow(failures);
        let bound = self.first.saturating_mul(growth).min(self.longest);
        bound.mul_f64(self.least + (1.0 - self.least) * chance)
    }
}

/// How long this run may still try, shared by all its requests.
pub(super) struct Patience {
    deadline: Instant,
    timeout: Duration,
    throttled: AtomicU32,
    /// What went wrong last, for the message at the deadline.
    last: Mutex<Option<(String, Weather, u32)>>,
}

impl Patience {
    pub(super) fn new(deadline: Instant, timeout: Duration) -> Self {
        Self {
            deadline,
            timeout,
            throttled: AtomicU32::new(0),
            last: Mutex::new(None),
        }
    }

    /// The tries for one request.
    pub(super) fn effort(&self, asked: String) -> Effort<'_> {
        Effort {
            patience: self,
            asked,
            attempts: 0,
            failed: 0,
            throttled: 0,
        }
    }

    /// What to say when the deadline came while a request was under way.
    pub(super) fn exhausted(&self) -> Option<FetchError> {
        let last = self.last.lock().map_or(None, |mut last| last.take());
        last.map(|(asked, weather, attempts)| FetchError::Unavailable {
            asked,
            weather,
            attempts,
            throttled: self.throttled.load(Ordering::Relaxed),
            timeout: self.timeout,
        })
    }
}

/// The tries for one request.
pub(super) struct Effort<'a> {
    patience: &'a Patience,
    asked: String,
    attempts: u32,
    failed: u32,
    throttled: u32,
}

impl Effort<'_> {
    /// A try came through. How crowded the service is stays known for the next page.
    pub(super) fn succeeded(&mut self) {
        self.attempts += 1;
        self.failed = 0;
        if let Ok(mut last) = self.patience.last.lock() {
            *last = None;
        }
    }

    /// Waits until it makes sense to try again.
    ///
    /// # Errors
    /// When it never will, or not before the deadline.
    pub(super) async fn wait_after(&mut self, failure: Failure) -> Result<(), FetchError> {
        self.attempts += 1;
        let (weather, at_least) = match failure {
            Failure::Lasting(error) => return Err(error.about(&self.asked)),
            Failure::Passing { weather, at_least } => (weather, at_least),
        };
        let (backoff, failures) = match weather {
            Weather::Throttled(_) => {
                self.patience.throttled.fetch_add(1, Ordering::Relaxed);
                (&THROTTLED, &mut self.throttled)
            }
            _ => (&FAILED, &mut self.failed),
        };
        let chance = fastrand::f64();
        let asked_for = at_least.unwrap_or_default();
        let wait = asked_for + backoff.wait(*failures, chance);
        *failures += 1;
        let left = self
            .patience
            .deadline
            .saturating_duration_since(Instant::now());
        let room = left.saturating_sub(LAST_TRY);
        if let Ok(mut last) = self.patience.last.lock() {
            *last = Some((self.asked.clone(), weather.clone(), self.attempts));
        }
        if room.is_zero() || asked_for > room {
            return Err(self.patience.exhausted().unwrap_or(FetchError::TimedOut {
                stage: "SSM was asked",
                timeout: self.patience.timeout,
            }));
        }
        // A wait past the deadline would waste what is left: the last try comes somewhere in it.
        let wait = if wait > room {
            asked_for.max(room.mul_f64(chance))
        } else {
            wait
        };
        let seconds = wait.as_secs_f64();
        if wait > NOTABLE {
            warn!(
                "{weather}; {} is asked for again in {seconds:.1} s",
                self.asked
            );
        } else {
            debug!(
                "{weather}; {} is asked for again in {seconds:.1} s",
                self.asked
            );
        }
        tokio::time::sleep(wait).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_up_to_a_cap() {
        let longest = |failures| THROTTLED.wait(failures, 1.0).as_secs();
        assert_eq!([0, 1, 2, 3, 40].map(longest), [4, 12, 30, 30, 30]);
    }

    #[test]
    fn waits_are_spread_over_their_bound() {
        let millis = |backoff: &Backoff, chance| backoff.wait(1, chance).as_millis();
        assert_eq!(
            [0.0, 0.5, 1.0].map(|chance| millis(&FAILED, chance)),
            [0, 100, 200]
        );
        assert_eq!(
            [0.0, 0.5, 1.0].map(|chance| millis(&THROTTLED, chance)),
            [3_600, 7_800, 12_000]
        );
    }
}
