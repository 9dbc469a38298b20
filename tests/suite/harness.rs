//! Runs the binary with an endpoint, a home directory and an environment of its own.
//!
//! Every secret value in a test contains `canary`. The harness fails any run that prints one on stderr.

use crate::support::moto::Moto;
use nix::libc::{c_char, c_int, posix_spawn_file_actions_addchdir_np, posix_spawn_file_actions_t};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use ssm_stub::{Parameter, Stub};
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Once, OnceLock};
use tempfile::TempDir;

/// The binary that cargo has built.
pub const BINARY: &str = env!("CARGO_BIN_EXE_ssm-exec");

/// The variable that can name another one, and an emulator before it.
pub const TEST_PROGRAM: &str = "SSM_EXEC_TEST_PROGRAM";

/// The binary under test.
pub fn binary() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| std::env::var_os(TEST_PROGRAM).map_or_else(|| BINARY.into(), PathBuf::from))
}

/// Starts the binary under test.
pub fn program() -> Command {
    let Ok(words) = std::env::var(TEST_PROGRAM) else {
        return Command::new(BINARY);
    };
    let mut words = words.split(' ');
    let mut command = Command::new(words.next().expect("a program"));
    command.args(words);
    command
}

/// The endpoint that serves the parameters.
pub enum Ssm {
    Stub(Stub),
    Moto(&'static Moto),
}

/// A parameter to create on either endpoint.
#[derive(Clone)]
pub struct Put {
    pub name: String,
    pub value: String,
    pub kind: &'static str,
    pub label: Option<&'static str>,
}

pub fn secure(name: &str, value: &str) -> Put {
    Put { name: name.into(), value: value.into(), kind: "SecureString", label: None }
}

pub fn string(name: &str, value: &str) -> Put {
    Put { kind: "String", ..secure(name, value) }
}

pub fn list(name: &str, value: &str) -> Put {
    Put { kind: "StringList", ..secure(name, value) }
}

impl Put {
    pub fn label(mut self, label: &'static str) -> Self {
        self.label = Some(label);
        self
    }
}

impl Ssm {
    pub fn put(&self, parameters: &[Put]) {
        match self {
            Self::Moto(moto) => moto.put(parameters),
            Self::Stub(stub) => {
                for put in parameters {
                    let parameter = match put.kind {
                        "String" => Parameter::string(&put.name, &put.value),
                        "StringList" => Parameter::list(&put.name, &put.value),
                        _ => Parameter::secure(&put.name, &put.value),
                    };
                    stub.put(put.label.into_iter().fold(parameter, Parameter::label));
                }
            }
        }
    }

    pub fn url(&self) -> String {
        match self {
            Self::Stub(stub) => stub.url(),
            Self::Moto(moto) => moto.url(),
        }
    }

    /// Creates a Secrets Manager secret.
    pub fn put_secret(&self, name: &str, value: &str) {
        match self {
            Self::Stub(stub) => stub.put_secret(name, value),
            Self::Moto(moto) => moto.put_secret(name, value),
        }
    }
}

/// A run of the binary, as a builder.
pub struct Run {
    arguments: Vec<OsString>,
    environment: BTreeMap<OsString, OsString>,
    home: TempDir,
    user: Option<u32>,
}

impl Run {
    /// With an endpoint, valid credentials, a region and an empty home directory.
    pub fn against(url: &str) -> Self {
        Self::bare()
            .env("AWS_ENDPOINT_URL_SSM", url)
            .env("AWS_REGION", "eu-west-1")
            .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", "canary-credential-key")
    }

    /// With a PATH and an empty home directory only; the instance metadata service is disabled.
    pub fn bare() -> Self {
        let home = TempDir::new().expect("a directory for the test");
        let run = Self { arguments: Vec::new(), environment: BTreeMap::new(), home, user: None };
        let path = run.home.path().to_owned();
        run.env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("HOME", path)
            .env("AWS_EC2_METADATA_DISABLED", "true")
    }

    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    /// Arguments split at white space.
    pub fn args(self, words: &str) -> Self {
        words.split_whitespace().fold(self, Run::arg)
    }

    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.environment.insert(name.as_ref().to_owned(), value.as_ref().to_owned());
        self
    }

    pub fn unset(mut self, name: &str) -> Self {
        self.environment.remove(OsStr::new(name));
        self
    }

    /// Runs it as this user; only root can.
    pub fn with_user(mut self, user: u32) -> Self {
        self.user = Some(user);
        self
    }

