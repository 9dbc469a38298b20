//! The least IAM policy for a plan. Pure.
//!
//! Each operation is authorised by its own action, and `GetParametersByPath` by the path of the request,
//! not by the parameters that it returns (Systems Manager User Guide, "How Parameter Store authorizes
//! parameter retrieval"): a deny on a sub-path doesn't hold against it.

use crate::parameter::{ParameterId, ParameterName};
use crate::plan::Request;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Where the parameters are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// `aws`, `aws-cn`, `aws-us-gov`.
    pub partition: String,
    /// The region.
    pub region: String,
    /// Twelve digits.
    pub account: String,
}

/// The partition that a region belongs to.
#[must_use]
pub fn partition_of(region: &str) -> &'static str {
    match region {
        region if region.starts_with("cn-") => "aws-cn",
        region if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

impl Place {
    /// A public parameter's ARN has no account.
    fn parameter(&self, name: &ParameterName) -> String {
        let account = if name.is_public() { "" } else { &self.account };
        format!(
            "arn:{}:ssm:{}:{account}:parameter/{}",
            self.partition,
            self.region,
            name.in_arn()
        )
    }

    fn subject(&self, subject: &ParameterId) -> String {
        match subject {
            ParameterId::Name(name) => self.parameter(name),
            ParameterId::Arn(arn) => arn.as_str().to_owned(),
        }
    }

    fn path(&self, path: &str) -> String {
        format!(
            "arn:{}:ssm:{}:{}:parameter{path}",
            self.partition, self.region, self.account
        )
    }

    /// Secrets Manager puts six characters of its own behind a secret's name.
    fn secret(&self, name: &str) -> String {
        format!(
            "arn:{}:secretsmanager:{}:{}:secret:{name}-??????",
            self.partition, self.region, self.account
        )
    }

    fn key(&self, key: &str) -> String {
        match key.starts_with("arn:") {
            true => key.to_owned(),
            false => format!(
                "arn:{}:kms:{}:{}:key/{key}",
                self.partition, self.region, self.account
            ),
        }
    }
}

/// The policy document that these requests need, with leave to decrypt where `key` names the key.
#[must_use]
pub fn document(requests: &[Request], place: &Place, key: Option<&str>) -> Value {
    let mut paths = BTreeSet::new();
    let mut names = BTreeSet::new();
    let mut secrets = BTreeSet::new();
    let mut decrypted = BTreeSet::new();
    let mut below = BTreeSet::new();
    for request in requests {
        match request {
            Request::Below(prefix) => {
                paths.insert(place.path(prefix.path()));
                below.insert(place.path(&format!("{}/*", prefix.path().trim_end_matches('/'))));
            }
            Request::Batch(batch) => {
                for parameter in batch {
                    names.insert(place.subject(&parameter.subject));
                    match parameter.name().secret_name() {
                        Some(secret) => _ = secrets.insert(place.secret(secret)),
                        // Public ones are no secret.
                        None if parameter.name().is_public() => {}
                        None => _ = decrypted.insert(place.subject(&parameter.subject)),
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
                    "Sid": sid, "Effect": "Allow", "Action": "kms:Decrypt", "Resource": [place.key(key)],
                    "Condition": { operator: { "kms:EncryptionContext:PARAMETER_ARN": arns } },
                }));
            }
        };
        decrypt("DecryptBelowPaths", "StringLike", &below);
        decrypt("DecryptParameters", "StringEquals", &decrypted);
    }
    json!({ "Version": "2012-10-17", "Statement": statements })
}
