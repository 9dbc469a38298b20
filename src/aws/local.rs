//! Hosts that are this machine, or answer for it on its own link: the only ones that plain HTTP reaches
//! unless a person allows more.

use ssm_exec_core::endpoint::is_loopback;
use std::net::IpAddr;

/// Where AWS serves metadata and credentials, by plain HTTP and on the machine's own link: EC2's
/// instance metadata, ECS's and EKS's agents.
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

/// Whether a request to this host never leaves the machine or its link, so that no proxy may see it.
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

/// The address that a URL's host is, if it is one. IPv6 stands in brackets there.
pub(super) fn address(host: &str) -> Option<IpAddr> {
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    bare.unwrap_or(host).parse().ok()
}
