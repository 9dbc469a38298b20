//! The network: every connection of this program is opened here.

mod certificate;
mod dial;
mod dns;
mod endpoints;
mod exchange;
mod failure;
mod proxy;
mod roots;
mod server;
mod tls;
mod transport;

// For the loop that asks AWS.
#[allow(unused_imports)]
pub(in crate::aws) use exchange::{Exchange, Last, observed};
pub use failure::ConnectionError;
pub(in crate::aws) use failure::without_number;
pub(in crate::aws) use transport::{ResponseLimit, Transport};
