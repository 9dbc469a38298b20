//! Denials of IAM, KMS, STS and Secrets Manager: who may not do what, which policy prevents it, and what to do.
//! The texts are AWS's own (IAM User Guide, "Troubleshoot access denied error messages"), parsed by their beginnings
//! only: their ends differ from year to year.

mod advice;
mod policy_kind;

use super::service_error::{Service, ServiceError};
use policy_kind::PolicyKind;
use ssm_exec_core::arn::Arn;
use ssm_exec_core::aws_context::AwsContext;
use ssm_exec_core::code::Code;
use ssm_exec_core::diagnostic::{Diagnostic, Help};
use ssm_exec_core::plan::Request;

/// The texts of KMS that name no key.
const UNNAMED: &[&str] = &[
    "ciphertext refers to a customer master key",
    "the resource associated with this ciphertext",
    "Invalid keyId",
];

/// A denial; of several that differ in their resources only, all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    /// Of several, the first one's.
    answer: ServiceError,
    requests: Vec<Request>,
    /// Whether an external ID was given, to assume a role.
    external_id: bool,
    principal: Option<String>,
    /// `ssm:GetParameters`, `kms:Decrypt`, …
    action: String,
    /// ARNs, or names of secrets.
    resources: Vec<String>,
    cause: DenialCause,
}

/// What prevents it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum DenialCause {
    /// No policy of this kind allows it, if AWS named the kind.
    NotAllowed(Option<PolicyKind>),
    /// A policy denies it: its kind, and its ARN if AWS named it.
    Denied(PolicyKind, Option<String>),
    /// KMS says neither which key nor whether it exists.
    UnnamedKey,
    /// Parameter Store says neither whether the secret exists nor who may not read it.
    UnexplainedSecret,
    /// Another text.
    Unknown,
}

impl Refusal {
    /// Parses AWS's text.
    pub(super) fn new(answer: ServiceError, requests: Vec<Request>) -> Self {
        let text = answer.text.as_str();
        let between = |start: &str, ends: &[&str]| {
            let (_, rest) = text.split_once(start)?;
            let end = ends.iter().filter_map(|end| rest.find(end)).min();
            Some(rest[..end.unwrap_or(rest.len())].to_owned())
        };
        let principal = between("User: ", &[" is not authorized"]);
        // STS puts no colon before it where it names no caller.
        let action = between("uthorized to perform", &[" on ", " because ", " with "]);
        let action = action.map(|action| action.trim_start_matches([':', ' ']).to_owned());
        let action = action.filter(|action| action.contains(':'));
        let resource = between(" on resource: ", &[" "]);
        let is_unnamed = UNNAMED.iter().any(|form| text.contains(form));
        let cause = match &action {
            _ if is_unnamed => DenialCause::UnnamedKey,
            Some(_) => cause(text, resource.is_some()),
            None => DenialCause::Unknown,
        };
        let action = if is_unnamed { Some("kms:Decrypt".to_owned()) } else { action };
        Self {
            answer,
            requests,
            external_id: false,
            principal: principal.filter(|_| cause != DenialCause::Unknown),
            action: action.unwrap_or_default(),
            resources: resource.into_iter().collect(),
            cause,
        }
    }

    /// References to secrets that can't be read, and AWS doesn't say why.
    pub(super) fn of_secrets(answer: ServiceError, request: Request) -> Self {
        Self {
            resources: secrets(&request),
            action: "secretsmanager:GetSecretValue".to_owned(),
            cause: DenialCause::UnexplainedSecret,
            ..Self::new(answer, vec![request])
        }
    }

    /// Of a role that may not be assumed. STS does not always name it.
    pub(super) fn of_role(answer: ServiceError, role: Option<&Arn>, external_id: bool) -> Self {
        let mut refusal = Self { external_id, ..Self::new(answer, Vec::new()) };
        if refusal.resources.is_empty() {
            refusal.resources.extend(role.map(ToString::to_string));
        }
        if refusal.action.is_empty() {
            "sts:AssumeRole".clone_into(&mut refusal.action);
        }
        let text = &refusal.answer.text;
        let says_no_more = text.is_empty() || text.contains("uthorized to perform");
        if refusal.cause == DenialCause::Unknown && says_no_more {
            refusal.cause = DenialCause::NotAllowed(None);
        }
        refusal
    }

    /// What was asked for.
    pub(super) fn requests(&self) -> &[Request] {
        &self.requests
    }

    /// The caller, as AWS names it.
    pub(super) fn principal(&self) -> Option<&str> {
        self.principal.as_deref()
    }

