//! What tests run the binary with: its static build, busybox, Docker, an HTTP server, moto.
//! `tests/needs` installs what a machine lacks; a test that misses it fails with the reason.

pub mod docker;
pub mod middlebox;
pub mod moto;
pub mod registry;
pub mod relay;
pub mod seccomp;

use crate::harness::{BINARY, TEST_PROGRAM, binary};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// The path of a file in the repository.
pub fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A static binary: the one under test, or else a development build.
pub fn static_binary() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        if cfg!(target_feature = "crt-static") || std::env::var_os(TEST_PROGRAM).is_some() {
            return binary().to_owned();
        }
        succeeds(
            Command::new(project("tests/static")).args(["build", "--quiet", "--bin", "ssm-exec"]),
        );
        let target = format!("target/{}-unknown-linux-gnu/debug/ssm-exec", std::env::consts::ARCH);
        project(&target)
    })
}

/// ssm-exec with a clock that lets an hour pass in seconds.
pub fn fast_clock() -> Command {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    Command::new(BUILT.get_or_init(|| example("fast_clock")))
}

/// A program of `examples`: built like the binary under test, and again if it is out of date.
pub fn example(name: &str) -> PathBuf {
    if std::env::var_os(TEST_PROGRAM).is_some() {
        let mut build = Command::new(project("packaging/binary"));
        let path = succeeds(build.args([std::env::consts::ARCH, name]));
        return PathBuf::from(path.trim_end());
    }
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--example", name]);
    // Build scripts watch the variables that cargo sets for a test, and would run again.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "RUSTC_BOOTSTRAP"]
            .iter()
            .any(|set| name.starts_with(set))
        {
            cargo.env_remove(&*name);
        }
    }
    succeeds(cargo.current_dir(project(".")));
    Path::new(BINARY).with_file_name("examples").join(name)
}

/// A static shell with its tools.
pub fn busybox() -> &'static Path {
    let path = Path::new("/bin/busybox");
    assert!(path.exists(), "no busybox: tests/needs installs busybox-static");
    path
}

/// Runs a command that must succeed, and returns its stdout.
pub fn succeeds(command: &mut Command) -> String {
    let output = command.output().expect("a program that is installed");
    assert!(output.status.success(), "{command:?}: {}\n{}", output.status, text(&output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Standard output and standard error of a program.
pub fn text(output: &Output) -> String {
    [&output.stdout[..], &output.stderr].map(String::from_utf8_lossy).concat()
}

/// A name that is unique across tests and concurrent test runs.
pub fn unique_name(what: &str) -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("ssm-exec-tests-{what}-{}-{count}", std::process::id())
}

/// For a server that cannot choose a port itself: on an IP address of its own, so that no connection of another test takes
/// the port in between.
pub fn free_address() -> SocketAddr {
    static USED: AtomicU8 = AtomicU8::new(0);
    let own = Ipv4Addr::new(127, 0, 78, 1 + USED.fetch_add(1, Ordering::Relaxed));
    TcpListener::bind((own, 0)).and_then(|listener| listener.local_addr()).expect("an address")
}

/// Runs a shell command when the test process ends, for any reason: statics are never dropped, but the
/// child sees the end of its pipe.
pub fn run_at_exit(shell: &str) -> Child {
    Command::new("sh")
        .args(["-c", &format!("cat >/dev/null; {shell}")])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("a shell")
}

/// Nothing takes as long, however busy the machine is: it hangs.
pub const PATIENCE: Duration = Duration::from_secs(180);

/// Polls until the condition holds, for changes that give no notification.
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < PATIENCE, "{what}: never");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Writes a file, and creates its directory.
pub fn write(path: &Path, content: &str) {
    std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
    let mut file = std::fs::File::create(path).expect("a file for the test");
    file.write_all(content.as_bytes()).expect("a file for the test");
}

/// A bundle of root certificates such as a system has: Mozilla's, as PEM.
pub fn public_roots() -> String {
    let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().map(|root| {
        let text = STANDARD.encode(root);
        let lines: Vec<&str> = text
            .as_bytes()
            .chunks(64)
            .map(|line| std::str::from_utf8(line).expect("base64"))
            .collect();
        let lines = lines.join("\n");
        format!("-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n")
    });
    roots.collect()
}
