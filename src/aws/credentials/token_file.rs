//! The file in which the AWS CLI keeps a session's token: the only files that ssm-exec writes to.
// Reads and replaces them.
#![allow(clippy::disallowed_methods)]

use crate::aws::shared_files;
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use ring::digest::{self, Algorithm};
use serde_json::Value;
use ssm_exec_core::inherited::Inherited;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often it is looked whether another process has renewed the token.
const LOCK: Duration = Duration::from_millis(20);

pub(super) struct TokenFile(PathBuf);

impl TokenFile {
    /// The file of a session, in a directory of the home directory, or in the one that the variable names.
    pub(super) fn new(
        inherited: &Inherited<'_>,
        (variable, directory): (&str, &str),
        (algorithm, session): (&'static Algorithm, &str),
    ) -> Self {
        let digest = digest::digest(algorithm, session.as_bytes());
        let name: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        let directory = shared_files::path(inherited, variable, directory);
        Self(directory.join(name + ".json"))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    pub(super) fn read(&self) -> io::Result<Value> {
        let bytes = shared_files::read(&self.0)?;
        serde_json::from_slice(&bytes).map_err(|_| io::Error::other("invalid JSON"))
    }

    /// Waits until no other ssm-exec renews the token: a refresh token can be used once.
    pub(super) async fn lock(&self) -> Option<Flock<File>> {
        let mut file = File::open(&self.0).ok()?;
        loop {
            match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
                Ok(lock) => return Some(lock),
                Err((back, Errno::EWOULDBLOCK)) => file = back,
                // A file system without locks.
                Err(_) => return None,
            }
            tokio::time::sleep(LOCK).await;
        }
    }

    /// Prepares the replacement of the file, beside it and for the same owner.
    pub(super) fn replacement(&self) -> io::Result<Replacement> {
        let path = fs::canonicalize(&self.0)?;
        let owner = fs::metadata(&path)?;
        let new = path.with_extension(format!("{:016x}.tmp", fastrand::u64(..)));
        let mut options = OpenOptions::new();
        let file = options.write(true).create_new(true).mode(0o600).open(&new)?;
        let replacement = Replacement { file, new, path };
        if replacement.file.metadata()?.uid() != owner.uid() {
            fchown(&replacement.file, Some(owner.uid()), Some(owner.gid()))?;
        }
        Ok(replacement)
    }
}

/// A file that replaces another one once it is whole.
pub(super) struct Replacement {
    file: File,
    new: PathBuf,
    path: PathBuf,
}

impl Replacement {
    pub(super) fn save(mut self, token: &Value) -> io::Result<()> {
        self.file.write_all(token.to_string().as_bytes())?;
        self.file.sync_all()?;
        fs::rename(&self.new, &self.path)
    }
}

/// Nothing is left of one that was not saved.
impl Drop for Replacement {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.new);
    }
}
