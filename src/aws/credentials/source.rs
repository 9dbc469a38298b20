//! Where credentials come from.

use ssm_exec_core::arn::Arn;
use ssm_exec_core::diagnostic::Help;
use ssm_exec_core::origin::{Given, Origin};
use std::fmt;
use std::path::PathBuf;

/// Where credentials come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::aws) enum CredentialSource {
    /// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`.
    Environment {
        /// The access key ID, if it looks like one.
        key_id: Option<String>,
        /// Whether there is a session token, as temporary keys need it.
        session_token: bool,
        /// A profile that these variables take precedence over.
        overrides: Option<Given<String>>,
    },
    /// A profile of the shared configuration files.
    Profile(String, Renewal),
    /// A token in a file, exchanged for a role.
    WebIdentity,
    /// The agent of ECS, EKS or another.
    Container,
    /// The metadata service of EC2.
    Instance,
    /// A role that is assumed with other credentials.
    Role {
        /// The role.
        arn: Arn,
        /// What it is assumed with.
        base: Box<CredentialSource>,
        /// Whether an external ID is given.
        with_external_id: bool,
    },
}

/// How the credentials of a profile are renewed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::aws) enum Renewal {
    /// By the user: this profile has the settings of IAM Identity Center.
    Sso(String),
    /// By the user, with `aws login` for this profile.
    Login(String),
    /// By whoever wrote the keys of this profile into the file.
    Keys(String, PathBuf),
    /// By another source.
    Other,
}

impl CredentialSource {
    /// The environment, with the ID of its key.
    pub(super) fn environment(
        key_id: Option<&str>,
        session_token: bool,
        overrides: Option<&Given<String>>,
    ) -> Self {
        Self::Environment {
            key_id: key_id.and_then(shown_key_id).map(str::to_owned),
            session_token,
            overrides: overrides.cloned(),
        }
    }

    /// Whether these are temporary keys without their session token.
    pub(super) fn lacks_session_token(&self) -> bool {
        matches!(self, Self::Environment { key_id: Some(id), session_token: false, .. } if id.starts_with("ASIA"))
    }

    /// How to renew these credentials.
    pub(super) fn renewal(&self) -> Vec<Help> {
        let unset = "unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN";
        match self {
            Self::Environment { overrides: Some(profile), .. } => vec![
                Help::text("Renew them"),
                Help::command(
                    format!(
                        "Or use the profile `{}` ({}) in their place",
                        profile.value,
                        short_origin(&profile.origin)
                    ),
                    unset,
                ),
            ],
            Self::Environment { .. } => vec![
                Help::text(match self.lacks_session_token() {
                    true => "Set AWS_SESSION_TOKEN too",
                    false => {
                        "Set new AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN"
                    }
                }),
                Help::command(
                    "Or use a profile in their place",
                    format!("{unset}; export AWS_PROFILE=NAME"),
                ),
            ],
            Self::Profile(_, Renewal::Sso(name)) => {
                vec![Help::command("Renew them", format!("aws sso login --profile {name}"))]
            }
            Self::Profile(_, Renewal::Login(name)) => {
                vec![Help::command("Renew them", format!("aws login --profile {name}"))]
            }
            // `aws configure` asks for no session token.
            Self::Profile(_, Renewal::Keys(name, file)) => vec![Help::text(format!(
                "Write new aws_access_key_id, aws_secret_access_key and aws_session_token into [{name}] of {}",
                file.display()
            ))],
            Self::Profile(_, Renewal::Other) => vec![self.check()],
            Self::WebIdentity => vec![Help::text(
                "Renew the token in AWS_WEB_IDENTITY_TOKEN_FILE: restart the pod, or fetch a new token before this step",
            )],
            Self::Container => {
                vec![Help::text("Restart the task or the pod, so that its agent gets new ones")]
            }
            Self::Instance => vec![Help::command(
                "Check the role of the instance profile",
                "aws ec2 describe-iam-instance-profile-associations",
            )],
            Self::Role { base, .. } => base.renewal(),
        }
    }

    /// Where to look when it fails.
    pub(super) fn check(&self) -> Help {
        match self {
            Self::Environment { .. } => {
                Help::text("Check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN")
            }
            Self::Profile(name, _) => Help::command(
                "See what the profile has, and correct it in ~/.aws/config",
                format!("aws configure list --profile {name}"),
            ),
            Self::WebIdentity => Help::text("Check AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE"),
            Self::Container => Help::text(
                "Check the role of the task or the pod, its agent, and the token in AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
            ),
            Self::Instance => Help::command(
                "Check the instance's role and its metadata options",
                "aws ec2 describe-instances --instance-ids ID --query 'Reservations[].Instances[].[IamInstanceProfile,MetadataOptions]'",
            ),
            Self::Role { .. } => Help::text("Check the role's ARN, and STS's endpoint"),
        }
    }
}

/// An access key ID that is safe to print: where it looks like one, it can't be a secret that was put into the
/// wrong variable.
fn shown_key_id(text: &str) -> Option<&str> {
    let is_id = ["AKIA", "ASIA", "AKID"].iter().any(|start| text.starts_with(start))
        && text.len() <= 32
        && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    is_id.then_some(text)
}

/// Where a profile was named, in a few words.
pub(in crate::aws) fn short_origin(origin: &Origin) -> String {
    match origin {
        Origin::File { path, .. } => format!("from {}", path.display()),
        origin => format!("from {origin}"),
    }
}

impl fmt::Display for CredentialSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment { key_id, .. } => {
                f.write_str("the environment")?;
                match key_id {
                    Some(id) => write!(f, " (AWS_ACCESS_KEY_ID={id})"),
                    None => Ok(()),
                }
            }
            Self::Profile(name, _) => write!(f, "the profile `{name}`"),
            Self::WebIdentity => f.write_str("the web identity"),
            Self::Container => f.write_str("the container's agent"),
            Self::Instance => f.write_str("the instance metadata service"),
            Self::Role { arn, base, .. } => write!(f, "the role {arn}, assumed with {base}"),
        }
    }
}
