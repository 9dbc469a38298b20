//! What the watcher does in its forks: a poll asks for versions, a rehearsal does what a start would do.

use super::resolve::Session;
use crate::aws::{self, Read};
use crate::error::Error;
use crate::exec::lookup::Command;
use crate::logging::{self, progress::Progress};
use crate::watch::{self, Delivered, Handover, Key, Poll, Rehearsal, Reports, Work};
use ssm_exec_core::config::{ConfigError, Watch};
use ssm_exec_core::digest;
use ssm_exec_core::environment::Environment;
use ssm_exec_core::fetched::Fetched;
use ssm_exec_core::plan::{self, Request};
use ssm_exec_core::report::WatchCost;
use ssm_exec_core::revision::{Change, Revisions};
use ssm_exec_core::status::Status;
use std::time::{Duration, Instant};
use tracing::{error, warn};

/// As many changes as a message names.
const NAMED: usize = 10;
const HOUR: Duration = Duration::from_secs(60 * 60);

/// The watcher of a start that has not happened yet.
pub(super) struct Watcher {
    handover: Handover,
    key: Key,
    /// What can change.
    requests: Vec<Request>,
}

impl Session<'_> {
    /// Leaves the watcher behind, if the configuration has one. Must come before the first request.
    pub(super) fn start_watcher(&self, command: &Command) -> Result<Option<Watcher>, Error> {
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
            command,
            watch,
            key,
            requests: &requests,
            polled: &polled,
        };
        let handover = watch::start(watch, &work)?;
        Ok(Some(Watcher {
            handover,
            key,
            requests,
        }))
    }

    /// What the watcher of one process costs.
    pub(super) fn watch_cost(&self, watch: &Watch, fetched: &Fetched) -> Result<WatchCost, Error> {
        let polled = polled(watch, &self.watched(watch)?);
        let requests = polled.iter().map(|request| match request {
            Request::Below(prefix) => fetched.pages(prefix),
            Request::Batch(_) => 1,
        });
        Ok(WatchCost {
            requests: requests.sum(),
            every: watch.every,
        })
    }

    /// The requests whose answers can change.
    pub(super) fn watched(&self, watch: &Watch) -> Result<Vec<Request>, ConfigError> {
        let references = self.references()?;
        self.ensure_any_source(&references)?;
        if !plan::can_change(&self.config.sources, &references) {
            return Err(watch.nothing_to_follow());
        }
        let requests = plan::plan(&self.config.sources, &references);
        Ok(plan::without_pinned(&requests))
    }
}

/// What a poll asks for: the trigger, if there is one.
pub(super) fn polled(watch: &Watch, requests: &[Request]) -> Vec<Request> {
    match &watch.trigger {
        Some(trigger) => vec![Request::Batch(vec![trigger.clone()])],
        None => requests.to_vec(),
    }
}

impl Watcher {
    /// What the watcher has to know about the start.
    pub(super) fn delivered(
        &self,
        environment: &Environment<'_>,
        fetched: Option<&Fetched>,
    ) -> Delivered {
        delivered(&self.key, &self.requests, environment, fetched)
    }

    /// Tells it. It begins when this process has become the command.
    pub(super) fn hand_over(&self, delivered: &Delivered) -> Result<(), Error> {
        Ok(self.handover.send(delivered)?)
    }
}

fn delivered(
    key: &Key,
    requests: &[Request],
    environment: &Environment<'_>,
    fetched: Option<&Fetched>,
) -> Delivered {
    let revisions = fetched.map(|fetched| Revisions::new(requests, fetched));
    Delivered {
        digest: digest::digest(key, environment),
        revisions: revisions.unwrap_or_default().to_bytes(),
    }
}

struct Forked<'a> {
    session: &'a Session<'a>,
    command: &'a Command,
    watch: &'a Watch,
    key: Key,
    requests: &'a [Request],
    polled: &'a [Request],
}

impl Work for Forked<'_> {
    fn poll(&self, delivered: &Delivered, report: bool) -> Poll {
        let fetch = aws::fetch(
            &self.session.config,
            self.session.inherited,
            self.polled.to_vec(),
            Read::VersionsOnce,
            Instant::now(),
            &mut Progress::new(true),
        );
        if let Some(failure) = fetch.failures.into_iter().next() {
            if report {
                let error = Error::from((failure, fetch.session.context().clone()));
                let lines = error.lines();
                warn!(
                    lines = %logging::lines(&lines[1..]),
                    "--watch could not look for changes, and goes on trying: {}", lines[0]
                );
            }
            return Poll::Failed;
        }
        let before = Revisions::from_bytes(&delivered.revisions).unwrap_or_default();
        let before = match &self.watch.trigger {
            Some(trigger) => before.only(trigger),
            None => before,
        };
        let now = Revisions::new(self.polled, &fetch.fetched);
        match before == now {
            true => Poll::Unchanged,
            false => Poll::Changed(now.to_bytes()),
        }
    }

    fn rehearse(&self, before: &Delivered, settled: Option<&[u8]>, reports: Reports) -> Rehearsal {
        let resolved =
            self.session
                .resolve_again(Some(self.command), Read::ValuesOnce, Instant::now());
        let ended = |error: &Error| {
            let all = error.lines();
            let (text, lines) = (&all[0], logging::lines(&all[1..]));
            match error.status() {
                Status::TryLater | Status::System => {
                    if reports.failure {
                        warn!(
                            %lines,
                            "parameters changed; --watch could not fetch them, and goes on trying: {text}"
                        );
                    }
                    Rehearsal::Failed
                }
                _ => {
                    if reports.mistake {
                        error!(
                            %lines,
                            "parameters changed, but the command would not start with them, so it runs on as it is: {text}"
                        );
                    }
                    Rehearsal::Broken
                }
            }
        };
        let mut resolved = match resolved {
            Ok(resolved) => resolved,
            Err(error) => return ended(&error),
        };
        if let Some(incomplete) = resolved.incomplete() {
            return ended(&incomplete.into());
        }
        let (fetched, environment) = resolved.into_parts();
        let now = delivered(&self.key, self.requests, &environment, fetched.as_ref());
        if settled.is_some_and(|settled| settled != now.revisions) {
            return Rehearsal::Moved;
        }
        if now.digest == before.digest {
            return Rehearsal::Same(now);
        }
        let revisions =
            |delivered: &Delivered| Revisions::from_bytes(&delivered.revisions).unwrap_or_default();
        let changes = revisions(before).changes(&revisions(&now));
        Rehearsal::Changed(now, describe(&changes))
    }
}

fn describe(changes: &[Change]) -> String {
    if changes.is_empty() {
        return "a parameter has another value in the same version".to_owned();
    }
    let named: Vec<String> = changes
        .iter()
        .take(NAMED)
        .map(ToString::to_string)
        .collect();
    let more = changes.len().saturating_sub(NAMED);
    match more {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}
