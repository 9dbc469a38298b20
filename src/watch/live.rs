//! In-memory files that are written again while the command runs. The watcher has a descriptor of each,
//! and never reads or maps one; its forks write.

use super::NewContent;
use super::command::{Reception, Running};
use super::message::LiveFile;
use crate::exec::memfd;
use nix::sys::stat::{fstat, stat};
use ssm_exec_core::config::ChangeSignal;
use std::io;
use std::os::fd::OwnedFd;

/// The files of the command, and what announces that they have changed.
pub(super) struct Live {
    pub(super) signal: ChangeSignal,
    pub(super) files: Vec<(LiveFile, OwnedFd)>,
}

impl Live {
    /// Why these files can't be written, if they can't: then the command must be started anew.
    pub(super) fn obstacle(&self, command: &Running, contents: &[NewContent]) -> Option<String> {
        if command.reception(self.signal) != Reception::Taken {
            return Some(format!("it has no handler for {}", self.signal));
        }
        contents.iter().find_map(|(name, content)| {
            let is_it = self.file(name).is_some_and(|(file, descriptor)| {
                match (fstat(descriptor), stat(file.path.as_str())) {
                    (Ok(ours), Ok(its)) => (ours.st_dev, ours.st_ino) == (its.st_dev, its.st_ino),
                    _ => false,
                }
            });
            match memfd::check_size(content) {
                _ if !is_it => Some(format!("it no longer has the file of {name}")),
                Err(error) => Some(format!("the file of {name}: {error}")),
                Ok(()) => None,
            }
        })
    }

    /// Writes them. A reader may see a part of both contents until the signal.
    pub(super) fn write(&self, contents: &[NewContent]) -> io::Result<()> {
        contents
            .iter()
            .filter_map(|(name, content)| Some((self.file(name)?, content)))
            .try_for_each(|((_, descriptor), content)| memfd::rewrite(descriptor, content))
    }

    fn file(&self, name: &str) -> Option<&(LiveFile, OwnedFd)> {
        self.files.iter().find(|(file, _)| file.name == name)
    }
}
