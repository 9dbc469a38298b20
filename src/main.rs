//! The binary: passes on the arguments and the environment as the kernel gave them.
//!
//! Its `main` is C's and not Rust's: Rust's runtime would set SIGPIPE to ignored and open `/dev/null`
//! on closed standard streams before we could see how we were started, and the command would inherit
//! both.

#![no_main]
#![allow(unsafe_code)]

use ssm_exec::aws;
use ssm_exec::exec::allocator::{Inner, Wiping};
use ssm_exec::exec::stdio;
use ssm_exec_core::inherited::Inherited;
use std::ffi::{CStr, OsStr, OsString, c_char, c_int};
use std::os::unix::ffi::OsStrExt;

#[global_allocator]
static ALLOCATOR: Wiping<Inner> = Wiping(Inner);

/// C's entry point.
///
/// # Safety
/// For the C runtime alone, which passes two arrays that end with a null pointer, of strings that the
/// kernel put above the stack and that live as long as the process.
// SAFETY: no other symbol is called `main`: Rust's own is switched off by `no_main`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn main(
    _count: c_int,
    arguments: *const *const c_char,
    environment: *const *const c_char,
) -> c_int {
    stdio::reserve_closed_descriptors();
    // SAFETY: such an array, says the C runtime.
    let arguments = unsafe { strings(arguments) };
    // SAFETY: as above.
    let inherited = Inherited::new(unsafe { strings(environment) });
    // SAFETY: nothing has started a thread yet.
    unsafe { aws::unset_unusable_variables(&inherited) };
    let arguments =
        arguments.iter().map(|argument| OsStr::from_bytes(argument.to_bytes()).to_owned());
    c_int::from(ssm_exec::run(&arguments.collect::<Vec<OsString>>(), &inherited))
}

/// The strings of an array that ends with a null pointer.
///
/// # Safety
/// `array` must be such an array, and its strings must never change or go away.
unsafe fn strings(array: *const *const c_char) -> Vec<&'static CStr> {
    let mut all = Vec::new();
    let mut next = array;
    loop {
        // SAFETY: every element up to the null pointer may be read, and we stop there.
        let string = unsafe { next.read() };
        if string.is_null() {
            return all;
        }
        // SAFETY: a terminated string that lives as long as the process, says the caller.
        all.push(unsafe { CStr::from_ptr(string) });
        // SAFETY: this element wasn't the last, so the next is in the array.
        next = unsafe { next.add(1) };
    }
}
