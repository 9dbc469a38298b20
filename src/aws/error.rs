//! Why the parameters can't be fetched.

use super::caller::UnknownCaller;
use super::credential_error::{Absence, CredentialCause, CredentialError};
use super::credential_source::CredentialSource;
use super::denial::{Denial, ParsedDenial};
use super::net::ConnectionError;
use super::service_error::ServiceError;
use ssm_exec_core::arn::Arn;
use ssm_exec_core::code::Code;
use ssm_exec_core::diagnostic::Diagnostic;
use ssm_exec_core::plan::Request;
use ssm_exec_core::region::Region;
use ssm_exec_core::status::Status;
use std::fmt;
use std::time::Duration;

/// What was being done when a temporary failure lasted until the deadline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// A request to Parameter Store.
    Fetch(Request),
    /// Getting credentials.
    Credentials(CredentialSource),
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fetch(request) => request.fmt(f),
            Self::Credentials(CredentialSource::Role { arn, .. }) => write!(f, "the role {arn}"),
            Self::Credentials(source) => source.fmt(f),
        }
    }
}

/// Why the parameters can't be fetched.
#[derive(Debug, Clone, PartialEq)]
pub enum FetchError {
    /// No region is configured.
    NoRegion,
    /// DNS doesn't know the region's endpoint, and the region isn't known.
    UnknownRegion {
        /// The region.
        region: Region,
        /// The one that was probably meant.
        correction: &'static str,
        /// The lookup.
        error: Box<ConnectionError>,
    },
    /// A setting that cannot be used.
    Config(Diagnostic),
    /// The system refused something that the requests need.
    System {
        /// What was refused.
        what: &'static str,
        /// The system's reason.
        reason: String,
    },
    /// A bug in ssm-exec.
    Internal(String),
    /// No source has credentials.
    NoCredentials {
        /// The sources with their reasons.
        absent: Vec<(CredentialSource, Absence)>,
    },
    /// STS doesn't say who the caller is, and a command needs it.
    UnknownCaller(UnknownCaller),
    /// A source that is configured gives no credentials.
    Credentials(Box<CredentialError>),
    /// AWS doesn't accept the credentials.
    BadCredentials {
        /// Where they come from.
        source: Option<CredentialSource>,
        /// The region, if accounts must enable it.
        opt_in: Option<Region>,
        /// AWS's error.
        answer: ServiceError,
    },
    /// The clock is wrong.
    ClockSkew {
        /// AWS's text, and the difference.
        text: String,
    },
    /// IAM or KMS denies.
    Denied(Box<Denial>),
    /// A secret can't be read through Parameter Store.
    Secret {
        /// The reference or references.
        request: Request,
        /// AWS's error.
        answer: ServiceError,
    },
    /// A parameter's KMS key can't be used.
    Key {
        /// The request.
        request: Request,
        /// AWS's error.
        answer: ServiceError,
    },
    /// AWS rejects the request.
    Rejected {
        /// The request.
        request: Request,
        /// AWS's error.
        answer: ServiceError,
    },
    /// The response is not what the API returns.
    InvalidResponse {
        /// The request.
        request: Request,
        /// What is wrong, as a sentence.
        reason: String,
    },
    /// A client error without an error of AWS in it.
    ForeignResponse {
        /// The request.
        request: Request,
        /// The HTTP status.
        status: u16,
    },
    /// The secret at a reference is binary: the answer has no value.
    NoValue {
        /// The parameter.
        parameter: String,
    },
    /// Still failing at the deadline.
    Unavailable {
        /// What failed.
        work: Work,
        /// The last failure.
        error: TransientError,
        /// How often it was tried.
        attempts: u32,
        /// How many requests were throttled in all.
        throttled: u32,
        /// The deadline.
        timeout: Duration,
    },
    /// The deadline passed during something else.
    TimedOut {
        /// During what, as the rest of "while …".
        stage: String,
        /// The deadline.
        timeout: Duration,
    },
    /// There is more below a prefix than may be fetched.
    TooMany {
        /// The request for the prefix.
        request: Request,
        /// The most that may be fetched.
        limit: usize,
    },
    /// A server cannot be reached, or a connection to it cannot be used.
    Connection(Box<ConnectionError>),
}

