//! What the subcommands write to stdout.

use crate::error::Error;
use crate::exec::failed;
use crate::logging::stderr::SignalsBlocked;
use nix::sys::signal::Signal;
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
            Err(failed("cannot write to stdout", "write", &error).into())
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
