//! The subcommands, and what they share: the configuration and one way to resolve it.

mod check;
mod launch;
mod output;
mod policy;
mod resolve;

use crate::cli::{self, Action};
use crate::config_file::{self, ConfigLocation};
use crate::error::Error;
use crate::exec::process;
use crate::logging::Logging;
use resolve::Session;
use ssm_exec_core::config::{self, Config, variables};
use ssm_exec_core::inherited::Inherited;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Instant;
use tracing::info;

/// Reads the command line, the variables and the file, and runs the subcommand.
///
/// # Errors
/// Everything that keeps the command from being started.
pub(crate) fn run(
    arguments: &[OsString],
    inherited: &Inherited<'_>,
    started: Instant,
    logging: &mut Logging,
) -> Result<u8, Error> {
    process::refuse_raised_privileges()?;
    let called_as = arguments.first().cloned().unwrap_or_default();
    let invocation = cli::parse(arguments)?;
    *logging = Logging::read(
        invocation.verbose,
        invocation.quiet,
        invocation.log_format.as_deref(),
        inherited,
    )?;
    logging.install();
    if let Action::Print(text) = invocation.action {
        return output::print(&text).map(|()| 0);
    }
    let location = invocation
        .config
        .unwrap_or_else(|| config_location(inherited));
    let mut layer = variables::read(inherited)?;
    if let Some((path, text)) = config_file::find_config_file(&location)? {
        info!("configuration from {}", path.display());
        layer = layer.over(config::file::read(&path, &text, inherited)?);
    }
    let layer = layer.over(variables::defaults(inherited));
    let session = Session {
        config: Config::resolve(invocation.layer.over(layer))?,
        inherited,
        called_as,
        started,
        logging: *logging,
    };
    match invocation.action {
        Action::Launch(words) => launch::run(&session, words).map(|never| match never {}),
        Action::Check(options) => check::run(&session, &options),
        Action::Policy(options) => policy::run(&session, &options),
        Action::Print(_) => Ok(0),
    }
}

fn config_location(inherited: &Inherited<'_>) -> ConfigLocation {
    match (
        inherited.text("SSM_EXEC_CONFIG"),
        inherited.text("SSM_EXEC_NO_CONFIG"),
    ) {
        (Some(path), _) => ConfigLocation::File(PathBuf::from(path)),
        (None, Some("1" | "true" | "yes" | "on")) => ConfigLocation::None,
        _ => ConfigLocation::Nearest,
    }
}
