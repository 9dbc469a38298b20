//! KMS keys, as policies name them.

use crate::arn::{Arn, is_account};
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
}
