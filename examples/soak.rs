//! A long run of `--watch`: parameters change at random while faults come and go, and every signal is judged.
//! `cargo build && cargo run --example soak -- SECONDS [PROGRAM]`, an hour by default. It ends with 1 if one was lost or needless.
// It starts processes.
#![allow(clippy::disallowed_methods)]
#![allow(clippy::print_stdout)]

use ssm_stub::{After, Fault, Parameter, Stub, When};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, ExitCode, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// The first two are variables, the others files.
const NAMES: [&str; 4] = ["USER_NAME", "PASSWORD", "CERTIFICATE", "KEY"];
const VARIABLES: usize = 2;

/// Shows what it has: at the start, on SIGHUP, and that it ends on SIGTERM.
const PROGRAM: &str = r#"
import os, signal
def show(why):
    files = [open(os.environ[name]).read() for name in ("CERTIFICATE", "KEY")]
    print(why, os.environ["USER_NAME"], os.environ["PASSWORD"], *files, flush=True)
signal.signal(signal.SIGHUP, lambda *_: show("HUP"))
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
show("started")
while True: signal.pause()
"#;

/// A change that has no signal by then is lost.
const PATIENCE: Duration = Duration::from_secs(120);
/// At most between two changes; `--settle` is shorter.
const PAUSE: Duration = Duration::from_secs(3);
/// So many polls without a signal are silence.
const QUIET: usize = 4;
const BETWEEN_WRITES: Duration = Duration::from_millis(500);
/// What `try again later` ends with.
const TRY_LATER: i32 = 75;

type Values = [String; NAMES.len()];

/// What happens to the parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    /// Variables, files or both get new values.
    Rotate,
    /// The same, a few times with pauses.
    RotateOften,
    /// The same, while another parameter is written again and again with the same value.
    RotateAmongWrites,
    /// New versions with the same values.
    WriteAgain,
    /// New values, taken back at once.
    TakeBack,
    /// A parameter that is gone for some polls.
    Remove,
    Nothing,
}

const STEPS: [Step; 8] = [
    Step::Rotate,
    Step::Rotate,
    Step::RotateOften,
    Step::RotateAmongWrites,
    Step::WriteAgain,
    Step::TakeBack,
    Step::Remove,
    Step::Nothing,
];

struct Soak {
    stub: Stub,
    program: PathBuf,
    child: Child,
    lines: Receiver<String>,
    /// What Parameter Store has.
    stored: Values,
    /// What the program has.
    shown: Values,
    counts: BTreeMap<String, u32>,
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let seconds = arguments.next().map(|text| text.parse().expect("seconds"));
    let beside = std::env::current_exe().expect("our own path");
    let beside = beside.ancestors().nth(2).expect("target/PROFILE/examples");
    let program = arguments.next().map(PathBuf::from);
    let program = program.unwrap_or_else(|| beside.join("ssm-exec"));
    let mut soak = Soak::start(program);
    let (began, time) = (Instant::now(), Duration::from_secs(seconds.unwrap_or(3600)));
    while began.elapsed() < time {
        let step = STEPS[fastrand::usize(..STEPS.len())];
        soak.count(&format!("step {step:?}"));
        soak.take(step);
    }
    soak.report(began.elapsed())
}

impl Soak {
    fn start(program: PathBuf) -> Self {
        let stub = Stub::builder().without_record().start();
        let stored = NAMES.map(|_| value());
        for (name, value) in NAMES.iter().zip(&stored) {
            stub.put(Parameter::secure(&format!("/soak/{name}"), value));
        }
        let (child, lines) = spawn(&program, &stub);
        let mut soak = Self {
            shown: stored.clone(),
            stub,
            program,
            child,
            lines,
            stored,
            counts: BTreeMap::new(),
        };
        soak.started();
        soak
    }

    fn count(&mut self, what: &str) {
        *self.counts.entry(what.to_owned()).or_default() += 1;
    }

    fn put(&self, index: usize, value: &str) {
        let name = format!("/soak/{}", NAMES[index]);
        self.stub.put(Parameter::secure(&name, value));
    }

    fn take(&mut self, step: Step) {
        if fastrand::bool() {
            self.inject();
        }
        let chosen: Vec<usize> = match fastrand::usize(..3) {
            0 => vec![fastrand::usize(..VARIABLES)],
            1 => vec![fastrand::usize(VARIABLES..NAMES.len())],
            _ => (0..NAMES.len()).collect(),
        };
        let times = if step == Step::RotateOften { 3 } else { 1 };
        for time in 0..times {
            if time > 0 {
                std::thread::sleep(PAUSE.mul_f64(fastrand::f64()));
            }
            for &index in &chosen {
                match step {
                    Step::Rotate | Step::RotateOften | Step::RotateAmongWrites => {
                        self.stored[index] = value();
                        self.put(index, &self.stored[index]);
                    }
                    Step::WriteAgain => self.put(index, &self.stored[index]),
                    Step::TakeBack => {
                        self.put(index, &value());
                        self.put(index, &self.stored[index]);
                    }
                    Step::Remove => self.stub.remove(&format!("/soak/{}", NAMES[index])),
                    Step::Nothing => {}
                }
            }
        }
        if fastrand::bool() {
            self.inject();
        }
        if step == Step::Remove {
            self.wait_for_requests();
            for &index in &chosen {
                self.put(index, &self.stored[index]);
            }
        }
        self.settle(step);
    }

