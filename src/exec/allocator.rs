//! A global allocator that wipes what is freed, so that whatever the SDK, HTTP and TLS layers drop
//! is gone: their types know nothing of secrets, this knows nothing of types.
#![allow(unsafe_code)]

use crate::logging;
use ssm_exec_core::status::Status;
use std::alloc::{GlobalAlloc, Layout};
use zeroize::Zeroize;

#[cfg(target_env = "musl")]
pub use dlmalloc::GlobalDlmalloc as Inner;
#[cfg(not(target_env = "musl"))]
pub use std::alloc::System as Inner;

/// Wipes every block before it is freed.
pub struct Wiping<A>(pub A);

// SAFETY: every call is passed on to the inner allocator with its layout. `realloc` is the default of
// the trait, which allocates, copies and calls our `dealloc`: growing in place would be faster, but the
// inner `realloc` may move a block and leave its old bytes behind.
unsafe impl<A: GlobalAlloc> GlobalAlloc for Wiping<A> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller upholds the contract of `alloc`, which the inner allocator shares.
        or_end(unsafe { self.0.alloc(layout) })
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        or_end(unsafe { self.0.alloc_zeroed(layout) })
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller owns the block of `layout.size()` bytes until it is freed below. They may
        // be uninitialised, which `MaybeUninit` allows; `zeroize` writes and doesn't read.
        let block = unsafe {
            std::slice::from_raw_parts_mut(
                pointer.cast::<std::mem::MaybeUninit<u8>>(),
                layout.size(),
            )
        };
        block.zeroize();
        // SAFETY: the block came from the inner allocator with this layout.
        unsafe { self.0.dealloc(pointer, layout) }
    }
}

/// Lets forks of a process with threads allocate. A C library sees to that for its own allocator. Must be called while
/// there is one thread.
pub(crate) fn allow_in_forks() {
    #[cfg(target_env = "musl")]
    // SAFETY: it takes the allocator's lock, which nobody else can hold, and makes fork(2) take it from now on.
    unsafe {
        dlmalloc::enable_alloc_after_fork();
    }
}

/// Without memory there is no start. Rust would abort, with 134. The number of bytes is not shown: it
/// may be the length of a value.
fn or_end(pointer: *mut u8) -> *mut u8 {
    if pointer.is_null() {
        memory_refused("");
    }
    pointer
}

/// Ends the process, for want of memory or for the other cause that is given.
pub(super) fn memory_refused(or: &str) -> ! {
    logging::final_message(
        format_args!(
            "the system refused memory that the start needs{or}. Look at the limits (`ulimit -v`, MemoryMax=)"
        ),
        Status::System.word(),
        Status::System.code(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::alloc::System;
    use std::cell::RefCell;

    /// Records the contents of each block when it is freed, while the block is still allocated.
    #[derive(Default)]
    struct Recording {
        freed: RefCell<Vec<Vec<u8>>>,
    }

    // SAFETY: every call is passed on to `System` with its layout.
    unsafe impl GlobalAlloc for Recording {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            // SAFETY: the caller upholds the contract of `alloc`.
            unsafe { System.alloc(layout) }
        }

        unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
            // SAFETY: the block is allocated until the next statement, and the test initialised it.
            let block = unsafe { std::slice::from_raw_parts(pointer, layout.size()) };
            self.freed.borrow_mut().push(block.to_vec());
            // SAFETY: the block came from `System` with this layout.
            unsafe { System.dealloc(pointer, layout) }
        }
    }

    #[test]
    fn blocks_are_wiped_when_they_are_freed_and_when_they_move() {
        let allocator = Wiping(Recording::default());
        let small = Layout::array::<u8>(64).expect("a layout");
        let large = Layout::array::<u8>(4096).expect("a layout");
        // SAFETY: the layout isn't empty.
        let old = unsafe { allocator.alloc(small) };
        assert!(!old.is_null());
        // SAFETY: the block has 64 bytes.
        unsafe { old.write_bytes(0xA5, small.size()) };
        // SAFETY: the block came from this allocator with this layout, and the new size isn't zero.
        let new = unsafe { allocator.realloc(old, small, large.size()) };
        assert!(!new.is_null());
        // SAFETY: `realloc` copied the 64 initialised bytes.
        let moved = unsafe { std::slice::from_raw_parts(new, small.size()) };
        assert_eq!(moved, [0xA5; 64]);
        assert_eq!(allocator.0.freed.borrow()[..], [vec![0; 64]]);
        // SAFETY: the block has 4096 bytes.
        unsafe { new.write_bytes(0xA5, large.size()) };
        // SAFETY: the block came from this allocator with this layout.
        unsafe { allocator.dealloc(new, large) };
        assert_eq!(allocator.0.freed.borrow()[1..], [vec![0; 4096]]);
    }
}
