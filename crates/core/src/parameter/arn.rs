//! ARNs of parameters.

use super::{Malformed, ParameterName};
use crate::arn::Arn;

/// The ARN of a parameter, without selector.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ParameterArn {
    text: String,
    arn: Arn,
    name: ParameterName,
}

impl ParameterArn {
    pub(super) fn parse(text: &str) -> Result<Self, Malformed> {
        let wrong = |reason: &str| Malformed::new(text, reason);
        let arn = Arn::parse(text).ok_or_else(|| {
            wrong("is not a complete ARN: `arn:PARTITION:ssm:REGION:ACCOUNT:parameter/NAME`")
        })?;
        if !arn.partition.starts_with("aws") {
            return Err(wrong(
                "has no AWS partition (`aws`, `aws-cn`, `aws-us-gov`)",
            ));
        }
        if arn.service != "ssm" {
            return Err(wrong(
                "is not the ARN of an SSM parameter; a secret of Secrets Manager is `/aws/reference/secretsmanager/NAME`",
            ));
        }
        if arn.region.is_empty() {
            return Err(wrong("has no Region"));
        }
        let public = arn.account.is_empty() && arn.resource.starts_with("parameter/aws/service/");
        let account = &arn.account;
        if !public && (account.len() != 12 || !account.bytes().all(|b| b.is_ascii_digit())) {
            return Err(wrong("has no 12-digit account ID"));
        }
        let Some(name) = arn.resource.strip_prefix("parameter/") else {
            return Err(wrong("has no `parameter/NAME`"));
        };
        let name = ParameterName::parse(&format!("/{name}")).map_err(|e| wrong(&e.reason))?;
        Ok(Self {
            text: text.to_owned(),
            arn,
            name,
        })
    }

    /// The ARN as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Its parts.
    #[must_use]
    pub fn parts(&self) -> &Arn {
        &self.arn
    }

    /// The name of the parameter in its own account.
    #[must_use]
    pub fn name(&self) -> &ParameterName {
        &self.name
    }
}
