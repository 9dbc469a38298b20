//! Temporary failures are retried until the deadline. Network failures wait with full jitter; throttled
//! requests wait so that a fleet that starts at once spreads over the quota.

use super::classify::Failure;
use super::credential_source::CredentialSource;
use super::error::{FetchError, TransientError, Work};
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
/// How often a source of credentials is asked that fails temporarily, as by the SDK.
const SOURCE_ATTEMPTS: u32 = 3;
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
    /// The source of credentials that is asked, for the message at the deadline.
    asked: Mutex<Option<CredentialSource>>,
    /// What has failed and is tried again, the latest failure last, for the message at the deadline.
    failing: Mutex<Vec<Failed>>,
    /// Whether another failure has decided the outcome.
    stopped: AtomicBool,
}

/// The last failure of a piece of work, and the number of attempts.
#[derive(Clone)]
struct Failed {
    work: Work,
    error: TransientError,
    attempts: u32,
}

impl RetryBudget {
    pub(super) fn new(deadline: Instant, timeout: Duration, retries: bool) -> Self {
        Self {
            began: Instant::now(),
            deadline,
            timeout,
            retries,
            throttled: AtomicU32::new(0),
            asked: Mutex::new(None),
            failing: Mutex::new(Vec::new()),
            stopped: AtomicBool::new(false),
        }
    }

    /// Counts the attempts of one request.
    pub(super) fn attempts<'a>(
        &'a self,
        request: &'a Request,
        source: Option<&'a CredentialSource>,
    ) -> Attempts<'a> {
        Attempts {
            budget: self,
            request,
            source,
            attempts: 0,
            failed: 0,
            clock_corrected: false,
        }
    }

    /// Counts the attempts to get credentials from a source.
    pub(super) fn credential_attempts<'a>(
        &'a self,
        source: &'a CredentialSource,
    ) -> CredentialAttempts<'a> {
        if let Ok(mut asked) = self.asked.lock() {
            *asked = Some(source.clone());
        }
        CredentialAttempts {
            budget: self,
            source,
            attempts: 0,
        }
    }

    /// Gives up on temporary failures from now on: another failure has decided the outcome.
    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// The error at the deadline: what is still failing, or else what has not been answered. `fetching` is a request
    /// that has not, if requests have been sent.
    pub(super) fn exhausted(&self, fetching: Option<&Request>) -> FetchError {
        let failing = self.failing.lock();
        if let Some(failed) = failing.map_or(None, |failing| failing.last().cloned()) {
            return self.unavailable(failed);
        }
        let asked = self.asked.lock().map_or(None, |asked| asked.clone());
        FetchError::TimedOut {
            stage: match (fetching, asked) {
                (Some(request), _) => format!("fetching {request}"),
                (None, Some(source)) => format!("asking {source} for credentials"),
                (None, None) => "looking for the Region and the credentials".to_owned(),
            },
            timeout: self.timeout,
        }
    }

    fn unavailable(&self, failed: Failed) -> FetchError {
        FetchError::Unavailable {
            work: failed.work,
            error: failed.error,
            attempts: failed.attempts,
            throttled: self.throttled.load(Ordering::Relaxed),
            timeout: self.timeout,
        }
    }

    /// Waits before the next attempt: at least `demanded`, which the service said, and `own`.
    async fn wait(
        &self,
        failed: Failed,
        demanded: Duration,
        own: Duration,
    ) -> Result<(), FetchError> {
        let message = format!("{}; trying {} again", failed.error, failed.work);
        let wait = demanded.saturating_add(own);
        let left = self.deadline.saturating_duration_since(Instant::now());
        let room = left.saturating_sub(LAST_TRY);
        if room.is_zero() || demanded > room || self.stopped.load(Ordering::Relaxed) {
            return Err(self.unavailable(failed));
        }
        self.forget_failure(&failed.work);
        if let Ok(mut failing) = self.failing.lock() {
            failing.push(failed);
        }
        // A wait past the deadline would waste what is left: the last attempt comes somewhere in it.
        let wait = if wait > room {
            demanded.max(room.mul_f64(fastrand::f64()))
        } else {
            wait
        };
        let seconds = wait.as_secs_f64();
        if wait > NOTABLE {
            warn!("{message} in {seconds:.1} s");
        } else {
            debug!("{message} in {seconds:.1} s");
        }
        tokio::time::sleep(wait).await;
        Ok(())
    }

    fn wait_for_quota(&self) -> Duration {
        self.throttled.fetch_add(1, Ordering::Relaxed);
        after_throttle(self.began.elapsed(), fastrand::f64())
    }

    fn forget_failure(&self, work: &Work) {
        if let Ok(mut failing) = self.failing.lock() {
            failing.retain(|failed| failed.work != *work);
        }
    }
}

