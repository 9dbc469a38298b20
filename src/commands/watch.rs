//! What the watcher does in its forks: a poll asks for versions, a rehearsal does what a start would do.

use super::levels::Levels;
use super::resolve::Invocation;
use crate::aws::{self, Read};
use crate::error::Error;
use crate::exec::Ready;
use crate::logging::{error, warn};
use crate::watch::{
    self, Delivered, ForkedWork, Handover, LiveFile, Look, NewContent, Poll, Rehearsal, Settled,
    Told,
};
use ssm_exec_core::code::Code;
use ssm_exec_core::config::{Delivery, Watch};
use ssm_exec_core::contents::{Change, Contents, Gone, Key};
use ssm_exec_core::diagnostic::Diagnostic;
use ssm_exec_core::environment::Environment;
use ssm_exec_core::fetched::Fetched;
use ssm_exec_core::plan::{self, Request};
use ssm_exec_core::report::WatchCost;
use ssm_exec_core::revision::{self, Revisions};
use ssm_exec_core::status::Status;
use ssm_exec_core::variable::VariableName;
use ssm_exec_core::words::first_of;
use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// As many changes as a message names.
const NAMED: usize = 10;
const HOUR: Duration = Duration::from_secs(60 * 60);

/// The watcher of a start that has not happened yet.
pub(super) struct StartedWatcher {
    watch: Watch,
    handover: Handover,
    key: Key,
    /// What can change.
    requests: Vec<Request>,
}

impl Invocation<'_> {
    /// Leaves the watcher behind, if the configuration has one. Must come before the first request.
    pub(super) fn start_watcher(&self, levels: &Levels) -> Result<Option<StartedWatcher>, Error> {
        let Some(watch) = &self.config.watch else {
            return Ok(None);
        };
        let requests = self.watched(watch)?;
        let polled = polled(watch, &requests);
        if watch.is_frequent() {
            warn!(
                "{}: an interval of {:?} is {} requests an hour for each process, of the 40 a second that all readers in this account and Region share",
                watch.origin,
                watch.every,
                polled.len() as u128 * HOUR.as_millis() / watch.every.as_millis().max(1),
            );
        }
        let key = watch::new_key()?;
        let work = Forked {
            session: self,
            levels,
            directory: nix::unistd::getcwd().ok(),
            watch,
            key,
            requests: &requests,
            polled: &polled,
        };
        let handover = watch::start(watch, &work)?;
        Ok(Some(StartedWatcher { watch: watch.clone(), handover, key, requests }))
    }

    /// What the watcher of one process costs.
    pub(super) fn watch_cost(&self, watch: &Watch, fetched: &Fetched) -> Result<WatchCost, Error> {
        let polled = polled(watch, &self.watched(watch)?);
        Ok(WatchCost { requests: fetched.requests(&polled), every: watch.every })
    }

    /// The requests whose answers can change.
    pub(super) fn watched(&self, watch: &Watch) -> Result<Vec<Request>, Diagnostic> {
        let references = self.references()?;
        self.ensure_any_source(&references)?;
        if !plan::can_change(&self.config.sources, &references) {
            return Err(watch.nothing_to_follow());
        }
        Ok(plan::plan_polls(&self.config.sources, &references))
    }
}

/// What a poll asks for: the trigger, if there is one.
pub(super) fn polled(watch: &Watch, requests: &[Request]) -> Vec<Request> {
    match &watch.trigger {
        Some(trigger) => vec![Request::Batch(vec![trigger.clone()])],
        None => requests.to_vec(),
    }
}

impl StartedWatcher {
    /// Whether it writes in-memory files while the command runs.
    pub(super) fn writes_files(&self) -> bool {
        self.watch.on_file_change.is_some()
    }

