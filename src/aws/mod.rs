//! The only room that knows the AWS SDK: requests in, parameters out, errors classified.

mod blocked;
mod classify;
mod connection;
mod credential_source;
mod credentials;
mod denial;
mod dial;
mod environment;
mod error;
mod local;
mod parameter_store;
mod proxy;
mod retry;
mod root_bundle;
mod session;
mod tls;
mod tls_roots;
mod transport;

pub use connection::{CertificateProblem, ConnectionError, ConnectionFailure, ProxyName, Step};
pub use credential_source::CredentialSource;
pub use denial::Denial;
pub use environment::unset_empty_variables;
pub use error::{FetchError, TransientError};

use crate::logging::progress::Progress;
use parameter_store::Answer;
use retry::RetryBudget;
use ssm_exec_core::config::{Config, MAX_PARAMETERS};
use ssm_exec_core::fetched::Fetched;
use ssm_exec_core::inherited::Inherited;
use ssm_exec_core::plan::Request;
use std::collections::VecDeque;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// How many requests are under way at once: enough to hide a round trip of a region away, few enough
/// that one start takes less than half of the default quota's second.
const CONCURRENT: usize = 16;

/// How often the progress is told.
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

/// Fetches everything that was planned, or fails, before `began` is `config.timeout` ago.
///
/// # Errors
/// See [`FetchError`]; also for a profile or a CA bundle that can't be used.
pub fn fetch(
    config: &Config,
    inherited: &Inherited<'_>,
    requests: Vec<Request>,
    read: Read,
    began: Instant,
    progress: &mut Progress,
) -> Result<Fetched, FetchError> {
    blocked::check_files(inherited)?;
    let runtime = runtime()?;
    let deadline = began + config.timeout;
    let _alive = blocked::watch(deadline, config.timeout);
    let budget = Arc::new(RetryBudget::new(deadline, config.timeout, read.retries()));
    let outcome = runtime.block_on(async {
        let fetching = run(config, inherited, requests, read, &budget);
        let mut fetching = pin!(tokio::time::timeout_at(deadline.into(), fetching));
        loop {
            match tokio::time::timeout(TICK, &mut fetching).await {
                Ok(Ok(outcome)) => return outcome,
                Ok(Err(_)) => return Err(budget.exhausted()),
                Err(_) => progress.tick(),
            }
        }
    });
    // A thread that still waits for DNS must not keep the command waiting; execve ends it.
    runtime.shutdown_background();
    outcome
}

fn runtime() -> Result<tokio::runtime::Runtime, FetchError> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| FetchError::System {
            what: "the asynchronous runtime",
            reason: error.to_string(),
        })
}

/// Whose credentials these are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Twelve digits.
    pub account: String,
    /// Where SSM is asked.
    pub region: String,
}

/// Asks STS for the caller's account, and finds the region.
///
/// # Errors
/// When there are no credentials or no region, or STS doesn't answer.
pub fn identity(config: &Config, inherited: &Inherited<'_>) -> Result<Identity, FetchError> {
    blocked::check_files(inherited)?;
    let runtime = runtime()?;
    let _alive = blocked::watch(Instant::now() + config.timeout, config.timeout);
    let asking =
        async { tokio::time::timeout(config.timeout, session::identity(config, inherited)).await };
    runtime
        .block_on(asking)
        .unwrap_or(Err(FetchError::TimedOut {
            stage: "asking STS for the caller's account",
            timeout: config.timeout,
        }))
}

async fn run(
    config: &Config,
    inherited: &Inherited<'_>,
    requests: Vec<Request>,
    read: Read,
    budget: &Arc<RetryBudget>,
) -> Result<Fetched, FetchError> {
    let client = session::connect(config, inherited).await?;
    let connection = parameter_store::Connection {
        client,
        budget: Arc::clone(budget),
        decrypt: read.decrypts(),
        max_parameters: config.max_parameters,
    };
    send_all(connection, requests).await
}

/// Sends the requests through a client that is given, until they are answered or `timeout` is over.
/// For tests that answer it themselves, without a network.
///
/// # Errors
/// See [`FetchError`].
pub async fn fetch_through(
    client: aws_sdk_ssm::Client,
    requests: Vec<Request>,
    timeout: Duration,
) -> Result<Fetched, FetchError> {
    let session = parameter_store::Connection {
        client: session::Client::given(client),
        budget: Arc::new(RetryBudget::new(Instant::now() + timeout, timeout, true)),
        decrypt: true,
        max_parameters: MAX_PARAMETERS,
    };
    send_all(session, requests).await
}

async fn send_all(
    session: parameter_store::Connection,
    requests: Vec<Request>,
) -> Result<Fetched, FetchError> {
    let session = Arc::new(session);
    let mut waiting = VecDeque::from(requests);
    let mut running = JoinSet::new();
    let mut fetched = Fetched::default();
    loop {
        while running.len() < CONCURRENT
            && let Some(request) = waiting.pop_front()
        {
            running.spawn(parameter_store::send(Arc::clone(&session), request));
        }
        match running.join_next().await {
            None => return Ok(fetched),
            Some(Ok(Ok(Answer::Below(prefix, parameters, pages)))) => {
                fetched.set_pages(&prefix, pages);
                fetched.add_below(prefix, parameters);
            }
            Some(Ok(Ok(Answer::Named(parameters)))) => {
                for (name, parameter) in parameters {
                    fetched.add_named(name, parameter);
                }
            }
            Some(Ok(Err(error))) => return Err(error),
            Some(Err(error)) => {
                return Err(FetchError::Internal(format!(
                    "a task ended early (panic: {})",
                    error.is_panic()
                )));
            }
        }
    }
}
