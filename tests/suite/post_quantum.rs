//! X25519MLKEM768: agreed to where the server can, and what happens where it or something on the way can't.

use crate::harness::*;
use crate::support::middlebox::{LARGE, Large, Middlebox};
use crate::support::moto::python;
use crate::support::relay::{Break, How, Relay, Step};
use crate::support::succeeds;
use ssm_stub::http_server::{HttpServer, Reply};
use ssm_stub::{Parameter, Stub};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

const WARNING: &str = "answers only without a post-quantum key exchange, so this run uses none";

fn filled(stub: Stub) -> Stub {
    stub.put(Parameter::secure("/n/a", "canary-a"));
    stub.put(Parameter::secure("/m/b", "canary-b"));
    stub
}

/// Against this port, where the stub is trusted.
fn against(stub: &Stub, port: u16) -> Run {
    let run = Run::against(&format!("https://localhost:{port}")).args("-p /n");
    std::fs::write(run.home().join("ca.pem"), stub.ca_pem()).expect("a file");
    run.env("AWS_CA_BUNDLE", "ca.pem")
}

fn starts(run: Run) -> Outcome {
    let outcome = run.args("-- env -0").run();
    assert_eq!(outcome.status, 0, "{}", outcome.stderr);
    Environment::parse(&outcome.stdout).has(&[("A", "canary-a")]);
    outcome
}

// Servers without it.

#[test]
fn a_server_without_it_agrees_to_x25519_without_another_hello() {
    let stub = filled(Stub::builder().tls().start());
    let outcome = starts(against(&stub, stub.port()));
    assert_eq!(outcome.stderr, "");
    let [handshake] = &stub.handshakes()[..] else {
        panic!("one handshake");
    };
    assert_eq!(handshake.group, "X25519");
    assert!(!handshake.needed_another_hello);
}

#[test]
fn older_servers_agree_to_what_they_have() {
    for (stub, group) in
        [(Stub::builder().tls12().start(), "X25519"), (Stub::builder().p256().start(), "secp256r1")]
    {
        let stub = filled(stub);
        let outcome = starts(against(&stub, stub.port()));
        assert_eq!(outcome.stderr, "");
        assert_eq!(stub.handshakes()[0].group, group);
    }
}

#[test]
fn where_it_is_required_a_server_without_it_gets_no_request() {
    for stub in [
        Stub::builder().tls().start(),
        Stub::builder().tls12().start(),
        Stub::builder().p256().start(),
    ] {
        let stub = filled(stub);
        let run = against(&stub, stub.port()).args("--post-quantum require");
        run.fails(78).says(&[
            &format!(
                "localhost:{} has no post-quantum key exchange (X25519MLKEM768), which `--post-quantum require` asks for",
                stub.port()
            ),
            "use `--post-quantum prefer`",
        ]);
        assert_eq!(stub.requests().len(), 0);
    }
}

// The setting.

/// The key exchanges with a share in a ClientHello, in their order.
fn shares(record: &[u8]) -> Vec<u16> {
    let number = |at: usize| u16::from_be_bytes([record[at], record[at + 1]]);
    // Behind the headers of the record and the message, the version and the random number.
    let session = 5 + 4 + 2 + 32;
    let suites = session + 1 + usize::from(record[session]);
    let compression = suites + 2 + usize::from(number(suites));
    let mut at = compression + 1 + usize::from(record[compression]) + 2;
    while number(at) != 51 {
        at += 4 + usize::from(number(at + 2));
    }
    let end = at + 4 + usize::from(number(at + 2));
    at += 6;
    let mut shares = Vec::new();
    while at < end {
        shares.push(number(at));
        at += 4 + usize::from(number(at + 2));
    }
    shares
}

const X25519MLKEM768: u16 = 0x11ec;
const X25519: u16 = 0x1d;

