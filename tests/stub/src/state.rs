//! State shared by the server thread and the test.

use crate::account::Account;
use crate::quota::Quota;
use crate::request::Request;
use crate::script::Script;
use crate::tls::Handshake;
use serde_json::{Value, json};
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::watch;

/// What happens to a new connection, before any TLS handshake.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnConnect {
    /// It is served.
    #[default]
    Serve,
    /// It is accepted, and nothing is ever sent, not even a handshake.
    Stall,
    /// It is closed at once.
    Close,
    /// It is reset at once.
    Reset,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) account: Account,
    pub(crate) script: Script,
    pub(crate) quota: Option<Quota>,
    pub(crate) on_connect: OnConnect,
    pub(crate) requests: Vec<Request>,
    pub(crate) recording: bool,
    pub(crate) arrived: usize,
    pub(crate) served: usize,
    pub(crate) throttled: usize,
    pub(crate) connections: usize,
    pub(crate) handshakes: Vec<Handshake>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    state: Mutex<State>,
    /// A connection or a request arrived.
    pub(crate) arrived: Condvar,
    pub(crate) held: watch::Sender<bool>,
    pub(crate) latency: Duration,
    pub(crate) skew: i64,
}

impl Shared {
    pub(crate) fn new(state: State, latency: Duration, skew: i64) -> Self {
        Self {
            state: Mutex::new(state),
            arrived: Condvar::new(),
            held: watch::channel(false).0,
            latency,
            skew,
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("not poisoned")
    }

    pub(crate) fn connected(&self) -> OnConnect {
        let mut state = self.state();
        state.connections += 1;
        let on_connect = state.on_connect;
        drop(state);
        self.arrived.notify_all();
        on_connect
    }

    /// The JSON of `GET /requests`. A connection that was only made for that request isn't counted.
    pub(crate) fn counts(&self, only_for_counts: bool) -> Value {
        let mut state = self.state();
        state.connections -= usize::from(only_for_counts);
        state.counts()
    }
}

impl State {
    /// Throttled requests are counted separately.
    pub(crate) fn counts(&self) -> Value {
        json!({
            "requests": self.served,
            "throttled": self.throttled,
            "connections": self.connections,
        })
    }
}
