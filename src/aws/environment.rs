//! The SDK reads the process's own environment: what it would misread is taken out before it starts.
#![allow(unsafe_code)]

use ssm_exec_core::inherited::Inherited;

/// Takes empty `AWS_*` variables out of the process's own environment: to the SDK an empty `AWS_REGION`
/// is a region. The command still inherits them. Call it at the start of `main` only.
#[allow(clippy::disallowed_methods)]
pub fn unset_empty_variables(inherited: &Inherited<'_>) {
    for (name, entry) in inherited.entries() {
        if name.starts_with(b"AWS_")
            && entry.to_bytes().len() == name.len() + 1
            && let Ok(name) = std::str::from_utf8(name)
        {
            // SAFETY: called at the start of `main`, before any other thread exists.
            unsafe { std::env::remove_var(name) };
        }
    }
}
