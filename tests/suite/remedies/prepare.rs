//! Sets a case up: Parameter Store, STS and other servers, files and variables.

use super::case::Case;
use crate::harness::*;
use crate::support::succeeds;
use nix::sched::{CloneFlags, unshare};
use nix::sys::socket::{Backlog, listen};

use serde_json::Value;
use ssm_stub::http_server::*;
use ssm_stub::{Certificate, Fault, Parameter, Stub, When};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// The caller that STS names, unless a case has another one.
const CALLER: &str = "arn:aws:sts::111122223333:assumed-role/api/i-0123456789abcdef0";

fn identity(caller: &str) -> String {
    let account = caller.split(':').nth(4).expect("an account");
    format!(
        "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult><Arn>{caller}</Arn><UserId>x</UserId><Account>{account}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
    )
}

/// What a case runs against.
pub struct Servers {
    pub stub: Stub,
    sts: HttpServer,
    others: Vec<(String, HttpServer)>,
}

impl Servers {
    pub fn start(case: &Case) -> Self {
        let stub = stub(case);
        let port = stub.port();
        let others = case.list("server").map(|server| {
            let variable = server["variable"].as_str().expect("a variable");
            (variable.to_owned(), http_server(server.clone(), port))
        });
        Self { sts: sts(&case.table["sts"]), others: others.collect(), stub }
    }

    /// The run, without the command that it would start.
    pub fn run(&self, case: &Case) -> Run {
        let mut run = Run::against(&self.stub.url()).env("AWS_ENDPOINT_URL_STS", self.sts.url());
        if case.is("keys", false) {
            run = run.unset("AWS_ACCESS_KEY_ID").unset("AWS_SECRET_ACCESS_KEY");
        }
        for (variable, server) in &self.others {
            run = run.env(variable, server.url());
        }
        let home = run.home().to_owned();
        for (path, text) in case.entries("files") {
            let path = home.join(path);
            std::fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
            std::fs::write(path, self.fill(text, &run)).expect("a file");
        }
        for (path, text) in case.entries("bytes") {
            std::fs::write(home.join(path), bytes(text)).expect("a file");
        }
        for (path, owner) in case.entries("owners") {
            let owner = owner.parse().expect("a number");
            std::os::unix::fs::chown(home.join(path), Some(owner), None).expect("root");
        }
        for (path, mode) in case.entries("modes") {
            let mode = u32::from_str_radix(mode, 8).expect("a mode");
            let permissions = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(home.join(path), permissions).expect("a file");
        }
        for (name, value) in case.entries("env") {
            run = match value {
                "" => run.unset(name),
                value => {
                    let value = self.fill(value, &run);
                    run.env(name, value)
                }
            };
        }
        let words = self.fill(case.text("command"), &run);
        run.args(&words)
    }

    /// The port of the first of the other servers.
    fn proxy_port(&self) -> String {
        let first = self.others.first().map(|(_, server)| server.url());
        let port = first.as_deref().and_then(|url| url.rsplit(':').next());
        port.unwrap_or_default().to_owned()
    }

    /// Replaces the placeholders.
    pub fn fill(&self, text: &str, run: &Run) -> String {
        text.replace("{home}", &run.home().to_string_lossy())
            .replace("{stub}", &self.stub.url())
            .replace("{port}", &self.stub.port().to_string())
            .replace("{proxy}", &self.proxy_port())
    }
}

/// From hexadecimal; the rest of the file is filled with zeros.
fn bytes(text: &str) -> Vec<u8> {
    let digits: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
    let byte = |pair: &[char]| {
        let pair: String = pair.iter().collect();
        u8::from_str_radix(&pair, 16).expect("hexadecimal")
    };
    let mut bytes: Vec<u8> = digits.chunks(2).map(byte).collect();
    bytes.resize(bytes.len().max(64), 0);
    bytes
}

/// Parameter Store.
fn stub(case: &Case) -> Stub {
    let options = &case.table["stub"];
    let mut builder = Stub::builder();
    if let Some(seconds) = options["clock-ahead"].as_i64() {
        builder = builder.clock_ahead(seconds);
    }
    builder = match options["certificate"].as_str() {
        None => builder,
        Some("untrusted") => builder.tls(),
        Some("expired") => builder.certificate(Certificate::Expired),
        Some(other) => panic!("{}: no certificate {other}", case.name),
    };
    let stub = builder.start();
    for name in ["/r/a", "/r/b", "/r/c"] {
        stub.put(Parameter::secure(name, "canary"));
    }
    for (name, value) in case.entries("parameters") {
        let value = match value.strip_prefix("canary × ") {
            Some(times) => "canary".repeat(times.parse().expect("a number")),
            None => value.to_owned(),
        };
        stub.put(Parameter::secure(name, &value));
    }
    for error in case.list("error") {
        let (when, fault) = fault(error);
        stub.fault_when(when, fault);
    }
    stub
}

