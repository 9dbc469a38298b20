//! How a profile gets its credentials: by itself, or by a role that another profile's credentials assume.

use super::{FileKind, FileSetting, Section, SharedConfig};
use crate::arn::{Arn, is_account};
use crate::diagnostic::Help;
use crate::words;

/// Settings by which a profile gets credentials. One that has none of them leaves that to other sources.
const CREDENTIALS: &[&str] = &[
    "aws_access_key_id",
    "aws_secret_access_key",
    "credential_process",
    "credential_source",
    "login_session",
    "role_arn",
    "source_profile",
    "sso_account_id",
    "sso_role_name",
    "sso_session",
    "sso_start_url",
    "web_identity_token_file",
];

/// How a profile gets its credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain<'a> {
    /// The first ones.
    pub base: Base<'a>,
    /// The roles that are assumed with them, one after the other.
    pub roles: Vec<Role<'a>>,
}

/// A role to assume.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Role<'a> {
    /// Its ARN.
    pub arn: &'a str,
    /// The name of the session, if the profile has one.
    pub session_name: Option<&'a str>,
    /// What the role's trust policy may ask for.
    pub external_id: Option<&'a str>,
    /// The device whose code it asks for.
    pub mfa_serial: Option<&'a str>,
}

/// Where the chain of a profile begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Base<'a> {
    /// A `credential_process`: the profile that has it, and its command.
    Process(&'a str, &'a FileSetting),
    /// A file with an OpenID Connect token, and the role that it is exchanged for.
    WebIdentity(&'a str, Role<'a>),
    /// IAM Identity Center.
    Sso(Sso<'a>),
    /// Keys in one of the files: the profile that has them.
    Keys(&'a str),
    /// The variables of the environment.
    Environment,
    /// The metadata service of the instance.
    Instance,
    /// The agent of the container.
    Container,
    /// `aws login`: the profile that has it, and its session.
    Login(&'a str, &'a str),
}

/// An account and a role of IAM Identity Center.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sso<'a> {
    /// The profile that has it.
    pub profile: &'a str,
    /// The session, whose token can be renewed.
    pub session: Option<&'a str>,
    /// Where the user logs in. A session's token isn't named after it.
    pub start_url: &'a str,
    /// The Region of IAM Identity Center.
    pub region: &'a FileSetting,
    /// The account.
    pub account: &'a str,
    /// The role.
    pub role: &'a str,
}

/// Why a profile can't give credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainError<'a> {
    /// The setting to correct.
    pub at: &'a FileSetting,
    /// What is wrong with it.
    pub reason: String,
    /// How to correct it.
    pub help: Help,
}

impl<'a> ChainError<'a> {
    fn new(at: &'a FileSetting, reason: String, help: impl Into<Help>) -> Self {
        Self { at, reason, help: help.into() }
    }
}

/// What `credential_source` may be.
const NAMED: [(&str, Base<'static>); 3] = [
    ("Environment", Base::Environment),
    ("Ec2InstanceMetadata", Base::Instance),
    ("EcsContainer", Base::Container),
];

/// Correct a setting of a profile.
fn set(key: &str, value: &str, profile: &str) -> Help {
    let command = format!("aws configure set {key} {value} --profile {profile}");
    Help::command("Correct it", command)
}

/// What STS takes as the name of a role's session, and as an external ID.
pub const SESSION_NAME: &str = "2 to 64 letters, digits or `_+=,.@-`";
const EXTERNAL_ID: &str = "2 to 1,224 letters, digits or `_+=,.@:/-`";

/// Whether STS takes it as the name of a role's session.
pub fn is_session_name(text: &str) -> bool {
    (2..=64).contains(&text.len()) && text.chars().all(is_in_session_name)
}

/// Whether it can be in the name of a role's session.
pub fn is_in_session_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_+=,.@-".contains(c)
}

fn is_external_id(text: &str) -> bool {
    let is_allowed = |c| is_in_session_name(c) || ":/".contains(c);
    (2..=1224).contains(&text.len()) && text.chars().all(is_allowed)
}

impl Section {
    /// A role with its other settings.
    fn role<'a>(&'a self, arn: &'a FileSetting) -> Result<Role<'a>, ChainError<'a>> {
        let is_role = |text: &str| Arn::of_role(text).is_some();
        self.checked("role_arn", is_role, "the ARN of a role, `arn:aws:iam::ACCOUNT:role/NAME`")?;
        Ok(Role {
            arn: arn.value(),
            session_name: self.checked("role_session_name", is_session_name, SESSION_NAME)?,
            external_id: self.checked("external_id", is_external_id, EXTERNAL_ID)?,
            mfa_serial: self.value("mfa_serial"),
        })
    }

    /// The value of a setting that must have a form.
    fn checked(
        &self,
        key: &str,
        is_valid: impl Fn(&str) -> bool,
        form: &str,
    ) -> Result<Option<&str>, ChainError<'_>> {
        match self.get(key) {
            Some(at) if !is_valid(at.value()) => {
                Err(ChainError::new(at, format!("`{key}` is not {form}"), "Correct it"))
            }
            at => Ok(at.map(FileSetting::value)),
        }
    }
}

