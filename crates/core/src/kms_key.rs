//! KMS keys, as policies name them.

use crate::arn::{Arn, is_account};
use crate::diagnostic::{Diagnostic, Help};
use crate::region::Region;

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
    /// For anything else, aliases included.
    pub fn parse(text: &str) -> Result<Self, Diagnostic> {
        let arn = Arn::parse(text).filter(|arn| {
            arn.service == "kms" && Region::parse(&arn.region).is_ok() && is_account(&arn.account)
        });
        let resource = arn.as_ref().map_or(text, |arn| &arn.resource).to_owned();
        if resource.starts_with("alias/") {
            return Err(Diagnostic::invalid(
                format!("`{text}` is an alias, and IAM allows kms:Decrypt on keys only"),
                Help::command(
                    "Give the key's ARN",
                    format!(
                        "aws kms describe-key --key-id {text} --query KeyMetadata.Arn --output text"
                    ),
                ),
            ));
        }
        match (arn, resource.strip_prefix("key/")) {
            (None, None) if is_key_id(text) => Ok(Self::Id(text.to_owned())),
            (Some(arn), Some(id)) if id == "*" || is_key_id(id) => Ok(Self::Arn(arn)),
            _ => Err(Diagnostic::invalid(
                format!("`{text}` is not a KMS key"),
                "Give its ID, or its ARN: `arn:aws:kms:REGION:ACCOUNT:key/ID`",
            )),
        }
    }
}

/// A UUID, or `mrk-` and hexadecimal digits; emulators have shorter ones.
fn is_key_id(text: &str) -> bool {
    let digits = text.strip_prefix("mrk-").unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
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
            ("arn:aws:kms:eu-west-1:111122223333:alias/x", "is an alias"),
            ("key/1234abcd", "is not a KMS key"),
            ("", "is not a KMS key"),
            ("*", "is not a KMS key"),
            ("not-a-key", "is not a KMS key"),
            ("my-service-key-0000", "is not a KMS key"),
            ("mrk-1234abcd12ab34cd56ef1234567890ag", "is not a KMS key"),
            (
                "arn:aws:ssm:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
                "is not a KMS key",
            ),
            (
                "arn:aws:kms:eu-west-1:1:key/1234abcd-12ab-34cd-56ef-1234567890ab",
                "is not a KMS key",
            ),
            ("arn:aws:kms:eu-west-1:111122223333:key/", "is not a KMS key"),
        ] {
            let error = KmsKey::parse(text).expect_err(text).to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
