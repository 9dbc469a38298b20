//! The request quota of the account and region: a token bucket.

use std::time::Instant;

/// A token bucket.
#[derive(Debug)]
pub(crate) struct Quota {
    per_second: f64,
    burst: f64,
    tokens: f64,
    filled: Instant,
}

impl Quota {
    pub(crate) fn new(per_second: f64, burst: f64) -> Self {
        Self { per_second, burst, tokens: burst, filled: Instant::now() }
    }

    /// Whether another request is within the quota.
    pub(crate) fn admit(&mut self) -> bool {
        let now = Instant::now();
        let gained = now.duration_since(self.filled).as_secs_f64() * self.per_second;
        self.tokens = (self.tokens + gained).min(self.burst);
        self.filled = now;
        let admitted = self.tokens >= 1.0;
        if admitted {
            self.tokens -= 1.0;
        }
        admitted
    }
}
