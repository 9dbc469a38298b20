//! Credentials that expire while the watcher polls, and are renewed.

use super::*;
use crate::credentials::sessions::{seconds_from_now, with_login};
use ssm_stub::Request;
use ssm_stub::http_server::{HttpServer, ok};
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Temporary credentials number `n`.
fn key_id(n: usize) -> String {
    format!("ASIAEXAMPLE{n}")
}

/// As the container's agent and credential processes return them.
fn as_json(n: usize) -> String {
    let (id, key) = (key_id(n), "canary-key");
    format!(
        r#"{{"Version":1,"AccessKeyId":"{id}","SecretAccessKey":"{key}","SessionToken":"canary-token-{n}","Token":"canary-token-{n}","Expiration":"2099-01-01T00:00:00Z"}}"#
    )
}

fn is_signed_with(request: &Request, n: usize) -> bool {
    let authorization = request.header("authorization").unwrap_or_default();
    authorization.contains(&format!("Credential={}/", key_id(n)))
}

/// Waits until requests are signed with credentials number `n`.
fn wait_for_signature(stub: &Stub, n: usize) {
    while !stub.requests().last().is_some_and(|request| is_signed_with(request, n)) {
        stub.wait_for_requests(stub.requests().len() + 1);
    }
}

fn without_credentials(stub: &Stub) -> Run {
    Run::against(&stub.url())
        .unset("AWS_ACCESS_KEY_ID")
        .unset("AWS_SECRET_ACCESS_KEY")
        .args("-p /watch --settle 0s --on-change HUP")
}

/// Renews the credentials twice. The ones before expire each time, and a change is found afterwards.
fn follows_renewed_credentials(stub: &Stub, run: Run, renew: impl Fn(usize)) {
    let run = watch_run(run);
    run.stdout.wait_for("started");
    wait_for_signature(stub, 0);
    for n in 1..3 {
        renew(n);
        wait_for_signature(stub, n);
        stub.expire(&key_id(n - 1));
        wait_for_polls(stub, 2);
        let value = format!("canary-{n}");
        stub.put(Parameter::secure("/watch/password", &value));
        let line = run.stderr.wait_for("ssm-exec: warning: /watch");
        assert!(line.contains("sending SIGHUP"), "{line}");
        assert_eq!(run.stdout.next(), "got HUP");
    }
    let (stdout, stderr) = run.stop();
    assert_eq!(stdout, ["got TERM"]);
    assert_eq!(stderr, [""; 0]);
    assert!(
        stub.requests().iter().all(|request| request.outcome == ssm_stub::Outcome::Answered),
        "no request was sent with expired credentials"
    );
}

#[test]
fn those_of_a_container_are_found_anew_for_each_poll() {
    let stub = stub();
    let current = Arc::new(AtomicUsize::new(0));
    let served = Arc::clone(&current);
    let agent = HttpServer::start(move |_| ok(as_json(served.load(Ordering::SeqCst))));
    let run = without_credentials(&stub).env("AWS_CONTAINER_CREDENTIALS_FULL_URI", agent.url());
    follows_renewed_credentials(&stub, run, |n| current.store(n, Ordering::SeqCst));
}

#[test]
fn those_of_a_process_are_found_anew_for_each_poll() {
    let stub = stub();
    let run = without_credentials(&stub);
    let file = run.home().join("credentials.json");
    fs::write(&file, as_json(0)).expect("a file");
    let config = format!("[default]\ncredential_process = cat {}\n", file.display());
    fs::create_dir(run.home().join(".aws")).expect("a directory");
    fs::write(run.home().join(".aws/config"), config).expect("a file");
    follows_renewed_credentials(&stub, run, |n| replace(&file, &as_json(n)));
}

#[test]
fn those_of_a_file_are_read_anew_for_each_poll() {
    let profile = |n: usize| {
        let (id, key) = (key_id(n), "canary-key");
        format!(
            "[default]\naws_access_key_id = {id}\naws_secret_access_key = {key}\naws_session_token = canary-token-{n}\n"
        )
    };
    let stub = stub();
    let run = without_credentials(&stub);
    let file = run.home().join(".aws/credentials");
    fs::create_dir(run.home().join(".aws")).expect("a directory");
    fs::write(&file, profile(0)).expect("a file");
    follows_renewed_credentials(&stub, run, |n| replace(&file, &profile(n)));
}

/// Renamed into place, so that it is never read incomplete.
fn replace(file: &PathBuf, text: &str) {
    let new = file.with_extension("new");
    fs::write(&new, text).expect("a file");
    fs::rename(new, file).expect("a file");
}

#[test]
fn while_they_have_expired_and_are_not_renewed_there_is_one_warning_and_no_signal() {
    let stub = stub();
    let current = Arc::new(AtomicUsize::new(0));
    let served = Arc::clone(&current);
    let agent = HttpServer::start(move |_| ok(as_json(served.load(Ordering::SeqCst))));
    let run = without_credentials(&stub).env("AWS_CONTAINER_CREDENTIALS_FULL_URI", agent.url());
    let run = watch_run(run);
    run.stdout.wait_for("started");
    stub.expire(&key_id(0));
    stub.put(Parameter::secure("/watch/password", "canary-two"));
    let line = run.stderr.wait_for("could not look for changes");
    assert!(line.contains("ExpiredTokenException"), "{line}");
    stub.wait_for_requests(stub.requests().len() + 2);
    assert_eq!(run.stderr.so_far(), [""; 0]);
    assert_eq!(run.stdout.so_far(), [""; 0]);
    current.store(1, Ordering::SeqCst);
    run.stderr.wait_for("sending SIGHUP");
    assert_eq!(run.stdout.next(), "got HUP");
    assert_eq!(run.stop().0, ["got TERM"]);
}

/// The refresh token is the person's.
#[test]
fn a_session_is_not_renewed_by_polls() {
    let stub = stub();
    let server = HttpServer::start(|_| ok("{}"));
    let run = with_login(without_credentials(&stub), "login", &seconds_from_now(6));
    let run = watch_run(run.env("AWS_ENDPOINT_URL_SIGNIN", server.url()));
    run.stdout.wait_for("started");
    // The start may renew it, which fails here, and the token still lives.
    assert_eq!(server.lines(), ["POST /v1/token"]);
    let line = run.stderr.wait_for("could not look for changes");
    assert!(line.contains("`aws login` has expired"), "{line}");
    assert_eq!(server.lines(), ["POST /v1/token"]);
    assert_eq!(run.stop().0, ["got TERM"]);
}
