//! Why the parameters can't be fetched.

use super::connection::ConnectionError;
use super::credential_source::CredentialSource;
use super::denial::Denial;
use ssm_exec_core::config::ConfigError;
use ssm_exec_core::plan::Request;
use ssm_exec_core::status::Status;
use std::fmt;
use std::time::Duration;

/// Why the parameters can't be fetched.
#[derive(Debug, Clone, PartialEq)]
pub enum FetchError {
    /// No region is configured.
    NoRegion,
    /// A setting that cannot be used.
    Config(ConfigError),
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
        /// What the sources say.
        reason: String,
    },
    /// A source that is set up gives no credentials.
    SourceFailed {
        /// Which.
        source: CredentialSource,
        /// What it says.
        reason: String,
        /// Whether it was out of reach, or failed by itself.
        may_pass: bool,
    },
    /// The SSO session is over or was never begun.
    SsoExpired {
        /// The profile, if one is chosen.
        profile: Option<String>,
    },
    /// AWS doesn't take these credentials.
    BadCredentials {
        /// AWS's code.
        code: String,
        /// AWS's text.
        text: String,
    },
    /// The clock is wrong.
    ClockSkew {
        /// AWS's text.
        text: String,
    },
    /// IAM or KMS denies.
    Denied(Box<Denial>),
    /// Secrets Manager can't be read through SSM; AWS names nothing.
    SecretDenied {
        /// The batch.
        request: Request,
    },
    /// A parameter's KMS key can't be used.
    Key {
        /// The request.
        request: Request,
        /// AWS's text.
        text: String,
    },
    /// AWS refuses the request as such.
    Rejected {
        /// The request.
        request: Request,
        /// AWS's code.
        code: String,
        /// AWS's text.
        text: String,
    },
    /// The response is not what the API returns.
    InvalidResponse {
        /// The request.
        request: Request,
        /// What is wrong, as a sentence.
        reason: String,
    },
    /// The secret at a reference is binary: the answer has no value.
    NoValue {
        /// The parameter.
        parameter: String,
    },
    /// Still failing at the deadline.
    Unavailable {
        /// The request.
        request: Request,
        /// The last failure.
        error: TransientError,
        /// How often it was tried.
        attempts: u32,
        /// How many of those were throttled, over all requests.
        throttled: u32,
        /// The deadline.
        timeout: Duration,
    },
    /// The deadline passed during something else.
    TimedOut {
        /// During what, as the rest of "while …".
        stage: &'static str,
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
    /// A credentials source needs a server that cannot be reached or used.
    SourceUnreachable {
        /// Which source.
        source: CredentialSource,
        /// What failed.
        error: Box<ConnectionError>,
    },
    /// A server cannot be reached, or a connection to it cannot be used.
    Connection(Box<ConnectionError>),
}

/// A failure that may be over at the next attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransientError {
    /// Over the quota: AWS's code.
    Throttled(String),
    /// The service itself failed: HTTP status, and AWS's code if there was one.
    Service(u16, Option<String>),
    /// No answer, or half of one: as the rest of a sentence.
    Network(String),
    /// A server could not be reached, or did not answer.
    Connection(Box<ConnectionError>),
}

impl FetchError {
    /// The status that the process ends with.
    #[must_use]
    pub fn status(&self) -> Status {
        match self {
            Self::Config(error) => error.status(),
            Self::System { .. } => Status::System,
            Self::Internal(_) => Status::Internal,
            Self::SourceFailed { may_pass: true, .. } => Status::TryLater,
            Self::NoRegion | Self::Rejected { .. } => Status::Config,
            Self::NoCredentials { .. }
            | Self::SourceFailed { .. }
            | Self::SsoExpired { .. }
            | Self::BadCredentials { .. }
            | Self::ClockSkew { .. }
            | Self::Denied(_)
            | Self::SecretDenied { .. }
            | Self::Key { .. } => Status::Denied,
            Self::NoValue { .. } => Status::Unusable,
            Self::InvalidResponse { .. } | Self::Unavailable { .. } | Self::TimedOut { .. } => {
                Status::TryLater
            }
            Self::TooMany { .. } => Status::Config,
            Self::Connection(error) | Self::SourceUnreachable { error, .. } => error.cause.status(),
        }
    }
}

