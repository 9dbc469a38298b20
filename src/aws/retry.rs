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
    /// What was begun last, for the message at the deadline.
    current: Mutex<Option<Work>>,
    /// What failed last, for the message at the deadline.
    last: Mutex<Option<(Work, TransientError, u32)>>,
    /// Whether another failure has decided the outcome.
    stopped: AtomicBool,
}

impl RetryBudget {
    pub(super) fn new(deadline: Instant, timeout: Duration, retries: bool) -> Self {
        Self {
            began: Instant::now(),
            deadline,
            timeout,
            retries,
            throttled: AtomicU32::new(0),
            current: Mutex::new(None),
            last: Mutex::new(None),
            stopped: AtomicBool::new(false),
        }
    }

    /// Counts the attempts of one request.
    pub(super) fn attempts<'a>(
        &'a self,
        request: &'a Request,
        source: Option<&'a CredentialSource>,
    ) -> Attempts<'a> {
        self.begin(Work::Fetch(request.clone()));
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
        self.begin(Work::Credentials(source.clone()));
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

    /// The error at the deadline.
    pub(super) fn exhausted(&self) -> FetchError {
        let last = self.last.lock().map_or(None, |mut last| last.take());
        match last {
            Some((work, error, attempts)) => FetchError::Unavailable {
                work,
                error,
                attempts,
                throttled: self.throttled.load(Ordering::Relaxed),
                timeout: self.timeout,
            },
            None => FetchError::TimedOut {
                stage: match self
                    .current
                    .lock()
                    .map_or(None, |mut current| current.take())
                {
                    Some(Work::Fetch(request)) => format!("fetching {request}"),
                    Some(Work::Credentials(source)) => format!("asking {source} for credentials"),
                    None => "looking for the Region and the credentials".to_owned(),
                },
                timeout: self.timeout,
            },
        }
    }

    fn begin(&self, work: Work) {
        if let Ok(mut current) = self.current.lock() {
            *current = Some(work);
        }
    }

    /// Waits before the next attempt: at least `demanded`, which the service said, and `own`.
    async fn wait(
        &self,
        failed: (Work, TransientError, u32),
        demanded: Duration,
        own: Duration,
    ) -> Result<(), FetchError> {
        let message = format!("{}; trying {} again", failed.1, failed.0);
        let wait = demanded.saturating_add(own);
        let left = self.deadline.saturating_duration_since(Instant::now());
        let room = left.saturating_sub(LAST_TRY);
        if let Ok(mut last) = self.last.lock() {
            *last = Some(failed);
        }
        if room.is_zero() || demanded > room || self.stopped.load(Ordering::Relaxed) {
            return Err(self.exhausted());
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

    fn forget_failure(&self) {
        if let Ok(mut last) = self.last.lock() {
            *last = None;
        }
    }
}

/// The attempts of one request.
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
        self.attempts += 1;
        self.failed = 0;
        self.budget.forget_failure();
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
        let failed = (Work::Fetch(self.request.clone()), error, self.attempts);
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
        self.budget.forget_failure();
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
        let failed = (Work::Credentials(self.source.clone()), error, self.attempts);
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
