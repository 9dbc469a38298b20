//! References in the inherited environment: `NAME=ssm://PARAM`, with `?optional` or `?default=TEXT`.
//! Pure.

use crate::config::{QUOTES, carriage_return};
use crate::diagnostic::{Diagnostic, Help};
use crate::inherited::Inherited;
use crate::parameter::{OnMissing, ValueRef};
use crate::variable::VariableName;
use std::ffi::CStr;

/// What a reference begins with.
pub(crate) const SCHEME: &[u8] = b"ssm://";

/// A variable whose value is to be fetched.
#[derive(Debug, Clone)]
pub struct EnvReference {
    /// The variable that holds the reference.
    pub name: VariableName,
    pub param: ValueRef,
    /// What happens when that isn't there.
    pub absence: OnMissing,
}

/// All references among the variables that `kept` lets through.
///
/// # Errors
/// For the first one that is malformed, or almost a reference: its text must never reach the command.
pub fn find_references(
    inherited: &Inherited<'_>,
    kept: impl Fn(&[u8]) -> bool,
) -> Result<Vec<EnvReference>, Diagnostic> {
    values(inherited.entries())
        .filter(|(name, _)| kept(name))
        .filter_map(|(name, value)| match value.strip_prefix(SCHEME) {
            Some(reference) => Some(read(name, reference)),
            None => is_near_reference(value).then(|| Err(near_reference(name))),
        })
        .collect()
}

/// The variables that can hold references, with their values. Our own hold none.
pub(crate) fn values<'e>(
    entries: impl Iterator<Item = (&'e [u8], &'e CStr)>,
) -> impl Iterator<Item = (&'e [u8], &'e [u8])> {
    entries
        .filter(|(name, _)| !name.starts_with(b"SSM_EXEC_"))
        .filter_map(|(name, entry)| Some((name, entry.to_bytes().get(name.len() + 1..)?)))
}

/// Whether a value was probably meant as a reference: with a quote or a blank before it, in capitals, with a
/// single slash, or, if it is one word, without the colon or without any slash after it.
fn is_near_reference(value: &[u8]) -> bool {
    let start = String::from_utf8_lossy(&value[..value.len().min(64)]);
    let unwanted =
        |c: char| c.is_whitespace() || "\"'`\u{feff}\u{201c}\u{201d}\u{2018}\u{2019}".contains(c);
    let bare = start.trim_start_matches(unwanted);
    let begins = |scheme: &str| {
        let start = bare.get(..scheme.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    let is_path = bare.contains('/') && !bare.contains(char::is_whitespace);
    begins("ssm:/") || is_path && (begins("ssm//") || begins("ssm:"))
}

fn near_reference(name: &[u8]) -> Diagnostic {
    let name = String::from_utf8_lossy(name);
    Diagnostic::invalid(
        format!("{name} looks like a reference, but does not begin with `ssm://`"),
        format!("Write ssm://PARAM in lower case, without quotes or spaces around it ({QUOTES})"),
    )
    .help(not_meant())
    .variables([name])
}

pub(crate) fn not_meant() -> Help {
    Help::text("If it is not meant for ssm-exec, use `--no-refs`")
}

fn read(name: &[u8], text: &[u8]) -> Result<EnvReference, Diagnostic> {
    let shown = String::from_utf8_lossy(name);
    let wrong = |mut error: Diagnostic| {
        error.message = format!("{shown} holds an invalid reference: {}", error.message);
        error.help(not_meant()).variables([&shown])
    };
    let (Ok(name), Ok(text)) = (std::str::from_utf8(name), std::str::from_utf8(text)) else {
        return Err(wrong(Diagnostic::invalid("it is not UTF-8", "Set it to text")));
    };
    if text.ends_with('\r') {
        let mut error = carriage_return();
        error.message = format!("{shown} {}", error.message);
        return Err(error.variables([&shown]));
    }
    let (param, absence) = parse(text).map_err(wrong)?;
    Ok(EnvReference { name: VariableName::inherited(name), param, absence })
}

/// Reads what stands after `ssm://`.
///
/// # Errors
/// When the parameter is malformed or the option unknown. A default's text is never shown.
pub fn parse(text: &str) -> Result<(ValueRef, OnMissing), Diagnostic> {
    let (param, option) = match text.split_once('?') {
        Some((param, option)) => (param, Some(option)),
        None => (text, None),
    };
    let absence = match option {
        None => OnMissing::Fail,
        Some("optional") => OnMissing::Omit,
        // What follows may be a part of a secret's default: it is not shown.
        Some(option) if option.contains('#') => {
            let message = format!("`ssm://{param}?…` has a `#` after the `?`");
            let (parameter, _) = param.split_once('#').unwrap_or((param, ""));
            let help = format!(
                "A field belongs before the `?`: write `ssm://{parameter}#FIELD?default=TEXT`"
            );
            return Err(Diagnostic::invalid(message, help)
                .help("A default with a `#` can be written in `[keys]` of ssm-exec.toml only"));
        }
        Some(option) => {
            let default = option.strip_prefix("default=").ok_or_else(|| {
                Diagnostic::invalid(
                    format!("`ssm://{param}?…` has an unknown option after `?`"),
                    "Use `?optional` or `?default=TEXT`",
                )
            })?;
            OnMissing::Default(default.to_owned())
        }
    };
    Ok((ValueRef::parse(param)?, absence))
}

#[cfg(test)]
mod tests;
