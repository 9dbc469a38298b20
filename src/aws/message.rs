//! The words of an error of this room: what failed, on what, why, and what to do next.

use super::credential_error::{Absence, CredentialCause, CredentialError};
use super::credential_source::CredentialSource;
use super::denial::principal_in;
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

/// The responses of the instance metadata expire after one network hop, and a container's network is another.
const HOP_LIMIT: &str = "In a container on EC2 it needs a hop limit of 2: `aws ec2 modify-instance-metadata-options --http-put-response-hop-limit 2 --instance-id ID`";

impl FetchError {
    /// The message, for a run in this context.
    #[must_use]
    pub fn message(&self, context: &AwsContext) -> Message {
        let code = self.code();
        let region = context.region_option();
        let remedy = Remedy::new(code.remedy());
        let with_remedy = |what: String| Message::new(what).remedy(Remedy::new(code.remedy()));
        match self {
            Self::Config(error) => error.message(),
            Self::Connection(error) => Message::new(error.to_string()).remedy(error.remedy()),
            Self::System { what, reason } => {
                with_remedy(format!("the system refused {what}: {reason}"))
            }
            Self::Internal(text) => {
                Message::new(format!("this is a bug in ssm-exec, please report it: {text}"))
            }
            Self::NoRegion => with_remedy(
                "no AWS region. Neither --region, AWS_REGION, AWS_DEFAULT_REGION, `[aws] region` in ssm-exec.toml, the profile nor the instance metadata (which needs a hop limit of 2 in a container) has one".to_owned(),
            ),
            Self::UnknownRegion { region, correction, error } => Message::new(format!(
                "there is no AWS region `{region}`, as far as DNS knows ({} has no address)",
                error.host
            ))
            .remedy(remedy.fill(&[("region", correction)])),
            Self::NoCredentials { absent } => no_credentials(absent),
            Self::NoIdentity(reason) => Message::new(reason.clone())
                .sentence("With `--account ID` and `--region REGION` nothing has to be asked"),
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
                    .remedy(remedy.fill(&[("region", &region)]).replace("renewal", renewal))
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
                    .remedy(remedy.fill(&[("key", key.as_deref().unwrap_or("KEY")), ("region", &region)]))
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
                        .remedy(throttled_remedy(work, *throttled, &region)),
                    TransientError::Service(..) => with_remedy(text),
                    TransientError::Connection(error) => {
                        Message::new(text).remedy(error.remedy())
                    }
                    TransientError::Network(_) => Message::new(text).remedy(Remedy::new(
                        "Check the endpoint, the region's name, DNS, the route (VPC endpoint, NAT) and the proxy variables (HTTPS_PROXY)",
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

fn no_credentials(absent: &[(CredentialSource, Absence)]) -> Message {
    // Of a container on EC2 only this matters, whatever else has none.
    let hop_limit = absent
        .iter()
        .find(|(_, absence)| matches!(absence, Absence::NoAnswer));
    if let Some((source, absence)) = hop_limit {
        return Message::new(format!(
            "no AWS credentials: {source} {absence}, and no other source is configured"
        ))
        .remedy(Remedy::new(HOP_LIMIT));
    }
    let looked_at: Vec<String> = absent
        .iter()
        .map(|(source, absence)| format!("{source} ({absence})"))
        .collect();
    Message::new("no AWS credentials: no source has any")
        .list(&looked_at)
        .remedy(Remedy::new(Code::NoCredentials.remedy()))
}

/// Why AWS does not accept credentials, as the rest of a sentence.
fn refusal(code: Code, source: Option<&CredentialSource>) -> &'static str {
    match code {
        Code::CredentialsExpired => "they have expired",
        Code::SignatureMismatch => "the secret access key does not belong to the access key ID",
        Code::RegionNotEnabled => {
            "they are wrong, or the account has not enabled this region, which is off by default"
        }
        _ if source.is_some_and(CredentialSource::lacks_session_token) => {
            "the access key is a temporary one, and AWS_SESSION_TOKEN is not set"
        }
        _ => "it does not know the access key, which may have been deactivated or deleted",
    }
}

/// Why a source gives no credentials.
fn credentials(error: &CredentialError, code: Code, context: &AwsContext) -> Message {
    let CredentialError { source, cause } = error;
    let remedy = Remedy::new(code.remedy());
    let none = |why: String| Message::new(format!("no AWS credentials from {source}: {why}"));
    let profile = source
        .profile()
        .map(|name| format!(" --profile {name}"))
        .unwrap_or_default();
    match cause {
        CredentialCause::Half { has, lacks } => none(format!("{has} is set and {lacks} is not"))
            .remedy(remedy.fill(&[("has", has), ("lacks", lacks)])),
        CredentialCause::Stray { place, character } => {
            none(format!("{place} has {character}")).remedy(remedy.fill(&[("place", place)]))
        }
        CredentialCause::SsoExpired => {
            none("the AWS SSO session has expired, or there is none".to_owned())
                .remedy(remedy.fill(&[("profile", &profile)]))
        }
        CredentialCause::SsoRoleDenied { role, account } => none(format!(
            "IAM Identity Center does not give the user {} in {} (ForbiddenException: No access)",
            role.as_ref()
                .map_or("this role".to_owned(), |role| format!("the role `{role}`")),
            account
                .as_ref()
                .map_or("this account".to_owned(), |id| format!("account {id}")),
        ))
        .remedy(remedy.fill(&[("profile", &profile)])),
        CredentialCause::Mfa { serial } => none(format!(
            "its role asks for an MFA code (mfa_serial {serial}), which ssm-exec cannot ask for"
        ))
        .remedy(remedy.fill(&[("profile", source.profile().unwrap_or("NAME"))])),
        CredentialCause::TokenFile {
            path,
            variable,
            reason,
        } => none(format!(
            "{} ({variable}) cannot be read: {reason}",
            path.display()
        ))
        .remedy(remedy.fill(&[("setting", variable)])),
        CredentialCause::TokenExpired { answer, file } => {
            let file = file
                .as_ref()
                .map(|file| format!(" in {file}"))
                .unwrap_or_default();
            none(format!("the token{file} has expired (STS says {answer})")).remedy(remedy)
        }
        CredentialCause::NoOidcProvider { answer, issuer } => {
            let of = issuer
                .as_ref()
                .map_or("it".to_owned(), |issuer| format!("its issuer {issuer}"));
            none(format!(
                "the account has no OpenID Connect provider for {of} (STS says {})",
                answer.code
            ))
            .remedy(remedy.fill(&[("issuer", issuer.as_deref().unwrap_or("URL"))]))
        }
        CredentialCause::TokenDenied {
            answer,
            claims,
            role,
        } => {
            let of = role
                .as_ref()
                .map_or("the role".to_owned(), |role| format!("the role {role}"));
            let message = none(format!(
                "the trust policy of {of} does not allow this token (STS says {answer})"
            ));
            let message = claims.iter().fold(message, |message, claims| {
                message.line(format!("The token has {claims}"))
            });
            message.remedy(remedy.fill(&[(
                "role",
                role.as_ref().and_then(Arn::role_name).unwrap_or("ROLE"),
            )]))
        }
        CredentialCause::RoleDenied { answer, role } => {
            role_denied(source, answer, role.as_ref(), context)
        }
        CredentialCause::BaseRejected { answer, opt_in } => {
            let (base, role) = match source {
                CredentialSource::Role { base, arn, .. } => (&**base, format!("the role {arn}")),
                source => (source, "its role".to_owned()),
            };
            let region = opt_in.as_ref().map(ToString::to_string).unwrap_or_default();
            Message::new(format!(
                "AWS does not accept the credentials from {base}: {} (STS says {answer})",
                refusal(code, Some(base))
            ))
            .sentence(&format!("They are to assume {role}, which is not at fault"))
            .remedy(
                remedy
                    .fill(&[("region", &region)])
                    .replace("renewal", base.renewal()),
            )
        }
        CredentialCause::Throttled { answer } => none(format!("STS throttled it ({answer})"))
            .sentence("Spread the starts, or raise `--timeout`"),
        CredentialCause::Unreachable(error) => {
            let sts = match source {
                CredentialSource::WebIdentity | CredentialSource::Role { .. }
                    if error.cause.is_transient() =>
                {
                    "STS could not be reached: "
                }
                _ => "",
            };
            none(format!("{sts}{error}")).remedy(error.remedy())
        }
        CredentialCause::Other { reason, .. } => {
            none(reason.trim_end_matches('.').to_owned()).remedy(check_of(source))
        }
    }
}

/// Where to look when a source fails.
fn check_of(source: &CredentialSource) -> Remedy {
    let template = match source {
        CredentialSource::Environment { .. } => {
            "Check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN"
        }
        CredentialSource::Profile(_) => {
            "See what the profile has with `aws configure list --profile {profile}`, and correct it in ~/.aws/config"
        }
        CredentialSource::WebIdentity => "Check AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE",
        CredentialSource::Container => {
            "Check the role of the task or the pod, its agent, and the token in AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
        }
        CredentialSource::Instance => {
            "Check the instance's role and its metadata options: `aws ec2 describe-instances --instance-ids ID --query 'Reservations[].Instances[].[IamInstanceProfile,MetadataOptions]'`"
        }
        CredentialSource::Role { .. } => "Check the role's ARN, and STS's endpoint",
    };
    Remedy::new(template).fill(&[("profile", source.profile().unwrap_or("NAME"))])
}

/// Both policies must allow it, so both statements are printed.
fn role_denied(
    source: &CredentialSource,
    answer: &ServiceError,
    role: Option<&Arn>,
    context: &AwsContext,
) -> Message {
    let caller = principal_in(&answer.text)
        .or(context.principal.as_deref())
        .and_then(Arn::parse);
    let by = caller
        .as_ref()
        .map_or("the caller".to_owned(), ToString::to_string);
    let role_name = role.map_or("its role".to_owned(), |role| format!("the role {role}"));
    let (from, with_external_id) = match source {
        CredentialSource::Role {
            with_external_id, ..
        } => (String::new(), *with_external_id),
        source => (format!("no AWS credentials from {source}: "), false),
    };
    let remedy = match with_external_id {
        true => {
            "Both the role's trust policy, with the external ID that is given, and the caller's policy must allow it"
        }
        false => Code::AssumeRoleDenied.remedy(),
    };
    let message = Message::new(format!(
        "{from}{by} may not assume {role_name} (STS says {})",
        // Its text repeats caller and role.
        if caller.is_some() && role.is_some() {
            answer.code.clone()
        } else {
            answer.to_string()
        }
    ))
    .remedy(Remedy::new(remedy));
    let Some(role) = role else {
        return message;
    };
    let message = match role.role_name() {
        Some(name) => message.line(format!(
            "See its trust policy: aws iam get-role --role-name {name} --query Role.AssumeRolePolicyDocument"
        )),
        None => message,
    };
    let mut trust = serde_json::json!({
        "Effect": "Allow",
        "Principal": { "AWS": "CALLER-ARN" },
        "Action": "sts:AssumeRole",
    });
    if let Some(caller) = &caller {
        trust["Principal"]["AWS"] = caller.as_policy_principal().to_string().into();
    }
    if with_external_id {
        trust["Condition"] =
            serde_json::json!({ "StringEquals": { "sts:ExternalId": "EXTERNAL-ID" } });
    }
    message
        .line("Add to the role's trust policy:")
        .line(trust.to_string())
        .line(format!("Add to {}:", policies_of(caller.as_ref())))
        .line(assume_role_statement(role).to_string())
}

/// For the policies of the caller.
pub(crate) fn assume_role_statement(role: &Arn) -> Value {
    serde_json::json!({
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Resource": role.to_string(),
    })
}

fn throttled_remedy(work: &Work, throttled: u32, region: &str) -> Remedy {
    let template = match work {
        Work::Fetch(Request::Below(_)) => {
            "{requests} throttled in all. All readers of Parameter Store in this account and region share 40 requests a second. Higher throughput covers only requests by name: name the parameters with `--key` (`ssm-exec check --format toml` prints them). Enable higher throughput: `aws ssm update-service-setting --setting-id /ssm/parameter-store/high-throughput-enabled --setting-value true{region}`. Or raise `--timeout`"
        }
        Work::Fetch(Request::Batch(_)) => {
            "{requests} throttled in all. All readers of Parameter Store in this account and region share 40 requests a second, unless higher throughput is enabled. Enable higher throughput: `aws ssm update-service-setting --setting-id /ssm/parameter-store/high-throughput-enabled --setting-value true{region}`. Or raise `--timeout`"
        }
        Work::Credentials(_) => {
            "STS limits the requests of the account. Spread the starts, or raise `--timeout`"
        }
    };
    let requests = match throttled {
        1 => "1 request was".to_owned(),
        many => format!("{many} requests were"),
    };
    Remedy::new(template).fill(&[("requests", &requests), ("region", region)])
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
    .remedy(
        Remedy::new(code.remedy()).fill(&[("secret", first), ("region", &context.region_option())]),
    );
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
