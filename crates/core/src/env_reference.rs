//! References in the inherited environment: `NAME=ssm://PARAM`, with `?optional` or `?default=TEXT`.
//! Pure.

use crate::config::ConfigError;
use crate::inherited::Inherited;
use crate::parameter::OnMissing;
use crate::parameter::{Malformed, ValueRef};
use crate::variable::VariableName;

const SCHEME: &[u8] = b"ssm://";

/// A variable whose value is to be fetched.
#[derive(Debug, Clone)]
pub struct EnvReference {
    /// The variable that holds the reference.
    pub name: VariableName,
    /// What it refers to.
    pub param: ValueRef,
    /// What happens when that isn't there.
    pub absence: OnMissing,
}

/// All references among the variables that `kept` lets through. Our own variables hold none.
///
/// # Errors
/// For the first one that is malformed, or almost a reference: its text must never reach the command.
pub fn find_references(
    inherited: &Inherited<'_>,
    kept: impl Fn(&[u8]) -> bool,
) -> Result<Vec<EnvReference>, ConfigError> {
    inherited
        .entries()
        .filter(|(name, _)| !name.starts_with(b"SSM_EXEC_") && kept(name))
        .filter_map(|(name, entry)| {
            let value = entry.to_bytes().get(name.len() + 1..)?;
            match value.strip_prefix(SCHEME) {
                Some(reference) => Some(read(name, reference)),
                None => is_near_reference(value).then(|| {
                    let variable = String::from_utf8_lossy(name).into_owned();
                    Err(ConfigError::NearReference { variable })
                }),
            }
        })
        .collect()
}

/// Whether a value was probably meant as a reference: with a quote or a blank before it, in capitals,
/// or with a single slash.
fn is_near_reference(value: &[u8]) -> bool {
    let start = String::from_utf8_lossy(&value[..value.len().min(64)]);
    let unwanted =
        |c: char| c.is_whitespace() || "\"'`\u{feff}\u{201c}\u{201d}\u{2018}\u{2019}".contains(c);
    let bare = start.trim_start_matches(unwanted);
    bare.get(..5)
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case("ssm:/"))
}

fn read(name: &[u8], text: &[u8]) -> Result<EnvReference, ConfigError> {
    let shown = String::from_utf8_lossy(name);
    let wrong = |error: Malformed| ConfigError::BadReference {
        variable: shown.to_string(),
        error,
    };
    let (Ok(name), Ok(text)) = (std::str::from_utf8(name), std::str::from_utf8(text)) else {
        return Err(wrong(Malformed {
            text: "ssm://…".to_owned(),
            reason: "is not UTF-8".to_owned(),
        }));
    };
    let (param, absence) = parse(text).map_err(wrong)?;
    Ok(EnvReference {
        name: VariableName::inherited(name),
        param,
        absence,
    })
}

/// Reads what stands after `ssm://`.
///
/// # Errors
/// When the parameter is malformed or the option unknown. A default's text is never shown.
pub fn parse(text: &str) -> Result<(ValueRef, OnMissing), Malformed> {
    let (param, option) = match text.split_once('?') {
        Some((param, option)) => (param, Some(option)),
        None => (text, None),
    };
    let absence = match option {
        None => OnMissing::Fail,
        Some("optional") => OnMissing::Omit,
        Some(option) => {
            match option.strip_prefix("default=") {
                Some(default) => OnMissing::Default(default.to_owned()),
                None => {
                    return Err(Malformed {
                    text: format!("ssm://{param}?…"),
                    reason: "has an unknown option after `?` (expected `?optional` or `?default=TEXT`)".to_owned(),
                });
                }
            }
        }
    };
    Ok((ValueRef::parse(param)?, absence))
}

#[cfg(test)]
mod tests;