    /// The next requests fail.
    fn inject(&mut self) {
        let (name, fault) = match fastrand::usize(..9) {
            0 => ("throttled", Fault::throttle()),
            1 => ("500", Fault::internal()),
            2 => ("503 of a gateway", Fault::status(503)),
            3 => ("reset", Fault::reset()),
            4 => ("closed", Fault::close()),
            5 => ("reset in the headers", Fault::half_headers(After::Reset)),
            6 => ("closed in the body", Fault::TruncatedBody(After::Close)),
            7 => ("no response", Fault::NoResponse),
            _ => ("slow", Fault::Delay(Duration::from_millis(800))),
        };
        let requests = fastrand::usize(1..4);
        self.stub.fault_when(When::next(requests), fault);
        self.count(&format!("fault {name}"));
    }

    fn wait_for_requests(&self) {
        self.stub.wait_for_requests(self.stub.served() + QUIET);
    }

    /// Waits until the program has what is stored, and nothing more comes.
    fn settle(&mut self, step: Step) {
        let began = Instant::now();
        while self.shown != self.stored {
            match self.lines.recv_timeout(BETWEEN_WRITES) {
                Ok(line) => self.signalled(step, &line),
                Err(_) if began.elapsed() > PATIENCE => {
                    println!("{step:?}: no signal within {PATIENCE:?}");
                    self.count("LOST");
                    let _ = self.child.kill();
                    return self.restart();
                }
                Err(_) if step == Step::RotateAmongWrites => {
                    let index = fastrand::usize(..NAMES.len());
                    self.put(index, &self.stored[index]);
                }
                Err(_) => {}
            }
        }
        self.wait_for_requests();
        while let Ok(line) = self.lines.try_recv() {
            self.signalled(step, &line);
        }
    }

    /// Judges a signal.
    fn signalled(&mut self, step: Step, line: &str) {
        let before = self.shown.clone();
        let changed = if line.is_empty() {
            self.count("SIGTERM");
            self.restart();
            before[..VARIABLES] != self.shown[..VARIABLES]
        } else {
            self.count("SIGHUP");
            self.shown = values(line);
            before != self.shown
        };
        if !changed {
            println!("{step:?}: a needless signal");
            self.count("NEEDLESS");
        }
    }

    /// Does what a supervisor does.
    fn restart(&mut self) {
        loop {
            let status = self.child.wait().expect("it ends");
            (self.child, self.lines) = spawn(&self.program, &self.stub);
            if status.code() == Some(TRY_LATER) {
                self.count("starts that failed");
            }
            if self.started() {
                return;
            }
        }
    }

    fn started(&mut self) -> bool {
        let line = self.lines.recv_timeout(PATIENCE).expect("a line or its end");
        if line.is_empty() {
            return false;
        }
        self.shown = values(&line);
        true
    }

    fn report(mut self, took: Duration) -> ExitCode {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let bad: u32 = ["LOST", "NEEDLESS"]
            .iter()
            .map(|name| *self.counts.entry((*name).to_owned()).or_default())
            .sum();
        println!("{:6} seconds", took.as_secs());
        println!("{:6} requests", self.stub.served());
        for (what, count) in &self.counts {
            println!("{count:6} {what}");
        }
        ExitCode::from(u8::from(bad != 0))
    }
}

/// A value that was never there before, of any length.
fn value() -> String {
    format!("{:x}{}", fastrand::u64(..), "x".repeat(fastrand::usize(..3000)))
}

fn values(line: &str) -> Values {
    let mut words = line.split(' ').skip(1).map(str::to_owned);
    NAMES.map(|_| words.next().expect("a value"))
}

/// Starts the program, and reads its lines; an empty one is its end.
fn spawn(program: &PathBuf, stub: &Stub) -> (Child, Receiver<String>) {
    let options = "--no-config --key /soak/USER_NAME --key /soak/PASSWORD --file CERTIFICATE=/soak/CERTIFICATE \
        --file KEY=/soak/KEY --watch 1s --settle 2s --on-file-change HUP --timeout 3s -- python3 -c";
    let mut child = Command::new(program)
        .args(options.split_whitespace())
        .arg(PROGRAM)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("AWS_ENDPOINT_URL_SSM", stub.url())
        .env("AWS_REGION", "eu-west-1")
        .env("AWS_ACCESS_KEY_ID", "soak")
        .env("AWS_SECRET_ACCESS_KEY", "soak")
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let stdout = child.stdout.take().expect("a pipe");
    (child, lines(stdout))
}

fn lines(stdout: ChildStdout) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let lines = BufReader::new(stdout).lines().map_while(Result::ok);
        for line in lines.chain([String::new()]) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}
