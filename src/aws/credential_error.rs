//! Why a source gives no credentials, from the SDK's errors: by their types where these are public, else by
//! their texts, and never with a response's body.

use super::credential_source::CredentialSource;
use super::error_chain::{chain, connection_error, is_throttle};
use super::net::ConnectionError;
use super::service_error::ServiceError;
use aws_config::imds::client::error::ImdsError;
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_ssm::config::http::HttpResponse;
use aws_sdk_ssm::error::{ConnectorError, ProvideErrorMetadata, SdkError};
use aws_sdk_ssm::operation::RequestId;
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_sdk_sts::operation::assume_role_with_web_identity::AssumeRoleWithWebIdentityError;
use ssm_exec_core::arn::Arn;
use ssm_exec_core::region::Region;
use std::error::Error;
use std::fmt;
use std::path::PathBuf;

/// A source that is configured and gives no credentials.
#[derive(Debug, Clone, PartialEq)]
pub struct CredentialError {
    /// Which source.
    pub source: CredentialSource,
    /// Why not.
    pub cause: CredentialCause,
}

/// Why a source that isn't configured has no credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Absence {
    /// The instance metadata doesn't answer.
    NoAnswer,
    /// Anything else.
    Other(String),
}

impl fmt::Display for Absence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAnswer => f.write_str("did not answer"),
            Self::Other(reason) => f.write_str(reason),
        }
    }
}

/// Why a source gives no credentials.
#[derive(Debug, Clone, PartialEq)]
pub enum CredentialCause {
    /// One of two variables is missing.
    Half {
        /// The one that is set.
        has: &'static str,
        /// The other.
        lacks: &'static str,
    },
    /// A character that no credentials have.
    Stray {
        /// The variable or the file.
        place: String,
        /// The character and where it is.
        character: String,
    },
    /// The SSO session has expired, or there is none.
    SsoExpired,
    /// IAM Identity Center doesn't give this role to the user.
    SsoRoleDenied {
        /// The role, if it is known.
        role: Option<String>,
        /// The account, if it is known.
        account: Option<String>,
    },
    /// The role's trust policy may ask for a code that only a person can type.
    Mfa {
        /// The device.
        serial: String,
    },
    /// The file with the token can't be read.
    TokenFile {
        /// The file.
        path: PathBuf,
        /// The setting that names it.
        variable: String,
        /// The system's reason.
        reason: String,
    },
    /// The token has expired.
    TokenExpired {
        /// STS's message.
        answer: ServiceError,
        /// The file with the token, and the setting that names it.
        file: Option<String>,
    },
    /// The account doesn't know who issued the token.
    NoOidcProvider {
        /// STS's message.
        answer: ServiceError,
        /// The issuer, if STS named it.
        issuer: Option<String>,
    },
    /// The trust policy doesn't allow the token.
    TokenDenied {
        /// STS's message.
        answer: ServiceError,
        /// Who it was issued to: issuer, subject and audience.
        claims: Option<String>,
        /// The role.
        role: Option<Arn>,
    },
    /// The role may not be assumed.
    RoleDenied {
        /// STS's message.
        answer: ServiceError,
        /// The role, if it is known.
        role: Option<Arn>,
    },
    /// AWS doesn't accept the credentials that were to assume a role.
    BaseRejected {
        /// STS's message.
        answer: ServiceError,
        /// The region, if accounts must enable it.
        opt_in: Option<Region>,
    },
    /// STS limits the rate of requests.
    Throttled {
        /// STS's message.
        answer: ServiceError,
    },
    /// A server can't be reached or used.
    Unreachable(Box<ConnectionError>),
    /// Anything else.
    Other {
        /// What the source said, as the rest of a sentence.
        reason: String,
        /// Whether it may succeed later.
        is_transient: bool,
    },
}

impl CredentialCause {
    /// What a provider's error means.
    pub(super) fn of(error: &CredentialsError) -> Self {
        if let Some(error) = connection_error(error) {
            return Self::Unreachable(Box::new(error));
        }
        if let Some(answer) = find(error, sts_error::<AssumeRoleWithWebIdentityError>) {
            return Self::of_web_identity(answer);
        }
        if let Some(answer) = find(error, sts_error::<AssumeRoleError>) {
            return Self::of_role(answer);
        }
        let reason = reason(error);
        if is_sso_session(&reason) {
            return Self::SsoExpired;
        }
        if reason.contains("No access") || reason.contains("ForbiddenException") {
            return Self::SsoRoleDenied {
                role: None,
                account: None,
            };
        }
        Self::Other {
            reason,
            is_transient: is_transient(error),
        }
    }

    /// AWS's error, if there was one.
    pub(super) fn answer(&self) -> Option<&ServiceError> {
        match self {
            Self::TokenExpired { answer, .. }
            | Self::NoOidcProvider { answer, .. }
            | Self::TokenDenied { answer, .. }
            | Self::RoleDenied { answer, .. }
            | Self::BaseRejected { answer, .. }
            | Self::Throttled { answer } => Some(answer),
            _ => None,
        }
    }

