//! The only module that knows the AWS SDK: requests in, parameters out, errors classified.

mod blocked;
mod call;
mod credentials;
mod date;
mod environment;
mod failure;
mod net;
mod refusal;
mod service_error;
mod session;
mod shared_files;
mod ssm;

pub use environment::unset_unusable_variables;
pub use failure::Failure;
pub use net::Observed;

use crate::logging::{info, progress::Progress};
use crate::system_error::without_number;
use call::{Calls, Clock};
use failure::{Scope, internal};
use session::Sdk;
use ssm::{Answered, ParameterStore};
use ssm_exec_core::aws_context::AwsContext;
use ssm_exec_core::code::Code;
use ssm_exec_core::config::{Config, LogLevel, MAX_PARAMETERS};
use ssm_exec_core::diagnostic::{Diagnostic, Help};
use ssm_exec_core::fetched::Fetched;
use ssm_exec_core::inherited::Inherited;
use ssm_exec_core::parameter::ParameterRef;
use ssm_exec_core::plan::Request;
use ssm_exec_core::region::Region;
use std::collections::VecDeque;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

/// How many requests are under way at once: enough to hide a round trip of a region away, few enough
/// that one start takes less than half of the default quota's second.
const CONCURRENT: usize = 16;

/// How often the progress is shown.
const TICK: Duration = Duration::from_millis(100);

/// What is read, and how often it is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Read {
    /// Values, until the time limit: for a start or a report.
    Values,
    /// Versions and dates, until the time limit: for a fingerprint.
    Versions,
    /// Values, each request once: for a rehearsal of a start.
    ValuesOnce,
    /// Versions and dates, each request once: for a poll.
    VersionsOnce,
}

impl Read {
    /// Without decryption, a `SecureString` comes as it is stored, and KMS is not asked.
    fn decrypts(self) -> bool {
        matches!(self, Self::Values | Self::ValuesOnce)
    }

    fn retries(self) -> bool {
        matches!(self, Self::Values | Self::Versions)
    }
}

/// What was fetched, and why the rest wasn't.
pub struct Fetch {
    /// What was fetched.
    pub fetched: Fetched,
    /// Why the rest wasn't; empty if nothing is missing.
    pub failures: Vec<Failure>,
    /// Where and as whom.
    pub session: Session,
}

/// Where AWS was asked, and as whom.
pub struct Session {
    context: AwsContext,
    /// The answer of STS to who the caller is, once it was asked.
    identified: Option<Result<(), String>>,
    sdk: Option<Sdk>,
    runtime: Option<Runtime>,
}

impl Session {
    /// What is known without another request.
    pub fn context(&self) -> &AwsContext {
        &self.context
    }

    /// Asks STS who the caller is, once. For a report, or the message of a run that has failed.
    ///
    /// # Errors
    /// Why that remains unknown.
    pub fn identify(&mut self) -> Result<(), String> {
        let (context, sdk, runtime) = (&mut self.context, &self.sdk, &self.runtime);
        let ask = || match (sdk, runtime) {
            (Some(sdk), Some(runtime)) => runtime.block_on(sdk.identify(context)),
            _ => Err("there are no credentials to ask STS with".to_owned()),
        };
        self.identified.get_or_insert_with(ask).clone()
    }

