//! The least IAM policy for a plan. Pure.
//!
//! Each operation is authorised by its own action, and `GetParametersByPath` by the path of the request,
//! not by the parameters that it returns (Systems Manager User Guide, "How Parameter Store authorizes
//! parameter retrieval"): a deny on a sub-path doesn't hold against it.

use crate::arn::Arn;
use crate::parameter::{ParameterId, ParameterName};
use crate::plan::Request;
use crate::region::{PARTITIONS, Region};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Where the parameters are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// `aws`, `aws-cn`, `aws-us-gov`, …
    pub partition: String,
    /// The region.
    pub region: Region,
    /// Twelve digits.
    pub account: String,
}

/// Parses a partition's name.
///
/// # Errors
/// When there is no such partition; the text is the rest of a sentence about it.
pub fn parse_partition(text: &str) -> Result<String, String> {
    let mut known: Vec<&str> = PARTITIONS.iter().map(|partition| partition.id).collect();
    known.sort_unstable();
    match known.contains(&text) {
        true => Ok(text.to_owned()),
        false => Err(format!(
            "is not a partition of AWS: there are {}",
            known.join(", ")
        )),
    }
}

/// A KMS key as a policy can name it: by its ID in the caller's account and region, or by its ARN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KmsKey {
    /// `ID`
    Id(String),
    /// `arn:…:key/ID`
    Arn(Arn),
}

impl KmsKey {
    /// Parses a key's ID or ARN.
    ///
    /// # Errors
    /// For anything else, aliases included; the text is the rest of a sentence about it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let describe = |alias: &str| {
            format!(
                "is an alias, and kms:Decrypt is authorized on the key behind it, never on an alias; give the key's ARN: `aws kms describe-key --key-id {alias} --query KeyMetadata.Arn --output text`"
            )
        };
        if text.starts_with("alias/") {
            return Err(describe(text));
        }
        if !text.starts_with("arn:") {
            return match is_key_id(text) {
                true => Ok(Self::Id(text.to_owned())),
                false => Err("is not a KMS key: give its ID or its ARN (`arn:aws:kms:REGION:ACCOUNT:key/ID`)".to_owned()),
            };
        }
        let arn = Arn::parse(text).filter(|arn| {
            arn.service == "kms" && Region::parse(&arn.region).is_ok() && is_account(&arn.account)
        });
        let arn = arn.ok_or("is not the ARN of a KMS key: `arn:aws:kms:REGION:ACCOUNT:key/ID`")?;
        match arn.resource.split_once('/') {
            Some(("alias", _)) => Err(describe(text)),
            Some(("key", id)) if id == "*" || is_key_id(id) => Ok(Self::Arn(arn)),
            _ => Err("is not the ARN of a KMS key: `arn:aws:kms:REGION:ACCOUNT:key/ID`".to_owned()),
        }
    }
}

/// A UUID, or `mrk-` and hexadecimal digits; emulators have others.
fn is_key_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// Whether a text is an account's ID.
#[must_use]
pub fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|digit| digit.is_ascii_digit())
}

impl Place {
    fn arn(&self, service: &str, account: &str, resource: String) -> Arn {
        Arn {
            partition: self.partition.clone(),
            service: service.to_owned(),
            region: self.region.to_string(),
            account: account.to_owned(),
            resource,
        }
    }

    /// A public parameter's ARN has no account.
    fn parameter(&self, name: &ParameterName) -> Arn {
        let account = if name.is_public() { "" } else { &self.account };
        self.arn("ssm", account, format!("parameter/{}", name.in_arn()))
    }

    /// The parameter's ARN.
    #[must_use]
    pub fn subject(&self, subject: &ParameterId) -> Arn {
        match subject {
            ParameterId::Name(name) => self.parameter(name),
            ParameterId::Arn(arn) => arn.parts().clone(),
        }
    }

    fn path(&self, path: &str) -> Arn {
        self.arn("ssm", &self.account, format!("parameter{path}"))
    }

    /// Secrets Manager appends six characters of its own to a secret's name.
    #[must_use]
    pub fn secret(&self, name: &str) -> Arn {
        self.arn(
            "secretsmanager",
            &self.account,
            format!("secret:{name}-??????"),
        )
    }

