//! The subcommands, and what they share: the configuration and one way to resolve it.

mod check;
mod launch;
mod output;
mod policy;
mod resolve;

use crate::cli::{self, Action, Invocation};
use crate::config_file;
use crate::error::Error;
use crate::exec::process;
use crate::logging::{self, Logger};
use resolve::Session;
use ssm_exec_core::config::{self, Config, ConfigFile, ConfigLocation, Layer};
use ssm_exec_core::inherited::Inherited;
use std::ffi::OsString;
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
    logging: &mut Logger,
) -> Result<u8, Error> {
    process::refuse_raised_privileges()?;
    let Invocation {
        action,
        layer: options,
    } = cli::parse(arguments).map_err(Error::Usage)?;
    if let Action::Print(text) = action {
        return output::print(&text).map(|()| 0);
    }
    let config = configuration(options, inherited, logging)?;
    let session = Session {
        config,
        inherited,
        called_as: arguments.first().cloned().unwrap_or_default(),
        started,
    };
    logging::set_deadline(started + session.config.timeout);
    match action {
        Action::Launch(words) => launch::run(&session, words).map(|never| match never {}),
        Action::Check(words) => check::run(&session, words),
        Action::Policy => policy::run(&session),
        Action::Print(_) => Ok(0),
    }
}

/// Puts the levels over one another: the command line, the variables, the file.
fn configuration(
    options: Layer,
    inherited: &Inherited<'_>,
    logging: &mut Logger,
) -> Result<Config, Error> {
    // The format of messages is needed first, for the messages about everything else.
    *logging = Logger::new(options.logging()?);
    let variables = config::read_variables(inherited)?;
    let location = match options.config_location()? {
        Some(location) => location,
        None => variables
            .config_location()?
            .unwrap_or(ConfigLocation::Nearest),
    };
    let mut layer = options.over(variables);
    *logging = Logger::new(layer.logging()?);
    if let Some((path, text)) = config_file::find_config_file(&location)? {
        let file = ConfigFile::parse(&path, &text, inherited)?.layer(layer.stage.as_ref())?;
        layer = layer.over(file);
        *logging = Logger::new(layer.logging()?);
        logging.install();
        info!("configuration from {}", path.display());
    } else {
        config::refuse_stage(layer.stage.as_ref())?;
        logging.install();
    }
    Ok(Config::resolve(layer, inherited)?)
}
