//! How a server is reached: plain HTTP and its limits, proxies, root certificates, and the size of responses.

use crate::harness::*;
use crate::support::public_roots;
use ssm_stub::http_server::*;
use ssm_stub::{Certificate, Fault, Parameter, Stub};
use std::io::{Read, Write};
use std::net::TcpListener;

/// Nothing has this name, and nothing may be sent to it in clear.
const ELSEWHERE: &str = "http://ssm.invalid:4566";

fn filled(stub: Stub) -> Stub {
    stub.put(Parameter::secure("/n/a", "canary-a"));
    stub
}

fn over_http() -> (Stub, Run) {
    let stub = filled(Stub::start());
    let run = Run::against(&stub.url()).args("-p /n");
    (stub, run)
}

/// A stub whose CA nothing trusts, and the file that its certificate is in.
fn over_tls() -> (Stub, Run) {
    let stub = filled(Stub::builder().tls().start());
    let run = Run::against(&stub.url()).args("-p /n");
    std::fs::write(run.home().join("ca.pem"), stub.ca_pem()).expect("a file");
    (stub, run)
}

fn with_shared_config(run: Run, text: &str) -> Run {
    let path = run.home().join("shared");
    std::fs::write(&path, text).expect("a file");
    run.env("AWS_CONFIG_FILE", path)
}

// Plain HTTP.

#[test]
fn plain_http_to_another_machine_is_refused_wherever_the_endpoint_comes_from() {
    let profile = format!("[default]\nendpoint_url = {ELSEWHERE}\n");
    let services = format!(
        "[default]\nservices = local\n[services local]\nssm =\n  endpoint_url = {ELSEWHERE}\n"
    );
    let role = |run: Run| run.args("--role-arn arn:aws:iam::111122223333:role/api");
    let shared =
        |text: &str| with_shared_config(Run::against(""), text).unset("AWS_ENDPOINT_URL_SSM");
    for run in [
        shared(&profile),
        shared(&services),
        role(shared(&profile)),
        role(shared("")).env("AWS_ENDPOINT_URL_STS", ELSEWHERE),
    ] {
        run.args("-p /n --timeout 5s").fails(78).says(&[
            "http://ssm.invalid:4566 would receive secrets over plain HTTP",
            "--allow-http",
        ]);
    }
}

#[test]
fn plain_http_to_another_machine_is_sent_where_it_is_allowed() {
    let profile = format!("[default]\nendpoint_url = {ELSEWHERE}\n");
    with_shared_config(Run::against(""), &profile)
        .unset("AWS_ENDPOINT_URL_SSM")
        .args("-p /n -q --timeout 3s --allow-http")
        .fails(75)
        .says(&["DNS: no address for ssm.invalid (NXDOMAIN; "]);
}

#[test]
fn plain_http_reaches_this_machine_by_any_of_its_names() {
    let stub = filled(Stub::start());
    for host in ["localhost", "LOCALHOST", "127.0.0.1"] {
        let profile = format!("[default]\nendpoint_url = http://{host}:{}\n", stub.port());
        with_shared_config(Run::against(""), &profile)
            .unset("AWS_ENDPOINT_URL_SSM")
            .args("-p /n")
            .environment()
            .has(&[("A", "canary-a")]);
    }
}

// Proxies.

#[test]
fn http_proxy_never_carries_requests_to_this_machine() {
    let (stub, run) = over_http();
    let proxy = HttpServer::start(|_| ok("canary"));
    run.env("HTTP_PROXY", proxy.url())
        .env("ALL_PROXY", proxy.url())
        .environment()
        .has(&[("A", "canary-a")]);
    assert_eq!(proxy.lines(), [""; 0]);
    drop(stub);
}

#[test]
fn http_proxy_carries_plain_http_that_is_allowed() {
    let answer =
        r#"{"Parameters":[{"Name":"/n/a","Type":"String","Value":"canary-a","Version":1}]}"#;
    let proxy = HttpServer::start(move |_| ok(answer));
    let url = proxy.url().replace("//", "//user:canary-proxy@");
    Run::against(ELSEWHERE)
        .args("-p /n --allow-http")
        .env("HTTP_PROXY", url)
        .environment()
        .has(&[("A", "canary-a")]);
    let [seen] = <[HttpRequest; 1]>::try_from(proxy.requests()).expect("one request");
    assert_eq!(seen.line, "POST http://ssm.invalid:4566/");
    assert_eq!(seen.header("host"), Some("ssm.invalid:4566"));
    // Base64 of `user:canary-proxy`.
    let authorization = seen.header("proxy-authorization");
    assert_eq!(authorization, Some("Basic dXNlcjpjYW5hcnktcHJveHk="));
}