    fn key(&self, key: &KmsKey) -> Arn {
        match key {
            KmsKey::Arn(arn) => arn.clone(),
            KmsKey::Id(id) => self.arn("kms", &self.account, format!("key/{id}")),
        }
    }
}

/// The policy document that these requests need, with leave to decrypt where `key` names the key.
#[must_use]
pub fn document(requests: &[Request], place: &Place, key: Option<&KmsKey>) -> Value {
    let mut paths = BTreeSet::new();
    let mut names = BTreeSet::new();
    let mut secrets = BTreeSet::new();
    let mut decrypted = BTreeSet::new();
    let mut below = BTreeSet::new();
    for request in requests {
        match request {
            Request::Below(prefix) => {
                paths.insert(place.path(prefix.path()).to_string());
                below.insert(place.path(&prefix.pattern()).to_string());
            }
            Request::Batch(batch) => {
                for parameter in batch {
                    names.insert(place.subject(&parameter.subject).to_string());
                    match parameter.name().secret_name() {
                        Some(secret) => _ = secrets.insert(place.secret(secret).to_string()),
                        // Public ones are no secret.
                        None if parameter.name().is_public() => {}
                        None => _ = decrypted.insert(place.subject(&parameter.subject).to_string()),
                    }
                }
            }
        }
    }
    let mut statements = Vec::new();
    let mut allow = |sid: &str, action: &str, resources: &BTreeSet<String>| {
        if !resources.is_empty() {
            statements.push(
                json!({ "Sid": sid, "Effect": "Allow", "Action": action, "Resource": resources }),
            );
        }
    };
    allow("ReadPaths", "ssm:GetParametersByPath", &paths);
    allow("ReadParameters", "ssm:GetParameters", &names);
    allow("ReadSecrets", "secretsmanager:GetSecretValue", &secrets);
    if let Some(key) = key {
        let mut decrypt = |sid: &str, operator: &str, arns: &BTreeSet<String>| {
            if !arns.is_empty() {
                statements.push(json!({
                    "Sid": sid, "Effect": "Allow", "Action": "kms:Decrypt", "Resource": [place.key(key).to_string()],
                    "Condition": { operator: { "kms:EncryptionContext:PARAMETER_ARN": arns } },
                }));
            }
        };
        decrypt("DecryptBelowPaths", "StringLike", &below);
        decrypt("DecryptParameters", "StringEquals", &decrypted);
    }
    json!({ "Version": "2012-10-17", "Statement": statements })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_named_by_id_or_arn() {
        for text in [
            "1234abcd",
            "1234abcd-12ab-34cd-56ef-1234567890ab",
            "mrk-1234abcd12ab34cd56ef1234567890ab",
            "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
            "arn:aws:kms:eu-west-1:111122223333:key/*",
        ] {
            assert!(KmsKey::parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn what_is_no_key_is_refused_with_the_reason() {
        for (text, reason) in [
            ("alias/x", "describe-key --key-id alias/x "),
            (
                "arn:aws:kms:eu-west-1:111122223333:alias/x",
                "never on an alias",
            ),
            ("key/1234abcd", "is not a KMS key"),
            ("", "is not a KMS key"),
            ("*", "is not a KMS key"),
            (
                "arn:aws:ssm:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
                "is not the ARN of a KMS key",
            ),
            (
                "arn:aws:kms:eu-west-1:1:key/1234abcd-12ab-34cd-56ef-1234567890ab",
                "is not the ARN of a KMS key",
            ),
            (
                "arn:aws:kms:eu-west-1:111122223333:key/",
                "is not the ARN of a KMS key",
            ),
        ] {
            let error = KmsKey::parse(text).expect_err(text);
            assert!(error.contains(reason), "{text}: {error}");
        }
    }

    #[test]
    fn an_unknown_partition_is_refused_with_the_list() {
        assert_eq!(parse_partition("aws-cn").as_deref(), Ok("aws-cn"));
        let error = parse_partition("AWS").expect_err("no partition");
        assert!(error.contains("aws, aws-cn, aws-eusc"), "{error}");
    }
}
