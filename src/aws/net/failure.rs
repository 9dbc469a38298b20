//! Failed connections: what went wrong at which server, in which words, and whether it may go away.
// Reads which interfaces there are.
#![allow(clippy::disallowed_methods)]

use super::proxy::Proxy;
use super::server::Server;
use crate::exec;
use crate::system_error::without_number;
use nix::errno::Errno;
use ssm_exec_core::code::Code;
use ssm_exec_core::diagnostic::{Diagnostic, Help};
use ssm_exec_core::endpoint::is_loopback;
use ssm_exec_core::origin::Origin;
use ssm_exec_core::region::Region;
use std::error::Error;
use std::net::IpAddr;
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
#[derive(Debug)]
pub(super) enum Cause {
    /// Nothing can be connected to by the URL: its host and port as written, and the rest of a sentence about it.
    Url(String, &'static str),
    /// Plain HTTP to another machine is not allowed.
    PlainHttp,
    /// The root certificates can't be loaded.
    Roots(Box<Diagnostic>),
    /// This system refuses what a connection needs.
    System(&'static str, io::Error),
    Lookup(NoAddress),
    /// None of its addresses accepts a connection; the last one that was tried.
    Connect(IpAddr, io::Error),
    /// Nothing came in time.
    Silent(Step, Duration),
    /// The handshake failed: rustls's reason.
    Tls(String),
    /// It agreed to another key exchange than the one that is required.
    NotPostQuantum,
    /// It sent this in the place of TLS.
    NotTls(Vec<u8>),
    Certificate(CertificateProblem),
    /// The connection ended before the response was complete.
    Lost(String),
    /// The response is larger than any valid one, in bytes.
    TooLarge(usize),
    Tunnel(RefusedTunnel),
}

/// Why a name has no address.
#[derive(Debug)]
pub(super) struct NoAddress {
    /// The name server that was asked.
    pub(super) server: Option<IpAddr>,
    pub(super) reason: Reason,
}

#[derive(Debug)]
pub(super) enum Reason {
    /// There is no such name (NXDOMAIN).
    NoSuchName,
    /// The server refuses or fails, with this code.
    Code(u8),
    /// The server can't be reached.
    Unreachable(io::Error),
    /// It didn't answer in this time.
    Silent(Duration),
    /// What the system's resolver says.
    Other(String),
}

/// A proxy's answer to a request for a tunnel.
#[derive(Debug)]
pub(super) struct RefusedTunnel {
    pub(super) status: u16,
    /// Its words.
    pub(super) words: Option<String>,
    /// The schemes of authentication that it offers.
    pub(super) schemes: Vec<String>,
}

/// Why a certificate was refused, as the rest of a sentence about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum CertificateProblem {
    UnknownIssuer(String),
    NotValidYet(String),
    Other(String),
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
        Self {
            diagnostic,
            is_transient: false,
            unknown_host: None,
            is_silent: false,
        }
    }
}

/// What is said of a cause. What is `unreachable` may go away.
type Row = (Code, String, Vec<Help>);

impl ConnectionError {
    /// What failed at a server that a setting names, or at the proxy on the way to it.
    pub(super) fn new(
        cause: Cause,
        server: &Server,
        proxy: Option<&Proxy>,
        origin: Option<&Origin>,
    ) -> Self {
        let mut unknown_host = None;
        if let (Cause::Lookup(problem), None) = (&cause, proxy)
            && matches!(problem.reason, Reason::NoSuchName)
        {
            unknown_host = Some(server.host.clone());
        }
        let is_silent = match &cause {
            Cause::Silent(step, _) => *step != Step::Connect && proxy.is_none(),
            _ => false,
        };
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
        Self {
            diagnostic,
            is_transient: code == Code::Unreachable,
            unknown_host,
            is_silent,
        }
    }
}

