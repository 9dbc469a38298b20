//! Which inherited variables the command receives.

use crate::config::Rules;
use crate::inherited::Inherited;
use std::ffi::CStr;

/// What `--drop-aws-credentials` removes, besides `SSM_EXEC_*`.
const CREDENTIALS: &[&str] = &[
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
];

/// Whether a variable is inherited at all.
#[must_use]
pub fn is_kept(rules: &Rules, name: &[u8]) -> bool {
    let text = String::from_utf8_lossy(name);
    let credential = CREDENTIALS.contains(&&*text) || text.starts_with("SSM_EXEC_");
    match &rules.pristine {
        Some(keep) if !keep.iter().any(|glob| glob.matches(&text)) => false,
        _ => !(rules.drop_aws_credentials && credential),
    }
}

/// The entries that are inherited, by name: all of them, malformed ones and duplicates included.
pub(super) fn kept_entries<'e>(
    rules: &Rules,
    inherited: &Inherited<'e>,
) -> Vec<(&'e [u8], &'e CStr)> {
    inherited
        .entries()
        .filter(|(name, _)| is_kept(rules, name))
        .collect()
}
