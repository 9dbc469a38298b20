//! The shared AWS configuration files of this machine, and the form in which the SDK gets them.
// Reads them.
#![allow(clippy::disallowed_methods)]

use super::failure::Failure;
use crate::logging::info;
use crate::system_error::without_number;
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use nix::libc;
use ssm_exec_core::code::Code;
use ssm_exec_core::diagnostic::Diagnostic;
use ssm_exec_core::inherited::Inherited;
use ssm_exec_core::origin::Origin;
use ssm_exec_core::shared_config::{FileKind, FileSetting, SharedConfig};
use std::ffi::OsStr;
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

const CONFIG: &str = "AWS_CONFIG_FILE";
const CREDENTIALS: &str = "AWS_SHARED_CREDENTIALS_FILE";
use std::{fmt, fs};

/// No file of profiles is larger.
const LARGEST: u64 = 4 * 1024 * 1024;

/// Both files, merged, and where they are.
pub(super) struct SharedFiles {
    pub(super) config: SharedConfig,
    config_path: PathBuf,
    credentials_path: PathBuf,
    unread: Vec<Unread>,
}

/// A file that could not be read.
struct Unread {
    path: PathBuf,
    /// What names it, if a variable does.
    variable: Option<&'static str>,
    error: io::Error,
}

impl Unread {
    /// Whether it was meant to be there.
    fn is_notable(&self) -> bool {
        self.variable.is_some() || self.error.kind() != ErrorKind::NotFound
    }
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if let Some(variable) = self.variable {
            write!(f, " ({variable})")?;
        }
        match self.error.kind() {
            ErrorKind::NotFound => f.write_str(" does not exist"),
            _ => write!(f, " cannot be read: {}", without_number(&self.error)),
        }
    }
}

impl SharedFiles {
    /// Reads the files that exist.
    ///
    /// # Errors
    /// When a file can't be read, or isn't valid.
    pub(super) fn read(inherited: &Inherited<'_>) -> Result<Self, Failure> {
        let mut files = Self {
            config: SharedConfig::default(),
            config_path: path(inherited, CONFIG, ".aws/config"),
            credentials_path: path(inherited, CREDENTIALS, ".aws/credentials"),
            unread: Vec::new(),
        };
        for (kind, variable) in [(FileKind::Config, CONFIG), (FileKind::Credentials, CREDENTIALS)] {
            let path = files.path(kind).to_owned();
            let bytes = match contents(&path)? {
                Ok(bytes) => bytes,
                Err(error) => {
                    let unread = Unread {
                        path,
                        variable: inherited.text(variable).map(|_| variable),
                        error,
                    };
                    if unread.is_notable() {
                        info!("{unread}");
                    }
                    files.unread.push(unread);
                    continue;
                }
            };
            files.config.add(&bytes, kind).map_err(|error| {
                invalid(&path, error.line, &format!("the line {}", error.reason))
            })?;
        }
        Ok(files)
    }

    /// A profile that names services must have them: their endpoints would be AWS's in silence.
    ///
    /// # Errors
    /// When it hasn't.
    pub(super) fn check_services(&self, profile: &str) -> Result<(), Diagnostic> {
        self.config.missing_services(profile).map_or(Ok(()), |named| {
            let name = named.value();
            let reason = format!("there is no section `[services {name}]`, which `services` names");
            Err(self.error(named, &reason))
        })
    }

    /// The files that could not be read, and why.
    pub(super) fn unread(&self) -> Vec<String> {
        self.unread.iter().map(Unread::to_string).collect()
    }

    /// The first of them that was meant to be there.
    pub(super) fn missed(&self) -> Option<String> {
        let missed = self.unread.iter().find(|unread| unread.is_notable());
        missed.map(Unread::to_string)
    }

    /// An error about a setting.
    pub(super) fn error(&self, setting: &FileSetting, reason: &str) -> Diagnostic {
        invalid(self.path(setting.kind), setting.line, reason)
    }

