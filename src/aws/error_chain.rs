//! Looks into the SDK's errors: their causes and codes.

use super::net::ConnectionError;
use std::error::Error;

/// The codes that the SDK takes for throttling (aws-runtime, `retries/classifiers.rs`).
pub(super) fn is_throttle(code: &str) -> bool {
    code.contains("Throttl")
        || matches!(
            code,
            "HTTP 429"
                | "RequestLimitExceeded"
                | "TooManyRequestsException"
                | "TooManyRequests"
                | "BandwidthLimitExceeded"
                | "LimitExceededException"
                | "ProvisionedThroughputExceededException"
                | "SlowDown"
                | "PriorRequestNotComplete"
                | "TransactionInProgressException"
                | "EC2ThrottledException"
        )
}

/// What failed at a server, if a connection did.
pub(super) fn connection_error(error: &(dyn Error + 'static)) -> Option<ConnectionError> {
    let mut here = Some(error);
    while let Some(error) = here {
        if let Some(found) = error.downcast_ref::<ConnectionError>() {
            return Some(found.clone());
        }
        here = error.source();
    }
    None
}

/// An error and its causes in one line. Only for errors that hold no response.
pub(super) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut here = error.source();
    while let Some(error) = here {
        let next = error.to_string();
        if !text.ends_with(&next) {
            text.push_str(": ");
            text.push_str(&next);
        }
        here = error.source();
    }
    text
}
