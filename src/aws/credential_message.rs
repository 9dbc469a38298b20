//! The words of missing and refused credentials: which source, why, and what to do.

use super::credential_error::{Absence, CredentialCause, CredentialError};
use super::credential_source::CredentialSource;
use super::denial::principal_in;
use super::denial_message::policies_of;
use super::service_error::ServiceError;
use serde_json::Value;
use ssm_exec_core::arn::Arn;
use ssm_exec_core::aws_context::AwsContext;
use ssm_exec_core::code::Code;
use ssm_exec_core::message::Message;
use ssm_exec_core::remedy::Remedy;

/// The responses of the instance metadata expire after one network hop, and a container's network is another.
const HOP_LIMIT: &str = "In a container on EC2 it needs a hop limit of 2: `aws ec2 modify-instance-metadata-options --http-put-response-hop-limit 2 --instance-id ID`";

/// No source has any.
pub(super) fn no_credentials(absent: &[(CredentialSource, Absence)]) -> Message {
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
        .remedy(Remedy::of(Code::NoCredentials))
}

/// Why AWS does not accept credentials, as the rest of a sentence.
pub(super) fn refusal(code: Code, source: Option<&CredentialSource>) -> &'static str {
    match code {
        Code::CredentialsExpired => "they have expired",
        Code::SignatureMismatch => "the secret access key does not belong to the access key ID",
        Code::RegionNotEnabled => {
            "they are wrong, or the account has not enabled this Region, which is off by default"
        }
        _ if source.is_some_and(CredentialSource::lacks_session_token) => {
            "the access key is a temporary one, and AWS_SESSION_TOKEN is not set"
        }
        _ => "it does not know the access key, which may have been deactivated or deleted",
    }
}

/// Why a source gives no credentials.
pub(super) fn credentials(error: &CredentialError, code: Code, context: &AwsContext) -> Message {
    let CredentialError { source, cause } = error;
    let remedy = Remedy::of(code);
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
            .sentence(&format!(
                "They are used to assume {role}; the role is not the problem"
            ))
            .remedy(remedy.fill(&[("region", &region)]).and(base.renewal()))
        }
        CredentialCause::Throttled { answer } => {
            none(format!("STS throttled the request ({answer})"))
                .sentence("Spread the starts, or raise `--timeout`")
        }
        CredentialCause::Unreachable(error) => {
            let sts = match source {
                CredentialSource::WebIdentity | CredentialSource::Role { .. }
                    if error.is_transient =>
                {
                    "STS could not be reached: "
                }
                _ => "",
            };
            none(format!("{sts}{error}")).help(&error.diagnostic)
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
    let remedy = if with_external_id {
        Remedy::new(
            "Both the role's trust policy, with the external ID that is given, and the caller's policy must allow it",
        )
    } else {
        Remedy::of(Code::AssumeRoleDenied)
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
    .remedy(remedy);
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
