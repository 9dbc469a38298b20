//! Errors that servers answer with: whose they are, what they mean, and their own words.

use super::net::Exchange;
use ssm_exec_core::code::Code;
use ssm_exec_core::diagnostic::{AwsAnswer, Diagnostic};
use std::fmt;

/// An error that a server answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ServiceError {
    /// Who says it: KMS and Secrets Manager answer through Parameter Store.
    pub(super) service: Service,
    pub(super) class: Class,
    /// Its message in one line, without what a service in between adds to it.
    pub(super) text: String,
    pub(super) exchange: Exchange,
}

/// Who is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    ParameterStore,
    Kms,
    SecretsManager,
    Sts,
    IdentityCenter,
    SignIn,
    Agent,
    Metadata,
}

/// What an error means, whoever says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Throttled,
    /// It failed by itself, and may succeed later.
    Failed,
    /// The token of a page has expired.
    Page,
    Denied,
    /// A KMS key cannot be used.
    Key,
    Expired,
    /// The access key is not known.
    Unknown,
    Signature,
    Clock,
    /// A person's session has ended.
    Session,
    Missing,
    /// It is not an error of AWS.
    Foreign,
    /// Anything else.
    Rejected,
}

/// AWS's codes, of all services.
#[rustfmt::skip]
const AWS_CODES: &[(Class, &[&str])] = &[
    (Class::Throttled, &[
        "BandwidthLimitExceeded", "EC2ThrottledException", "LimitExceededException", "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException", "RequestLimitExceeded", "SlowDown", "slow_down", "TooManyRequests",
        "TooManyRequestsError", "TooManyRequestsException", "TransactionInProgressException",
    ]),
    (Class::Failed, &[
        "DependencyTimeoutException", "IDPCommunicationError", "InternalFailure", "InternalServerError",
        "InternalServiceError", "InternalServiceErrorException", "KMSInternalException", "KeyUnavailableException",
        "RequestTimeout", "ServiceUnavailable",
    ]),
    (Class::Page, &["InvalidNextToken"]),
    (Class::Denied, &[
        "AccessDenied", "AccessDeniedException", "ForbiddenException", "INSUFFICIENT_PERMISSIONS", "OptInRequired",
        "SubscriptionRequiredException",
    ]),
    (Class::Key, &[
        "DisabledException", "IncorrectKeyException", "InvalidCiphertextException", "InvalidKeyId",
        "InvalidKeyUsageException", "KMSInvalidStateException", "NotFoundException",
    ]),
    (Class::Expired, &["ExpiredToken", "ExpiredTokenException"]),
    (Class::Unknown, &[
        "IncompleteSignature", "IncompleteSignatureException", "InvalidClientTokenId", "MissingAuthenticationToken",
        "MissingAuthenticationTokenException", "UnrecognizedClientException",
    ]),
    (Class::Signature, &["InvalidSignatureException", "SignatureDoesNotMatch"]),
    (Class::Clock, &["RequestExpired", "RequestInTheFuture", "RequestTimeTooSkewed"]),
    (Class::Session, &[
        "InvalidClientException", "InvalidGrantException", "invalid_client", "invalid_grant", "TOKEN_EXPIRED", "UnauthorizedException", "USER_CREDENTIALS_CHANGED",
    ]),
    (Class::Missing, &["ParameterNotFound", "ParameterVersionNotFound"]),
];

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ParameterStore => "Parameter Store",
            Self::Kms => "AWS KMS",
            Self::SecretsManager => "Secrets Manager",
            Self::Sts => "STS",
            Self::IdentityCenter => "IAM Identity Center",
            Self::SignIn => "AWS Sign-In",
            Self::Agent => "the container's agent",
            Self::Metadata => "the instance metadata service",
        })
    }
}

