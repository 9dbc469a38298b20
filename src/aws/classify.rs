//! Classifies the SDK's errors by types and codes, never by a response's body, which may hold values.

use super::connection::ConnectionError;
use super::denial::Denial;
use super::error::{FetchError, TransientError};
use aws_sdk_ssm::config::http::HttpResponse;
use aws_sdk_ssm::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_smithy_types::date_time::{DateTime, Format};
use ssm_exec_core::parameter::ParameterRef;
use ssm_exec_core::plan::Request;
use std::error::Error;
use std::time::{Duration, SystemTime};

/// Whether another try may help.
pub(super) enum Failure {
    /// It may. The service may have said how long to wait at least.
    Transient {
        error: TransientError,
        at_least: Option<Duration>,
    },
    /// The time of the signature differs from the service's: the SDK corrects the next request.
    ClockSkew { text: String },
    /// It won't.
    Permanent(PermanentError),
}

/// By how much the times may differ before the SDK corrects it (aws-runtime, `service_clock_skew.rs`).
const MAX_SKEW: Duration = Duration::from_secs(4 * 60);

/// A permanent error, before it is known which request failed.
pub(super) enum PermanentError {
    Denied { text: String },
    Secret,
    Key { text: String },
    Rejected { code: String, text: String },
    Other(FetchError),
}

impl PermanentError {
    /// Adds the request.
    pub(super) fn about(self, request: &Request) -> FetchError {
        let request = request.clone();
        match self {
            Self::Denied { text } => FetchError::Denied(Box::new(Denial::parse(&text, request))),
            Self::Secret => FetchError::SecretDenied { request },
            Self::Key { text } => FetchError::Key { request, text },
            Self::Rejected { code, text } => FetchError::Rejected {
                request,
                code,
                text,
            },
            Self::Other(error) => error,
        }
    }
}

impl Failure {
    /// Whether the token of a page has expired: the pages can be fetched again from the first.
    pub(super) fn is_expired_token(&self) -> bool {
        matches!(self, Self::Transient { error: TransientError::Service(_, Some(code)), .. } if code == "InvalidNextToken")
    }

    /// A batch of secrets that can't be read fails as a validation error that names nothing.
    pub(super) fn for_names(self, names: &[ParameterRef]) -> Self {
        match self {
            Self::Permanent(PermanentError::Rejected { .. })
                if names.iter().all(|name| name.name().is_secret_reference()) =>
            {
                Self::Permanent(PermanentError::Secret)
            }
            other => other,
        }
    }
}

fn network(reason: impl Into<String>) -> Failure {
    Failure::Transient {
        error: TransientError::Network(reason.into()),
        at_least: None,
    }
}

