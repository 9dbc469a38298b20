//! Denied actions, and the messages of IAM and KMS.

use crate::api_error::ApiError;

/// The kind of policy that a denial names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// The policy of the user or the role.
    Identity,
    /// The policy of the parameter or the key.
    Resource,
    /// A permissions boundary.
    Boundary,
    /// The session policy.
    Session,
    /// The service control policy (SCP) of the organisation.
    ServiceControl,
    /// The policy of the VPC endpoint.
    VpcEndpoint,
}

impl Policy {
    const fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity-based policy",
            Self::Resource => "resource-based policy",
            Self::Boundary => "permissions boundary",
            Self::Session => "session policy",
            Self::ServiceControl => "service control policy",
            Self::VpcEndpoint => "VPC endpoint policy",
        }
    }

    fn with_article(self) -> String {
        let article = if self == Self::Identity { "an" } else { "a" };
        format!("{article} {}", self.name())
    }
}

/// The reason of a denial, which ends the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Denial {
    /// No policy of this kind allows it.
    Implicit(Policy),
    /// A policy of this kind denies it.
    Explicit(Policy),
    /// The same with the ARN of the policy, as since 2026.
    ExplicitBy(Policy, String),
    /// A VPC endpoint policy denies it through an SCP.
    VpcEndpointThroughScp,
    /// No reason, as before 2021.
    Old,
    /// A custom message; `{action}` and `{resource}` are replaced.
    Text(String),
}

impl Default for Denial {
    fn default() -> Self {
        Self::Implicit(Policy::Identity)
    }
}

impl From<&str> for Denial {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl Denial {
    /// A principal without a permission has none on `…:*` either, where malformed names are authorised.
    fn restricts(&self) -> bool {
        matches!(self, Self::Implicit(_) | Self::Old)
    }

    fn error(&self, principal: &str, action: &str, resource: &str) -> ApiError {
        let reason = match self {
            Self::Old => String::new(),
            Self::Implicit(policy) => {
                format!(" because no {} allows the {action} action", policy.name())
            }
            Self::Explicit(policy) => {
                format!(" with an explicit deny in {}", policy.with_article())
            }
            Self::ExplicitBy(policy, arn) => {
                format!(" with an explicit deny in {}: {arn}", policy.with_article())
            }
            Self::VpcEndpointThroughScp => " with an explicit deny in a VPC endpoint policy transitively through a service control policy".to_owned(),
            Self::Text(text) => {
                let text = text.replace("{action}", action).replace("{resource}", resource);
                return ApiError::client("AccessDeniedException", text);
            }
        };
        ApiError::client(
            "AccessDeniedException",
            format!(
                "User: {principal} is not authorized to perform: {action} on resource: {resource}{reason}"
            ),
        )
    }
}

/// The reason why KMS denies decryption.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KmsDenial {
    /// The older message, about a customer master key.
    Old,
    /// The newer message, in the form of IAM.
    New,
    /// The key is pending deletion.
    KeyDisabled,
    /// The parameter is shared, its key is not.
    NotShared,
    /// Another error.
    Other(ApiError),
}

impl KmsDenial {
    fn error(&self, principal: &str, key: &str) -> ApiError {
        let tail = |code: &str| {
            format!(
                "(Service: AWSKMS; Status Code: 400; Error Code: {code}; Request ID: 7a9f2c1e-0000-4000-8000-6b1d5b1d5b1d; Proxy: null)"
            )
        };
        match self {
            Self::Old => ApiError::client(
                "AccessDeniedException",
                format!(
                    "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access. {}",
                    tail("AccessDeniedException")
                ),
            ),
            Self::New => ApiError::client(
                "AccessDeniedException",
                format!(
                    "User: {principal} is not authorized to perform: kms:Decrypt on resource: {key} because no resource-based policy allows the kms:Decrypt action {}",
                    tail("AccessDeniedException")
                ),
            ),
            Self::KeyDisabled => ApiError::client(
                "InvalidKeyId",
                format!("{key} is pending deletion. {}", tail("KMSInvalidStateException")),
            ),
            Self::NotShared => ApiError::client("InvalidKeyId", "Invalid keyId."),
            Self::Other(error) => error.clone(),
        }
    }
}

