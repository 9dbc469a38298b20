//! Files that are read on the runtime's own thread: one that blocks, such as a FIFO or a dead network file system, stops
//! every timer with it, and one without an end fills the memory.
// Asks what kind of file a path is.
#![allow(clippy::disallowed_methods)]

use crate::logging;
use ssm_exec_core::diagnostic::Diagnostic;
use ssm_exec_core::inherited::Inherited;
use ssm_exec_core::origin::Origin;
use ssm_exec_core::status::Status;
use std::fs;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

/// The variables that name such files.
const FILES: &[&str] = &[
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
];

/// The timers come first where they can.
const GRACE: Duration = Duration::from_millis(500);

/// Refuses what is there and is no regular file. `/dev/null` is a common way to name no file.
///
/// # Errors
/// For the first such variable.
pub(super) fn check_files(inherited: &Inherited<'_>) -> Result<(), Diagnostic> {
    for name in FILES {
        let path = inherited.text(name).unwrap_or_default();
        if path != "/dev/null" && fs::metadata(path).is_ok_and(|found| !found.is_file()) {
            let message = format!("`{path}` is not a regular file");
            let error = Diagnostic::invalid(message, "Name a file, or `/dev/null` for none");
            return Err(error.at(Origin::Variable(name)));
        }
    }
    Ok(())
}

/// Ends the process if this is still alive some time after the deadline.
pub(super) fn watch(deadline: Instant, timeout: Duration) -> Sender<()> {
    let (alive, ended) = mpsc::channel();
    let watch = move || {
        let left = deadline.saturating_duration_since(Instant::now()) + GRACE;
        if ended.recv_timeout(left) == Err(RecvTimeoutError::Timeout) {
            logging::final_message(
                format_args!(
                    "timed out after {timeout:?}: a file of AWS's settings cannot be read to its end. Look at ~/.aws and the files that the AWS_* variables name"
                ),
                Status::TryLater.word(),
                Status::TryLater.code(),
            );
        }
    };
    // Without another thread, all but such a file is still bounded.
    let _ = thread::Builder::new().name("deadline".to_owned()).stack_size(64 * 1024).spawn(watch);
    alive
}
