//! Finds `ssm-exec.toml` and reads it: the only module of the configuration that touches files. What is
//! checked is the descriptor that is read, so that no other file can take its place in between.
// Looks for the configuration file and reads it.
#![allow(clippy::disallowed_methods)]

use nix::fcntl::{OFlag, open};
use nix::sys::stat::{FileStat, Mode, SFlag, fstat};
use nix::unistd::Uid;
use ssm_exec_core::config::{ConfigError, ConfigLocation};
use ssm_exec_core::origin::Origin;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

/// The file's name, where none is given.
const FILE_NAME: &str = "ssm-exec.toml";
/// A file has some hundred lines. In bytes.
const LARGEST: u64 = 1 << 20;
/// Opening neither waits for the other end of a FIFO nor takes a terminal.
const FLAGS: OFlag = OFlag::O_RDONLY
    .union(OFlag::O_CLOEXEC)
    .union(OFlag::O_NONBLOCK)
    .union(OFlag::O_NOCTTY);

/// The text of the configured file, and its path.
///
/// # Errors
/// When it can't be read, or was found rather than named and someone else could have written it.
pub(crate) fn find_config_file(
    location: &ConfigLocation,
) -> Result<Option<(PathBuf, String)>, ConfigError> {
    match location {
        ConfigLocation::None => Ok(None),
        ConfigLocation::File(given) => {
            let unreadable = |error| unreadable(&given.value, Some(&given.origin), &error);
            let file = open(&given.value, FLAGS, Mode::empty())
                .map_err(|error| unreadable(error.into()))?;
            let text = read(file.into()).map_err(unreadable)?;
            Ok(Some((given.value.clone(), text)))
        }
        ConfigLocation::Nearest => {
            // A working directory that is gone has no ancestors; the command may not mind.
            let Ok(directory) = std::env::current_dir() else {
                return Ok(None);
            };
            nearest(&directory)
        }
    }
}

/// A file of the working directory that is called nearly as ours: `ssm_exec.toml`, `.ssm-exec.yaml`.
pub(crate) fn near_name() -> Option<String> {
    let names = fs::read_dir(".").ok()?;
    let mut names = names.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    names.find(|name| {
        let letters = name.chars().filter(char::is_ascii_alphanumeric);
        let letters = letters.collect::<String>().to_ascii_lowercase();
        let ending = letters.strip_prefix("ssmexec");
        name != FILE_NAME && ending.is_some_and(|it| ["toml", "yaml", "yml", "json"].contains(&it))
    })
}

/// Writes a new configuration file: to the path that was chosen, else to the working directory.
///
/// # Errors
/// When there is one already, or it can't be written.
pub(crate) fn create_config_file(
    chosen: Option<&Path>,
    text: &str,
) -> Result<PathBuf, ConfigError> {
    let path = chosen.unwrap_or(Path::new(FILE_NAME)).to_owned();
    let written = File::create_new(&path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| not_written(&path, &error))?;
    Ok(path)
}

/// Refuses early what [`create_config_file`] would refuse.
///
/// # Errors
/// When the file exists.
pub(crate) fn ensure_no_config_file(chosen: Option<&Path>) -> Result<(), ConfigError> {
    let path = chosen.unwrap_or(Path::new(FILE_NAME));
    match fs::symlink_metadata(path) {
        Ok(_) => Err(not_written(path, &ErrorKind::AlreadyExists.into())),
        Err(_) => Ok(()),
    }
}

fn not_written(path: &Path, error: &std::io::Error) -> ConfigError {
    let reason = match error.kind() {
        ErrorKind::AlreadyExists => {
            "it already exists, and init does not overwrite files; move it, or choose another file with `--config FILE`".to_owned()
        }
        _ => error.to_string(),
    };
    ConfigError::invalid(
        Origin::Flag("init"),
        format!("cannot write {}: {reason}", path.display()),
    )
}

fn nearest(directory: &Path) -> Result<Option<(PathBuf, String)>, ConfigError> {
    for ancestor in directory.ancestors() {
        let path = ancestor.join(FILE_NAME);
        let file = match open_trusted(&path) {
            Ok(Ok(file)) => file,
            Ok(Err(Distrust { reason, remedy })) => {
                return Err(ConfigError::Untrusted {
                    path,
                    reason,
                    remedy,
                });
            }
            Err(error)
                if matches!(
                    error.kind(),
                    // A directory above that may not be searched holds nothing for us.
                    ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::PermissionDenied
                ) && fs::symlink_metadata(&path).is_err() =>
            {
                continue;
            }
            Err(error) => return Err(unreadable(&path, None, &error)),
        };
        return match read(file) {
            Ok(text) => Ok(Some((path, text))),
            Err(error) => Err(unreadable(&path, None, &error)),
        };
    }
    Ok(None)
}

