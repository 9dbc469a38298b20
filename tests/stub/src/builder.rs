//! The options of an endpoint.

use crate::quota::Quota;
use crate::state::{Shared, State};
use crate::tls::{self, Protocol};
use crate::{Certificate, Stub, server};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

/// The options of an endpoint.
#[derive(Debug)]
pub struct Builder {
    state: State,
    latency: Duration,
    skew: i64,
    certificate: Option<Certificate>,
    protocol: Protocol,
    listen: SocketAddr,
}

impl Default for Builder {
    fn default() -> Self {
        let mut state = State { recording: true, ..State::default() };
        state.account.id = "111122223333".to_owned();
        state.account.region = "eu-west-1".to_owned();
        state.account.access.principal =
            "arn:aws:sts::111122223333:assumed-role/api/i-0123456789abcdef0".to_owned();
        Self {
            state,
            latency: Duration::ZERO,
            skew: 0,
            certificate: None,
            protocol: Protocol::Any,
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        }
    }
}

impl Builder {
    /// Uses TLS, with a certificate of its own CA.
    #[must_use]
    pub fn tls(self) -> Self {
        self.certificate(Certificate::Good)
    }

    /// Uses TLS, with this certificate.
    #[must_use]
    pub fn certificate(mut self, certificate: Certificate) -> Self {
        self.certificate = Some(certificate);
        self
    }

    /// Uses TLS 1.2 only.
    #[must_use]
    pub fn tls12(mut self) -> Self {
        self.protocol = Protocol::Tls12;
        self.tls()
    }

    /// Uses TLS with the key exchange P-256 only, as servers under FIPS 140 may.
    #[must_use]
    pub fn p256(mut self) -> Self {
        self.protocol = Protocol::P256;
        self.tls()
    }

    /// The account ID; the default is 111122223333.
    #[must_use]
    pub fn account(mut self, account: &str) -> Self {
        account.clone_into(&mut self.state.account.id);
        self
    }

    /// The region; the default is eu-west-1.
    #[must_use]
    pub fn region(mut self, region: &str) -> Self {
        region.clone_into(&mut self.state.account.region);
        self
    }

    /// The caller named in denials; the default is a role session.
    #[must_use]
    pub fn principal(mut self, arn: &str) -> Self {
        arn.clone_into(&mut self.state.account.access.principal);
        self
    }

    /// Delays each response.
    #[must_use]
    pub fn latency(mut self, latency: Duration) -> Self {
        self.latency = latency;
        self
    }

    /// Allows this many requests per second, and `burst` at once after a pause.
    #[must_use]
    pub fn quota(mut self, per_second: f64, burst: f64) -> Self {
        self.state.quota = Some(Quota::new(per_second, burst));
        self
    }

    /// Puts at most this many parameters on a page.
    #[must_use]
    pub fn page_size(mut self, size: usize) -> Self {
        self.state.account.page_size = Some(size);
        self
    }

    /// Puts this many empty pages before each page.
    #[must_use]
    pub fn empty_pages(mut self, count: usize) -> Self {
        self.state.account.empty_pages = count;
        self
    }

    /// Sets the clock ahead by this many seconds.
    #[must_use]
    pub fn clock_ahead(mut self, seconds: i64) -> Self {
        self.skew = seconds;
        self
    }

    /// The address to listen on; the default is a free port of 127.0.0.1.
    #[must_use]
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// Doesn't record requests, for benchmarks.
    #[must_use]
    pub fn without_record(mut self) -> Self {
        self.state.recording = false;
        self
    }

    /// Starts the endpoint.
    ///
    /// # Panics
    /// If the address can't be bound.
    #[must_use]
    pub fn start(self) -> Stub {
        let listener = TcpListener::bind(self.listen).expect("an address to listen on");
        let address = listener.local_addr().expect("an address");
        listener.set_nonblocking(true).expect("a non-blocking socket");
        let (acceptor, ca) =
            match self.certificate.map(|certificate| tls::make(certificate, self.protocol)) {
                Some((config, ca)) => (Some(TlsAcceptor::from(config)), Some(ca)),
                None => (None, None),
            };
        let shared = Arc::new(Shared::new(self.state, self.latency, self.skew));
        let (stop, stopped) = oneshot::channel();
        let serving = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            runtime().block_on(async move {
                let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
                tokio::select! {
                    () = server::serve(listener, acceptor, serving) => {}
                    _ = stopped => {}
                }
            });
        });
        Stub { shared, address, ca, stop: Some(stop), thread: Some(thread) }
    }
}

/// The runtime of a server's own thread: tests are synchronous.
pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}
