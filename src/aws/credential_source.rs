//! Where credentials come from, and what to do when one of these places fails.

use std::fmt;

/// Where credentials come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialSource {
    /// `AWS_ACCESS_KEY_ID` and its fellows.
    Environment,
    /// A profile of the shared configuration files, whatever stands in it.
    Profile(String),
    /// A token in a file, exchanged for a role.
    WebIdentity,
    /// The agent of ECS, EKS or another.
    Container,
    /// The metadata service of EC2.
    Instance,
    /// A role that is assumed with other credentials: its ARN.
    Role(String),
}

impl CredentialSource {
    /// Whether STS gives the credentials.
    pub(super) fn asks_sts(&self) -> bool {
        matches!(self, Self::WebIdentity | Self::Role(_))
    }

    /// What to do when it fails.
    pub(super) fn remedy(&self) -> String {
        match self {
            Self::Environment => {
                "check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN".to_owned()
            }
            Self::Profile(name) => {
                format!("try it with `aws sts get-caller-identity --profile {name}`")
            }
            Self::WebIdentity => "AWS_WEB_IDENTITY_TOKEN_FILE must be readable, and the trust policy of AWS_ROLE_ARN must allow its issuer, subject and audience".to_owned(),
            Self::Container => "check the role of the task or the pod, its agent, and the file in AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE".to_owned(),
            Self::Instance => {
                "check the instance's role and its metadata options".to_owned()
            }
            Self::Role(_) => "its trust policy must allow the caller (`aws sts get-caller-identity`) and this `--external-id`, and the caller's policy sts:AssumeRole on it".to_owned(),
        }
    }
}

impl fmt::Display for CredentialSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment => f.write_str("the environment"),
            Self::Profile(name) => write!(f, "the profile `{name}`"),
            Self::WebIdentity => f.write_str("the web identity"),
            Self::Container => f.write_str("the container's agent"),
            Self::Instance => f.write_str("the instance metadata service"),
            Self::Role(arn) => write!(f, "the role {arn}"),
        }
    }
}
