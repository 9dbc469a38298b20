//! Descriptors 0 to 2. One that is closed stays closed for the command; until then its number is
//! reserved, so that no socket of ours gets it and no message goes to it.

use super::process;
use nix::fcntl::{OFlag, open};
use nix::libc::{F_GETFD, fcntl};
use nix::sys::stat::Mode;
use ssm_exec_core::status::Status;
use std::os::fd::IntoRawFd;

/// Opens `/dev/null`, close-on-exec, for every descriptor that is closed. Must run before anything else
/// opens a descriptor: the kernel gives the lowest that is free. Ends the process if that is refused: there is nothing
/// to write a message to.
#[allow(unsafe_code)]
pub fn reserve_closed_descriptors() {
    for number in 0..=2 {
        // SAFETY: fcntl(2) with F_GETFD reads no memory, and takes any number, also that of a closed descriptor.
        if unsafe { fcntl(number, F_GETFD) } == -1 {
            // Without /dev/null, as in an empty image, the root directory serves as well: a write to it
            // fails, as a write to a closed stream does.
            let flags = OFlag::O_RDWR | OFlag::O_CLOEXEC;
            let held = open("/dev/null", flags, Mode::empty())
                .or_else(|_| open("/", OFlag::O_RDONLY | OFlag::O_CLOEXEC, Mode::empty()));
            match held {
                // Never closed: the number is reserved until `execve`.
                Ok(held) => drop(held.into_raw_fd()),
                Err(_) => process::end(Status::System.code()),
            }
        }
    }
}
