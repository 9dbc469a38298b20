//! A system call filter for one run, as a container or a unit has one.

use nix::libc;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Makes these system calls fail with this error in the command.
#[allow(unsafe_code)]
pub fn refuse(command: &mut Command, calls: &[libc::c_long], error: libc::c_int) {
    let instruction = |code: u32, jump: u8, k: u32| libc::sock_filter {
        code: u16::try_from(code).expect("a BPF instruction"),
        jt: jump,
        jf: 0,
        k,
    };
    // The call's number is the first field of `seccomp_data`.
    let mut program = vec![instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0)];
    for (index, call) in calls.iter().enumerate() {
        let to_the_error = u8::try_from(calls.len() - index).expect("a short list");
        let call = u32::try_from(*call).expect("a system call");
        program.push(instruction(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, to_the_error, call));
    }
    let end = libc::BPF_RET | libc::BPF_K;
    let error = u32::try_from(error).expect("an error's number");
    program.push(instruction(end, 0, libc::SECCOMP_RET_ALLOW));
    program.push(instruction(end, 0, libc::SECCOMP_RET_ERRNO | error));
    let install = move || {
        let filter = libc::sock_fprog {
            len: u16::try_from(program.len()).expect("a short program"),
            filter: program.as_mut_ptr(),
        };
        // SAFETY: prctl(2) with these arguments changes a flag of this process.
        if unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) } != 0 {
            return Err(std::io::Error::last_os_error());
        }
        // SAFETY: the program is as long as it says, and the kernel copies it.
        match unsafe {
            libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const filter)
        } {
            0 => Ok(()),
            _ => Err(std::io::Error::last_os_error()),
        }
    };
    // SAFETY: the closure makes system calls only; it neither locks nor allocates.
    unsafe { command.pre_exec(install) };
}
