//! The words of an error of this room: what failed, on what, why, and what to do next.

use super::credential_error::{CredentialCause, CredentialError};
use super::credential_source::CredentialSource;
use super::error::{FetchError, TransientError, Work};
use super::service_error::ServiceError;
use ssm_exec_core::arn::Arn;
use ssm_exec_core::aws_context::AwsContext;
use ssm_exec_core::code::{Code, fill};
use ssm_exec_core::message::Message;
use ssm_exec_core::plan::Request;
use ssm_exec_core::policy::Place;
use std::fmt;
use std::time::Duration;

impl FetchError {
    /// The message, for a run in this context.
    #[must_use]
    pub fn message(&self, context: &AwsContext) -> Message {
        let code = self.code();
        let region = context.region_option();
        let remedy = |values: &[(&str, &str)]| sentence(&fill(code.remedy(), values));
        let with_remedy = |what: String| Message::new(what).sentence(&remedy(&[]));
        match self {
            Self::Config(error) => Message::new(error.to_string()),
            Self::Connection(error) => Message::new(format!("{error}{}", error.remedy())),
            Self::System { what, reason } => {
                with_remedy(format!("the system refused {what}: {reason}"))
            }
            Self::Internal(text) => {
                Message::new(format!("this is a bug in ssm-exec, please report it: {text}"))
            }
            Self::NoRegion => with_remedy(
                "no AWS region: looked at --region, AWS_REGION, AWS_DEFAULT_REGION, `[aws] region` in ssm-exec.toml, the profile, and the instance metadata (which needs a hop limit of 2 in a container)".to_owned(),
            ),
            Self::UnknownRegion { region, correction, error } => Message::new(format!(
                "there is no AWS region `{region}`, as far as DNS knows ({} has no address)",
                error.host
            ))
            .sentence(&remedy(&[("region", correction)])),
            Self::NoCredentials { absent } => no_credentials(absent),
            Self::NoIdentity(reason) => Message::new(reason.clone()).sentence("With `--account ID` and `--region REGION` nothing has to be asked"),
            Self::Credentials(error) => credentials(error, code, context),
            Self::BadCredentials { source, opt_in, answer } => {
                let renewal = source.as_ref().map_or_else(
                    || "renew them".to_owned(),
                    CredentialSource::renewal,
                );
                let region = opt_in.as_ref().map(ToString::to_string).unwrap_or_default();
                let which = match source {
                    Some(source) => format!("the credentials from {source}"),
                    None => "these credentials".to_owned(),
                };
                let why = match code {
                    Code::CredentialsExpired => ": they have expired",
                    Code::SignatureMismatch => ": the secret access key does not belong to the access key ID",
                    Code::RegionNotEnabled => ": they are wrong, or the account has not enabled this region, which is off by default",
                    _ => ": it does not know the access key (deactivated, deleted, or temporary without its AWS_SESSION_TOKEN)",
                };
                Message::new(format!("AWS does not accept {which}{why} ({answer})"))
                    .sentence(&remedy(&[("renewal", &renewal), ("region", &region)]))
            }
            Self::ClockSkew { text } => with_remedy(format!(
                "AWS does not accept the request's time: this machine's clock is wrong ({text})"
            )),
            Self::Denied(denial) => denial.message(context),
            Self::Secret { request, answer } => secret(request, answer, code, context),
            Self::Key { request, answer } => {
                let key = key_in(&answer.text).unwrap_or_else(|| "KEY".to_owned());
                let state = match code {
                    Code::KmsKeyPendingDeletion => "is pending deletion, and what it encrypts will be lost with it".to_owned(),
                    Code::KmsKeyDisabled => "is disabled".to_owned(),
                    _ => format!("cannot be used ({answer})"),
                };
                let named = if key == "KEY" { String::new() } else { format!(" {key}") };
                Message::new(format!("the KMS key{named} of a parameter of {request} {state}"))
                    .sentence(&remedy(&[("key", &key), ("region", &region)]))
            }
            Self::Rejected { request, answer } => {
                with_remedy(format!("AWS refused the request for {request} ({answer})"))
            }
            Self::InvalidResponse { request, reason } => {
                with_remedy(format!("invalid response for {request}: {reason}"))
            }
            Self::NoValue { parameter } => with_remedy(format!(
                "{parameter} came without a value: a binary secret of Secrets Manager has none to give through Parameter Store"
            )),
            Self::Unavailable { work, error, attempts, throttled, timeout } => {
                let how_long = Attempts { attempts: *attempts, timeout: *timeout };
                let verb = match work {
                    Work::Fetch(_) => "fetch",
                    Work::Credentials(CredentialSource::Role { .. }) => "assume",
                    Work::Credentials(_) => "get credentials from",
                };
                let text = format!("could not {verb} {work} {how_long}: the last time, {error}");
                match error {
                    TransientError::Throttled(_) => Message::new(text)
                        .sentence(&remedy(&[("action", &throttled_action(work, *throttled, &region))])),
                    TransientError::Service(..) => with_remedy(text),
                    TransientError::Connection(error) => {
                        Message::new(format!("{text}{}", error.remedy()))
                    }
                    TransientError::Network(_) => Message::new(text).sentence(&remedy(&[(
                        "action",
                        "check the endpoint, the region's name, DNS, the route (VPC endpoint, NAT) and the proxy variables",
                    )])),
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

/// `within 30s, in 7 tries`
struct Attempts {
    attempts: u32,
    timeout: Duration,
}

impl fmt::Display for Attempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { attempts, timeout } = self;
        let tries = if *attempts == 1 { "try" } else { "tries" };
        write!(f, "within {timeout:?}, in {attempts} {tries}")
    }
}

/// A template's sentence, whose end a message doesn't need.
pub(super) fn sentence(text: &str) -> String {
    let text = text.trim_end_matches('.');
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}

fn no_credentials(absent: &[(CredentialSource, String)]) -> Message {
    // Of a container on EC2 only this matters, whatever else has none.
    let hop_limit = absent
        .iter()
        .find(|(_, reason)| reason.contains("hop limit"));
    if let Some((source, reason)) = hop_limit {
        return Message::new(format!("no AWS credentials: {source}: {reason}"))
            .sentence("No other source is configured");
    }
    let looked_at: Vec<String> = absent
        .iter()
        .map(|(source, reason)| format!("{source} ({reason})"))
        .collect();
    Message::new(format!(
        "no AWS credentials: looked at {}",
        looked_at.join(", ")
    ))
    .sentence(&sentence(Code::NoCredentials.remedy()))
}

/// Why a source gives no credentials.
fn credentials(error: &CredentialError, code: Code, context: &AwsContext) -> Message {
    let CredentialError { source, cause } = error;
    let remedy = |values: &[(&str, &str)]| sentence(&fill(code.remedy(), values));
    let none = |why: String| Message::new(format!("no AWS credentials from {source}: {why}"));
    match cause {
        CredentialCause::Half { has, lacks } => none(format!("{has} is set and {lacks} is not"))
            .sentence(&remedy(&[("has", has), ("lacks", lacks)])),
        CredentialCause::Stray { place, character } => {
            none(format!("{place} has {character}")).sentence(&remedy(&[("place", place)]))
        }
        CredentialCause::SsoExpired => {
            let profile = source.profile().map(|name| format!(" --profile {name}"));
            none("the AWS SSO session has expired, or there is none".to_owned())
                .sentence(&remedy(&[("profile", &profile.unwrap_or_default())]))
        }
        CredentialCause::SsoRoleDenied => none(
            "IAM Identity Center does not give the user this role in this account (ForbiddenException: No access)".to_owned(),
        )
        .sentence(&remedy(&[])),
        CredentialCause::Mfa { serial } => none(format!(
            "its role asks for an MFA code (mfa_serial {serial}), which ssm-exec cannot ask for"
        ))
        .sentence(&remedy(&[("profile", source.profile().unwrap_or("NAME"))])),
        CredentialCause::TokenFile { path, variable, reason } => none(format!(
            "{} ({variable}) cannot be read: {reason}",
            path.display()
        ))
        .sentence(&remedy(&[("setting", variable)])),
        CredentialCause::TokenExpired { answer } => {
            none(format!("the token in AWS_WEB_IDENTITY_TOKEN_FILE has expired (STS says {answer})"))
                .sentence(&remedy(&[]))
        }
        CredentialCause::NoOidcProvider { answer, issuer } => {
            none(format!("the account has no OpenID Connect provider for it (STS says {answer})"))
                .sentence(&remedy(&[("issuer", issuer.as_deref().unwrap_or("URL"))]))
        }
        CredentialCause::TokenDenied { answer, claims } => {
            let claims = claims.as_ref().map(|claims| format!(" ({claims})"));
            none(format!(
                "the trust policy of AWS_ROLE_ARN does not allow this token{} (STS says {answer})",
                claims.unwrap_or_default()
            ))
            .sentence(&remedy(&[("role", "ROLE")]))
        }
        CredentialCause::RoleDenied { answer, role } => {
            role_denied(source, answer, role.as_ref(), context)
        }
        CredentialCause::BaseRejected { answer } => {
            let base = match source {
                CredentialSource::Role { base, .. } => base,
                source => source,
            };
            Message::new(format!(
                "AWS does not accept the credentials from {base}, with which {} is assumed (STS says {answer}); the role is not at fault",
                match source {
                    CredentialSource::Role { arn, .. } => format!("the role {arn}"),
                    _ => "its role".to_owned(),
                }
            ))
            .sentence(&remedy(&[("renewal", &base.renewal()), ("region", "REGION")]))
        }
        CredentialCause::Throttled { answer } => {
            none(format!("STS throttled it ({answer})")).sentence("Spread the starts, or raise `--timeout`")
        }
        CredentialCause::Unreachable(error) => {
            let sts = match source {
                CredentialSource::WebIdentity | CredentialSource::Role { .. }
                    if error.cause.is_transient() =>
                {
                    "STS cannot be reached: "
                }
                _ => "",
            };
            none(format!("{sts}{error}{}", error.remedy()))
        }
        CredentialCause::Other { reason, .. } => {
            let action = match source {
                CredentialSource::Environment { .. } => {
                    "check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN".to_owned()
                }
                CredentialSource::Profile(name) => format!(
                    "see what the profile has: `aws configure list --profile {name}`, and correct it in ~/.aws/config"
                ),
                CredentialSource::WebIdentity => "check AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE".to_owned(),
                CredentialSource::Container => "check the role of the task or the pod, its agent, and the token in AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE".to_owned(),
                CredentialSource::Instance => {
                    "check the instance's role and its metadata options: `aws ec2 describe-instances --instance-ids ID --query 'Reservations[].Instances[].[IamInstanceProfile,MetadataOptions]'`".to_owned()
                }
                CredentialSource::Role { .. } => "check the role's ARN, and STS's endpoint".to_owned(),
            };
            none(reason.trim_end_matches('.').to_owned()).sentence(&remedy(&[("action", &action)]))
        }
    }
}

/// Both policies must allow it, so both statements are printed.
fn role_denied(
    source: &CredentialSource,
    answer: &ServiceError,
    role: Option<&Arn>,
    context: &AwsContext,
) -> Message {
    let what = match role {
        Some(role) => format!("the role {role} may not be assumed"),
        None => "its role may not be assumed".to_owned(),
    };
    let message = Message::new(format!(
        "no AWS credentials from {source}: {what} (STS says {answer})"
    ))
    .sentence(&sentence(Code::AssumeRoleDenied.remedy()));
    let caller = answer
        .text
        .split_once("User: ")
        .and_then(|(_, rest)| rest.split_whitespace().next())
        .and_then(Arn::parse)
        .or_else(|| context.principal.as_deref().and_then(Arn::parse));
    let Some(role) = role else {
        return message;
    };
    let message = match role.role_name() {
        Some(name) => message.line(format!(
            "See its trust policy: aws iam get-role --role-name {name} --query Role.AssumeRolePolicyDocument"
        )),
        None => message,
    };
    let principal = caller.map(|caller| caller.as_policy_principal().to_string());
    let trust = serde_json::json!({
        "Effect": "Allow",
        "Principal": { "AWS": principal.as_deref().unwrap_or("CALLER-ARN") },
        "Action": "sts:AssumeRole",
    });
    let identity = serde_json::json!({
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Resource": role.to_string(),
    });
    message
        .line("Add to the role's trust policy:")
        .line(trust.to_string())
        .line("Add to the caller's policy:")
        .line(identity.to_string())
}

fn throttled_action(work: &Work, throttled: u32, region: &str) -> String {
    let raise = format!(
        "`aws ssm update-service-setting --setting-id /ssm/parameter-store/high-throughput-enabled --setting-value true{region}`"
    );
    match work {
        Work::Fetch(Request::Below(_)) => format!(
            "{throttled} requests were throttled in all. The account shares 40 requests a second between all readers of Parameter Store in this region, and higher throughput covers only requests by name: name the parameters with `--key` (`ssm-exec check --format toml` prints them), enable higher throughput ({raise}), or raise `--timeout`"
        ),
        Work::Fetch(Request::Batch(_)) => format!(
            "{throttled} requests were throttled in all. The account shares 40 requests a second between all readers of Parameter Store in this region unless higher throughput is enabled: {raise}. Do that, or raise `--timeout`"
        ),
        Work::Credentials(_) => {
            "STS limits the requests of the account: spread the starts, or raise `--timeout`"
                .to_owned()
        }
    }
}

/// A reference to a secret of Secrets Manager that can't be read.
fn secret(request: &Request, answer: &ServiceError, code: Code, context: &AwsContext) -> Message {
    let names: Vec<&str> = match request {
        Request::Batch(names) => {
            let secrets = names.iter().filter_map(|name| name.name().secret_name());
            secrets.collect()
        }
        Request::Below(_) => Vec::new(),
    };
    let first = names.first().copied().unwrap_or("NAME");
    let message = Message::new(format!(
        "the secret {} cannot be read through Parameter Store ({answer})",
        names.join(", ")
    ))
    .sentence(&sentence(&fill(
        code.remedy(),
        &[("secret", first), ("region", &context.region_option())],
    )));
    if code != Code::SecretDenied {
        return message;
    }
    let (Some(region), Some(account)) = (&context.region, &context.account) else {
        return message;
    };
    let place = Place {
        partition: region.partition().id.to_owned(),
        region: region.clone(),
        account: account.clone(),
    };
    let arns: Vec<String> = names
        .iter()
        .map(|name| place.secret(name).to_string())
        .collect();
    let statement = serde_json::json!({
        "Effect": "Allow",
        "Action": "secretsmanager:GetSecretValue",
        "Resource": arns,
    });
    message
        .line("Add to the caller's policy:")
        .line(statement.to_string())
}

/// The key that a text of KMS names.
fn key_in(text: &str) -> Option<String> {
    let words = text.split(|c: char| c.is_whitespace() || "'\"(),".contains(c));
    let mut arns = words.filter_map(Arn::parse);
    arns.find(|arn| arn.service == "kms")
        .map(|arn| arn.to_string())
}
