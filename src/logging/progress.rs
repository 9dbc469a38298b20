//! On a terminal, a fetch longer than half a second shows that it goes on. The line is gone before
//! the command starts, and before any message.

use super::stderr;
use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// A shorter fetch shows nothing.
const DELAY: Duration = Duration::from_millis(500);
/// Clears the line.
pub(crate) const ERASE: &[u8] = b"\r\x1b[2K";

/// Whether a line is on the terminal now.
pub(crate) static SHOWN: AtomicBool = AtomicBool::new(false);

/// The line, or what will be one.
pub struct Progress {
    started: Instant,
    enabled: bool,
    seconds: Option<u64>,
}

impl Progress {
    /// Shows nothing yet; nothing ever where stderr is no terminal, or with `quiet`.
    pub fn new(quiet: bool) -> Self {
        Self {
            started: Instant::now(),
            enabled: !quiet && std::io::stderr().is_terminal(),
            seconds: None,
        }
    }

    /// Shows how long it has taken, after half a second and then once a second.
    pub fn tick(&mut self) {
        let taken = self.started.elapsed();
        let seconds = Some(taken.as_secs());
        if !self.enabled || taken < DELAY || self.seconds == seconds {
            return;
        }
        self.seconds = seconds;
        let seconds = taken.as_secs();
        let line = format!("\r\x1b[2Kssm-exec: fetching parameters ({seconds}s)");
        SHOWN.store(true, Ordering::Relaxed);
        stderr::write_until(line.as_bytes(), Instant::now());
    }
}

/// Clears the line, if there is one.
pub(crate) fn clear(until: Instant) {
    if SHOWN.swap(false, Ordering::Relaxed) {
        stderr::write_until(ERASE, until);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        clear(Instant::now());
    }
}
