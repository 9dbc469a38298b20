//! `--wait`: what AWS may only need time for is asked for again. Changes in IAM take effect after a while (IAM User Guide,
//! "Changes that I make are not always immediately visible").

use crate::logging::warn;
use ssm_exec_core::config::duration;
use ssm_exec_core::diagnostic::Diagnostic;
use std::thread;
use std::time::{Duration, Instant};

/// The first wait is at most so long, and each one twice as long as the one before…
const FIRST: Duration = Duration::from_secs(2);
/// …and none is longer.
const LONGEST: Duration = Duration::from_secs(10);

pub(super) struct Wait {
    began: Instant,
    limit: Duration,
    attempts: u32,
}

impl Wait {
    pub(super) fn new(limit: Duration) -> Self {
        Self { began: Instant::now(), limit, attempts: 0 }
    }

    /// Waits until the next attempt, if there is a reason that may pass. Signals end the process as before.
    pub(super) fn is_over(&mut self, reason: impl FnOnce() -> Option<Diagnostic>) -> bool {
        let left = self.limit.saturating_sub(self.began.elapsed());
        if left.is_zero() {
            return true;
        }
        let Some(reason) = reason() else {
            return true;
        };
        if self.attempts == 0 {
            let limit = duration::written(self.limit);
            warn!("{}; waiting up to {limit} for it (`--wait`)", reason.line());
        }
        let longest = FIRST.saturating_mul(2_u32.saturating_pow(self.attempts));
        let wait = longest.min(LONGEST).mul_f64(0.5 + 0.5 * fastrand::f64());
        self.attempts += 1;
        thread::sleep(wait.min(left));
        false
    }

    /// For how long, if at all.
    pub(super) fn waited(&self) -> Option<Duration> {
        (self.attempts > 0).then(|| self.began.elapsed())
    }
}
