//! The messages of this module's errors: what failed, on what, why, and what to do next.

use super::credential_message::{credentials, no_credentials, refusal};
use super::credential_source::CredentialSource;
use super::denial_message::policies_of;
use super::error::{FetchError, TransientError, Work};
use super::service_error::ServiceError;
use serde_json::Value;
use ssm_exec_core::arn::Arn;
use ssm_exec_core::aws_context::AwsContext;
use ssm_exec_core::code::Code;
use ssm_exec_core::message::Message;
use ssm_exec_core::plan::Request;
use ssm_exec_core::policy::Place;
use ssm_exec_core::remedy::Remedy;
use std::fmt;
use std::time::Duration;

impl FetchError {
    /// The message, for a run in this context.
    #[must_use]
    pub fn message(&self, context: &AwsContext) -> Message {
        let code = self.code();
        let region = context.region_option();
        let remedy = || Remedy::of(code);
        let with_remedy = |what: String| Message::new(what).remedy(remedy());
        match self {
            Self::Config(error) => Message::new(error.line()),
            Self::Connection(error) => Message::new(error.to_string()).help(&error.diagnostic),
            Self::System { what, reason } => {
                with_remedy(format!("the system refused {what}: {reason}"))
            }
            Self::Internal(text) => {
                Message::new(format!("this is a bug in ssm-exec, please report it: {text}"))
            }
            Self::NoRegion => with_remedy(
                "no AWS Region. Neither --region, AWS_REGION, AWS_DEFAULT_REGION, `[aws] region` in ssm-exec.toml, the profile nor the instance metadata (which needs a hop limit of 2 in a container) has one".to_owned(),
            ),
            Self::UnknownRegion { region, correction, error } => Message::new(format!(
                "there is no AWS Region `{region}`, as far as DNS knows ({} has no address)",
                error.unknown_host.as_deref().unwrap_or_default()
            ))
            .remedy(remedy().fill(&[("region", correction)])),
            Self::NoCredentials { absent } => no_credentials(absent),
            Self::UnknownCaller(reason) => Message::new(reason.to_string())
                .sentence("With `--account ID` and `--region REGION`, no request is needed"),
            Self::Credentials(error) => credentials(error, code, context),
            Self::BadCredentials { source, opt_in, answer } => {
                let renewal = source
                    .as_ref()
                    .map_or_else(|| Remedy::new("Renew them"), CredentialSource::renewal);
                let region = opt_in.as_ref().map(ToString::to_string).unwrap_or_default();
                let which = match source {
                    Some(source) => format!("the credentials from {source}"),
                    None => "these credentials".to_owned(),
                };
                let why = refusal(code, source.as_ref());
                Message::new(format!("AWS does not accept {which}: {why} ({answer})"))
                    .remedy(remedy().fill(&[("region", &region)]).and(renewal))
            }
            Self::ClockSkew { text } => {
                with_remedy(format!("AWS does not accept the time of the request: {text}"))
            }
            Self::Denied(denial) => denial.message(context),
            Self::Secret { request, answer } => secret(request, answer, code, context),
            Self::Key { request, answer } => {
                let key = key_in(&answer.text);
                let state = match code {
                    Code::KmsKeyPendingDeletion => {
                        "is pending deletion. What it encrypts will be lost with it".to_owned()
                    }
                    Code::KmsKeyDisabled => "is disabled".to_owned(),
                    _ => format!("cannot be used ({answer})"),
                };
                let named = key.as_ref().map_or(String::new(), |key| format!(" {key}"));
                let encrypted = match request {
                    Request::Below(_) => format!("a parameter of {request}"),
                    Request::Batch(_) => request.to_string(),
                };
                Message::new(format!("the KMS key{named}, which encrypts {encrypted}, {state}"))
                    .remedy(remedy().fill(&[("key", key.as_deref().unwrap_or("KEY")), ("region", &region)]))
            }
            Self::Rejected { request, answer } => {
                with_remedy(format!("AWS refused the request for {request} ({answer})"))
            }
            Self::InvalidResponse { request, reason } => {
                with_remedy(format!("invalid response for {request}: {reason}"))
            }
            Self::ForeignResponse { request, status } => with_remedy(format!(
                "the request for {request} was answered with HTTP {status}, and not by AWS: the response has no error of AWS in it"
            )),
            Self::NoValue { parameter } => with_remedy(format!(
                "{parameter} came without a value: Parameter Store does not return binary secrets of Secrets Manager"
            )),
            Self::Unavailable { work, error, attempts, throttled, timeout } => {
                let how_long = Attempts { attempts: *attempts, timeout: *timeout };
                let verb = match work {
                    Work::Fetch(_) => "fetch",
                    Work::Credentials(CredentialSource::Role { .. }) => "assume",
                    Work::Credentials(_) => "get credentials from",
                };
                let text = format!("could not {verb} {work} {how_long}; the last error: {error}");
                match error {
                    TransientError::Throttled(_) => Message::new(text)
                        .remedy(throttled_remedy(work, *throttled, &region)),
                    TransientError::Service(..) => with_remedy(text),
                    TransientError::Connection(error) => {
                        Message::new(text).help(&error.diagnostic)
                    }
                    TransientError::Network(_) => Message::new(text).remedy(Remedy::new(
                        "Check the endpoint, the Region's name, DNS, the route (VPC endpoint, NAT) and the proxy variables (HTTPS_PROXY)",
                    )),
                }
            }
            Self::TimedOut { stage, timeout } => {
                with_remedy(format!("timed out after {timeout:?} while {stage}"))
            }
            Self::TooMany { request, limit } => {
                with_remedy(format!("{request} has more than {limit} parameters"))
            }
        }
    }
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.message(&AwsContext::default()).fmt(f)
    }
}

