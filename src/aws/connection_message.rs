//! The words of a failed connection: which server, at which step, and what to do.

use super::connection::{
    CertificateProblem, ConnectionError, ConnectionFailure, ProxyName, Step, host_and_port,
};
use ssm_exec_core::remedy::Remedy;
use std::fmt;

impl ConnectionError {
    fn server(&self) -> String {
        host_and_port(&self.host, self.port)
    }

    /// What to do about it; may be empty.
    pub(super) fn remedy(&self) -> Remedy {
        let host = self.host.as_str();
        let template = match &self.cause {
            ConnectionFailure::PlainHttp => "Use https, or allow it with `--allow-http`",
            ConnectionFailure::Url { .. } => {
                "Correct the `endpoint_url` of the profile, or the variable that sets it (such as AWS_ENDPOINT_URL_STS or AWS_EC2_METADATA_SERVICE_ENDPOINT)"
            }
            ConnectionFailure::Roots(_) | ConnectionFailure::System(_) => "",
            ConnectionFailure::Lookup(_)
            | ConnectionFailure::NoResponse {
                step: Step::Lookup, ..
            } => "Check the name of the Region, the endpoint, and DNS: `getent hosts {host}`",
            ConnectionFailure::Connect { .. }
            | ConnectionFailure::NoResponse {
                step: Step::Connect,
                ..
            } => return self.route_remedy(),
            ConnectionFailure::Proxy { proxy, .. } => {
                return Remedy::new(
                    "Correct {variable}, or bypass the proxy with `NO_PROXY={host}`",
                )
                .fill(&[("variable", proxy.variable), ("host", host)]);
            }
            ConnectionFailure::ProxyStatus { proxy, status: 407 } => {
                let url = proxy.url.replacen("://", "://USER:PASSWORD@", 1);
                return Remedy::new("Set them: `export {variable}={url}`")
                    .fill(&[("variable", proxy.variable), ("url", &url)]);
            }
            ConnectionFailure::ProxyStatus { status: 403, .. } => {
                "Allow the host in the proxy, or bypass the proxy with `NO_PROXY={host}`"
            }
            ConnectionFailure::ProxyStatus { .. } => {
                "Check the proxy and the proxy variables, or bypass the proxy with `NO_PROXY={host}`"
            }
            ConnectionFailure::NoResponse { .. }
            | ConnectionFailure::NotTls(_)
            | ConnectionFailure::Lost(_) => {
                "Check the endpoint, the route (VPC endpoint, NAT) and the proxy variables (HTTPS_PROXY). `-vv` logs each step"
            }
            ConnectionFailure::Handshake(_) => {
                "It must speak TLS 1.2 or 1.3. Is it a plain HTTP server, an old server or a proxy? For a plain server, use `http://`"
            }
            ConnectionFailure::Certificate(problem)
            | ConnectionFailure::ProxyCertificate { problem, .. } => problem.remedy(),
            ConnectionFailure::TooLarge { .. } => {
                "Check that the endpoint is AWS, and that nothing in between changes the responses"
            }
        };
        Remedy::new(template).fill(&[("host", host)])
    }

    /// One of AWS's hosts, `SERVICE.REGION.amazonaws.com`, may need a VPC endpoint.
    fn route_remedy(&self) -> Remedy {
        match vpc_service(&self.host) {
            Some((service, region)) => Remedy::new(
                "Check the route and the security groups. Behind a proxy, set HTTPS_PROXY. Without NAT, the VPC needs an endpoint that allows port 443: `aws ec2 create-vpc-endpoint --vpc-endpoint-type Interface --service-name com.amazonaws.{region}.{service} --vpc-id VPC --subnet-ids SUBNET`",
            )
            .fill(&[("region", region), ("service", service)]),
            None => Remedy::new(
                "Check the endpoint that is configured (`--endpoint-url`, AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_SSM or AWS_ENDPOINT_URL_STS), the route to it and the proxy variables: `nc -vz {host} {port}`",
            )
            .fill(&[("host", &self.host), ("port", &self.port.to_string())]),
        }
    }
}

/// The service and the region of one of AWS's hosts for which a VPC can have an endpoint.
fn vpc_service(host: &str) -> Option<(&str, &str)> {
    let (service, rest) = host.split_once('.')?;
    let region = rest.strip_suffix(".amazonaws.com")?;
    (!region.contains('.') && !service.ends_with("-fips")).then_some((service, region))
}

impl CertificateProblem {
    fn remedy(&self) -> &'static str {
        match self {
            Self::UnknownIssuer { .. } => {
                "Behind a proxy that inspects TLS, or with a private CA, name the file of its root certificates with `--ca-bundle FILE`"
            }
            Self::NotValidYet(_) => "Check this machine's clock",
            Self::Other(_) => {
                "Check the endpoint's certificate, its host name and this machine's clock"
            }
        }
    }
}

