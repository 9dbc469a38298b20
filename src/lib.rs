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
pub mod policy;
pub mod progress;
pub mod reference;
pub mod report;
pub mod secret;
pub mod ssm;
pub mod variable;

use cli::{Action, CheckOptions, PolicyOptions};
use config::find::Wanted;
use config::{Config, find, variables};
use error::{CommandError, ConfigError, Error};
use fetched::Fetched;
use inherited::Inherited;
use log::Logging;
use memory::process;
use policy::Place;
use progress::Progress;
use reference::Reference;
use report::{Format, Report, Terminal};
use std::convert::Infallible;
use std::ffi::OsString;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::time::{Instant, SystemTime};
use tracing::{error, info, warn};

/// The program: returns the exit status of what was not started, or never.
#[must_use]
pub fn run(arguments: &[OsString], inherited: &Inherited) -> u8 {
    let began = Instant::now();
    let mut logging = Logging::default();
    match story(arguments, inherited, began, &mut logging) {
        Ok(status) => status,
        Err(error) => {
            logging.failure(&error);
            error.status().0
        }
    }
}

/// Top to bottom: what was asked for, the command, what is fetched, the environment, the launch.
fn story(
    arguments: &[OsString],
    inherited: &Inherited,
    began: Instant,
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
        return print(&text).map(|()| 0);
    }
    let wanted = invocation.config.unwrap_or_else(|| wanted_file(inherited));
    let mut layer = variables::read(inherited)?;
    if let Some((path, text)) = find::find(&wanted)? {
        info!("configuration from {}", path.display());
        layer = layer.over(config::file::read(&path, &text, inherited)?);
    }
    let layer = layer.over(variables::defaults(inherited));
    let run = Run {
        config: Config::resolve(invocation.layer.over(layer))?,
        inherited,
        began,
        logging: *logging,
    };
    match invocation.action {
        Action::Launch(words) => run.launch(words, &called_as).map(|never| match never {}),
        Action::Check(options) => run.check(&options),
        Action::Policy(options) => run.policy(&options),
        Action::Print(_) => Ok(0),
    }
}

/// One run: what was asked for, and the world that it was asked in.
struct Run<'a> {
    config: Config,
    inherited: &'a Inherited,
    began: Instant,
    logging: Logging,
}

