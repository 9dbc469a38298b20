//! Why a file that is there can't be executed: what the number of the error leaves open is looked up in the file, its
//! directories and its mount.
// Looks into the command's file and the table of mounts.
#![allow(clippy::disallowed_methods)]

use super::image::Image;
use nix::errno::Errno;
use nix::unistd::{AccessFlags, access};
use ssm_exec_core::code::Code;
use ssm_exec_core::diagnostic::{Diagnostic, Help};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Interpreters of interpreters, before the kernel gives up (`BINPRM_MAX_RECURSION`).
const DEEPEST: usize = 5;

/// What execve(2) says about a file that was found.
pub(super) fn explain(path: &Path, error: Errno) -> Diagnostic {
    match error {
        Errno::ENOENT | Errno::ENOTDIR if !path.exists() => {
            let reason = "was removed while the parameters were fetched";
            lacks(path, reason, "Start it again when the file is complete")
        }
        Errno::ENOENT => missing_interpreter(path),
        Errno::EACCES => denied(path),
        Errno::EPERM => {
            let text = "A filter (seccomp, SystemCallFilter= of the unit) or a security module forbids it. See what it logs";
            let help = Help::command(text, "journalctl -k -g audit");
            cannot(path, error.desc(), help)
        }
        Errno::ETXTBSY => {
            let reason = "it is being written to";
            cannot(path, reason, "Start it again when the file is complete")
        }
        Errno::E2BIG => Diagnostic::new(
            Code::TooLarge,
            "the arguments and the environment together are larger than the kernel allows (E2BIG)",
        ),
        other => cannot(path, other.desc(), "Correct its path, or the file"),
    }
}

/// Why this user may not execute a file: itself, or what its first line or its header names.
pub(super) fn denied(path: &Path) -> Diagnostic {
    let file = closed_file(path);
    let (reason, help) = why_denied(&file);
    if file == path {
        return cannot(path, &reason, help);
    }
    let (file, path) = (file.display(), path.display());
    not_executable(&format!("the interpreter {file} of {path}"), &reason, help)
}

fn why_denied(path: &Path) -> (String, Help) {
    if let Some(closed) = closed_directory(path) {
        let closed = closed.display();
        let reason = format!("permission denied on the directory {closed}");
        return (reason, Help::command("See its mode", format!("ls -ld {closed}")));
    }
    let Ok(metadata) = fs::metadata(path) else {
        return ("permission denied".to_owned(), Help::text("Correct its path"));
    };
    let mode = metadata.permissions().mode() & 0o7777;
    if !metadata.is_file() {
        return ("it is not a regular file".to_owned(), Help::text("Correct its path"));
    }
    if let Some(mount) = noexec_mount(path) {
        let mount = mount.display();
        let remount = format!("mount -o remount,exec {mount}");
        let help = Help::command("Mount it without, or move the file", remount);
        return (format!("{mount} is mounted with `noexec`"), help);
    }
    if mode & 0o111 == 0 {
        let help = Help::command("Set it", format!("chmod +x {}", path.display()));
        return ("it has no execute permission".to_owned(), help);
    }
    let (owner, owning_group) = (metadata.uid(), metadata.gid());
    let (user, group) = (nix::unistd::geteuid(), nix::unistd::getegid());
    let reason = format!(
        "its mode is {mode:o} and its owner {owner}:{owning_group}, and this is {user}:{group}"
    );
    (reason, Help::text("Change its mode or its owner, or start ssm-exec as another user"))
}

/// The first of a file and its interpreters that can't be executed; the file where none is known to be at fault.
fn closed_file(path: &Path) -> PathBuf {
    let mut file = path.to_owned();
    for _ in 0..DEEPEST {
        if !file.is_file() || access(&file, AccessFlags::X_OK).is_err() {
            return file;
        }
        match Image::of_file(&file).ok().as_ref().and_then(Image::interpreter) {
            Some(interpreter) => file = interpreter.into(),
            None => break,
        }
    }
    path.to_owned()
}

/// The first directory above that this user may not search.
fn closed_directory(path: &Path) -> Option<&Path> {
    let mut above: Vec<&Path> = path.ancestors().skip(1).collect();
    above.reverse();
    let mut above = above.into_iter().filter(|path| !path.as_os_str().is_empty());
    above.find(|path| access(*path, AccessFlags::X_OK) == Err(Errno::EACCES))
}

/// The mount point of a file, if its mount forbids execution: the longest that is a path above it
/// (proc_pid_mountinfo(5): the fifth field is the mount point, the sixth its options).
fn noexec_mount(path: &Path) -> Option<PathBuf> {
    let path = path.canonicalize().ok()?;
    let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
    let mounts = mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ').skip(4);
        let point = fields.next()?.replace("\\040", " ");
        Some((PathBuf::from(point), fields.next()?))
    });
    let above = mounts.filter(|(point, _)| path.starts_with(point));
    let (point, options) = above.max_by_key(|(point, _)| point.as_os_str().len())?;
    options.split(',').any(|it| it == "noexec").then_some(point)
}

/// The kernel says that something does not exist, and it is not the file.
fn missing_interpreter(path: &Path) -> Diagnostic {
    let mut file = path.to_owned();
    for _ in 0..DEEPEST {
        let Ok(image) = Image::of_file(&file) else {
            break;
        };
        let Some(interpreter) = image.interpreter() else {
            break;
        };
        if Path::new(interpreter).exists() {
            file = interpreter.into();
            continue;
        }
        let help = match (&image, interpreter.strip_suffix('\r')) {
            (Image::Script { .. }, Some(_)) => Help::command(
                "Its first line ends with a carriage return. Remove it",
                format!("sed -i 's/\\r$//' {}", file.display()),
            ),
            (Image::Script { .. }, None) => {
                Help::text(format!("Install it, or correct the first line of {}", file.display()))
            }
            _ => Help::text(
                "Build it for the C library of this system, glibc or musl, or statically",
            ),
        };
        let what =
            if matches!(image, Image::Script { .. }) { "interpreter" } else { "dynamic loader" };
        let reason = format!("cannot be executed: its {what} {interpreter} does not exist");
        return lacks(path, &reason, help);
    }
    let help = Help::command("See what it needs", format!("file {}", path.display()));
    let reason = "exists, but its interpreter or dynamic loader does not";
    lacks(path, reason, help)
}

/// There is a file, and not what it needs.
fn lacks(path: &Path, reason: &str, help: impl Into<Help>) -> Diagnostic {
    let message = format!("the command {} {reason}", path.display());
    Diagnostic::with_help(Code::CommandNotFound, message, [help])
}

/// There is a file, and it can't be executed.
pub(super) fn cannot(path: &Path, reason: &str, help: impl Into<Help>) -> Diagnostic {
    not_executable(&format!("the command {}", path.display()), reason, help)
}

fn not_executable(what: &str, reason: &str, help: impl Into<Help>) -> Diagnostic {
    let message = format!("{what} cannot be executed: {reason}");
    Diagnostic::with_help(Code::CommandNotExecutable, message, [help])
}
