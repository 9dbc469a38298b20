//! A value as a file that is in memory alone: sealed, so that nobody can change it, and left open for
//! the command, which can open its path again and again, from the start each time.

use std::io;
use std::os::fd::OwnedFd;

/// Makes the file. The descriptor closes on `execve`; [`hand_over`] changes that at the last moment.
///
/// # Errors
/// What the kernel says; on a system without memory files, that there are none.
#[cfg(target_os = "linux")]
pub(super) fn create(name: &str, value: &[u8]) -> io::Result<OwnedFd> {
    use nix::fcntl::{FcntlArg, OFlag, SealFlag, fcntl, open};
    use nix::sys::memfd::{MFdFlags, memfd_create};
    use nix::sys::stat::{Mode, fchmod};
    use std::os::fd::AsRawFd;
    let file = memfd_create(name, MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING)?;
    let mut rest = value;
    let mut at = 0;
    while !rest.is_empty() {
        // At an offset, so that the file's own position stays at its start.
        let written = nix::sys::uio::pwrite(&file, rest, at)?;
        at += i64::try_from(written).map_err(io::Error::other)?;
        rest = &rest[written..];
    }
    // Like a key file: libpq and ssh refuse one that others could read.
    fchmod(&file, Mode::S_IRUSR)?;
    let seals = SealFlag::F_SEAL_SHRINK
        | SealFlag::F_SEAL_GROW
        | SealFlag::F_SEAL_WRITE
        | SealFlag::F_SEAL_SEAL;
    // A filter that refuses the seals leaves a private file that only this user could write.
    let _ = fcntl(&file, FcntlArg::F_ADD_SEALS(seals));
    // What the command gets can only be read. Without /proc, it gets the sealed one itself.
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    Ok(open(
        path.as_str(),
        OFlag::O_RDONLY | OFlag::O_CLOEXEC,
        Mode::empty(),
    )
    .unwrap_or(file))
}

/// Makes the file.
///
/// # Errors
/// Always: only Linux has memory files.
#[cfg(not(target_os = "linux"))]
pub(super) fn create(_name: &str, _value: &[u8]) -> io::Result<OwnedFd> {
    Err(io::Error::new(
        io::ErrorKind::Unsupported,
        "files in memory need Linux",
    ))
}

/// Lets the descriptor live through `execve`.
///
/// # Errors
/// What the kernel says.
pub(super) fn hand_over(file: &OwnedFd) -> io::Result<()> {
    use nix::fcntl::{FcntlArg, FdFlag, fcntl};
    fcntl(file, FcntlArg::F_SETFD(FdFlag::empty()))?;
    Ok(())
}
