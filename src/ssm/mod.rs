//! The only room that knows the AWS SDK: requests in, parameters out, errors classified.

#![forbid(unsafe_code)]

mod classify;
mod client;
mod credentials;
mod requests;
mod retry;
mod roots;
mod transport;

use crate::config::Config;
use crate::error::{Error, FetchError};
use crate::fetched::Fetched;
use crate::inherited::Inherited;
use crate::plan::Request;
use crate::progress::Progress;
use requests::Answer;
use retry::Patience;
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

/// Fetches everything that was planned, or fails, before `began` is `config.timeout` ago.
///
/// # Errors
/// See [`FetchError`]; also for a profile or a CA bundle that can't be used.
pub fn fetch(
    config: &Config,
    inherited: &Inherited,
    requests: Vec<Request>,
    began: Instant,
    progress: &mut Progress,
) -> Result<Fetched, Error> {
    let runtime = runtime()?;
    let deadline = began + config.timeout;
    let patience = Arc::new(Patience::new(deadline, config.timeout));
    let outcome = runtime.block_on(async {
        let fetching = run(config, inherited, requests, &patience);
        let mut fetching = pin!(tokio::time::timeout_at(deadline.into(), fetching));
        loop {
            match tokio::time::timeout(TICK, &mut fetching).await {
                Ok(Ok(outcome)) => return outcome,
                Ok(Err(_)) => return Err(patience.exhausted().into()),
                Err(_) => progress.tick(),
            }
        }
    });
    // A thread that still waits for DNS must not keep the command waiting; execve ends it.
    runtime.shutdown_background();
    outcome
}

fn runtime() -> Result<tokio::runtime::Runtime, Error> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::Internal(format!("no runtime can be made: {error}")))
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
pub fn identity(config: &Config, inherited: &Inherited) -> Result<Identity, Error> {
    let runtime = runtime()?;
    let asking =
        async { tokio::time::timeout(config.timeout, client::identity(config, inherited)).await };
    runtime.block_on(asking).unwrap_or_else(|_| {
        Err(FetchError::TimedOut {
            stage: "STS was asked for the caller's account",
            timeout: config.timeout,
        }
        .into())
    })
}

async fn run(
    config: &Config,
    inherited: &Inherited,
    requests: Vec<Request>,
    patience: &Arc<Patience>,
) -> Result<Fetched, Error> {
    let client = client::connect(config, inherited).await?;
    let patience = Arc::clone(patience);
    send_all(requests::Session { client, patience }, requests).await
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
) -> Result<Fetched, Error> {
    let session = requests::Session {
        client: client::Client::given(client),
        patience: Arc::new(Patience::new(Instant::now() + timeout, timeout)),
    };
    send_all(session, requests).await
}

async fn send_all(session: requests::Session, requests: Vec<Request>) -> Result<Fetched, Error> {
    let session = Arc::new(session);
    let mut waiting = VecDeque::from(requests);
    let mut running = JoinSet::new();
    let mut fetched = Fetched::default();
    loop {
        while running.len() < CONCURRENT
            && let Some(request) = waiting.pop_front()
        {
            running.spawn(requests::send(Arc::clone(&session), request));
        }
        match running.join_next().await {
            None => return Ok(fetched),
            Some(Ok(Ok(Answer::Below(prefix, parameters)))) => {
                fetched.add_below(prefix, parameters)
            }
            Some(Ok(Ok(Answer::Named(parameters)))) => {
                for (asked, parameter) in parameters {
                    fetched.add_named(asked, parameter);
                }
            }
            Some(Ok(Err(error))) => return Err(error.into()),
            Some(Err(error)) => {
                return Err(Error::Internal(format!(
                    "a task ended early (panic: {})",
                    error.is_panic()
                )));
            }
        }
    }
}
