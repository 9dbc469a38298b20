//! What only a release needs, and `./tests/run --release` runs: the binary for arm64, the packages and the image of both
//! architectures, ways to install, and how many instructions a start takes.

mod arm64;
mod install;
mod instructions;
mod package;
mod workflow;

use crate::support::{project, succeeds};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The binary that ships, built again if it is out of date.
fn shipped_binary() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        PathBuf::from(succeeds(&mut Command::new(project("packaging/binary"))).trim_end())
    })
}
