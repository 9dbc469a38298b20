//! A minimal client: HTTP requests written by hand, and the bytes of the response.

use serde_json::{Value, json};
use ssm_stub::Stub;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// A response.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Response {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("a JSON response")
    }
}

pub(crate) fn request(action: &str, body: &Value) -> Vec<u8> {
    let body = body.to_string();
    format!(
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-amz-json-1.1\r\nX-Amz-Target: AmazonSSM.{action}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

pub(crate) fn connect(stub: &Stub) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", stub.port())).expect("a connection");
    let timeout = Some(Duration::from_secs(30));
    stream.set_read_timeout(timeout).expect("a timeout");
    stream
}

/// Reads a response with a Content-Length.
pub(crate) fn read(stream: &mut impl Read) -> Response {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).expect("a whole head");
        bytes.push(byte[0]);
    }
    let head = String::from_utf8(bytes).expect("text").to_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |length| length.parse().expect("a length"));
    let mut body = vec![0; length];
    stream.read_exact(&mut body).expect("a whole body");
    Response {
        status: head[9..12].parse().expect("a status"),
        head,
        body: String::from_utf8(body).expect("text"),
    }
}

/// Sends a request on a new connection.
pub(crate) fn send(stub: &Stub, action: &str, body: &Value) -> Response {
    let mut stream = connect(stub);
    stream.write_all(&request(action, body)).expect("a request");
    read(&mut stream)
}

/// All bytes until the connection ends, and how it ends.
pub(crate) fn all(stub: &Stub, action: &str, body: &Value) -> (String, Option<ErrorKind>) {
    let mut stream = connect(stub);
    stream.write_all(&request(action, body)).expect("a request");
    let mut bytes = Vec::new();
    let end = stream.read_to_end(&mut bytes).err();
    (String::from_utf8_lossy(&bytes).into_owned(), end.map(|error| error.kind()))
}

/// The response to a request that must succeed.
pub(crate) fn call(stub: &Stub, action: &str, body: &Value) -> Value {
    let response = send(stub, action, body);
    assert_eq!(response.status, 200, "{}", response.body);
    response.json()
}

/// Code and message of a request that must fail with HTTP 400.
pub(crate) fn failure(stub: &Stub, action: &str, body: &Value) -> (String, String) {
    let response = send(stub, action, body);
    assert_eq!(response.status, 400, "{}", response.body);
    let body = response.json();
    let text = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
    (text("__type"), text("message"))
}

pub(crate) fn by_names(names: &[&str]) -> Value {
    json!({ "Names": names, "WithDecryption": true })
}

pub(crate) fn by_path(path: &str) -> Value {
    json!({ "Path": path, "Recursive": true, "WithDecryption": true })
}

/// One member of each parameter.
pub(crate) fn each(response: &Value, member: &str) -> Vec<Value> {
    let list = response["Parameters"].as_array().expect("a list");
    list.iter().map(|one| one[member].clone()).collect()
}
