//! The shared AWS configuration files, `~/.aws/config` and `~/.aws/credentials`.
//!
//! They are read by the rules of the AWS CLI, since the SDK's parser refuses or ignores some of what the
//! CLI accepts: indented files, text after a section's `]`, quoted names of profiles. The SDK gets what was
//! read in a form that it accepts. And what can't give credentials is found here, before any source of
//! credentials is asked, with the file and the line.

mod chain;
mod parse;

pub use chain::{
    Base, Chain, ChainError, Role, SESSION_NAME, Sso, is_in_session_name, is_session_name,
};

use std::collections::BTreeMap;
use std::fmt::{self, Write};
use zeroize::Zeroizing;

/// Which of the two files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FileKind {
    /// `~/.aws/config`
    Config,
    /// `~/.aws/credentials`
    Credentials,
}

/// Why a file can't be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong, as the rest of a sentence about the line.
    pub reason: String,
}

/// One setting of a section. Its value may be a secret access key.
#[derive(Clone, PartialEq, Eq)]
pub struct FileSetting {
    value: Zeroizing<String>,
    /// The file that it is in.
    pub kind: FileKind,
    /// Counted from 1.
    pub line: usize,
}

impl FileSetting {
    fn new(value: &str, kind: FileKind, line: usize) -> Self {
        Self { value: Zeroizing::new(value.to_owned()), kind, line }
    }

    /// Its value.
    pub fn value(&self) -> &str {
        &self.value
    }
}

/// Without the value.
impl fmt::Debug for FileSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, line, .. } = self;
        write!(f, "FileSetting({kind:?}, line {line})")
    }
}

/// The settings of a section by their names in lower case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Section(BTreeMap<String, FileSetting>);

impl Section {
    /// A setting that isn't empty.
    pub fn get(&self, key: &str) -> Option<&FileSetting> {
        self.0.get(key).filter(|setting| !setting.value().is_empty())
    }

    /// The value of a setting that isn't empty.
    pub fn value(&self, key: &str) -> Option<&str> {
        self.get(key).map(FileSetting::value)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum SectionName {
    Profile(String),
    SsoSession(String),
    Services(String),
    /// It means nothing, such as `[plugins]`, or lacks the word `profile`.
    Other(String),
}

/// A profile's own keys: the ID first, and the token under its two names.
const KEYS: [&str; 4] =
    ["aws_access_key_id", "aws_secret_access_key", "aws_session_token", "aws_security_token"];

/// Both files, merged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SharedConfig(BTreeMap<SectionName, Section>);

impl SharedConfig {
    /// Adds a file. A setting of the credentials file replaces one of the other file, so it is added last. But the
    /// keys of a profile and their token are those of one file: of the one that has the ID.
    ///
    /// # Errors
    /// When the file isn't valid.
    pub fn add(&mut self, bytes: &[u8], kind: FileKind) -> Result<(), SyntaxError> {
        for (name, mut section) in parse::parse(bytes, kind)? {
            let known = self.0.entry(name).or_default();
            let id = KEYS[0];
            if section.get(id).is_some() {
                known.0.retain(|key, _| !KEYS.contains(&key.as_str()));
            } else if known.get(id).is_some() {
                section.0.retain(|key, _| !KEYS.contains(&key.as_str()));
            }
            known.0.extend(section.0);
        }
        Ok(())
    }

    /// A profile.
    pub fn profile(&self, name: &str) -> Option<&Section> {
        self.0.get(&SectionName::Profile(name.to_owned()))
    }

    /// Whether a section has this name, and is no profile.
    pub fn lacks_the_word_profile(&self, name: &str) -> bool {
        self.0.contains_key(&SectionName::Other(name.to_owned()))
    }

    /// The names of all profiles.
    pub fn profiles(&self) -> impl Iterator<Item = &str> {
        self.0.keys().filter_map(|name| match name {
            SectionName::Profile(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// The names of all sessions of IAM Identity Center.
    pub(super) fn sso_sessions(&self) -> impl Iterator<Item = &str> {
        self.0.keys().filter_map(|name| match name {
            SectionName::SsoSession(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// Every `endpoint_url`, and the setting that it is in: one of a profile, or of a service.
    pub fn endpoint_urls(&self) -> impl Iterator<Item = (&str, &FileSetting)> {
        let named = self.0.iter();
        let named = named.filter(|(name, _)| !matches!(name, SectionName::Other(_)));
        let settings = named.flat_map(|(_, section)| &section.0);
        settings.flat_map(|(key, setting)| {
            let own = (key == "endpoint_url").then(|| setting.value());
            let nested = setting.value().lines().filter_map(|line| {
                let (key, url) = line.split_once('=')?;
                (key.trim() == "endpoint_url").then(|| url.trim())
            });
            own.into_iter().chain(nested).map(move |url| (url, setting))
        })
    }

    fn sso_session(&self, name: &str) -> Option<&Section> {
        self.0.get(&SectionName::SsoSession(name.to_owned()))
    }

    /// Whether a profile assumes its role with other credentials, and not with a token in a file.
    pub fn assumes_role(&self, profile: &str) -> bool {
        self.profile(profile).is_some_and(|section| {
            section.get("role_arn").is_some() && section.get("web_identity_token_file").is_none()
        })
    }

    /// A section of services that a profile names and that isn't there.
    pub fn missing_services(&self, profile: &str) -> Option<&FileSetting> {
        let named = self.profile(profile)?.get("services")?;
        let name = SectionName::Services(named.value().to_owned());
        (!self.0.contains_key(&name)).then_some(named)
    }

    /// The keys of a profile: ID, secret, and session token, for which the AWS CLI knows an older name.
    pub fn keys(&self, profile: &str) -> Option<(&str, &str, Option<&str>)> {
        let section = self.profile(profile)?;
        let token = section.value("aws_security_token");
        let token = token.or_else(|| section.value("aws_session_token"));
        let id = section.value("aws_access_key_id")?;
        Some((id, section.value("aws_secret_access_key")?, token))
    }

    /// The name by which the SDK knows a profile: its parser takes only some characters.
    pub fn sdk_name(profile: &str) -> String {
        let mut name = String::with_capacity(profile.len());
        for c in profile.chars() {
            if c.is_ascii_alphanumeric() || "_-/.%@:+".contains(c) {
                name.push(c);
            } else {
                let _ = write!(name, "%{:X}", u32::from(c));
            }
        }
        name
    }

    /// The text of a configuration file for the SDK.
    pub fn to_sdk(&self) -> String {
        let mut text = String::new();
        for (name, section) in &self.0 {
            let _ = match name {
                SectionName::Other(_) => continue,
                SectionName::Profile(name) => writeln!(text, "[profile {}]", Self::sdk_name(name)),
                SectionName::SsoSession(name) => writeln!(text, "[sso-session {name}]"),
                SectionName::Services(name) => writeln!(text, "[services {name}]"),
            };
            for (key, setting) in &section.0 {
                let value = match key.as_str() {
                    "source_profile" => Self::sdk_name(setting.value()),
                    _ => setting.value().replace('\n', "\n  "),
                };
                let _ = writeln!(text, "{key} = {value}");
            }
        }
        text
    }
}

#[cfg(test)]
mod tests;
