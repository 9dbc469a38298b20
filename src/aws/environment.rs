//! The SDK reads the process's own environment: what it would misread is taken out before it starts.
#![allow(unsafe_code)]

use ssm_exec_core::inherited::Inherited;

/// Takes empty `AWS_*` variables out of the process's own environment: to the SDK an empty `AWS_REGION`
/// is a Region. The command still inherits them.
///
/// # Safety
/// No other thread may exist.
#[allow(clippy::disallowed_methods)]
pub unsafe fn unset_empty_variables(inherited: &Inherited<'_>) {
    for (name, entry) in inherited.entries() {
        if name.starts_with(b"AWS_")
            && entry.to_bytes().len() == name.len() + 1
            && let Ok(name) = std::str::from_utf8(name)
        {
            // SAFETY: there is no other thread, says the caller.
            unsafe { std::env::remove_var(name) };
        }
    }
}
