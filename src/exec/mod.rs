//! Starts the command in our place: same PID, same everything, but for its environment.
//!
//! Nothing has to be restored before `execve` (execve(2)): it resets signals with a handler to their
//! default; we never change ignored signals or the mask; and descriptors that we opened are
//! close-on-exec.

pub mod allocator;
mod block;
pub mod children;
pub mod core_dumps;
mod image;
pub mod lookup;
pub(crate) mod memfd;
mod obstacle;
pub mod process;
mod refusal;
pub(crate) mod rounds;
pub mod signals;
pub mod stdio;

pub(crate) use refusal::{failed, limit, refused, refused_file};

use block::Block;
use image::Image;
use lookup::Command;
use memfd::MemoryFile;
use nix::errno::Errno;
use ssm_exec_core::code::Code;
use ssm_exec_core::config::Delivery;
use ssm_exec_core::diagnostic::{Diagnostic, Help};
use ssm_exec_core::environment::Environment;
use ssm_exec_core::inherited::ROUND;
use std::ffi::{CStr, CString, c_char};
use std::marker::PhantomData;
use std::os::fd::OwnedFd;

/// Everything that `execve` needs, with each value in memory once.
pub struct Ready<'e> {
    block: Block,
    /// Pointers into the block, and to inherited strings.
    environment: Vec<*const c_char>,
    inherited: PhantomData<&'e CStr>,
    files: Vec<MemoryFile>,
}

/// Copies the values into the block, and those of files into memory files, which the watcher may write if
/// they are live. `round` is the variable that counts rounds, where the command gets it. After this, everything that
/// was fetched can be dropped.
///
/// # Errors
/// When the kernel gives no memory or no memory file.
pub fn prepare<'e>(
    environment: &Environment<'e>,
    live_files: bool,
    round: Option<&str>,
) -> Result<Ready<'e>, Diagnostic> {
    let mut files = Vec::new();
    for (name, setting) in &environment.set {
        if setting.delivery == Delivery::File {
            let file = MemoryFile::create(name.as_str(), setting.value.bytes(), live_files);
            files.push(file.map_err(|error| {
                let what = format!("a file in memory for {name} (`--file`)");
                refused(&what, "memfd_create", error)
            })?);
        }
    }
    let mut paths = files.iter().map(MemoryFile::path);
    let round = round.map(|text| (ROUND.as_bytes(), text.as_bytes()));
    let strings: Vec<(&[u8], &[u8])> = environment
        .set
        .iter()
        .map(|(name, setting)| {
            let value = match setting.delivery {
                Delivery::Variable => setting.value.bytes(),
                Delivery::File => paths.next().unwrap_or_default().as_bytes(),
            };
            (name.as_str().as_bytes(), value)
        })
        .chain(round)
        .collect();
    let bytes = strings.iter().map(|(name, value)| name.len() + value.len() + 2).sum();
    let mut block =
        Block::new(bytes).map_err(|error| refused("memory for the environment", "mmap", error))?;
    for (name, value) in strings {
        block.push(name, value);
    }
    let environment = block.pointers(&environment.inherited);
    Ok(Ready { block, environment, inherited: PhantomData, files })
}

impl Ready<'_> {
    /// The live files: the path that the command has, and a descriptor to write by.
    pub(crate) fn live_files(&self) -> impl Iterator<Item = (&str, &OwnedFd)> {
        let files = self.files.iter();
        files.filter_map(|file| Some((file.path(), file.writable()?)))
    }

    /// Becomes the command. Returns only if that fails; then the block is wiped.
    pub fn launch(self, command: &Command) -> Diagnostic {
        for file in &self.files {
            if let Err(error) = file.hand_over() {
                return refused("a file in memory (`--file`)", "fcntl", error);
            }
        }
        let arguments = command.arguments.iter().map(|argument| argument.as_ptr());
        let arguments: Vec<_> = arguments.chain([std::ptr::null()]).collect();
        let failed = match execve(&command.file, &arguments, &self.environment) {
            Errno::ENOEXEC => self.launch_script(command),
            other => obstacle::explain(&command.path(), other),
        };
        drop(self.block);
        failed
    }

    /// As execvp does: a script without `#!` is run by the shell. Programs that were started by a shell
    /// or by env rely on it.
    fn launch_script(&self, command: &Command) -> Diagnostic {
        let path = command.path();
        let image = match Image::of_file(&path) {
            Ok(image) => image,
            Err(error) => {
                let reason = format!(
                    "the kernel does not execute it as a binary, and it cannot be read as a script: {error}"
                );
                let help = Help::command("See what it is", format!("file {}", path.display()));
                return obstacle::cannot(&path, &reason, help);
            }
        };
        if image != Image::Text {
            return obstacle::cannot(&path, &image.obstacle(), image.remedy());
        }
        let shell = c"/bin/sh";
        let rest = command.arguments.iter().skip(1);
        let rest = rest.map(|argument| argument.as_ptr());
        let arguments = [shell.as_ptr(), command.file.as_ptr()].into_iter().chain(rest);
        let arguments: Vec<_> = arguments.chain([std::ptr::null()]).collect();
        match execve(shell, &arguments, &self.environment) {
            Errno::ENOENT => obstacle::cannot(&path, &image.obstacle(), image.remedy()),
            other => obstacle::explain(&path, other),
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

/// A string for the kernel.
pub(crate) fn c_string(bytes: &[u8]) -> Result<CString, Diagnostic> {
    CString::new(bytes).map_err(|_| {
        Diagnostic::new(
            Code::InvalidCommand,
            "the command or one of its arguments contains a NUL byte, which cannot be passed to a program",
        )
    })
}