#[test]
fn no_proxy_takes_wildcards_domains_and_networks() {
    for (endpoint, names) in [
        ("https://ssm.eu.invalid", "*.invalid"),
        ("https://ssm.eu.invalid", ".invalid"),
        ("https://ssm.eu.invalid:8443", "other, ssm.eu.invalid:8443"),
        ("https://127.0.0.1:1", "127.0.0.0/8"),
    ] {
        let proxy = HttpServer::start(|_| status(502, "canary"));
        let run = Run::against(endpoint).args("-p /n -q --timeout 3s");
        let outcome = run.env("HTTPS_PROXY", proxy.url()).env("NO_PROXY", names).fails(75);
        outcome.says(&["could not"]);
        assert_eq!(proxy.lines(), [""; 0], "{names}");
    }
}

#[test]
fn a_proxy_variable_that_cannot_be_used_is_a_configuration_error() {
    for (variable, url) in [
        ("HTTPS_PROXY", "socks5://user:canary@127.0.0.1:1080"),
        ("https_proxy", "socks5h://127.0.0.1:1080"),
        ("ALL_PROXY", "ftp://user:canary@127.0.0.1:1080"),
        ("HTTP_PROXY", "http://user:canary@host:port"),
        ("HTTPS_PROXY", "http://user:canary@"),
        ("HTTPS_PROXY", "http://user:canary@a b"),
    ] {
        let (_stub, run) = over_http();
        run.env(variable, url).fails(78).says(&[variable]);
    }
}

#[test]
fn an_empty_proxy_variable_is_not_set() {
    let (_stub, run) = over_tls();
    run.args("--ca-bundle ca.pem")
        .env("HTTPS_PROXY", "")
        .env("ALL_PROXY", "")
        .environment()
        .has(&[("A", "canary-a")]);
}

/// A run over HTTPS to AWS itself, by this proxy.
fn by_proxy(url: &str) -> Run {
    Run::against("")
        .unset("AWS_ENDPOINT_URL_SSM")
        .env("HTTPS_PROXY", url)
        .args("-p /n -q --timeout 3s")
}

#[test]
fn a_dead_proxy_is_named_without_its_password() {
    for (url, reason) in [
        ("http://user:canary@127.0.0.1:1", "Connection refused"),
        ("http://user:canary@proxy.invalid:3128", "no address for proxy.invalid (NXDOMAIN; "),
    ] {
        let shown = url.replace("user:canary@", "");
        by_proxy(url).fails(75).says(&[
            &format!("the proxy {shown} (from HTTPS_PROXY) could not be reached"),
            reason,
            "NO_PROXY=ssm.eu-west-1.amazonaws.com",
        ]);
    }
}

#[test]
fn a_proxy_that_sends_a_page_in_the_place_of_a_tunnel_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n<html>login</html>");
            // Until the other side has read it.
            let _ = stream.read_to_end(&mut Vec::new());
        }
    });
    let outcome = by_proxy(&url).fails(75);
    outcome.says(&[
        &format!("the proxy {url} (from HTTPS_PROXY) opens no tunnel to ssm.eu-west-1.amazonaws.com:443, but says \"<html>login</html>\""),
        "NO_PROXY=ssm.eu-west-1.amazonaws.com",
    ]);
    assert!(!outcome.stderr.contains("AWS_ENDPOINT_URL"), "{}", outcome.stderr);
}

#[test]
fn a_proxy_that_asks_for_a_password_or_forbids_the_host_ends_the_run_at_once() {
    for (code, remedy) in [
        (407, "does not accept the user `user` and its password"),
        (403, "forbids ssm.eu-west-1.amazonaws.com:443"),
    ] {
        let proxy = HttpServer::start(move |_| status(code, "canary"));
        let url = proxy.url().replace("//", "//user:canary@");
        by_proxy(&url).fails(78).says(&[
            &format!("the proxy {} (from HTTPS_PROXY)", proxy.url()),
            &format!("(HTTP {code})"),
            remedy,
        ]);
        assert_eq!(proxy.lines().len(), 1, "{code}");
    }
}

// Root certificates.

