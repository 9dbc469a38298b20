//! Memory that leaves no trace: an allocator that wipes, the environment block, files in memory.

pub mod allocator;
pub mod block;
pub mod file;
pub mod process;
