//! What is said of a server that fails.

use super::super::server::Server;
use super::{
    Cause, Explanation, Step, certificate, client_certificate, errno, in_brackets, quoted,
    without_network,
};
use crate::system_error::without_number;
use nix::errno::Errno;
use ssm_exec_core::code::Code;
use ssm_exec_core::diagnostic::Help;
use ssm_exec_core::endpoint::{self, is_loopback};
use ssm_exec_core::origin::Origin;
use ssm_exec_core::region::Region;
use std::io;
use std::net::IpAddr;

pub(super) fn at_server(cause: Cause, server: &Server, origin: Option<&Origin>) -> Explanation {
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
                Some(origin) => correct(origin),
                None => see_dns(host),
            },
        ),
        Cause::Connect(address, error) => {
            let is_named = is_loopback(host) || address.to_string() == *host;
            let at = if is_named { String::new() } else { format!(" at {address}") };
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
            vec![Help::text(format!("Use `http://{server}`, or its port for TLS"))],
        ),
        Cause::NotTls(first) => (
            Unreachable,
            format!("{server} does not speak TLS, but says {}{named}", quoted(&first)),
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
        Cause::ClientCertificate => client_certificate(&server.to_string()),
        Cause::NotHttp => (
            Unreachable,
            format!("the response of {server} is not HTTP{named}"),
            between(server, origin),
        ),
        Cause::Lost(reason) => (
            Unreachable,
            format!(
                "{server} ended the connection before its response was complete{}{named}",
                in_brackets(&reason)
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
fn correct(origin: &Origin) -> Vec<Help> {
    match origin {
        Origin::Flag(_) => vec![Help::text("Correct it, or leave it out to use AWS's")],
        Origin::Variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") => vec![
            Help::text("In ECS, look at the agent"),
            Help::command("Outside ECS", "unset AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"),
        ],
        Origin::Variable(name) if name.starts_with("AWS_CONTAINER") => {
            vec![Help::text(format!("Correct {name}, or unset it"))]
        }
        Origin::Variable(name) => vec![Help::command("To use AWS's own", format!("unset {name}"))],
        _ => vec![Help::text("Correct it, or remove it to use AWS's")],
    }
}

/// A server that accepts no connection.
fn reach(server: &Server, origin: Option<&Origin>) -> Vec<Help> {
    if let Some(origin) = origin {
        return correct(origin);
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
    let named = origin.map(correct).unwrap_or_default();
    let path = Help::text(
        "Check what is in between: a VPC endpoint, NAT, a firewall, a proxy. `-vv` logs each step",
    );
    let is_far = !server.is_on_link();
    is_far.then_some(path).into_iter().chain(named).collect()
}

fn plain_http(origin: Option<&Origin>) -> Vec<Help> {
    let mut help = vec![Help::text("Use https, or allow it with `--allow-http`")];
    help.extend(origin.and_then(endpoint::without));
    help
}

/// The name of the VPC endpoint service for a host of AWS's, `SERVICE.REGION.amazonaws.com`.
fn vpc_service(host: &str) -> Option<String> {
    let (service, rest) = host.split_once('.')?;
    let (region, suffix) = rest.split_once('.')?;
    let region = Region::parse(region).ok()?;
    let is_aws = region.partition().dns_suffix == suffix;
    (is_aws && !service.ends_with("-fips")).then(|| region.vpc_endpoint_service(service))
}

/// AWS's endpoints have no IPv6 by default.
const DUAL_STACK: &str = "A machine that has only IPv6 needs AWS_USE_DUALSTACK_ENDPOINT=true";

/// Whether this machine may have only IPv6.
fn lacks_ipv4(address: IpAddr, error: &io::Error) -> bool {
    address.is_ipv4() && errno(error) == Some(Errno::ENETUNREACH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_with_only_ipv6_is_told_of_aws_dual_stack() {
        let server = Server::of(&http::Uri::from_static("https://ssm.eu-west-1.amazonaws.com"));
        let server = server.expect("a server");
        for (address, errno, is_told) in [
            ("192.0.2.1", Errno::ENETUNREACH, true),
            ("192.0.2.1", Errno::ECONNREFUSED, false),
            ("2001:db8::1", Errno::ENETUNREACH, false),
        ] {
            let address = address.parse().expect("an address");
            let error = io::Error::from_raw_os_error(errno as i32);
            let cause = Cause::Connect(address, error.into());
            let (_, _, help) = at_server(cause, &server, None);
            assert_eq!(help.contains(&Help::text(DUAL_STACK)), is_told, "{address} {errno}");
        }
    }
}
