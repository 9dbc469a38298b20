//! Throttling.

use super::End::{Started, Status};
use super::setup::{Row, always, once, row};
use ssm_stub::Fault;

pub const ROWS: &[Row] = &[
    row("ThrottlingException, once", || once(Fault::throttle()), Started, "again in"),
    row(
        "ThrottlingException, always",
        || always(Fault::throttle()),
        Status(75),
        "high-throughput-enabled",
    ),
    row(
        "RequestLimitExceeded, always",
        || always(Fault::client("RequestLimitExceeded", "x")),
        Status(75),
        "RequestLimitExceeded",
    ),
    row(
        "TooManyRequestsException, always",
        || always(Fault::client("TooManyRequestsException", "x")),
        Status(75),
        "TooManyRequestsException",
    ),
    row(
        "429 without a code, always",
        || always(Fault::Response(429, "text/plain", Vec::new())),
        Status(75),
        "HTTP 429",
    ),
    row(
        "429 with Retry-After: 1, once",
        || once(Fault::Response(429, "text/plain", Vec::new()).header("retry-after", "1")),
        Started,
        "again in",
    ),
    row(
        "503 with Retry-After beyond the timeout",
        || always(Fault::status(503).header("retry-after", "60")),
        Status(75),
        "1 attempt",
    ),
    row(
        "503 with the longest Retry-After that can be written",
        || always(Fault::status(503).header("retry-after", &u64::MAX.to_string())),
        Status(75),
        "1 attempt",
    ),
    row(
        "503 with the longest x-amz-retry-after that can be written",
        || always(Fault::status(503).header("x-amz-retry-after", &u64::MAX.to_string())),
        Status(75),
        "1 attempt",
    ),
];
