//! ssm-exec whose watcher calls abort(3) as soon as it waits, for `tests/suite/watch/process.rs`: the linker takes this
//! function before that of the C library.

#![no_main]
#![allow(unsafe_code)]

use nix::libc::{self, c_int, nfds_t, pollfd, timespec};
use std::ptr;

#[path = "../src/main.rs"]
#[allow(unused_attributes, unreachable_pub)]
mod program;

/// # Safety
/// As poll(2) says.
// SAFETY: it does what the C library's function does, which has this name, or ends the process.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn poll(descriptors: *mut pollfd, count: nfds_t, timeout: c_int) -> c_int {
    if count == 1 && timeout > 10_000 {
        std::process::abort();
    }
    let limit = timespec {
        tv_sec: i64::from(timeout / 1000),
        tv_nsec: i64::from(timeout % 1000) * 1_000_000,
    };
    let limit = match timeout < 0 {
        true => ptr::null(),
        false => &raw const limit,
    };
    // SAFETY: the caller's descriptors, a limit that outlives the call, and no mask.
    unsafe { libc::ppoll(descriptors, count, limit, ptr::null()) }
}
