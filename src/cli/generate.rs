//! Completions and the man page, made from the definition of the command line.

use super::Arguments;
use clap::{CommandFactory, ValueEnum};
use clap_complete::Shell;

/// What is made.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Kind {
    /// For bash
    Bash,
    /// For zsh
    Zsh,
    /// For fish
    Fish,
    /// For elvish
    Elvish,
    /// For PowerShell
    Powershell,
    /// The man page
    Man,
}

pub(super) fn generate(kind: Kind) -> Vec<u8> {
    let mut command = Arguments::command();
    let shell = match kind {
        Kind::Bash => Shell::Bash,
        Kind::Zsh => Shell::Zsh,
        Kind::Fish => Shell::Fish,
        Kind::Elvish => Shell::Elvish,
        Kind::Powershell => Shell::PowerShell,
        Kind::Man => return man(command),
    };
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "ssm-exec", &mut script);
    script
}

fn man(command: clap::Command) -> Vec<u8> {
    let mut page = Vec::new();
    // Writing to memory doesn't fail.
    let _ = clap_mangen::Man::new(command).render(&mut page);
    page
}
