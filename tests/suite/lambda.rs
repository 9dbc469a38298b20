//! AWS Lambda's runtime interface emulator: as the `bootstrap` of a custom runtime, and as the wrapper of
//! the Python runtime.

use crate::harness::copy_program;
use crate::support::*;
use ssm_stub::{Fault, Parameter, Stub};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// A minimal custom runtime: serves invocations, and returns the secret in capitals.
const RUNTIME: &str = r#"#!/usr/bin/env python3
import http.client, json, os
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
base = "/2018-06-01/runtime/invocation/"
while True:
    api.request("GET", base + "next")
    event = api.getresponse()
    event.read()
    answer = json.dumps({"got": os.environ["PASSWORD"].upper()})
    api.request("POST", base + event.headers["Lambda-Runtime-Aws-Request-Id"] + "/response", answer)
    api.getresponse().read()
"#;

/// The same as a function for the managed runtime.
const FUNCTION: &str = r#"
import os
def handler(event, context):
    return {"got": os.environ["PASSWORD"].upper()}
"#;

/// How the bootstrap of a managed runtime calls a wrapper.
const MANAGED: &str = r#"#!/bin/sh
exec "$AWS_LAMBDA_EXEC_WRAPPER" "$PYTHON" -m awslambdaric "$_HANDLER"
"#;

struct Emulator {
    process: Child,
    address: SocketAddr,
    task: TempDir,
}

impl Emulator {
    /// Starts in an empty task root; `prepare` fills it and returns the path of the program.
    fn start(stub: &Stub, handler: &str, prepare: impl FnOnce(&Path) -> PathBuf) -> Self {
        let emulator = project("target/lambda/aws-lambda-rie");
        assert!(emulator.exists(), "no {}: tests/needs gets it", emulator.display());
        let task = tempfile::tempdir().expect("a directory for the test");
        let program = prepare(task.path());
        let (address, api) = (free_address(), free_address());
        let log = File::create(task.path().join("log")).expect("a log");
        let process = Command::new(emulator)
            .arg("--runtime-interface-emulator-address")
            .arg(address.to_string())
            .arg("--runtime-api-address")
            .arg(api.to_string())
            .arg(program)
            .arg(handler)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").expect("a PATH"))
            .env("LAMBDA_TASK_ROOT", task.path())
            .env("AWS_LAMBDA_EXEC_WRAPPER", task.path().join("ssm-exec"))
            .env("PYTHON", crate::support::moto::python())
            .env("AWS_ENDPOINT_URL_SSM", stub.url())
            .env("AWS_REGION", "eu-west-1")
            .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", "key")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("SSM_EXEC_PREFIX", "/fn")
            .current_dir(task.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a second handle"))
            .stderr(log)
            // In its own process group, so that the runtime can be killed with the emulator.
            .process_group(0)
            .spawn()
            .expect("the emulator starts");
        let emulator = Self { process, address, task };
        eventually("the emulator listens", || emulator.connect().is_ok());
        emulator
    }

    fn connect(&self) -> std::io::Result<TcpStream> {
        TcpStream::connect(self.address)
    }

    /// Invokes the function, and returns the whole HTTP response.
    fn invoke(&self) -> String {
        let mut stream = self.connect().expect("the emulator listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        let request = "POST /2015-03-31/functions/function/invocations HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}";
        stream.write_all(request.as_bytes()).expect("a request");
        let mut response = String::new();
        if let Err(error) = stream.read_to_string(&mut response) {
            panic!("no answer ({error}): {}", self.log());
        }
        response
    }

    fn log(&self) -> String {
        fs::read_to_string(self.task.path().join("log")).expect("a log")
    }

    /// Asserts that the function gets the value, and that its log doesn't contain it.
    fn expect_success(&self) {
        for _ in 0..2 {
            let response = self.invoke();
            assert!(response.contains(r#""got": "CANARY-F""#), "{response}\n{}", self.log());
        }
        assert!(!self.log().contains("canary"), "{}", self.log());
    }

    /// Asserts that the function fails, and that its log contains these words.
    fn expect_failure(&self, words: &[&str]) {
        let response = self.invoke();
        assert!(response.starts_with("HTTP/1.1 502"), "{response}\n{}", self.log());
        let log = self.log();
        for word in words {
            assert!(log.contains(word), "no {word:?} in {log}");
        }
        assert!(!log.contains("canary"), "{log}");
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let group = format!("-{}", self.process.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
        let _ = self.process.wait();
    }
}

fn stub() -> Stub {
    let stub = Stub::start();
    stub.put(Parameter::secure("/fn/password", "canary-f"));
    stub
}

/// A custom runtime: without a configured command, the handler's file is the command.
fn custom(task: &Path) -> PathBuf {
    crate::harness::script(&task.join("function"), RUNTIME);
    let bootstrap = task.join("bootstrap");
    copy_program(static_binary(), &bootstrap);
    bootstrap
}

fn managed(task: &Path) -> PathBuf {
    let python = crate::support::moto::python();
    assert!(python.exists(), "no awslambdaric: tests/needs installs it");
    write(&task.join("app.py"), FUNCTION);
    copy_program(static_binary(), &task.join("ssm-exec"));
    let bootstrap = task.join("bootstrap");
    crate::harness::script(&bootstrap, MANAGED);
    bootstrap
}

#[test]
#[ignore = "needs Lambda's emulator: ./tests/run provides it"]
fn it_is_the_bootstrap_of_a_custom_runtime() {
    let stub = stub();
    Emulator::start(&stub, "function", custom).expect_success();
    assert_eq!(stub.requests().len(), 1, "one fetch for all invocations");
}

#[test]
#[ignore = "needs Lambda's emulator: ./tests/run provides it"]
fn a_bootstrap_runs_the_command_from_the_file() {
    let stub = stub();
    let prepare = |task: &Path| {
        let bootstrap = custom(task);
        fs::rename(task.join("function"), task.join("server")).expect("renamed");
        write(&task.join("ssm-exec.toml"), "command = [\"./server\", \"--quiet\"]\n");
        bootstrap
    };
    Emulator::start(&stub, "function", prepare).expect_success();
}

#[test]
#[ignore = "needs Lambda's emulator and awslambdaric: ./tests/run provides them"]
fn it_wraps_a_managed_runtime() {
    let stub = stub();
    Emulator::start(&stub, "app.handler", managed).expect_success();
    assert_eq!(stub.requests().len(), 1, "one fetch for all invocations");
}

#[test]
#[ignore = "needs Lambda's emulator: ./tests/run provides it"]
fn a_missing_parameter_is_reported_in_the_function_log() {
    let stub = Stub::start();
    Emulator::start(&stub, "function", custom).expect_failure(&[
        "ssm-exec: ",
        "/fn",
        "exit status 66",
    ]);
}

#[test]
#[ignore = "needs Lambda's emulator: ./tests/run provides it"]
fn the_default_timeout_is_below_the_init_timeout_of_lambda() {
    let stub = stub();
    stub.always(Fault::NoResponse);
    let emulator = Emulator::start(&stub, "function", custom);
    emulator.expect_failure(&["within 8s", "exit status 75"]);
}

#[test]
#[ignore = "needs Lambda's emulator: ./tests/run provides it"]
fn the_configured_timeout_is_used() {
    let stub = stub();
    stub.always(Fault::NoResponse);
    let prepare = |task: &Path| {
        write(&task.join("ssm-exec.toml"), "timeout = \"1s\"\n");
        custom(task)
    };
    Emulator::start(&stub, "function", prepare).expect_failure(&[" 1s", "exit status 75"]);
}
