//! Faults: which requests they affect, and what is sent.

use crate::client::*;
use serde_json::{Value, json};
use ssm_stub::{After, Corruption, Fault, OnConnect, Outcome, Parameter, Stub, When};
use std::io::{ErrorKind, Read, Write};
use std::time::Duration;

const MANY: &str = "GetParameters";

fn stub() -> Stub {
    let stub = Stub::start();
    stub.put(Parameter::secure("/a", "value"));
    stub
}

fn ask(stub: &Stub) -> Response {
    send(stub, MANY, &by_names(&["/a"]))
}

#[test]
fn faults_affect_the_selected_requests() {
    let stub = stub();
    stub.always(Fault::internal());
    stub.fault(Fault::throttle().header("x-amz-retry-after", "3000"));
    stub.fault(Fault::None);
    let first = ask(&stub);
    assert!(first.body.contains("Rate exceeded") && first.head.contains("x-amz-retry-after: 3000"));
    assert_eq!([ask(&stub).status, ask(&stub).status, ask(&stub).status], [200, 500, 500]);
    stub.clear_faults();
    stub.fault_when(When::nth(2), Fault::status(502));
    stub.fault_when(When::next(2).action("GetParametersByPath"), Fault::status(503));
    stub.fault_when(When::every().naming("/b"), Fault::status(504));
    assert_eq!([ask(&stub).status, ask(&stub).status, ask(&stub).status], [200, 502, 200]);
    let below = || send(&stub, "GetParametersByPath", &by_path("/a")).status;
    assert_eq!([below(), below(), below()], [503, 503, 200]);
    assert_eq!(send(&stub, MANY, &by_names(&["/a", "/b"])).status, 504);
    let outcomes: Vec<Outcome> =
        stub.requests().into_iter().map(|request| request.outcome).collect();
    assert_eq!(outcomes[0].code(), Some("ThrottlingException"));
    assert_eq!(outcomes[1], Outcome::Answered);
    assert_eq!(outcomes[2], Outcome::Failed(500, "InternalServerError".into()));
    assert_eq!(outcomes[5], Outcome::Broken);
}

#[test]
fn responses_can_be_custom() {
    let stub = stub();
    for (fault, status, kind, body) in [
        (Fault::html(), 200, "text/html", "<html>"),
        (Fault::empty(), 200, "x-amz-json", ""),
        (Fault::json("[1]"), 200, "x-amz-json", "[1]"),
        (Fault::gzip(), 200, "content-encoding: gzip", "{"),
    ] {
        stub.fault(fault);
        let response = ask(&stub);
        assert_eq!(response.status, status);
        assert!(response.head.contains(kind) && response.body.starts_with(body), "{response:?}");
    }
}

#[test]
fn responses_can_be_corrupted() {
    let stub = stub();
    let corrupted = |corruption: Corruption| {
        stub.fault(corruption);
        ask(&stub).json()
    };
    assert_eq!(each(&corrupted(Corruption::NoValue), "Value"), [Value::Null]);
    assert_eq!(each(&corrupted(Corruption::Unrequested), "Name"), ["/a", "/unrequested/parameter"]);
    assert_eq!(
        corrupted(Corruption::Omitted),
        json!({ "Parameters": [], "InvalidParameters": [] })
    );
    assert_eq!(
        corrupted(Corruption::AllInvalid),
        json!({ "Parameters": [], "InvalidParameters": ["/a"] })
    );
    assert_eq!(corrupted(Corruption::Token("t".into()))["NextToken"], "t");
    assert_eq!(each(&corrupted(Corruption::Repeated(1_000)), "Name").len(), 1_000);
    assert!(
        corrupted(Corruption::Member("InvalidParameters", Value::Null))
            .get("InvalidParameters")
            .is_none()
    );
}

#[test]
fn pages_can_be_endless() {
    let stub = stub();
    stub.always(Corruption::EndlessPages(2));
    let mut body = by_path("/");
    for page in 0..3 {
        let response = call(&stub, "GetParametersByPath", &body);
        assert_eq!(each(&response, "Name"), [format!("/a-{page}-0"), format!("/a-{page}-1")]);
        body["NextToken"] = response["NextToken"].clone();
    }
}

