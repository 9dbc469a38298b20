//! Finds the command, as execvp(3) does, before anything is fetched: a typing error costs no call.
// Looks for the command.
#![allow(clippy::disallowed_methods)]

use super::{c_string, obstacle};
use nix::unistd::{AccessFlags, access};
use ssm_exec_core::diagnostic::Diagnostic;
use ssm_exec_core::environment::limits::CommandSize;
use std::ffi::{CString, OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Where execvp looks when PATH isn't set (glibc's `_PATH_STDPATH` without the working directory).
pub(crate) const DEFAULT_PATH: &[u8] = b"/bin:/usr/bin";

/// A command that was found.
#[derive(Debug)]
pub struct Command {
    /// The file that is executed.
    pub file: CString,
    /// Its arguments, with its name as it was given at the front.
    pub arguments: Vec<CString>,
}

impl Command {
    /// The file as a path.
    pub fn path(&self) -> PathBuf {
        PathBuf::from(OsStr::from_bytes(self.file.to_bytes()))
    }

    /// Whether its file is the program that runs now, under whatever name.
    pub fn is_this_program(&self) -> bool {
        let file = |path: &Path| fs::metadata(path).map(|it| (it.dev(), it.ino())).ok();
        let ours = file(Path::new("/proc/self/exe"));
        ours.is_some() && ours == file(&self.path())
    }

    /// What it takes of the room that `execve` has.
    pub fn size(&self) -> CommandSize {
        let arguments = self.arguments.iter();
        CommandSize {
            file: self.file.count_bytes(),
            arguments: arguments.map(|text| text.count_bytes()).collect(),
        }
    }
}

/// Finds the command's file: a name with a slash is a path, any other is searched for in PATH. `None` if there is no
/// such file.
///
/// # Errors
/// When the file can't be executed; of several in PATH, why the first can't.
pub fn find(words: &[OsString], search: Option<&[u8]>) -> Result<Option<Command>, Diagnostic> {
    let name = words.first().map(|word| word.as_bytes()).unwrap_or_default();
    let is_path = name.contains(&b'/');
    let directories = if is_path { b"" } else { search.unwrap_or(DEFAULT_PATH) };
    let mut obstacle = None;
    for directory in directories.split(|&byte| byte == b':').filter(|_| !name.is_empty()) {
        let path = match directory {
            _ if is_path => PathBuf::from(OsStr::from_bytes(name)),
            // An empty entry is the working directory.
            b"" => Path::new(".").join(OsStr::from_bytes(name)),
            _ => Path::new(OsStr::from_bytes(directory)).join(OsStr::from_bytes(name)),
        };
        match is_executable(&path) {
            Ok(false) => {}
            Ok(true) => return command(path, words).map(Some),
            Err(error) => {
                obstacle.get_or_insert(error);
            }
        }
    }
    obstacle.map_or(Ok(None), Err)
}

fn command(file: PathBuf, words: &[OsString]) -> Result<Command, Diagnostic> {
    let arguments = words.iter().map(|word| c_string(word.as_bytes()));
    Ok(Command {
        file: c_string(&file.into_os_string().into_vec())?,
        arguments: arguments.collect::<Result<_, _>>()?,
    })
}

/// Whether it is there.
///
/// # Errors
/// When it is, and can't be executed.
fn is_executable(path: &Path) -> Result<bool, Diagnostic> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => {
            let reason = "it is a directory";
            Err(obstacle::cannot(path, reason, "Correct its path"))
        }
        Ok(_) if access(path, AccessFlags::X_OK).is_err() => Err(obstacle::denied(path)),
        Ok(_) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            Err(obstacle::denied(path))
        }
        Err(_) => match fs::read_link(path) {
            Ok(target) => {
                let reason = format!("it is a link to {}, which does not exist", target.display());
                Err(obstacle::cannot(path, &reason, "Correct the link"))
            }
            Err(_) => Ok(false),
        },
    }
}
