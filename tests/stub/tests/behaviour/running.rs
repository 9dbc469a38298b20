//! The server: connections, TLS, quota, held responses, the clock, and shutdown.

use crate::client::*;
use ssm_stub::{Certificate, Parameter, Stub};
use std::io::Write;
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, ProtocolVersion, RootCertStore, StreamOwned, crypto,
};

const MANY: &str = "GetParameters";

#[test]
fn connections_are_kept_alive_and_counted() {
    let stub = Stub::start();
    let mut stream = connect(&stub);
    for _ in 0..3 {
        stream.write_all(&request(MANY, &by_names(&["/a"]))).unwrap();
        assert_eq!(read(&mut stream).status, 200);
    }
    let requests = stub.requests();
    assert_eq!((requests.len(), stub.connections()), (3, 1));
    let port = stream.local_addr().unwrap().port();
    assert!(requests.iter().all(|request| request.port == port));
    assert_eq!(requests[0].action, MANY);
    assert_eq!(requests[0].names(), ["/a"]);
    assert_eq!(requests[0].header("host"), Some("localhost"));
    assert!(requests[0].time <= requests[2].time);
}

#[test]
fn counts_are_served_over_http_without_counting_themselves() {
    let stub = Stub::builder().quota(0.0, 1.0).without_record().start();
    call(&stub, MANY, &by_names(&["/a"]));
    failure(&stub, MANY, &by_names(&["/a"]));
    for _ in 0..2 {
        let mut stream = connect(&stub);
        stream.write_all(b"GET /requests HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        let counts = read(&mut stream).json();
        assert_eq!(counts.to_string(), r#"{"connections":2,"requests":1,"throttled":1}"#);
    }
    assert!(stub.requests().is_empty(), "requests are not recorded");
}

#[test]
fn requests_over_the_quota_are_throttled() {
    let stub = Stub::builder().quota(0.0, 2.0).start();
    let request = || send(&stub, MANY, &by_names(&["/a"]));
    assert_eq!([request().status, request().status], [200, 200]);
    let third = failure(&stub, MANY, &by_names(&["/a"]));
    assert_eq!(third, ("ThrottlingException".into(), "Rate exceeded".into()));
    assert_eq!((stub.served(), stub.throttled()), (2, 1));
}

#[test]
fn responses_can_be_held_until_they_are_released() {
    let stub = Stub::start();
    stub.hold();
    let mut stream = connect(&stub);
    stream.write_all(&request(MANY, &by_names(&["/a"]))).unwrap();
    assert_eq!(stub.wait_for_request().names(), ["/a"]);
    stream.set_nonblocking(true).unwrap();
    assert!(stream.peek(&mut [0]).is_err(), "no response yet");
    stream.set_nonblocking(false).unwrap();
    stub.release();
    assert_eq!(read(&mut stream).status, 200);
}

#[test]
fn responses_are_delayed_by_the_latency() {
    let stub = Stub::builder().latency(Duration::from_millis(30)).start();
    let began = Instant::now();
    call(&stub, MANY, &by_names(&["/a"]));
    assert!(began.elapsed() >= Duration::from_millis(30));
}

#[test]
fn the_clock_can_be_wrong() {
    let year = |stub: &Stub| {
        let head = send(stub, MANY, &by_names(&["/a"])).head;
        let date = head.lines().find_map(|line| line.strip_prefix("date: "));
        date.expect("a date")[12..16].parse::<u32>().expect("a year")
    };
    let ahead = Stub::builder().clock_ahead(2 * 366 * 86_400).start();
    assert!(year(&ahead) > year(&Stub::start()));
}

#[test]
fn a_signature_may_differ_from_its_clock_by_five_minutes() {
    // 2 January 2018, 10:00:00.
    let then = UNIX_EPOCH + Duration::from_secs(1_514_887_200);
    let behind = SystemTime::now().duration_since(then).expect("the past");
    let behind = i64::try_from(behind.as_secs()).expect("a time");
    let stub = Stub::builder().clock_ahead(-behind).start();
    let signed = |date: &str| {
        let mut stream = connect(&stub);
        let plain = String::from_utf8(request(MANY, &by_names(&["/a"]))).expect("text");
        let header = format!("X-Amz-Date: {date}\r\nContent-Length");
        let request = plain.replace("Content-Length", &header);
        stream.write_all(request.as_bytes()).unwrap();
        read(&mut stream)
    };
    assert_eq!(signed("20180102T095530Z").status, 200);
    assert_eq!(signed("20180102T100430Z").status, 200);
    for (date, message) in [
        (
            "20180102T095400Z",
            "Signature expired: 20180102T095400Z is now earlier than 20180102T0955",
        ),
        (
            "20180102T100600Z",
            "Signature not yet current: 20180102T100600Z is still later than 20180102T1005",
        ),
    ] {
        let response = signed(date);
        let body = response.json();
        assert_eq!(response.status, 400);
        assert_eq!(body["__type"], "InvalidSignatureException");
        let found = body["message"].as_str().expect("a message");
        assert!(found.starts_with(message) && found.ends_with("5 min.)"), "{found}");
    }
}

#[test]
fn arns_contain_account_and_region() {
    let stub = Stub::builder().account("999988887777").region("us-east-1").start();
    stub.put(Parameter::string("/a", "x"));
    let arn = "arn:aws:ssm:us-east-1:999988887777:parameter/a";
    assert_eq!(each(&call(&stub, MANY, &by_names(&[arn])), "ARN"), [arn]);
}

#[test]
fn it_listens_on_ipv6() {
    let stub = Stub::builder().listen(([0; 16], 0).into()).start();
    assert!(stub.url().starts_with("http://[::"), "{}", stub.url());
    let mut stream = TcpStream::connect(("::1", stub.port())).unwrap();
    stream.write_all(&request(MANY, &by_names(&["/a"]))).unwrap();
    assert_eq!(read(&mut stream).status, 200);
}

#[test]
fn dropping_it_closes_everything() {
    let stub = Stub::start();
    let port = stub.port();
    stub.hold();
    let mut stream = connect(&stub);
    stream.write_all(&request(MANY, &by_names(&["/a"]))).unwrap();
    stub.wait_for_requests(1);
    drop(stub);
    let mut rest = Vec::new();
    let _ = std::io::Read::read_to_end(&mut stream, &mut rest);
    assert!(rest.is_empty());
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
}

/// Sends a request over TLS with the stub's CA as the root.
fn secured(stub: &Stub) -> Result<(u16, ProtocolVersion), std::io::Error> {
    let mut roots = RootCertStore::empty();
    let ca = CertificateDer::from_pem_slice(stub.ca_pem().as_bytes()).expect("PEM");
    roots.add(ca).expect("a CA");
    let config = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").expect("a name");
    let client = ClientConnection::new(Arc::new(config), name).expect("a client");
    let mut stream = StreamOwned::new(client, connect(stub));
    stream.write_all(&request(MANY, &by_names(&["/a"])))?;
    let status = read(&mut stream).status;
    Ok((status, stream.conn.protocol_version().expect("a version")))
}

#[test]
fn it_serves_tls() {
    let stub = Stub::builder().tls().start();
    assert!(stub.url().starts_with("https://localhost:"));
    assert_eq!(secured(&stub).unwrap(), (200, ProtocolVersion::TLSv1_3));
    let old = Stub::builder().tls12().start();
    assert_eq!(secured(&old).unwrap(), (200, ProtocolVersion::TLSv1_2));
}

#[test]
fn the_certificate_can_be_invalid() {
    for (certificate, says) in
        [(Certificate::Expired, "Expired"), (Certificate::WrongName, "NotValidForName")]
    {
        let stub = Stub::builder().certificate(certificate).start();
        let error = format!("{:?}", secured(&stub).unwrap_err());
        assert!(error.contains(says), "{error}");
    }
}
