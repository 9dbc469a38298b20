//! Tests that start the real binary, against the stub and against moto's server.

// A single crate: items are `pub` only for the other modules of the suite.
#![allow(unreachable_pub)]
// Tests read files and the environment, and start processes.
#![allow(clippy::disallowed_methods)]

mod harness;
mod support;

mod broken_connections;
mod bytes;
mod check;
mod cmd;
mod compatibility;
mod completions;
mod config_file;
mod connections;
mod contract;
mod core_dumps;
mod credentials;
mod denylist;
mod docker;
mod documentation;
mod endpoints;
mod environment;
mod escaping;
mod faults;
mod files;
mod help;
mod hints;
mod identity;
mod init;
mod lambda;
mod launching;
mod memory;
mod messages;
mod mistakes;
mod no_secret_leaks;
mod notices;
mod panics;
mod parity;
mod picture;
mod policy;
mod post_quantum;
mod release;
mod remedies;
mod retries;
mod sdk_variables;
mod signals_and_limits;
mod snippets;
mod sources;
mod stages;
mod stalled_stderr;
mod static_root;
mod structure;
mod system_refusals;
mod systemd;
mod templates;
mod terminal;
mod wait;
mod watch;
