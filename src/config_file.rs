//! Finds `ssm-exec.toml` and reads it: the only room of configuration that touches files.
// Looks for the configuration file and reads it.
#![allow(clippy::disallowed_methods)]

use nix::unistd::Uid;
use ssm_exec_core::config::{ConfigError, ConfigLocation};
use ssm_exec_core::origin::Origin;
use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The file's name, where none is given.
const FILE_NAME: &str = "ssm-exec.toml";

/// The text of the file that is wanted, and where it was.
///
/// # Errors
/// When it can't be read, or was found rather than named and someone else could have written it.
pub(crate) fn find_config_file(
    location: &ConfigLocation,
) -> Result<Option<(PathBuf, String)>, ConfigError> {
    match location {
        ConfigLocation::None => Ok(None),
        ConfigLocation::File(given) => {
            read(&given.value, Some(&given.origin)).map(|text| Some((given.value.clone(), text)))
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

fn nearest(directory: &Path) -> Result<Option<(PathBuf, String)>, ConfigError> {
    for ancestor in directory.ancestors() {
        let path = ancestor.join(FILE_NAME);
        match fs::symlink_metadata(&path) {
            Ok(_) => {
                check_owner(&path)?;
                return read(&path, None).map(|text| Some((path, text)));
            }
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
            // A directory above that may not be searched holds nothing for us.
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {}
            Err(error) => return Err(unreadable(&path, None, &error)),
        }
    }
    Ok(None)
}

/// A file that was found, not named, chooses what is run and which secrets it gets: like git and
/// direnv, we take it only from ourselves or root, and only if nobody else may write it.
fn check_owner(path: &Path) -> Result<(), ConfigError> {
    let trusted = |owner: u32| owner == 0 || owner == Uid::effective().as_raw();
    for metadata in [fs::symlink_metadata(path), fs::metadata(path)] {
        let metadata = metadata.map_err(|error| unreadable(path, None, &error))?;
        let reason = if !trusted(metadata.uid()) {
            format!("belongs to another user (uid {})", metadata.uid())
        } else if metadata.is_file() && metadata.mode() & 0o002 != 0 {
            "may be written by anyone".to_owned()
        } else {
            continue;
        };
        return Err(ConfigError::Untrusted {
            path: path.to_owned(),
            reason,
        });
    }
    Ok(())
}

fn read(path: &Path, origin: Option<&Origin>) -> Result<String, ConfigError> {
    fs::read_to_string(path).map_err(|error| unreadable(path, origin, &error))
}

fn unreadable(path: &Path, origin: Option<&Origin>, error: &io::Error) -> ConfigError {
    let reason = match error.kind() {
        ErrorKind::NotFound => "there is no such file".to_owned(),
        ErrorKind::PermissionDenied => "permission denied".to_owned(),
        ErrorKind::IsADirectory => "it is a directory".to_owned(),
        ErrorKind::InvalidData => "it isn't UTF-8".to_owned(),
        _ => error.to_string(),
    };
    ConfigError::Unreadable {
        origin: origin.cloned(),
        path: path.to_owned(),
        reason,
    }
}
