//! What an unknown `SSM_EXEC_*` variable was most likely meant to be.

use super::setting::Setting;
use super::settings::SETTINGS;
use crate::words::nearest;
use std::fmt;

/// What our own variables begin with.
pub(super) const PREFIX: &str = "SSM_EXEC_";

/// Our own variables.
pub(super) fn known() -> impl Iterator<Item = &'static str> {
    SETTINGS
        .iter()
        .flat_map(|setting| setting.variables)
        .copied()
        .filter(|name| name.starts_with(PREFIX))
}

/// What an unknown variable was most likely meant to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meant {
    /// This variable, and the value that it takes, if one is meant.
    Variable {
        /// Its name.
        name: &'static str,
        /// The value.
        value: Option<&'static str>,
    },
    /// A key that only the file has.
    Key(&'static str),
    /// An option that has no variable.
    Option(&'static str),
    /// A variable with a similar name.
    Similar(&'static str),
    /// It is not known.
    Unknown,
}

impl Meant {
    /// What this variable was meant to be.
    pub(super) fn by(name: &str) -> Self {
        let suffix = name.strip_prefix(PREFIX).unwrap_or(name);
        let aws = format!("AWS_{suffix}");
        let mut variables = SETTINGS.iter().flat_map(|setting| setting.variables);
        if let Some(name) = variables.find(|variable| **variable == aws) {
            return Self::Variable { name, value: None };
        }
        let field = suffix.to_ascii_lowercase();
        let flag = format!("--{}", field.replace('_', "-"));
        if let Some(setting) = SETTINGS.iter().find(|row| row.flag == Some(&flag)) {
            let same = |row: &&Setting| row.field == setting.field;
            let mut variables = SETTINGS.iter().filter(same).flat_map(|row| row.variables);
            return match (variables.next(), setting.flag) {
                (Some(name), _) => Self::Variable {
                    name,
                    value: setting.word(),
                },
                (None, Some(flag)) => Self::Option(flag),
                (None, None) => Self::Unknown,
            };
        }
        let mut keys = SETTINGS.iter().filter_map(|setting| setting.key);
        if let Some(key) = keys.find(|key| *key == field) {
            return Self::Key(key);
        }
        nearest_variable(name).map_or(Self::Unknown, Self::Similar)
    }
}

impl fmt::Display for Meant {
    /// What follows `unknown variable` in the message.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable { name, value: None } => write!(f, ". Use `{name}`"),
            Self::Variable {
                name,
                value: Some(value),
            } => write!(f, ". Use `{name}={value}`"),
            Self::Key(key) => write!(f, ". Use `{key}` in ssm-exec.toml"),
            Self::Option(flag) => write!(f, ". Use the option `{flag}`"),
            Self::Similar(name) => write!(f, "; did you mean `{name}`?"),
            Self::Unknown => Ok(()),
        }
    }
}

/// What all of them begin with says nothing about which one is meant.
fn nearest_variable(name: &str) -> Option<&'static str> {
    let suffix = |name: &'static str| name.strip_prefix(PREFIX);
    let nearest = nearest(name.strip_prefix(PREFIX)?, known().filter_map(suffix))?;
    known().find(|known| suffix(known) == Some(nearest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_with_another_variable_a_key_or_only_an_option_is_named() {
        for (name, text) in [
            ("SSM_EXEC_REGION", ". Use `AWS_REGION`"),
            ("SSM_EXEC_PROFILE", ". Use `AWS_PROFILE`"),
            ("SSM_EXEC_ENDPOINT_URL", ". Use `AWS_ENDPOINT_URL`"),
            ("SSM_EXEC_CA_BUNDLE", ". Use `AWS_CA_BUNDLE`"),
            ("SSM_EXEC_VERBOSE", ". Use `SSM_EXEC_LOG=info`"),
            ("SSM_EXEC_QUIET", ". Use `SSM_EXEC_LOG=error`"),
            ("SSM_EXEC_COMMAND", ". Use `command` in ssm-exec.toml"),
            ("SSM_EXEC_MAX_AGE", ". Use the option `--max-age`"),
            ("SSM_EXEC_PREFIXES", "; did you mean `SSM_EXEC_PREFIX`?"),
            ("SSM_EXEC_SOMETHING", ""),
        ] {
            assert_eq!(Meant::by(name).to_string(), text, "{name}");
        }
    }

    #[test]
    fn only_a_near_variable_is_suggested() {
        assert_eq!(
            nearest_variable("SSM_EXEC_PREFIXES"),
            Some("SSM_EXEC_PREFIX")
        );
        assert_eq!(
            nearest_variable("SSM_EXEC_REQUIRED"),
            Some("SSM_EXEC_REQUIRE")
        );
        assert_eq!(nearest_variable("SSM_EXEC_PATH"), None);
        assert_eq!(nearest_variable("SSM_EXEC_VERSION"), None);
    }
}
