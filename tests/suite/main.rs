//! The suites that start the real binary: against the stub, and against moto's server.

// One crate: what is `pub` here is for the suites alone.
#![allow(unreachable_pub)]

mod moto;
mod world;

mod check;
mod doors;
mod faults;
mod launching;
mod memory;
mod mistakes;
mod parity;
mod policy;
mod sources;
mod terminal;
mod traces;
