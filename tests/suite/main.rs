//! The suites that start the real binary: against the stub, and against moto's server.

// One crate: what is `pub` here is for the suites alone.
#![allow(unreachable_pub)]

mod moto;
mod parts;
mod standin;
mod world;

mod bytes;
mod check;
mod credentials;
mod docker;
mod doors;
mod endings;
mod endpoints;
mod faults;
mod instructions;
mod lambda;
mod launching;
mod memory;
mod mistakes;
mod newcomers;
mod package;
mod parity;
mod policy;
mod sources;
mod static_root;
mod systemd;
mod terminal;
mod traces;
