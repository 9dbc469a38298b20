//! A stderr that takes nothing more: a pipe, socket or terminal whose reader has stopped, or is gone.
//! The message is dropped; the start, the failure and its status, and the end by a signal are not.

use crate::harness::*;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use ssm_stub::{Parameter, Stub};
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Stdio};

fn stub() -> Stub {
    let stub = Stub::start();
    stub.put(Parameter::secure("/full/a", "canary-a"));
    stub
}

/// A reader, and a writer that is full.
fn full(kind: &str) -> (File, OwnedFd) {
    let (reader, writer): (OwnedFd, OwnedFd) = match kind {
        "pipe" => nix::unistd::pipe2(OFlag::O_CLOEXEC).expect("a pipe"),
        "socket" => UnixStream::pair()
            .map(|(reader, writer)| (reader.into(), writer.into()))
            .expect("a socket"),
        _ => nix::pty::openpty(None, None).map(|pty| (pty.master, pty.slave)).expect("a terminal"),
    };
    fcntl(&writer, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).expect("not blocking");
    let mut file = File::from(writer);
    for length in [4096, 1] {
        while file.write(&vec![b'.'; length]).is_ok() {}
    }
    let writer = OwnedFd::from(file);
    fcntl(&writer, FcntlArg::F_SETFL(OFlag::empty())).expect("blocking");
    (File::from(reader), writer)
}

fn start(run: Run, stderr: &OwnedFd) -> (Child, tempfile::TempDir) {
    let (mut command, home) = run.command();
    let stderr = stderr.try_clone().expect("a descriptor");
    let child = command
        .stderr(Stdio::from(stderr))
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    (child, home)
}

#[test]
fn a_start_and_a_failure_keep_their_status() {
    std::thread::scope(|scope| {
        for kind in ["pipe", "socket", "terminal"] {
            scope.spawn(move || keep_their_status(kind));
        }
    });
}

fn keep_their_status(kind: &str) {
    let stub = stub();
    let (_reader, stderr) = full(kind);
    let run = Run::against(&stub.url()).args("-vvv --timeout 20s -p /full -- echo started");
    let output = start(run, &stderr).0.wait_with_output().expect("its end");
    assert_eq!(output.status.code(), Some(0), "{kind}");
    assert_eq!(output.stdout, b"started\n", "{kind}");
    for (words, status) in [
        ("-k A=/full/none --timeout 2s -- true", 66),
        ("-k A=/full/none --timeout 2s --log-format json -vvv -- true", 66),
        ("--no-such-option", 64),
    ] {
        let run = Run::against(&stub.url()).args(words);
        let output = start(run, &stderr).0.wait_with_output().expect("its end");
        assert_eq!(output.status.code(), Some(status), "{kind} {words}");
    }
    // The mode of the open file is shared with other processes.
    let flags = fcntl(&stderr, FcntlArg::F_GETFL).expect("its flags");
    assert!(!OFlag::from_bits_retain(flags).contains(OFlag::O_NONBLOCK), "{kind}");
}

#[test]
fn a_signal_ends_a_fetch() {
    for kind in ["pipe", "socket", "terminal"] {
        let stub = stub();
        stub.hold();
        let (_reader, stderr) = full(kind);
        let run = Run::against(&stub.url()).args("-vvv -p /full -- true");
        let (mut child, _home) = start(run, &stderr);
        stub.wait_for_requests(1);
        let process = Pid::from_raw(i32::try_from(child.id()).expect("a process id"));
        kill(process, Signal::SIGTERM).expect("a signal");
        assert_eq!(child.wait().expect("its end").code(), Some(143), "{kind}");
        stub.release();
    }
}

#[test]
fn a_reader_that_comes_back_in_time_gets_the_failure() {
    let stub = stub();
    let (mut reader, stderr) = full("pipe");
    let run = Run::against(&stub.url()).args("-k A=/full/none -- true");
    let (mut child, _home) = start(run, &stderr);
    drop(stderr);
    stub.wait_for_requests(1);
    let mut text = String::new();
    reader.read_to_string(&mut text).expect("UTF-8");
    assert!(text.contains("/full/none"), "{}", text.trim_start_matches('.'));
    assert_eq!(child.wait().expect("its end").code(), Some(66));
}

