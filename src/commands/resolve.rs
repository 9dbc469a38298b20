//! From a configuration to the final environment: the one way that a launch and a check share.

use crate::aws::{self, Read};
use crate::cli::hints;
use crate::error::Error;
use crate::exec::lookup::{self, Command};
use crate::exec::{CommandError, process, signals};
use crate::lambda;
use crate::logging::progress::Progress;
use ssm_exec_core::config::{Config, ConfigError, LogLevel};
use ssm_exec_core::env_reference::{self, EnvReference};
use ssm_exec_core::environment::notice::Notice;
use ssm_exec_core::environment::{self, Environment};
use ssm_exec_core::fetched::Fetched;
use ssm_exec_core::inherited::Inherited;
use ssm_exec_core::parameter::{Label, Prefix};
use ssm_exec_core::plan::{self, Request};
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Instant;
use tracing::{info, warn};

/// One run: its configuration, and what it was started with.
pub(super) struct Session<'a> {
    pub(super) config: Config,
    /// The configuration file that was read.
    pub(super) config_file: Option<PathBuf>,
    pub(super) inherited: &'a Inherited<'a>,
    pub(super) called_as: OsString,
    pub(super) started: Instant,
}

/// Everything that a start takes. The environment may have problems.
pub(super) struct Resolved<'e> {
    pub(super) fetched: Option<Fetched>,
    pub(super) environment: Environment<'e>,
}

impl<'a> Session<'a> {
    /// The command, found before anything is fetched, if there is one.
    pub(super) fn command(&self, words: Vec<OsString>) -> Result<Option<Command>, Error> {
        let words = self.words(words);
        if words.is_empty() {
            return Ok(None);
        }
        lookup::resolve_command(&words, self.inherited.get("PATH"))
            .map(Some)
            .map_err(|error| suggest_command(error, words.first()))
    }

    /// The command line's command, else the file's, else Lambda's handler.
    fn words(&self, words: Vec<OsString>) -> Vec<OsString> {
        let words = lambda::without_handler(words, &self.called_as, self.inherited);
        if !words.is_empty() {
            return words;
        }
        if !self.config.command.is_empty() {
            return self.config.command.clone();
        }
        lambda::handler(&self.called_as, self.inherited)
            .into_iter()
            .collect()
    }

    /// Fetches everything and builds the environment. `command` counts for its size.
    pub(super) fn resolve(&self, command: Option<&Command>) -> Result<Resolved<'a>, Error> {
        self.resolve_again(command, Read::Values, self.started)
    }

    /// The same from another moment on, as a rehearsal of a start.
    pub(super) fn resolve_again(
        &self,
        command: Option<&Command>,
        read: Read,
        began: Instant,
    ) -> Result<Resolved<'a>, Error> {
        let references = self.references()?;
        let fetched = self.fetch(&references, read, began)?;
        if self.config.rules.drop_aws_credentials {
            info!(
                "--drop-aws-credentials: variables only; the instance metadata service and ~/.aws, if they are there, still give the command credentials"
            );
        }
        let mut environment =
            environment::assemble(&self.config, self.inherited, &references, fetched.as_ref());
        if let (Some(trigger), Some(fetched)) = (&self.config.sources.trigger, &fetched) {
            environment
                .problems
                .extend(environment::missing_trigger(trigger, fetched));
        }
        if self.config.strict {
            environment.refuse_warnings();
        }
        let arguments = command.map_or(0, Command::size);
        environment.check_size(arguments, process::stack_limit());
        Ok(Resolved {
            fetched,
            environment,
        })
    }

    /// How many of the parameters below a prefix have its label, where only some do. What cannot be
    /// counted is left out: the environment does not depend on it.
    pub(super) fn partial_labels(&self, fetched: &Fetched) -> Vec<Notice> {
        let sources = self.config.sources.prefixes.iter();
        let prefixes: Vec<(&Prefix, &Label)> = sources
            .filter_map(|source| Some((&source.prefix, source.prefix.label()?)))
            .collect();
        if prefixes.is_empty() {
            return Vec::new();
        }
        let whole = |prefix: &Prefix| Request::Below(prefix.without_label());
        let requests = prefixes.iter().map(|(prefix, _)| whole(prefix)).collect();
        let mut progress = Progress::new(true);
        let all = match aws::fetch(
            &self.config,
            self.inherited,
            requests,
            Read::Versions,
            self.started,
            &mut progress,
        ) {
            Ok(all) => all,
            Err(error) => {
                info!("could not count labels: {error}");
                return Vec::new();
            }
        };
        let counted = prefixes.into_iter().map(|(prefix, label)| {
            let labelled = fetched.below(prefix).count();
            let total = all.below(&prefix.without_label()).count();
            (labelled < total).then(|| Notice::PartialLabel {
                prefix: prefix.clone(),
                label: label.clone(),
                labelled,
                total,
            })
        });
        counted.flatten().collect()
    }

    /// The references in the inherited environment.
    pub(super) fn references(&self) -> Result<Vec<EnvReference>, ConfigError> {
        if !self.config.sources.references {
            return Ok(Vec::new());
        }
        env_reference::find_references(self.inherited, |name| {
            environment::is_kept(&self.config.rules, name)
        })
    }

    /// A configuration without any source is a mistake.
    pub(super) fn ensure_any_source(&self, references: &[EnvReference]) -> Result<(), ConfigError> {
        if self.config.sources.are_empty() && references.is_empty() {
            return Err(ConfigError::NoSources);
        }
        Ok(())
    }

    /// Fetches everything, unless `--skip` says that nothing is.
    pub(super) fn fetch(
        &self,
        references: &[EnvReference],
        read: Read,
        began: Instant,
    ) -> Result<Option<Fetched>, Error> {
        if self.config.skip {
            warn!("--skip: SSM was not asked; the command gets what is inherited, and defaults");
            return Ok(None);
        }
        self.ensure_any_source(references)?;
        // A rehearsal ends without a message: it is not what was started.
        if read != Read::ValuesOnce {
            signals::install_termination_handlers();
        }
        let requests = plan::plan(&self.config.sources, references);
        let mut progress =
            Progress::new(self.config.logging.level == LogLevel::Error || read == Read::ValuesOnce);
        let fetched = aws::fetch(
            &self.config,
            self.inherited,
            requests,
            read,
            began,
            &mut progress,
        )?;
        Ok(Some(fetched))
    }
}

/// A command that does not exist may be another tool's subcommand.
fn suggest_command(error: CommandError, name: Option<&OsString>) -> Error {
    match (&error, name.and_then(hints::for_command)) {
        (CommandError::NotFound { .. }, Some(hint)) => Error::Usage(hint),
        _ => error.into(),
    }
}
