//! Temporary failures are retried until the deadline. Network failures wait with full jitter; throttled
//! requests wait so that a fleet that starts at once spreads over the quota.

use super::classify::Failure;
use super::error::{FetchError, TransientError};
use ssm_exec_core::plan::Request;
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
/// A longer wait is logged as a warning.
const NOTABLE: Duration = Duration::from_secs(1);
/// What a last attempt needs.
const LAST_TRY: Duration = Duration::from_millis(250);

/// Full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter"). `chance` lies in `0.0..1.0`.
fn after_failure(failures: u32, chance: f64) -> Duration {
    let bound = FAILED.saturating_mul(2_u32.saturating_pow(failures));
    bound.min(FAILED_LONGEST).mul_f64(chance)
}

/// The upper half of a bound that follows the length of the queue: a process that has waited long is in
/// a long one, whatever the number of its own attempts.
fn after_throttle(taken: Duration, chance: f64) -> Duration {
    let bound = (THROTTLED + taken.mul_f64(CROWDED)).min(THROTTLED_LONGEST);
    bound.mul_f64(0.5 + 0.5 * chance)
}

/// How long this run may still try, shared by all its requests.
pub(super) struct RetryBudget {
    began: Instant,
    deadline: Instant,
    timeout: Duration,
    /// Whether a request is tried again.
    retries: bool,
    throttled: AtomicU32,
    /// Whether there are credentials, and SSM is asked.
    fetching: AtomicBool,
    /// What failed last, for the message at the deadline.
    last: Mutex<Option<(Request, TransientError, u32)>>,
}

impl RetryBudget {
    pub(super) fn new(deadline: Instant, timeout: Duration, retries: bool) -> Self {
        Self {
            began: Instant::now(),
            deadline,
            timeout,
            retries,
            throttled: AtomicU32::new(0),
            fetching: AtomicBool::new(false),
            last: Mutex::new(None),
        }
    }

    /// Counts the attempts of one request.
    pub(super) fn attempts<'a>(&'a self, request: &'a Request) -> Attempts<'a> {
        self.fetching.store(true, Ordering::Relaxed);
        Attempts {
            budget: self,
            request,
            attempts: 0,
            failed: 0,
            clock_corrected: false,
        }
    }

    /// The error at the deadline.
    pub(super) fn exhausted(&self) -> FetchError {
        let last = self.last.lock().map_or(None, |mut last| last.take());
        match last {
            Some((request, error, attempts)) => FetchError::Unavailable {
                request,
                error,
                attempts,
                throttled: self.throttled.load(Ordering::Relaxed),
                timeout: self.timeout,
            },
            None => FetchError::TimedOut {
                stage: match self.fetching.load(Ordering::Relaxed) {
                    true => "fetching parameters",
                    false => "looking for region and credentials",
                },
                timeout: self.timeout,
            },
        }
    }
}

/// The attempts of one request.
pub(super) struct Attempts<'a> {
    budget: &'a RetryBudget,
    request: &'a Request,
    attempts: u32,
    failed: u32,
    /// Whether the SDK has corrected the time of this request's signature.
    clock_corrected: bool,
}

impl Attempts<'_> {
    /// An attempt succeeded: the next page starts with the shortest wait again.
    pub(super) fn succeeded(&mut self) {
        self.attempts += 1;
        self.failed = 0;
        if let Ok(mut last) = self.budget.last.lock() {
            *last = None;
        }
    }

    /// Waits until the next attempt.
    ///
    /// # Errors
    /// When another attempt can't succeed, or there is no time for one.
    pub(super) async fn wait_after(&mut self, failure: Failure) -> Result<(), FetchError> {
        self.attempts += 1;
        let is_clock_skew = matches!(failure, Failure::ClockSkew { .. });
        let (error, at_least) = match failure {
            Failure::Permanent(error) => return Err(error.about(self.request)),
            Failure::Transient { error, at_least } => (error, at_least),
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
        let demanded = at_least.unwrap_or_default();
        let own = if let TransientError::Throttled(_) = error {
            self.budget.throttled.fetch_add(1, Ordering::Relaxed);
            after_throttle(self.budget.began.elapsed(), chance)
        } else {
            self.failed += 1;
            after_failure(self.failed - 1, chance)
        };
        let wait = demanded + own;
        let left = self
            .budget
            .deadline
            .saturating_duration_since(Instant::now());
        let room = left.saturating_sub(LAST_TRY);
        if let Ok(mut last) = self.budget.last.lock() {
            *last = Some((self.request.clone(), error.clone(), self.attempts));
        }
        // The correction of a wrong clock is part of the first attempt.
        let is_last = !self.budget.retries && !is_clock_skew;
        if is_last || room.is_zero() || demanded > room {
            return Err(self.budget.exhausted());
        }
        // A wait past the deadline would waste what is left: the last attempt comes somewhere in it.
        let wait = if wait > room {
            demanded.max(room.mul_f64(chance))
        } else {
            wait
        };
        let seconds = wait.as_secs_f64();
        if wait > NOTABLE {
            warn!("{error}; trying {} again in {seconds:.1} s", self.request);
        } else {
            debug!("{error}; trying {} again in {seconds:.1} s", self.request);
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