#[test]
fn both_shares_are_sent_unless_it_is_off() {
    let default: fn(Run) -> Run = |run| run;
    for (set, expected) in [
        (default, &[X25519MLKEM768, X25519][..]),
        (|run| run.args("--post-quantum prefer"), &[X25519MLKEM768, X25519]),
        (|run| run.args("--post-quantum off"), &[X25519]),
        (|run| run.env("SSM_EXEC_POST_QUANTUM", "off"), &[X25519]),
        (|run| run.file("[aws]\npost_quantum = \"off\"\n"), &[X25519]),
    ] {
        let stub = filled(Stub::builder().tls().start());
        let middlebox = Middlebox::before(stub.port(), Large::Passes);
        let _ = starts(set(against(&stub, middlebox.port())));
        let hellos = middlebox.hellos();
        assert_eq!(shares(&hellos[0]), expected);
        assert_eq!(hellos[0].len() > LARGE, expected.len() == 2);
    }
}

#[test]
fn another_word_is_refused() {
    let run = Run::against("").args("-p /n --post-quantum always");
    run.fails(64).says(&["--post-quantum", "prefer", "require", "off"]);
}

// What is in between.

#[test]
fn a_hello_in_two_segments_is_answered() {
    let stub = filled(Stub::builder().tls().start());
    let middlebox = Middlebox::before(stub.port(), Large::Splits);
    let outcome = starts(against(&stub, middlebox.port()));
    assert_eq!(outcome.stderr, "");
    assert_eq!(middlebox.hellos().len(), 1);
}

#[test]
fn where_a_large_hello_gets_no_answer_the_run_goes_on_without_and_warns_once() {
    std::thread::scope(|scope| {
        for how in [How::Reset, How::Close, How::HalfClose, How::Silence] {
            scope.spawn(move || {
                let stub = filled(Stub::builder().tls().start());
                let middlebox = Middlebox::before(stub.port(), Large::Breaks(how));
                // Two at once, and one after the other.
                let run = against(&stub, middlebox.port()).args("-p /m --timeout 3s");
                let outcome = starts(run);
                outcome.says(&[&format!("localhost:{} {WARNING}", middlebox.port())]);
                let groups = stub.handshakes().into_iter().map(|it| it.group);
                let groups: Vec<String> = groups.collect();
                assert!(groups.iter().all(|group| group == "X25519"), "{how:?}");
            });
        }
    });
}

#[test]
fn where_it_is_required_nothing_is_tried_without() {
    let stub = filled(Stub::builder().tls().start());
    let middlebox = Middlebox::before(stub.port(), Large::Breaks(How::Reset));
    let run = against(&stub, middlebox.port()).args("-q --post-quantum require --timeout 3s");
    let outcome = run.fails(75);
    outcome.says(&["ended the connection", "Connection reset by peer"]);
    let hellos = middlebox.hellos();
    assert!(hellos.iter().all(|hello| hello.len() > LARGE));
}

#[test]
fn where_nothing_is_answered_at_all_one_attempt_of_the_run_goes_without() {
    let stub = filled(Stub::builder().tls().start());
    let relay = Relay::to(stub.port(), || 0);
    relay.breaks(Break { step: Step::Hello, how: How::Reset, after: 0, connections: usize::MAX });
    let middlebox = Middlebox::before(relay.port(), Large::Passes);
    let run = against(&stub, middlebox.port()).args("-q --timeout 4s");
    let outcome = run.fails(75);
    outcome.says(&["ended the connection"]);
    let are_large = middlebox.hellos().into_iter().map(|it| it.len() > LARGE);
    let are_large: Vec<bool> = are_large.collect();
    assert_eq!(are_large[..3], [true, false, true]);
    assert_eq!(are_large.iter().filter(|large| !*large).count(), 1);
}

#[test]
fn in_the_tunnel_of_a_proxy_it_is_the_same() {
    let stub = filled(Stub::builder().tls().start());
    let middlebox = Middlebox::before(stub.port(), Large::Breaks(How::Reset));
    let port = middlebox.port();
    let proxy = HttpServer::start(move |_| Reply::Tunnel(port));
    let outcome = starts(against(&stub, port).env("HTTPS_PROXY", proxy.url()));
    outcome.says(&[WARNING]);
    let are_large = middlebox.hellos().into_iter().map(|it| it.len() > LARGE);
    assert_eq!(are_large.collect::<Vec<bool>>(), [true, false]);
    assert_eq!(proxy.lines().len(), 2);
}

