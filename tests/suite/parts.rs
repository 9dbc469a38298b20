//! Real parts that suites put around the binary: its static build, busybox, and the Docker engine.
//! `tests/needs` provides them; without one, a test fails and says so.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// A file of the project.
pub fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The static binary, built when it isn't up to date.
pub fn static_binary() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        PathBuf::from(succeeds(&mut Command::new(project("tests/static"))).trim_end())
    })
}

/// A shell and its tools in one static file.
pub fn busybox() -> &'static Path {
    let path = Path::new("/bin/busybox");
    assert!(
        path.exists(),
        "no busybox: tests/needs installs busybox-static"
    );
    path
}

/// Runs a command that must end well, and gives its stdout.
pub fn succeeds(command: &mut Command) -> String {
    let output = command.output().expect("a program that is installed");
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}",
        output.status,
        text(&output)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// All that a program said.
pub fn text(output: &Output) -> String {
    [&output.stdout[..], &output.stderr]
        .map(String::from_utf8_lossy)
        .concat()
}

/// `docker` with words that have no white space in them.
pub fn docker(words: &str) -> Command {
    let mut command = Command::new("docker");
    command.args(words.split_whitespace()).stdin(Stdio::null());
    command
}

/// A name that no other test has, in this run or one beside it.
pub fn fresh(what: &str) -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("ssm-exec-tests-{what}-{}-{count}", std::process::id())
}

/// Does something when the tests end, however they end: statics are never dropped, but a pipe's end is
/// noticed.
pub fn at_the_end(shell: &str) -> Child {
    Command::new("sh")
        .args(["-c", &format!("cat >/dev/null; {shell}")])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("a shell")
}

/// Builds an image from a Dockerfile's text and files (name in the context, source). Removed at the end.
pub fn build_image(name: &str, dockerfile: &str, files: &[(&str, &Path)], arguments: &[&str]) {
    let context = tempfile::tempdir().expect("a directory for the test");
    for (name, source) in files {
        let to = context.path().join(name);
        std::fs::create_dir_all(to.parent().expect("a parent")).expect("a directory");
        std::fs::copy(source, to).expect("a copy");
    }
    std::fs::write(context.path().join("Dockerfile"), dockerfile).expect("a Dockerfile");
    let mut command = docker("build --quiet --force-rm --tag");
    command
        .env("DOCKER_BUILDKIT", "0")
        .arg(name)
        .args(arguments)
        .arg(context.path());
    succeeds(&mut command);
}

/// A container, removed with the test.
pub struct Container(pub String);

impl Container {
    /// Its words after `docker WORD NAME`.
    pub fn ask(&self, words: &str) -> Command {
        let (first, rest) = words.split_once(' ').unwrap_or((words, ""));
        let mut command = docker(first);
        command
            .args(
                rest.split_whitespace()
                    .take_while(|word| word.starts_with('-')),
            )
            .arg(&self.0)
            .args(
                rest.split_whitespace()
                    .skip_while(|word| word.starts_with('-')),
            );
        command
    }

    /// Waits until its output has this line.
    pub fn wait_for_line(&self, wanted: &str) {
        use std::io::{BufRead, BufReader};
        let mut logs = self
            .ask("logs -f")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("docker");
        let found = BufReader::new(logs.stdout.take().expect("a pipe"))
            .lines()
            .map_while(Result::ok)
            .any(|line| line == wanted);
        let _ = logs.kill();
        let output = logs.wait_with_output().expect("docker ends");
        assert!(found, "no line `{wanted}` but: {}", text(&output));
    }

    /// Waits for its end, and gives its status.
    pub fn status(&self) -> String {
        succeeds(&mut self.ask("wait")).trim().to_owned()
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        let _ = docker("rm -f").arg(&self.0).output();
    }
}

/// Asks again until the answer will do: for what tells nobody when it changes.
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(60), "{what}: never");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Writes a file of a test.
pub fn write(path: &Path, content: &str) {
    std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
    let mut file = std::fs::File::create(path).expect("a file for the test");
    file.write_all(content.as_bytes())
        .expect("a file for the test");
}