fn at_server(cause: Cause, server: &Server, origin: Option<&Origin>) -> Row {
    use Code::{InvalidResponse, InvalidSetting, PlainHttp, Tls, Unreachable};
    let host = &server.host;
    let named = origin.map(named).unwrap_or_default();
    match cause {
        Cause::Url(written, reason) => (
            InvalidSetting,
            format!("the endpoint {written} {reason}"),
            vec![Help::text("Correct the URL")],
        ),
        Cause::PlainHttp => (
            PlainHttp,
            format!("http://{server} would receive secrets over plain HTTP on another machine"),
            plain_http(origin),
        ),
        Cause::Lookup(problem) => (
            Unreachable,
            format!("DNS: {}{named}", problem.of(host)),
            match origin {
                Some(origin) => correct(origin, server),
                None => see_dns(host),
            },
        ),
        Cause::Connect(address, error) => {
            let is_named = is_loopback(host) || address.to_string() == *host;
            let at = if is_named {
                String::new()
            } else {
                format!(" at {address}")
            };
            let reason = without_number(&error);
            let network = without_network(&error);
            let mut help = reach(server, origin);
            if origin.is_none() && lacks_ipv4(address, &error) {
                help.insert(0, Help::text(DUAL_STACK));
            }
            (
                Unreachable,
                format!("could not connect to {server}{at} ({reason}){network}{named}"),
                help,
            )
        }
        Cause::Silent(Step::Connect, limit) => (
            Unreachable,
            format!("{server} did not accept a connection within {limit:?}{named}"),
            reach(server, origin),
        ),
        Cause::Silent(step, limit) => {
            let what = match step {
                Step::Handshake => "did not complete the TLS handshake within",
                Step::Rest => "sent only part of its response, then nothing for",
                _ => "sent no response within",
            };
            (
                Unreachable,
                format!("{server} {what} {limit:?} (read timeout){named}"),
                between(server, origin),
            )
        }
        Cause::NotTls(first) if first.starts_with(b"HTTP/") => (
            Tls,
            format!("{server} speaks plain HTTP, not TLS{named}"),
            vec![Help::text(format!(
                "Use `http://{server}`, or its port for TLS"
            ))],
        ),
        Cause::NotTls(first) => (
            Unreachable,
            format!(
                "{server} does not speak TLS, but says {}{named}",
                quoted(&first)
            ),
            between(server, origin),
        ),
        Cause::Tls(reason) => (
            Tls,
            format!("TLS with {server} failed: {reason}{named}"),
            vec![Help::text("It must speak TLS 1.2 or 1.3")],
        ),
        Cause::NotPostQuantum => (
            Tls,
            format!(
                "{server} has no post-quantum key exchange (X25519MLKEM768), which `--post-quantum require` asks for{named}"
            ),
            vec![Help::text(
                "To do without it where a server has none, use `--post-quantum prefer`",
            )],
        ),
        Cause::Certificate(problem) => certificate(problem, &server.to_string()),
        Cause::Lost(reason) => (
            Unreachable,
            format!(
                "{server} ended the connection before its response was complete ({reason}){named}"
            ),
            between(server, origin),
        ),
        Cause::TooLarge(limit) => (
            InvalidResponse,
            format!("the response of {server} is larger than {limit} bytes"),
            vec![Help::text(
                "Check that it is AWS, and that nothing in between changes its responses",
            )],
        ),
        other => (Code::Internal, format!("{other:?} at {server}"), Vec::new()),
    }
}

/// A proxy that can't be reached, or refuses a tunnel to a server.
fn at_proxy(cause: Cause, proxy: &Proxy, server: &Server) -> Row {
    use Code::{Tls, Unreachable};
    let variable = proxy.variable;
    let bypass = Help::text(format!(
        "Or bypass the proxy with `NO_PROXY={}`",
        server.host
    ));
    let unreached = |reason: String| {
        (
            Unreachable,
            format!("{proxy} could not be reached: {reason}"),
            vec![Help::text(format!("Correct {variable}")), bypass.clone()],
        )
    };
    let plain = |kept: &str| {
        let user = if proxy.authorization.is_some() {
            "USER:PASSWORD@"
        } else {
            ""
        };
        let url = format!("http://{user}{}", proxy.server);
        Help::command(
            format!("Set {variable}{kept}"),
            format!("export {variable}={url}"),
        )
    };
    match cause {
        Cause::Lookup(problem) => unreached(problem.of(&proxy.server.host)),
        Cause::Connect(_, error) => unreached(without_number(&error) + without_network(&error)),
        Cause::Silent(step, limit) => unreached(match step {
            Step::Connect => format!("it did not accept a connection within {limit:?}"),
            _ => format!("it did not answer within {limit:?}"),
        }),
        Cause::NotTls(_) if proxy.server.tls => (
            Tls,
            format!("{proxy} does not speak TLS"),
            vec![plain(" with http://")],
        ),
        Cause::Lost(reason) if proxy.server.tls => {
            let (code, text, mut help) = unreached(reason);
            help.push(plain(", if it does not speak TLS"));
            (code, text, help)
        }
        Cause::NotTls(first) => unreached(format!("it says {}", quoted(&first))),
        Cause::Tls(reason) | Cause::Lost(reason) => unreached(reason),
        Cause::Certificate(problem) => certificate(problem, &proxy.to_string()),
        Cause::Tunnel(refused) => refused_tunnel(refused, proxy, server, bypass),
        other => at_server(other, server, None),
    }
}