    /// The home directory, which is the working directory too.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Writes an `ssm-exec.toml` into the working directory.
    pub fn file(self, text: &str) -> Self {
        std::fs::write(self.home.path().join("ssm-exec.toml"), text).expect("a file for the test");
        self
    }

    /// The command, for tests that need more than its output, and the home directory to keep alive.
    pub fn command(self) -> (Command, TempDir) {
        self.command_of(program())
    }

    /// The same, of another program.
    pub fn command_of(self, mut command: Command) -> (Command, TempDir) {
        command
            .args(&self.arguments)
            .env_clear()
            .envs(&self.environment)
            .current_dir(self.home.path())
            .stdin(Stdio::null());
        if let Some(user) = self.user {
            command.uid(user).gid(user);
        }
        catch_ignored_signals();
        (command, self.home)
    }

    /// Runs it and waits for its exit.
    pub fn run(self) -> Outcome {
        let shown = format!("{:?}", self.arguments);
        let (mut command, _home) = self.command();
        let output = command.output().expect("the binary starts");
        Outcome::new(shown, output)
    }

    /// Runs `env -0` as the command, and returns the environment that it received.
    pub fn environment(self) -> Environment {
        let outcome = self.args("-- env -0").run();
        assert_eq!(outcome.status, 0, "{}", outcome.stderr);
        Environment::parse(&outcome.stdout)
    }

    /// Expects a failure with this status before the command is started.
    pub fn fails(self, status: i32) -> Outcome {
        let marker = self.home.path().join("the-command-was-started");
        let touch = marker.clone();
        let shown = format!("{:?}", self.arguments);
        let (mut command, _home) = self.arg("--").arg("touch").arg(touch).command();
        let outcome = Outcome::new(shown, command.output().expect("the binary starts"));
        assert!(!marker.exists(), "the command was started: {}", outcome.shown);
        assert_eq!(outcome.status, status, "{}: {}", outcome.shown, outcome.stderr);
        assert!(outcome.stdout.is_empty(), "nothing is printed on stdout");
        outcome
    }
}

/// Undoes, for programs that are started, what nohup (SIGHUP) and a background job of a script (SIGINT, SIGQUIT) leave
/// ignored: the binary keeps an ignored signal ignored. A signal that is caught is not: it has its default in them.
fn catch_ignored_signals() {
    extern "C" fn goes_on(_: c_int) {}
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let caught = SigHandler::Handler(goes_on);
        let caught = SigAction::new(caught, SaFlags::SA_RESTART, SigSet::empty());
        for number in [Signal::SIGHUP, Signal::SIGINT, Signal::SIGQUIT] {
            #[allow(unsafe_code)]
            // SAFETY: the handler does nothing.
            let before = unsafe { sigaction(number, &caught) }.expect("a signal");
            if !matches!(before.handler(), SigHandler::SigIgn) {
                #[allow(unsafe_code)]
                // SAFETY: it was the action before.
                unsafe { sigaction(number, &before) }.expect("a signal");
            }
        }
    });
}

/// With it, std starts a program in another directory by posix_spawn(3) in a static build too. Its other way copies the
/// page tables of the tests, which have hundreds of MB, for each of thousands of programs.
#[used]
static CHANGES_THE_DIRECTORY: unsafe extern "C" fn(
    *mut posix_spawn_file_actions_t,
    *const c_char,
) -> c_int = posix_spawn_file_actions_addchdir_np;

/// The result of a run.
#[must_use]
pub struct Outcome {
    pub shown: String,
    /// The exit status; 128 + N for signal N.
    pub status: i32,
    pub stdout: Vec<u8>,
    pub stderr: String,
}

impl Outcome {
    fn new(shown: String, output: std::process::Output) -> Self {
        use std::os::unix::process::ExitStatusExt;
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!stderr.contains("canary"), "{shown} printed a secret value: {stderr}");
        let status = output.status;
        Self {
            shown,
            status: status
                .code()
                .or(status.signal().map(|signal| 128 + signal))
                .expect("an exit status or a signal"),
            stdout: output.stdout,
            stderr,
        }
    }

    /// Asserts that stderr contains all of these, and is a single message: its further lines are indented.
    pub fn says(&self, parts: &[&str]) -> &Self {
        for part in parts {
            assert!(self.stderr.contains(part), "{}: no {part:?} in: {}", self.shown, self.stderr);
        }
        assert_eq!(
            self.stderr.lines().filter(|line| !line.starts_with("  ")).count(),
            1,
            "expected a single message: {}",
            self.stderr
        );
        self
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.stdout.clone()).expect("UTF-8")
    }
}

