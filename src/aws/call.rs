//! One way to ask AWS: Parameter Store, STS, IAM Identity Center, the agents and the metadata service. What may be
//! over at the next attempt is tried again until the deadline. Network failures wait with full jitter; throttled
//! requests wait so that a fleet that starts at once spreads over the quota.

use super::credentials::CredentialSource;
use super::failure::{Failure, MAX_SKEW, Retry};
use super::net::{ConnectionError, Last, observed};
use super::service_error::{Service, ServiceError};
use crate::logging::{debug, info, warn};
use aws_credential_types::provider::error::CredentialsError;
use aws_types::sdk_config::TimeSource;
use ssm_exec_core::code::Code;
use ssm_exec_core::diagnostic::Diagnostic;
use ssm_exec_core::plan::Request;
use std::error::Error;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

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

/// What is asked for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Work {
    Fetch(Request),
    Credentials(CredentialSource),
    /// The `credential_process` of this profile.
    Process(String),
    /// The Region of the instance.
    Region,
    /// Who the caller is.
    Caller,
}

/// How an attempt ended that did not get what it was for.
#[derive(Debug)]
pub(super) enum Unanswered {
    /// A server could not be reached.
    Unreached(ConnectionError),
    /// A server answered with an error.
    Error(ServiceError),
    /// A server answered, and it is not what was expected: the SDK's reason.
    NotUnderstood(ServiceError, String),
    /// Nothing was sent: the SDK's reason.
    NotSent(String),
}

/// The calls of a run: they share its deadline, and its clock.
pub(super) struct Calls {
    began: Instant,
    deadline: Instant,
    timeout: Duration,
    /// Whether a call is tried again.
    retries: bool,
    throttled: AtomicU32,
    /// What was asked for last, for the message at the deadline.
    asked: Mutex<Option<Work>>,
    /// What has failed and is tried again, the latest failure last, for the message at the deadline.
    failing: Mutex<Vec<(Work, Failure)>>,
    /// Whether another failure has decided the outcome.
    stopped: AtomicBool,
    clock: Clock,
}

/// The time that requests are signed with: this machine's, until a server says that it is wrong.
#[derive(Debug, Clone, Default)]
pub(super) struct Clock {
    /// In milliseconds; negative if this machine's is ahead.
    behind: Arc<AtomicI64>,
}

impl Clock {
    /// Whether a signature may have been refused for the time that it had. Another call may have corrected it since.
    fn is_off(&self, theirs: SystemTime) -> bool {
        let is_off = |ours: SystemTime| {
            let off = ours.duration_since(theirs).unwrap_or_else(|behind| behind.duration());
            off > MAX_SKEW
        };
        is_off(SystemTime::now()) || is_off(self.now())
    }

    fn correct(&self, theirs: SystemTime) {
        let millis = |time: SystemTime| {
            let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
            i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
        };
        let behind = millis(theirs).saturating_sub(millis(SystemTime::now()));
        self.behind.store(behind, Ordering::Relaxed);
    }
}

impl TimeSource for Clock {
    fn now(&self) -> SystemTime {
        let now = SystemTime::now();
        let behind = self.behind.load(Ordering::Relaxed);
        let by = Duration::from_millis(behind.unsigned_abs());
        let corrected = if behind < 0 { now.checked_sub(by) } else { now.checked_add(by) };
        corrected.unwrap_or(now)
    }
}

impl Calls {
    pub(super) fn new(deadline: Instant, timeout: Duration, retries: bool, clock: Clock) -> Self {
        Self {
            began: Instant::now(),
            deadline,
            timeout,
            retries,
            throttled: AtomicU32::new(0),
            asked: Mutex::new(None),
            failing: Mutex::new(Vec::new()),
            stopped: AtomicBool::new(false),
            clock,
        }
    }

    /// Whether this is a start, and not a look at what has changed since: only a start renews a user's session, and warns
    /// of a connection.
    pub(super) fn is_start(&self) -> bool {
        self.retries
    }

    pub(super) fn clock(&self) -> Clock {
        self.clock.clone()
    }

