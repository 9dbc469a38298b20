//! Classifies the SDK's errors by types and codes, never by a response's body, which may hold values.

use super::credential_source::CredentialSource;
use super::date::system_time;
use super::denial::Denial;
use super::error::{FetchError, Throttle, TransientError};
use super::error_chain::{chain, connection_error, is_throttle};
use super::service_error::ServiceError;
use aws_sdk_ssm::config::http::HttpResponse;
use aws_sdk_ssm::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_ssm::operation::RequestId;
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
    /// AWS returned it.
    Service(Kind, ServiceError),
    /// A client error with this HTTP status, in which there is no error of AWS.
    Foreign(u16),
    /// Another one.
    Other(FetchError),
}

/// What kind of an error AWS returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Denied,
    Secret,
    Key,
    Credentials,
    Rejected,
}

impl PermanentError {
    /// Adds the request, and who sent it.
    pub(super) fn about(self, request: &Request, source: Option<&CredentialSource>) -> FetchError {
        let request = request.clone();
        match self {
            Self::Other(error) => error,
            Self::Foreign(status) => FetchError::ForeignResponse { request, status },
            Self::Service(Kind::Denied, answer) => {
                FetchError::Denied(Box::new(Denial::new(answer, request)))
            }
            Self::Service(Kind::Secret, answer) => FetchError::Secret { request, answer },
            Self::Service(Kind::Key, answer) => FetchError::Key { request, answer },
            Self::Service(Kind::Rejected, answer) => FetchError::Rejected { request, answer },
            Self::Service(Kind::Credentials, answer) => FetchError::BadCredentials {
                source: source.cloned(),
                opt_in: None,
                answer,
            },
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
            Self::Permanent(PermanentError::Service(Kind::Rejected, answer))
                if names.iter().all(|name| name.name().is_secret_reference()) =>
            {
                Self::Permanent(PermanentError::Service(Kind::Secret, answer))
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
                error.meta().request_id(),
                service.raw(),
            )
        }
        SdkError::TimeoutError(_) => network("no answer came in time"),
        SdkError::ResponseError(response) => match response.raw().status().as_u16() {
            // Its text may quote the body: none of it is shown.
            200 => network("the answer was cut off, or was not what SSM sends"),
            status if is_refusal(status) => Failure::Permanent(PermanentError::Foreign(status)),
            status => Failure::Transient {
                error: match status {
                    429 => throttled("HTTP 429".to_owned()),
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
        other => configuration(DisplayErrorContext(other).to_string()),
    }
}

/// A setting that the SDK can't use.
fn configuration(text: String) -> Failure {
    let answer = ServiceError {
        code: "configuration".to_owned(),
        text,
        request_id: None,
    };
    Failure::Permanent(PermanentError::Service(Kind::Rejected, answer))
}

fn service_error(
    code: &str,
    text: &str,
    request_id: Option<&str>,
    response: &HttpResponse,
) -> Failure {
    let status = response.status().as_u16();
    let owned = |text: &str| text.to_owned();
    let permanent = |kind| {
        let code = if code.is_empty() {
            format!("HTTP {status}")
        } else {
            owned(code)
        };
        let answer = ServiceError {
            code,
            text: owned(text),
            request_id: request_id.map(str::to_owned),
        };
        Failure::Permanent(PermanentError::Service(kind, answer))
    };
    match code {
        _ if status == 429
            || is_throttle(code)
            || text.contains("Error Code: ThrottlingException") =>
        {
            Failure::Transient {
                error: throttled(if code.is_empty() {
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
        "AccessDeniedException" | "AccessDenied" => permanent(Kind::Denied),
        "InvalidKeyId" => permanent(Kind::Key),
        _ if is_clock(code, text) => match difference(response.headers().get("date")) {
            Some(text) => Failure::ClockSkew { text },
            None => Failure::Permanent(PermanentError::Other(FetchError::ClockSkew {
                text: format!(
                    "this machine's clock is wrong ({})",
                    text.trim_end_matches('.')
                ),
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
        | "SubscriptionRequiredException" => permanent(Kind::Credentials),
        "" if is_refusal(status) => Failure::Permanent(PermanentError::Foreign(status)),
        _ => permanent(Kind::Rejected),
    }
}

/// A client error that is the same at the next attempt: not a timeout of the request (408), a replay (425) or a rate limit
/// (429).
fn is_refusal(status: u16) -> bool {
    (400..500).contains(&status) && !matches!(status, 408 | 425 | 429)
}

fn throttled(code: String) -> TransientError {
    TransientError::Throttled(Throttle::ParameterStore(code))
}

fn is_clock(code: &str, text: &str) -> bool {
    matches!(
        code,
        "RequestTimeTooSkewed" | "RequestExpired" | "RequestInTheFuture"
    ) || (code == "InvalidSignatureException"
        && (text.starts_with("Signature expired") || text.starts_with("Signature not yet current")))
}

/// By how much this machine's clock differs from the service's, if that is more than AWS allows.
fn difference(date: Option<&str>) -> Option<String> {
    let theirs = DateTime::from_str(date?, Format::HttpDate).ok()?;
    let theirs = system_time(&theirs)?;
    let ours = SystemTime::now();
    let (off, direction) = match ours.duration_since(theirs) {
        Ok(ahead) => (ahead, "ahead of"),
        Err(behind) => (behind.duration(), "behind"),
    };
    let time = |time| {
        let text = humantime::format_rfc3339_seconds(time).to_string();
        text.chars().skip("2026-01-01T".len()).collect::<String>()
    };
    let seconds = Duration::from_secs(off.as_secs());
    (off > MAX_SKEW).then(|| {
        format!(
            "this machine's clock is {} {direction} AWS's ({} here, {} there)",
            humantime::format_duration(seconds),
            time(ours),
            time(theirs)
        )
    })
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
        return match error.is_transient {
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
        return configuration(text);
    }
    network(format!("the connection to {endpoint} failed ({text})"))
}

/// The rule set's own errors come as dispatch failures and have no type of their own.
fn is_setup(text: &str) -> bool {
    text.contains("Invalid Configuration")
        || text.contains("endpoint must contain scheme")
        || text.contains("invalid value for field")
}