/// The environment that a command received.
pub struct Environment(BTreeMap<OsString, OsString>);

impl Environment {
    pub fn parse(bytes: &[u8]) -> Self {
        let entries = bytes.split(|&byte| byte == 0).filter(|entry| !entry.is_empty());
        let pair = |entry: &[u8]| {
            let at = entry.iter().position(|&byte| byte == b'=').expect("NAME=VALUE");
            (OsString::from_vec(entry[..at].to_vec()), OsString::from_vec(entry[at + 1..].to_vec()))
        };
        Self(entries.map(pair).collect())
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(OsStr::new(name)).map(|value| value.to_str().expect("UTF-8"))
    }

    pub fn bytes(&self, name: &str) -> Option<&[u8]> {
        self.0.get(OsStr::new(name)).map(|value| value.as_bytes())
    }

    pub fn has(&self, expected: &[(&str, &str)]) -> &Self {
        for (name, value) in expected {
            assert_eq!(self.get(name), Some(*value), "{name}");
        }
        self
    }

    pub fn lacks(&self, names: &[&str]) -> &Self {
        for name in names {
            assert_eq!(self.get(name), None, "{name}");
        }
        self
    }

    /// Names that were not set by the harness.
    pub fn names(&self) -> Vec<String> {
        let ours = |name: &&OsString| {
            !["PATH", "HOME", "_", "PWD", "SHLVL"].iter().any(|known| name.as_os_str() == *known)
                && !name.as_bytes().starts_with(b"AWS_")
        };
        self.0.keys().filter(ours).map(|name| name.to_string_lossy().into_owned()).collect()
    }
}

/// Runs a command through another program: after these words, with its environment and its signals.
pub fn through(program: &str, words: &[&str], inner: &Command) -> Command {
    let mut outer = Command::new(program);
    outer.args(words);
    outer.arg(inner.get_program()).args(inner.get_args());
    outer.env_clear();
    for (name, value) in inner.get_envs() {
        outer.env(name, value.expect("a value"));
    }
    catch_ignored_signals();
    outer
}

/// Writes an executable file. Another process writes it: a child that another test starts meanwhile would inherit the
/// open descriptor, and the kernel would refuse to execute the file (ETXTBSY).
pub fn script(path: &Path, text: &str) {
    let mut writer = Command::new("sh")
        .args(["-c", "cat >\"$0\" && chmod 755 \"$0\""])
        .arg(path)
        .stdin(Stdio::piped())
        .spawn()
        .expect("a shell");
    let mut input = writer.stdin.take().expect("a pipe");
    input.write_all(text.as_bytes()).expect("a script");
    drop(input);
    assert!(writer.wait().expect("a shell").success());
}

/// Copies an executable file, in another process as [`script`] does.
pub fn copy_program(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg(from).arg(to).status();
    assert!(copied.expect("cp").success());
}

/// Turns each scenario into tests against the stub, against each variant of it, and against moto.
#[macro_export]
macro_rules! scenarios {
    ($($(#[$attribute:meta])* fn $name:ident($ssm:ident) $body:block)*) => {
        mod on_the_stub {
            $(
                $(#[$attribute])*
                #[test]
                fn $name() {
                    super::scenario::$name(&$crate::harness::Ssm::Stub(ssm_stub::Stub::start()));
                }
            )*
        }
        mod on_every_variant_of_the_stub {
            $(
                $(#[$attribute])*
                #[test]
                fn $name() {
                    for variant in ssm_stub::Variant::ALL {
                        let stub = ssm_stub::Stub::start();
                        stub.set_variants(&[variant]);
                        super::scenario::$name(&$crate::harness::Ssm::Stub(stub));
                    }
                }
            )*
        }
        mod on_moto {
            $(
                $(#[$attribute])*
                #[test]
                #[ignore = "needs moto's server: ./tests/run installs it"]
                fn $name() {
                    super::scenario::$name(&$crate::harness::Ssm::Moto($crate::support::moto::Moto::shared()));
                }
            )*
        }
        mod scenario {
            #[allow(unused_imports)]
            use super::*;
            $(pub(super) fn $name($ssm: &$crate::harness::Ssm) $body)*
        }
    };
}
