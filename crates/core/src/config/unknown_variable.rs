//! What an unknown `SSM_EXEC_*` variable was most likely meant to be.

use super::setting::Setting;
use super::settings::SETTINGS;
use crate::words::meant;

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

/// What to use instead of a variable that is not known.
pub(super) fn correction(name: &str) -> String {
    let suffix = name.strip_prefix(PREFIX).unwrap_or(name);
    let aws = format!("AWS_{suffix}");
    let mut variables = SETTINGS.iter().flat_map(|setting| setting.variables);
    if variables.any(|variable| **variable == aws) {
        return format!("Use `{aws}`");
    }
    let field = suffix.to_ascii_lowercase();
    let flag = format!("--{}", field.replace('_', "-"));
    if let Some(setting) = SETTINGS.iter().find(|row| row.flag == Some(&flag)) {
        let same = |row: &&Setting| row.field == setting.field;
        let mut variables = SETTINGS.iter().filter(same).flat_map(|row| row.variables);
        return match (variables.next(), setting.word()) {
            (Some(name), Some(value)) => format!("Use `{name}={value}`"),
            (Some(name), None) => format!("Use `{name}`"),
            (None, _) => format!("Use the option `{flag}`"),
        };
    }
    let mut keys = SETTINGS.iter().filter_map(|setting| setting.key);
    if keys.any(|key| key == field) {
        return format!("Use `{field}` in ssm-exec.toml");
    }
    match nearest_variable(name) {
        Some(nearest) => format!("Correct it: did you mean `{nearest}`?"),
        None => {
            format!("If it is not meant for ssm-exec, unset it, or set it to nothing: `{name}=`")
        }
    }
}

/// What all of them begin with says nothing about which one is meant.
fn nearest_variable(name: &str) -> Option<&'static str> {
    let suffix = |name: &'static str| name.strip_prefix(PREFIX);
    let nearest = meant(name.strip_prefix(PREFIX)?, known().filter_map(suffix))?;
    known().find(|known| suffix(known) == Some(nearest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_with_another_variable_a_key_or_only_an_option_is_named() {
        for (name, text) in [
            ("SSM_EXEC_REGION", "Use `AWS_REGION`"),
            ("SSM_EXEC_PROFILE", "Use `AWS_PROFILE`"),
            ("SSM_EXEC_ENDPOINT_URL", "Use `AWS_ENDPOINT_URL`"),
            ("SSM_EXEC_CA_BUNDLE", "Use `AWS_CA_BUNDLE`"),
            ("SSM_EXEC_VERBOSE", "Use `SSM_EXEC_LOG=info`"),
            ("SSM_EXEC_QUIET", "Use `SSM_EXEC_LOG=error`"),
            ("SSM_EXEC_LOG_LEVEL", "Correct it: did you mean `SSM_EXEC_LOG`?"),
            ("SSM_EXEC_COMMAND", "Use `command` in ssm-exec.toml"),
            ("SSM_EXEC_MAX_AGE", "Use the option `--max-age`"),
            ("SSM_EXEC_PREFIXES", "Correct it: did you mean `SSM_EXEC_PREFIX`?"),
            (
                "SSM_EXEC_SOMETHING",
                "If it is not meant for ssm-exec, unset it, or set it to nothing: `SSM_EXEC_SOMETHING=`",
            ),
        ] {
            assert_eq!(correction(name), text, "{name}");
        }
    }

    #[test]
    fn only_a_near_variable_is_suggested() {
        assert_eq!(nearest_variable("SSM_EXEC_PREFIXES"), Some("SSM_EXEC_PREFIX"));
        assert_eq!(nearest_variable("SSM_EXEC_REQUIRED"), Some("SSM_EXEC_REQUIRE"));
        assert_eq!(nearest_variable("SSM_EXEC_PATH"), Some("SSM_EXEC_PREFIX"));
        assert_eq!(nearest_variable("SSM_EXEC_HOME"), None);
        assert_eq!(nearest_variable("SSM_EXEC_VERSION"), None);
    }
}
