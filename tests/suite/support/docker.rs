//! Docker: images built for a test, and containers that are removed with it.

use super::{succeeds, text};
use std::path::Path;
use std::process::{Command, Stdio};

/// `docker` with arguments split at white space.
pub fn docker(words: &str) -> Command {
    let mut command = Command::new("docker");
    command.args(words.split_whitespace()).stdin(Stdio::null());
    command
}

/// Builds an image from a Dockerfile's text and files (name in the context, source).
pub fn build_image(name: &str, dockerfile: &str, files: &[(&str, &Path)], arguments: &[&str]) {
    let context = tempfile::tempdir().expect("a directory for the test");
    for (name, source) in files {
        let to = context.path().join(name);
        std::fs::create_dir_all(to.parent().expect("a parent")).expect("a directory");
        std::fs::copy(source, to).expect("a copy");
    }
    std::fs::write(context.path().join("Dockerfile"), dockerfile).expect("a Dockerfile");
    let mut command = docker("build --quiet --force-rm --tag");
    command.env("DOCKER_BUILDKIT", "0").arg(name).args(arguments).arg(context.path());
    succeeds(&mut command);
}

/// A container, removed when dropped.
pub struct Container(pub String);

impl Container {
    /// `docker SUBCOMMAND [OPTIONS] NAME [ARGUMENTS]`.
    pub fn command(&self, words: &str) -> Command {
        let (first, rest) = words.split_once(' ').unwrap_or((words, ""));
        let mut command = docker(first);
        command
            .args(rest.split_whitespace().take_while(|word| word.starts_with('-')))
            .arg(&self.0)
            .args(rest.split_whitespace().skip_while(|word| word.starts_with('-')));
        command
    }

    /// Waits until its output has this line.
    pub fn wait_for_line(&self, wanted: &str) {
        use std::io::{BufRead, BufReader};
        let mut logs = self
            .command("logs -f")
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

    /// Waits until it exits, and returns its status.
    pub fn status(&self) -> String {
        succeeds(&mut self.command("wait")).trim().to_owned()
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        let _ = docker("rm -f").arg(&self.0).output();
    }
}