/// `within 30s, in 7 attempts`
struct Attempts {
    attempts: u32,
    timeout: Duration,
}

impl fmt::Display for Attempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { attempts, timeout } = self;
        let plural = if *attempts == 1 { "" } else { "s" };
        write!(f, "within {timeout:?}, in {attempts} attempt{plural}")
    }
}

fn throttled_remedy(work: &Work, throttled: u32, region: &str) -> Remedy {
    let (unless, by_name) = match work {
        Work::Fetch(Request::Below(_)) => (
            "",
            "Higher throughput covers only requests by name: name the parameters with `--key` (`ssm-exec check --format toml` prints them)",
        ),
        Work::Fetch(Request::Batch(_)) => (", unless higher throughput is enabled", ""),
        Work::Credentials(_) => {
            return Remedy::new(
                "STS limits the requests of the account. Spread the starts, or raise `--timeout`",
            );
        }
    };
    let requests = match throttled {
        1 => "1 request was".to_owned(),
        many => format!("{many} requests were"),
    };
    Remedy::new(
        "{requests} throttled in all. All readers of Parameter Store in this account and Region share 40 requests a second{unless}. {by_name}. Enable higher throughput: `aws ssm update-service-setting --setting-id /ssm/parameter-store/high-throughput-enabled --setting-value true{region}`. Or raise `--timeout`",
    )
    .fill(&[
        ("requests", &requests),
        ("unless", unless),
        ("region", region),
    ])
    .replace("by_name", Remedy::new(by_name))
}

/// A reference to a secret of Secrets Manager that can't be read.
fn secret(request: &Request, answer: &ServiceError, code: Code, context: &AwsContext) -> Message {
    let names = secret_names(request);
    let first = names.first().copied().unwrap_or("NAME");
    let which = match names.as_slice() {
        [one] => format!("the secret {one}"),
        several => format!("the secrets {}", several.join(", ")),
    };
    let why = match code {
        Code::SecretDenied => ", and AWS does not say why",
        _ => "",
    };
    let message = Message::new(format!(
        "{which} cannot be read through Parameter Store{why} ({answer})"
    ))
    .remedy(Remedy::of(code).fill(&[("secret", first), ("region", &context.region_option())]));
    let Some(statement) = (code == Code::SecretDenied)
        .then(|| secret_statement(&names, context))
        .flatten()
    else {
        return message;
    };
    let caller = context.principal.as_deref().and_then(Arn::parse);
    message
        .line(format!("Add to {}:", policies_of(caller.as_ref())))
        .line(statement.to_string())
}

fn secret_names(request: &Request) -> Vec<&str> {
    match request {
        Request::Batch(names) => {
            let secrets = names.iter().filter_map(|name| name.name().secret_name());
            secrets.collect()
        }
        Request::Below(_) => Vec::new(),
    }
}

/// For the policies of the caller.
fn secret_statement(names: &[&str], context: &AwsContext) -> Option<Value> {
    let region = context.region.as_ref()?;
    let place = Place {
        partition: region.partition().id.to_owned(),
        region: region.clone(),
        account: context.account.clone()?,
    };
    let arns: Vec<String> = names
        .iter()
        .map(|name| place.secret(name).to_string())
        .collect();
    Some(serde_json::json!({
        "Effect": "Allow",
        "Action": "secretsmanager:GetSecretValue",
        "Resource": match arns.as_slice() {
            [one] => Value::from(one.as_str()),
            several => Value::from(several),
        },
    }))
}

impl FetchError {
    /// The statement that would allow to read a secret, if AWS doesn't say why it can't be read.
    pub(crate) fn secret_statement(&self, context: &AwsContext) -> Option<Value> {
        match self {
            Self::Secret { request, .. } if self.code() == Code::SecretDenied => {
                secret_statement(&secret_names(request), context)
            }
            _ => None,
        }
    }
}

/// The key that a text of KMS names.
fn key_in(text: &str) -> Option<String> {
    let words = text.split(|c: char| c.is_whitespace() || "'\"(),".contains(c));
    let mut arns = words.filter_map(Arn::parse);
    arns.find(|arn| arn.service == "kms")
        .map(|arn| arn.to_string())
}
