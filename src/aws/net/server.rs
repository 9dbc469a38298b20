//! The servers that are connected to, and which of them are this machine or on its link.

use http::Uri;
use http::uri::{Authority, Scheme};
use ssm_exec_core::endpoint::{bare, is_loopback};
use std::fmt;
use std::net::IpAddr;

/// AWS's link-local services: the EC2 instance metadata, and the credentials agents of ECS and EKS.
const METADATA: &[&str] =
    &["169.254.169.254", "169.254.170.2", "169.254.170.23", "fd00:ec2::254", "fd00:ec2::23"];

/// A server, as the URL of a request or a proxy's variable names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Server {
    pub(super) tls: bool,
    /// Without the brackets of an IPv6 address.
    pub(super) host: String,
    pub(super) port: u16,
}

impl Server {
    pub(super) fn new(tls: bool, authority: &Authority) -> Self {
        Self {
            tls,
            host: bare(authority.host()).to_owned(),
            port: authority.port_u16().unwrap_or(if tls { 443 } else { 80 }),
        }
    }

    /// The server of a URL that has one.
    pub(super) fn of(uri: &Uri) -> Option<Self> {
        let tls = uri.scheme() == Some(&Scheme::HTTPS);
        uri.authority().map(|authority| Self::new(tls, authority))
    }

    /// Its host, if that is an address.
    pub(super) fn address(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    /// Whether it is this machine or one of AWS's metadata services, to which plain HTTP is always allowed.
    pub(super) fn is_local(&self) -> bool {
        self.address().map_or_else(|| is_loopback(&self.host), is_local_address)
    }

    /// Whether it is this machine or link-local: no proxy could reach it, and none may see its requests.
    pub(super) fn is_on_link(&self) -> bool {
        match self.address().map(|address| address.to_canonical()) {
            Some(IpAddr::V4(address)) => address.is_loopback() || address.is_link_local(),
            Some(IpAddr::V6(address)) => {
                address.is_loopback()
                    || address.is_unicast_link_local()
                    || address.segments()[..2] == [0xfd00, 0xec2]
            }
            None => is_loopback(&self.host),
        }
    }
}

pub(super) fn is_local_address(address: IpAddr) -> bool {
    let address = address.to_canonical();
    address.is_loopback() || METADATA.iter().any(|known| known.parse() == Ok(address))
}

/// `HOST:PORT`, with the brackets that an IPv6 address has in a URL.
impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}
