//! Finds `ssm-exec.toml`, and reads it and its templates: the only module of the configuration that touches
//! files. What is checked is the descriptor that is read, so that no other file can take its place in between.
// Looks for the configuration file and reads it.
#![allow(clippy::disallowed_methods)]

use crate::exec::refused_file;
use crate::system_error::without_number;
use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::stat::{FileStat, Mode, SFlag, fstat};
use nix::unistd::Uid;
use ssm_exec_core::code::Code;
use ssm_exec_core::config::ConfigLocation;
use ssm_exec_core::diagnostic::{Diagnostic, Help};
use ssm_exec_core::origin::Origin;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The file's name, where none is given.
const FILE_NAME: &str = "ssm-exec.toml";
/// A file has some hundred lines. In bytes.
const LARGEST: u64 = 1 << 20;
/// As the kernel (path_resolution(7)).
const MOST_LINKS: usize = 40;
/// What else to do about a configuration file that a variable names.
const VARIABLE: &str = "Use another one with `SSM_EXEC_CONFIG=FILE`, or unset it";
/// What else to do about another one.
const FILE: &str = "Use another one with `--config FILE`, or none with `--no-config`";
/// What else to do about a template.
const TEMPLATE: &str = "Use another file, or write it into ssm-exec.toml as `template`";
/// Opening neither waits for the other end of a FIFO nor takes a terminal.
const FLAGS: OFlag =
    OFlag::O_RDONLY.union(OFlag::O_CLOEXEC).union(OFlag::O_NONBLOCK).union(OFlag::O_NOCTTY);

