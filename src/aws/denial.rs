//! Parses AWS's access denied messages and prints the statement that would allow the request. The texts
//! are AWS's own (IAM User Guide, "Troubleshoot access denied error messages"), parsed by their beginnings
//! only: their ends differ from year to year.

use ssm_exec_core::arn::Arn;
use ssm_exec_core::parameter::ParameterId;
use ssm_exec_core::plan::Request;
use std::fmt;

/// A denied request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// The request.
    pub request: Request,
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
        /// An ARN.
        resource: String,
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
    NotAllowed(Option<String>),
    /// A policy denies it: its kind, and its ARN if AWS named it.
    Denied(String, Option<String>),
}

impl Denial {
    /// Parses AWS's message.
    #[must_use]
    pub fn parse(text: &str, request: Request) -> Self {
        let parsed = whole(text).unwrap_or_else(|| {
            let unnamed = [
                "ciphertext refers to a customer master key",
                "the resource associated with this ciphertext",
            ];
            if unnamed.iter().any(|form| text.contains(form)) {
                ParsedDenial::KeyUnnamed
            } else {
                ParsedDenial::Unknown(text.split_whitespace().collect::<Vec<_>>().join(" "))
            }
        });
        Self { request, parsed }
    }

    /// The statement that would allow it, where one would.
    #[must_use]
    pub fn statement(&self) -> Option<String> {
        let ParsedDenial::Whole {
            principal,
            action,
            resource,
            cause: Cause::NotAllowed(_),
        } = &self.parsed
        else {
            return None;
        };
        if resource.ends_with(":*") {
            return None;
        }
        let mut statement =
            serde_json::json!({ "Effect": "Allow", "Action": action, "Resource": resource });
        if action == "kms:Decrypt" {
            statement["Condition"] = key_condition(principal, resource, &self.request)?;
        }
        Some(statement.to_string())
    }
}

/// Limits the key to these parameters (KMS Developer Guide, "How Parameter Store uses KMS"). A selector is
/// not part of the encryption context.
fn key_condition(principal: &str, key: &str, request: &Request) -> Option<serde_json::Value> {
    let key = Arn::parse(key)?;
    let account = Arn::parse(principal)?.account;
    let arn = |name: &str| Arn {
        partition: key.partition.clone(),
        service: "ssm".to_owned(),
        region: key.region.clone(),
        account: account.clone(),
        resource: format!("parameter/{}", name.trim_start_matches('/')),
    };
    let (operator, arns) = match request {
        Request::Below(prefix) => ("StringLike", vec![arn(&prefix.pattern()).to_string()]),
        Request::Batch(names) => {
            let arns = names.iter().map(|name| match &name.subject {
                ParameterId::Name(name) => arn(name.in_arn()).to_string(),
                ParameterId::Arn(arn) => arn.as_str().to_owned(),
            });
            ("StringEquals", arns.collect())
        }
    };
    Some(serde_json::json!({ operator: { "kms:EncryptionContext:PARAMETER_ARN": arns } }))
}

fn whole(text: &str) -> Option<ParsedDenial> {
    let (_, rest) = text.split_once("User: ")?;
    let (principal, rest) = rest.split_once(" is not authorized to perform: ")?;
    let (action, rest) = rest.split_once(" on resource: ")?;
    let (resource, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    Some(ParsedDenial::Whole {
        principal: principal.to_owned(),
        action: action.to_owned(),
        resource: resource.to_owned(),
        cause: cause(rest),
    })
}

fn cause(text: &str) -> Cause {
    let kind = |text: &str| {
        // "policies" and "policy" both occur, and so does "sessions policy".
        let end = text.find("policy").map(|at| at + "policy".len());
        let boundary = text
            .starts_with("permissions boundary")
            .then_some("permissions boundary".len());
        boundary
            .or(end)
            .map(|end| text[..end].trim_start_matches("n ").trim().to_owned())
    };
    if let Some((_, after)) = text.split_once("with an explicit deny in a") {
        let kind = kind(after.trim_start_matches('n').trim_start());
        let arn = after.split_once(": arn:").map(|(_, arn)| {
            let arn = arn.split_whitespace().next().unwrap_or_default();
            format!("arn:{}", arn.trim_end_matches(['.', ',', ')']))
        });
        return Cause::Denied(kind.unwrap_or_else(|| "policy".to_owned()), arn);
    }
    Cause::NotAllowed(
        text.split_once("because no ")
            .and_then(|(_, after)| kind(after)),
    )
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { request, parsed } = self;
        match parsed {
            ParsedDenial::Unknown(text) => write!(f, "AWS denied access to {request}: {text}"),
            ParsedDenial::KeyUnnamed => write!(
                f,
                "AWS KMS denied the decryption of {request}: the KMS key doesn't exist in this region, or the caller may not use it; find the parameter's key with `aws ssm describe-parameters`, and allow kms:Decrypt on it"
            ),
            ParsedDenial::Whole {
                principal,
                action,
                resource,
                ..
            } if resource.ends_with(":*") => write!(
                f,
                "AWS denied {action} on {resource} to {principal}: a resource of `*` means that AWS could make no ARN of a name, so one of these is malformed: {request}"
            ),
            ParsedDenial::Whole {
                principal,
                action,
                resource,
                cause,
            } => {
                write!(f, "AWS denied {action} on {resource} to {principal}")?;
                match cause {
                    Cause::Denied(kind, arn) => {
                        write!(f, ": a {kind}")?;
                        if let Some(arn) = arn {
                            write!(f, " ({arn})")?;
                        }
                        f.write_str(" denies it explicitly, which no Allow can outweigh; that policy must change")
                    }
                    Cause::NotAllowed(kind) => {
                        let place = match kind.as_deref() {
                            None | Some("identity-based policy") => {
                                "the caller's policy".to_owned()
                            }
                            Some("resource-based policy") if action.starts_with("kms:") => {
                                "the key's policy, or the caller's where the key's delegates to IAM"
                                    .to_owned()
                            }
                            Some(kind) => format!("the {kind}"),
                        };
                        write!(
                            f,
                            ", since nothing allows it; add to {place}: {}",
                            self.statement().unwrap_or_default()
                        )
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