#[test]
fn ssl_cert_file_and_ssl_cert_dir_are_trusted() {
    let trusted: [fn(Run) -> Run; 6] = [
        |run| run.env("SSL_CERT_FILE", "ca.pem"),
        |run| run.env("SSL_CERT_FILE", "ca.pem").env("SSL_CERT_DIR", ""),
        |run| run.env("SSL_CERT_DIR", "."),
        |run| run.env("SSL_CERT_DIR", "/etc/ssl:."),
        |run| run.env("SSL_CERT_FILE", "").env("AWS_CA_BUNDLE", "ca.pem"),
        |run| {
            std::fs::write(run.home().join("aws"), "[default]\nca_bundle = ca.pem\n")
                .expect("a file");
            run.env("AWS_CONFIG_FILE", "aws")
        },
    ];
    for trust in trusted {
        let (_stub, run) = over_tls();
        trust(run).environment().has(&[("A", "canary-a")]);
    }
}

#[test]
fn an_empty_ssl_cert_file_is_not_set() {
    let (_stub, run) = over_tls();
    run.env("SSL_CERT_FILE", "").fails(78).says(&["which is not trusted", "--ca-bundle FILE"]);
}

#[test]
fn a_named_file_without_certificates_never_falls_back_to_other_roots() {
    for (variable, path) in [
        ("SSL_CERT_FILE", "missing.pem"),
        ("SSL_CERT_FILE", "empty.pem"),
        ("SSL_CERT_FILE", "garbage.pem"),
        ("SSL_CERT_FILE", "key.pem"),
        ("SSL_CERT_FILE", "."),
        ("SSL_CERT_DIR", "missing"),
        ("SSL_CERT_DIR", "nothing"),
        ("AWS_CA_BUNDLE", "missing.pem"),
        ("AWS_CA_BUNDLE", "key.pem"),
    ] {
        let (_stub, run) = over_tls();
        let home = run.home().to_owned();
        let file = |name: &str, text: &str| std::fs::write(home.join(name), text).expect("a file");
        file("empty.pem", "");
        file("garbage.pem", "canary");
        file("key.pem", "-----BEGIN PRIVATE KEY-----\nQUJD\n-----END PRIVATE KEY-----\n");
        std::fs::create_dir(home.join("nothing")).expect("a directory");
        run.env(variable, path).fails(78).says(&[variable, path]);
    }
}

#[test]
fn a_bundle_that_is_no_regular_file_or_too_large_is_refused() {
    for variable in ["SSL_CERT_FILE", "AWS_CA_BUNDLE"] {
        for path in ["fifo", "/dev/zero", "/dev/null", ".", "large.pem"] {
            let (_stub, run) = over_tls();
            let fifo = run.home().join("fifo");
            nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).expect("a FIFO");
            let large = std::fs::File::create(run.home().join("large.pem")).expect("a file");
            large.set_len(64 << 20).expect("a sparse file");
            run.env(variable, path).fails(78).says(&[variable]);
        }
    }
}

// Certificates.

#[test]
fn an_untrusted_certificate_is_refused_with_its_issuer_and_host() {
    let (stub, run) = over_tls();
    let server = format!("the certificate of localhost:{} cannot", stub.port());
    run.fails(78).says(&[&server, "it is issued by \"ssm-stub CA\", which is not trusted"]);
}

/// Ways to trust the stub's CA: only it, among the system's roots, and in a directory.
const TRUSTED: [fn(Run) -> Run; 4] = [
    |run| run.args("--ca-bundle ca.pem"),
    |run| run.env("SSL_CERT_FILE", "ca.pem"),
    |run| {
        let ca = std::fs::read_to_string(run.home().join("ca.pem")).expect("a CA");
        std::fs::write(run.home().join("all.pem"), public_roots() + &ca).expect("a file");
        run.env("SSL_CERT_FILE", "all.pem")
    },
    |run| run.env("SSL_CERT_DIR", "."),
];

fn with_certificate(certificate: Certificate) -> (Stub, Run) {
    let stub = filled(Stub::builder().certificate(certificate).start());
    let run = Run::against(&stub.url()).args("-p /n");
    std::fs::write(run.home().join("ca.pem"), stub.ca_pem()).expect("a file");
    (stub, run)
}

#[test]
fn bad_certificates_are_refused_however_their_ca_is_trusted() {
    for (certificate, status, reason) in [
        (Certificate::WrongName, 78, "it is for elsewhere.example, not for localhost"),
        (Certificate::Expired, 78, "it expired at 2021-01-01T00:00:00Z"),
        (Certificate::NotValidYet, 75, "it is not valid before 2090-01-01T00:00:00Z"),
        (Certificate::ClientOnly, 78, "it is not for servers"),
        (Certificate::Nameless, 78, "it has no host names (subjectAltName)"),
        (Certificate::SelfSigned, 78, "which is not trusted"),
        (Certificate::SelfSignedCa, 78, "it is a CA's own, not a server's"),
        (Certificate::Impostor, 78, "cannot be trusted"),
        (Certificate::IssuedByNoCa, 78, "cannot be trusted"),
        (Certificate::IssuedWithoutCertSign, 78, "its issuer may not issue certificates"),
        (Certificate::ExpiredCa, 78, "whose root certificate expired at 2021-01-01"),
        (Certificate::CaForMail, 78, "whose root certificate is not for servers"),
        (Certificate::CaWithoutCertSign, 78, "whose root certificate may not issue certificates"),
        (Certificate::Unreadable, 78, "it cannot be read"),
    ] {
        for trust in TRUSTED {
            let (_stub, run) = with_certificate(certificate);
            trust(run).fails(status).says(&["the certificate of localhost", reason]);
        }
    }
}