    /// Which of these parameters exist without their version or label. For the message of a run that has
    /// failed: a service that doesn't answer leaves it open.
    pub fn existing(&self, parameters: &[ParameterRef]) -> Vec<ParameterRef> {
        match (&self.sdk, &self.runtime) {
            (Some(sdk), Some(runtime)) if !parameters.is_empty() => {
                runtime.block_on(sdk.existing(parameters))
            }
            _ => Vec::new(),
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // A thread that still waits for DNS must not keep the command waiting; execve ends it.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Fetches everything that is planned before `began` is `config.timeout` ago.
pub fn fetch(
    config: &Config,
    inherited: &Inherited<'_>,
    requests: Vec<Request>,
    read: Read,
    began: Instant,
) -> Fetch {
    let deadline = began + config.timeout;
    let calls = Arc::new(Calls::new(deadline, config.timeout, read.retries(), Clock::default()));
    let mut run = Run { pending: requests.clone(), ..Run::default() };
    let runtime = match checked_runtime(inherited) {
        Ok(runtime) => runtime,
        Err(error) => {
            run.failures.push(error);
            return run.end(None);
        }
    };
    let _alive = blocked::watch(deadline, config.timeout);
    let mut progress = Progress::new(config.logging.level == LogLevel::Error || !read.retries());
    let outcome = runtime.block_on(async {
        let fetching = run.fetch(config, inherited, requests, read, &calls);
        let mut fetching = pin!(tokio::time::timeout_at(deadline.into(), fetching));
        loop {
            match tokio::time::timeout(TICK, &mut fetching).await {
                Ok(outcome) => return outcome,
                Err(_) => progress.tick(),
            }
        }
    });
    if outcome.is_err() {
        run.at_deadline(&calls);
    }
    run.end(Some(runtime))
}

/// A runtime for an SDK that will find only files that it can read.
fn checked_runtime(inherited: &Inherited<'_>) -> Result<Runtime, Failure> {
    environment::refuse_quotes(inherited)?;
    blocked::check_files(inherited)?;
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
        let reason = without_number(&error);
        let text = format!("the system refused the asynchronous runtime: {reason}");
        Diagnostic::new(Code::System, text).into()
    })
}

/// Asks STS for the caller's account, and finds the Region, before `began` is `config.timeout` ago.
///
/// # Errors
/// When there are no credentials or no region, or STS doesn't answer.
pub fn identity(
    config: &Config,
    inherited: &Inherited<'_>,
    began: Instant,
) -> Result<(String, Region), (Failure, AwsContext)> {
    let mut context = AwsContext::default();
    let runtime = checked_runtime(inherited).map_err(|error| (error, AwsContext::default()))?;
    let deadline = began + config.timeout;
    let _alive = blocked::watch(deadline, config.timeout);
    let calls = Calls::new(deadline, config.timeout, true, Clock::default());
    let outcome = runtime.block_on(async {
        let asking = async {
            let sdk = Sdk::open(config, inherited, &[], &calls, &mut context).await?;
            let (account, _) = sdk.caller(&calls).await.map_err(without_request)?;
            Ok((account, sdk.region))
        };
        let asked = tokio::time::timeout_at(deadline.into(), asking).await;
        asked.unwrap_or_else(|_| Err(without_request(calls.exhausted(None))))
    });
    outcome.map_err(|error| (error, context))
}

/// Says how the question is avoided.
fn without_request(mut failure: Failure) -> Failure {
    let help = Help::text("With `--account ID` and `--region REGION`, no request is needed");
    failure.diagnostic.help.push(help);
    failure
}

/// Sends the requests through a client that is given, until they are answered or `timeout` is over.
/// For tests that answer it themselves, without a network.
///
/// # Errors
/// See [`Failure`].
pub async fn fetch_through(
    client: aws_sdk_ssm::Client,
    requests: Vec<Request>,
    timeout: Duration,
) -> Result<Fetched, Failure> {
    let deadline = Instant::now() + timeout;
    let store = ParameterStore {
        client,
        region: None,
        source: None,
        calls: Arc::new(Calls::new(deadline, timeout, true, Clock::default())),
        decrypt: true,
        max_parameters: MAX_PARAMETERS,
    };
    let mut run = Run::default();
    run.send_all(store, requests).await;
    match run.failures.into_iter().next() {
        None => Ok(run.fetched),
        Some(error) => Err(error),
    }
}

/// What a fetch has come to, also when the deadline interrupts it.
#[derive(Default)]
struct Run {
    fetched: Fetched,
    failures: Vec<Failure>,
    /// Errors of batches whose names are being asked one by one.
    split: Vec<Failure>,
    /// What hasn't been answered.
    pending: Vec<Request>,
    context: AwsContext,
    sdk: Option<Sdk>,
}

impl Run {
    async fn fetch(
        &mut self,
        config: &Config,
        inherited: &Inherited<'_>,
        requests: Vec<Request>,
        read: Read,
        calls: &Arc<Calls>,
    ) {
        let opened = Sdk::open(config, inherited, &requests, calls, &mut self.context);
        let sdk = match opened.await {
            Ok(sdk) => sdk,
            Err(error) => return self.failures.push(error),
        };
        let store = ParameterStore {
            client: sdk.ssm(),
            region: Some(sdk.region.clone()),
            source: Some(sdk.source.clone()),
            calls: Arc::clone(calls),
            decrypt: read.decrypts(),
            max_parameters: config.max_parameters,
        };
        self.sdk = Some(sdk);
        self.send_all(store, requests).await;
    }