    /// Asks a service until it answers, or can't. `explain` says what an attempt without the answer means.
    pub(super) async fn ask<T, E: Error + 'static, F>(
        &self,
        work: Work,
        service: Service,
        mut attempt: impl FnMut() -> F,
        explain: impl Fn(Unanswered) -> Failure,
    ) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, E>>,
    {
        let mut attempts = self.attempts(work);
        loop {
            match attempts.once(service, attempt()).await {
                Ok(answer) => return Ok(answer),
                Err(unanswered) => attempts.wait_after(explain(unanswered)).await?,
            }
        }
    }

    /// Counts the attempts of one piece of work; of a prefix, those of one page.
    pub(super) fn attempts(&self, work: Work) -> Attempts<'_> {
        if let Ok(mut asked) = self.asked.lock() {
            *asked = Some(work.clone());
        }
        Attempts { calls: self, work, attempts: 0, failed: 0, clock_corrected: false }
    }

    /// Gives up on temporary failures from now on: another failure has decided the outcome.
    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// The failure at the deadline: of what is still failing, or else of what has not been answered: `fetching`, if
    /// requests have been sent.
    pub(super) fn exhausted(&self, fetching: Option<&Request>) -> Failure {
        let failing = self.failing.lock();
        if let Some((_, failure)) = failing.map_or(None, |failing| failing.last().cloned()) {
            return failure;
        }
        let asked = self.asked.lock().map_or(None, |asked| asked.clone());
        let fetching = fetching.map(|request| Work::Fetch(request.clone()));
        let what = match fetching.or(asked) {
            Some(work) => {
                let [_, doing, rest] = work.words();
                format!("{doing} {work}{rest}")
            }
            None => "looking for the Region and the credentials".to_owned(),
        };
        let text = format!("timed out after {:?} while {what}", self.timeout);
        Failure::from(Diagnostic::new(Code::TimedOut, text)).later()
    }

    fn forget_failure(&self, work: &Work) {
        if let Ok(mut failing) = self.failing.lock() {
            failing.retain(|(failed, _)| failed != work);
        }
    }
}

pub(super) struct Attempts<'a> {
    calls: &'a Calls,
    work: Work,
    attempts: u32,
    failed: u32,
    clock_corrected: bool,
}

impl Attempts<'_> {
    /// One attempt.
    pub(super) async fn once<T, E: Error + 'static>(
        &mut self,
        service: Service,
        attempt: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Unanswered> {
        let (outcome, last) = observed(attempt).await;
        let error = match outcome {
            Ok(answer) => {
                self.attempts = 0;
                self.failed = 0;
                self.calls.forget_failure(&self.work);
                return Ok(answer);
            }
            Err(error) => error,
        };
        Err(Unanswered::new(service, last, &error))
    }

    /// Waits until the next attempt.
    ///
    /// # Errors
    /// When another attempt can't succeed, or there is no time for one.
    pub(super) async fn wait_after(&mut self, failure: Failure) -> Result<(), Failure> {
        self.attempts += 1;
        let calls = self.calls;
        let (at_least, own) = match failure.retry {
            Retry::No | Retry::Later => return Err(self.said(failure)),
            Retry::WithServerClock(time) if self.clock_corrected || !calls.clock.is_off(time) => {
                return Err(self.said(failure));
            }
            Retry::WithServerClock(time) => {
                // It is part of the first attempt.
                self.clock_corrected = true;
                calls.clock.correct(time);
                debug!("{}; trying {} again with its time", failure.diagnostic.message, self.work);
                return Ok(());
            }
            Retry::Throttled { at_least } => {
                calls.throttled.fetch_add(1, Ordering::Relaxed);
                (at_least, after_throttle(calls.began.elapsed(), fastrand::f64()))
            }
            Retry::After { at_least } => {
                self.failed += 1;
                (at_least, after_failure(self.failed - 1, fastrand::f64()))
            }
        };
        if !calls.retries {
            calls.stop();
        }
        let message = format!("{}; trying {} again", failure.diagnostic.message, self.work);
        let failure = self.given_up(failure);
        let left = calls.deadline.saturating_duration_since(Instant::now());
        let room = left.saturating_sub(LAST_TRY);
        if room.is_zero() || at_least > room || calls.stopped.load(Ordering::Relaxed) {
            return Err(self.said(failure));
        }
        calls.forget_failure(&self.work);
        if let Ok(mut failing) = calls.failing.lock() {
            failing.push((self.work.clone(), failure));
        }
        // A wait past the deadline would waste what is left: the last attempt comes somewhere in it.
        let wait = at_least.saturating_add(own);
        let wait = if wait > room { at_least.max(room.mul_f64(fastrand::f64())) } else { wait };
        let seconds = wait.as_secs_f64();
        if wait > NOTABLE {
            warn!("{message} in {seconds:.1} s");
        } else {
            debug!("{message} in {seconds:.1} s");
        }
        tokio::time::sleep(wait).await;
        Ok(())
    }

    /// A temporary failure that no other attempt follows.
    fn given_up(&self, mut failure: Failure) -> Failure {
        let Self { calls, work, attempts, .. } = self;
        let plural = if *attempts == 1 { "" } else { "s" };
        let [verb, _, rest] = work.words();
        let diagnostic = &mut failure.diagnostic;
        let whom = match work.to_string() {
            named if diagnostic.message.contains(&named) => "it".to_owned(),
            unnamed => unnamed,
        };
        let text = format!(
            "; could not {verb} {whom}{rest} within {:?}, in {attempts} attempt{plural}",
            calls.timeout
        );
        diagnostic.message.push_str(&text);
        let throttled = calls.throttled.load(Ordering::Relaxed);
        if throttled > *attempts {
            let text = format!("; {throttled} requests were throttled in all");
            diagnostic.message.push_str(&text);
        }
        if let Work::Fetch(request) = work {
            diagnostic.subject.parameters = request.names();
        }
        failure
    }

    /// Logs AWS's words whole: the message has them in part.
    fn said(&self, failure: Failure) -> Failure {
        if let Some(aws) = &failure.diagnostic.subject.aws {
            info!("AWS answered {}: {}", aws.code, aws.message.escape_debug());
        }
        self.calls.forget_failure(&self.work);
        failure
    }
}

