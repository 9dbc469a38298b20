//! Hosts to which plain HTTP is always allowed: this machine and AWS's metadata services.

use ssm_exec_core::endpoint::{bare, is_loopback};
use std::net::IpAddr;

/// AWS's link-local services: the EC2 instance metadata, and the credentials agents of ECS and EKS.
const METADATA: &[&str] = &[
    "169.254.169.254",
    "169.254.170.2",
    "169.254.170.23",
    "fd00:ec2::254",
    "fd00:ec2::23",
];

/// Whether a URL's host is this machine or one of AWS's metadata addresses.
pub(super) fn is_local(host: &str) -> bool {
    address(host).map_or_else(|| is_loopback(host), is_local_address)
}

pub(super) fn is_local_address(address: IpAddr) -> bool {
    let address = address.to_canonical();
    address.is_loopback() || METADATA.iter().any(|known| known.parse() == Ok(address))
}

/// Whether this host is this machine or link-local: no proxy could reach it, and none may see its requests.
pub(super) fn is_on_link(host: &str) -> bool {
    match address(host).map(|address| address.to_canonical()) {
        Some(IpAddr::V4(address)) => address.is_loopback() || address.is_link_local(),
        Some(IpAddr::V6(address)) => {
            address.is_loopback()
                || address.is_unicast_link_local()
                || address.segments()[..2] == [0xfd00, 0xec2]
        }
        None => is_loopback(host),
    }
}

/// A URL's host as an address, if it is one. IPv6 addresses may be in brackets.
pub(super) fn address(host: &str) -> Option<IpAddr> {
    bare(host).parse().ok()
}