#[test]
fn a_reader_that_is_gone_changes_nothing() {
    for kind in ["pipe", "socket"] {
        let stub = stub();
        let (reader, stderr) = full(kind);
        drop(reader);
        for (words, status) in [
            ("-vvv -p /full -- true", 0),
            ("-k A=/full/none -- true", 66),
            ("-vvv -p /full -- sh -c", 141),
        ] {
            let mut run = Run::against(&stub.url()).args(words);
            if status == 141 {
                // The command has the disposition that we were started with.
                run = run.arg("kill -PIPE $$");
            }
            let mut child = start(run, &stderr).0;
            assert_eq!(end(&mut child), status, "{kind} {words}");
        }
    }
}

fn end(child: &mut Child) -> i32 {
    use std::os::unix::process::ExitStatusExt;
    let status = child.wait().expect("its end");
    status.code().or(status.signal().map(|signal| 128 + signal)).expect("an end")
}

/// The limit on the size of files is reached where the message should be written.
#[test]
fn a_file_that_may_not_grow_changes_nothing() {
    let stub = stub();
    for (words, status) in [
        ("-vvv -p /full -- true", 0),
        ("-k A=/full/none -- true", 66),
        ("--no-such-option", 64),
        ("-p /full -- sh -c", 153),
    ] {
        let mut run = Run::against(&stub.url()).args(words);
        if status == 153 {
            // The command has the disposition that we were started with.
            run = run.arg("kill -XFSZ $$");
        }
        let (mut command, _home) = run.command();
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(&[b'.'; 4096]).expect("a full file");
        let set = || {
            Ok(nix::sys::resource::setrlimit(
                nix::sys::resource::Resource::RLIMIT_FSIZE,
                4096,
                4096,
            )?)
        };
        // SAFETY: setrlimit(2) is a system call on the state of this process.
        #[allow(unsafe_code)]
        unsafe {
            std::os::unix::process::CommandExt::pre_exec(&mut command, set)
        };
        let child = command.stderr(Stdio::from(file)).stdout(Stdio::null()).spawn();
        assert_eq!(end(&mut child.expect("the binary starts")), status, "{words}");
    }
}

#[test]
fn a_report_that_does_not_fit_is_an_error() {
    let stub = stub();
    let (mut command, _home) = Run::against(&stub.url()).args("check -p /full").command();
    let mut file = tempfile::tempfile().expect("a file");
    file.write_all(&[b'.'; 4096]).expect("a full file");
    let set = || {
        Ok(nix::sys::resource::setrlimit(nix::sys::resource::Resource::RLIMIT_FSIZE, 4096, 4096)?)
    };
    // SAFETY: setrlimit(2) is a system call on the state of this process.
    #[allow(unsafe_code)]
    unsafe {
        std::os::unix::process::CommandExt::pre_exec(&mut command, set)
    };
    let output = command.stdout(Stdio::from(file)).output().expect("the binary starts");
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(71), "{message}");
    assert!(message.contains("cannot write to stdout: File too large"), "{message}");
}

#[test]
fn messages_that_nobody_reads_do_not_use_up_the_time_limit() {
    for kind in ["pipe", "socket", "terminal"] {
        let stub = stub();
        let (_reader, stderr) = full(kind);
        for words in ["-v --timeout 1s", "-vvv --timeout 1s"] {
            let run = Run::against(&stub.url()).args(words).args("-p /full -- echo started");
            let output = start(run, &stderr).0.wait_with_output().expect("its end");
            assert_eq!(output.stdout, b"started\n", "{kind} {words}");
        }
    }
}

#[test]
fn the_journal_gets_the_priority_of_each_line() {
    use std::os::unix::fs::MetadataExt;
    let stub = stub();
    let messages = |words: &str, is_journal: bool| {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let stat = file.as_file().metadata().expect("its device");
        let inode = stat.ino() + u64::from(!is_journal);
        let run = Run::against(&stub.url())
            .env("JOURNAL_STREAM", format!("{}:{inode}", stat.dev()))
            .args(words);
        let (mut command, _home) = run.command();
        let stderr = file.reopen().expect("the file");
        command.stderr(Stdio::from(stderr)).status().expect("the binary starts");
        std::fs::read_to_string(file.path()).expect("UTF-8")
    };
    let error = messages("-k A=/full/none -- true", true);
    assert!(error.lines().count() > 1, "{error}");
    assert!(error.lines().all(|line| line.starts_with("<3>")), "{error}");
    let warning = messages("--skip -v -- true", true);
    assert!(warning.contains("<4>ssm-exec: warning: "), "{warning}");
    assert!(messages("--log-format json --bogus", true).starts_with("<3>{"));
    assert!(!messages("-k A=/full/none -- true", false).contains("<3>"));
}
