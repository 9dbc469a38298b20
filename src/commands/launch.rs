//! Starting the command.

use super::resolve::{Resolved, Session};
use crate::error::Error;
use crate::exec::{self, process};
use std::convert::Infallible;
use std::ffi::OsString;
use tracing::info;

/// Becomes the command, or fails.
pub(super) fn run(session: &Session<'_>, words: Vec<OsString>) -> Result<Infallible, Error> {
    if session.config.no_core {
        process::prevent_core_dumps()?;
    }
    let command = session.command(words)?.ok_or_else(|| {
        Error::Usage(
            "there is no command to start: write it after the options, `ssm-exec --prefix /org/service -- ./server`, or as `command` in ssm-exec.toml".to_owned(),
        )
    })?;
    let Resolved {
        fetched,
        environment,
    } = session.resolve(Some(&command))?;
    if !environment.problems.is_empty() {
        return Err(Error::Environment(environment.problems));
    }
    for (name, setting) in &environment.set {
        let verb = match setting.overrides {
            true => "replaces the inherited value with",
            false => "comes from",
        };
        info!("{name} {verb} {}", setting.provenance);
    }
    let ready = exec::prepare(&environment)?;
    // From here on each value is in memory once: in the block that the command gets.
    drop(environment);
    drop(fetched);
    Err(ready.launch(&command).into())
}
