//! A value as a file that is in memory only, left open for the command, which can open its path again and
//! again, from the start each time. It is sealed, so that it cannot be changed, unless the watcher is to write
//! it. docs/files.md says where the path works.

use std::io;
use std::os::fd::OwnedFd;

/// Programs and scripts use low numbers as they like (`exec 3<file`), and bash has 255.
const LOWEST_DESCRIPTOR: i32 = 100;

/// A file whose descriptor closes on `execve`; [`MemoryFile::hand_over`] changes that at the last moment.
pub(super) struct MemoryFile {
    descriptor: OwnedFd,
    path: String,
    /// For the watcher, where it writes the file. It closes on `execve`.
    writable: Option<OwnedFd>,
}

impl MemoryFile {
    /// Where the command and its children find it.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Where the watcher writes it.
    pub(super) fn writable(&self) -> Option<&OwnedFd> {
        self.writable.as_ref()
    }

    /// Lets the descriptor live through `execve`.
    ///
    /// # Errors
    /// What the kernel says.
    pub(super) fn hand_over(&self) -> io::Result<()> {
        use nix::fcntl::{FcntlArg, FdFlag, fcntl};
        fcntl(&self.descriptor, FcntlArg::F_SETFD(FdFlag::empty()))?;
        Ok(())
    }

    /// Makes the file.
    ///
    /// # Errors
    /// What the kernel says, or that it could not be opened by its path.
    #[cfg(target_os = "linux")]
    pub(super) fn create(name: &str, value: &[u8], is_live: bool) -> io::Result<Self> {
        use nix::fcntl::{FcntlArg, OFlag, SealFlag, fcntl, open};
        use nix::sys::stat::{Mode, fchmod};
        use std::os::fd::{AsRawFd, FromRawFd};
        let process = process_in_proc()?;
        let file = memory_file(name)?;
        write(&file, value)?;
        fchmod(&file, mode())?;
        let mut seals = SealFlag::F_SEAL_SEAL;
        if !is_live {
            seals |= SealFlag::F_SEAL_SHRINK | SealFlag::F_SEAL_GROW | SealFlag::F_SEAL_WRITE;
        }
        // A filter that refuses the seals leaves a private file that only this user could write.
        let _ = fcntl(&file, FcntlArg::F_ADD_SEALS(seals));
        // What the command gets can only be read.
        let path = |descriptor: &OwnedFd| format!("/proc/{process}/fd/{}", descriptor.as_raw_fd());
        let readable =
            open(path(&file).as_str(), OFlag::O_RDONLY | OFlag::O_CLOEXEC, Mode::empty())?;
        // Refused only where the limit of descriptors is lower.
        let moved = fcntl(&readable, FcntlArg::F_DUPFD_CLOEXEC(LOWEST_DESCRIPTOR));
        let descriptor = match moved {
            // SAFETY: the descriptor was just made, and nothing else has it.
            #[allow(unsafe_code)]
            Ok(moved) => unsafe { OwnedFd::from_raw_fd(moved) },
            Err(_) => readable,
        };
        Ok(Self { path: path(&descriptor), descriptor, writable: is_live.then_some(file) })
    }

    /// Makes the file.
    ///
    /// # Errors
    /// Always: only Linux has memory files.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn create(_name: &str, _value: &[u8], _is_live: bool) -> io::Result<Self> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "files in memory need Linux"))
    }
}

/// The number that this process has in /proc, which may be mounted for another PID namespace than ours.
/// `self` would be each child's own number, and a child may not have the descriptor.
#[cfg(target_os = "linux")]
fn process_in_proc() -> io::Result<u32> {
    let number = nix::fcntl::readlink("/proc/self").map_err(|error| {
        let reason =
            format!("/proc is not mounted, and the path of the file is below it ({error})");
        io::Error::other(reason)
    })?;
    let number = number.to_str().and_then(|number| number.parse().ok());
    number.ok_or_else(|| io::Error::other("/proc/self is not a process"))
}

#[cfg(target_os = "linux")]
fn memory_file(name: &str) -> nix::Result<OwnedFd> {
    use nix::errno::Errno;
    use nix::sys::memfd::{MFdFlags, memfd_create};
    let flags = MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING;
    // A system may refuse files that could be executed (sysctl `vm.memfd_noexec`); kernels before 6.3
    // don't know the flag.
    let not_executable = MFdFlags::from_bits_retain(nix::libc::MFD_NOEXEC_SEAL);
    match memfd_create(name, flags | not_executable) {
        Err(Errno::EINVAL) => memfd_create(name, flags),
        other => other,
    }
}

/// Writes a new value, and cuts off what is left of a longer one.
///
/// # Errors
/// What the kernel says.
#[cfg(target_os = "linux")]
pub(crate) fn rewrite(file: &OwnedFd, value: &[u8]) -> io::Result<()> {
    write(file, value)?;
    let length = i64::try_from(value.len()).map_err(io::Error::other)?;
    Ok(nix::unistd::ftruncate(file, length)?)
}

/// Past the limit, the kernel would end the process with SIGXFSZ.
///
/// # Errors
/// Which limit it is.
#[cfg(target_os = "linux")]
pub(crate) fn check_size(value: &[u8]) -> io::Result<()> {
    use nix::sys::resource::{Resource, getrlimit};
    let limit = getrlimit(Resource::RLIMIT_FSIZE).map_or(u64::MAX, |(soft, _)| soft);
    if u64::try_from(value.len()).is_ok_and(|length| length > limit) {
        let reason = "the limit on the size of files is too low (`ulimit -f`, LimitFSIZE=)";
        return Err(io::Error::other(reason));
    }
    Ok(())
}

#[cfg(target_os = "linux")]
fn write(file: &OwnedFd, value: &[u8]) -> io::Result<()> {
    check_size(value)?;
    let mut rest = value;
    let mut at = 0;
    while !rest.is_empty() {
        // At an offset, so that the file's own position stays at its start.
        let written = nix::sys::uio::pwrite(file, rest, at)?;
        at += i64::try_from(written).map_err(io::Error::other)?;
        rest = &rest[written..];
    }
    Ok(())
}

/// Like a key file, which libpq and ssh refuse if others could read it. But a command that is started as
/// root may change its user, and must be able to read its files after that. The mode protects nothing
/// here: whoever can open the path can read the memory of the process, too.
#[cfg(target_os = "linux")]
fn mode() -> nix::sys::stat::Mode {
    use nix::sys::stat::Mode;
    if nix::unistd::geteuid().is_root() {
        Mode::S_IRUSR | Mode::S_IRGRP | Mode::S_IROTH
    } else {
        Mode::S_IRUSR
    }
}
