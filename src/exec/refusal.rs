//! What the system refused, and the limit or the filter that most likely did it.

use crate::system_error::without_number;
use nix::errno::Errno;
use nix::sys::resource::{Resource, getrlimit};
use ssm_exec_core::code::Code;
use ssm_exec_core::diagnostic::{Diagnostic, Help};
use std::io;
use std::path::Path;

/// The system refused something that a start needs. `call` is the system call.
pub(crate) fn refused(what: &str, call: &str, error: impl Into<io::Error>) -> Diagnostic {
    failed(&format!("the system refused {what}"), call, &error.into())
}

/// What a system call could not do.
pub(crate) fn failed(what: &str, call: &str, error: &io::Error) -> Diagnostic {
    let number = error.raw_os_error().map(Errno::from_raw);
    let message = format!("{what}: {}", without_number(error));
    let help = number.and_then(|number| remedy(number, call));
    Diagnostic::new(Code::System, message).own_help(help)
}

/// A file that a limit of the system keeps from being read is not at fault itself.
pub(crate) fn refused_file(path: &Path, error: &io::Error) -> Option<Diagnostic> {
    let limits = [Errno::EMFILE, Errno::ENFILE, Errno::ENOMEM];
    let number = error.raw_os_error().map(Errno::from_raw);
    let limit = number.filter(|number| limits.contains(number))?;
    Some(refused(&format!("to open {}", path.display()), "open", limit))
}

/// What to do about the refusal of a system call.
fn remedy(error: Errno, call: &str) -> Option<Help> {
    let is_filter = matches!(error, Errno::EPERM | Errno::ENOSYS);
    let filter = format!(
        "A filter (seccomp) forbids {call}: allow it in the container's profile or SystemCallFilter= of the unit"
    );
    limit(error).or(is_filter.then_some(filter)).map(Help::text)
}

/// The setting to change, where the system refuses more of something.
pub(crate) fn limit(error: Errno) -> Option<String> {
    let text = match error {
        Errno::EMFILE => {
            let limit = getrlimit(Resource::RLIMIT_NOFILE).map_or(0, |(soft, _)| soft);
            return Some(format!(
                "Raise the limit of open files, which is {limit}: `ulimit -n 1024`, LimitNOFILE= of the unit"
            ));
        }
        Errno::EAGAIN => {
            "Raise the limit of processes: `ulimit -u`, TasksMax= of the unit, pids_limit of the container"
        }
        Errno::ENOMEM => {
            "Raise the limit of memory: `ulimit -v`, MemoryMax= of the unit, the memory limit of the container"
        }
        Errno::EFBIG => {
            "Raise the limit on the size of files: `ulimit -f`, LimitFSIZE= of the unit"
        }
        Errno::ENOSPC => "Make room there, or redirect stdout to another place",
        Errno::EAFNOSUPPORT => {
            "RestrictAddressFamilies= of the unit must have AF_INET, AF_INET6 and AF_UNIX"
        }
        _ => return None,
    };
    Some(text.to_owned())
}