/// Classifies the error of a call.
pub(super) fn classify<E>(error: &SdkError<E, HttpResponse>, endpoint: &str) -> Failure
where
    E: ProvideErrorMetadata + Error + 'static,
{
    match error {
        SdkError::ServiceError(service) => {
            let error = service.err();
            service_error(
                error.code().unwrap_or_default(),
                error.message().unwrap_or_default(),
                service.raw(),
            )
        }
        SdkError::TimeoutError(_) => network("no answer came in time"),
        SdkError::ResponseError(response) => match response.raw().status().as_u16() {
            // Its text may quote the body: none of it is shown.
            200 => network("the answer was cut off, or wasn't what SSM sends"),
            status => Failure::Transient {
                error: match status {
                    429 => TransientError::Throttled("HTTP 429".to_owned()),
                    status => TransientError::Service(status, None),
                },
                at_least: retry_after(response.raw()),
            },
        },
        SdkError::DispatchFailure(dispatch) => {
            let source: Option<&(dyn Error + 'static)> = dispatch
                .as_connector_error()
                .map(|error| error as &(dyn Error + 'static));
            source.map_or_else(
                || network("the connection failed"),
                |source| dispatch_failure(source, endpoint),
            )
        }
        // No response is in it, so nothing of one can be shown.
        other => Failure::Permanent(PermanentError::Rejected {
            code: "configuration".to_owned(),
            text: DisplayErrorContext(other).to_string(),
        }),
    }
}

fn service_error(code: &str, text: &str, response: &HttpResponse) -> Failure {
    let status = response.status().as_u16();
    let permanent = Failure::Permanent;
    let owned = |text: &str| text.to_owned();
    match code {
        _ if status == 429
            || code.contains("Throttl")
            || is_throttle(code)
            || text.contains("Error Code: ThrottlingException") =>
        {
            Failure::Transient {
                error: TransientError::Throttled(if code.is_empty() {
                    format!("HTTP {status}")
                } else {
                    owned(code)
                }),
                at_least: retry_after(response),
            }
        }
        _ if status >= 500 || code == "InternalServerError" => Failure::Transient {
            error: TransientError::Service(status, (!code.is_empty()).then(|| owned(code))),
            at_least: retry_after(response),
        },
        "InvalidNextToken" => Failure::Transient {
            error: TransientError::Service(status, Some(owned(code))),
            at_least: None,
        },
        "AccessDeniedException" | "AccessDenied" => {
            permanent(PermanentError::Denied { text: owned(text) })
        }
        "InvalidKeyId" => permanent(PermanentError::Key { text: owned(text) }),
        _ if is_clock(code, text) => match clock_differs(response.headers().get("date")) {
            true => Failure::ClockSkew { text: owned(text) },
            false => permanent(PermanentError::Other(FetchError::ClockSkew {
                text: owned(text),
            })),
        },
        "ExpiredTokenException"
        | "ExpiredToken"
        | "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch"
        | "IncompleteSignature"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "OptInRequired"
        | "SubscriptionRequiredException" => {
            permanent(PermanentError::Other(FetchError::BadCredentials {
                code: owned(code),
                text: owned(text),
            }))
        }
        "" => permanent(PermanentError::Rejected {
            code: format!("HTTP {status}"),
            text: owned(text),
        }),
        _ => permanent(PermanentError::Rejected {
            code: owned(code),
            text: owned(text),
        }),
    }
}

/// The codes that the SDK takes for throttling, beside those with "Throttl" in them
/// (aws-runtime, `retries/classifiers.rs`).
fn is_throttle(code: &str) -> bool {
    matches!(
        code,
        "RequestLimitExceeded"
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

fn is_clock(code: &str, text: &str) -> bool {
    matches!(
        code,
        "RequestTimeTooSkewed" | "RequestExpired" | "RequestInTheFuture"
    ) || (code == "InvalidSignatureException"
        && (text.starts_with("Signature expired") || text.starts_with("Signature not yet current")))
}

/// Whether the service's time is so far from this machine's that the SDK corrects the next request.
fn clock_differs(date: Option<&str>) -> bool {
    let theirs = date.and_then(|date| DateTime::from_str(date, Format::HttpDate).ok());
    let ours = DateTime::from(SystemTime::now());
    theirs.is_some_and(|theirs| theirs.secs().abs_diff(ours.secs()) > MAX_SKEW.as_secs())
}

/// Seconds in `Retry-After`, milliseconds in the SDK's own `x-amz-retry-after`.
fn retry_after(response: &HttpResponse) -> Option<Duration> {
    let number = |name: &str| response.headers().get(name)?.trim().parse::<u64>().ok();
    number("x-amz-retry-after")
        .map(Duration::from_millis)
        .or_else(|| number("retry-after").map(Duration::from_secs))
}

fn dispatch_failure(source: &(dyn Error + 'static), endpoint: &str) -> Failure {
    if let Some(error) = connection_error(source) {
        return match error.cause.is_transient() {
            true => Failure::Transient {
                error: TransientError::Connection(Box::new(error)),
                at_least: None,
            },
            false => Failure::Permanent(PermanentError::Other(FetchError::Connection(Box::new(
                error,
            )))),
        };
    }
    let text = chain(source);
    if text.contains("Missing Region") || text.contains("missing signing region") {
        return Failure::Permanent(PermanentError::Other(FetchError::NoRegion));
    }
    if is_setup(&text) {
        return Failure::Permanent(PermanentError::Rejected {
            code: "configuration".to_owned(),
            text,
        });
    }
    network(format!("the connection to {endpoint} failed ({text})"))
}

/// The rule set's own errors come as dispatch failures and have no type of their own.
fn is_setup(text: &str) -> bool {
    text.contains("Invalid Configuration")
        || text.contains("endpoint must contain scheme")
        || text.contains("invalid value for field")
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
