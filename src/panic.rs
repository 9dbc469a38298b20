//! A bug in ssm-exec, or in a library that it uses, ends with 70 and one line of ours. The panic's own
//! text is not shown: it may quote a value.

use crate::exec::process;
use crate::logging;
use nix::errno::Errno;
use ssm_exec_core::status::Status;
use std::panic::{Location, PanicHookInfo};

/// Makes every panic, in any thread, end the process.
pub(crate) fn install_hook() {
    std::panic::set_hook(Box::new(end));
}

/// The same without a message, for what has been reported.
pub(crate) fn end_silently() {
    std::panic::set_hook(Box::new(|_| process::end(Status::Internal.code())));
}

fn end(info: &PanicHookInfo<'_>) {
    match info.payload_as_str().and_then(system_error) {
        Some(error) => logging::final_message(
            format_args!(
                "the system refused a descriptor, a thread or memory that the start needs: {}. Look at the limits (`ulimit -a`, LimitNOFILE=, TasksMax=) and at system call filters",
                error.desc()
            ),
            Status::System.word(),
            Status::System.code(),
        ),
        None => logging::final_message(
            format_args!(
                "internal error at {}:{}; this is a bug in ssm-exec, please report it",
                info.location().map_or("an unknown place", |place| in_its_crate(place.file())),
                info.location().map_or(0, Location::line),
            ),
            Status::Internal.word(),
            Status::Internal.code(),
        ),
    }
}

/// Without the build machine's directories: `aws-runtime-1.10.2/src/auth.rs`.
fn in_its_crate(file: &str) -> &str {
    file.split_once("/registry/src/")
        .and_then(|(_, rest)| rest.split_once('/'))
        .map_or(file, |(_, rest)| rest)
}

/// tokio panics where the system refuses a thread or a descriptor. The text of an I/O error has its
/// number: `… (os error 11)`, or `Os { code: 24, …` from its `Debug`.
fn system_error(payload: &str) -> Option<Errno> {
    let after = |mark: &str| payload.split_once(mark).map(|(_, rest)| rest);
    let rest = after("(os error ").or_else(|| after("Os { code: "))?;
    let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok().map(Errno::from_raw)
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::sys::wait::{WaitStatus, waitpid};
    use nix::unistd::{ForkResult, dup2_stderr, fork, pipe};
    use std::io::Read;

    /// Status and stderr of a process that panics like this.
    fn end_of(panic: fn()) -> (WaitStatus, String) {
        let (reader, writer) = pipe().expect("a pipe");
        // SAFETY: the child only panics, which ends it.
        #[allow(unsafe_code)]
        match unsafe { fork() }.expect("a process") {
            ForkResult::Child => {
                dup2_stderr(&writer).expect("stderr");
                install_hook();
                panic();
                crate::exec::process::end(0)
            }
            ForkResult::Parent { child } => {
                drop(writer);
                let mut text = String::new();
                std::fs::File::from(reader).read_to_string(&mut text).expect("UTF-8");
                (waitpid(child, None).expect("its end"), text)
            }
        }
    }

    #[test]
    fn a_panic_that_has_been_reported_ends_with_70_and_no_line() {
        let (status, text) = end_of(|| {
            end_silently();
            panic!("canary")
        });
        assert!(matches!(status, WaitStatus::Exited(_, 70)), "{status:?}");
        assert_eq!(text, "");
    }

    #[test]
    fn a_panic_ends_with_70_and_one_line_without_its_text() {
        let (status, text) = end_of(|| panic!("canary"));
        assert!(matches!(status, WaitStatus::Exited(_, 70)), "{status:?}");
        assert!(text.starts_with("ssm-exec: error: internal error at src/panic.rs:"), "{text}");
        assert!(!text.contains("canary") && text.lines().count() == 1, "{text}");
    }

    #[test]
    fn a_library_is_named_without_the_build_machines_directories() {
        for (file, expected) in [
            ("/home/x/.cargo/registry/src/index-1/tokio-1.0.0/src/a.rs", "tokio-1.0.0/src/a.rs"),
            ("src/panic.rs", "src/panic.rs"),
        ] {
            assert_eq!(in_its_crate(file), expected);
        }
    }

    #[test]
    fn a_panic_of_another_thread_ends_the_process_too() {
        let (status, _) = end_of(|| {
            let _ = std::thread::spawn(|| panic!("canary")).join();
        });
        assert!(matches!(status, WaitStatus::Exited(_, 70)), "{status:?}");
    }

    #[test]
    fn a_panic_about_a_refusal_of_the_system_ends_with_71_and_its_reason() {
        let (status, text) = end_of(|| {
            let refused = std::io::Error::from_raw_os_error(24);
            panic!("canary: {refused:?}")
        });
        assert!(matches!(status, WaitStatus::Exited(_, 71)), "{status:?}");
        assert!(text.contains("Too many open files") && !text.contains("canary"), "{text}");
    }

    #[test]
    fn the_number_of_a_system_error_is_found_in_both_forms() {
        for (payload, expected) in [
            (
                "OS can't spawn worker thread: Resource temporarily unavailable (os error 11)",
                Some(Errno::EAGAIN),
            ),
            (
                "failed to create UnixStream: Os { code: 24, kind: Uncategorized, message: \"Too many\" }",
                Some(Errno::EMFILE),
            ),
            ("index out of bounds: the len is 3", None),
            ("Os { code: ", None),
        ] {
            assert_eq!(system_error(payload), expected, "{payload}");
        }
    }
}
