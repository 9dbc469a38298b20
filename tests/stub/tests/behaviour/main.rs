//! What the stub promises, spoken to in plain HTTP over a socket.
#![allow(clippy::unwrap_used)]

mod client;
mod faults;
mod names;
mod paths;
mod policies;
mod program;
mod running;
mod secrets;
