//! TLS: versions, certificates and roots.

use super::End::{Started, Status};
use super::setup::{Row, Setup, by_prefix, filled, row, without_stub};
use crate::harness::Run;
use ssm_stub::{Certificate, OnConnect, Stub};
use std::io::{Read, Write};
use std::net::TcpListener;

fn tls(stub: Stub) -> Setup {
    let stub = filled(stub);
    let setup = by_prefix(stub);
    let bundle = setup.run.home().join("ca.pem");
    std::fs::write(&bundle, setup.stub.as_ref().expect("a stub").ca_pem()).expect("a bundle");
    Setup { run: setup.run.env("AWS_CA_BUNDLE", bundle), ..setup }
}

fn bundle(text: &str) -> Setup {
    let setup = tls(Stub::builder().tls().start());
    std::fs::write(setup.run.home().join("ca.pem"), text).expect("a bundle");
    setup
}

/// A server that answers each ClientHello with the alert `protocol_version`, as servers that only support
/// TLS 1.1 do (RFC 5246, 7.2.2).
fn tls11_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(&[21, 3, 2, 0, 2, 2, 70]);
        }
    });
    format!("https://localhost:{port}")
}

pub const ROWS: &[Row] = &[
    row("TLS with a CA bundle", || tls(Stub::builder().tls().start()), Started, ""),
    row("TLS 1.2 only", || tls(Stub::builder().tls12().start()), Started, ""),
    row(
        "TLS with an unknown CA",
        || by_prefix(filled(Stub::builder().tls().start())),
        Status(78),
        "issued by \"ssm-stub CA\", which is not trusted",
    ),
    row(
        "TLS with a certificate for another host",
        || tls(Stub::builder().certificate(Certificate::WrongName).start()),
        Status(78),
        "cannot be trusted: it is for elsewhere.example, not for localhost",
    ),
    row(
        "TLS with an expired certificate",
        || tls(Stub::builder().certificate(Certificate::Expired).start()),
        Status(78),
        "cannot be trusted: it expired at 2021-01-01T00:00:00Z",
    ),
    row(
        "a TLS handshake that stalls",
        || {
            let setup = tls(Stub::builder().tls().start());
            setup.stub.as_ref().expect("a stub").on_connect(OnConnect::Stall);
            Setup { run: setup.run.args("--timeout 2s"), ..setup }
        },
        Status(75),
        "2s",
    ),
    row(
        "TLS to a plain HTTP server",
        || {
            let stub = filled(Stub::start());
            let url = format!("https://localhost:{}", stub.port());
            Setup { run: Run::against(&url).args("-p /f"), stub: Some(stub) }
        },
        Status(78),
        "speaks plain HTTP, not TLS … Use `http://localhost:",
    ),
    row(
        "TLS 1.1 only",
        || without_stub(&tls11_server(), "--timeout 30s"),
        Status(78),
        "ProtocolVersion",
    ),
    row("a CA bundle that is not PEM", || bundle("canary garbage"), Status(78), "ca.pem"),
    row(
        "a CA bundle with an invalid certificate",
        || bundle("-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n"),
        Status(78),
        "certificate number 1",
    ),
];