    /// Sends all requests. After one has failed the others still get one attempt, so that a message can
    /// name everything that is denied or missing.
    async fn send_all(&mut self, store: ParameterStore, requests: Vec<Request>) {
        let store = Arc::new(store);
        self.pending.clone_from(&requests);
        let mut waiting = VecDeque::from(requests);
        let mut running = JoinSet::new();
        loop {
            while running.len() < CONCURRENT
                && let Some(request) = waiting.pop_front()
            {
                let store = Arc::clone(&store);
                running.spawn(async move {
                    let outcome = ssm::send(store, &request).await;
                    (request, outcome)
                });
            }
            match running.join_next().await {
                None => break,
                Some(Ok((request, Ok(answer)))) => {
                    self.pending.retain(|pending| *pending != request);
                    self.keep(answer);
                }
                Some(Ok((Request::Batch(names), Err(failure))))
                    if names.len() > 1 && failure.scope == Scope::OneName =>
                {
                    // AWS names one of them, if any: each is asked by itself.
                    self.split.push(failure);
                    for name in &names {
                        waiting.push_back(Request::Batch(vec![name.clone()]));
                        self.pending.push(Request::Batch(vec![name.clone()]));
                    }
                    let batch = Request::Batch(names);
                    self.pending.retain(|pending| *pending != batch);
                }
                // It had its one attempt, and remains pending.
                Some(Ok((_, Err(failure))))
                    if failure.is_transient() && !self.failures.is_empty() => {}
                Some(Ok((_, Err(failure)))) => {
                    let is_last = failure.scope == Scope::Everything;
                    if self.failures.is_empty() || !is_last {
                        self.failures.push(failure);
                    }
                    if is_last {
                        self.prefer_denials();
                        break;
                    }
                    store.calls.stop();
                }
                Some(Err(error)) => {
                    let text = format!("a task ended early (panic: {})", error.is_panic());
                    self.failures.push(internal(text));
                    break;
                }
            }
        }
        self.split.clear();
        failure::merge(&mut self.failures);
    }

    fn keep(&mut self, answer: Answered) {
        match answer {
            Answered::Below(prefix, parameters, pages) => {
                self.fetched.set_pages(&prefix, pages);
                self.fetched.add_below(prefix, parameters);
            }
            Answered::Named(parameters) => {
                for (name, parameter) in parameters {
                    self.fetched.add_named(name, parameter);
                }
            }
        }
    }

    /// What is known of denied batches is more than that a request failed temporarily.
    fn prefer_denials(&mut self) {
        if let [failure] = self.failures.as_slice()
            && failure.is_transient()
            && !self.split.is_empty()
        {
            self.failures = std::mem::take(&mut self.split);
        }
    }

    /// What is known of denied batches is more than that the deadline has passed.
    fn at_deadline(&mut self, calls: &Calls) {
        self.failures.append(&mut self.split);
        if self.failures.is_empty() {
            let fetching = self.sdk.as_ref().and(self.pending.first());
            self.failures.push(calls.exhausted(fetching));
        }
        failure::merge(&mut self.failures);
    }

    fn end(mut self, runtime: Option<Runtime>) -> Fetch {
        for request in self.pending.drain(..) {
            self.fetched.add_failed(request);
        }
        if self.context.account.is_none() {
            self.context.account = self.fetched.account();
        }
        if let Some(account) = &self.context.account {
            info!("account {account}");
        }
        let mut refusals = self.failures.iter().filter_map(|it| it.refusal.as_ref());
        if let Some(principal) = refusals.find_map(|refusal| refusal.principal()) {
            self.context.set_principal(principal);
        }
        Fetch {
            fetched: self.fetched,
            failures: self.failures,
            session: Session { context: self.context, identified: None, sdk: self.sdk, runtime },
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
