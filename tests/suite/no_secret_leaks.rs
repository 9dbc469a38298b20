//! No secret on disk, in logs or in core dumps, as observed from outside.

use crate::harness::*;
use crate::support::eventually;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use ssm_stub::{Parameter, Stub};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

fn stub() -> Stub {
    let stub = Stub::start();
    stub.put(Parameter::secure("/trace/a", "canary-a"));
    stub.put(Parameter::secure("/trace/json", r#"{"member":"canary-member"}"#));
    stub
}

/// The system calls up to the launch of `true` that open, write or rename files.
pub(crate) fn traced(run: Run) -> Vec<String> {
    let (wrapped, home) = run.command();
    let log = home.path().join("strace.log");
    let mut strace = Command::new("strace");
    strace
        .args(["-f", "-s", "4096", "-o"])
        .arg(&log)
        .args(["-e", "trace=open,openat,openat2,creat,write,pwrite64,writev,sendto,sendmsg,rename,renameat,renameat2,link,mkdir,execve", "--"])
        .arg(wrapped.get_program())
        .args(wrapped.get_args())
        .env_clear()
        .current_dir(home.path())
        .envs(wrapped.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = strace.output().expect("strace");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let log = std::fs::read_to_string(log).expect("strace's log");
    let is_launch = |line: &str| line.contains("/true\", [\"true\"]");
    let end = log.lines().position(is_launch).expect("the launch");
    log.lines().take(end).map(str::to_owned).collect()
}

/// Whether a file is opened for writing.
pub(crate) fn opens_for_writing(line: &str) -> bool {
    let opens = line.contains("open") && line.contains('"');
    let flags = ["O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "creat("];
    opens && flags.iter().any(|flag| line.contains(flag)) && !line.contains("/dev/null")
}

#[test]
#[ignore = "needs strace, and root to trace a process that hides its memory: ./tests/run provides both"]
fn no_file_is_opened_for_writing_and_no_value_is_written() {
    let stub = stub();
    let run = Run::against(&stub.url())
        .args("-vv -p /trace --file F=/trace/a -k M=/trace/json#member -- true");
    let ours = traced(run);
    assert!(ours.len() > 10, "the run was traced");
    for line in ours {
        assert!(!opens_for_writing(&line), "a file is opened for writing: {line}");
        // Only memory files are written to, by pwrite.
        let into_memory = line.contains("pwrite64(");
        assert!(!line.contains("canary-a") || into_memory, "a value is written: {line}");
        assert!(!line.contains("canary-credential"), "a credential is written: {line}");
    }
}

#[test]
fn no_log_level_prints_a_value_or_a_credential() {
    let stub = stub();
    // The harness fails a run that prints `canary` on stderr; the secret key contains it too.
    let outcome = Run::against(&stub.url())
        .env("RUST_LOG", "trace")
        .env("AWS_LOG", "trace")
        .env("AWS_SDK_LOG_LEVEL", "debug")
        .env("SSM_EXEC_LOG", "trace")
        .env("RUST_BACKTRACE", "full")
        .env("R", "ssm:///trace/json#member")
        .args("-vvv -p /trace -- true")
        .run();
    assert_eq!(outcome.status, 0);
    assert!(outcome.stderr.contains("A comes from /trace/a"), "{}", outcome.stderr);
    assert!(
        !outcome.stderr.contains("hyper") && !outcome.stderr.contains("aws_"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn a_crash_during_a_fetch_dumps_no_core() {
    let stub = stub();
    stub.hold();
    let (mut command, home) = Run::against(&stub.url()).args("-p /trace -- true").command();
    let unlimited = || {
        nix::sys::resource::setrlimit(
            nix::sys::resource::Resource::RLIMIT_CORE,
            u64::MAX >> 1,
            u64::MAX >> 1,
        )
        .or(Ok(()))
    };
    // SAFETY: setrlimit(2) is one system call on the state of this process.
    #[allow(unsafe_code)]
    unsafe {
        command.pre_exec(unlimited)
    };
    let mut child = command.stderr(Stdio::null()).spawn().expect("starts");
    stub.wait_for_requests(1);
    kill(Pid::from_raw(i32::try_from(child.id()).expect("a process id")), Signal::SIGSEGV)
        .expect("crashes");
    use std::os::unix::process::ExitStatusExt;
    let status = child.wait().expect("ends");
    assert_eq!(status.signal(), Some(libc_sigsegv()));
    assert!(!status.core_dumped(), "the kernel wrote a core dump");
    let cores = std::fs::read_dir(home.path()).expect("the working directory");
    let cores: Vec<_> = cores
        .map(|entry| entry.expect("an entry").file_name())
        .filter(|name| name.to_string_lossy().starts_with("core"))
        .collect();
    assert_eq!(cores, Vec::<std::ffi::OsString>::new());
    stub.release();
}

fn libc_sigsegv() -> i32 {
    Signal::SIGSEGV as i32
}

#[test]
#[ignore = "needs root to set a file's user: ./tests/run provides it"]
fn a_setuid_binary_refuses_to_run() {
    let run = Run::bare();
    let copy = run.home().join("raised");
    copy_program(binary(), &copy);
    std::fs::set_permissions(&copy, std::fs::Permissions::from_mode(0o4755)).expect("its mode");
    std::fs::set_permissions(run.home(), std::fs::Permissions::from_mode(0o755)).expect("a way in");
    let output = Command::new(&copy)
        .args(["--skip", "--", "true"])
        .env_clear()
        .uid(65_534)
        .gid(65_534)
        .current_dir("/")
        .output()
        .expect("starts");
    assert_eq!(output.status.code(), Some(78));
    assert!(String::from_utf8_lossy(&output.stderr).contains("more privileges than its caller"));
}

#[test]
#[ignore = "needs root to give a file away: ./tests/run provides it"]
fn a_configuration_file_of_another_user_is_used_only_if_named() {
    let run = || Run::bare().file("command = [\"echo\", \"owned\"]\nskip = true");
    let give_away = |run: &Run| {
        let path = run.home().join("ssm-exec.toml");
        std::os::unix::fs::chown(&path, Some(65_534), None).expect("given away");
        path
    };
    let found = run();
    give_away(&found);
    found.fails(78).says(&["belongs to another user (uid 65534)", "--config", "--no-config"]);
    let named = run();
    let path = give_away(&named);
    assert_eq!(named.arg("--config").arg(path).run().text(), "owned\n");
}

#[test]
fn a_world_writable_configuration_file_is_refused() {
    let run = Run::bare().file("command = [\"echo\", \"owned\"]\nskip = true");
    let path = run.home().join("ssm-exec.toml");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666)).expect("its mode");
    run.fails(78).says(&["is world-writable"]);
}

/// The kernel gives the files in /proc of a process that can't be dumped or traced to root.
#[test]
fn as_root_every_subcommand_hides_its_process_from_its_user() {
    const USER: u32 = 65_534;
    let stub = stub();
    for words in [
        "completions bash",
        "policy -p /trace --account 111122223333",
        "check --skip -k A=/trace/a --optional-key B=/trace/b",
        "--help",
    ] {
        let (mut command, home) = Run::against(&stub.url()).args(words).command();
        std::os::unix::fs::chown(home.path(), Some(USER), None).expect("given away");
        let change = || Ok(nix::unistd::setuid(nix::unistd::Uid::from_raw(USER))?);
        // SAFETY: setuid(2) is a system call on the state of this process.
        #[allow(unsafe_code)]
        unsafe {
            command.pre_exec(change)
        };
        // A full stdout keeps it alive while it is looked at.
        let (reader, writer) = nix::unistd::pipe2(OFlag::O_CLOEXEC).expect("a pipe");
        fcntl(&writer, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).expect("not blocking");
        let mut file = std::fs::File::from(writer);
        while file.write(&[b'.'; 4096]).is_ok() {}
        fcntl(&file, FcntlArg::F_SETFL(OFlag::empty())).expect("blocking");
        let mut child = command.stdout(file).spawn().expect("the binary starts");
        let environment = format!("/proc/{}/environ", child.id());
        let is_hidden = || std::fs::metadata(&environment).expect("it runs").uid() == 0;
        eventually("its environment is hidden", is_hidden);
        drop(reader);
        child.wait().expect("its end");
    }
}
