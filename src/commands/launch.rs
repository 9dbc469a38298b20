//! Starting the command.

use super::resolve::Session;
use crate::error::Error;
use crate::exec;
use ssm_exec_core::code::Code;
use ssm_exec_core::diagnostic::Diagnostic;
use ssm_exec_core::environment::Environment;
use ssm_exec_core::environment::notice::Level;
use std::convert::Infallible;
use std::path::Path;
use tracing::{info, warn};

/// Becomes the command, or fails.
pub(super) fn run(session: &Session<'_>) -> Result<Infallible, Error> {
    let command = session.command()?.ok_or_else(|| {
        let file = session.config_file.as_deref();
        let file = file.unwrap_or(Path::new("ssm-exec.toml"));
        Diagnostic::new(Code::NoCommand, "there is no command to start")
            .fill(&[("file", &file.display().to_string())])
    })?;
    // Before there is a secret in this process, of which it is a copy.
    let watcher = session.start_watcher(&command)?;
    let mut resolved = session.resolve(Some(&command))?;
    if let Some(incomplete) = resolved.incomplete() {
        return Err(incomplete.into());
    }
    let (fetched, environment) = resolved.into_parts();
    report(&environment);
    let ready = exec::prepare(&environment)?;
    if let Some(watcher) = &watcher {
        watcher.hand_over(&watcher.delivered(&environment, fetched.as_ref()))?;
    }
    // From here on each value is in memory once: in the block that the command gets.
    drop(environment);
    drop(fetched);
    Err(ready.launch(&command).into())
}

/// Writes where each variable comes from, and what else is worth knowing.
fn report(environment: &Environment<'_>) {
    for notice in &environment.notices {
        match notice.level() {
            Level::Warning => warn!("{notice}"),
            Level::Note => info!("{notice}"),
        }
    }
    for (name, setting) in &environment.set {
        match (setting.is_default, setting.overrides) {
            // A notice has said it.
            (true, _) => {}
            (false, true) => info!(
                "{name} replaces the inherited value with {}",
                setting.provenance
            ),
            (false, false) => info!("{name} comes from {}", setting.provenance),
        }
    }
}