    /// Whether AWS names a policy that decides, other than the role's own, which is the one that asks for MFA or a token.
    pub(super) fn names_policy(&self) -> bool {
        match &self.cause {
            DenialCause::Denied(kind, _) => {
                !matches!(kind, PolicyKind::RoleTrust) && *kind != PolicyKind::Other(String::new())
            }
            DenialCause::NotAllowed(Some(kind)) => {
                !matches!(kind, PolicyKind::RoleTrust | PolicyKind::Resource)
            }
            _ => false,
        }
    }

    /// Adds another denial, if it differs in the resource only.
    pub(super) fn absorb(&mut self, other: &Self) -> bool {
        let same = self.key() == other.key();
        if same {
            self.resources.extend(other.resources.iter().cloned());
            self.resources.sort();
            self.resources.dedup();
            self.requests.extend(other.requests.iter().cloned());
        }
        same
    }

    /// Denials with the same key are one message. The text counts where nothing else is known.
    fn key(&self) -> impl PartialEq {
        let text = (self.cause == DenialCause::Unknown).then_some(&self.answer.text);
        (&self.principal, &self.action, &self.cause, self.is_malformed_name(), text)
    }

    /// A resource of `…:*` means that AWS could not build an ARN from a name.
    fn is_malformed_name(&self) -> bool {
        self.action.starts_with("ssm:") && self.resources.iter().any(|it| it.ends_with(":*"))
    }

    /// Whether a policy that was changed a moment ago may allow it soon.
    pub(super) fn may_pass(&self) -> bool {
        let lacks_an_allow = matches!(
            self.cause,
            DenialCause::NotAllowed(_) | DenialCause::UnnamedKey | DenialCause::UnexplainedSecret
        );
        lacks_an_allow && !self.is_malformed_name()
    }

    fn code(&self) -> Code {
        match (&self.cause, self.action.split(':').next()) {
            (DenialCause::UnexplainedSecret, _) => Code::SecretDenied,
            (_, Some("kms")) => Code::KmsDenied,
            (_, Some("sts")) => Code::AssumeRoleDenied,
            _ if self.is_malformed_name() => Code::MalformedName,
            _ => Code::AccessDenied,
        }
    }

    /// What is denied, and what to do, for a caller that is known by now.
    pub(super) fn diagnostic(&self, context: &AwsContext) -> Diagnostic {
        let requested = self.requested();
        let on = self.subject();
        let action = &self.action;
        let what = match &self.cause {
            _ if self.is_malformed_name() => {
                let is_one = self.requests.len() == 1 && !requested.contains(',');
                let of = if is_one { "" } else { "one of " };
                format!("malformed name: AWS could not build an ARN from {of}{requested}")
            }
            DenialCause::NotAllowed(Some(kind)) => {
                format!("access denied: no {kind} allows {action} {on}")
            }
            DenialCause::NotAllowed(None) => {
                format!("access denied: no policy allows {action} {on}")
            }
            DenialCause::Denied(kind, _) => {
                format!("access denied: {} explicitly denies {action} {on}", kind.with_article())
            }
            DenialCause::UnnamedKey => format!(
                "access denied: kms:Decrypt for {requested}: the key does not exist in this Region, or the caller may not use it"
            ),
            DenialCause::UnexplainedSecret if self.answer.service == Service::SecretsManager => {
                format!("the secret {} cannot be read", self.resources.join(", "))
            }
            DenialCause::UnexplainedSecret => {
                format!(
                    "access denied, or no such secret: {}; AWS does not say which",
                    self.resources.join(", ")
                )
            }
            DenialCause::Unknown => match self.answer.text.as_str() {
                "" => format!("access denied to {requested}"),
                text => format!("access denied to {requested}: {text}"),
            },
        };
        let code = match self.cause {
            DenialCause::UnexplainedSecret => self.answer.to_string(),
            _ => self.answer.exchange.code.clone().unwrap_or_else(|| "HTTP 403".to_owned()),
        };
        let mut diagnostic = self.answer.diagnostic(self.code(), format!("{what} ({code})"));
        let (help, statements) = advice::advice(self, context);
        if !help.is_empty() {
            diagnostic.help = help;
        }
        let commands = diagnostic.help.iter().filter_map(|help| help.command.as_ref());
        let commands: Vec<&String> = commands.collect();
        let is_below = |arn: &String| commands.iter().any(|it| it.contains(arn.as_str()));
        let arns = self
            .resources
            .iter()
            .filter(|it| it.starts_with("arn:") && !it.ends_with(":*") && !is_below(it));
        let arns = arns.map(|arn| format!("resource: {arn}"));
        diagnostic.list.extend(arns.collect::<Vec<_>>());
        let subject = &mut diagnostic.subject;
        subject.statements = statements;
        subject.action = (!action.is_empty()).then(|| action.clone());
        subject.resources.clone_from(&self.resources);
        subject.parameters = self.requests.iter().flat_map(Request::names).collect();
        let link = link(self.answer.exchange.message.as_deref().unwrap_or_default());
        if let Some(aws) = &mut subject.aws {
            aws.authorization_id = link.as_ref().map(|(id, _)| id.clone());
            if let DenialCause::Denied(_, policy) = &self.cause {
                aws.policy.clone_from(policy);
            }
        }
        if let DenialCause::Denied(_, Some(policy)) = &self.cause {
            diagnostic.list.push(format!("policy: {policy}"));
        }
        if let Some((id, link)) = link {
            let text = format!("See AWS's details of the denial, authorization ID {id}");
            diagnostic.help.push(Help::command(text, link));
        }
        diagnostic
    }

