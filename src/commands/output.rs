//! What the subcommands write to stdout.

use crate::error::Error;
use crate::exec::limit;
use crate::logging::stderr::SignalsBlocked;
use crate::system_error::without_number;
use nix::errno::Errno;
use nix::sys::signal::Signal;
use ssm_exec_core::code::Code;
use ssm_exec_core::diagnostic::Diagnostic;
use ssm_exec_core::inherited::Inherited;
use ssm_exec_core::report::Terminal;
use std::io::{IsTerminal, Write};

/// Writes to stdout.
///
/// # Errors
/// When stdout cannot be written to; a reader that has gone away is no error.
pub(super) fn print(text: &[u8]) -> Result<(), Error> {
    // A file that has reached RLIMIT_FSIZE is an error, and no signal that ends us without a word.
    let _blocked = SignalsBlocked::new(&[Signal::SIGXFSZ]);
    let mut stdout = std::io::stdout();
    match stdout.write_all(text).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            let limit = error.raw_os_error().and_then(|number| limit(Errno::from_raw(number)));
            let place = || "Make room there, or redirect stdout to another place".to_owned();
            let message = format!("cannot write to stdout: {}", without_number(&error));
            let help = [limit.unwrap_or_else(place)];
            Err(Diagnostic::with_help(Code::System, message, help).into())
        }
        _ => Ok(()),
    }
}

/// What stdout can show. `NO_COLOR` (no-color.org) counts when it isn't empty.
pub(super) fn terminal(inherited: &Inherited<'_>) -> Terminal {
    if !std::io::stdout().is_terminal() {
        return Terminal::default();
    }
    Terminal {
        width: terminal_size::terminal_size().map(|(width, _)| usize::from(width.0)),
        colour: inherited.text("NO_COLOR").is_none(),
    }
}