impl fmt::Display for CertificateProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownIssuer {
                issuer: Some(issuer),
            } => write!(f, "it is issued by \"{issuer}\", which is not trusted"),
            Self::UnknownIssuer { issuer: None } => f.write_str("its issuer is not trusted"),
            Self::NotValidYet(reason) | Self::Other(reason) => f.write_str(reason),
        }
    }
}

impl fmt::Display for ProxyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the proxy {} (from {})", self.url, self.variable)
    }
}

impl fmt::Display for ConnectionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (host, server) = (&self.host, self.server());
        match &self.cause {
            ConnectionFailure::PlainHttp => {
                write!(
                    f,
                    "http://{server} would receive secrets over plain HTTP on another machine"
                )
            }
            ConnectionFailure::Url { server, reason } => {
                write!(f, "the endpoint {server} {reason}")
            }
            ConnectionFailure::Roots(reason) => f.write_str(reason),
            ConnectionFailure::Lookup(reason) => {
                write!(f, "the name {host} could not be looked up ({reason})")
            }
            ConnectionFailure::Connect {
                address: Some(address),
                reason,
            } if address.to_string() != *host => {
                write!(f, "could not connect to {server} at {address} ({reason})")
            }
            ConnectionFailure::Connect { reason, .. } => {
                write!(f, "could not connect to {server} ({reason})")
            }
            ConnectionFailure::NoResponse { step, limit } => match step {
                Step::Lookup => write!(f, "DNS did not answer for {host} within {limit:?}"),
                Step::Connect => write!(f, "{server} did not accept a connection within {limit:?}"),
                Step::Handshake => write!(
                    f,
                    "{server} did not complete the TLS handshake within {limit:?}"
                ),
                Step::Response => write!(
                    f,
                    "{server} sent no complete response within {limit:?} (read timeout)"
                ),
            },
            ConnectionFailure::System(reason) => write!(
                f,
                "the system refused what a connection to {server} needs: {reason}"
            ),
            ConnectionFailure::Proxy { proxy, reason } => {
                write!(f, "{proxy} could not be reached ({reason})")
            }
            ConnectionFailure::ProxyCertificate { proxy, problem } => {
                write!(f, "the certificate of {proxy} cannot be trusted: {problem}")
            }
            ConnectionFailure::ProxyStatus { proxy, status } => match status {
                403 => write!(f, "{proxy} forbids {server} (HTTP 403)"),
                407 => write!(
                    f,
                    "{proxy} asks for a user and a password (HTTP 407), to connect to {server}"
                ),
                status => write!(f, "{proxy} answered HTTP {status} for {server}"),
            },
            ConnectionFailure::Handshake(reason) => write!(f, "TLS with {server} failed: {reason}"),
            ConnectionFailure::NotTls(text) => {
                write!(
                    f,
                    "{server} answered with something that is not TLS: \"{text}\""
                )
            }
            ConnectionFailure::Certificate(reason) => {
                write!(f, "the certificate of {server} cannot be trusted: {reason}")
            }
            ConnectionFailure::Lost(reason) => write!(
                f,
                "the connection to {server} was cut off before the response was complete ({reason})"
            ),
            ConnectionFailure::TooLarge { limit } => {
                write!(f, "the response of {server} is larger than {limit} bytes")
            }
        }
    }
}