    /// Warns if the signal cannot bring new values: the variables of a running process do not change, and its in-memory
    /// files only with `on_file_change`.
    fn warn_of_no_effect(&self, environment: &Environment<'_>) {
        let mut settings = environment.set.values();
        let only_live_files =
            self.writes_files() && settings.all(|setting| setting.delivery == Delivery::File);
        let signal = self.watch.on_change.name();
        if !self.watch.on_change.ends() && !only_live_files {
            warn!(
                "--on-change {signal}: the environment of a running process does not change, so a command that reloads keeps the old values of its variables. Use TERM and a supervisor that restarts it, or pass the values as files with `--on-file-change {signal}`"
            );
        }
    }

    /// Tells it what it has to know about the start. It begins when this process has become the command.
    pub(super) fn hand_over(
        &self,
        environment: &Environment<'_>,
        fetched: Option<&Fetched>,
        ready: &Ready<'_>,
    ) -> Result<(), Error> {
        self.warn_of_no_effect(environment);
        let files = environment.set.iter();
        let files = files.filter(|(_, setting)| setting.delivery == Delivery::File);
        let files = files.zip(ready.live_files());
        let files = files.map(|((name, _), (path, descriptor))| {
            let (name, path) = (name.to_string(), path.to_owned());
            (LiveFile { name, path }, descriptor.as_raw_fd())
        });
        let revisions = fetched.map(|fetched| Revisions::new(&self.requests, fetched));
        let delivered = Delivered {
            contents: Contents::new(&self.key, environment),
            revisions: revisions.unwrap_or_default(),
        };
        Ok(self.handover.send(&delivered, files.collect())?)
    }
}

struct Forked<'a> {
    session: &'a Invocation<'a>,
    levels: &'a Levels,
    /// Where relative paths begin.
    directory: Option<PathBuf>,
    watch: &'a Watch,
    key: Key,
    requests: &'a [Request],
    polled: &'a [Request],
}

impl ForkedWork for Forked<'_> {
    fn time_limit(&self) -> Duration {
        self.session.config.timeout
    }

    fn poll(&self, look: &Look<'_>) -> Poll {
        // Where it is gone, nothing can be relative to it.
        let _ = self.enter_directory();
        let fetch = aws::fetch(
            &self.session.config,
            self.session.inherited,
            self.polled.to_vec(),
            Read::VersionsOnce,
            Instant::now(),
        );
        if let Some(failure) = fetch.failures.into_iter().next() {
            let error = Error::from((failure, fetch.session.context().clone()));
            return Poll::Failed(Some(fails(look, &error)));
        }
        let before = match &self.watch.trigger {
            Some(trigger) => &look.delivered.revisions.only(trigger),
            None => &look.delivered.revisions,
        };
        let now = Revisions::new(self.polled, &fetch.fetched);
        if *before == now { Poll::Unchanged } else { Poll::Changed(now) }
    }

    fn rehearse(&self, look: &Look<'_>) -> (Rehearsal, Vec<NewContent>) {
        let started = self.enter_directory().and_then(|()| self.start_again(look));
        started.unwrap_or_else(|error| {
            let failed = match error.status() {
                Status::TryLater | Status::System => Rehearsal::Failed(Some(fails(look, &error))),
                _ => mistake(
                    look,
                    &error,
                    "a new start would fail, so the command keeps its old values",
                ),
            };
            (failed, Vec::new())
        })
    }
}

