//! Starts the command in our place: same PID, same everything, but for its environment.
//!
//! Nothing has to be restored before `execve` (execve(2)): it resets signals with a handler to their
//! default; we never change ignored signals or the mask; and descriptors that we opened are
//! close-on-exec.

pub mod allocator;
mod block;
pub mod children;
mod error;
mod image;
pub mod lookup;
mod memfd;
pub mod process;
pub mod signals;
pub mod stdio;

pub use error::{CommandError, Correction, Searched};

use block::Block;
use image::Image;
use lookup::Command;
use memfd::MemoryFile;
use nix::errno::Errno;
use ssm_exec_core::config::Delivery;
use ssm_exec_core::environment::Environment;
use std::ffi::{CStr, CString, c_char};
use std::marker::PhantomData;

/// Everything that `execve` needs, with each value in memory once.
pub struct Ready<'e> {
    block: Block,
    /// Pointers into the block, and to inherited strings.
    environment: Vec<*const c_char>,
    inherited: PhantomData<&'e CStr>,
    files: Vec<MemoryFile>,
}

/// Copies the values into the block, and those of files into memory files. After this, everything that
/// was fetched can be dropped.
///
/// # Errors
/// When the kernel gives no memory or no memory file.
pub fn prepare<'e>(environment: &Environment<'e>) -> Result<Ready<'e>, CommandError> {
    let mut files = Vec::new();
    for (name, setting) in &environment.set {
        if setting.delivery == Delivery::File {
            let file =
                MemoryFile::create(name.as_str(), setting.value.bytes()).map_err(|error| {
                    CommandError::System {
                        what: format!("a file in memory for {name} (`--file`)"),
                        reason: error.to_string(),
                    }
                })?;
            files.push(file);
        }
    }
    let mut paths = files.iter().map(MemoryFile::path);
    let strings: Vec<(&[u8], &[u8])> = environment
        .set
        .iter()
        .map(|(name, setting)| match setting.delivery {
            Delivery::Variable => (name.as_str().as_bytes(), setting.value.bytes()),
            Delivery::File => (
                name.as_str().as_bytes(),
                paths.next().unwrap_or_default().as_bytes(),
            ),
        })
        .collect();
    let bytes = strings
        .iter()
        .map(|(name, value)| name.len() + value.len() + 2)
        .sum();
    let mut block = Block::new(bytes).map_err(|error| CommandError::System {
        what: "memory for the environment".to_owned(),
        reason: error.to_string(),
    })?;
    for (name, value) in strings {
        block.push(name, value);
    }
    let environment = block.pointers(&environment.inherited);
    Ok(Ready {
        block,
        environment,
        inherited: PhantomData,
        files,
    })
}

impl Ready<'_> {
    /// Becomes the command. Returns only if that fails; then the block is wiped.
    #[must_use]
    pub fn launch(self, command: &Command) -> CommandError {
        for file in &self.files {
            if let Err(error) = file.hand_over() {
                return CommandError::System {
                    what: "a file in memory (`--file`)".to_owned(),
                    reason: error.to_string(),
                };
            }
        }
        let mut arguments: Vec<*const c_char> = command
            .arguments
            .iter()
            .map(|argument| argument.as_ptr())
            .collect();
        arguments.push(std::ptr::null());
        let failed = execve(&command.file, &arguments, &self.environment);
        let failed = match failed {
            Errno::ENOEXEC => self.launch_script(command),
            other => explain(command, other),
        };
        drop(self.block);
        failed
    }

    /// As execvp does: a script without `#!` is run by the shell. Programs that were started by a shell
    /// or by env rely on it.
    fn launch_script(&self, command: &Command) -> CommandError {
        let image = match command.head(image::HEAD) {
            Ok(head) => Image::of(&head),
            Err(error) => {
                let reason = format!(
                    "the kernel does not execute it as a binary, and it cannot be read as a script: {error}"
                );
                return not_executable(command, &reason);
            }
        };
        if image != Image::Text {
            return not_executable(command, &image.obstacle());
        }
        let shell = c"/bin/sh";
        let mut arguments: Vec<*const c_char> = vec![shell.as_ptr(), command.file.as_ptr()];
        arguments.extend(
            command
                .arguments
                .iter()
                .skip(1)
                .map(|argument| argument.as_ptr()),
        );
        arguments.push(std::ptr::null());
        match execve(shell, &arguments, &self.environment) {
            Errno::ENOENT => not_executable(command, &image.obstacle()),
            other => explain(command, other),
        }
    }
}

#[allow(unsafe_code)]
fn execve(file: &CStr, arguments: &[*const c_char], environment: &[*const c_char]) -> Errno {
    // SAFETY: both arrays end with a null pointer; every other pointer is to a terminated string that
    // outlives the call: the command's own, the block's, or the kernel's for what is inherited. nix's
    // `execve` takes `CStr`s, for which each inherited entry would have to be walked again.
    unsafe { nix::libc::execve(file.as_ptr(), arguments.as_ptr(), environment.as_ptr()) };
    Errno::last()
}

fn explain(command: &Command, failed: Errno) -> CommandError {
    let path = command.path();
    match failed {
        Errno::ENOENT if path.exists() => CommandError::NoInterpreter { path },
        // It was there before the fetch.
        Errno::ENOENT | Errno::ENOTDIR => CommandError::Removed { path },
        Errno::EACCES => not_executable(
            command,
            "permission denied (its mode, a directory above it, or a `noexec` mount)",
        ),
        Errno::ETXTBSY => not_executable(command, "it is being written to"),
        Errno::E2BIG => CommandError::TooLarge,
        other => not_executable(command, other.desc()),
    }
}

fn not_executable(command: &Command, reason: &str) -> CommandError {
    CommandError::NotExecutable {
        path: command.path(),
        reason: reason.to_owned(),
    }
}

/// A string for the kernel.
pub(crate) fn c_string(bytes: &[u8]) -> Result<CString, CommandError> {
    CString::new(bytes).map_err(|_| CommandError::Nul)
}
