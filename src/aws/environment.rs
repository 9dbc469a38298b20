//! The SDK reads the process's own environment: what it would misread is taken out before it starts.
#![allow(unsafe_code)]

use ssm_exec_core::config;
use ssm_exec_core::diagnostic::Diagnostic;
use ssm_exec_core::inherited::Inherited;

/// The variables that the SDK reads, beside those of the table of settings.
const READ: &[&str] = &[
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SECURITY_TOKEN",
    "AWS_SESSION_TOKEN",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_EC2_METADATA_DISABLED",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT",
    "AWS_ENDPOINT_URL_STS",
    "AWS_LOGIN_CACHE_DIRECTORY",
];

/// Refuses those that are in quotes: the SDK would take the quotes as a part of the value.
///
/// # Errors
/// For the first of them.
pub(super) fn refuse_quotes(inherited: &Inherited<'_>) -> Result<(), Diagnostic> {
    READ.iter().try_for_each(|name| config::refuse_quotes(name, inherited))
}

/// Takes empty `AWS_*` variables out of the process's own environment: to the SDK an empty `AWS_REGION`
/// is a Region. And so `AWS_EXECUTION_ENV`, which the SDK puts into a header, if that can't hold it. The command
/// still inherits them.
///
/// # Safety
/// No other thread may exist.
#[allow(clippy::disallowed_methods)]
pub unsafe fn unset_unusable_variables(inherited: &Inherited<'_>) {
    for (name, entry) in inherited.entries() {
        let value = entry.to_bytes().get(name.len() + 1..).unwrap_or_default();
        let is_printable = value.iter().all(|byte| matches!(byte, b' '..=b'~'));
        let is_unusable = name == b"AWS_EXECUTION_ENV" && !is_printable;
        if name.starts_with(b"AWS_")
            && (value.is_empty() || is_unusable)
            && let Ok(name) = std::str::from_utf8(name)
        {
            // SAFETY: there is no other thread, says the caller.
            unsafe { std::env::remove_var(name) };
        }
    }
}
