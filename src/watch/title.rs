//! What `ps` and `pgrep -f` show. The watcher was forked from the process that became the command, so it
//! has its arguments; `pkill -f server` must not find it by them.
#![allow(unsafe_code)]
// The place of the arguments is in /proc.
#![allow(clippy::disallowed_methods)]

use nix::sys::prctl;
use nix::unistd::Pid;

/// The name of the process, of at most 15 bytes.
const NAME: &std::ffi::CStr = c"ssm-exec-watch";

/// Shows `ssm-exec: watching PID` in place of the arguments, cut off where they were shorter.
pub(super) fn set(command: Pid) {
    let _ = prctl::set_name(NAME);
    let Some((start, length)) = arguments() else {
        // Without /proc, nothing shows arguments either.
        return;
    };
    let title = format!("ssm-exec: watching {command}");
    // SAFETY: the kernel says that these bytes hold the arguments. They are ours to write (proc(5)), and
    // everything that this process needs of them was copied at its start.
    let area = unsafe { std::slice::from_raw_parts_mut(start as *mut u8, length) };
    area.fill(0);
    // The last byte stays zero: it tells the kernel that the environment is not a part of it.
    let room = length.saturating_sub(1);
    let shown = title.as_bytes();
    let shown = &shown[..shown.len().min(room)];
    area[..shown.len()].copy_from_slice(shown);
}

/// Address and length of the arguments: fields 48 and 49 of proc_pid_stat(5).
fn arguments() -> Option<(usize, usize)> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The name in parentheses may hold blanks.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(48 - 3);
    let start: usize = fields.next()?.parse().ok()?;
    let end: usize = fields.next()?.parse().ok()?;
    let length = end.checked_sub(start)?;
    (start != 0 && length != 0).then_some((start, length))
}