fn refused_tunnel(refused: RefusedTunnel, proxy: &Proxy, server: &Server, bypass: Help) -> Row {
    let Proxy {
        variable,
        user,
        authorization,
        ..
    } = proxy;
    let RefusedTunnel {
        status,
        words,
        schemes,
    } = refused;
    let words = words.map(|words| format!(": {words}")).unwrap_or_default();
    let is_basic = schemes.is_empty() || schemes.iter().any(|it| it.eq_ignore_ascii_case("basic"));
    let example = format!("export {variable}=http://USER:PASSWORD@{}", proxy.server);
    match status {
        407 if !is_basic => (
            Code::Proxy,
            format!(
                "{proxy} asks for {} (HTTP 407), and ssm-exec knows only Basic",
                schemes.join(" or ")
            ),
            vec![
                Help::text("Use a proxy that takes a user and a password, or one that translates"),
                bypass,
            ],
        ),
        407 if authorization.is_some() => {
            let whom = match user {
                Some(user) => format!("the user `{user}` and its password"),
                None => "the user".to_owned(),
            };
            let help = Help::text(format!(
                "Correct them in {variable}. Special characters are percent-encoded"
            ));
            (
                Code::Proxy,
                format!("{proxy} does not accept {whom} (HTTP 407)"),
                vec![help],
            )
        }
        407 => (
            Code::Proxy,
            format!("{proxy} asks for a user and a password (HTTP 407), to connect to {server}"),
            vec![Help::command("Set them", example)],
        ),
        403 => (
            Code::Proxy,
            format!("{proxy} forbids {server} (HTTP 403{words})"),
            vec![Help::text("Allow the host in the proxy"), bypass],
        ),
        _ if words.contains("DNS") => (
            Code::Unreachable,
            format!(
                "{proxy} cannot look up {} (HTTP {status}{words})",
                server.host
            ),
            vec![Help::text("Correct the DNS of the proxy"), bypass],
        ),
        _ => (
            Code::Unreachable,
            format!("{proxy} cannot connect to {server} (HTTP {status}{words})"),
            vec![Help::text("See the log of the proxy"), bypass],
        ),
    }
}

/// A certificate of a server or a proxy.
fn certificate(problem: CertificateProblem, whose: &str) -> Row {
    let (code, reason, help) = match problem {
        CertificateProblem::UnknownIssuer(reason) => (
            Code::Tls,
            reason,
            "Behind a proxy that inspects TLS, or with a private CA, name the file of its root certificates with `--ca-bundle FILE`",
        ),
        CertificateProblem::NotValidYet(reason) => (
            Code::CertificateTime,
            reason,
            "Set the clock, for example with `timedatectl set-ntp true`",
        ),
        CertificateProblem::Other(reason) => (
            Code::Tls,
            reason,
            "Check the certificate, the host name of the endpoint and this machine's clock",
        ),
    };
    let text = format!("the certificate of {whose} cannot be trusted: {reason}");
    (code, text, vec![Help::text(help)])
}

