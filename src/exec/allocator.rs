//! A global allocator that wipes what is freed, so that whatever the SDK, HTTP and TLS layers drop
//! is gone: their types know nothing of secrets, this knows nothing of types.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use zeroize::Zeroize;

/// The system's allocator, wiping.
pub struct Wiping;

// SAFETY: every call is handed on to `System` with the layout that it came with. `realloc` is the
// trait's own, which allocates, copies and calls our `dealloc`: growing in place would be faster, but
// `System::realloc` may move a block and leave its old bytes behind.
unsafe impl GlobalAlloc for Wiping {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps `alloc`'s contract, which is `System`'s too.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller owns the block of `layout.size()` bytes until `System` takes it back.
        // They may be uninitialised, which `MaybeUninit` allows; `zeroize` writes and doesn't read.
        let block = unsafe {
            std::slice::from_raw_parts_mut(
                pointer.cast::<std::mem::MaybeUninit<u8>>(),
                layout.size(),
            )
        };
        block.zeroize();
        // SAFETY: the block came from `System` with this layout.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What was written into a block must be gone when the block is, wherever it moved meanwhile.
    #[test]
    fn nothing_is_left_in_what_was_freed_or_moved() {
        let small = Layout::array::<u8>(64).expect("a layout");
        // SAFETY: a fresh block of 64 bytes, filled, moved by `realloc` to one of 4096. The old
        // block is read after it was freed: malloc keeps its pages, and may write list pointers into
        // its first 16 bytes, so the rest is looked at.
        #[allow(clippy::multiple_unsafe_ops_per_block)]
        unsafe {
            let old = Wiping.alloc(small);
            old.write_bytes(0xA5, 64);
            let new = Wiping.realloc(old, small, 4096);
            assert_eq!(
                std::slice::from_raw_parts(new, 64),
                [0xA5; 64],
                "the contents moved"
            );
            for at in 16..64 {
                assert_ne!(
                    old.add(at).read_volatile(),
                    0xA5,
                    "byte {at} of the old block"
                );
            }
            Wiping.dealloc(new, Layout::array::<u8>(4096).expect("a layout"));
        }
    }
}
