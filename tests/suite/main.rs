//! The suites that start the real binary: against the stub, and against moto's server.

// One crate: what is `pub` here is for the suites alone.
#![allow(unreachable_pub)]

mod moto;
mod parts;
mod world;

mod docker;
mod doors;
mod lambda;
mod launching;
mod mistakes;
mod package;
mod sources;
mod static_root;
mod systemd;
mod terminal;