    fn of_web_identity(answer: ServiceError) -> Self {
        match answer.code.as_str() {
            code if is_throttle(code) => Self::Throttled { answer },
            "ExpiredTokenException" | "ExpiredToken" => Self::TokenExpired { answer, file: None },
            "InvalidIdentityToken" if answer.text.contains("No OpenIDConnect provider") => {
                let issuer = answer
                    .text
                    .split_whitespace()
                    .find(|word| word.starts_with("https://"));
                Self::NoOidcProvider {
                    issuer: issuer.map(|issuer| issuer.trim_end_matches('.').to_owned()),
                    answer,
                }
            }
            "AccessDenied" => Self::TokenDenied {
                answer,
                claims: None,
                role: None,
            },
            _ => Self::other(&answer),
        }
    }

    fn of_role(answer: ServiceError) -> Self {
        match answer.code.as_str() {
            code if is_throttle(code) => Self::Throttled { answer },
            "AccessDenied" => Self::RoleDenied { answer, role: None },
            "ExpiredToken"
            | "ExpiredTokenException"
            | "InvalidClientTokenId"
            | "UnrecognizedClientException"
            | "SignatureDoesNotMatch"
            | "InvalidSignatureException"
            | "IncompleteSignature"
            | "MissingAuthenticationToken"
            | "OptInRequired" => Self::BaseRejected {
                answer,
                opt_in: None,
            },
            _ => Self::other(&answer),
        }
    }

    fn other(answer: &ServiceError) -> Self {
        Self::Other {
            reason: format!("STS says {}: {}", answer.code, answer.text),
            is_transient: false,
        }
    }
}

/// The first of an error's causes that is one of these.
fn find<T>(
    error: &(dyn Error + 'static),
    is_it: impl Fn(&(dyn Error + 'static)) -> Option<T>,
) -> Option<T> {
    let mut here = Some(error);
    while let Some(error) = here {
        if let Some(found) = is_it(error) {
            return Some(found);
        }
        here = error.source();
    }
    None
}

/// What STS answered, if it answered with an error of its own.
fn sts_error<E>(error: &(dyn Error + 'static)) -> Option<ServiceError>
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let SdkError::ServiceError(service) = error.downcast_ref::<SdkError<E, HttpResponse>>()? else {
        return None;
    };
    let error = service.err();
    let code = match error.code() {
        Some(code) => code.to_owned(),
        None if service.raw().status().as_u16() == 429 => "HTTP 429".to_owned(),
        None => return None,
    };
    Some(ServiceError {
        code,
        text: one_line(error.message().unwrap_or("no message")),
        request_id: error.meta().request_id().map(str::to_owned),
    })
}

/// Whether the source was out of reach, or failed by itself: what an agent does that starts later.
fn is_transient(error: &CredentialsError) -> bool {
    let transient = |error: &(dyn Error + 'static)| {
        let status = http_status::<AssumeRoleError>(error)
            .or_else(|| http_status::<AssumeRoleWithWebIdentityError>(error))
            .or_else(|| match error.downcast_ref::<ImdsError>()? {
                ImdsError::ErrorResponse(answer) => Some(answer.response().status().as_u16()),
                _ => None,
            });
        let unreached = error
            .downcast_ref::<ConnectorError>()
            .is_some_and(|error| error.is_io() || error.is_timeout());
        // The agent's status has no type.
        let failed = error.to_string().contains("StatusCode(5");
        let is_transient =
            unreached || failed || status.is_some_and(|status| status == 429 || status >= 500);
        is_transient.then_some(())
    };
    find(error, transient).is_some()
}

fn http_status<E: Error + 'static>(error: &(dyn Error + 'static)) -> Option<u16> {
    let response = error
        .downcast_ref::<SdkError<E, HttpResponse>>()?
        .raw_response()?;
    Some(response.status().as_u16())
}

/// The SSO provider's errors are private types.
fn is_sso_session(text: &str) -> bool {
    text.contains("SSO token has expired")
        || text.contains("cached SSO token")
        || text.contains("Session token not found or invalid")
        || (text.contains("failed to read") && text.contains("/sso/cache/"))
}

/// What a provider says in one line, without the SDK's words around it, and without a response's body.
pub(super) fn reason(error: &CredentialsError) -> String {
    let mut source = error.source();
    // A profile's provider wraps those of its parts.
    while let Some(error) = source.and_then(|error| error.downcast_ref::<CredentialsError>()) {
        source = error.source();
    }
    let Some(source) = source else {
        return "it has none".to_owned();
    };
    let quoting = |error: &(dyn Error + 'static)| {
        let status = http_status::<AssumeRoleError>(error)
            .or_else(|| http_status::<AssumeRoleWithWebIdentityError>(error));
        if let Some(status) = status {
            return Some(format!("STS answered with HTTP {status}"));
        }
        // The SDK's own words would quote the body.
        match error.downcast_ref::<ImdsError>()? {
            ImdsError::ErrorResponse(answer) => Some(format!(
                "it answered with HTTP {}",
                answer.response().status()
            )),
            _ => None,
        }
    };
    find(source, quoting).unwrap_or_else(|| one_line(&chain(source)))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
