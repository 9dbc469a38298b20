//! ssm-exec with a clock that lets an hour pass in seconds, for `tests/suite/watch/clock.rs`. It cuts the watcher's waits
//! for the end of the command short, and sets the monotonic clock forward by what was cut off: the linker takes these
//! functions before those of the C library.

#![no_main]
#![allow(unsafe_code)]

use nix::libc::{self, c_int, c_long, clockid_t, nfds_t, pollfd, timespec};
use std::ptr;
use std::sync::atomic::{AtomicI64, Ordering};

#[path = "../src/main.rs"]
#[allow(unused_attributes, unreachable_pub)]
mod program;

const SECOND: i64 = 1_000_000_000;

/// In nanoseconds.
static AHEAD: AtomicI64 = AtomicI64::new(0);

/// # Safety
/// As clock_gettime(3) says.
// SAFETY: it does what the C library's function does, which has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn clock_gettime(clock: clockid_t, now: *mut timespec) -> c_int {
    // SAFETY: the caller's pointer is good for the kernel.
    let result = unsafe { libc::syscall(libc::SYS_clock_gettime, c_long::from(clock), now) };
    // SAFETY: as above, and the kernel has filled it unless it failed.
    if let (0, libc::CLOCK_MONOTONIC, Some(now)) = (result, clock, unsafe { now.as_mut() }) {
        let time = now.tv_sec * SECOND + now.tv_nsec + AHEAD.load(Ordering::Relaxed);
        (now.tv_sec, now.tv_nsec) = (time / SECOND, time % SECOND);
    }
    c_int::try_from(result).unwrap_or(-1)
}

/// # Safety
/// As poll(2) says.
// SAFETY: as above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn poll(descriptors: *mut pollfd, count: nfds_t, timeout: c_int) -> c_int {
    let is_wait = count == 1 && timeout > 10_000;
    let shorter = if is_wait { timeout / 1000 } else { timeout };
    let limit = timespec {
        tv_sec: i64::from(shorter / 1000),
        tv_nsec: i64::from(shorter % 1000) * 1_000_000,
    };
    let limit = if shorter < 0 { ptr::null() } else { &raw const limit };
    // SAFETY: the caller's descriptors, a limit that outlives the call, and no mask.
    let result = unsafe { libc::ppoll(descriptors, count, limit, ptr::null()) };
    if is_wait && result == 0 {
        AHEAD.fetch_add(i64::from(timeout - shorter) * 1_000_000, Ordering::Relaxed);
    }
    result
}
