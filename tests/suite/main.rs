//! The suites that start the real binary: against the stub, and against moto's server.

mod moto;
mod world;

mod launching;
mod mistakes;
mod sources;
