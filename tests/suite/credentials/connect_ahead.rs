//! The connection to Parameter Store is opened while another server is asked for credentials.

use super::retries::each_source;
use super::*;
use ssm_stub::OnConnect;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

/// What does not come within this is missing.
const PATIENCE: Duration = Duration::from_secs(60);

/// An agent of a container that is asked after `wait`.
fn agent_after(wait: impl Fn() + Send + Sync + 'static) -> HttpServer {
    HttpServer::start(move |_| {
        wait();
        json("ASIAPOD")
    })
}

/// A run that asks this agent for credentials.
fn with_agent(stub: &Stub, agent: &HttpServer) -> Run {
    without_credentials(stub).env("AWS_CONTAINER_CREDENTIALS_FULL_URI", agent.url())
}

/// Parameter Store over TLS, which this run trusts.
fn over_tls() -> Arc<Stub> {
    let stub = Stub::builder().tls().start();
    stub.put(Parameter::secure("/c/a", "canary-a"));
    Arc::new(stub)
}

fn trusting(run: Run, stub: &Stub) -> Run {
    write(&run, "ca.pem", stub.ca_pem());
    run.args("--ca-bundle ca.pem")
}

#[test]
fn it_is_there_before_any_source_has_answered_and_is_the_only_one() {
    each_source(|source| {
        let stub = Arc::new(stub());
        let (connected, answer) = (Arc::clone(&stub), source.answer);
        let server = HttpServer::start(move |request| {
            connected.wait_for_connections(1);
            answer(request)
        });
        let run = source.run(&stub, server.url());
        assert_eq!(signer(&stub, run).key, source.key, "{}", source.name);
        assert_eq!(stub.connections(), 1, "{}", source.name);
    });
}

#[test]
fn its_tls_handshake_is_over_before_the_credentials_are_there() {
    let stub = over_tls();
    let shaken = Arc::clone(&stub);
    let agent = agent_after(move || {
        crate::support::eventually("a handshake", || !shaken.handshakes().is_empty());
    });
    let run = trusting(with_agent(&stub, &agent), &stub);
    assert_eq!(signer(&stub, run).key, "ASIAPOD");
    assert_eq!((stub.connections(), stub.handshakes().len()), (1, 1));
}

#[test]
fn more_are_opened_once_there_are_credentials() {
    let stub = Arc::new(stub());
    for n in 0..21 {
        stub.put(Parameter::secure(&format!("/c/{n}"), "canary"));
    }
    let connected = Arc::clone(&stub);
    let before = Arc::new(Mutex::new(0));
    let seen = Arc::clone(&before);
    let agent = agent_after(move || {
        connected.wait_for_connections(1);
        *seen.lock().expect("not poisoned") = connected.connections();
    });
    let keys = (0..21).fold(String::new(), |keys, n| keys + &format!(" -k K{n}=/c/{n}"));
    let run = with_agent(&stub, &agent).args(&keys);
    run.environment().has(&[("K20", "canary")]);
    assert_eq!(*before.lock().expect("not poisoned"), 1);
    assert_eq!((stub.connections(), stub.served()), (3, 3));
}

#[test]
fn the_command_has_none_of_it() {
    let stub = Arc::new(stub());
    let connected = Arc::clone(&stub);
    let agent = agent_after(move || connected.wait_for_connections(1));
    let descriptors = |run: Run| {
        let outcome = run.args("-- sh -c").arg("echo /proc/self/fd/*").run();
        assert_eq!(outcome.status, 0, "{}", outcome.stderr);
        outcome.text()
    };
    let without = descriptors(with_environment_keys(without_credentials(&stub)));
    assert_eq!(descriptors(with_agent(&stub, &agent)), without);
}

