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
    Profile {
        name: String,
        renewal: Renewal,
        /// The first of its settings: a file and a line.
        place: String,
    },
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
    },
}

/// Temporary keys (ASIA…) have a session token, and others (AKIA…) have none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::aws) enum TokenFault {
    Missing,
    Needless,
}

impl TokenFault {
    pub(super) fn of(key_id: &str, has_token: bool) -> Option<Self> {
        match has_token {
            false if key_id.starts_with("ASIA") => Some(Self::Missing),
            true if key_id.starts_with("AKIA") => Some(Self::Needless),
            _ => None,
        }
    }
}

/// How the credentials of a profile are renewed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::aws) enum Renewal {
    /// By the user: this profile has the settings of IAM Identity Center.
    Sso(String),
    /// By the user, with `aws login` for this profile.
    Login(String),
    /// By whoever wrote the keys into this section of the file.
    Keys { section: String, file: PathBuf, fault: Option<TokenFault> },
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

    /// What is wrong with the session token of these keys, and the setting that it has or would have.
    pub(super) fn token_fault(&self) -> Option<(TokenFault, &'static str)> {
        match self {
            Self::Environment { key_id: Some(id), session_token, .. } => {
                TokenFault::of(id, *session_token).map(|fault| (fault, "AWS_SESSION_TOKEN"))
            }
            Self::Profile { renewal: Renewal::Keys { fault, .. }, .. } => {
                fault.map(|fault| (fault, "`aws_session_token`"))
            }
            _ => None,
        }
    }

    /// Keys in the environment hide a profile.
    pub(in crate::aws) fn unused(&self) -> Option<String> {
        match self {
            Self::Environment { overrides: Some(profile), .. } => Some(format!(
                "which take precedence over the profile `{}` ({})",
                profile.value,
                short_origin(&profile.origin)
            )),
            _ => None,
        }
    }

    /// How to renew these credentials.
    pub(super) fn renewal(&self) -> Vec<Help> {
        let unset = "unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN";
        match self {
            Self::Environment { overrides, .. } => {
                let first = match (self.token_fault(), overrides) {
                    (Some((TokenFault::Missing, _)), _) => Help::text("Set AWS_SESSION_TOKEN too"),
                    (Some((TokenFault::Needless, _)), _) => {
                        Help::command("Unset it", "unset AWS_SESSION_TOKEN AWS_SECURITY_TOKEN")
                    }
                    (None, Some(_)) => Help::text("Renew them"),
                    (None, None) => Help::text(
                        "Set new AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN",
                    ),
                };
                let or = match overrides {
                    Some(profile) => {
                        let Given { value, origin } = profile;
                        let origin = short_origin(origin);
                        let text =
                            format!("Or use the profile `{value}` ({origin}) in their place");
                        Help::command(text, unset)
                    }
                    None => Help::command(
                        "Or use a profile in their place",
                        format!("{unset}; export AWS_PROFILE=NAME"),
                    ),
                };
                vec![first, or]
            }
            Self::Profile { renewal, .. } => vec![match renewal {
                Renewal::Sso(name) => {
                    Help::command("Renew them", format!("aws sso login --profile {name}"))
                }
                Renewal::Login(name) => {
                    Help::command("Renew them", format!("aws login --profile {name}"))
                }
                Renewal::Keys { section, file, fault } => {
                    let file = file.display();
                    Help::text(match fault {
                        Some(TokenFault::Missing) => {
                            format!("Add aws_session_token to [{section}] of {file}")
                        }
                        Some(TokenFault::Needless) => {
                            format!("Remove aws_session_token from [{section}] of {file}")
                        }
                        // `aws configure` asks for no session token.
                        None => format!(
                            "Write new aws_access_key_id, aws_secret_access_key and aws_session_token into [{section}] of {file}"
                        ),
                    })
                }
                Renewal::Other => self.check(),
            }],
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
            Self::Profile { name, place, .. } => {
                Help::text(format!("Check the settings of the profile `{name}` ({place})"))
            }
            Self::WebIdentity => Help::text("Check AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE"),
            Self::Container => Help::text("Check the role of the task or the pod, and its agent"),
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
fn short_origin(origin: &Origin) -> String {
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
            Self::Profile { name, .. } => write!(f, "the profile `{name}`"),
            Self::WebIdentity => f.write_str("the web identity"),
            Self::Container => f.write_str("the container's agent"),
            Self::Instance => f.write_str("the instance metadata service"),
            Self::Role { arn, base, .. } => write!(f, "the role {arn}, assumed with {base}"),
        }
    }
}