impl std::error::Error for ConnectionError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::{FetchError, TransientError, Work};
    use crate::error::{Error, Incomplete};
    use ssm_exec_core::parameter::Prefix;
    use ssm_exec_core::plan::Request;
    use std::time::Duration;

    fn at(cause: ConnectionFailure) -> Box<ConnectionError> {
        Box::new(ConnectionError {
            host: "ssm.eu-west-1.amazonaws.com".to_owned(),
            port: 443,
            cause,
        })
    }

    fn error(failure: FetchError) -> Error {
        Error::from(Incomplete {
            failures: vec![failure],
            ..Incomplete::default()
        })
    }

    fn permanent(cause: ConnectionFailure) -> Error {
        error(FetchError::Connection(at(cause)))
    }

    fn transient(cause: ConnectionFailure) -> Error {
        error(FetchError::Unavailable {
            work: Work::Fetch(Request::Below(Prefix::parse("/a").expect("a path"))),
            error: TransientError::Connection(at(cause)),
            attempts: 7,
            throttled: 0,
            timeout: Duration::from_secs(30),
        })
    }

    fn proxy() -> ProxyName {
        ProxyName {
            url: "http://proxy:3128".to_owned(),
            variable: "HTTPS_PROXY",
        }
    }

    fn refused(status: u16) -> ConnectionFailure {
        ConnectionFailure::ProxyStatus {
            proxy: proxy(),
            status,
        }
    }

    #[test]
    fn each_failure_names_the_server_or_the_proxy_and_what_to_do() {
        let table = [
            (
                permanent(ConnectionFailure::PlainHttp),
                78,
                "http://ssm.eu-west-1.amazonaws.com:443 would receive secrets over plain HTTP on another machine\n  help: Use https, or allow it with `--allow-http`",
            ),
            (
                permanent(ConnectionFailure::Handshake(
                    "received fatal alert: ProtocolVersion".to_owned(),
                )),
                78,
                "TLS with ssm.eu-west-1.amazonaws.com:443 failed: received fatal alert: ProtocolVersion\n  help: It must speak TLS 1.2",
            ),
            (
                permanent(ConnectionFailure::Certificate(
                    CertificateProblem::UnknownIssuer {
                        issuer: Some("Zscaler Root CA".to_owned()),
                    },
                )),
                78,
                "it is issued by \"Zscaler Root CA\", which is not trusted\n  help: Behind a proxy that inspects TLS, or with a private CA, name the file of its root certificates with `--ca-bundle FILE`",
            ),
            (
                permanent(ConnectionFailure::Certificate(
                    CertificateProblem::NotValidYet("certificate not valid yet".to_owned()),
                )),
                75,
                "Check this machine's clock",
            ),
            (
                permanent(refused(407)),
                78,
                "the proxy http://proxy:3128 (from HTTPS_PROXY) asks for a user and a password (HTTP 407), to connect to ssm.eu-west-1.amazonaws.com:443\n  help: Set them:\n    export HTTPS_PROXY=http://USER:PASSWORD@proxy:3128",
            ),
            (
                permanent(refused(403)),
                78,
                "forbids ssm.eu-west-1.amazonaws.com:443 (HTTP 403)\n  help: Allow the host in the proxy, or bypass the proxy with `NO_PROXY=ssm.eu-west-1.amazonaws.com`",
            ),
            (
                transient(refused(502)),
                75,
                "answered HTTP 502 for ssm.eu-west-1.amazonaws.com:443\n  help: Check the proxy and the proxy variables",
            ),
            (
                transient(ConnectionFailure::Proxy {
                    proxy: proxy(),
                    reason: "Connection refused".to_owned(),
                }),
                75,
                "the last error: the proxy http://proxy:3128 (from HTTPS_PROXY) could not be reached (Connection refused)\n  help: Correct HTTPS_PROXY, or bypass the proxy with `NO_PROXY=ssm.eu-west-1.amazonaws.com`",
            ),
            (
                transient(ConnectionFailure::NoResponse {
                    step: Step::Connect,
                    limit: Duration::from_secs(3),
                }),
                75,
                "ssm.eu-west-1.amazonaws.com:443 did not accept a connection within 3s\n  help: Check the route and the security groups\n  help: Behind a proxy, set HTTPS_PROXY\n  help: Without NAT, the VPC needs an endpoint that allows port 443:\n    aws ec2 create-vpc-endpoint --vpc-endpoint-type Interface --service-name com.amazonaws.eu-west-1.ssm ",
            ),
            (
                transient(ConnectionFailure::Connect {
                    address: Some([10, 0, 3, 17].into()),
                    reason: "Connection refused".to_owned(),
                }),
                75,
                "could not connect to ssm.eu-west-1.amazonaws.com:443 at 10.0.3.17 (Connection refused)",
            ),
            (
                transient(ConnectionFailure::Lookup(
                    "Name or service not known".to_owned(),
                )),
                75,
                "the name ssm.eu-west-1.amazonaws.com could not be looked up (Name or service not known)\n  help: Check the name of the Region, the endpoint, and DNS:\n    getent hosts ssm.eu-west-1.amazonaws.com",
            ),
            (
                permanent(ConnectionFailure::Url {
                    server: "localhost:99999".to_owned(),
                    reason: "has an invalid port",
                }),
                78,
                "the endpoint localhost:99999 has an invalid port\n  help: Correct the `endpoint_url` of the profile, or the variable that sets it (such as AWS_ENDPOINT_URL_STS or AWS_EC2_METADATA_SERVICE_ENDPOINT)",
            ),
            (
                permanent(ConnectionFailure::TooLarge { limit: 10 }),
                75,
                "the response of ssm.eu-west-1.amazonaws.com:443 is larger than 10 bytes",
            ),
            (
                permanent(ConnectionFailure::System("no socket".to_owned())),
                71,
                "the system refused what a connection to ssm.eu-west-1.amazonaws.com:443 needs: no socket",
            ),
        ];
        for (error, status, says) in table {
            let text = error.to_string();
            assert!(text.contains(says), "{text}\n  lacks: {says}");
            assert_eq!(error.status().code(), status, "{text}");
        }
    }
}
