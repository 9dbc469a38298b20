//! Completions in real shells, each on a terminal of its own: what is typed, then Tab, then Enter, and the words that
//! the program is started with.

use crate::harness::*;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::openpty;
use nix::sys::stat::Mode;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// Completes with the real program, and reports the words of every other start.
const PROGRAM: &str = r#"#!/bin/sh
[ "$1" != completions ] || exec BINARY "$@"
echo "$@" >HOME/typed
"#;

/// An interactive shell that has loaded the completions.
struct Shell {
    process: Child,
    terminal: File,
    typed: File,
    _home: TempDir,
}

impl Shell {
    /// `start_file` is its name and its text, which must end with the prompt.
    fn start(words: &[&str], start_file: (&str, &str)) -> Self {
        let home = TempDir::new().expect("a directory for the test");
        let path = |name: &str| home.path().join(name);
        for directory in ["bin", "fish"] {
            fs::create_dir(path(directory)).expect("a directory");
        }
        let program = PROGRAM.replace("BINARY", &binary().display().to_string());
        let program = program.replace("HOME", home.path().to_str().expect("UTF-8"));
        script(&path("bin/ssm-exec"), &program);
        script(&path("bin/unusual-program"), "#!/bin/sh\n");
        let stages = "prefix = \"/a\"\n[stage.blue]\n[stage.green]\n";
        fs::write(path("ssm-exec.toml"), stages).expect("a file");
        fs::write(path("single.pem"), "").expect("a file");
        fs::write(path(start_file.0), start_file.1).expect("a start file");
        nix::unistd::mkfifo(&path("typed"), Mode::S_IRWXU).expect("a FIFO");
        // Open for both, so that opening does not wait.
        let mut both = OpenOptions::new();
        let typed = both.read(true).write(true).open(path("typed"));
        let pty = openpty(None, None).expect("a terminal");
        let stream = || Stdio::from(pty.slave.try_clone().expect("a descriptor"));
        let process = Command::new("setsid")
            .arg("--ctty")
            .args(words)
            .env_clear()
            .env("PATH", format!("{}:/usr/bin:/bin", path("bin").display()))
            .env("HOME", home.path())
            .env("ZDOTDIR", home.path())
            .env("XDG_CONFIG_HOME", home.path())
            .env("TERM", "xterm")
            .current_dir(home.path())
            .stdin(stream())
            .stdout(stream())
            .stderr(stream())
            .spawn()
            .expect("the shell starts");
        let mut shell = Self {
            process,
            terminal: File::from(pty.master),
            typed: typed.expect("the FIFO"),
            _home: home,
        };
        shell.wait_for_prompt();
        shell
    }

    fn wait_for_prompt(&mut self) {
        let mut seen = Vec::new();
        while !String::from_utf8_lossy(&seen).contains("ready>") {
            let mut bytes = [0; 1024];
            let count = self.terminal.read(&mut bytes).expect("the terminal");
            seen.extend_from_slice(&bytes[..count]);
        }
        // A shell that waits for its terminal would not go on.
        let mut terminal = self.terminal.try_clone().expect("a descriptor");
        std::thread::spawn(move || std::io::copy(&mut terminal, &mut std::io::sink()));
    }

    /// The words that the line becomes.
    fn complete(&mut self, line: &str) -> String {
        write!(self.terminal, "ssm-exec {line}\t\r").expect("the terminal");
        let mut ready = [PollFd::new(self.typed.as_fd(), PollFlags::POLLIN)];
        let count = poll(&mut ready, PollTimeout::from(60_000_u16)).expect("poll(2)");
        assert_eq!(count, 1, "{line}: nothing was started");
        let mut bytes = [0; 1024];
        let count = self.typed.read(&mut bytes).expect("the FIFO");
        String::from_utf8_lossy(&bytes[..count]).trim_end().to_owned()
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn completes(mut shell: Shell) {
    for (typed, completed) in [
        ("ch", "check"),
        ("check --fo", "check --format"),
        ("check --format m", "check --format markdown"),
        ("check --format=m", "check --format=markdown"),
        ("policy --acc", "policy --account"),
        ("--prefix /a:prod --stage gr", "--prefix /a:prod --stage green"),
        ("-k A=/a --on-change WI", "-k A=/a --on-change WINCH"),
        ("--config sing", "--config single.pem"),
        ("--skip -- unusual-p", "--skip -- unusual-program"),
        ("--skip unusual-p", "--skip unusual-program"),
        ("-k A=/a:1 -- cat sing", "-k A=/a:1 -- cat single.pem"),
    ] {
        assert_eq!(shell.complete(typed), completed);
    }
}

#[test]
#[ignore = "needs bash-completion: ./tests/run provides it"]
fn bash_completes_with_its_library() {
    completes(Shell::start(
        &["bash", "--rcfile", "start", "-i"],
        (
            "start",
            ". /usr/share/bash-completion/bash_completion\n. <(ssm-exec completions bash)\nPS1='ready> '",
        ),
    ));
}

#[test]
fn bash_completes_without_its_library() {
    completes(Shell::start(
        &["bash", "--rcfile", "start", "-i"],
        ("start", ". <(ssm-exec completions bash)\nPS1='ready> '"),
    ));
}

#[test]
#[ignore = "needs zsh: ./tests/run provides it"]
fn zsh_completes_from_its_path_and_from_its_start_file() {
    for load in [
        "ssm-exec completions zsh >_ssm-exec\nfpath=($PWD $fpath)\nautoload -Uz compinit\ncompinit -u -D",
        "autoload -Uz compinit\ncompinit -u -D\n. <(ssm-exec completions zsh)",
    ] {
        let start_file = format!("{load}\nPS1='ready> '");
        completes(Shell::start(&["zsh", "-i"], (".zshrc", &start_file)));
    }
}

#[test]
#[ignore = "needs fish: ./tests/run provides it"]
fn fish_completes() {
    completes(Shell::start(
        &["fish", "-i"],
        (
            "fish/config.fish",
            "ssm-exec completions fish | source\nfunction fish_prompt\necho 'ready> '\nend",
        ),
    ));
}