/// An answer of Parameter Store, and to which requests.
fn fault(error: &Value) -> (When, Fault) {
    let text = |key: &str| error[key].as_str();
    let mut when = match error["times"].as_u64() {
        Some(times) => When::next(usize::try_from(times).expect("a number")),
        None => When::every(),
    };
    if let Some(action) = text("action") {
        when = when.action(action);
    }
    if let Some(name) = text("naming") {
        when = when.naming(name);
    }
    let fault = match (text("fault"), text("code")) {
        (Some("stalls"), _) => Fault::TruncatedBody(ssm_stub::After::Stall),
        (Some("no response"), _) => Fault::NoResponse,
        (Some(other), _) => panic!("no fault {other}"),
        (None, Some(code)) => Fault::client(code, text("message").unwrap_or_default()),
        (None, None) => Fault::status(
            u16::try_from(error["status"].as_u64().expect("a status")).expect("a status"),
        ),
    };
    let fault = match text("date") {
        Some(date) => fault.header("date", date),
        None => fault,
    };
    (when, fault)
}

/// STS: it names the caller, and answers everything else with the error, if there is one.
fn sts(error: &Value) -> HttpServer {
    let identity = identity(error["caller"].as_str().unwrap_or(CALLER));
    let code = error["code"].as_str().map(str::to_owned);
    let message = error["message"].as_str().unwrap_or_default().to_owned();
    let failed = u16::try_from(error["status"].as_u64().unwrap_or(403)).expect("a status");
    HttpServer::start(move |seen| {
        let (status, body) = match &code {
            _ if seen.body.starts_with("Action=GetCallerIdentity") => (200, identity.clone()),
            Some(code) => (
                failed,
                format!(
                    "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
                ),
            ),
            None => (failed, "canary".to_owned()),
        };
        Reply::Response {
            status,
            header: Some(("x-amzn-requestid", "c6104cbe-0000-4000-8000-1f0a6b1d5b1d")),
            body,
        }
    })
}

/// A server with its answers: the first whose request is what the line begins with. Without one, it hangs.
fn http_server(server: Value, stub_port: u16) -> HttpServer {
    HttpServer::start(move |seen| {
        let answers = server["answer"].as_array().into_iter().flatten();
        let mut matching = answers
            .filter(|answer| seen.line.starts_with(answer["request"].as_str().unwrap_or_default()));
        let Some(answer) = matching.next() else {
            return Reply::Hang;
        };
        if answer["tunnel"].as_bool() == Some(true) {
            return Reply::Tunnel(stub_port);
        }
        let header = answer["header"].as_str().and_then(|header| header.split_once(": "));
        let leaked = |text: &str| -> &'static str { Box::leak(text.to_owned().into_boxed_str()) };
        Reply::Response {
            status: u16::try_from(answer["status"].as_u64().unwrap_or(200)).expect("a status"),
            header: header.map(|(name, value)| (leaked(name), leaked(value))),
            body: answer["body"].as_str().unwrap_or_default().to_owned(),
        }
    })
}

/// What only root can prepare, for this thread and what it starts: a network without a way out, in which these
/// names have addresses.
pub fn network(case: &Case) -> Vec<TcpStream> {
    unshare(CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS).expect("root");
    succeeds(Command::new("ip").args(["link", "set", "lo", "up"]));
    succeeds(Command::new("mount").args(["--make-rprivate", "/"]));
    let hosts = tempfile::NamedTempFile::new().expect("a file");
    let mut text = String::from("127.0.0.1 localhost\n");
    let mut kept = Vec::new();
    for (name, address) in case.entries("hosts") {
        let (address, silent) = match address.split_once(' ') {
            Some((address, _)) => (address, true),
            None => (address, false),
        };
        text.push_str(&format!("{address} {name}\n"));
        if silent {
            kept.extend(silent_server(&format!("{address}:443")));
        }
    }
    std::fs::write(&hosts, text).expect("a file");
    let bind = |file: &Path, over: &str| {
        succeeds(Command::new("mount").arg("--bind").arg(file).arg(over));
    };
    bind(hosts.path(), "/etc/hosts");
    if let Some(code) = case.table["dns"].as_u64() {
        name_server(u8::try_from(code).expect("a code"));
        let resolver = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(&resolver, "nameserver 127.0.0.53\n").expect("a file");
        bind(resolver.path(), "/etc/resolv.conf");
    }
    kept
}

/// A name server that answers every query with this code, at 127.0.0.53 of this thread's network.
fn name_server(code: u8) {
    let socket = UdpSocket::bind("127.0.0.53:53").expect("an address");
    std::thread::spawn(move || {
        let mut query = [0; 512];
        while let Ok((length, from)) = socket.recv_from(&mut query) {
            query[2] |= 0x80;
            query[3] = code;
            let _ = socket.send_to(&query[..length], from);
        }
    });
}

/// A server whose queue of connections is full: the kernel drops every further one. It lives as long as the
/// connections.
fn silent_server(address: &str) -> Vec<TcpStream> {
    let server = TcpListener::bind(address).expect("an address");
    listen(&server, Backlog::new(0).expect("a length")).expect("a listener");
    let address = server.local_addr().expect("an address");
    let mut waiting = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(200)) {
        waiting.push(stream);
    }
    std::mem::forget(server);
    waiting
}