impl Forked<'_> {
    fn enter_directory(&self) -> Result<(), Error> {
        let Some(directory) = &self.directory else {
            return Ok(());
        };
        let entered = nix::unistd::chdir(directory);
        Ok(entered.map_err(|error| {
            let directory = directory.display();
            let reason = error.desc();
            let message =
                format!("the directory of the start, {directory}, cannot be entered: {reason}");
            Diagnostic::new(Code::InvalidCommand, message)
        })?)
    }

    /// Does what a new start would do, as far as this process can see it: reads the file, looks the command
    /// up, fetches, and checks everything.
    fn start_again(&self, look: &Look<'_>) -> Result<(Rehearsal, Vec<NewContent>), Error> {
        let (mut config, levels) = self.levels.read_again(self.session.inherited)?;
        // It goes on as it was started.
        config.sources.trigger.clone_from(&self.watch.trigger);
        let session = Invocation {
            config,
            config_file: levels.file().map(PathBuf::from),
            inherited: self.session.inherited,
            called_as: self.session.called_as.clone(),
            words: self.session.words.clone(),
            task: self.session.task,
            started: Instant::now(),
        };
        let command = session.required_command()?;
        let references = session.references()?;
        let requests = session.watched(self.watch)?;
        let mut resolved = session.resolve(Some(&command), Read::ValuesOnce)?;
        if let Some(error) = resolved.error() {
            return Err(error);
        }
        let (fetched, environment) = resolved.into_parts();
        let fetched = fetched.unwrap_or_default();
        let before = look.delivered;
        let mut contents = Contents::new(&self.key, &environment);
        let found = contents.clone();
        let change = before.contents.change(&mut contents, &session.config, &references, &fetched);
        let now = Revisions::new(&requests, &fetched);
        let changed = before.revisions.changes(&now);
        let changes = listed(&changed);
        let delivered =
            Delivered { contents, revisions: now.kept_for(self.requests, &requests, look.seen) };
        let settled = match look.settled {
            Settled::Anything => true,
            Settled::Only(last) => last == Some(&found),
        };
        let files = match change {
            Change::Nothing { gone } => {
                let is_new = |gone: &&Gone| changed.iter().any(|change| change.is_of(&gone.param));
                if gone.iter().find(is_new).is_some() {
                    let gone = no_longer(&gone);
                    warn!("{gone}, so the command keeps its old value until it is restarted");
                }
                return Ok((Rehearsal::Same(delivered), Vec::new()));
            }
            Change::Loss { gone, others } => {
                let params = gone.iter().map(|gone| &gone.param);
                let mut error = Diagnostic::new(Code::Removed, no_longer(&gone)).parameters(params);
                if others {
                    error.list.push(format!("These changes wait for that: {changes}"));
                }
                let why = "the command is not restarted without it, and keeps its old values";
                return Ok((mistake(look, &error.into(), why), Vec::new()));
            }
            _ if !settled => return Ok((Rehearsal::Unsettled(found), Vec::new())),
            Change::Variables => Vec::new(),
            Change::Files(names) => {
                let names = names.into_iter().filter_map(|name| {
                    let value = environment.value(&VariableName::inherited(&name))?;
                    Some((name, value.to_vec()))
                });
                names.collect()
            }
        };
        let live = false;
        Ok((Rehearsal::Changed { delivered, changes, live }, files))
    }
}

/// Writes a failure that may be over at the next attempt.
fn fails(look: &Look<'_>, error: &Error) -> u64 {
    tell(look.failures, error, |first, lines| {
        warn!(lines; "{first}; --watch could not look for changes, and goes on trying");
    })
}

/// Writes what must be corrected before the command can be started anew, and what follows.
fn mistake(look: &Look<'_>, error: &Error, follows: &str) -> Rehearsal {
    let told = look.mistakes.map(|told| {
        tell(told, error, |first, lines| {
            error!(lines; "{first}; {follows}");
        })
    });
    Rehearsal::Broken(told.unwrap_or_default())
}

/// Writes an error, unless it was told lately. Returns what tells it from others.
fn tell(told: &Told, error: &Error, write: impl FnOnce(&str, &[String])) -> u64 {
    let all = error.diagnostics().iter();
    let all: Vec<String> = all.map(|it| format!("{} {}", it.code.word(), it.line())).collect();
    let failure = Told::failure(&all.join("\n"));
    if told.is_due(failure, Instant::now()) {
        let lines = error.lines();
        write(&lines[0], &lines[1..]);
    }
    failure
}

fn no_longer(gone: &[Gone]) -> String {
    let names: Vec<String> =
        gone.iter().map(|gone| format!("{} ({})", gone.param, gone.variable)).collect();
    match names.as_slice() {
        [one] => format!("{one} no longer exists"),
        names => format!("{} no longer exist", names.join(", ")),
    }
}

fn listed(changes: &[revision::RevisionChange]) -> String {
    if changes.is_empty() {
        return "a parameter has another value in the same version".to_owned();
    }
    first_of(NAMED, changes)
}
