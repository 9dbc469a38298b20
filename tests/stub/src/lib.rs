//! An SSM endpoint for tests, demo and benchmarks: in this process, on loopback, with the limits and
//! the corners of the real one.
//!
//! ```
//! use ssm_stub::{Parameter, Stub};
//! let stub = Stub::start();
//! stub.put(Parameter::secure("/org/api/db/url", "postgres://…"));
//! assert!(stub.url().starts_with("http://127.0.0.1:"));
//! ```

mod answer;
mod date;
mod fault;
mod quota;
mod server;
mod store;
mod tls;
mod wire;

pub use answer::Refusal;
pub use fault::{After, Fault};
pub use server::Request;
pub use store::Parameter;
pub use tls::Certificate;

use answer::Denied;
use quota::Quota;
use server::{Shared, State};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

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

/// What an endpoint is to be like.
#[derive(Debug)]
pub struct Builder {
    state: State,
    latency: Duration,
    skew: i64,
    certificate: Option<Certificate>,
    listen: SocketAddr,
}

impl Builder {
    /// Speaks TLS, with a certificate of a CA of its own.
    #[must_use]
    pub fn tls(self) -> Self {
        self.certificate(Certificate::Good)
    }

    /// Speaks TLS, with such a certificate.
    #[must_use]
    pub fn certificate(mut self, certificate: Certificate) -> Self {
        self.certificate = Some(certificate);
        self
    }

    /// Answers each request so much later.
    #[must_use]
    pub fn latency(mut self, latency: Duration) -> Self {
        self.latency = latency;
        self
    }

    /// Serves so many requests a second, and `burst` at once after a rest.
    #[must_use]
    pub fn quota(mut self, per_second: f64, burst: f64) -> Self {
        self.state.quota = Some(Quota::new(per_second, burst));
        self
    }

    /// Puts fewer parameters on a page than were asked for.
    #[must_use]
    pub fn page_size(mut self, size: usize) -> Self {
        self.state.world.page_size = Some(size);
        self
    }

    /// Puts so many empty pages before each.
    #[must_use]
    pub fn empty_pages(mut self, count: usize) -> Self {
        self.state.world.empty_pages = count;
        self
    }

    /// Its clock is so many seconds ahead.
    #[must_use]
    pub fn clock_ahead(mut self, seconds: i64) -> Self {
        self.skew = seconds;
        self
    }

    /// Listens here; on a free port of 127.0.0.1 otherwise.
    #[must_use]
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// Keeps no record of requests: for benchmarks.
    #[must_use]
    pub fn without_record(mut self) -> Self {
        self.state.recording = false;
        self
    }

    /// Starts it.
    ///
    /// # Panics
    /// When the address can't be had.
    #[must_use]
    pub fn start(self) -> Stub {
        let listener = TcpListener::bind(self.listen).expect("an address to listen on");
        let address = listener.local_addr().expect("an address");
        listener
            .set_nonblocking(true)
            .expect("a non-blocking socket");
        let (acceptor, ca) = match self.certificate.map(tls::make) {
            Some((config, ca)) => (Some(TlsAcceptor::from(config)), Some(ca)),
            None => (None, None),
        };
        let shared = Arc::new(Shared::new(self.state, self.latency, self.skew));
        let (stop, stopped) = oneshot::channel();
        let serving = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
                tokio::select! {
                    () = server::serve(listener, acceptor, serving) => {}
                    _ = stopped => {}
                }
            });
        });
        Stub {
            shared,
            address,
            ca,
            stop: Some(stop),
            thread: Some(thread),
        }
    }
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
        let mut state = State {
            recording: true,
            ..State::default()
        };
        state.world.account = "111122223333".to_owned();
        state.world.region = "eu-west-1".to_owned();
        Builder {
            state,
            latency: Duration::ZERO,
            skew: 0,
            certificate: None,
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> String {
        match self.ca {
            Some(_) => format!("https://localhost:{}", self.address.port()),
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
    pub fn put_secret(&self, name: &str, value: &str) {
        self.put(
            Parameter::secure(&format!("/aws/reference/secretsmanager/{name}"), value)
                .label("AWSCURRENT"),
        );
    }

    /// Takes a parameter away.
    pub fn remove(&self, name: &str) {
        self.shared.state().world.store.remove(name);
    }

    /// Denies an action (without `ssm:`) on a resource, which may end with `*`. In the text,
    /// `{action}` and `{resource}` are filled.
    pub fn deny(&self, action: &str, resource: &str, text: &str) {
        self.shared.state().world.denied.push(Denied {
            action: action.to_owned(),
            resource: resource.to_owned(),
            text: text.to_owned(),
        });
    }

    /// Fails the decryption of parameters whose names begin so.
    pub fn deny_decryption(&self, start: &str, refusal: Refusal) {
        self.shared
            .state()
            .world
            .undecryptable
            .push((start.to_owned(), refusal));
    }

    /// The next request that has no fault yet gets this one.
    pub fn fault(&self, fault: Fault) {
        self.shared.state().script.push(fault);
    }

    /// Every request gets this fault.
    pub fn always(&self, fault: Fault) {
        self.shared.state().script.always(fault);
    }

    /// No request gets any fault from now on.
    pub fn heal(&self) {
        self.shared.state().script.clear();
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

    /// Waits until so many requests have come.
    ///
    /// # Panics
    /// When they don't come for a minute.
    pub fn wait_for_requests(&self, count: usize) {
        let began = Instant::now();
        let mut state = self.shared.state();
        while state.requests.len() < count {
            let left = PATIENCE
                .checked_sub(began.elapsed())
                .expect("a request within a minute");
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
