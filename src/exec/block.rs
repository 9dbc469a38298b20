//! The environment block: one mapping that holds every value, once, from assembly to `execve`. It is
//! kept out of core dumps, locked where the limit allows, and wiped if `execve` fails.
#![allow(unsafe_code)]

use nix::sys::mman::{MapFlags, MmapAdvise, ProtFlags, madvise, mlock, mmap_anonymous, munmap};
use std::ffi::{CStr, c_char, c_void};
use std::num::NonZeroUsize;
use std::ptr::NonNull;
use zeroize::Zeroize;

/// A `NAME=VALUE` string for each variable of ours.
pub(super) struct Block {
    start: NonNull<c_void>,
    length: NonZeroUsize,
    used: usize,
    entries: Vec<*const c_char>,
}

impl Block {
    /// Maps memory for strings of this many bytes in total, terminators included.
    ///
    /// # Errors
    /// When the kernel has no memory for it.
    pub(super) fn new(bytes: usize) -> nix::Result<Self> {
        let length = NonZeroUsize::new(bytes).unwrap_or(NonZeroUsize::MIN);
        // SAFETY: an anonymous mapping at an address of the kernel's choice touches no other memory.
        let start = unsafe {
            mmap_anonymous(
                None,
                length,
                ProtFlags::PROT_READ | ProtFlags::PROT_WRITE,
                MapFlags::MAP_PRIVATE,
            )
        }?;
        let block = Self { start, length, used: 0, entries: Vec::new() };
        block.harden();
        Ok(block)
    }

    /// Both may be refused, by a limit or a system call filter: the process isn't dumpable anyhow.
    fn harden(&self) {
        #[cfg(target_os = "linux")]
        // SAFETY: the range is the mapping's own, and this advice changes no contents.
        let _ = unsafe { madvise(self.start, self.length.get(), MmapAdvise::MADV_DONTDUMP) };
        // SAFETY: as above.
        let _ = unsafe { mlock(self.start, self.length.get()) };
    }

    /// Appends one string. The caller has counted: a string for which there is no room is a bug.
    pub(super) fn push(&mut self, name: &[u8], value: &[u8]) {
        debug_assert!(
            !name.contains(&0) && !value.contains(&0),
            "checked when the environment was made"
        );
        let needed = name.len() + value.len() + 2;
        assert!(self.used + needed <= self.length.get(), "the block was sized by its strings");
        // SAFETY: `used` is at most `length`, so the pointer stays within the mapping.
        let entry = unsafe { self.start.cast::<u8>().add(self.used) };
        // SAFETY: `needed` bytes from here lie within the mapping, as just asserted, are writable and
        // initialised (anonymous memory is zero), and nobody else refers to them yet.
        let room = unsafe { std::slice::from_raw_parts_mut(entry.as_ptr(), needed) };
        room[..name.len()].copy_from_slice(name);
        room[name.len()] = b'=';
        room[name.len() + 1..needed - 1].copy_from_slice(value);
        room[needed - 1] = 0;
        self.entries.push(entry.as_ptr().cast());
        self.used += needed;
    }

    /// The null-terminated array for `execve`: what is inherited as it stands, then ours.
    pub(super) fn pointers(&self, inherited: &[&CStr]) -> Vec<*const c_char> {
        inherited
            .iter()
            .map(|entry| entry.as_ptr())
            .chain(self.entries.iter().copied())
            .chain(std::iter::once(std::ptr::null()))
            .collect()
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, whole, writable, and nobody refers to it any more.
        let bytes = unsafe {
            std::slice::from_raw_parts_mut(self.start.cast::<u8>().as_ptr(), self.length.get())
        };
        bytes.zeroize();
        // SAFETY: the range is the mapping's own, and nothing points into it after this.
        let _ = unsafe { munmap(self.start, self.length.get()) };
    }
}
