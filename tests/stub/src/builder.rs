//! What an endpoint is to be like, before it starts.

use crate::quota::Quota;
use crate::state::{Shared, State};
use crate::variants::{
    Duplicates, ErrorTypeHeader, LabelSelector, MalformedName, MessageCase, MissingLabel,
};
use crate::{Certificate, Stub, server, tls};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

/// What an endpoint is to be like.
#[derive(Debug)]
pub struct Builder {
    state: State,
    latency: Duration,
    skew: i64,
    certificate: Option<Certificate>,
    only_tls12: bool,
    listen: SocketAddr,
}

impl Default for Builder {
    fn default() -> Self {
        let mut state = State {
            recording: true,
            ..State::default()
        };
        state.account.id = "111122223333".to_owned();
        state.account.region = "eu-west-1".to_owned();
        state.account.access.principal =
            "arn:aws:sts::111122223333:assumed-role/api/i-0123456789abcdef0".to_owned();
        Self {
            state,
            latency: Duration::ZERO,
            skew: 0,
            certificate: None,
            only_tls12: false,
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        }
    }
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

    /// Speaks TLS 1.2 and nothing newer.
    #[must_use]
    pub fn tls12(mut self) -> Self {
        self.only_tls12 = true;
        self.tls()
    }

    /// The account's number; 111122223333 otherwise.
    #[must_use]
    pub fn account(mut self, account: &str) -> Self {
        account.clone_into(&mut self.state.account.id);
        self
    }

    /// The region; eu-west-1 otherwise.
    #[must_use]
    pub fn region(mut self, region: &str) -> Self {
        region.clone_into(&mut self.state.account.region);
        self
    }

    /// Who denials say has asked; a role's session otherwise.
    #[must_use]
    pub fn principal(mut self, arn: &str) -> Self {
        arn.clone_into(&mut self.state.account.access.principal);
        self
    }

    /// What comes of a parameter that is asked for twice.
    #[must_use]
    pub fn duplicates(mut self, variant: Duplicates) -> Self {
        self.state.account.variants.duplicates = variant;
        self
    }

    /// What `GetParameter` says of a label that isn't there.
    #[must_use]
    pub fn missing_label(mut self, variant: MissingLabel) -> Self {
        self.state.account.variants.missing_label = variant;
        self
    }

    /// What `GetParameters` does with a malformed name.
    #[must_use]
    pub fn malformed_name(mut self, variant: MalformedName) -> Self {
        self.state.account.variants.malformed_name = variant;
        self
    }

    /// Whether a path's labelled parameters have a selector.
    #[must_use]
    pub fn label_selector(mut self, variant: LabelSelector) -> Self {
        self.state.account.variants.label_selector = variant;
        self
    }

    /// Whether errors say their code in a header too.
    #[must_use]
    pub fn error_type_header(mut self, variant: ErrorTypeHeader) -> Self {
        self.state.account.variants.error_type = variant;
        self
    }

    /// How an error's text is called.
    #[must_use]
    pub fn message_case(mut self, variant: MessageCase) -> Self {
        self.state.account.variants.message_case = variant;
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
        self.state.account.page_size = Some(size);
        self
    }

    /// Puts so many empty pages before each.
    #[must_use]
    pub fn empty_pages(mut self, count: usize) -> Self {
        self.state.account.empty_pages = count;
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
        let (acceptor, ca) = match self
            .certificate
            .map(|certificate| tls::make(certificate, self.only_tls12))
        {
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
        Stub {
            shared,
            address,
            ca,
            stop: Some(stop),
            thread: Some(thread),
        }
    }
}

/// The runtime of a server's own thread: tests are synchronous.
pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}