/// A failure that may be over at the next attempt.
#[derive(Debug, Clone, PartialEq)]
pub enum TransientError {
    /// Over the quota.
    Throttled(Throttle),
    /// The service itself failed: HTTP status, and AWS's code if there was one.
    Service(u16, Option<String>),
    /// No answer, or half of one: as the rest of a sentence.
    Network(String),
    /// A server could not be reached, or did not answer.
    Connection(Box<ConnectionError>),
}

/// Who limited the rate of requests, and what it said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Throttle {
    /// Parameter Store: AWS's code, or the HTTP status.
    ParameterStore(String),
    /// STS.
    Sts(ServiceError),
}

impl fmt::Display for Throttle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ParameterStore(code) => write!(f, "AWS throttled the request ({code})"),
            Self::Sts(answer) => write!(f, "STS throttled the request ({answer})"),
        }
    }
}

impl fmt::Display for TransientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Throttled(throttle) => throttle.fmt(f),
            Self::Service(status, Some(code)) => {
                write!(f, "the service failed with {code} (HTTP {status})")
            }
            Self::Service(status, None) => write!(f, "the service failed with HTTP {status}"),
            Self::Network(reason) => f.write_str(reason),
            Self::Connection(error) => error.fmt(f),
        }
    }
}

impl FetchError {
    /// The status that the process ends with.
    #[must_use]
    pub fn status(&self) -> Status {
        match self {
            Self::Config(error) => error.status(),
            Self::Connection(error) => error.diagnostic.status(),
            Self::Credentials(error) => match &error.cause {
                CredentialCause::Unreachable(error) => error.diagnostic.status(),
                _ => self.code().status(),
            },
            _ => self.code().status(),
        }
    }

    /// The code for machines.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Config(error) => error.code,
            Self::NoRegion => Code::NoRegion,
            Self::UnknownRegion { .. } => Code::UnknownRegion,
            Self::System { .. } => Code::System,
            Self::Internal(_) => Code::Internal,
            Self::NoCredentials { .. } => Code::NoCredentials,
            Self::UnknownCaller(reason) => reason.code(),
            Self::Credentials(error) => credential_code(&error.cause),
            Self::BadCredentials { opt_in, answer, .. } => {
                bad_credentials_code(&answer.code, opt_in.is_some())
            }
            Self::ClockSkew { .. } => Code::ClockSkew,
            Self::Denied(denial) => match &denial.parsed {
                ParsedDenial::KeyUnnamed => Code::KmsDenied,
                ParsedDenial::Whole { action, .. } if action.starts_with("kms:") => Code::KmsDenied,
                _ if denial.is_malformed_name() => Code::MalformedName,
                _ => Code::AccessDenied,
            },
            Self::Secret { answer, .. } => secret_code(&answer.text),
            Self::Key { answer, .. } => key_code(&answer.text),
            Self::Rejected { .. } => Code::RequestRejected,
            Self::InvalidResponse { .. } => Code::InvalidResponse,
            Self::ForeignResponse { .. } => Code::ForeignResponse,
            Self::NoValue { .. } => Code::NoValue,
            Self::Unavailable { error, .. } => match error {
                TransientError::Throttled(_) => Code::Throttled,
                TransientError::Service(..) => Code::ServiceFailed,
                TransientError::Network(_) | TransientError::Connection(_) => Code::Unreachable,
            },
            Self::TimedOut { .. } => Code::TimedOut,
            Self::TooMany { .. } => Code::TooManyParameters,
            Self::Connection(error) => error.diagnostic.code,
        }
    }

    /// Whether STS can say who the caller is, although this failed.
    #[must_use]
    pub fn knows_caller(&self) -> bool {
        match self {
            Self::Unavailable { error, .. } => matches!(error, TransientError::Throttled(_)),
            Self::BadCredentials { .. } | Self::ClockSkew { .. } => false,
            error => !error.concerns_all_requests(),
        }
    }

    /// Whether no other request could succeed either.
    pub(super) fn concerns_all_requests(&self) -> bool {
        !matches!(
            self,
            Self::Denied(_)
                | Self::Secret { .. }
                | Self::Key { .. }
                | Self::Rejected { .. }
                | Self::InvalidResponse { .. }
                | Self::NoValue { .. }
                | Self::TooMany { .. }
        )
    }

    /// Whether a batch that failed so may hold names that don't.
    pub(super) fn may_concern_one_name(&self) -> bool {
        matches!(
            self,
            Self::Denied(_) | Self::Secret { .. } | Self::Key { .. } | Self::Rejected { .. }
        )
    }

    /// AWS's code for a temporary failure, whose text isn't kept.
    pub(crate) fn transient_code(&self) -> Option<&str> {
        let Self::Unavailable { error, .. } = self else {
            return None;
        };
        match error {
            TransientError::Throttled(Throttle::ParameterStore(code)) => Some(code),
            TransientError::Throttled(Throttle::Sts(answer)) => Some(&answer.code),
            TransientError::Service(_, code) => code.as_deref(),
            TransientError::Network(_) | TransientError::Connection(_) => None,
        }
    }

    /// The role that the caller may not assume.
    pub(crate) fn denied_role(&self) -> Option<&Arn> {
        match self {
            Self::Credentials(error) => match &error.cause {
                CredentialCause::RoleDenied { role, .. } => role.as_ref(),
                _ => None,
            },
            _ => None,
        }
    }

    /// AWS's error, if there was one.
    #[must_use]
    pub fn answer(&self) -> Option<&ServiceError> {
        match self {
            Self::BadCredentials { answer, .. }
            | Self::Secret { answer, .. }
            | Self::Key { answer, .. }
            | Self::Rejected { answer, .. } => Some(answer),
            Self::Denied(denial) => Some(&denial.answer),
            Self::Credentials(error) => error.cause.answer(),
            _ => None,
        }
    }
}

