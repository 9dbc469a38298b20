//! How long the quota of an account and Region keeps processes that start at once (benches/fleet.md).

use crate::fetched::Fetched;
use crate::plan::{BATCH, Request};
use crate::words::count;
use serde_json::{Value, json};
use std::fmt;

/// The requests a second that `GetParameter`, `GetParameters` and `GetParametersByPath` share by default.
const SHARED: usize = 40;
/// Those of `GetParameters` with higher throughput.
const HIGHER: usize = 1_000;

/// What a simultaneous start costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StartCost {
    processes: usize,
    /// Of one process.
    requests: usize,
    /// The same, if each parameter below a prefix was a key.
    batches: usize,
    has_prefix: bool,
}

impl StartCost {
    /// Of so many processes that ask what was planned and fetched here.
    pub fn new(processes: usize, planned: &[Request], fetched: &Fetched) -> Self {
        let requests = fetched.requests(planned);
        let has_prefix = planned.iter().any(|it| matches!(it, Request::Below(_)));
        let parameters = planned.iter().map(|request| match request {
            Request::Below(prefix) => fetched.below(prefix).count(),
            Request::Batch(names) => names.len(),
        });
        let batches = match has_prefix {
            true => parameters.sum::<usize>().div_ceil(BATCH).max(1),
            false => requests,
        };
        Self { processes, requests, batches, has_prefix }
    }

    fn seconds(&self) -> usize {
        self.processes.saturating_mul(self.requests).div_ceil(SHARED)
    }

    fn seconds_with_keys(&self) -> usize {
        self.processes.saturating_mul(self.batches).div_ceil(HIGHER)
    }

    pub(super) fn json(self) -> Value {
        json!({
            "processes": self.processes,
            "requests": self.requests,
            "seconds": self.seconds(),
            "secondsWithKeysAndHigherThroughput": self.seconds_with_keys(),
        })
    }
}

impl fmt::Display for StartCost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let requests = count(self.requests, "request");
        let keys = if self.has_prefix { "`[keys]` and " } else { "" };
        write!(
            f,
            "start: {requests} for each process: {} at once take at least {} s at {SHARED} requests a second; with {keys}higher throughput {} s",
            self.processes,
            self.seconds(),
            self.seconds_with_keys()
        )
    }
}
