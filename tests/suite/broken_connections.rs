//! A connection that ends at any step, in any way, is retried; if all do, the run ends with 75. None ends
//! the process by SIGPIPE, whatever that signal does.

use crate::harness::*;
use crate::support::relay::{Break, How, Relay, Step};
use nix::sys::signal::{SigHandler, Signal, signal};
use ssm_stub::http_server::{HttpServer, Reply};
use ssm_stub::{Parameter, Stub};
use std::os::unix::process::CommandExt;
use std::sync::Arc;

/// Two pages.
const COUNT: usize = 15;
const STEPS: [Step; 4] = [Step::Hello, Step::Handshake, Step::Request, Step::Answer];
const BANNER: How = How::Text("220 mail.example ESMTP ready\r\n");
const HOWS: [How; 4] = [How::Reset, How::Close, How::HalfClose, BANNER];

/// What the process does with SIGPIPE, as it was started.
#[derive(Debug, Clone, Copy)]
enum Sigpipe {
    Default,
    Ignored,
}

struct Server {
    stub: Arc<Stub>,
    relay: Arc<Relay>,
    scheme: &'static str,
}

fn server(tls: bool) -> Server {
    let stub = match tls {
        true => Stub::builder().tls().start(),
        false => Stub::start(),
    };
    for n in 0..COUNT {
        stub.put(Parameter::secure(&format!("/b/k{n}"), "canary"));
    }
    let stub = Arc::new(stub);
    let counted = Arc::clone(&stub);
    let relay = Relay::to(stub.port(), move || counted.requests().len());
    Server { stub, relay: Arc::new(relay), scheme: if tls { "https" } else { "http" } }
}

impl Server {
    fn run(&self) -> Run {
        let run = Run::against(&format!("{}://localhost:{}", self.scheme, self.relay.port()));
        if self.scheme == "http" {
            return run;
        }
        std::fs::write(run.home().join("ca.pem"), self.stub.ca_pem()).expect("a file");
        run.env("AWS_CA_BUNDLE", "ca.pem")
    }
}

/// The exit status and stderr.
fn end(run: Run, sigpipe: Sigpipe) -> (String, String) {
    let (mut command, _home) = run.command();
    let handler = match sigpipe {
        Sigpipe::Default => SigHandler::SigDfl,
        Sigpipe::Ignored => SigHandler::SigIgn,
    };
    // SAFETY: signal(2) is async-signal-safe, and neither action is a handler of ours.
    #[allow(unsafe_code, clippy::multiple_unsafe_ops_per_block)]
    unsafe {
        command.pre_exec(move || {
            signal(Signal::SIGPIPE, handler)?;
            Ok(())
        });
    }
    let output = command.output().expect("starts");
    // A launch says it on stderr, check in its report.
    let said = [output.stderr, output.stdout].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(!said.contains("canary"), "{said}");
    (output.status.to_string(), said)
}

/// Each step, each way to break, and both dispositions, a thread for each break.
fn each_break(tls: bool, expect: impl Fn(&Server, Break, Sigpipe) + Sync) {
    std::thread::scope(|scope| {
        for (step, how) in STEPS.iter().flat_map(|step| HOWS.map(|how| (*step, how))) {
            let expect = &expect;
            scope.spawn(move || {
                let server = server(tls);
                let next = Break { step, how, after: 0, connections: usize::MAX };
                expect(&server, next, Sigpipe::Default);
                expect(&server, next, Sigpipe::Ignored);
            });
        }
    });
}

fn expect_retried(tls: bool, words: &'static str) {
    each_break(tls, |server, next, sigpipe| {
        server.relay.breaks(Break { connections: 1, ..next });
        let run = server.run().args("--timeout 60s").args(words);
        let (status, said) = end(run, sigpipe);
        assert_eq!(status, STARTED, "{next:?} {sigpipe:?}: {said}");
    });
}

const STARTED: &str = "exit status: 0";

/// Whether a run ended as it should when every connection breaks. After an answer, each may have brought one page; over
/// plain HTTP the first bytes of the server are an answer.
fn has_ended(scheme: &str, step: Step, status: &str) -> bool {
    let brings_pages = step == Step::Answer || scheme == "http" && step != Step::Hello;
    status == "exit status: 75" || brings_pages && status == STARTED
}

const LAUNCH: &str = "-p /b -- true";
const CHECK: &str = "check -p /b";

#[test]
fn a_launch_over_https_goes_on_when_the_first_connections_break() {
    expect_retried(true, LAUNCH);
}

#[test]
fn a_check_over_https_goes_on_when_the_first_connections_break() {
    expect_retried(true, CHECK);
}

#[test]
fn a_launch_over_http_goes_on_when_the_first_connections_break() {
    expect_retried(false, LAUNCH);
}

#[test]
fn when_every_connection_breaks_the_status_is_75_and_the_message_names_the_server() {
    let expect = |server: &Server, next: Break, sigpipe: Sigpipe| {
        server.relay.breaks(next);
        let run = |words| {
            let (status, said) = end(server.run().args("--timeout 6s").args(words), sigpipe);
            let case = format!("{next:?}, SIGPIPE {sigpipe:?}, {words}: {said}");
            let named = format!("localhost:{}", server.relay.port());
            assert!(has_ended(server.scheme, next.step, &status), "{case}");
            // If each connection fetches a page, the deadline may come before one breaks.
            let is_over = next.step == Step::Answer && said.contains("timed out after");
            assert!(said.contains(&named) || status == STARTED || is_over, "{case}");
        };
        std::thread::scope(|scope| {
            scope.spawn(|| run(LAUNCH));
            run(CHECK);
        });
    };
    each_break(true, expect);
    each_break(false, expect);
}

#[test]
fn a_connection_that_breaks_behind_a_proxy_is_retried() {
    each_break(true, |server, next, sigpipe| {
        let relay = Arc::clone(&server.relay);
        let proxy = HttpServer::start(move |_| Reply::Tunnel(relay.port()));
        let run = || server.run().env("HTTPS_PROXY", proxy.url());
        server.relay.breaks(Break { connections: 1, ..next });
        let (status, said) = end(run().args("--timeout 60s").args(LAUNCH), sigpipe);
        assert_eq!(status, STARTED, "{next:?} {sigpipe:?}: {said}");
        server.relay.breaks(next);
        let (status, said) = end(run().args("--timeout 3s").args(LAUNCH), sigpipe);
        assert!(has_ended(server.scheme, next.step, &status), "{next:?} {sigpipe:?}: {said}");
    });
}

#[test]
fn a_proxy_that_ends_the_connection_in_the_place_of_its_answer_is_retried() {
    each_break(true, |server, next, sigpipe| {
        let port = server.relay.port();
        let proxy = Arc::new(HttpServer::start(move |_| Reply::Tunnel(port)));
        let url = proxy.url();
        let own = url.rsplit(':').next().and_then(|port| port.parse().ok());
        let before_it = Relay::to(own.expect("a port"), {
            let proxy = Arc::clone(&proxy);
            move || proxy.requests().len()
        });
        before_it.breaks(Break { connections: 1, ..next });
        let url = format!("http://localhost:{}", before_it.port());
        let run = server.run().env("HTTPS_PROXY", url);
        let (status, said) = end(run.args("--timeout 60s").args(LAUNCH), sigpipe);
        assert_eq!(status, STARTED, "{next:?} {sigpipe:?}: {said}");
    });
}
