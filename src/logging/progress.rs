//! On a terminal, a fetch longer than half a second shows that it goes on. The line is gone before
//! the command starts, and before any message.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// A shorter fetch shows nothing.
const PATIENCE: Duration = Duration::from_millis(500);
/// Takes the line away where [`Progress`] can't: in a signal's handler.
pub const ERASE: &[u8] = b"\r\x1b[2K";

/// Whether a line is on the terminal now.
pub static SHOWN: AtomicBool = AtomicBool::new(false);

/// The line, or what will be one.
pub struct Progress {
    began: Instant,
    wanted: bool,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Shows nothing yet; nothing ever where stderr is no terminal, or `quiet` is wanted.
    #[must_use]
    pub fn new(quiet: bool) -> Self {
        Self {
            began: Instant::now(),
            wanted: !quiet && std::io::stderr().is_terminal(),
            bar: None,
        }
    }

    /// Shows how long it has taken, once that is worth showing.
    pub fn tick(&mut self) {
        if !self.wanted || self.began.elapsed() < PATIENCE {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| {
            SHOWN.store(true, Ordering::Relaxed);
            ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()).with_style(
                ProgressStyle::with_template("ssm-exec: asking SSM ({elapsed})")
                    .unwrap_or_else(|_| ProgressStyle::default_spinner()),
            )
        });
        bar.tick();
    }

    /// Takes the line away, so that a message can be written.
    pub fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
            SHOWN.store(false, Ordering::Relaxed);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}
