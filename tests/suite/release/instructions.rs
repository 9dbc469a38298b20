//! Instructions that a start executes, counted by callgrind and compared with a recorded baseline. They
//! hardly depend on the machine, and not on its load.
//!
//! `check` is measured instead of a launch: callgrind reports nothing for a process that calls `execve`.

use super::shipped_binary;
use crate::support::*;
use ssm_stub::{Parameter, Stub};
use std::fmt::Write;
use std::fs;
use std::process::Command;

const BASELINE: &str = "tests/suite/release/instructions.txt";
/// How much a count may differ from the baseline.
const TOLERANCE: f64 = 0.05;

/// With these root certificates beside the stub's.
fn count(parameters: usize, stub: &Stub, roots: &str) -> u64 {
    for n in 0..parameters {
        let value = format!("canary-{n}-{}", "x".repeat(40));
        stub.put(Parameter::secure(&format!("/bench/key-{n}"), &value));
    }
    let home = tempfile::tempdir().expect("a directory for the test");
    let bundle = home.path().join("ca.pem");
    if stub.url().starts_with("https") {
        write(&bundle, &(roots.to_owned() + stub.ca_pem()));
    }
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(shipped_binary())
        .args(["check", "--no-config", "--prefix", "/bench"])
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", home.path())
        .env("AWS_REGION", "eu-west-1")
        .env("AWS_ENDPOINT_URL_SSM", stub.url())
        .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "canary-key")
        .env("SSL_CERT_FILE", bundle)
        .output()
        .expect("valgrind starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    let collected = stderr.lines().find_map(|line| line.split_once("Collected : "));
    let (_, number) = collected.expect("callgrind prints a count");
    number.trim().parse().expect("a number")
}

fn over_tls() -> Stub {
    Stub::builder().tls().start()
}

#[test]
#[ignore = "needs valgrind and the recorded compiler: ./tests/run provides them"]
fn startup_instructions_stay_within_the_baseline() {
    let counts = [
        ("1 page, HTTP", count(10, &Stub::start(), "")),
        ("1 page, HTTPS", count(10, &over_tls(), "")),
        ("1 page, HTTPS with a system's roots", count(10, &over_tls(), &public_roots())),
        ("100 pages, HTTP", count(1_000, &Stub::start(), "")),
    ];
    let path = project(BASELINE);
    let recorded = fs::read_to_string(&path).expect("the recorded counts");
    if std::env::var_os("SSM_EXEC_BLESS").is_some() {
        let compiler = Command::new("rustc").arg("--version").output().expect("rustc");
        let mut text = String::from_utf8(compiler.stdout).expect("UTF-8");
        for (name, count) in counts {
            let _ = writeln!(text, "{count} {name}");
        }
        write(&path, &text);
        return;
    }
    for (name, count) in counts {
        let line = recorded.lines().find_map(|line| line.strip_suffix(name));
        let before: f64 = line.expect(name).trim().parse().expect("a number");
        let ratio = count as f64 / before;
        assert!(
            (ratio - 1.0).abs() <= TOLERANCE,
            "{name}: {ratio:.3} of the baseline. If this is intended, run SSM_EXEC_BLESS=1 cargo test -- --ignored startup_instructions, and give the reason in the commit"
        );
    }
}