#[test]
fn a_proxy_with_tls_gets_a_small_hello() {
    let stub = filled(Stub::builder().tls().start());
    let middlebox = Middlebox::before(stub.port(), Large::Passes);
    let proxy = format!("https://localhost:{}", middlebox.port());
    // The stub is none: it refuses the tunnel.
    let run = against(&stub, 1).env("HTTPS_PROXY", proxy);
    let outcome = run.args("--timeout 1s -- true").run();
    assert!(outcome.stderr.contains("from HTTPS_PROXY"), "{}", outcome.stderr);
    let hellos = middlebox.hellos();
    assert!(!hellos.is_empty() && hellos.iter().all(|hello| shares(hello) == [X25519]));
}

// A server with it.

/// Says its port, and the key exchange of each connection. It answers one request on each.
const SERVER: &str = r#"
import socket, sys
from OpenSSL import SSL
context = SSL.Context(SSL.TLS_METHOD)
context.use_certificate_file("server.pem")
context.use_privatekey_file("server.key")
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
answer = b'{"Parameters":[{"Name":"/n/a","Type":"String","Value":"canary-a","Version":1}]}'
while True:
    client = SSL.Connection(context, listener.accept()[0])
    client.set_accept_state()
    client.do_handshake()
    print(client.get_group_name(), flush=True)
    request = b""
    while not request.endswith(b"}"):
        request += client.recv(65536)
    client.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.1\r\ncontent-length: %d\r\n\r\n" % len(answer) + answer)
"#;

struct OpenSsl {
    process: Child,
    stdout: BufReader<std::process::ChildStdout>,
    /// With its certificates.
    directory: TempDir,
    port: u16,
}

impl OpenSsl {
    fn start() -> Self {
        let directory = TempDir::new().expect("a directory");
        let new = |arguments: &str| {
            let mut openssl = Command::new("openssl");
            let key = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 9";
            let words = key.split(' ').chain(arguments.split(' '));
            succeeds(openssl.args(words).current_dir(directory.path()));
        };
        new("-subj /CN=ca -keyout ca.key -out ca.pem");
        new(
            "-subj /CN=server -addext subjectAltName=DNS:localhost -addext basicConstraints=CA:FALSE -CA ca.pem -CAkey ca.key -keyout server.key -out server.pem",
        );
        let mut python = Command::new(python());
        python.args(["-c", SERVER]).current_dir(directory.path());
        let mut process = python.stdout(Stdio::piped()).spawn().expect("starts");
        let stdout = process.stdout.take().expect("a pipe");
        let mut server = Self { process, stdout: BufReader::new(stdout), directory, port: 0 };
        server.port = server.line().parse().expect("a port");
        server
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("a line");
        line.trim().to_owned()
    }
}

impl Drop for OpenSsl {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
#[ignore = "needs pyOpenSSL: ./tests/run installs it"]
fn openssl_agrees_to_it_also_when_the_hello_comes_in_two_segments() {
    let mut server = OpenSsl::start();
    for (options, large, group) in [
        ("", Large::Passes, "X25519MLKEM768"),
        ("", Large::Splits, "X25519MLKEM768"),
        ("--post-quantum require", Large::Passes, "X25519MLKEM768"),
        ("--post-quantum off", Large::Passes, "x25519"),
    ] {
        let middlebox = Middlebox::before(server.port, large);
        let url = format!("https://localhost:{}", middlebox.port());
        let run = Run::against(&url).args("-p /n -vv").args(options);
        let outcome = starts(run.env("AWS_CA_BUNDLE", server.directory.path().join("ca.pem")));
        assert_eq!(server.line(), group);
        assert_eq!(middlebox.hellos().len(), 1, "no other hello was needed");
        let says = format!("{group:?}").to_lowercase().replace('"', "");
        assert!(outcome.stderr.to_lowercase().contains(&says));
    }
}
