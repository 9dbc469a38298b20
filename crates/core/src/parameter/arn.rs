//! ARNs of parameters.

use super::{ParameterName, malformed};
use crate::arn::{Arn, is_account};
use crate::diagnostic::Diagnostic;

/// The ARN of a parameter, without selector.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ParameterArn {
    text: String,
    arn: Arn,
    name: ParameterName,
}

impl ParameterArn {
    pub(super) fn parse(text: &str) -> Result<Self, Diagnostic> {
        let wrong = |reason: &str| {
            let form = "Write it as `arn:aws:ssm:REGION:ACCOUNT:parameter/NAME`";
            malformed(text, reason, form)
        };
        let arn = Arn::parse(text).ok_or_else(|| wrong("is not a complete ARN"))?;
        if !arn.partition.starts_with("aws") {
            let partitions = "The partition is `aws`, `aws-cn` or `aws-us-gov`";
            return Err(malformed(text, "has no AWS partition", partitions));
        }
        if arn.service != "ssm" {
            let secret = "A secret of Secrets Manager is `/aws/reference/secretsmanager/NAME`";
            let reason = "is not the ARN of an SSM parameter";
            return Err(malformed(text, reason, secret));
        }
        if arn.region.is_empty() {
            return Err(wrong("has no Region"));
        }
        let public = arn.account.is_empty() && arn.resource.starts_with("parameter/aws/service/");
        if !public && !is_account(&arn.account) {
            return Err(wrong("has no 12-digit account ID"));
        }
        let name = arn.resource.strip_prefix("parameter/");
        let name = name.ok_or_else(|| wrong("has no `parameter/NAME`"))?;
        let name = ParameterName::parse(&format!("/{name}"))?;
        Ok(Self { text: text.to_owned(), arn, name })
    }

    /// The ARN as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Its parts.
    pub fn parts(&self) -> &Arn {
        &self.arn
    }

    /// The name of the parameter in its own account.
    pub fn name(&self) -> &ParameterName {
        &self.name
    }
}
