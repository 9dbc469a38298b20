//! RetryBudget: what may pass is tried again until the deadline. Failures of the network wait with full
//! jitter; throttled requests wait so that a fleet which starts at once spreads over the quota.

use super::classify::Failure;
use super::error::{FetchError, TransientError};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};
use tracing::{debug, warn};

/// The first wait after a failure of the network lies below this, the next below twice as much…
const FAILED: Duration = Duration::from_millis(100);
/// …and none is longer.
const FAILED_LONGEST: Duration = Duration::from_secs(5);
/// The first wait after a throttle lies below this. It grows with the time that this run has taken.
/// Found by simulation: fleets of 50 to 1,000 processes, three pages each, under 40 requests a second
/// (docs/decisions.md).
const THROTTLED: Duration = Duration::from_secs(4);
/// By so much of the time taken.
const CROWDED: f64 = 0.3;
/// No wait after a throttle is longer.
const THROTTLED_LONGEST: Duration = Duration::from_secs(30);
/// A wait longer than this is told at warning level.
const NOTABLE: Duration = Duration::from_secs(1);
/// What a last try needs.
const LAST_TRY: Duration = Duration::from_millis(250);

/// Full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter"). `chance` lies in `0.0..1.0`.
fn after_failure(failures: u32, chance: f64) -> Duration {
    let bound = FAILED.saturating_mul(2_u32.saturating_pow(failures));
    bound.min(FAILED_LONGEST).mul_f64(chance)
}

/// The upper half of a bound that follows the length of the queue: who has waited long stands in a
/// long one, whatever the number of its own tries.
fn after_throttle(taken: Duration, chance: f64) -> Duration {
    let bound = (THROTTLED + taken.mul_f64(CROWDED)).min(THROTTLED_LONGEST);
    bound.mul_f64(0.5 + 0.5 * chance)
}

/// How long this run may still try, shared by all its requests.
pub(super) struct RetryBudget {
    began: Instant,
    deadline: Instant,
    timeout: Duration,
    throttled: AtomicU32,
    /// Whether there are credentials, and SSM is asked.
    asking: AtomicBool,
    /// What went wrong last, for the message at the deadline.
    last: Mutex<Option<(String, TransientError, u32)>>,
}

impl RetryBudget {
    pub(super) fn new(deadline: Instant, timeout: Duration) -> Self {
        Self {
            began: Instant::now(),
            deadline,
            timeout,
            throttled: AtomicU32::new(0),
            asking: AtomicBool::new(false),
            last: Mutex::new(None),
        }
    }

    /// The tries for one request.
    pub(super) fn effort(&self, asked: String) -> Attempts<'_> {
        self.asking.store(true, Ordering::Relaxed);
        Attempts {
            patience: self,
            asked,
            attempts: 0,
            failed: 0,
            clock_corrected: false,
        }
    }

    /// What to say when the deadline came.
    pub(super) fn exhausted(&self) -> FetchError {
        let last = self.last.lock().map_or(None, |mut last| last.take());
        match last {
            Some((asked, weather, attempts)) => FetchError::Unavailable {
                asked,
                weather,
                attempts,
                throttled: self.throttled.load(Ordering::Relaxed),
                timeout: self.timeout,
            },
            None => FetchError::TimedOut {
                stage: match self.asking.load(Ordering::Relaxed) {
                    true => "SSM was asked",
                    false => "region and credentials were looked for",
                },
                timeout: self.timeout,
            },
        }
    }
}

/// The tries for one request.
pub(super) struct Attempts<'a> {
    patience: &'a RetryBudget,
    asked: String,
    attempts: u32,
    failed: u32,
    /// Whether the SDK has corrected the time of this request's signature.
    clock_corrected: bool,
}

impl Attempts<'_> {
    /// A try came through: the next page begins with fresh patience.
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
            Failure::Permanent(error) => return Err(error.about(&self.asked)),
            Failure::Transient { weather, at_least } => (weather, at_least),
            Failure::ClockSkew { text } if self.clock_corrected => {
                return Err(FetchError::ClockSkew { text });
            }
            Failure::ClockSkew { .. } => {
                self.clock_corrected = true;
                let reason = "this machine's clock is wrong; the service's time is used".to_owned();
                (TransientError::Network(reason), None)
            }
        };
        let chance = fastrand::f64();
        let asked_for = at_least.unwrap_or_default();
        let own = if let TransientError::Throttled(_) = weather {
            self.patience.throttled.fetch_add(1, Ordering::Relaxed);
            after_throttle(self.patience.began.elapsed(), chance)
        } else {
            self.failed += 1;
            after_failure(self.failed - 1, chance)
        };
        let wait = asked_for + own;
        let left = self
            .patience
            .deadline
            .saturating_duration_since(Instant::now());
        let room = left.saturating_sub(LAST_TRY);
        if let Ok(mut last) = self.patience.last.lock() {
            *last = Some((self.asked.clone(), weather.clone(), self.attempts));
        }
        if room.is_zero() || asked_for > room {
            return Err(self.patience.exhausted());
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
    fn failures_wait_twice_as_long_each_time_up_to_a_cap_and_spread_over_all_of_it() {
        let longest = |failures| after_failure(failures, 1.0).as_millis();
        assert_eq!(
            [0, 1, 5, 6, 40].map(longest),
            [100, 200, 3_200, 5_000, 5_000]
        );
        let spread = |chance| after_failure(1, chance).as_millis();
        assert_eq!([0.0, 0.5].map(spread), [0, 100]);
    }

    #[test]
    fn throttles_wait_the_longer_the_longer_it_has_taken() {
        let wait = |seconds, chance| after_throttle(Duration::from_secs(seconds), chance).as_secs();
        assert_eq!(
            [0, 10, 60, 600].map(|taken| wait(taken, 1.0)),
            [4, 7, 22, 30]
        );
        assert_eq!(
            [0, 10, 60, 600].map(|taken| wait(taken, 0.0)),
            [2, 3, 11, 15]
        );
    }
}