/// The attempts of one request; of a prefix, those of one page.
pub(super) struct Attempts<'a> {
    budget: &'a RetryBudget,
    request: &'a Request,
    source: Option<&'a CredentialSource>,
    attempts: u32,
    failed: u32,
    /// Whether the SDK has corrected the time of this request's signature.
    clock_corrected: bool,
}

impl Attempts<'_> {
    /// An attempt succeeded: the next page starts with the shortest wait again.
    pub(super) fn succeeded(&mut self) {
        self.attempts = 0;
        self.failed = 0;
        self.budget
            .forget_failure(&Work::Fetch(self.request.clone()));
    }

    /// Waits until the next attempt.
    ///
    /// # Errors
    /// When another attempt can't succeed, or there is no time for one.
    pub(super) async fn wait_after(&mut self, failure: Failure) -> Result<(), FetchError> {
        self.attempts += 1;
        let is_clock_skew = matches!(failure, Failure::ClockSkew { .. });
        let (error, at_least) = match failure {
            Failure::Permanent(error) => return Err(error.about(self.request, self.source)),
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
        let own = if let TransientError::Throttled(_) = error {
            self.budget.wait_for_quota()
        } else {
            self.failed += 1;
            after_failure(self.failed - 1, fastrand::f64())
        };
        let failed = Failed {
            work: Work::Fetch(self.request.clone()),
            error,
            attempts: self.attempts,
        };
        // The correction of a wrong clock is part of the first attempt.
        if !self.budget.retries && !is_clock_skew {
            self.budget.stop();
        }
        self.budget
            .wait(failed, at_least.unwrap_or_default(), own)
            .await
    }
}

/// The attempts to get credentials from a source.
pub(super) struct CredentialAttempts<'a> {
    budget: &'a RetryBudget,
    source: &'a CredentialSource,
    attempts: u32,
}

impl CredentialAttempts<'_> {
    /// STS answered.
    pub(super) fn ended(&self) {
        self.budget
            .forget_failure(&Work::Credentials(self.source.clone()));
    }

    /// Waits until the source may be asked again. Throttling by STS is waited out until the deadline; another
    /// temporary failure is tried again a few times.
    ///
    /// # Errors
    /// When there is no time for another attempt, or there were enough.
    pub(super) async fn wait_after(&mut self, error: TransientError) -> Result<(), FetchError> {
        self.attempts += 1;
        let own = match error {
            TransientError::Throttled(_) => self.budget.wait_for_quota(),
            _ => after_failure(self.attempts - 1, fastrand::f64()),
        };
        let failed = Failed {
            work: Work::Credentials(self.source.clone()),
            error,
            attempts: self.attempts,
        };
        if !self.budget.retries {
            self.budget.stop();
        }
        self.budget.wait(failed, Duration::ZERO, own).await
    }

    /// Whether a temporary failure that isn't throttling is tried again.
    pub(super) fn is_again(&self) -> bool {
        self.budget.retries && self.attempts + 1 < SOURCE_ATTEMPTS
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
