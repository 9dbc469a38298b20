//! The network: every connection of this program is opened here.

mod certificate;
mod dial;
mod dns;
mod endpoints;
mod exchange;
mod failure;
mod handshake;
mod post_quantum;
mod proxy;
mod roots;
mod server;
mod socket;
mod tls;
mod transport;

pub use exchange::Observed;
pub(in crate::aws) use exchange::{Exchange, Last, observed};
pub(in crate::aws) use failure::ConnectionError;
pub(in crate::aws) use transport::{ResponseLimit, Transport};