/// What to do about credentials that are not there.
const SOURCES: &str = "set AWS_PROFILE (and `aws sso login`), or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the task, pod, function or instance a role";

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(error) => error.fmt(f),
            Self::System { what, reason } => write!(f, "the system refused {what}: {reason}"),
            Self::Internal(text) => {
                write!(f, "this is a bug in ssm-exec, please report it: {text}")
            }
            Self::NoRegion => f.write_str(
                "no AWS region: looked at --region, AWS_REGION, AWS_DEFAULT_REGION, `[aws] region` in ssm-exec.toml, the profile, and the instance metadata (which needs a hop limit of 2 in a container); give one, e.g. `--region eu-west-1`",
            ),
            Self::NoCredentials { reason } => write!(f, "no AWS credentials: {reason}; {SOURCES}"),
            Self::SourceFailed { source, reason, .. } => write!(
                f,
                "no AWS credentials from {source}: {}; {}",
                sentence(reason),
                source.remedy()
            ),
            Self::SsoExpired { profile } => {
                let profile = profile.as_ref().map(|name| format!(" --profile {name}")).unwrap_or_default();
                write!(f, "the AWS SSO session has expired, or there is none: run `aws sso login{profile}`")
            }
            Self::BadCredentials { code, text } => write!(
                f,
                "AWS doesn't accept these credentials ({code}: {}); renew them, and check which ones are used with `aws sts get-caller-identity`",
                sentence(text)
            ),
            Self::ClockSkew { text } => write!(
                f,
                "AWS doesn't accept the request's time: this machine's clock is wrong ({}); set it, e.g. with `timedatectl set-ntp true`",
                sentence(text)
            ),
            Self::Denied(denial) => denial.fmt(f),
            Self::SecretDenied { request } => write!(
                f,
                "Secrets Manager, asked through SSM, gave none of {request}: AWS doesn't say which or why; the caller needs secretsmanager:GetSecretValue on each secret (and kms:Decrypt where it has a key of its own), and each must exist"
            ),
            Self::Key { request, text } => write!(
                f,
                "the KMS key of a parameter of {request} can't be used ({}): enable it or cancel its deletion; a key of another account must be shared with this one",
                sentence(text)
            ),
            Self::Rejected { request, code, text } => {
                write!(f, "AWS refused the request for {request} ({code}: {})", sentence(text))
            }
            Self::InvalidResponse { request, reason } => write!(
                f,
                "invalid response for {request}: {reason}; is the endpoint really SSM, with nothing in between that changes responses?"
            ),
            Self::NoValue { parameter } => write!(
                f,
                "{parameter} came without a value: a binary secret of Secrets Manager has none to give through SSM; store it as base64 text"
            ),
            Self::Unavailable { request, error, attempts, throttled, timeout } => {
                let tries = if *attempts == 1 { "try" } else { "tries" };
                write!(f, "couldn't fetch {request} within {timeout:?}, in {attempts} {tries}: the last time, {error}")?;
                match error {
                    TransientError::Throttled(_) => write!(
                        f,
                        "; {throttled} requests were throttled in all: the account shares 40 requests a second between all readers of Parameter Store in this region unless higher throughput is switched on (`aws ssm update-service-setting --setting-id /ssm/parameter-store/high-throughput-enabled --setting-value true`); do that, or raise --timeout"
                    ),
                    TransientError::Service(..) => f.write_str("; AWS or a proxy failed: try again later"),
                    TransientError::Connection(error) => f.write_str(&error.remedy()),
                    TransientError::Network(_) => f.write_str(
                        "; check the endpoint, the region's name, DNS, the route (VPC endpoint, NAT) and the proxy variables",
                    ),
                }
            }
            Self::TimedOut { stage, timeout } => write!(
                f,
                "timed out after {timeout:?} while {stage}; raise --timeout, or find out what doesn't answer (`-vv` logs each step)"
            ),
            Self::TooMany { request, limit } => write!(
                f,
                "{request} has more than {limit} parameters; choose a longer prefix, or raise --max-parameters"
            ),
            Self::SourceUnreachable { source, error } => {
                write!(f, "no AWS credentials from {source}: ")?;
                if error.cause.is_transient() && source.asks_sts() {
                    f.write_str("STS can't be reached: ")?;
                }
                write!(f, "{error}{}", error.remedy())
            }
            Self::Connection(error) => write!(f, "{error}{}", error.remedy()),
        }
    }
}

/// AWS's text to be put into a sentence, whatever it ends with.
fn sentence(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    match words.join(" ").trim_end_matches('.') {
        "" => "without a text".to_owned(),
        text => text.to_owned(),
    }
}

impl fmt::Display for TransientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Throttled(code) => write!(f, "AWS throttled it ({code})"),
            Self::Service(status, Some(code)) => {
                write!(f, "the service failed with {code} (HTTP {status})")
            }
            Self::Service(status, None) => write!(f, "the service failed with HTTP {status}"),
            Self::Network(reason) => f.write_str(reason),
            Self::Connection(error) => error.fmt(f),
        }
    }
}

impl From<ConfigError> for FetchError {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}
