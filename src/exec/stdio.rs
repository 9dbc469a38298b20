//! Descriptors 0 to 2. One that is closed stays closed for the command; until then its place is held,
//! so that no socket of ours lands there and no message goes to it.

use nix::fcntl::{FcntlArg, OFlag, fcntl, open};
use nix::sys::stat::Mode;
use std::os::fd::{BorrowedFd, IntoRawFd};

/// Opens `/dev/null`, close-on-exec, in every place that is closed. Must run before anything else opens
/// a descriptor: the kernel gives the lowest that is free.
#[allow(unsafe_code)]
pub fn hold_closed_places() {
    for place in 0..=2 {
        // SAFETY: the number is only asked about, and closed ones are what is looked for.
        let descriptor = unsafe { BorrowedFd::borrow_raw(place) };
        if fcntl(descriptor, FcntlArg::F_GETFD).is_err() {
            // Without /dev/null, as in an empty image, the root directory holds the place as well:
            // what is written there fails, which is what a closed stream is for.
            let flags = OFlag::O_RDWR | OFlag::O_CLOEXEC;
            let held = open("/dev/null", flags, Mode::empty())
                .or_else(|_| open("/", OFlag::O_RDONLY | OFlag::O_CLOEXEC, Mode::empty()));
            if let Ok(held) = held {
                // Never closed: the place is held until `execve`.
                let _ = held.into_raw_fd();
            }
        }
    }
}
