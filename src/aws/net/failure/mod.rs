//! Failed connections: what went wrong at which server, in which words, and whether it may go away.
// Reads which interfaces there are.
#![allow(clippy::disallowed_methods)]

mod proxy;
mod server;

use super::proxy::Proxy;
use super::server::Server;
use crate::exec;
use crate::system_error::without_number;
use nix::errno::Errno;
use proxy::at_proxy;
use server::at_server;
use ssm_exec_core::code::Code;
use ssm_exec_core::diagnostic::{Diagnostic, Help};
use ssm_exec_core::origin::Origin;
use std::error::Error;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io};

/// A failed connection: what is to be said, and what a caller decides on.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::aws) struct ConnectionError {
    /// What is to be said.
    pub(in crate::aws) diagnostic: Diagnostic,
    /// Whether the same request may succeed later.
    pub(in crate::aws) is_transient: bool,
    /// The host, where DNS says that there is none of its name.
    pub(in crate::aws) unknown_host: Option<String>,
    /// Whether the server accepted a connection, and did not answer in time.
    pub(in crate::aws) is_silent: bool,
}

/// A step that takes time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Connect,
    /// TLS, or a proxy's tunnel.
    Handshake,
    Response,
    /// The rest of a response that has begun.
    Rest,
}

/// What went wrong, in the order of the steps.
#[derive(Debug, Clone)]
pub(super) enum Cause {
    /// Nothing can be connected to by the URL: its host and port as written, and the rest of a sentence about it.
    Url(String, &'static str),
    /// Plain HTTP to another machine is not allowed.
    PlainHttp,
    /// The root certificates can't be loaded.
    Roots(Box<Diagnostic>),
    /// This system refuses what a connection needs.
    System(&'static str, Arc<io::Error>),
    Lookup(NoAddress),
    /// None of its addresses accepts a connection; the last one that was tried.
    Connect(IpAddr, Arc<io::Error>),
    /// Nothing came in time.
    Silent(Step, Duration),
    /// The handshake failed: rustls's reason.
    Tls(String),
    /// It agreed to another key exchange than the one that is required.
    NotPostQuantum,
    /// It sent this in the place of TLS.
    NotTls(Vec<u8>),
    Certificate(CertificateProblem),
    /// It asks for a certificate of the client.
    ClientCertificate,
    /// Its response is not HTTP.
    NotHttp,
    /// The connection ended before the response was complete: why or when, if more is known.
    Lost(String),
    /// The response is larger than any valid one, in bytes.
    TooLarge(usize),
    Tunnel(RefusedTunnel),
    /// A proxy said that there is a tunnel, and sent this.
    NoTunnel(Vec<u8>),
}

/// Why a name has no address.
#[derive(Debug, Clone)]
pub(super) struct NoAddress {
    /// The name server that was asked.
    pub(super) server: Option<IpAddr>,
    pub(super) reason: LookupError,
}

#[derive(Debug, Clone)]
pub(super) enum LookupError {
    /// There is no such name (NXDOMAIN).
    NoSuchName,
    /// The server refuses or fails, with this code.
    Code(u8),
    /// The server can't be reached.
    Unreachable(Arc<io::Error>),
    /// It didn't answer in this time.
    Silent(Duration),
    /// What the system's resolver says.
    Other(String),
}

/// A proxy's answer to a request for a tunnel.
#[derive(Debug, Clone)]
pub(super) struct RefusedTunnel {
    pub(super) status: u16,
    /// Its words.
    pub(super) words: Option<String>,
    /// The schemes of authentication that it offers.
    pub(super) schemes: Vec<String>,
}

/// Why a certificate was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CertificateProblem {
    pub(super) code: Code,
    /// The rest of a sentence about it.
    pub(super) reason: String,
    pub(super) help: &'static str,
}

impl fmt::Display for ConnectionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.diagnostic.line())
    }
}

impl Error for ConnectionError {}

/// A setting of the network that can't be used.
impl From<Diagnostic> for ConnectionError {
    fn from(diagnostic: Diagnostic) -> Self {
        Self { diagnostic, is_transient: false, unknown_host: None, is_silent: false }
    }
}

/// What is said of a cause. What is `unreachable` may go away.
type Explanation = (Code, String, Vec<Help>);

impl ConnectionError {
    /// What failed at a server that a setting names, or at the proxy on the way to it.
    pub(super) fn new(
        cause: Cause,
        server: &Server,
        proxy: Option<&Proxy>,
        origin: Option<&Origin>,
    ) -> Self {
        let at_itself = proxy.is_none();
        let is_unknown = at_itself
            && matches!(&cause, Cause::Lookup(NoAddress { reason: LookupError::NoSuchName, .. }));
        let is_silent =
            at_itself && matches!(&cause, Cause::Silent(step, _) if *step != Step::Connect);
        let is_setting = matches!(cause, Cause::Url(..) | Cause::PlainHttp);
        let (code, text, help) = match (cause, proxy) {
            (Cause::Roots(diagnostic), _) => return (*diagnostic).into(),
            (Cause::System(what, error), _) => at_system(what, &error, server),
            (cause, Some(proxy)) => at_proxy(cause, proxy, server),
            (cause, None) => at_server(cause, server, origin),
        };
        let mut diagnostic = Diagnostic::with_help(code, text, help);
        diagnostic.origin = origin.filter(|_| is_setting).cloned();
        diagnostic.subject.host = Some(server.host.clone());
        let unknown_host = is_unknown.then(|| server.host.clone());
        Self { diagnostic, is_transient: code == Code::Unreachable, unknown_host, is_silent }
    }
}