#[test]
fn there_is_none_where_no_other_server_is_asked() {
    let stub = stub();
    let half = without_credentials(&stub).env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
    half.fails(77).says(&["AWS_SECRET_ACCESS_KEY"]);
    let none = without_credentials(&stub);
    none.fails(77).says(&["no AWS credentials"]);
    let process = "[default]\ncredential_process = sh -c 'sleep 0.1; exit 3'\n";
    let process = with_config(without_credentials(&stub), process);
    process.fails(77).says(&["it ended with status 3"]);
    assert_eq!(stub.connections(), 0);
}

#[test]
fn there_is_none_where_only_sts_is_needed() {
    let (stub, agent) = (stub(), HttpServer::start(|_| json("ASIAPOD")));
    let sts = HttpServer::start(|_| {
        ok(
            "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
            <Arn>arn:aws:sts::111122223333:assumed-role/api/x</Arn><UserId>AROA:x</UserId><Account>111122223333</Account>\
            </GetCallerIdentityResult></GetCallerIdentityResponse>",
        )
    });
    let run = Run::bare().args("policy -k A=/c/a").env("AWS_REGION", "eu-west-1");
    let run = run.env("AWS_CONTAINER_CREDENTIALS_FULL_URI", agent.url());
    let run = run.env("AWS_ENDPOINT_URL_SSM", stub.url());
    let outcome = run.env("AWS_ENDPOINT_URL_STS", sts.url()).run();
    assert_eq!(outcome.status, 0, "{}", outcome.stderr);
    assert_eq!((sts.requests().len(), stub.connections()), (1, 0));
}

