//! `ssm-exec` starts a program with its parameters from AWS SSM Parameter Store in its environment.
//!
//! Data flows one way: argv, environment and file → [`cli`] and `config` → `plan` → [`aws`] →
//! `environment` → [`exec`]. The pure modules are in the crate `ssm-exec-core`. The library exists for
//! the binary and its tests; its interface is not stable.

pub mod aws;
mod cli;
mod commands;
mod config_file;
pub mod error;
pub mod exec;
mod lambda;
pub mod logging;
mod panic;
mod system_error;
mod watch;

use logging::Logger;
use ssm_exec_core::inherited::Inherited;
use std::ffi::OsString;
use std::time::Instant;

/// The program. Returns the exit status, unless the process became the command.
pub fn run(arguments: &[OsString], inherited: &Inherited<'_>) -> u8 {
    panic::install_hook();
    let started = Instant::now();
    let mut logger = Logger::for_stderr(inherited);
    match commands::run(arguments, inherited, started, &mut logger) {
        Ok(status) => status,
        Err(error) => {
            logger.failure(&error.lines(), error.status(), error.fields());
            error.status().code()
        }
    }
}