fn at_system(what: &str, error: &io::Error, server: &Server) -> Row {
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
            Reason::NoSuchName => format!("no address for {host} (NXDOMAIN{asked})"),
            Reason::Other(reason) => format!("no address for {host} ({reason}{asked})"),
            Reason::Code(2) => format!("the server failed for {host} (SERVFAIL{asked})"),
            Reason::Code(5) => format!("the server refused {host} (REFUSED{asked})"),
            Reason::Code(code) => format!("the server failed for {host} (code {code}{asked})"),
            Reason::Silent(limit) => {
                format!("the server did not answer for {host} within {limit:?}{asked}")
            }
            Reason::Unreachable(error) => format!(
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

fn see_dns(host: &str) -> Vec<Help> {
    vec![Help::command(
        "See what the system finds, of which a static ssm-exec has /etc/hosts and DNS only",
        format!("getent hosts {host}"),
    )]
}

/// The setting that names a server, as the end of a sentence.
fn named(origin: &Origin) -> String {
    match origin {
        Origin::Variable(name) if name.starts_with("AWS_CONTAINER") => {
            format!(", which {name} leads to")
        }
        Origin::File { .. } => format!(", the endpoint of {origin}"),
        _ => format!(", the endpoint of {}", as_code(origin)),
    }
}

fn as_code(origin: &Origin) -> String {
    match origin {
        Origin::Flag(flag) => format!("`{flag}`"),
        origin => origin.to_string(),
    }
}

/// What to do about the setting that names a server.
fn correct(origin: &Origin, server: &Server) -> Vec<Help> {
    let pods =
        "kubectl -n kube-system get pods -l app.kubernetes.io/name=eks-pod-identity-agent -o wide";
    match origin {
        Origin::Flag(_) => vec![Help::text("Correct it, or leave it out to use AWS's")],
        Origin::Variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") => vec![
            Help::text("In ECS, look at the agent"),
            Help::command(
                "Outside ECS",
                "unset AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
            ),
        ],
        Origin::Variable("AWS_CONTAINER_CREDENTIALS_FULL_URI") if is_pod_identity(&server.host) => {
            vec![Help::command(
                "The EKS Pod Identity Agent does not run on this node",
                pods,
            )]
        }
        Origin::Variable(name) if name.starts_with("AWS_CONTAINER") => {
            vec![Help::text(format!("Correct {name}, or unset it"))]
        }
        Origin::Variable(name) => vec![Help::command("To use AWS's own", format!("unset {name}"))],
        _ => vec![Help::text("Correct it, or remove it to use AWS's")],
    }
}

fn is_pod_identity(host: &str) -> bool {
    matches!(host, "169.254.170.23" | "fd00:ec2::23")
}

/// A server that accepts no connection.
fn reach(server: &Server, origin: Option<&Origin>) -> Vec<Help> {
    if let Some(origin) = origin {
        return correct(origin, server);
    }
    let mut help = vec![Help::text(
        "Check the route and the security groups. Behind a proxy, set HTTPS_PROXY",
    )];
    if let Some(service) = vpc_service(&server.host) {
        help.push(Help::command(
            "Without NAT, the VPC needs an endpoint that allows port 443",
            format!("aws ec2 create-vpc-endpoint --vpc-endpoint-type Interface --service-name {service} --vpc-id VPC --subnet-ids SUBNET"),
        ));
    }
    help
}

/// A server that answers half, or not as it should.
fn between(server: &Server, origin: Option<&Origin>) -> Vec<Help> {
    let named = origin
        .map(|origin| correct(origin, server))
        .unwrap_or_default();
    let path = Help::text(
        "Check what is in between: a VPC endpoint, NAT, a firewall, a proxy. `-vv` logs each step",
    );
    let is_far = !server.is_on_link();
    is_far.then_some(path).into_iter().chain(named).collect()
}

fn plain_http(origin: Option<&Origin>) -> Vec<Help> {
    let mut help = vec![Help::text("Use https, or allow it with `--allow-http`")];
    if let Some(Origin::Variable(name)) = origin {
        help.push(Help::command("To use AWS's own", format!("unset {name}")));
    }
    help
}

/// The name of the VPC endpoint service for a host of AWS's, `SERVICE.REGION.amazonaws.com`.
fn vpc_service(host: &str) -> Option<String> {
    let (service, rest) = host.split_once('.')?;
    let (region, suffix) = rest.split_once('.')?;
    let is_aws = Region::parse(region).is_ok_and(|region| region.partition().dns_suffix == suffix);
    let reversed: Vec<&str> = suffix.rsplit('.').collect();
    (is_aws && !service.ends_with("-fips"))
        .then(|| format!("{}.{region}.{service}", reversed.join(".")))
}

impl fmt::Display for CertificateProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::UnknownIssuer(reason) | Self::NotValidYet(reason) | Self::Other(reason)) = self;
        f.write_str(reason)
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

/// AWS's endpoints have no IPv6 by default.
const DUAL_STACK: &str = "A machine that has only IPv6 needs AWS_USE_DUALSTACK_ENDPOINT=true";

/// Whether this machine may have only IPv6.
fn lacks_ipv4(address: IpAddr, error: &io::Error) -> bool {
    address.is_ipv4() && errno(error) == Some(Errno::ENETUNREACH)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_with_only_ipv6_is_told_of_aws_dual_stack() {
        let server = Server::of(&http::Uri::from_static(
            "https://ssm.eu-west-1.amazonaws.com",
        ));
        let server = server.expect("a server");
        for (address, errno, is_told) in [
            ("192.0.2.1", Errno::ENETUNREACH, true),
            ("192.0.2.1", Errno::ECONNREFUSED, false),
            ("2001:db8::1", Errno::ENETUNREACH, false),
        ] {
            let address = address.parse().expect("an address");
            let cause = Cause::Connect(address, io::Error::from_raw_os_error(errno as i32));
            let (_, _, help) = at_server(cause, &server, None);
            assert_eq!(
                help.contains(&Help::text(DUAL_STACK)),
                is_told,
                "{address} {errno}"
            );
        }
    }
}
