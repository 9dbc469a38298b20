//! The static binary in an empty root directory: no loader, no libc, no CA certificates, and only the
//! files in `/etc` that a test writes.

use crate::harness::copy_program;
use crate::support::*;
use ssm_stub::{Parameter, Stub};
use std::net::{Ipv4Addr, UdpSocket};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tempfile::TempDir;

/// A root directory with the binary, and busybox as its command.
fn root() -> TempDir {
    let root = tempfile::tempdir().expect("a directory for the test");
    copy_program(static_binary(), &root.path().join("ssm-exec"));
    copy_program(busybox(), &root.path().join("busybox"));
    root
}

/// `ssm-exec WORDS -- busybox env` in the root directory.
fn launch(root: &Path, url: &str, words: &str) -> Output {
    Command::new("/usr/sbin/chroot")
        .arg(root)
        .arg("/ssm-exec")
        .args(words.split_whitespace())
        .args(["-p", "/r", "--", "/busybox", "env"])
        .env_clear()
        .env("AWS_ENDPOINT_URL_SSM", url)
        .env("AWS_REGION", "eu-west-1")
        .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "key")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .output()
        .expect("chroot")
}

fn filled(stub: Stub) -> Stub {
    stub.put(Parameter::secure("/r/a", "canary-a"));
    stub
}

fn expect_started(output: &Output) {
    assert!(output.status.success(), "{}", text(output));
    let environment = String::from_utf8_lossy(&output.stdout);
    assert!(environment.lines().any(|line| line == "A=canary-a"), "{environment}");
}

#[test]
#[ignore = "needs root: ./tests/run provides it"]
fn it_runs_in_an_empty_root_directory() {
    let stub = filled(Stub::start());
    expect_started(&launch(root().path(), &stub.url(), ""));
}

#[test]
#[ignore = "needs root: ./tests/run provides it"]
fn etc_hosts_and_a_private_ca_are_used() {
    let stub = filled(Stub::builder().tls().start());
    let root = root();
    write(&root.path().join("etc/hosts"), "127.0.0.1 localhost\n");
    write(&root.path().join("ca.pem"), stub.ca_pem());
    let url = format!("https://localhost:{}", stub.port());
    expect_started(&launch(root.path(), &url, "--ca-bundle /ca.pem"));
}

#[test]
#[ignore = "needs root: ./tests/run provides it"]
fn the_resolver_from_resolv_conf_is_used() {
    let stub = filled(Stub::start());
    let root = root();
    resolve(root.path(), 64, Duration::ZERO);
    let url = format!("http://ssm.example.test:{}", stub.port());
    expect_started(&launch(root.path(), &url, "--allow-http"));
}

#[test]
#[ignore = "needs root: ./tests/run provides it"]
fn connections_that_are_opened_at_once_share_a_lookup() {
    let stub = filled(Stub::start());
    let root = root();
    // All of them are waiting by then, and no resolver has asked twice.
    let lookups = resolve(root.path(), 128, Duration::from_secs(1));
    let mut words = "--allow-http".to_owned();
    for n in 0..21 {
        stub.put(Parameter::secure(&format!("/key/{n}"), "canary"));
        words += &format!(" -k K{n}=/key/{n}");
    }
    let url = format!("http://ssm.example.test:{}", stub.port());
    expect_started(&launch(root.path(), &url, &words));
    assert_eq!(stub.connections(), 4);
    assert_eq!(lookups.load(Ordering::Relaxed), 1);
}

#[test]
#[ignore = "needs root: ./tests/run provides it"]
fn without_a_bundle_only_the_compiled_in_roots_are_trusted() {
    let binary = std::fs::read(static_binary()).expect("the binary");
    for name in ["Amazon Root CA 1", "Amazon Root CA 4", "Starfield Services Root"] {
        assert!(
            binary.windows(name.len()).any(|window| window == name.as_bytes()),
            "{name} is not compiled in"
        );
    }
    let stub = filled(Stub::builder().tls().start());
    let root = root();
    write(&root.path().join("etc/hosts"), "127.0.0.1 localhost\n");
    let output = launch(root.path(), &stub.url(), "--timeout 5s");
    assert_eq!(output.status.code(), Some(78), "{}", text(&output));
    assert!(text(&output).contains("cannot be trusted"), "{}", text(&output));
}

/// Gives this root directory a resolver that answers every query of type A with 127.0.0.1, and other queries with no record,
/// after a latency. Counts the lookups of IPv6 addresses: each lookup has one, and a query for the reason of a failure none.
/// Its address is its own: port 53 of 127.0.0.1 may be in use, and another run of the tests has resolvers too.
fn resolve(root: &Path, block: u8, latency: Duration) -> Arc<AtomicUsize> {
    let [_, high, middle, low] = std::process::id().to_be_bytes();
    let address = Ipv4Addr::new(127, block | high, middle, low);
    let configuration = format!("nameserver {address}\n");
    write(&root.join("etc/resolv.conf"), &configuration);
    let socket = UdpSocket::bind((address, 53)).expect("port 53, which root may have");
    let lookups = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&lookups);
    std::thread::spawn(move || {
        let mut packet = [0; 512];
        while let Ok((size, peer)) = socket.recv_from(&mut packet) {
            let question = packet[..size].to_vec();
            let is_ipv6 = question.ends_with(&[0, 28, 0, 1]);
            counted.fetch_add(usize::from(is_ipv6), Ordering::Relaxed);
            let socket = socket.try_clone().expect("a socket");
            std::thread::spawn(move || {
                std::thread::sleep(latency);
                let _ = socket.send_to(&answer(&question), peer);
            });
        }
    });
    lookups
}

/// RFC 1035, section 4: the header and the question, then one address for type A.
fn answer(question: &[u8]) -> Vec<u8> {
    const HEADER: usize = 12;
    let name = question[HEADER..].iter().position(|&byte| byte == 0).expect("a name's end");
    let end = HEADER + name + 5;
    let is_ipv4 = question[end - 4..end] == [0, 1, 0, 1];
    let mut answer = question[..end].to_vec();
    answer[2..4].copy_from_slice(&[0x81, 0x80]);
    answer[6..12].copy_from_slice(&[0, u8::from(is_ipv4), 0, 0, 0, 0]);
    if is_ipv4 {
        // A pointer to the name, type A, class IN, TTL 60, four bytes.
        answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1]);
    }
    answer
}