    /// What was asked for, for a sentence.
    fn requested(&self) -> String {
        let all: Vec<String> = self.requests.iter().map(ToString::to_string).collect();
        match all.as_slice() {
            [] => self.role().unwrap_or_else(|| "it".to_owned()),
            [_, _, _, _, ..] => format!("{} parameters", all.len()),
            few => few.join(", "),
        }
    }

    /// The role that may not be assumed.
    fn role(&self) -> Option<String> {
        let role = self.resources.first().and_then(|it| Arn::parse(it))?;
        Some(format!("the role {} of account {}", role.role_name()?, role.account))
    }

    /// On what it is denied, by a short name.
    fn subject(&self) -> String {
        let name = |resource: &String| match Arn::parse(resource) {
            Some(arn) => {
                match arn.resource.strip_prefix("parameter").filter(|_| arn.service == "ssm") {
                    Some(path) => path.to_owned(),
                    None => arn.resource,
                }
            }
            None => resource.clone(),
        };
        let names: Vec<String> = self.resources.iter().map(name).collect();
        match (self.action.split(':').next(), names.as_slice()) {
            (Some("kms"), _) => format!("with the key of {}", self.requested()),
            (_, []) => format!("on {}", self.requested()),
            (Some("sts"), _) if let Some(role) = self.role() => format!("on {role}"),
            (Some("secretsmanager"), names) => format!("on the secret {}", names.join(", ")),
            (_, names @ [_, _, _, _, ..]) => format!("on {} parameters", names.len()),
            (_, names) => format!("on {}", names.join(", ")),
        }
    }
}

/// The cause that a text names. Without a resource, it is a denial only if it has one.
fn cause(text: &str, names_resource: bool) -> DenialCause {
    if let Some((_, after)) = text.split_once("with an explicit deny") {
        let articles = [" in an ", " in a ", " in the "];
        let after = articles.iter().find_map(|it| after.strip_prefix(it)).unwrap_or_default();
        let arn = after.split_once(": arn:").map(|(_, arn)| {
            let arn = arn.split_whitespace().next().unwrap_or_default();
            format!("arn:{}", arn.trim_end_matches(['.', ',', ')']))
        });
        let kind = PolicyKind::parse(after).unwrap_or(PolicyKind::Other(String::new()));
        return DenialCause::Denied(kind, arn);
    }
    let kind = text.split_once("because no ").and_then(|(_, after)| PolicyKind::parse(after));
    match kind.is_some() || names_resource {
        true => DenialCause::NotAllowed(kind),
        false => DenialCause::Unknown,
    }
}

/// The ID of a denial's details, and where they are (IAM User Guide, "Troubleshoot access denied error messages with
/// authorization ID").
fn link(text: &str) -> Option<(String, String)> {
    let mut words = text.split_whitespace();
    let link = words
        .find(|word| word.starts_with("https://") && word.contains("/authorization-details/"))?;
    let link = link.trim_end_matches(['.', ',', ')']);
    Some((link.rsplit('/').next()?.to_owned(), link.to_owned()))
}

/// The secrets that a batch refers to.
pub(super) fn secrets(request: &Request) -> Vec<String> {
    match request {
        Request::Batch(names) => {
            let secrets = names.iter().filter_map(|name| name.name().secret_name());
            secrets.map(str::to_owned).collect()
        }
        Request::Below(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