#[test]
fn there_is_none_for_a_poll() {
    let stub = stub();
    let (asked, is_asked) = mpsc::channel();
    let asked = Mutex::new((0, asked));
    let agent = HttpServer::start(move |_| {
        let mut asked = asked.lock().expect("not poisoned");
        asked.0 += 1;
        let _ = asked.1.send(());
        match asked.0 {
            1 => json("ASIAPOD"),
            _ => status(400, r#"{"code":"Odd","message":"no more of this"}"#),
        }
    });
    let run = with_agent(&stub, &agent).args("--watch 1s --on-change HUP -- cat");
    let (mut command, _home) = run.command();
    // It ends with the test.
    command.stdin(Stdio::piped()).stdout(Stdio::null());
    let child = command.stderr(Stdio::null()).spawn();
    let mut child = child.expect("the binary starts");
    // The start and two polls.
    for _ in 0..3 {
        is_asked.recv_timeout(PATIENCE).expect("a request");
    }
    assert_eq!(stub.connections(), 1);
    drop(child.stdin.take());
    child.wait().expect("a process");
}

#[test]
fn one_that_has_ended_meanwhile_is_replaced_without_a_word() {
    for how in [OnConnect::Close, OnConnect::Reset] {
        let stub = Arc::new(stub());
        stub.on_connect(how);
        let ended = Arc::clone(&stub);
        let agent = agent_after(move || {
            ended.wait_for_connections(1);
            ended.on_connect(OnConnect::Serve);
        });
        let outcome = with_agent(&stub, &agent).args("-- true").run();
        assert_eq!((outcome.status, &*outcome.stderr), (0, ""), "{how:?}");
        assert_eq!(stub.connections(), 2, "{how:?}");
    }
}

#[test]
fn a_failed_one_is_replaced_without_a_word() {
    let stub = over_tls();
    stub.on_connect(OnConnect::Close);
    let ended = Arc::clone(&stub);
    let agent = agent_after(move || {
        // The second one is without a post-quantum key exchange.
        ended.wait_for_connections(2);
        ended.on_connect(OnConnect::Serve);
    });
    let run = trusting(with_agent(&stub, &agent), &stub);
    let outcome = run.args("-- true").run();
    assert_eq!((outcome.status, &*outcome.stderr), (0, ""));
}

/// Refuses the first tunnel, and tells when its connection has ended; then all connections go to this proxy.
fn refuses_once(then: &HttpServer, has_ended: mpsc::Sender<()>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let then = then.url().replace("http://", "");
    std::thread::spawn(move || {
        let (mut refused, _) = listener.accept().expect("a connection");
        let _ = refused.read(&mut [0; 1024]).expect("a request");
        let answer = b"HTTP/1.1 407 no\r\ncontent-length: 0\r\n\r\n";
        refused.write_all(answer).expect("a connection");
        std::io::copy(&mut refused, &mut std::io::sink()).expect("an end");
        has_ended.send(()).expect("a test");
        for client in listener.incoming().flatten() {
            let server = TcpStream::connect(&then).expect("a proxy");
            std::thread::scope(|scope| {
                scope.spawn(|| std::io::copy(&mut &client, &mut &server));
                std::io::copy(&mut &server, &mut &client)
            })
            .expect("a tunnel");
        }
    });
    url
}

#[test]
fn one_that_a_proxy_has_refused_is_replaced_without_a_word() {
    let stub = over_tls();
    let port = stub.port();
    let tunnels = HttpServer::start(move |_| Reply::Tunnel(port));
    let (ended, has_ended) = mpsc::channel();
    let has_ended = Mutex::new(has_ended);
    let agent = agent_after(move || {
        let has_ended = has_ended.lock().expect("not poisoned");
        has_ended.recv_timeout(PATIENCE).expect("an end");
    });
    let run = trusting(with_agent(&stub, &agent), &stub);
    let run = run.env("HTTPS_PROXY", refuses_once(&tunnels, ended));
    let outcome = run.args("-- true").run();
    assert_eq!((outcome.status, &*outcome.stderr), (0, ""));
    assert_eq!(stub.connections(), 1);
}

#[test]
fn what_prevents_it_is_said_once_the_request_fails_of_it() {
    let agent = HttpServer::start(|_| json("ASIAPOD"));
    let run = |url: &str| {
        let run = Run::bare().env("AWS_ENDPOINT_URL_SSM", url).args("-k A=/c/a");
        let run = run.env("AWS_CONTAINER_CREDENTIALS_FULL_URI", agent.url());
        run.env("AWS_REGION", "eu-west-1")
    };
    let refused = run("http://127.0.0.1:1").args("--timeout 900ms").fails(75);
    refused.says(&["could not connect to 127.0.0.1:1 (Connection refused)"]);
    run("http://ssm.example.test").fails(78).says(&["over plain HTTP"]);
    // The request waits for the handshake that was begun before it, no longer than for one of its own.
    let stub = over_tls();
    stub.on_connect(OnConnect::Stall);
    let silent = trusting(run(&stub.url()), &stub).args("--timeout 6s");
    silent.fails(75).says(&["did not complete the TLS handshake within 3.1s"]);
}

#[test]
fn the_error_of_the_credentials_comes_before_that_of_a_proxy() {
    for (code, answer, says) in [
        (77, Some("Odd"), "no more of this"),
        (78, None, "does not accept the user `user` and its password"),
    ] {
        let (asked, is_asked) = mpsc::channel();
        let asked = Mutex::new(asked);
        let proxy = HttpServer::start(move |_| {
            let _ = asked.lock().expect("not poisoned").send(());
            status(407, "canary")
        });
        let is_asked = Mutex::new(is_asked);
        let agent = HttpServer::start(move |_| {
            let is_asked = is_asked.lock().expect("not poisoned");
            is_asked.recv_timeout(PATIENCE).expect("a request");
            match answer {
                Some(code) => {
                    let text = format!(r#"{{"code":"{code}","message":"no more of this"}}"#);
                    status(400, text)
                }
                None => json("ASIAPOD"),
            }
        });
        let url = proxy.url().replace("//", "//user:canary@");
        let run = Run::bare().env("AWS_REGION", "eu-west-1").args("-k A=/c/a");
        let run = run.env("AWS_CONTAINER_CREDENTIALS_FULL_URI", agent.url());
        run.env("HTTPS_PROXY", url).fails(code).says(&[says]);
    }
}
