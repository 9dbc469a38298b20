//! `ssm-exec` starts a program with its parameters from AWS SSM Parameter Store in its environment.
//!
//! Data flows one way: argv, environment and file → [`config`] → [`plan`] → [`ssm`] →
//! [`environment`] → [`launch`]. The library exists for the binary and its tests; its interface is
//! not stable.

pub mod cli;
pub mod config;
pub mod environment;
pub mod error;
pub mod fetched;
pub mod inherited;
pub mod json;
pub mod launch;
pub mod log;
pub mod memory;
pub mod parameter;
pub mod plan;
pub mod progress;
pub mod reference;
pub mod secret;
pub mod ssm;
pub mod variable;

use cli::Action;
use config::find::Wanted;
use config::{Config, find, variables};
use error::{ConfigError, Error};
use fetched::Fetched;
use inherited::Inherited;
use log::Logging;
use memory::process;
use progress::Progress;
use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;
use tracing::{info, warn};

/// The program: returns the exit status of what was not started, or never.
#[must_use]
pub fn run(arguments: Vec<OsString>, inherited: &Inherited) -> u8 {
    let began = Instant::now();
    let mut logging = Logging::default();
    match story(arguments, inherited, began, &mut logging) {
        Ok(()) => 0,
        Err(error) => {
            logging.failure(&error);
            error.status().0
        }
    }
}

/// Top to bottom: what was asked for, the command, what is fetched, the environment, the launch.
fn story(
    arguments: Vec<OsString>,
    inherited: &Inherited,
    began: Instant,
    logging: &mut Logging,
) -> Result<(), Error> {
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
        return print(&text);
    }
    let wanted = invocation.config.unwrap_or_else(|| wanted_file(inherited));
    let mut layer = variables::read(inherited)?;
    if let Some((path, text)) = find::find(&wanted)? {
        info!("configuration from {}", path.display());
        layer = layer.over(config::file::read(&path, &text, inherited)?);
    }
    let layer = layer.over(variables::defaults(inherited));
    let config = Config::resolve(invocation.layer.over(layer))?;
    match invocation.action {
        Action::Launch(words) => launch(&config, words, &called_as, inherited, began, *logging),
        Action::Check(_) | Action::Policy(_) | Action::Print(_) => {
            Err(Error::Internal("not here yet".to_owned()))
        }
    }
}

fn launch(
    config: &Config,
    words: Vec<OsString>,
    called_as: &OsString,
    inherited: &Inherited,
    began: Instant,
    logging: Logging,
) -> Result<(), Error> {
    let words = command(words, config, called_as, inherited)?;
    let command = launch::lookup::find(&words, inherited.get("PATH"))?;
    let references = references(config, inherited)?;
    let fetched = fetch(config, inherited, &references, began, logging)?;
    let mut environment = environment::assemble(config, inherited, &references, fetched.as_ref());
    if environment.problems.is_empty() {
        environment.problems =
            environment::size::check(&environment, command.size(), process::stack_limit());
    }
    if !environment.problems.is_empty() {
        return Err(Error::Environment(environment.problems));
    }
    for (name, setting) in &environment.set {
        let verb = if setting.overrides {
            "replaces the inherited value with"
        } else {
            "comes from"
        };
        info!("{name} {verb} {}", setting.param);
    }
    let ready = launch::prepare(&environment)?;
    // From here on each value is in memory once: in the block that the command gets.
    drop(environment);
    drop(fetched);
    Err(ready.launch(&command))
}

/// The command line's command, else the file's. Called by the name `bootstrap`, as Lambda calls a
/// custom runtime, the handler's file stands in for both.
fn command(
    words: Vec<OsString>,
    config: &Config,
    called_as: &OsString,
    inherited: &Inherited,
) -> Result<Vec<OsString>, Error> {
    let is_bootstrap = PathBuf::from(called_as)
        .file_name()
        .is_some_and(|name| name == "bootstrap");
    let handler = inherited.text("_HANDLER").filter(|_| is_bootstrap);
    // Lambda's emulator passes the handler as the one argument (aws-lambda-rie).
    let own = match words.as_slice() {
        [only] if handler.is_some_and(|handler| only == handler) => Vec::new(),
        _ => words,
    };
    if !own.is_empty() {
        return Ok(own);
    }
    if !config.command.is_empty() {
        return Ok(config.command.clone());
    }
    match (handler, inherited.text("LAMBDA_TASK_ROOT")) {
        (Some(handler), Some(root)) => Ok(vec![PathBuf::from(root).join(handler).into_os_string()]),
        _ => Err(Error::Usage(
            "there is no command to start: write it after the options, `ssm-exec --prefix /org/service -- ./server`, or as `command` in ssm-exec.toml".to_owned(),
        )),
    }
}

fn references(
    config: &Config,
    inherited: &Inherited,
) -> Result<Vec<reference::Reference>, ConfigError> {
    if !config.sources.references {
        return Ok(Vec::new());
    }
    reference::find(inherited, |name| environment::is_kept(&config.rules, name))
}

/// Asks SSM, if there is anything to ask and anyone to ask.
fn fetch(
    config: &Config,
    inherited: &Inherited,
    references: &[reference::Reference],
    began: Instant,
    logging: Logging,
) -> Result<Option<Fetched>, Error> {
    if config.skip {
        warn!("--skip: SSM was not asked; the command gets what is inherited, and defaults");
        return Ok(None);
    }
    if config.sources.are_empty() && references.is_empty() {
        return Err(ConfigError::NoSources.into());
    }
    process::hide();
    launch::signals::end_on_request();
    let requests = plan::plan(&config.sources, references);
    let mut progress = Progress::new(logging.is_quiet());
    ssm::fetch(config, inherited, requests, began, &mut progress).map(Some)
}

fn wanted_file(inherited: &Inherited) -> Wanted {
    match (
        inherited.text("SSM_EXEC_CONFIG"),
        inherited.text("SSM_EXEC_NO_CONFIG"),
    ) {
        (Some(path), _) => Wanted::This(PathBuf::from(path)),
        (None, Some("1" | "true" | "yes" | "on")) => Wanted::None,
        _ => Wanted::Nearest,
    }
}

fn print(text: &[u8]) -> Result<(), Error> {
    let mut stdout = std::io::stdout();
    // A reader that has seen enough, as `head` has, is no failure.
    match stdout.write_all(text).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Error::Internal(
            format!("stdout can't be written to: {error}"),
        )),
        _ => Ok(()),
    }
}

/// Takes empty `AWS_*` variables out of the process's own environment, where the SDK looks: to it an
/// empty AWS_REGION is a region (ssm-facts §7.7). The command inherits them all the same.
#[allow(unsafe_code)]
pub fn unset_empty_aws_variables(inherited: &Inherited) {
    for (name, entry) in inherited.entries() {
        if name.starts_with(b"AWS_")
            && entry.to_bytes().len() == name.len() + 1
            && let Ok(name) = std::str::from_utf8(name)
        {
            // SAFETY: called at the start of `main`, before any other thread is there.
            unsafe { std::env::remove_var(name) };
        }
    }
}
