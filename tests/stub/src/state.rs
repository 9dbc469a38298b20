//! What the serving thread and the test share: the world, the script, and what was seen.

use crate::quota::Quota;
use crate::request::Request;
use crate::script::Script;
use crate::world::World;
use serde_json::{Value, json};
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::watch;

/// What happens to a connection when it is made, before any TLS.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Door {
    /// It is served.
    #[default]
    Open,
    /// It is accepted, and nothing ever comes, not even a handshake.
    Stall,
    /// It is closed at once.
    Close,
    /// It is reset at once.
    Reset,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) world: World,
    pub(crate) script: Script,
    pub(crate) quota: Option<Quota>,
    pub(crate) door: Door,
    pub(crate) requests: Vec<Request>,
    pub(crate) recording: bool,
    pub(crate) arrived: usize,
    pub(crate) served: usize,
    pub(crate) throttled: usize,
    pub(crate) connections: usize,
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
        self.state.lock().expect("no panic holds it")
    }

    pub(crate) fn connected(&self) -> Door {
        let mut state = self.state();
        state.connections += 1;
        let door = state.door;
        drop(state);
        self.arrived.notify_all();
        door
    }

    /// What `GET /requests` tells. A connection that was made for it doesn't count.
    pub(crate) fn counts(&self, made_for_it: bool) -> Value {
        let mut state = self.state();
        state.connections -= usize::from(made_for_it);
        state.counts()
    }
}

impl State {
    /// Throttled requests are counted apart, not among the others.
    pub(crate) fn counts(&self) -> Value {
        json!({
            "requests": self.served,
            "throttled": self.throttled,
            "connections": self.connections,
        })
    }
}
