//! From a configuration to the final environment: the one way that a launch and a check share.

use super::command;
use super::wait::Wait;
use crate::aws::{self, Failure, Read};
use crate::cli::{Task, Words};
use crate::error::Error;
use crate::exec::lookup::Command;
use crate::exec::{process, signals};
use crate::logging::{debug, info, warn};
use ssm_exec_core::aws_context::AwsContext;
use ssm_exec_core::code::Code;
use ssm_exec_core::config::Config;
use ssm_exec_core::diagnostic::{Diagnostic, Help};
use ssm_exec_core::env_reference::{self, EnvReference};
use ssm_exec_core::environment::missing::{self, Missing};
use ssm_exec_core::environment::{self, Environment};
use ssm_exec_core::fetched::Fetched;
use ssm_exec_core::inherited::Inherited;
use ssm_exec_core::parameter::ParameterRef;
use ssm_exec_core::plan;
use ssm_exec_core::status::Status;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// One run: its configuration, and what it was started with.
pub(super) struct Invocation<'a> {
    pub(super) config: Config,
    /// The configuration file that was read.
    pub(super) config_file: Option<PathBuf>,
    pub(super) inherited: &'a Inherited<'a>,
    pub(super) called_as: OsString,
    /// The command line's command and its arguments.
    pub(super) words: Words,
    pub(super) task: Task,
    pub(super) started: Instant,
}

/// Everything that a start takes. Requests may have failed, and the environment may have problems.
pub(super) struct Resolved<'e> {
    pub(super) fetched: Option<Fetched>,
    pub(super) environment: Environment<'e>,
    pub(super) failures: Vec<Failure>,
    /// Where AWS was asked, and as whom; nothing with `--skip`.
    session: Option<aws::Session>,
    waited: Option<Duration>,
}

impl<'e> Resolved<'e> {
    /// Where AWS was asked, and as whom, as far as it is known.
    pub(super) fn context(&self) -> AwsContext {
        let session = self.session.as_ref();
        session.map_or_else(AwsContext::default, |session| session.context().clone())
    }

    /// The reason for which the command can't be started, if all of them may pass by themselves.
    fn may_pass(&self) -> Option<Diagnostic> {
        let (environment, failures) = (&self.environment, &self.failures);
        let mut errors = environment.errors();
        if errors.any(|it| it.status() != Status::Missing)
            || !failures.iter().all(Failure::may_pass)
        {
            return None;
        }
        self.reasons(&self.context(), &[]).into_iter().next()
    }

    /// All that keeps the command from being started. Of these parameters it is known that they exist in another version.
    fn reasons(&self, context: &AwsContext, existing: &[ParameterRef]) -> Vec<Diagnostic> {
        let failures = self.failures.iter().map(|it| it.diagnostic(context));
        let missing = missing::diagnostics(&self.environment.missing, context, existing);
        let all = failures.chain(missing);
        all.chain(self.environment.errors().cloned()).collect()
    }

    /// Asks STS who the caller is, for the report.
    ///
    /// # Errors
    /// Why that remains unknown.
    pub(super) fn identify(&mut self) -> Result<(), String> {
        match &mut self.session {
            Some(session) => session.identify(),
            None => Err("with --skip, AWS is not asked".to_owned()),
        }
    }

    /// What a start needs. The session and its credentials end here.
    pub(super) fn into_parts(self) -> (Option<Fetched>, Environment<'e>) {
        (self.fetched, self.environment)
    }

    /// Why the command can't be started, if it can't.
    pub(super) fn error(&mut self) -> Option<Error> {
        let (environment, failures) = (&self.environment, &self.failures);
        if failures.is_empty() && environment.is_complete() {
            return None;
        }
        let concerns_aws = failures.iter().all(Failure::knows_caller)
            && !(failures.is_empty() && environment.missing.is_empty());
        let mut existing = Vec::new();
        let mut context = AwsContext::default();
        if let Some(session) = &mut self.session {
            if concerns_aws && let Err(reason) = session.identify() {
                debug!("the caller is unknown: {reason}");
            }
            let selected = environment.missing.iter().filter_map(Missing::selected);
            existing = session.existing(&selected.cloned().collect::<Vec<_>>());
            context = session.context().clone();
        }
        context.waited = self.waited;
        Some(Error::new(self.reasons(&context, &existing), context))
    }
}