impl SharedConfig {
    /// The first setting of a profile by which it gets credentials.
    pub fn first_of_credentials(&self, profile: &str) -> Option<&FileSetting> {
        let section = self.profile(profile)?;
        let settings = CREDENTIALS.iter().filter_map(|key| section.get(key));
        settings.min_by_key(|setting| (setting.kind, setting.line))
    }

    /// How a profile gets its credentials. `None` for a profile that has none, or doesn't exist.
    ///
    /// # Errors
    /// When the profile has settings for credentials that can't give any.
    pub fn credential_chain<'a>(
        &'a self,
        profile: &'a str,
    ) -> Result<Option<Chain<'a>>, ChainError<'a>> {
        let mut name = profile;
        let mut visited = Vec::new();
        let mut roles = Vec::new();
        let mut source: Option<&FileSetting> = None;
        loop {
            let Some(section) = self.profile(name) else {
                return source.map_or(Ok(None), |at| {
                    let reason = format!(
                        "there is no profile `{}`, which `source_profile` names (existing: {})",
                        at.value(),
                        listed(self.profiles())
                    );
                    let named_by = visited.last().copied().unwrap_or(profile);
                    Err(ChainError::new(at, reason, set("source_profile", "NAME", named_by)))
                });
            };
            if !CREDENTIALS.iter().any(|key| section.get(key).is_some()) {
                return source.map_or(Ok(None), |at| Err(empty_source(at)));
            }
            visited.push(name);
            let keys = (section.get("aws_access_key_id"), section.get("aws_secret_access_key"));
            // A source profile with keys assumes no role.
            let is_source_with_keys = source.is_some() && matches!(keys, (Some(_), Some(_)));
            let assumed = self.assumed(name, section)?.filter(|_| !is_source_with_keys);
            roles.extend(assumed.map(|(role, _)| role));
            let next = match assumed {
                Some((_, Some(next))) if next.value() != name => next,
                _ => {
                    let Some(base) = self.base(name, section)? else {
                        return match (assumed, source) {
                            (Some((_, Some(at))), _) => Err(ChainError::new(
                                at,
                                format!(
                                    "the profile `{name}` names itself as `source_profile` and has no keys"
                                ),
                                set("source_profile", "NAME", name),
                            )),
                            (_, Some(at)) => Err(empty_source(at)),
                            (_, None) => Ok(None),
                        };
                    };
                    roles.reverse();
                    return Ok(Some(Chain { base, roles }));
                }
            };
            if let Some(start) = visited.iter().position(|seen| *seen == next.value()) {
                let mut profiles = visited.split_off(start);
                profiles.push(next.value());
                let reason = format!(
                    "`source_profile` leads back to the same profile: {}",
                    profiles.join(" → ")
                );
                let help = Help::command(
                    "Let one of them name a profile with credentials of its own",
                    format!("aws configure set source_profile NAME --profile {name}"),
                );
                return Err(ChainError::new(next, reason, help));
            }
            (name, source) = (next.value(), Some(next));
        }
    }

    /// The role that a profile assumes, and the profile whose credentials assume it.
    fn assumed<'a>(
        &self,
        profile: &'a str,
        section: &'a Section,
    ) -> Result<Option<(Role<'a>, Option<&'a FileSetting>)>, ChainError<'a>> {
        let Some(role) = section.get("role_arn") else {
            return Ok(None);
        };
        if section.get("web_identity_token_file").is_some() {
            return Ok(None);
        }
        match (section.get("source_profile"), section.get("credential_source")) {
            (Some(_), Some(at)) => {
                let reason = format!(
                    "the profile `{profile}` has both `source_profile` and `credential_source`"
                );
                Err(ChainError::new(at, reason, "Remove one of them"))
            }
            (None, None) => {
                let reason = format!(
                    "the profile `{profile}` has `role_arn` and neither `source_profile` nor `credential_source`"
                );
                let help = Help::command(
                    "Name the profile whose credentials assume it",
                    format!("aws configure set source_profile NAME --profile {profile}"),
                );
                Err(ChainError::new(role, reason, help))
            }
            (source, _) => Ok(Some((section.role(role)?, source))),
        }
    }

    /// In the AWS CLI's order. `None` for a profile whose settings are not enough for any of them.
    fn base<'a>(
        &'a self,
        profile: &'a str,
        section: &'a Section,
    ) -> Result<Option<Base<'a>>, ChainError<'a>> {
        let half = |has, lacks| both(profile, section, has, lacks);
        if let (Some(at), Some(_)) = (section.get("credential_source"), section.get("role_arn")) {
            let source = at.value();
            let names = || NAMED.iter().map(|(name, _)| *name);
            if let Some((_, base)) = NAMED.iter().find(|(name, _)| *name == source) {
                return Ok(Some(base.clone()));
            }
            let nearest = words::nearest(source, names()).unwrap_or("NAME");
            let reason =
                format!("`credential_source` is `{source}`, and not one of {}", listed(names()));
            return Err(ChainError::new(at, reason, set("credential_source", nearest, profile)));
        }
        half("web_identity_token_file", "role_arn")?;
        let file = section.value("web_identity_token_file");
        if let (Some(file), Some(role)) = (file, section.get("role_arn")) {
            return Ok(Some(Base::WebIdentity(file, section.role(role)?)));
        }
        if let Some(sso) = self.sso(profile, section)? {
            return Ok(Some(Base::Sso(sso)));
        }
        half("aws_access_key_id", "aws_secret_access_key")?;
        half("aws_secret_access_key", "aws_access_key_id")?;
        let keys = section.get("aws_access_key_id");
        Ok(match (section.value("login_session"), section.get("credential_process")) {
            _ if keys.is_some_and(|keys| keys.kind == FileKind::Credentials) => {
                Some(Base::Keys(profile))
            }
            (Some(session), _) => Some(Base::Login(profile, session)),
            (None, Some(command)) => Some(Base::Process(profile, command)),
            (None, None) if keys.is_some() => Some(Base::Keys(profile)),
            (None, None) => {
                half("source_profile", "role_arn")?;
                half("credential_source", "role_arn")?;
                None
            }
        })
    }

    /// Without an account and a role, the settings of a session give no credentials.
    fn sso<'a>(
        &'a self,
        profile: &'a str,
        section: &'a Section,
    ) -> Result<Option<Sso<'a>>, ChainError<'a>> {
        let half = |has, lacks| both(profile, section, has, lacks);
        half("sso_account_id", "sso_role_name")?;
        half("sso_role_name", "sso_account_id")?;
        let named = match section.get("sso_session") {
            Some(at) => match self.sso_session(at.value()) {
                Some(session) => Some((at.value(), session)),
                None => {
                    let sessions = || self.sso_sessions();
                    let nearest = words::nearest(at.value(), sessions()).unwrap_or("NAME");
                    let reason = format!(
                        "there is no section `[sso-session {}]`, which `sso_session` names (existing: {})",
                        at.value(),
                        listed(sessions())
                    );
                    return Err(ChainError::new(at, reason, set("sso_session", nearest, profile)));
                }
            },
            None => {
                half("sso_start_url", "sso_region")?;
                half("sso_account_id", "sso_start_url")?;
                None
            }
        };
        let (Some(account), Some(role)) =
            (section.get("sso_account_id"), section.value("sso_role_name"))
        else {
            return Ok(None);
        };
        section.checked("sso_account_id", is_account, "an account's ID, twelve digits")?;
        let settings = named.map_or(section, |(_, session)| session);
        let Some(region) = settings.get("sso_region") else {
            let session = section.get("sso_session");
            let whose = match session {
                Some(name) => format!("the section `[sso-session {}]`", name.value()),
                None => format!("the profile `{profile}`"),
            };
            return Err(ChainError::new(
                session.unwrap_or(account),
                format!("{whose} has no `sso_region`"),
                "Add the Region of IAM Identity Center to it, `sso_region`",
            ));
        };
        Ok(Some(Sso {
            profile,
            session: named.map(|(name, _)| name),
            start_url: settings.value("sso_start_url").unwrap_or_default(),
            region,
            account: account.value(),
            role,
        }))
    }
}

/// Of two settings, the first needs the second.
fn both<'a>(
    profile: &'a str,
    section: &'a Section,
    has: &'static str,
    lacks: &'static str,
) -> Result<(), ChainError<'a>> {
    match section.get(has) {
        Some(at) if section.get(lacks).is_none() => Err(ChainError::new(
            at,
            format!("the profile `{profile}` has `{has}` and no `{lacks}`"),
            format!("Add `{lacks}`, or remove `{has}`"),
        )),
        _ => Ok(()),
    }
}

fn empty_source(at: &FileSetting) -> ChainError<'_> {
    let name = at.value();
    ChainError::new(
        at,
        format!("the profile `{name}`, which `source_profile` names, has no credentials"),
        Help::command("Give it some", format!("aws configure --profile {name}")),
    )
}

fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    match names.collect::<Vec<_>>().join(", ").as_str() {
        "" => "none".to_owned(),
        names => names.to_owned(),
    }
}