#[test]
fn a_bundle_is_not_refused_for_a_root_that_is_not_used() {
    for certificate in
        [Certificate::ExpiredCa, Certificate::CaForMail, Certificate::CaWithoutCertSign]
    {
        let (other, _) = with_certificate(certificate);
        let (stub, run) = with_certificate(Certificate::Good);
        let bundle = other.ca_pem().to_owned() + stub.ca_pem();
        std::fs::write(run.home().join("ca.pem"), bundle).expect("a file");
        run.args("--ca-bundle ca.pem").environment().has(&[("A", "canary-a")]);
    }
}

#[test]
fn good_certificates_are_accepted_however_their_ca_is_trusted() {
    for certificate in [Certificate::Good, Certificate::Intermediate] {
        for trust in TRUSTED {
            let (_stub, run) = with_certificate(certificate);
            trust(run).environment().has(&[("A", "canary-a")]);
        }
    }
}

// A server that doesn't answer.

#[test]
fn a_step_that_takes_too_long_is_named_with_the_host() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = silent.local_addr().expect("an address");
    std::thread::scope(|scope| {
        for (endpoint, step) in [
            (format!("http://{address}"), "sent no response within 5.4s"),
            (format!("https://{address}"), "did not complete the TLS handshake within 3.1s"),
        ] {
            scope.spawn(move || {
                let run = Run::against(&endpoint).args("-p /n --timeout 6s");
                let outcome = run.fails(75);
                assert!(outcome.stderr.contains(step), "{}", outcome.stderr);
                assert!(outcome.stderr.contains("could not fetch /n/* within 6s"));
            });
        }
    });
}

// The size of responses.

#[test]
fn a_response_larger_than_ten_parameters_can_be_is_refused() {
    let (stub, run) = over_http();
    let body = format!(r#"{{"Parameters":[],"x":"{}"}}"#, "x".repeat(3 << 20));
    stub.always(Fault::Response(200, "application/x-amz-json-1.1", body.into()));
    run.args("--timeout 20s").fails(75).says(&["is larger than 2097152 bytes"]);
}

#[test]
fn a_response_without_an_end_is_refused() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 8192]);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
            let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
            while stream.write_all(chunk.as_bytes()).is_ok() {}
        }
    });
    Run::against(&format!("http://{address}"))
        .args("-p /n --timeout 60s")
        .fails(75)
        .says(&["is larger than 2097152 bytes"]);
}

#[test]
fn a_batch_of_secrets_may_be_larger() {
    let stub = Stub::start();
    let value = "canary\u{1}".repeat(64_000 / 7);
    let mut run = Run::against(&stub.url());
    for n in 0..10 {
        stub.put_secret(&format!("s{n}"), &value);
        run = run.args(&format!("-k S{n}=/aws/reference/secretsmanager/s{n}"));
    }
    run.environment().has(&[("S9", value.as_str())]);
}

#[test]
fn max_parameters_limits_what_is_below_a_prefix() {
    let stub = Stub::start();
    for n in 0..12 {
        stub.put(Parameter::secure(&format!("/n/a{n}"), "canary"));
    }
    let run = || Run::against(&stub.url()).args("-p /n");
    run().args("--max-parameters 12").environment().has(&[("A11", "canary")]);
    run().file("max_parameters = 12\n").environment().has(&[("A11", "canary")]);
    for limited in [
        run().args("--max-parameters 11"),
        run().env("SSM_EXEC_MAX_PARAMETERS", "11"),
        run().file("max_parameters = 11\n"),
    ] {
        limited.fails(78).says(&["/n/* has more than 11 parameters", "--max-parameters"]);
    }
    for (invalid, status) in [
        (run().args("--max-parameters 0"), 64),
        (run().args("--max-parameters many"), 64),
        (run().env("SSM_EXEC_MAX_PARAMETERS", "-1"), 78),
        (run().file("max_parameters = 1.5\n"), 78),
    ] {
        invalid.fails(status).says(&["number"]);
    }
}