/// The text of the configured file, and its path.
///
/// # Errors
/// When it can't be read, or was found rather than named and someone else could have written it.
pub(crate) fn find_config_file(
    location: &ConfigLocation,
) -> Result<Option<(PathBuf, String)>, Diagnostic> {
    match location {
        ConfigLocation::None => Ok(None),
        ConfigLocation::File(given) => {
            let opened = open(&given.value, FLAGS, Mode::empty()).map_err(io::Error::from);
            let text = opened.and_then(|file| read(file.into()));
            let otherwise = match given.origin {
                Origin::Variable(_) => VARIABLE,
                _ => FILE,
            };
            let text = text.map_err(|error| {
                unreadable(&given.value, &error, otherwise).at(given.origin.clone())
            })?;
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

/// A path as messages have it: from the working directory where that or a directory above it has the file, since
/// a long path hides what is wrong.
pub(crate) fn shown(path: &Path) -> String {
    let directory = std::env::current_dir().unwrap_or_default();
    let shown = relative(path, &directory);
    let is_shorter = |it: &PathBuf| it.as_os_str().len() < path.as_os_str().len();
    let shown = shown.filter(is_shorter);
    shown.as_deref().unwrap_or(path).display().to_string()
}

fn relative(path: &Path, directory: &Path) -> Option<PathBuf> {
    if let Ok(below) = path.strip_prefix(directory) {
        return Some(below.to_owned());
    }
    let parent = path.parent().filter(|parent| parent.is_absolute())?;
    let up = directory.strip_prefix(parent).ok()?.components().map(|_| Path::new(".."));
    Some(up.collect::<PathBuf>().join(path.file_name()?))
}

/// The text of a template. It decides where secrets are written, so the same holds as for a file that was
/// found.
///
/// # Errors
/// When it can't be read, or someone else could have written it.
pub(crate) fn read_template(path: &Path) -> Result<String, Diagnostic> {
    let opened = open_trusted(path).map_err(|error| unreadable(path, &error, TEMPLATE));
    let file = opened?.map_err(|Distrust { reason, help }| {
        let message = format!(
            "{} {reason}, and it decides what is written beside your secrets",
            path.display()
        );
        Diagnostic::invalid(message, help).help(TEMPLATE)
    })?;
    read(file).map_err(|error| unreadable(path, &error, TEMPLATE))
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

/// Writes a new configuration file: to the path that was chosen, else to the working directory. Only its
/// owner may write to it, whatever the umask.
///
/// # Errors
/// When there is one already, or it can't be written.
pub(crate) fn create_config_file(chosen: Option<&Path>, text: &str) -> Result<PathBuf, Diagnostic> {
    let path = chosen.unwrap_or(Path::new(FILE_NAME)).to_owned();
    let mut options = File::options();
    let created = options.write(true).create_new(true).mode(0o644).open(&path);
    let written = created.and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| not_written(&path, &error))?;
    Ok(path)
}

/// Refuses early what [`create_config_file`] would refuse.
///
/// # Errors
/// When the file exists.
pub(crate) fn ensure_no_config_file(chosen: Option<&Path>) -> Result<(), Diagnostic> {
    let path = chosen.unwrap_or(Path::new(FILE_NAME));
    match fs::symlink_metadata(path) {
        Ok(_) => Err(not_written(path, &ErrorKind::AlreadyExists.into())),
        Err(_) => Ok(()),
    }
}

fn not_written(path: &Path, error: &io::Error) -> Diagnostic {
    let (reason, help) = match error.kind() {
        ErrorKind::AlreadyExists => (
            "it already exists".to_owned(),
            "Move it away, or choose another file with `--config FILE`",
        ),
        _ => (
            without_number(error),
            "Choose another file with `--config FILE`, or another working directory",
        ),
    };
    Diagnostic::invalid(format!("cannot write {}: {reason}", path.display()), help)
        .at(Origin::Flag("init"))
        .path(path)
}

fn nearest(directory: &Path) -> Result<Option<(PathBuf, String)>, Diagnostic> {
    for ancestor in directory.ancestors() {
        let path = ancestor.join(FILE_NAME);
        let file = match open_trusted(&path) {
            Ok(file) => file.map_err(|distrust| untrusted(&path, distrust))?,
            Err(error)
                if matches!(
                    error.kind(),
                    // A directory above that may not be searched holds nothing for us.
                    ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::PermissionDenied
                ) && fs::symlink_metadata(&path).is_err() =>
            {
                continue;
            }
            Err(error) => return Err(unreadable(&path, &error, FILE)),
        };
        return match read(file) {
            Ok(text) => Ok(Some((path, text))),
            Err(error) => Err(unreadable(&path, &error, FILE)),
        };
    }
    Ok(None)
}

/// Why a file isn't trusted, and what to do.
struct Distrust {
    reason: String,
    help: Help,
}

fn untrusted(path: &Path, Distrust { reason, help }: Distrust) -> Diagnostic {
    let message =
        format!("{} {reason}, and it decides what is started with your secrets", shown(path));
    let path_text = path.display().to_string();
    let mut error = Diagnostic::new(Code::UntrustedFile, message).fill(&[("path", &path_text)]);
    error.help.insert(0, help);
    error.path(path)
}

/// Opens a file that was found, not named: it chooses what is run and which secrets it gets. Like git
/// and direnv, it is used only if it belongs to the user or root, and not every user can write it. The same
/// holds for each link on the way to it. The inner error is why it isn't trusted.
fn open_trusted(path: &Path) -> io::Result<Result<File, Distrust>> {
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        let opened = match open(&path, FLAGS | OFlag::O_NOFOLLOW, Mode::empty()) {
            Err(Errno::ELOOP) => {
                let (stat, target) = read_link(&path)?;
                if let Err(distrust) = check_owner(&path, &stat) {
                    return Ok(Err(distrust));
                }
                path.pop();
                path.push(target);
                continue;
            }
            other => other?,
        };
        let stat = fstat(&opened)?;
        let is_writable = is_kind(&stat, SFlag::S_IFREG) && stat.st_mode & 0o002 != 0;
        return Ok(check_owner(&path, &stat).and_then(|()| {
            if is_writable {
                let command = format!("chmod o-w {}", path.display());
                let help = Help::command("Remove that permission", command);
                let reason = "is world-writable".to_owned();
                return Err(Distrust { reason, help });
            }
            Ok(opened.into())
        }));
    }
    Err(Errno::ELOOP.into())
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
    if may_be_unmapped(owner) {
        return Err(Distrust {
            reason: format!(
                "belongs to another user (uid {owner}, one that this user namespace doesn't map)"
            ),
            help: Help::text("Change its owner outside of the container"),
        });
    }
    if owner != 0 && owner != Uid::effective().as_raw() {
        let command = format!("chown {} {}", Uid::effective(), path.display());
        return Err(Distrust {
            reason: format!("belongs to another user (uid {owner})"),
            help: Help::command("Change its owner", command),
        });
    }
    Ok(())
}

/// Whether this is the number that the kernel shows for every user that a user namespace doesn't map
/// (user_namespaces(7), "overflow"), and there may be such users.
fn may_be_unmapped(owner: u32) -> bool {
    let number = |text: &str| text.parse::<u32>().ok();
    let overflow = fs::read_to_string("/proc/sys/kernel/overflowuid");
    if owner != overflow.ok().and_then(|text| number(text.trim())).unwrap_or(65_534) {
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
        return Err(io::Error::other("it is not a regular file"));
    }
    let mut bytes = Vec::new();
    let read = file.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if u64::try_from(read).is_ok_and(|read| read > LARGEST) {
        return Err(io::Error::other("it is larger than 1 MiB"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = valid.iter().filter(|&&byte| byte == b'\n').count() + 1;
        io::Error::new(ErrorKind::InvalidData, format!("line {line} is not UTF-8"))
    })
}

fn unreadable(path: &Path, error: &io::Error, otherwise: &str) -> Diagnostic {
    if let Some(refused) = refused_file(path, error) {
        return refused;
    }
    let shown = path.display();
    let mut help = vec![Help::text(otherwise)];
    let reason = match error.kind() {
        ErrorKind::NotFound => "there is no such file".to_owned(),
        ErrorKind::PermissionDenied => {
            let command = format!("chmod a+r {shown}");
            help.insert(0, Help::command("Let this user read it", command));
            "permission denied".to_owned()
        }
        ErrorKind::IsADirectory => "it is a directory".to_owned(),
        ErrorKind::InvalidData => {
            help = vec![Help::text("Save it as UTF-8")];
            error.to_string()
        }
        _ => without_number(error),
    };
    let message = format!("cannot read {}: {reason}", self::shown(path));
    Diagnostic::with_help(Code::InvalidFile, message, help).path(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::libc;
    use ssm_exec_core::status::Status;

    #[test]
    fn a_limit_of_the_system_is_no_mistake_in_the_file() {
        let path = Path::new("ssm-exec.toml");
        for (number, status) in [
            (libc::EMFILE, Status::System),
            (libc::ENFILE, Status::System),
            (libc::ENOMEM, Status::System),
            (libc::ENOENT, Status::Config),
            (libc::EIO, Status::Config),
        ] {
            let error = unreadable(path, &io::Error::from_raw_os_error(number), FILE);
            assert_eq!(error.status(), status, "{error}");
            assert!(!error.to_string().contains("os error"), "{error}");
        }
        let error = unreadable(path, &Errno::EMFILE.into(), FILE).to_string();
        let expected = "the system refused to open ssm-exec.toml: Too many open files\n  help: Raise the limit of open files, which is ";
        assert!(error.starts_with(expected), "{error}");
    }

    #[test]
    fn a_path_is_shown_from_the_working_directory() {
        for (path, expected) in [
            ("/a/b/x.toml", Some("x.toml")),
            ("/a/b/c/x.toml", Some("c/x.toml")),
            ("/a/x.toml", Some("../x.toml")),
            ("/x.toml", Some("../../x.toml")),
            ("/c/x.toml", None),
            ("x.toml", None),
        ] {
            let relative = relative(Path::new(path), Path::new("/a/b"));
            assert_eq!(relative.as_deref(), expected.map(Path::new), "{path}");
        }
    }
}
