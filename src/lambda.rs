//! Lambda's conventions: a custom runtime is started by the name `bootstrap`.

use ssm_exec_core::inherited::Inherited;
use std::ffi::{OsStr, OsString};
use std::path::Path;

/// The handler's file, which is the command where nothing else names one.
pub(crate) fn handler(called_as: &OsStr, inherited: &Inherited<'_>) -> Option<OsString> {
    let handler = handler_name(called_as, inherited)?;
    let root = inherited.text("LAMBDA_TASK_ROOT")?;
    Some(Path::new(root).join(handler).into_os_string())
}

/// Lambda's emulator passes the handler as the only argument (aws-lambda-rie): that is no command.
pub(crate) fn without_handler<'w>(
    words: &'w [OsString],
    called_as: &OsStr,
    inherited: &Inherited<'_>,
) -> &'w [OsString] {
    match (words, handler_name(called_as, inherited)) {
        ([only], Some(handler)) if only == handler => &[],
        _ => words,
    }
}

fn handler_name<'a>(called_as: &OsStr, inherited: &'a Inherited<'a>) -> Option<&'a str> {
    let is_bootstrap = Path::new(called_as).file_name().is_some_and(|name| name == "bootstrap");
    inherited.text("_HANDLER").filter(|_| is_bootstrap)
}