/// A certificate of a server or a proxy.
fn certificate(problem: CertificateProblem, whose: &str) -> Explanation {
    let CertificateProblem { code, reason, help } = problem;
    let text = format!("the certificate of {whose} cannot be trusted: {reason}");
    (code, text, vec![Help::text(help)])
}

fn at_system(what: &str, error: &io::Error, server: &Server) -> Explanation {
    let otherwise = match errno(error) {
        Some(Errno::ENFILE | Errno::ENOBUFS) => "Free memory or open files of this machine",
        _ => {
            "A filter forbids it: SystemCallFilter= or IPAddressDeny= of the unit, seccomp of the container, or a firewall"
        }
    };
    let help = errno(error).and_then(exec::limit);
    let help = help.unwrap_or_else(|| otherwise.to_owned());
    let reason = without_number(error);
    let text = format!("the system refused {what} to connect to {server}: {reason}");
    (Code::System, text, vec![Help::text(help)])
}

impl NoAddress {
    /// The sentence after `DNS: `.
    fn of(&self, host: &str) -> String {
        let asked = asked(self.server);
        match &self.reason {
            LookupError::NoSuchName => format!("no address for {host} (NXDOMAIN{asked})"),
            LookupError::Other(reason) => format!("no address for {host} ({reason}{asked})"),
            LookupError::Code(2) => format!("the server failed for {host} (SERVFAIL{asked})"),
            LookupError::Code(5) => format!("the server refused {host} (REFUSED{asked})"),
            LookupError::Code(code) => format!("the server failed for {host} (code {code}{asked})"),
            LookupError::Silent(limit) => {
                format!("the server did not answer for {host} within {limit:?}{asked}")
            }
            LookupError::Unreachable(error) => format!(
                "the server cannot be reached for {host} ({}{asked}){}",
                without_number(error),
                without_network(error)
            ),
        }
    }
}

fn asked(server: Option<IpAddr>) -> String {
    match server {
        Some(server) => format!("; nameserver {server} in /etc/resolv.conf"),
        None => "; no nameserver in /etc/resolv.conf".to_owned(),
    }
}

impl fmt::Display for CertificateProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

/// rustls carries it from the verifier to the end of the handshake.
impl Error for CertificateProblem {}

/// Whether this system refused it, by a limit, a filter or a firewall of its own, rather than the network or the other
/// side.
pub(super) fn is_system_refusal(error: &io::Error) -> bool {
    matches!(
        errno(error),
        Some(
            Errno::EMFILE
                | Errno::ENFILE
                | Errno::ENOMEM
                | Errno::ENOBUFS
                | Errno::EPERM
                | Errno::EACCES
                | Errno::ENOSYS
                | Errno::EAFNOSUPPORT
        )
    )
}

fn errno(error: &io::Error) -> Option<Errno> {
    error.raw_os_error().map(Errno::from_raw)
}

/// Why a network is unreachable, if this machine has none.
fn without_network(error: &io::Error) -> &'static str {
    // Below two lines of headings.
    let devices = || std::fs::read_to_string("/proc/net/dev").map(|list| list.lines().count());
    match errno(error) {
        Some(Errno::ENETUNREACH | Errno::EHOSTUNREACH) if devices().is_ok_and(|it| it == 3) => {
            ": this machine has no network but lo (PrivateNetwork=yes?)"
        }
        _ => "",
    }
}

/// What a client certificate is asked with.
fn client_certificate(whose: &str) -> Explanation {
    let text = format!("{whose} asks for a client certificate, and ssm-exec has none");
    (Code::Tls, text, vec![Help::text("Use an endpoint or a proxy that asks for none")])
}

/// What ended a connection, for the end of a sentence.
fn in_brackets(reason: &str) -> String {
    match reason {
        "" => String::new(),
        reason => format!(" ({reason})"),
    }
}

/// The first line of a text from outside.
fn quoted(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let line = text.trim_start().lines().next().unwrap_or_default();
    format!("\"{}\"", line.trim_end().escape_debug())
}

/// Does the work in time.
pub(super) async fn within<T>(
    limit: Option<Duration>,
    silent: impl FnOnce(Duration) -> Cause,
    work: impl Future<Output = Result<T, Cause>>,
) -> Result<T, Cause> {
    match limit {
        None => work.await,
        Some(limit) => {
            let outcome = tokio::time::timeout(limit, work).await;
            outcome.unwrap_or_else(|_| Err(silent(limit)))
        }
    }
}
