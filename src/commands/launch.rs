//! Starting the command.

use super::levels::Levels;
use super::resolve::Invocation;
use super::watch::StartedWatcher;
use crate::aws::Read;
use crate::error::Error;
use crate::exec::{self, rounds};
use crate::logging::{info, warn};
use ssm_exec_core::diagnostic::Severity;
use ssm_exec_core::environment::Environment;
use std::convert::Infallible;

/// Becomes the command, or fails.
pub(super) fn run(session: &Invocation<'_>, levels: &Levels) -> Result<Infallible, Error> {
    let command = session.required_command()?;
    if let Some(at) = command.arguments.iter().position(|it| it.is_empty()) {
        info!(
            "argument {at} of the command is empty: a shell replaces \"$NAME\" before ssm-exec starts, unless `sh -c` is the command"
        );
    }
    // Before there is a secret in this process, of which it is a copy.
    let watcher = session.start_watcher(levels)?;
    let mut resolved = session.resolve(Some(&command), Read::Values)?;
    if let Some(error) = resolved.error() {
        return Err(error);
    }
    let (fetched, environment) = resolved.into_parts();
    report(&environment);
    let live_files = watcher.as_ref().is_some_and(StartedWatcher::writes_files);
    let round = rounds::mark(&command, session.inherited);
    let ready = exec::prepare(&environment, live_files, round.as_deref())?;
    if let Some(watcher) = &watcher {
        watcher.hand_over(&environment, fetched.as_ref(), &ready)?;
    }
    // From here on each value is in memory once: in the block that the command gets.
    drop(environment);
    drop(fetched);
    Err(ready.launch(&command).into())
}

/// Writes where each variable comes from, and what else is worth knowing.
fn report(environment: &Environment<'_>) {
    for notice in environment.notices() {
        let (line, lines) = (notice.line(), notice.details());
        match notice.severity {
            Severity::Warning => warn!(&lines; "{line}"),
            _ => info!(&lines; "{line}"),
        }
    }
    for (name, setting) in &environment.set {
        match (setting.is_default, setting.overrides) {
            // A notice has said it.
            (true, _) => {}
            (false, true) => {
                info!("{name} replaces the inherited value with {}", setting.provenance)
            }
            (false, false) => info!("{name} comes from {}", setting.provenance),
        }
    }
}
