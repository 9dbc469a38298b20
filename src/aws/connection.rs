//! Why a server can't be reached or doesn't answer: which one, and at which step.

use ssm_exec_core::status::Status;
use std::net::IpAddr;
use std::time::Duration;

/// Why a server can't be reached or doesn't answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionError {
    /// The server that the request is for.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// What went wrong.
    pub cause: ConnectionFailure,
}

/// A proxy, without its user and password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyName {
    /// Its URL.
    pub url: String,
    /// The variable that names it.
    pub variable: &'static str,
}

/// What went wrong, in the order of the steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConnectionFailure {
    /// Plain HTTP to another machine is not allowed.
    PlainHttp,
    /// Nothing can be connected to by the URL.
    Url {
        /// Its host and port as written.
        server: String,
        /// The rest of a sentence about it.
        reason: &'static str,
    },
    /// The root certificates can't be loaded.
    Roots(String),
    /// The host name can't be resolved.
    Lookup(String),
    /// None of its addresses accepts a connection.
    Connect {
        /// The address that was tried last.
        address: Option<IpAddr>,
        /// The system's reason.
        reason: String,
    },
    /// Nothing answered in time.
    NoResponse {
        /// What was being done.
        step: Step,
        /// The time limit of the step.
        limit: Duration,
    },
    /// The system refused a socket or a thread.
    System(String),
    /// The proxy can't be reached.
    Proxy {
        /// Which.
        proxy: ProxyName,
        /// Why not.
        reason: String,
    },
    /// The certificate of a proxy that is reached over TLS was refused.
    ProxyCertificate {
        /// Which.
        proxy: ProxyName,
        /// Why.
        problem: CertificateProblem,
    },
    /// The proxy refused the tunnel.
    ProxyStatus {
        /// Which.
        proxy: ProxyName,
        /// Its HTTP status.
        status: u16,
    },
    /// The TLS handshake failed.
    Handshake(String),
    /// The server sent something else than TLS, which begins so.
    NotTls(String),
    /// The certificate was refused.
    Certificate(CertificateProblem),
    /// The connection ended before the response was complete.
    Lost(String),
    /// The response is larger than any valid one.
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
}

/// A step of a request that takes time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// DNS.
    Lookup,
    /// TCP.
    Connect,
    /// TLS, or a proxy's tunnel.
    Handshake,
    /// The response.
    Response,
}

/// Why a certificate was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CertificateProblem {
    /// No trusted root has issued it.
    UnknownIssuer {
        /// The issuer at the end of its chain.
        issuer: Option<String>,
    },
    /// It isn't valid yet.
    NotValidYet(String),
    /// Anything else.
    Other(String),
}

impl ConnectionFailure {
    /// Whether the same request may succeed later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Lookup(_)
            | Self::Connect { .. }
            | Self::NoResponse { .. }
            | Self::Proxy { .. }
            | Self::NotTls(_)
            | Self::Lost(_) => true,
            Self::ProxyStatus { status, .. } => !matches!(status, 403 | 407),
            Self::PlainHttp
            | Self::Url { .. }
            | Self::Roots(_)
            | Self::System(_)
            | Self::Handshake(_)
            | Self::Certificate(_)
            | Self::ProxyCertificate { .. }
            | Self::TooLarge { .. } => false,
        }
    }

    pub(super) fn status(&self) -> Status {
        match self {
            Self::PlainHttp
            | Self::Url { .. }
            | Self::Roots(_)
            | Self::Handshake(_)
            | Self::ProxyStatus {
                status: 403 | 407, ..
            } => Status::Config,
            Self::Certificate(problem) | Self::ProxyCertificate { problem, .. } => match problem {
                CertificateProblem::NotValidYet(_) => Status::TryLater,
                _ => Status::Config,
            },
            Self::System(_) => Status::System,
            _ => Status::TryLater,
        }
    }
}

/// `HOST:PORT`, with the brackets that an IPv6 address has in a URL.
pub(super) fn host_and_port(host: &str, port: u16) -> String {
    match host.contains(':') {
        true => format!("[{host}]:{port}"),
        false => format!("{host}:{port}"),
    }
}