/// Why a file isn't trusted, and what to do.
struct Distrust {
    reason: String,
    remedy: String,
}

/// Opens a file that was found, not named: it chooses what is run and which secrets it gets. Like git
/// and direnv, it is used only if it belongs to the user or root, and not every user can write it. The same
/// holds for a link to it. The inner error is why it isn't trusted.
fn open_trusted(path: &Path) -> io::Result<Result<File, Distrust>> {
    let opened = match open(path, FLAGS | OFlag::O_NOFOLLOW, Mode::empty()) {
        Err(nix::errno::Errno::ELOOP) => {
            let (stat, target) = read_link(path)?;
            if let Err(distrust) = check_owner(path, &stat) {
                return Ok(Err(distrust));
            }
            let directory = path.parent().unwrap_or(path);
            open(&directory.join(target), FLAGS, Mode::empty())?
        }
        other => other?,
    };
    let stat = fstat(&opened)?;
    let is_writable = is_kind(&stat, SFlag::S_IFREG) && stat.st_mode & 0o002 != 0;
    Ok(check_owner(path, &stat).and_then(|()| match is_writable {
        true => Err(Distrust {
            reason: "is world-writable".to_owned(),
            remedy: format!("Remove that permission: `chmod o-w {}`.", path.display()),
        }),
        false => Ok(opened.into()),
    }))
}

/// A link's state and target, of the same link even if another takes its name.
#[cfg(target_os = "linux")]
fn read_link(path: &Path) -> nix::Result<(FileStat, OsString)> {
    let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let link = open(path, flags, Mode::empty())?;
    Ok((fstat(&link)?, nix::fcntl::readlinkat(&link, c"")?))
}

#[cfg(not(target_os = "linux"))]
fn read_link(path: &Path) -> nix::Result<(FileStat, OsString)> {
    Ok((nix::sys::stat::lstat(path)?, nix::fcntl::readlink(path)?))
}

fn check_owner(path: &Path, stat: &FileStat) -> Result<(), Distrust> {
    let owner = stat.st_uid;
    if owner != 0 && owner != Uid::effective().as_raw() {
        return Err(Distrust {
            reason: format!("belongs to another user (uid {owner})"),
            remedy: format!(
                "Change its owner: `chown {} {}`.",
                Uid::effective(),
                path.display()
            ),
        });
    }
    if may_be_unmapped(owner) {
        return Err(Distrust {
            reason: format!(
                "belongs to a user who is unknown in this user namespace (uid {owner})"
            ),
            remedy: String::new(),
        });
    }
    Ok(())
}

/// Whether this is the number that the kernel shows for every user that a user namespace doesn't map
/// (user_namespaces(7), "overflow"), and there may be such users.
fn may_be_unmapped(owner: u32) -> bool {
    let number = |text: &str| text.parse::<u32>().ok();
    let overflow = fs::read_to_string("/proc/sys/kernel/overflowuid");
    if owner
        != overflow
            .ok()
            .and_then(|text| number(text.trim()))
            .unwrap_or(65_534)
    {
        return false;
    }
    // The initial namespace maps all to themselves, in one line: first, first outside, how many.
    let map = fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    let words: Vec<_> = map.split_whitespace().map(number).collect();
    !matches!(words[..], [Some(0), Some(0), Some(u32::MAX)])
}

fn is_kind(stat: &FileStat, kind: SFlag) -> bool {
    SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT == kind
}

/// Reads a regular file: nothing else has an end that is sure to come.
fn read(file: File) -> io::Result<String> {
    let stat = fstat(&file)?;
    if is_kind(&stat, SFlag::S_IFDIR) {
        return Err(ErrorKind::IsADirectory.into());
    }
    if !is_kind(&stat, SFlag::S_IFREG) {
        return Err(io::Error::other(
            "it is not a regular file; for no configuration file, use `--no-config`",
        ));
    }
    let mut text = String::new();
    let read = file.take(LARGEST + 1).read_to_string(&mut text)?;
    if u64::try_from(read).is_ok_and(|read| read > LARGEST) {
        return Err(io::Error::other("it is larger than 1 MiB"));
    }
    Ok(text)
}

fn unreadable(path: &Path, origin: Option<&Origin>, error: &io::Error) -> ConfigError {
    let reason = match error.kind() {
        ErrorKind::NotFound => "there is no such file".to_owned(),
        ErrorKind::PermissionDenied => format!(
            "permission denied. Let this user read it: `chmod a+r {}`. Or use another one with `--config FILE`, or none with `--no-config`",
            path.display()
        ),
        ErrorKind::IsADirectory => "it is a directory".to_owned(),
        ErrorKind::InvalidData => "it is not UTF-8".to_owned(),
        _ => error.to_string(),
    };
    ConfigError::Unreadable {
        origin: origin.cloned(),
        path: path.to_owned(),
        reason,
    }
}
