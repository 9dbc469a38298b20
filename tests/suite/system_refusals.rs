//! What the system may refuse: system calls, descriptors, threads, memory. The start fails with 71 and
//! the system's reason, or the command is started whole.

use crate::harness::*;
use crate::support::seccomp;
use nix::libc;
use nix::sys::resource::{Resource, setrlimit};
use ssm_stub::{Parameter, Stub};
use std::os::unix::process::CommandExt;
use std::process::Output;

fn stub() -> Stub {
    let stub = Stub::start();
    stub.put(Parameter::secure("/refused/a", "canary-a"));
    stub
}

fn expect_refusal(output: &Output, reason: &str, about: &str) {
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(71), "{about}: {message}");
    assert!(message.contains(reason), "{about}: {message}");
    assert!(!message.contains("bug"), "{about}: {message}");
    assert_eq!(
        message.lines().filter(|line| !line.starts_with("  ")).count(),
        1,
        "{about}: {message}"
    );
    assert!(output.stdout.is_empty(), "{about}");
}

#[test]
fn refused_system_calls_are_named_as_the_systems_refusal() {
    for (calls, about) in [
        (&[libc::SYS_epoll_create1][..], "epoll_create1"),
        (&[libc::SYS_eventfd2], "eventfd2"),
        (&[libc::SYS_memfd_create], "memfd_create"),
        (&[libc::SYS_socket], "socket"),
        (&[libc::SYS_clone, libc::SYS_clone3], "clone"),
    ] {
        for (error, reason) in
            [(libc::EPERM, "Operation not permitted"), (libc::ENOSYS, "Function not implemented")]
        {
            // musl has one error for every refusal of a thread.
            let reason = if about == "clone" { "the system refused" } else { reason };
            let stub = stub();
            // A name, so that a thread asks DNS for it.
            let url = stub.url().replace("127.0.0.1", "localhost");
            let (mut command, _home) = Run::against(&url)
                .args("--timeout 5s -p /refused --file F=/refused/a -- echo started")
                .command();
            seccomp::refuse(&mut command, calls, error);
            let output = command.output().expect("the binary starts");
            expect_refusal(&output, reason, about);
        }
    }
}

#[test]
fn what_refuses_a_connection_is_named_by_the_setting_that_does() {
    let socket = &[libc::SYS_socket][..];
    let thread = &[libc::SYS_clone, libc::SYS_clone3][..];
    for (calls, error, reason, help) in [
        (socket, libc::EAFNOSUPPORT, "Address family not", "RestrictAddressFamilies="),
        (socket, libc::EMFILE, "Too many open files", "LimitNOFILE="),
        (socket, libc::ENOMEM, "Out of memory", "memory"),
        (socket, libc::EACCES, "Permission denied", "SystemCallFilter="),
        (thread, libc::EAGAIN, "Try again", "TasksMax="),
    ] {
        let stub = stub();
        // Only a name needs a thread.
        let url = match calls == thread {
            true => stub.url().replace("127.0.0.1", "localhost"),
            false => stub.url(),
        };
        let run = Run::against(&url).args("--timeout 5s -p /refused -- echo started");
        let (mut command, _home) = run.command();
        seccomp::refuse(&mut command, calls, error);
        let output = command.output().expect("the binary starts");
        expect_refusal(&output, reason, help);
        expect_refusal(&output, help, reason);
        expect_refusal(&output, &url.replace("http://", "to connect to "), reason);
    }
}

#[test]
fn a_memory_that_others_may_read_is_a_warning() {
    let stub = stub();
    let run = Run::against(&stub.url()).args("-p /refused -- echo started");
    let (mut command, _home) = run.command();
    seccomp::refuse(&mut command, &[libc::SYS_prctl], libc::EPERM);
    let output = command.output().expect("the binary starts");
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{message}");
    assert!(message.contains("warning: the system refused prctl(PR_SET_DUMPABLE)"), "{message}");
    assert_eq!(output.stdout, b"started\n");
}

#[test]
fn with_too_few_descriptors_the_system_is_named_and_nothing_is_started() {
    let stub = stub();
    let mut started = 0;
    for limit in 4..20 {
        let (mut command, _home) =
            Run::against(&stub.url()).args("--timeout 5s -p /refused -- echo started").command();
        let set = move || Ok(setrlimit(Resource::RLIMIT_NOFILE, limit, limit)?);
        // SAFETY: setrlimit(2) is a system call on the state of this process.
        #[allow(unsafe_code)]
        unsafe {
            command.pre_exec(set)
        };
        let output = command.output().expect("the binary starts");
        match output.stdout.is_empty() {
            false => started += 1,
            true => expect_refusal(&output, "Too many open files", &limit.to_string()),
        }
    }
    assert!(started > 0, "no limit was high enough");
}

#[test]
fn the_longest_timeout_is_no_bug() {
    let stub = stub();
    for timeout in ["18446744073709551615s", "9223372036854775807s", "584942417y"] {
        let outcome = Run::against(&stub.url())
            .args("-p /refused --timeout")
            .arg(timeout)
            .args("-- true")
            .run();
        assert_eq!(outcome.status, 0, "{timeout}: {}", outcome.stderr);
    }
}
