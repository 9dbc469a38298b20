//! Which inherited variables the command receives.

use super::denylist;
use crate::config::Rules;
use crate::inherited::{Inherited, ROUND};
use crate::variable::Glob;
use std::ffi::CStr;

/// What `--drop-aws-credentials` removes: credentials, and the pointers by which the command could get
/// them again. A `*` matches any characters.
const CREDENTIALS: &[&str] = &[
    "AWS_ACCESS_KEY_ID",
    "AWS_CONFIG_FILE",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN*",
    "AWS_CONTAINER_CREDENTIALS_*",
    "AWS_DEFAULT_PROFILE",
    "AWS_LOGIN_CACHE_DIRECTORY",
    "AWS_PROFILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SECURITY_TOKEN",
    "AWS_SESSION_TOKEN",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "SSM_EXEC_*",
];

/// Whether a variable is inherited at all. What counts rounds is set anew, where the command needs it.
pub fn is_kept(rules: &Rules, name: &[u8]) -> bool {
    name != ROUND.as_bytes() && withheld(rules, name).is_none()
}

/// The option that keeps a variable from being inherited, if one does.
pub(super) fn withheld(rules: &Rules, name: &[u8]) -> Option<&'static str> {
    let text = String::from_utf8_lossy(name);
    let credential = denylist::any(CREDENTIALS, &text);
    match &rules.pristine {
        Some(keep) if !keep.iter().any(|glob| is_match(&glob.value, name)) => Some("--pristine"),
        _ => (rules.drop_aws_credentials && credential).then_some("--drop-aws-credentials"),
    }
}

/// Whether a pattern of `keep` matches.
pub(super) fn is_match(glob: &Glob, name: &[u8]) -> bool {
    glob.matches(&String::from_utf8_lossy(name))
}

/// The entries that are inherited, by name: all of them, malformed ones and duplicates included.
pub(super) fn kept_entries<'e>(
    rules: &Rules,
    inherited: &Inherited<'e>,
) -> Vec<(&'e [u8], &'e CStr)> {
    inherited.entries().filter(|(name, _)| is_kept(rules, name)).collect()
}