#[test]
fn bodies_can_be_large_endless_or_slow() {
    let stub = stub();
    let open = |fault: Fault| {
        stub.fault(fault);
        let mut stream = connect(&stub);
        stream.write_all(&request(MANY, &by_names(&["/a"]))).unwrap();
        stream
    };
    let mut large = open(Fault::LargeBody(1_000_000));
    assert_eq!(read(&mut large).body.len(), 1_000_000);
    for fault in [Fault::LargeBody(1 << 40), Fault::EndlessBody] {
        let mut start = vec![0; 1_000_000];
        open(fault).read_exact(&mut start).unwrap();
    }
    let mut start = [0; 120];
    let mut slow = open(Fault::SlowBody(Duration::from_millis(1)));
    slow.read_exact(&mut start).unwrap();
}

/// The bytes sent for a fault, and how the connection ends.
fn received(fault: Fault) -> (String, Option<ErrorKind>) {
    let stub = stub();
    stub.fault(fault);
    all(&stub, MANY, &by_names(&["/a"]))
}

#[test]
fn connections_can_end_at_any_point() {
    assert_eq!(received(Fault::close()), (String::new(), None));
    assert_eq!(received(Fault::reset()), (String::new(), Some(ErrorKind::ConnectionReset)));
    let (head, end) = received(Fault::half_headers(After::Close));
    assert!(head.starts_with("HTTP/1.1 200") && !head.contains("\r\n\r\n") && end.is_none());
    let (garbage, _) = received(Fault::chunked_garbage());
    assert!(garbage.contains("zz!"));
    assert_eq!(received(Fault::Raw(b"x".to_vec(), After::Close)).0, "x");
}

/// The Content-Length, and the length of the body.
fn lengths((response, _): (String, Option<ErrorKind>)) -> (usize, usize) {
    let (head, body) = response.split_once("\r\n\r\n").expect("a whole head");
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    (length.expect("a length").parse().expect("a number"), body.len())
}

#[test]
fn bodies_can_be_shorter_or_longer_than_their_content_length() {
    let whole = ask(&stub()).body.len();
    assert_eq!(lengths(received(Fault::TruncatedBody(After::Close))), (whole, whole / 2));
    assert_eq!(lengths(received(Fault::WrongLength(7))), (whole + 7, whole));
    assert_eq!(lengths(received(Fault::WrongLength(-7))), (whole - 7, whole));
}

#[test]
fn stalled_responses_never_arrive() {
    for (fault, part) in [
        (Fault::NoResponse, ""),
        (Fault::half_headers(After::Stall), "HTTP/1.1 200"),
        (Fault::TruncatedBody(After::Stall), "HTTP/1.1 200"),
    ] {
        let stub = stub();
        stub.fault(fault);
        let mut stream = connect(&stub);
        stream.write_all(&request(MANY, &by_names(&["/a"]))).unwrap();
        stub.wait_for_requests(1);
        let mut start = vec![0; part.len()];
        stream.read_exact(&mut start).unwrap();
        assert_eq!(start, part.as_bytes());
        // Bytes in transit arrive; then nothing until the stub stops.
        stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        let end = stream.read_to_end(&mut Vec::new()).unwrap_err();
        assert_eq!(end.kind(), ErrorKind::WouldBlock);
    }
}

#[test]
fn connections_can_be_stalled_closed_or_reset() {
    let stub = stub();
    stub.on_connect(OnConnect::Stall);
    let mut stalled = connect(&stub);
    stub.wait_for_connections(1);
    stalled.write_all(&request(MANY, &by_names(&["/a"]))).unwrap();
    for (on_connect, clean) in [(OnConnect::Close, true), (OnConnect::Reset, false)] {
        stub.on_connect(on_connect);
        let end = connect(&stub).read_to_end(&mut Vec::new());
        assert_eq!(end.is_ok(), clean, "{on_connect:?}");
    }
    stub.on_connect(OnConnect::Serve);
    assert_eq!(ask(&stub).status, 200);
    stalled.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
    assert_eq!(stalled.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
}