    /// Whether the home directory, where they would be, is not known.
    pub(super) fn lacks_home(&self) -> bool {
        self.config_path.starts_with("~")
    }

    /// The file and the line of a setting, or else the file of profiles.
    pub(super) fn place(&self, setting: Option<&FileSetting>) -> String {
        match setting {
            Some(at) => format!("{}, line {}", self.path(at.kind).display(), at.line),
            None => self.config_path.display().to_string(),
        }
    }

    /// Where a setting of a profile is.
    pub(super) fn origin(&self, setting: &FileSetting, key: &str) -> Origin {
        let path = self.path(setting.kind);
        Origin::File {
            path: path.to_owned(),
            shown: path.display().to_string(),
            line: setting.line,
            key: key.to_owned(),
        }
    }

    /// Every `endpoint_url` in them.
    pub(super) fn endpoints(&self) -> Vec<(String, Origin)> {
        let urls = self.config.endpoint_urls();
        urls.map(|(url, setting)| (url.to_owned(), self.origin(setting, "endpoint_url"))).collect()
    }

    pub(super) fn path(&self, kind: FileKind) -> &Path {
        match kind {
            FileKind::Config => &self.config_path,
            FileKind::Credentials => &self.credentials_path,
        }
    }
}

/// The error for a line.
fn invalid(path: &Path, line: usize, reason: &str) -> Diagnostic {
    let message = format!("{}, line {line}: {reason}", path.display());
    Diagnostic::new(Code::InvalidAwsFile, message).path(path)
}

/// What was read, for the SDK, which reads no file then.
pub(super) fn for_sdk(config: &SharedConfig) -> EnvConfigFiles {
    EnvConfigFiles::builder().with_contents(EnvConfigFileKind::Config, config.to_sdk()).build()
}

/// As the SDK and the AWS CLI find the files: `~` is the home directory.
pub(super) fn path(inherited: &Inherited<'_>, variable: &str, default: &str) -> PathBuf {
    let set = |name| inherited.get(name).filter(|value| !value.is_empty());
    let home = set("HOME").map(|home| PathBuf::from(OsStr::from_bytes(home)));
    let named = set(variable);
    match (named, home) {
        (Some(path), home) => {
            let path = Path::new(OsStr::from_bytes(path));
            match (path.strip_prefix("~"), home) {
                (Ok(rest), Some(home)) => home.join(rest),
                _ => path.to_owned(),
            }
        }
        (None, Some(home)) => home.join(default),
        (None, None) => PathBuf::from("~").join(default),
    }
}

/// The contents, unless they have no end or would fill the memory.
pub(super) fn read(path: &Path) -> io::Result<Vec<u8>> {
    let found = fs::metadata(path)?;
    let refused = |reason| Err(io::Error::other(reason));
    if !found.is_file() && !found.is_dir() && path != Path::new("/dev/null") {
        return refused("it is not a regular file");
    }
    if found.len() > LARGEST {
        return refused("it is larger than 4 MiB");
    }
    fs::read(path)
}

/// A file that doesn't exist is empty, and so is one that this user can't reach, as for the AWS CLI.
fn contents(path: &Path) -> Result<Result<Vec<u8>, io::Error>, Failure> {
    match read(path) {
        Ok(bytes) => Ok(Ok(bytes)),
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::NotFound
                    | ErrorKind::NotADirectory
                    | ErrorKind::PermissionDenied
                    | ErrorKind::IsADirectory
            ) =>
        {
            Ok(Err(error))
        }
        Err(error)
            if matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE | libc::ENOMEM)) =>
        {
            let reason = without_number(&error);
            let text =
                format!("the system refused to read the shared AWS configuration files: {reason}");
            Err(Diagnostic::new(Code::System, text).into())
        }
        Err(error) => {
            let message = format!("cannot read {}: {}", path.display(), without_number(&error));
            Err(Diagnostic::new(Code::InvalidAwsFile, message).path(path).into())
        }
    }
}