impl Work {
    /// What is done with it, in two forms, and what follows.
    fn words(&self) -> [&'static str; 3] {
        match self {
            Self::Fetch(_) => ["fetch", "fetching", ""],
            Self::Credentials(CredentialSource::Role { .. }) => ["assume", "assuming", ""],
            Self::Credentials(_) => ["get credentials from", "getting credentials from", ""],
            Self::Process(_) => ["get credentials from", "waiting for", ""],
            Self::Region => ["get", "getting", ""],
            Self::Caller => ["ask", "asking", " who the caller is"],
        }
    }
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fetch(request) => request.fmt(f),
            Self::Credentials(CredentialSource::Role { arn, .. }) => write!(f, "the role {arn}"),
            Self::Credentials(source) => source.fmt(f),
            Self::Process(profile) => {
                write!(f, "the `credential_process` of the profile `{profile}`")
            }
            Self::Region => f.write_str("the Region of the instance"),
            Self::Caller => f.write_str("STS"),
        }
    }
}

impl Unanswered {
    fn new(service: Service, last: Option<Last>, error: &(dyn Error + 'static)) -> Self {
        match last {
            Some(Err(error)) => Self::Unreached(error),
            Some(Ok(exchange)) => {
                let is_error = exchange.status >= 400;
                let answer = ServiceError::new(service, exchange);
                match is_error {
                    true => Self::Error(answer),
                    false => Self::NotUnderstood(answer, reason(error)),
                }
            }
            None => Self::NotSent(reason(error)),
        }
    }
}

/// What an error of the SDK that holds no response says, in a line. Those of its providers wrap others.
fn reason(mut error: &(dyn Error + 'static)) -> String {
    while error.is::<CredentialsError>()
        && let Some(source) = error.source()
    {
        error = source;
    }
    let mut text = error.to_string();
    let mut here = error.source();
    while let Some(error) = here {
        let next = error.to_string();
        if !text.ends_with(&next) {
            text = format!("{text}: {next}");
        }
        here = error.source();
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_wait_twice_as_long_each_time_up_to_a_cap_and_spread_over_all_of_it() {
        let longest = |failures| after_failure(failures, 1.0).as_millis();
        assert_eq!([0, 1, 5, 6, 40].map(longest), [100, 200, 3_200, 5_000, 5_000]);
        let spread = |chance| after_failure(1, chance).as_millis();
        assert_eq!([0.0, 0.5].map(spread), [0, 100]);
    }

    #[test]
    fn throttles_wait_the_longer_the_longer_it_has_taken() {
        let wait = |seconds, chance| after_throttle(Duration::from_secs(seconds), chance).as_secs();
        assert_eq!([0, 10, 60, 600].map(|taken| wait(taken, 1.0)), [4, 7, 22, 30]);
        assert_eq!([0, 10, 60, 600].map(|taken| wait(taken, 0.0)), [2, 3, 11, 15]);
    }

    #[test]
    fn the_time_of_a_server_is_taken_over_in_both_directions() {
        let clock = Clock::default();
        for theirs in [UNIX_EPOCH, SystemTime::now() + Duration::from_secs(3_600)] {
            clock.correct(theirs);
            let off = clock.now().duration_since(theirs).unwrap_or_default();
            assert!(off < Duration::from_secs(60), "{off:?}");
        }
    }
}
