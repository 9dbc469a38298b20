//! The caller, as STS names it, and why it may remain unknown.

use super::error_chain::is_throttle;
use ssm_exec_core::code::Code;
use std::fmt;
use std::time::Duration;

/// The caller, as STS names it.
pub(super) struct Caller {
    pub(super) account: String,
    pub(super) arn: Option<String>,
}

/// Why the caller is unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnknownCaller {
    /// STS cannot be reached.
    Unreachable,
    /// STS did not answer in time.
    NoAnswer(Duration),
    /// STS returned an error with this code.
    Refused(String),
    /// STS returned no account.
    NoAccount,
    /// The endpoint of Parameter Store is not one of AWS, and none of STS is configured.
    NoEndpoint,
    /// There are no credentials to ask with.
    NoCredentials,
    /// No request is sent at all.
    Skipped,
}

impl UnknownCaller {
    /// The code where a command needs the caller.
    pub(super) fn code(&self) -> Code {
        match self {
            Self::Unreachable | Self::NoAnswer(_) => Code::Unreachable,
            Self::Refused(code) if is_throttle(code) => Code::Throttled,
            Self::NoAccount => Code::InvalidResponse,
            Self::Refused(_) | Self::NoEndpoint | Self::NoCredentials | Self::Skipped => {
                Code::NoCredentials
            }
        }
    }
}

impl fmt::Display for UnknownCaller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable => f.write_str("STS cannot be reached to name the caller"),
            Self::NoAnswer(limit) => write!(f, "STS did not answer within {limit:?}"),
            Self::Refused(code) => write!(f, "STS refused to name the caller ({code})"),
            Self::NoAccount => f.write_str("STS returned no account"),
            Self::NoEndpoint => f.write_str(
                "the endpoint is not one of AWS's, and no STS endpoint is configured (AWS_ENDPOINT_URL_STS)",
            ),
            Self::NoCredentials => f.write_str("there are no credentials to ask STS with"),
            Self::Skipped => f.write_str("with --skip, AWS is not asked"),
        }
    }
}