impl Run<'_> {
    /// Becomes the command, or fails.
    fn launch(&self, words: Vec<OsString>, called_as: &OsString) -> Result<Infallible, Error> {
        let words = command(words, &self.config, called_as, self.inherited)?;
        let command = launch::lookup::find(&words, self.inherited.get("PATH"))
            .map_err(|error| teach(error, words.first()))?;
        let references = self.references()?;
        let fetched = self.fetch(&references)?;
        let mut environment =
            environment::assemble(&self.config, self.inherited, &references, fetched.as_ref());
        if environment.problems.is_empty() {
            environment.problems =
                environment::size::check(&environment, command.size(), process::stack_limit());
        }
        if !environment.problems.is_empty() {
            return Err(Error::Environment(environment.problems));
        }
        for (name, setting) in &environment.set {
            let verb = match setting.overrides {
                true => "replaces the inherited value with",
                false => "comes from",
            };
            info!("{name} {verb} {}", setting.param);
        }
        let ready = launch::prepare(&environment)?;
        // From here on each value is in memory once: in the block that the command gets.
        drop(environment);
        drop(fetched);
        Err(ready.launch(&command))
    }

    /// Does all but start the command, and reports.
    fn check(&self, options: &CheckOptions) -> Result<u8, Error> {
        let format = Format::parse(&options.format).map_err(Error::Usage)?;
        let max_age = options
            .max_age
            .as_deref()
            .map(config::duration::parse)
            .transpose();
        let max_age = max_age.map_err(|reason| {
            let given = options.max_age.as_deref().unwrap_or_default();
            Error::Usage(format!("--max-age: `{given}` {reason}"))
        })?;
        let references = self.references()?;
        let fetched = self.fetch(&references)?;
        let mut environment =
            environment::assemble(&self.config, self.inherited, &references, fetched.as_ref());
        let sizes = environment::size::check(&environment, 0, process::stack_limit());
        environment.problems.extend(sizes);
        let report = Report::new(
            &self.config,
            &environment,
            fetched.as_ref(),
            max_age,
            options.unused,
            SystemTime::now(),
        );
        print(
            report
                .render(format, &self.config, terminal(self.inherited))
                .as_bytes(),
        )?;
        if !environment.problems.is_empty() {
            return Err(Error::Environment(environment.problems));
        }
        let stale: Vec<&str> = report.stale().map(|row| row.variable.as_str()).collect();
        if stale.is_empty() {
            return Ok(0);
        }
        error!(
            "{} not changed for longer than they may be: {}",
            stale.len(),
            stale.join(", ")
        );
        Ok(1)
    }

    /// Prints the least policy; offline where region and account are given.
    fn policy(&self, options: &PolicyOptions) -> Result<u8, Error> {
        let references = self.references()?;
        self.refuse_nothing(&references)?;
        let requests = plan::plan(&self.config.sources, &references);
        let region = self
            .config
            .aws
            .region
            .as_ref()
            .map(|given| given.value.clone());
        let (account, region) = match (options.account.clone(), region) {
            (Some(account), Some(region)) => (account, region),
            (account, region) => {
                let identity = ssm::identity(&self.config, self.inherited)?;
                (
                    account.unwrap_or(identity.account),
                    region.unwrap_or(identity.region),
                )
            }
        };
        if account.len() != 12 || !account.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(Error::Usage(format!(
                "--account: `{account}` isn't an account's twelve digits"
            )));
        }
        let partition = options.partition.clone();
        let place = Place {
            partition: partition.unwrap_or_else(|| policy::partition_of(&region).to_owned()),
            region,
            account,
        };
        let document = policy::document(&requests, &place, options.kms_key.as_deref());
        print(format!("{document:#}\n").as_bytes())?;
        Ok(0)
    }

    fn references(&self) -> Result<Vec<Reference>, ConfigError> {
        if !self.config.sources.references {
            return Ok(Vec::new());
        }
        reference::find(self.inherited, |name| {
            environment::is_kept(&self.config.rules, name)
        })
    }

    fn refuse_nothing(&self, references: &[Reference]) -> Result<(), ConfigError> {
        if self.config.sources.are_empty() && references.is_empty() {
            return Err(ConfigError::NoSources);
        }
        Ok(())
    }

    /// Asks SSM, if there is anything to ask and anyone to ask.
    fn fetch(&self, references: &[Reference]) -> Result<Option<Fetched>, Error> {
        if self.config.skip {
            warn!("--skip: SSM was not asked; the command gets what is inherited, and defaults");
            return Ok(None);
        }
        self.refuse_nothing(references)?;
        process::hide();
        launch::signals::end_on_request();
        let requests = plan::plan(&self.config.sources, references);
        let mut progress = Progress::new(self.logging.is_quiet());
        ssm::fetch(
            &self.config,
            self.inherited,
            requests,
            self.began,
            &mut progress,
        )
        .map(Some)
    }
}

/// What stdout can show. `NO_COLOR` (no-color.org) counts when it isn't empty.
fn terminal(inherited: &Inherited) -> Terminal {
    if !std::io::stdout().is_terminal() {
        return Terminal::default();
    }
    Terminal {
        width: terminal_size::terminal_size().map(|(width, _)| usize::from(width.0)),
        colour: inherited.text("NO_COLOR").is_none(),
    }
}

/// A command that isn't there may be another tool's verb.
fn teach(error: CommandError, name: Option<&OsString>) -> Error {
    match (&error, name.and_then(cli::hints::for_command)) {
        (CommandError::NotFound { .. }, Some(hint)) => Error::Usage(hint),
        _ => error.into(),
    }
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
/// empty AWS_REGION is a region. The command inherits them all the same.
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