fn credential_code(cause: &CredentialCause) -> Code {
    match cause {
        CredentialCause::Half { .. } => Code::IncompleteCredentials,
        CredentialCause::Stray { .. } => Code::MalformedCredentials,
        CredentialCause::SsoExpired => Code::SsoExpired,
        CredentialCause::SsoRoleDenied { .. } => Code::SsoRoleDenied,
        CredentialCause::Mfa { .. } => Code::MfaRequired,
        CredentialCause::TokenFile { .. } => Code::WebIdentityFile,
        CredentialCause::TokenExpired { .. } => Code::WebIdentityExpired,
        CredentialCause::NoOidcProvider { .. } => Code::WebIdentityProvider,
        CredentialCause::TokenDenied { .. } => Code::WebIdentityDenied,
        CredentialCause::RoleDenied { .. } => Code::AssumeRoleDenied,
        CredentialCause::BaseRejected { answer, opt_in } => {
            bad_credentials_code(&answer.code, opt_in.is_some())
        }
        CredentialCause::Throttled { .. } => Code::Throttled,
        CredentialCause::Unreachable(error) => error.diagnostic.code,
        CredentialCause::Other {
            is_transient: true, ..
        } => Code::CredentialSourceUnavailable,
        CredentialCause::Other { .. } => Code::CredentialSourceFailed,
    }
}

fn bad_credentials_code(code: &str, opt_in: bool) -> Code {
    match code {
        "ExpiredToken" | "ExpiredTokenException" => Code::CredentialsExpired,
        "InvalidSignatureException" | "SignatureDoesNotMatch" => Code::SignatureMismatch,
        "UnrecognizedClientException" | "InvalidClientTokenId" | "OptInRequired" if opt_in => {
            Code::RegionNotEnabled
        }
        _ => Code::CredentialsUnknown,
    }
}

fn secret_code(text: &str) -> Code {
    let says = |words: &[&str]| words.iter().any(|words| text.contains(words));
    let deleted = [
        "marked for deletion",
        "scheduled for deletion",
        "Invalid Request to Secrets Manager",
    ];
    if says(&deleted) {
        Code::SecretDeleted
    } else if says(&["not found", "can't find"]) {
        Code::SecretMissing
    } else {
        Code::SecretDenied
    }
}

fn key_code(text: &str) -> Code {
    match text {
        text if text.contains("pending deletion") => Code::KmsKeyPendingDeletion,
        text if text.contains("is disabled") => Code::KmsKeyDisabled,
        _ => Code::KmsKeyUnusable,
    }
}

impl From<Diagnostic> for FetchError {
    fn from(error: Diagnostic) -> Self {
        Self::Config(error)
    }
}

impl From<ConnectionError> for FetchError {
    fn from(error: ConnectionError) -> Self {
        Self::Connection(Box::new(error))
    }
}
