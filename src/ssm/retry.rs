//! Patience: what may pass is tried again until the deadline, with full jitter, and the whole client
//! slows down when it is throttled.

use super::classify::Failure;
use crate::error::{FetchError, Weather};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use tracing::{debug, warn};

/// The first wait after a throttle lies below this. One second of the quota has 40 requests for all.
const THROTTLED: Duration = Duration::from_secs(1);
/// The first wait after any other failure lies below this.
const FAILED: Duration = Duration::from_millis(100);
/// No wait is longer, unless the service asks for it.
const LONGEST: Duration = Duration::from_secs(20);
/// A wait longer than this is told at warning level.
const NOTABLE: Duration = Duration::from_secs(1);

/// How long this run may still try, shared by all its requests.
pub(super) struct Patience {
    deadline: Instant,
    timeout: Duration,
    throttled: AtomicU32,
}

impl Patience {
    pub(super) fn new(deadline: Instant, timeout: Duration) -> Self {
        Self {
            deadline,
            timeout,
            throttled: AtomicU32::new(0),
        }
    }

    /// The tries for one request.
    pub(super) fn effort(&self, asked: String) -> Effort<'_> {
        Effort {
            patience: self,
            asked,
            attempts: 0,
            failures: 0,
        }
    }
}

/// The tries for one request.
pub(super) struct Effort<'a> {
    patience: &'a Patience,
    asked: String,
    attempts: u32,
    failures: u32,
}

impl Effort<'_> {
    /// A try came through: the next page begins with fresh patience.
    pub(super) fn succeeded(&mut self) {
        self.attempts += 1;
        self.failures = 0;
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
        let first = match weather {
            Weather::Throttled(_) => {
                self.patience.throttled.fetch_add(1, Ordering::Relaxed);
                THROTTLED
            }
            _ => FAILED,
        };
        let wait = at_least.unwrap_or_default() + backoff(first, self.failures, fastrand::f64());
        self.failures += 1;
        let until = Instant::now() + wait;
        if until >= self.patience.deadline {
            return Err(FetchError::Unavailable {
                asked: self.asked.clone(),
                weather,
                attempts: self.attempts,
                throttled: self.patience.throttled.load(Ordering::Relaxed),
                timeout: self.patience.timeout,
            });
        }
        if wait > NOTABLE {
            warn!(
                "{weather}; {} is asked for again in {:.1} s",
                self.asked,
                wait.as_secs_f64()
            );
        } else {
            debug!(
                "{weather}; {} is asked for again in {:.1} s",
                self.asked,
                wait.as_secs_f64()
            );
        }
        tokio::time::sleep_until(until.into()).await;
        Ok(())
    }
}

/// Full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter"): anything between nothing and
/// the doubled bound. `chance` lies in `0.0..1.0`.
fn backoff(first: Duration, failures: u32, chance: f64) -> Duration {
    let bound = first
        .saturating_mul(2_u32.saturating_pow(failures))
        .min(LONGEST);
    bound.mul_f64(chance)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_cap_and_are_spread_over_the_whole_bound() {
        let longest = |failures| backoff(THROTTLED, failures, 1.0);
        assert_eq!(
            [0, 1, 4, 5, 40].map(longest),
            [1, 2, 16, 20, 20].map(Duration::from_secs)
        );
        assert_eq!(backoff(FAILED, 3, 0.0), Duration::ZERO);
        assert_eq!(backoff(FAILED, 3, 0.5), Duration::from_millis(400));
    }
}
