//! An SSM endpoint on loopback for tests, the demo and benchmarks, with the limits and the edge cases
//! of the real service.
//!
//! ```
//! use ssm_stub::{Parameter, Stub};
//! let stub = Stub::start();
//! stub.put(Parameter::secure("/org/api/db/url", "postgres://…"));
//! assert!(stub.url().starts_with("http://127.0.0.1:"));
//! ```

mod access;
mod account;
mod api;
mod api_error;
mod builder;
mod corruption;
mod date;
mod fault;
mod generated_body;
pub mod http_server;
mod parameter;
mod quota;
mod raw_stream;
mod request;
mod script;
mod secret;
mod server;
mod state;
mod store;
mod tls;
mod variants;

pub use access::{Denial, KmsDenial, Policy};
pub use api_error::ApiError;
pub use builder::Builder;
pub use corruption::Corruption;
pub use date::{amz_date_of, http_date_of};
pub use fault::{After, Fault};
pub use parameter::{Kind, Parameter};
pub use request::{Outcome, Request};
pub use script::When;
pub use secret::Secret;
pub use state::OnConnect;
pub use tls::{Certificate, Handshake};
pub use variants::Variant;

use serde_json::Value;
use state::{Shared, State};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// How long a test waits for a request.
const WAIT_TIMEOUT: Duration = Duration::from_secs(180);

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
    /// Starts a plain HTTP endpoint without parameters.
    #[must_use]
    pub fn start() -> Self {
        Self::builder().start()
    }

    /// Configures an endpoint.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The URL of the endpoint.
    #[must_use]
    pub fn url(&self) -> String {
        match self.ca {
            // Clients verify the name; over IPv6 `localhost` might not resolve.
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
    /// If it doesn't speak TLS.
    #[must_use]
    pub fn ca_pem(&self) -> &str {
        self.ca.as_deref().expect("a stub that speaks TLS")
    }

    /// Adds a parameter, or a new version of an existing one.
    pub fn put(&self, parameter: Parameter) {
        self.shared.state().account.store.put(parameter);
    }

    /// Adds a Secrets Manager secret, which is served as `/aws/reference/secretsmanager/NAME`, or a new
    /// version of an existing one.
    pub fn put_secret_version(&self, secret: Secret) {
        self.shared.state().account.store.put_secret(secret);
    }

    /// Adds a Secrets Manager secret with a string value.
    pub fn put_secret(&self, name: &str, value: &str) {
        self.put_secret_version(Secret::string(name, value));
    }

    /// Removes a parameter.
    pub fn remove(&self, name: &str) {
        self.shared.state().account.store.remove(name);
    }

    /// Denies an action on the resources whose ARN matches. Both may contain `*` and `?`; an action
    /// without a service is an SSM action. Deny `secretsmanager:GetSecretValue` on a secret's ARN to
    /// deny access to a secret.
    pub fn deny(&self, action: &str, resource: &str, denial: impl Into<Denial>) {
        let mut state = self.shared.state();
        state.account.access.deny(action, resource, denial.into());
    }

    /// Denies the decryption of the parameters whose names match.
    pub fn deny_kms(&self, name: &str, denial: KmsDenial) {
        self.shared.state().account.access.deny_kms(name, denial);
    }

    /// Rejects requests that are signed with this access key, as when temporary credentials have expired.
    pub fn expire(&self, access_key_id: &str) {
        self.shared.state().account.access.expire(access_key_id);
    }

    /// Removes all denials.
    pub fn clear_denials(&self) {
        self.shared.state().account.access.clear_denials();
    }

    /// Changes the form of responses.
    pub fn set_variants(&self, variants: &[Variant]) {
        self.shared.state().account.variants = variants.to_vec();
    }

    /// Injects a fault into the next request that doesn't have one yet.
    pub fn fault(&self, fault: impl Into<Fault>) {
        self.fault_when(When::next(1), fault);
    }

    /// Injects a fault into every request that doesn't have another one.
    pub fn always(&self, fault: impl Into<Fault>) {
        self.fault_when(When::every(), fault);
    }

    /// Injects a fault into the given requests.
    pub fn fault_when(&self, when: When, fault: impl Into<Fault>) {
        self.shared.state().script.push(when, fault.into());
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        self.shared.state().script.clear();
    }

    /// Sets what happens to new connections.
    pub fn on_connect(&self, on_connect: OnConnect) {
        self.shared.state().on_connect = on_connect;
    }

    /// Holds all responses back until [`Self::release`].
    pub fn hold(&self) {
        self.shared.held.send_replace(true);
    }

    /// Sends the responses that were held back.
    pub fn release(&self) {
        self.shared.held.send_replace(false);
    }

    /// All requests so far.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.shared.state().requests.clone()
    }

    /// The number of connections so far.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.state().connections
    }

    /// The TLS handshakes so far that succeeded.
    #[must_use]
    pub fn handshakes(&self) -> Vec<Handshake> {
        self.shared.state().handshakes.clone()
    }

    /// The number of requests over the quota so far.
    #[must_use]
    pub fn throttled(&self) -> usize {
        self.shared.state().throttled
    }

    /// The number of requests within the quota so far.
    #[must_use]
    pub fn served(&self) -> usize {
        self.shared.state().served
    }

    /// The JSON of `GET /requests`: `requests` within the quota, `throttled` requests over it, and
    /// `connections`.
    #[must_use]
    pub fn counts(&self) -> Value {
        self.shared.state().counts()
    }

    /// Waits for the first request, and returns it.
    ///
    /// # Panics
    /// After a minute without a request, or if requests aren't recorded.
    #[must_use]
    pub fn wait_for_request(&self) -> Request {
        self.wait_for_requests(1);
        self.requests().swap_remove(0)
    }

    /// Waits until this many requests have arrived.
    ///
    /// # Panics
    /// After a minute.
    pub fn wait_for_requests(&self, count: usize) {
        self.wait(|state| state.arrived >= count, "requests");
    }

    /// Waits until this many connections were made.
    ///
    /// # Panics
    /// After a minute.
    pub fn wait_for_connections(&self, count: usize) {
        self.wait(|state| state.connections >= count, "connections");
    }

    fn wait(&self, enough: impl Fn(&State) -> bool, what: &str) {
        let began = Instant::now();
        let mut state = self.shared.state();
        while !enough(&state) {
            let Some(left) = WAIT_TIMEOUT.checked_sub(began.elapsed()) else {
                let counts = state.counts();
                // Unlock first: a poisoned lock would make the server thread panic too.
                drop(state);
                panic!("too few {what} after {WAIT_TIMEOUT:?}: {counts}");
            };
            (state, _) = self.shared.arrived.wait_timeout(state, left).expect("not poisoned");
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
