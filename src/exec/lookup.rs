//! Finds the command, as execvp(3) does, before anything is fetched: a typing error costs no call.
// Looks for the command.
#![allow(clippy::disallowed_methods)]

use super::c_string;
use super::error::{CommandError, Correction, Searched};
use nix::unistd::{AccessFlags, access};
use ssm_exec_core::environment::limits::CommandSize;
use std::ffi::{CString, OsStr, OsString};
use std::fs;
use std::io::Read;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Where execvp looks when PATH isn't set (glibc's `_PATH_STDPATH` without the working directory).
const DEFAULT_PATH: &[u8] = b"/bin:/usr/bin";

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
    #[must_use]
    pub fn path(&self) -> PathBuf {
        PathBuf::from(OsStr::from_bytes(self.file.to_bytes()))
    }

    /// The file's first bytes, at most `length`.
    pub(super) fn head(&self, length: usize) -> std::io::Result<Vec<u8>> {
        let mut head = Vec::new();
        let file = fs::File::open(self.path())?;
        file.take(u64::try_from(length).unwrap_or(u64::MAX))
            .read_to_end(&mut head)?;
        Ok(head)
    }

    /// What it takes of the room that `execve` has.
    #[must_use]
    pub fn size(&self) -> CommandSize {
        let arguments = self.arguments.iter();
        CommandSize {
            file: self.file.count_bytes(),
            arguments: arguments.map(|text| text.count_bytes()).collect(),
        }
    }
}

/// Finds the command's file: a name with a slash is a path, any other is searched for in PATH.
///
/// # Errors
/// When it isn't there, or can't be executed.
pub fn resolve_command(words: &[OsString], search: Option<&[u8]>) -> Result<Command, CommandError> {
    let name = words
        .first()
        .map(|word| word.as_bytes())
        .unwrap_or_default();
    let file = if name.contains(&b'/') {
        let path = PathBuf::from(OsStr::from_bytes(name));
        match check(&path) {
            Verdict::Runs => path,
            Verdict::Absent => return Err(no_such_file(&path)),
            Verdict::Cannot(reason) => return Err(CommandError::NotExecutable { path, reason }),
        }
    } else {
        in_path(name, search.unwrap_or(DEFAULT_PATH))?
    };
    Ok(Command {
        file: c_string(&file.into_os_string().into_vec())?,
        arguments: words
            .iter()
            .map(|word| c_string(word.as_bytes()))
            .collect::<Result<_, _>>()?,
    })
}

/// The first that can be executed; else, of those that are there, why the first can't.
fn in_path(name: &[u8], search: &[u8]) -> Result<PathBuf, CommandError> {
    let mut obstacle = None;
    let in_directories = || Searched::Path(OsString::from_vec(search.to_vec()));
    if name.is_empty() {
        return Err(not_found(name, in_directories()));
    }
    for directory in search.split(|&byte| byte == b':') {
        // An empty entry is the working directory.
        let directory = if directory.is_empty() {
            b"."
        } else {
            directory
        };
        let path = Path::new(OsStr::from_bytes(directory)).join(OsStr::from_bytes(name));
        match check(&path) {
            Verdict::Runs => return Ok(path),
            Verdict::Absent => {}
            Verdict::Cannot(reason) => {
                obstacle.get_or_insert(CommandError::NotExecutable { path, reason });
            }
        }
    }
    Err(obstacle.unwrap_or_else(|| not_found(name, in_directories())))
}

/// The error for a path at which there is no file.
fn no_such_file(path: &Path) -> CommandError {
    let directory = path.is_relative().then(std::env::current_dir);
    let directory = directory.and_then(Result::ok);
    not_found(path.as_os_str().as_bytes(), Searched::From(directory))
}

fn not_found(name: &[u8], searched: Searched) -> CommandError {
    CommandError::NotFound {
        command: OsString::from_vec(name.to_vec()),
        searched,
        correction: Correction::Name,
    }
}

enum Verdict {
    Runs,
    Absent,
    Cannot(String),
}

fn check(path: &Path) -> Verdict {
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            return Verdict::Cannot("permission denied on a directory above it".to_owned());
        }
        Err(_) => return Verdict::Absent,
    };
    if metadata.is_dir() {
        return Verdict::Cannot("it is a directory. Correct its path".to_owned());
    }
    match access(path, AccessFlags::X_OK) {
        Ok(()) => Verdict::Runs,
        Err(_) if metadata.is_file() => {
            Verdict::Cannot(match metadata.permissions().mode() & 0o111 {
                0 => format!(
                    "it has no execute permission. Set it: `chmod +x {}`",
                    path.display()
                ),
                _ => "permission denied. Is it on a mount with `noexec`?".to_owned(),
            })
        }
        Err(_) => Verdict::Cannot("it is not a regular file".to_owned()),
    }
}
