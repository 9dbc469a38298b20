//! An SSM endpoint for tests, demo and benchmarks: in this process, on loopback, with the limits and
//! the corners of the real one.
//!
//! ```
//! use ssm_stub::{Parameter, Stub};
//! let stub = Stub::start();
//! stub.put(Parameter::secure("/org/api/db/url", "postgres://…"));
//! assert!(stub.url().starts_with("http://127.0.0.1:"));
//! ```

mod access;
mod bend;
mod builder;
mod date;
mod fault;
mod knobs;
mod name;
mod names;
mod parameter;
mod path;
mod putting;
mod quota;
mod refusal;
mod request;
mod script;
mod secret;
mod server;
mod state;
mod store;
mod tls;
mod wire;
mod world;

pub use access::{Denial, KmsDenial, Policy};
pub use bend::Bend;
pub use builder::Builder;
pub use fault::{After, Fault};
pub use knobs::{
    Duplicates, ErrorTypeHeader, LabelSelector, MalformedName, MessageCase, MissingLabel,
};
pub use parameter::{Kind, Parameter};
pub use refusal::Refusal;
pub use request::{Outcome, Request};
pub use script::When;
pub use secret::Secret;
pub use state::Door;
pub use tls::Certificate;

use serde_json::Value;
use state::{Shared, State};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// How long a test waits for a request before it is taken for lost.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running endpoint. It stops when it is dropped.
#[derive(Debug)]
pub struct Stub {
    shared: Arc<Shared>,
    address: SocketAddr,
    ca: Option<String>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Stub {
    /// A plain HTTP endpoint with nothing in it.
    #[must_use]
    pub fn start() -> Self {
        Self::builder().start()
    }

    /// For an endpoint of another kind.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> String {
        match self.ca {
            // By name, as clients check names; over IPv6 `localhost` might not be.
            Some(_) if self.address.is_ipv4() => {
                format!("https://localhost:{}", self.address.port())
            }
            Some(_) => format!("https://{}", self.address),
            None => format!("http://{}", self.address),
        }
    }

    /// The port it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The CA of its certificate, as PEM.
    ///
    /// # Panics
    /// When it doesn't speak TLS.
    #[must_use]
    pub fn ca_pem(&self) -> &str {
        self.ca.as_deref().expect("a stub that speaks TLS")
    }

    /// Puts a parameter; of a name that is there, a new version.
    pub fn put(&self, parameter: Parameter) {
        self.shared.state().world.store.put(parameter);
    }

    /// Puts a secret of Secrets Manager, to be had as `/aws/reference/secretsmanager/NAME`.
    pub fn secret(&self, secret: Secret) {
        self.shared.state().world.store.put_secret(secret);
    }

    /// The same in short.
    pub fn put_secret(&self, name: &str, value: &str) {
        self.secret(Secret::string(name, value));
    }

    /// Puts a parameter that is answered without a value.
    pub fn missing_value(&self, name: &str) {
        self.put(Parameter::string(name, "").without_value());
    }

    /// Takes a parameter away.
    pub fn remove(&self, name: &str) {
        self.shared.state().world.store.remove(name);
    }

    /// Denies an action on the resources whose ARN matches. Both may have `*` and `?` in them; an
    /// action without a service is one of SSM's. Secrets are denied by
    /// `secretsmanager:GetSecretValue` on theirs.
    pub fn deny(&self, action: &str, resource: &str, denial: impl Into<Denial>) {
        let mut state = self.shared.state();
        state.world.access.deny(action, resource, denial.into());
    }

    /// Fails the decryption of the parameters whose names match.
    pub fn deny_kms(&self, name: &str, denial: KmsDenial) {
        self.shared.state().world.access.deny_kms(name, denial);
    }

    /// Takes all denials back.
    pub fn allow_all(&self) {
        self.shared.state().world.access.allow_all();
    }

    /// The next request that has no fault yet gets this one.
    pub fn fault(&self, fault: impl Into<Fault>) {
        self.fault_when(When::next(1), fault);
    }

    /// Every request without another fault gets this one.
    pub fn always(&self, fault: impl Into<Fault>) {
        self.fault_when(When::every(), fault);
    }

    /// Those requests get this fault.
    pub fn fault_when(&self, when: When, fault: impl Into<Fault>) {
        self.shared.state().script.push(when, fault.into());
    }

    /// No request gets any fault from now on.
    pub fn heal(&self) {
        self.shared.state().script.clear();
    }

    /// What happens to connections from now on, when they are made.
    pub fn door(&self, door: Door) {
        self.shared.state().door = door;
    }

    /// Holds all answers back until [`Self::release`].
    pub fn hold(&self) {
        self.shared.held.send_replace(true);
    }

    /// Lets the answers go.
    pub fn release(&self) {
        self.shared.held.send_replace(false);
    }

    /// Every request so far.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.shared.state().requests.clone()
    }

    /// How many connections were made.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.state().connections
    }

    /// Requests over the quota so far.
    #[must_use]
    pub fn throttled(&self) -> usize {
        self.shared.state().throttled
    }

    /// Requests within the quota so far.
    #[must_use]
    pub fn served(&self) -> usize {
        self.shared.state().served
    }

    /// What `GET /requests` tells: `requests` within the quota, `throttled` ones over it, and
    /// `connections`.
    #[must_use]
    pub fn counts(&self) -> Value {
        self.shared.state().counts()
    }

    /// Waits for the first request, and gives it.
    ///
    /// # Panics
    /// When none comes for a minute, or none is recorded.
    #[must_use]
    pub fn wait_for_request(&self) -> Request {
        self.wait_for_requests(1);
        self.requests().swap_remove(0)
    }

    /// Waits until so many requests have come.
    ///
    /// # Panics
    /// When they don't come for a minute.
    pub fn wait_for_requests(&self, count: usize) {
        self.wait(|state| state.arrived >= count, "requests");
    }

    /// Waits until so many connections were made.
    ///
    /// # Panics
    /// When they aren't made for a minute.
    pub fn wait_for_connections(&self, count: usize) {
        self.wait(|state| state.connections >= count, "connections");
    }

    fn wait(&self, enough: impl Fn(&State) -> bool, what: &str) {
        let began = Instant::now();
        let mut state = self.shared.state();
        while !enough(&state) {
            let Some(left) = PATIENCE.checked_sub(began.elapsed()) else {
                let counts = state.counts();
                // Not with the lock held: the serving thread would panic too.
                drop(state);
                panic!("too few {what} in a minute: {counts}");
            };
            (state, _) = self
                .shared
                .arrived
                .wait_timeout(state, left)
                .expect("no panic holds it");
        }
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.stop.take().map(|stop| stop.send(()));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