impl ServiceError {
    /// The error of an exchange with a service.
    pub(super) fn new(service: Service, exchange: Exchange) -> Self {
        let message = exchange.message.as_deref().unwrap_or_default();
        // `… (Service: AWSKMS; Status Code: 400; Error Code: AccessDeniedException; …)`
        let (text, of_kms) = match message.split_once("(Service: AWSKMS;") {
            Some((text, rest)) => (text, Some(rest)),
            None => (message, None),
        };
        let inner = of_kms.and_then(|rest| rest.split_once("Error Code: "));
        let inner = inner.map(|(_, rest)| rest.split(';').next().unwrap_or_default());
        let of_secrets = text
            .strip_prefix("An error occurred (")
            .filter(|rest| rest.contains(") when referencing Secrets Manager"))
            .and_then(|rest| rest.split(')').next());
        let inner = inner.or(of_secrets);
        let code = inner.or(exchange.code.as_deref()).unwrap_or_default();
        let text = text.split(" Go to https://").next().unwrap_or_default();
        let words: Vec<&str> = text.split_whitespace().collect();
        let text = words.join(" ").trim_end_matches('.').to_owned();
        let class = class(code, &text, exchange.status);
        let service = match of_kms {
            Some(_) => Service::Kms,
            None if of_secrets.is_some() => Service::SecretsManager,
            None if text.contains("may call KMS") => Service::Kms,
            None => service,
        };
        Self { service, class, text, exchange }
    }

    /// Whether it has none of the signs of the service that was asked, and is no throttle. An agent has a form of its own,
    /// but sends no page and redirects nowhere; the metadata service sends pages.
    pub(super) fn is_anonymous(&self) -> bool {
        let Exchange { status, content_type, code, request_id, .. } = &self.exchange;
        let is_page = (300..400).contains(status) || content_type.as_deref() == Some("text/html");
        let is_foreign = self.class == Class::Foreign;
        let is_unsigned = self.class == Class::Failed && code.is_none() && request_id.is_none();
        match self.service {
            Service::Metadata => false,
            Service::Agent => is_page && (is_foreign || is_unsigned),
            _ => is_foreign || is_unsigned && (is_page || self.is_of_store()),
        }
    }

    /// What was answered in the place of the service's response.
    pub(super) fn unexpected(&self) -> String {
        let Self { service, exchange, .. } = self;
        format!("HTTP {}, and not what {service} sends{}", exchange.status, exchange.signs())
    }

    /// Whether it came from Parameter Store, also if another service says it.
    pub(super) fn is_of_store(&self) -> bool {
        matches!(self.service, Service::ParameterStore | Service::Kms | Service::SecretsManager)
    }

    /// AWS's words, for machines.
    pub(super) fn aws(&self) -> Option<AwsAnswer> {
        let code = self.exchange.code.clone();
        let http =
            || (self.class != Class::Foreign).then(|| format!("HTTP {}", self.exchange.status));
        let answer = AwsAnswer {
            code: code.or_else(http)?,
            message: self.exchange.message.clone().unwrap_or_default(),
            request_id: self.exchange.request_id.clone(),
            ..AwsAnswer::default()
        };
        Some(answer)
    }

    /// The error, with AWS's words for machines.
    pub(super) fn diagnostic(&self, code: Code, message: String) -> Diagnostic {
        let mut diagnostic = Diagnostic::new(code, message);
        diagnostic.subject.aws = self.aws();
        if !self.is_of_store() {
            diagnostic.subject.host = Some(self.exchange.server.clone());
        }
        diagnostic
    }
}

/// Code and message in one line, for brackets.
impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.exchange.code {
            Some(code) => f.write_str(code)?,
            None => write!(f, "HTTP {}", self.exchange.status)?,
        }
        match self.text.as_str() {
            "" => Ok(()),
            text => write!(f, ": {text}"),
        }
    }
}

fn class(code: &str, text: &str, status: u16) -> Class {
    let known = AWS_CODES.iter().find(|(_, codes)| codes.contains(&code));
    match known.map(|(class, _)| *class) {
        Some(Class::Signature) if is_time(text) => Class::Clock,
        Some(Class::Key) if is_of_proxy(text) => Class::Failed,
        // Whoever does not implement it will not do so in this run.
        Some(Class::Failed) if status == 501 => Class::Rejected,
        Some(class) => class,
        None if status == 429 || code.contains("Throttl") => Class::Throttled,
        // A timeout of the request, a replay.
        None if (status >= 500 && status != 501) || matches!(status, 408 | 425) => Class::Failed,
        None if code.is_empty() => Class::Foreign,
        None => Class::Rejected,
    }
}

/// Whether the proxy of an external key store fails (KMS Developer Guide, "Troubleshoot external key stores").
fn is_of_proxy(text: &str) -> bool {
    let passes = ["etry", "not responding"].iter().any(|words| text.contains(words));
    text.contains("external key store proxy") && passes
}

fn is_time(text: &str) -> bool {
    text.starts_with("Signature expired") || text.starts_with("Signature not yet current")
}
