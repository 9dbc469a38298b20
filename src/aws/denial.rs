//! Parses AWS's access denied messages, and prints the statement that would allow the request. The texts are
//! AWS's own (IAM User Guide, "Troubleshoot access denied error messages"), parsed by their beginnings only:
//! their ends differ from year to year.

use super::policy_kind::PolicyKind;
use super::service_error::ServiceError;
use serde_json::{Value, json};
use ssm_exec_core::arn::Arn;
use ssm_exec_core::parameter::ParameterId;
use ssm_exec_core::plan::Request;

/// Denied requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// The requests.
    pub requests: Vec<Request>,
    /// AWS's error; of several, the first one's.
    pub answer: ServiceError,
    /// AWS's message.
    pub parsed: ParsedDenial,
}

/// AWS's message, parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParsedDenial {
    /// Who may not do what, on what, and why.
    Whole {
        /// The caller's ARN.
        principal: String,
        /// `ssm:GetParameters`, `kms:Decrypt`, …
        action: String,
        /// ARNs.
        resources: Vec<String>,
        /// What kind of policy, and whether it is a deny.
        cause: Cause,
    },
    /// KMS's texts that name no key.
    KeyUnnamed,
    /// Another message, as it came.
    Unknown(String),
}

/// Which policy stands in the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// No policy of this kind allows it, if AWS named the kind.
    NotAllowed(Option<PolicyKind>),
    /// A policy denies it: its kind, and its ARN if AWS named it.
    Denied(PolicyKind, Option<String>),
}

impl Denial {
    /// Parses AWS's message.
    #[must_use]
    pub fn new(answer: ServiceError, request: Request) -> Self {
        Self {
            requests: vec![request],
            parsed: parse(&answer.text),
            answer,
        }
    }

    /// Adds another denial, if it differs in the resource only.
    pub(super) fn absorb(&mut self, other: &Self) -> bool {
        let same = match (&mut self.parsed, &other.parsed) {
            (
                ParsedDenial::Whole {
                    principal,
                    action,
                    resources,
                    cause,
                },
                ParsedDenial::Whole {
                    principal: other_principal,
                    action: other_action,
                    resources: others,
                    cause: other_cause,
                },
            ) => {
                let same = (&*principal, &*action, &*cause)
                    == (other_principal, other_action, other_cause);
                if same {
                    resources.extend(others.iter().cloned());
                    resources.sort();
                    resources.dedup();
                }
                same
            }
            (one, other) => one == other,
        };
        if same {
            self.requests.extend(other.requests.iter().cloned());
        }
        same
    }

    /// A resource of `…:*` means that AWS could not build an ARN from a name.
    #[must_use]
    pub fn is_malformed_name(&self) -> bool {
        let ParsedDenial::Whole { resources, .. } = &self.parsed else {
            return false;
        };
        resources.iter().any(|resource| resource.ends_with(":*"))
    }

    /// The statement that would allow the requests, where one would: for the identity's policy, or a VPC
    /// endpoint's.
    #[must_use]
    pub fn statement(&self) -> Option<Value> {
        let ParsedDenial::Whole {
            principal,
            action,
            resources,
            cause: Cause::NotAllowed(kind),
        } = &self.parsed
        else {
            return None;
        };
        // A parameter of another account must be shared there.
        let is_shared = *kind == Some(PolicyKind::Resource) && !action.starts_with("kms:");
        if self.is_malformed_name() || is_shared {
            return None;
        }
        let mut statement = json!({
            "Effect": "Allow",
            "Action": action,
            "Resource": match resources.as_slice() {
                [one] => json!(one),
                several => json!(several),
            },
        });
        if action == "kms:Decrypt" {
            statement["Condition"] = key_condition(principal, resources.first()?, &self.requests)?;
        }
        if *kind == Some(PolicyKind::VpcEndpoint) {
            statement["Principal"] = json!("*");
        }
        Some(statement)
    }
}

/// Joins denials that differ in their resources only.
pub(super) fn merged(denials: Vec<Denial>) -> Vec<Denial> {
    let mut merged: Vec<Denial> = Vec::new();
    for denial in denials {
        if !merged.iter_mut().any(|earlier| earlier.absorb(&denial)) {
            merged.push(denial);
        }
    }
    merged
}

/// Limits the key to these parameters (KMS Developer Guide, "How Parameter Store uses KMS"). A selector is
/// not part of the encryption context.
pub(super) fn key_condition(principal: &str, key: &str, requests: &[Request]) -> Option<Value> {
    let key = Arn::parse(key)?;
    let account = Arn::parse(principal)?.account;
    let arn = |name: &str| Arn {
        partition: key.partition.clone(),
        service: "ssm".to_owned(),
        region: key.region.clone(),
        account: account.clone(),
        resource: format!("parameter/{}", name.trim_start_matches('/')),
    };
    let mut arns = Vec::new();
    let mut operator = "StringEquals";
    for request in requests {
        match request {
            Request::Below(prefix) => {
                operator = "StringLike";
                arns.push(arn(&prefix.pattern()).to_string());
            }
            Request::Batch(names) => arns.extend(names.iter().map(|name| match &name.subject {
                ParameterId::Name(name) => arn(name.in_arn()).to_string(),
                ParameterId::Arn(arn) => arn.as_str().to_owned(),
            })),
        }
    }
    Some(json!({ operator: { "kms:EncryptionContext:PARAMETER_ARN": arns } }))
}

fn parse(text: &str) -> ParsedDenial {
    whole(text).unwrap_or_else(|| {
        let unnamed = [
            "ciphertext refers to a customer master key",
            "the resource associated with this ciphertext",
        ];
        if unnamed.iter().any(|form| text.contains(form)) {
            ParsedDenial::KeyUnnamed
        } else {
            ParsedDenial::Unknown(text.split_whitespace().collect::<Vec<_>>().join(" "))
        }
    })
}

/// The caller that a text of AWS names.
pub(super) fn principal_in(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("User: ")?;
    rest.split_whitespace()
        .next()
        .filter(|word| word.starts_with("arn:"))
}

fn whole(text: &str) -> Option<ParsedDenial> {
    let (_, rest) = text.split_once("User: ")?;
    let (principal, rest) = rest.split_once(" is not authorized to perform: ")?;
    let (action, rest) = rest.split_once(" on resource: ")?;
    let (resource, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    Some(ParsedDenial::Whole {
        principal: principal.to_owned(),
        action: action.to_owned(),
        resources: vec![resource.to_owned()],
        cause: cause(rest),
    })
}

fn cause(text: &str) -> Cause {
    if let Some((_, after)) = text.split_once("with an explicit deny in a") {
        let after = after.strip_prefix('n').unwrap_or(after);
        let arn = after.split_once(": arn:").map(|(_, arn)| {
            let arn = arn.split_whitespace().next().unwrap_or_default();
            format!("arn:{}", arn.trim_end_matches(['.', ',', ')']))
        });
        let kind = PolicyKind::parse(after).unwrap_or(PolicyKind::Other(String::new()));
        return Cause::Denied(kind, arn);
    }
    Cause::NotAllowed(
        text.split_once("because no ")
            .and_then(|(_, after)| PolicyKind::parse(after)),
    )
}

#[cfg(test)]
mod tests;
