//! A scripted HTTP server on loopback: it stands in for what hands out credentials, and for proxies.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{JoinHandle, spawn};

/// A request that came.
#[derive(Debug, Clone)]
pub struct Seen {
    /// `PUT /latest/api/token`: the method and the target, as they were sent.
    pub line: String,
    /// Names in lower case.
    headers: Vec<(String, String)>,
    pub body: String,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        let named = |(key, _): &&(String, String)| key == name;
        self.headers
            .iter()
            .find(named)
            .map(|(_, value)| value.as_str())
    }
}

/// What comes of a request.
pub enum Answer {
    /// A status, a header line or none, and a body.
    Whole(u16, &'static str, String),
    /// Nothing, for as long as the client waits.
    Hang,
    /// The bytes of a server on this port, after a CONNECT.
    Tunnel(u16),
}

/// A good answer without headers of its own.
pub fn ok(body: impl Into<String>) -> Answer {
    Answer::Whole(200, "", body.into())
}

/// A refusal.
pub fn status(code: u16, body: &str) -> Answer {
    Answer::Whole(code, "", body.to_owned())
}

/// A running server. It stops when it is dropped.
pub struct StandIn {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl StandIn {
    /// On a free port of 127.0.0.1.
    pub fn start(script: impl Fn(&Seen) -> Answer + Send + Sync + 'static) -> Self {
        Self::at("127.0.0.1:0", script)
    }

    pub fn at(address: &str, script: impl Fn(&Seen) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(address).expect("an address to listen on");
        let address = listener.local_addr().expect("an address");
        let seen = Arc::new(Mutex::new(Vec::new()));
        let stopped = Arc::new(AtomicBool::new(false));
        let (record, stop, script) = (Arc::clone(&seen), Arc::clone(&stopped), Arc::new(script));
        let thread = spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                let (record, script) = (Arc::clone(&record), Arc::clone(&script));
                // A client that goes away early fails its own test, not this server.
                spawn(move || converse(stream, &record, &*script).ok());
            }
        });
        Self {
            address,
            seen,
            stopped,
            thread: Some(thread),
        }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every request so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("no panic holds it").clone()
    }

    /// Their methods and targets.
    pub fn lines(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.line).collect()
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        // Wakes the thread, which waits for connections.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// One request and its answer: the connection is closed after it.
fn converse(
    mut stream: TcpStream,
    record: &Mutex<Vec<Seen>>,
    script: &dyn Fn(&Seen) -> Answer,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let seen = read(&mut reader)?;
    record.lock().expect("no panic holds it").push(seen.clone());
    match script(&seen) {
        Answer::Whole(status, header, body) => {
            let header = if header.is_empty() {
                String::new()
            } else {
                format!("{header}\r\n")
            };
            let length = body.len();
            write!(
                stream,
                "HTTP/1.1 {status} -\r\n{header}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
            )
        }
        Answer::Hang => reader.read_to_end(&mut Vec::new()).map(drop),
        Answer::Tunnel(port) => {
            stream.write_all(b"HTTP/1.1 200 -\r\n\r\n")?;
            tunnel(reader, stream, TcpStream::connect(("127.0.0.1", port))?)
        }
    }
}

fn read(reader: &mut impl BufRead) -> std::io::Result<Seen> {
    let mut next = || -> std::io::Result<String> {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    };
    let line = next()?.trim_end_matches(" HTTP/1.1").to_owned();
    let mut headers = Vec::new();
    while let Some((name, value)) = next()?.split_once(": ") {
        headers.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    let mut seen = Seen {
        line,
        headers,
        body: String::new(),
    };
    let length = seen
        .header("content-length")
        .and_then(|text| text.parse().ok());
    reader
        .take(length.unwrap_or(0))
        .read_to_string(&mut seen.body)?;
    Ok(seen)
}

fn tunnel(
    mut from_client: impl Read + Send + 'static,
    mut to_client: TcpStream,
    server: TcpStream,
) -> std::io::Result<()> {
    let (mut to_server, mut from_server) = (server.try_clone()?, server);
    spawn(move || {
        let _ = std::io::copy(&mut from_client, &mut to_server);
        to_server.shutdown(std::net::Shutdown::Write)
    });
    std::io::copy(&mut from_server, &mut to_client).map(drop)
}
