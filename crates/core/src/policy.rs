//! The least IAM policy for a plan. Pure.
//!
//! Each operation is authorised by its own action, and `GetParametersByPath` by the path of the request,
//! not by the parameters that it returns (Systems Manager User Guide, "How Parameter Store authorizes
//! parameter retrieval"): a deny on a sub-path doesn't hold against it.

use crate::arn::Arn;
use crate::kms_key::KmsKey;
use crate::parameter::{ParameterId, ParameterName, Prefix};
use crate::plan::Request;
use crate::region::Region;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Where the parameters are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// `aws`, `aws-cn`, `aws-us-gov`, …
    pub partition: String,
    pub region: Region,
    /// Twelve digits.
    pub account: String,
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
    fn in_store(&self, is_public: bool, resource: String) -> Arn {
        let account = if is_public { "" } else { &self.account };
        self.arn("ssm", account, resource)
    }

    fn parameter(&self, name: &ParameterName) -> Arn {
        self.in_store(name.is_public(), format!("parameter/{}", name.in_arn()))
    }

    /// The parameter's ARN.
    pub fn subject(&self, subject: &ParameterId) -> Arn {
        match subject {
            ParameterId::Name(name) => self.parameter(name),
            ParameterId::Arn(arn) => arn.parts().clone(),
        }
    }

    /// The ARN of a prefix's path, or of a pattern below it.
    fn path(&self, prefix: &Prefix, path: &str) -> Arn {
        self.in_store(prefix.is_public(), format!("parameter{path}"))
    }

    /// Secrets Manager appends six characters of its own to a secret's name.
    pub fn secret(&self, name: &str) -> Arn {
        self.arn("secretsmanager", &self.account, format!("secret:{name}-??????"))
    }

    fn key(&self, key: &KmsKey) -> Arn {
        match key {
            KmsKey::Arn(arn) => arn.clone(),
            KmsKey::Id(id) => self.arn("kms", &self.account, format!("key/{id}")),
        }
    }
}

/// The policy document that these requests need, with permission to decrypt if `key` names the key.
pub fn document(requests: &[Request], place: &Place, key: Option<&KmsKey>) -> Value {
    let mut paths = BTreeSet::new();
    let mut names = BTreeSet::new();
    let mut secrets = BTreeSet::new();
    let mut decrypted = BTreeSet::new();
    let mut below = BTreeSet::new();
    for request in requests {
        match request {
            Request::Below(prefix) => {
                paths.insert(place.path(prefix, prefix.path()).to_string());
                if !prefix.is_public() {
                    below.insert(place.path(prefix, &prefix.pattern()).to_string());
                }
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
    use crate::parameter::ParameterRef;

    fn place() -> Place {
        Place {
            partition: "aws".to_owned(),
            region: Region::parse("eu-west-1").expect("a Region"),
            account: "111122223333".to_owned(),
        }
    }

    fn batch(names: &[&str]) -> Request {
        let names = names.iter().map(|name| ParameterRef::parse(name));
        Request::Batch(names.collect::<Result<_, _>>().expect("parameters"))
    }

    #[test]
    fn a_policy_allows_what_the_requests_do_and_no_more() {
        let requests = [
            Request::Below(Prefix::parse("/org/api:blue").expect("a prefix")),
            batch(&[
                "/org/x:2",
                "/aws/service/ami",
                "arn:aws:ssm:eu-west-1:444455556666:parameter/shared",
            ]),
            batch(&["/aws/reference/secretsmanager/db"]),
        ];
        let key = KmsKey::parse("1234abcd").expect("a key");
        let policy = document(&requests, &place(), Some(&key));
        insta::assert_snapshot!("policy", format!("{policy:#}"));
    }

    #[test]
    fn public_paths_have_no_account_and_nothing_to_decrypt() {
        let requests = [Request::Below(Prefix::parse("/aws/service/ami").expect("a prefix"))];
        let key = KmsKey::parse("1234abcd").expect("a key");
        let policy = document(&requests, &place(), Some(&key));
        let statements = policy["Statement"].as_array().expect("statements");
        let resources: Vec<_> = statements.iter().map(|one| &one["Resource"]).collect();
        assert_eq!(resources, [&json!(["arn:aws:ssm:eu-west-1::parameter/aws/service/ami"])]);
    }

    #[test]
    fn a_statement_without_resources_is_left_out() {
        let sids = |requests: &[Request], key: Option<&KmsKey>| {
            let policy = document(requests, &place(), key);
            let statements = policy["Statement"].as_array().expect("statements");
            let sids = statements.iter().map(|statement| statement["Sid"].to_string());
            sids.collect::<Vec<_>>().join(" ")
        };
        let key = KmsKey::parse("1234abcd").expect("a key");
        assert_eq!(sids(&[], Some(&key)), "");
        assert_eq!(sids(&[batch(&["/a"])], None), "\"ReadParameters\"");
        // Public parameters are not encrypted.
        let public = [batch(&["/aws/service/ami"])];
        assert_eq!(sids(&public, Some(&key)), "\"ReadParameters\"");
    }
}
