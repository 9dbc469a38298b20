//! What `completions` prints.

use clap::ValueEnum;

/// What is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Document {
    /// Completions for bash
    Bash,
    /// Completions for zsh
    Zsh,
    /// Completions for fish
    Fish,
    /// Completions for elvish
    Elvish,
    /// Completions for PowerShell
    Powershell,
    /// The man page
    Man,
    /// The JSON Schema of ssm-exec.toml
    Schema,
}
