//! The main job, without an AWS account: an SSM endpoint in this process, the real binary, a program
//! that shows what arrived. The values are the demo's own and may be shown.
// It starts processes.
#![allow(clippy::disallowed_methods)]
#![allow(clippy::print_stdout)]

use ssm_stub::{Parameter, Stub};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const PARAMETERS: &[(&str, &str)] = &[
    ("/org/api/db/url", "postgres://app:demo@db.internal/app"),
    ("/org/api/db/pool-size", "10"),
    ("/org/api/sentry/dsn", "https://demo@sentry.example/1"),
    ("/org/shared/region-name", "Zürich"),
    ("/org/staging/api/database-url", "postgres://app:demo@staging.internal/app"),
    ("/org/staging/api/port", "80800"),
    ("/org/prod/api/database-url", "postgres://app:demo@prod.internal/app"),
    ("/org/prod/api/port", "8080"),
    ("/org/shared/sentry-dsn", "https://demo@sentry.example/2"),
];

fn main() {
    let binary = binary();
    let stub = Stub::start();
    println!("An SSM endpoint at {} with:", stub.url());
    for (name, value) in PARAMETERS {
        stub.put(Parameter::secure(name, value));
        println!("    {name}");
    }
    let by_prefix = "--prefix /org/api";
    let by_key = "--key DATABASE_URL=/org/api/db/url --key /org/shared/region-name";
    for options in [by_prefix, by_key] {
        println!("\n$ ssm-exec {options} -- env");
        let output = run(&binary, &stub, &format!("--no-config {options} -- env"));
        assert!(output.status.success(), "{}", text(&output.stderr));
        for line in text(&output.stdout).lines() {
            if !line.starts_with("AWS_") && !line.starts_with("PATH=") {
                println!("    {line}");
            }
        }
    }
    let missing = "--key TOKEN=/org/api/tokn -- env";
    println!("\n$ ssm-exec {missing}");
    let output = run(&binary, &stub, &format!("--no-config {missing}"));
    print!("{}", indented(&text(&output.stderr)));
    println!("    (status {}: the command was not started)", status(&output));

    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/service/ssm-exec.toml");
    println!("\nA service with three stages and a contract, examples/service/ssm-exec.toml:");
    println!("\n$ ssm-exec check --all-stages -- true");
    let output = run(&binary, &stub, &format!("check --all-stages --config {file} -- true"));
    print!("{}", indented(&text(&output.stdout)));
    println!("    (status {}: the port of staging is not a port)", status(&output));
    println!("\n{} requests were sent in all.", stub.requests().len());
}

/// Runs the binary against the endpoint, with words that have no white space in them.
fn run(binary: &Path, stub: &Stub, words: &str) -> Output {
    Command::new(binary)
        .args(words.split(' '))
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("AWS_ENDPOINT_URL_SSM", stub.url())
        .env("AWS_REGION", "eu-west-1")
        .env("AWS_ACCESS_KEY_ID", "demo")
        .env("AWS_SECRET_ACCESS_KEY", "demo")
        .output()
        .expect("the binary starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}\n")).collect()
}

fn status(output: &Output) -> i32 {
    output.status.code().unwrap_or(-1)
}

/// The binary beside this example, built if need be.
fn binary() -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    // With the example, since without it another set of features would compile the SDK again.
    build.args(["build", "--bin", "ssm-exec", "--example", "demo"]);
    build.args(["--manifest-path", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")]);
    for (name, _) in std::env::vars_os() {
        // Build scripts watch what cargo sets for this process, and would run again.
        let shown = name.to_string_lossy();
        if shown.starts_with("CARGO_PKG_") || shown.starts_with("CARGO_MANIFEST_") {
            build.env_remove(&name);
        }
    }
    let built = build.status().expect("cargo starts");
    assert!(built.success(), "the binary builds");
    let example = std::env::current_exe().expect("our own path");
    let profile = example.ancestors().nth(2).expect("target/PROFILE/examples/demo");
    profile.join("ssm-exec")
}
