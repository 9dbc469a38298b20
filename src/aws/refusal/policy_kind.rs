//! The kinds of policies that AWS names where it denies a request (IAM User Guide, "Troubleshoot access denied
//! error messages").

use std::fmt;

/// A kind of policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PolicyKind {
    /// Of a user or a role.
    Identity,
    /// Of a key, or a parameter that is shared.
    Resource,
    /// Of a VPC endpoint.
    VpcEndpoint,
    /// The boundary of a user's or a role's permissions.
    PermissionsBoundary,
    /// Passed by whoever assumes a role.
    Session,
    /// Of a role: who may assume it.
    RoleTrust,
    /// Of an organization, for its accounts.
    ServiceControl,
    /// Of an organization, for its resources.
    ResourceControl,
    /// Another one, in AWS's words.
    Other(String),
}

impl PolicyKind {
    /// Parses the beginning of a text.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim_start();
        if text.starts_with("permissions boundary") {
            return Some(Self::PermissionsBoundary);
        }
        let (name, _) = text.split_once("policy")?;
        Some(match name.trim_end() {
            "identity-based" => Self::Identity,
            "resource-based" => Self::Resource,
            "VPC endpoint" => Self::VpcEndpoint,
            // Both occur.
            "session" | "sessions" => Self::Session,
            "role trust" => Self::RoleTrust,
            "service control" => Self::ServiceControl,
            "resource control" => Self::ResourceControl,
            other => Self::Other(other.to_owned()),
        })
    }

    /// The name with its article.
    pub(super) fn with_article(&self) -> String {
        let article = match self {
            Self::Identity => "an",
            Self::RoleTrust => "the",
            _ => "a",
        };
        format!("{article} {self}")
    }
}

impl fmt::Display for PolicyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::PermissionsBoundary => return f.write_str("permissions boundary"),
            Self::Identity => "identity-based",
            Self::Resource => "resource-based",
            Self::VpcEndpoint => "VPC endpoint",
            Self::Session => "session",
            Self::RoleTrust => "role trust",
            Self::ServiceControl => "service control",
            Self::ResourceControl => "resource control",
            Self::Other(name) if name.is_empty() => return f.write_str("policy"),
            Self::Other(name) => name,
        };
        write!(f, "{name} policy")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kinds_have_their_names() {
        for (text, kind) in [
            ("identity-based policy", PolicyKind::Identity),
            ("resource-based policy", PolicyKind::Resource),
            ("VPC endpoint policy", PolicyKind::VpcEndpoint),
            ("permissions boundary", PolicyKind::PermissionsBoundary),
            ("session policy", PolicyKind::Session),
            ("role trust policy", PolicyKind::RoleTrust),
            ("service control policy", PolicyKind::ServiceControl),
            ("resource control policy", PolicyKind::ResourceControl),
            ("odd policy", PolicyKind::Other("odd".to_owned())),
            ("policy", PolicyKind::Other(String::new())),
        ] {
            let parsed = PolicyKind::parse(&format!("{text} allows the action"));
            assert_eq!(parsed.as_ref(), Some(&kind));
            assert_eq!(kind.to_string(), text);
        }
        assert_eq!(PolicyKind::parse("sessions policy: arn:x"), Some(PolicyKind::Session));
        assert_eq!(PolicyKind::parse("rule"), None);
    }
}