impl<'a> Invocation<'a> {
    /// The command, found before anything is fetched, if there is one.
    pub(super) fn command(&self) -> Result<Option<Command>, Diagnostic> {
        let file = &self.config.command;
        command::find(&self.words, file, &self.called_as, self.inherited)
    }

    /// The same, where there must be one.
    pub(super) fn required_command(&self) -> Result<Command, Error> {
        let command = self.command()?;
        command.ok_or_else(|| command::missing(self.config_file.as_deref()).into())
    }

    /// Fetches everything and builds the environment. `command` counts for its size.
    pub(super) fn resolve(
        &self,
        command: Option<&Command>,
        read: Read,
    ) -> Result<Resolved<'a>, Error> {
        let references = self.references()?;
        if self.config.rules.drop_aws_credentials {
            info!(
                "--drop-aws-credentials: variables only; the instance metadata service and ~/.aws, if they are there, still give the command credentials"
            );
        }
        let mut wait = Wait::new(self.config.wait);
        let mut began = self.started;
        loop {
            let mut resolved = self.attempt(command, &references, read, began)?;
            // Where nothing is fetched, nothing can come.
            let is_once = read != Read::Values || resolved.fetched.is_none();
            if is_once || wait.is_over(|| resolved.may_pass()) {
                resolved.waited = wait.waited();
                return Ok(resolved);
            }
            began = Instant::now();
        }
    }

    fn attempt(
        &self,
        command: Option<&Command>,
        references: &[EnvReference],
        read: Read,
        began: Instant,
    ) -> Result<Resolved<'a>, Error> {
        let (fetched, failures, session) = match self.fetch(references, read, began)? {
            Some(fetch) => (Some(fetch.fetched), fetch.failures, Some(fetch.session)),
            None => (None, Vec::new(), None),
        };
        let mut environment =
            environment::assemble(&self.config, self.inherited, references, fetched.as_ref());
        let context = session.as_ref().map(aws::Session::context);
        environment.fill_region(context.unwrap_or(&AwsContext::default()));
        if self.config.strict {
            environment.refuse_warnings();
        }
        let size = command.map(Command::size);
        environment.check_size(size.as_ref(), process::stack_limit());
        Ok(Resolved { fetched, environment, failures, session, waited: None })
    }

    /// The references in the inherited environment.
    pub(super) fn references(&self) -> Result<Vec<EnvReference>, Diagnostic> {
        if !self.config.sources.references {
            return Ok(Vec::new());
        }
        env_reference::find_references(self.inherited, |name| {
            environment::is_kept(&self.config.rules, name)
        })
    }

    /// A configuration without any source is a mistake.
    pub(super) fn ensure_any_source(&self, references: &[EnvReference]) -> Result<(), Diagnostic> {
        if !self.config.sources.are_empty() || !references.is_empty() {
            return Ok(());
        }
        let message = "no source of parameters is configured";
        let option = command::option_after(self.words.all());
        let (message, mut help) = match (option, &self.config_file) {
            (Some(option), _) => (
                format!("{message}: `{option}` is after the command, and is read as its argument"),
                vec![Help::text(format!(
                    "Write options of ssm-exec before the command: `ssm-exec {option} … -- COMMAND`"
                ))],
            ),
            (None, Some(file)) => (
                format!("{message}, and {} has none", file.display()),
                vec![Help::text("Add one to it, such as `prefix = \"/org/service\"`")],
            ),
            (None, None) => {
                let usual = Help::all(Code::NoSources.help());
                (message.to_owned(), command::near_file(None).into_iter().chain(usual).collect())
            }
        };
        if option.is_none() && self.task == Task::Launch {
            help.push(Help::text("To start the command without any, use `--skip`"));
        }
        Err(Diagnostic::with_help(Code::NoSources, message, help))
    }

    /// Fetches everything, unless `--skip` says that nothing is.
    pub(super) fn fetch(
        &self,
        references: &[EnvReference],
        read: Read,
        began: Instant,
    ) -> Result<Option<aws::Fetch>, Error> {
        if let Some(origin) = &self.config.skip {
            warn!(
                "{origin}: nothing was fetched from SSM; the command gets the inherited environment and defaults"
            );
            return Ok(None);
        }
        self.ensure_any_source(references)?;
        // A rehearsal ends without a message: it is not what was started.
        if read != Read::ValuesOnce {
            signals::install_termination_handlers();
        }
        let requests = plan::plan(&self.config.sources, references);
        Ok(Some(aws::fetch(&self.config, self.inherited, requests, read, began)))
    }
}