#[derive(Debug)]
struct Rule {
    action: String,
    resource: String,
    denial: Denial,
}

/// All denials.
#[derive(Debug, Default)]
pub(crate) struct Access {
    /// The caller named in denials.
    pub(crate) principal: String,
    rules: Vec<Rule>,
    kms: Vec<(String, KmsDenial)>,
    expired: Vec<String>,
}

impl Access {
    pub(crate) fn deny(&mut self, action: &str, resource: &str, denial: Denial) {
        let service = if action.contains(':') { "" } else { "ssm:" };
        self.rules.push(Rule {
            action: format!("{service}{action}"),
            resource: resource.to_owned(),
            denial,
        });
    }

    pub(crate) fn deny_kms(&mut self, name: &str, denial: KmsDenial) {
        self.kms.push((name.to_owned(), denial));
    }

    pub(crate) fn clear_denials(&mut self) {
        self.rules.clear();
        self.kms.clear();
    }

    pub(crate) fn expire(&mut self, access_key_id: &str) {
        self.expired.push(access_key_id.to_owned());
    }

    /// Checks the access key in an `Authorization` header: `… Credential=ID/20260101/…`.
    pub(crate) fn check_access_key(&self, authorization: &str) -> Result<(), ApiError> {
        let is_signed_with = |id: &String| authorization.contains(&format!("Credential={id}/"));
        match self.expired.iter().any(is_signed_with) {
            true => Err(ApiError::client(
                "ExpiredTokenException",
                "The security token included in the request is expired",
            )),
            false => Ok(()),
        }
    }

    /// Checks an action, given with its service, on a resource.
    pub(crate) fn check(&self, action: &str, resource: &str) -> Result<(), ApiError> {
        self.check_rules(action, resource, |rule| glob(&rule.resource, resource))
    }

    /// Checks an action on all resources, for names of which no ARN can be made.
    pub(crate) fn check_everything(&self, action: &str, resource: &str) -> Result<(), ApiError> {
        self.check_rules(action, resource, |rule| {
            rule.denial.restricts() || glob(&rule.resource, resource)
        })
    }

    fn check_rules(
        &self,
        action: &str,
        resource: &str,
        matches: impl Fn(&Rule) -> bool,
    ) -> Result<(), ApiError> {
        let rule = self.rules.iter().find(|rule| glob(&rule.action, action) && matches(rule));
        rule.map_or(Ok(()), |rule| Err(rule.denial.error(&self.principal, action, resource)))
    }

    /// Checks the decryption of a parameter.
    pub(crate) fn check_key(&self, name: &str, key: &str) -> Result<(), ApiError> {
        let denied = self.kms.iter().find(|(pattern, _)| glob(pattern, name));
        denied.map_or(Ok(()), |(_, denial)| Err(denial.error(&self.principal, key)))
    }
}

/// Matches a pattern of IAM: `*` for any characters, `?` for one.
pub(crate) fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    // Where to continue if the text after the last star doesn't match.
    let mut retry = None;
    while t < text.len() {
        if pattern.get(p) == Some(&b'*') {
            retry = Some((p, t));
            p += 1;
        } else if pattern.get(p).is_some_and(|&c| c == b'?' || c == text[t]) {
            (p, t) = (p + 1, t + 1);
        } else if let Some((star, from)) = retry {
            retry = Some((star, from + 1));
            (p, t) = (star + 1, from + 1);
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|&c| c == b'*')
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn stars_match_any_text_and_question_marks_match_one_character() {
        for (pattern, text) in [("*", ""), ("a*c", "abbc"), ("a?c", "abc"), ("*b*", "abab")] {
            assert!(glob(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("a", "ab"), ("a*c", "ab"), ("a?c", "ac"), ("", "a")] {
            assert!(!glob(pattern, text), "{pattern} {text}");
        }
    }
}
