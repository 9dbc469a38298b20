//! A scripted HTTP server on loopback, for credentials services and for proxies.

use http_body_util::{BodyExt, Collected, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Method, Request as HyperRequest, Response};
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use tokio::net::TcpStream;
use tokio::sync::oneshot;

/// A recorded request.
#[derive(Debug, Clone)]
pub struct HttpRequest {
    /// Method and target as they were sent, e.g. `PUT /latest/api/token`.
    pub line: String,
    /// Names in lower case.
    headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl HttpRequest {
    /// The value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// What the server does with a request.
#[derive(Debug)]
pub enum Reply {
    /// Sends a response.
    Response {
        /// The status.
        status: u16,
        /// A header, if any.
        header: Option<(&'static str, &'static str)>,
        /// The body.
        body: String,
    },
    /// Sends nothing.
    Hang,
    /// Accepts a `CONNECT`, and connects the client to this port of 127.0.0.1.
    Tunnel(u16),
}

/// A response with status 200.
pub fn ok(body: impl Into<String>) -> Reply {
    status(200, body)
}

/// A response with this status.
pub fn status(status: u16, body: impl Into<String>) -> Reply {
    Reply::Response { status, header: None, body: body.into() }
}

type Script = dyn Fn(&HttpRequest) -> Reply + Send + Sync;

/// A running server. It stops when it is dropped.
#[derive(Debug)]
pub struct HttpServer {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<HttpRequest>>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl HttpServer {
    /// Starts a server on a free port of 127.0.0.1.
    #[must_use]
    pub fn start(script: impl Fn(&HttpRequest) -> Reply + Send + Sync + 'static) -> Self {
        Self::start_at("127.0.0.1:0", script)
    }

    /// Starts a server on this address.
    ///
    /// # Panics
    /// If the address can't be bound.
    #[must_use]
    pub fn start_at(
        address: &str,
        script: impl Fn(&HttpRequest) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = bind(address);
        let address = listener.local_addr().expect("an address");
        listener.set_nonblocking(true).expect("a non-blocking socket");
        let requests = Arc::default();
        let recorded = Arc::clone(&requests);
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            crate::builder::runtime().block_on(async {
                tokio::select! {
                    () = serve(listener, Arc::new(script), recorded) => {}
                    _ = stopped => {}
                }
            });
        });
        Self { address, requests, stop: Some(stop), thread: Some(thread) }
    }

    /// The URL of the server.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All requests so far.
    ///
    /// # Panics
    /// If the script panicked.
    #[must_use]
    pub fn requests(&self) -> Vec<HttpRequest> {
        self.requests.lock().expect("not poisoned").clone()
    }

    /// Method and target of all requests so far.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let requests = self.requests().into_iter();
        requests.map(|request| request.line).collect()
    }
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        self.stop.take().map(|stop| stop.send(()));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn serve(listener: TcpListener, script: Arc<Script>, requests: Arc<Mutex<Vec<HttpRequest>>>) {
    let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
    while let Ok((stream, _)) = listener.accept().await {
        let (script, requests) = (Arc::clone(&script), Arc::clone(&requests));
        let service = service_fn(move |request| {
            let (script, requests) = (Arc::clone(&script), Arc::clone(&requests));
            async move { Ok::<_, Infallible>(respond(request, &*script, &requests).await) }
        });
        let connection = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        tokio::spawn(connection);
    }
}

async fn respond(
    mut request: HyperRequest<Incoming>,
    script: &Script,
    requests: &Mutex<Vec<HttpRequest>>,
) -> Response<Full<Bytes>> {
    let body = request.body_mut().collect().await;
    let body = body.map(Collected::to_bytes).unwrap_or_default();
    let recorded = HttpRequest {
        line: format!("{} {}", request.method(), request.uri()),
        headers: request
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), lossy(value.as_bytes())))
            .collect(),
        body: lossy(&body),
    };
    let reply = script(&recorded);
    requests.lock().expect("not poisoned").push(recorded);
    match reply {
        Reply::Response { status, header, body } => {
            let mut response = Response::builder().status(status);
            if let Some((name, value)) = header {
                response = response.header(name, value);
            }
            response.body(Full::from(body)).expect("a valid status and header")
        }
        Reply::Hang => std::future::pending().await,
        Reply::Tunnel(port) => {
            assert_eq!(request.method(), Method::CONNECT, "only CONNECT opens a tunnel");
            tokio::spawn(tunnel(request, port));
            Response::new(Full::default())
        }
    }
}

/// Copies bytes between the client and a port until both directions are closed.
async fn tunnel(request: HyperRequest<Incoming>, port: u16) {
    let server = TcpStream::connect(("127.0.0.1", port)).await;
    let client = hyper::upgrade::on(request).await;
    if let (Ok(client), Ok(mut server)) = (client, server) {
        let mut client = TokioIo::new(client);
        let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Listens at an address. One that was given up a moment ago is still taken while a process that another thread is starting
/// has a copy of its socket.
fn bind(address: &str) -> TcpListener {
    for _ in 0..1_000 {
        match TcpListener::bind(address) {
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
                std::thread::sleep(std::time::Duration::from_millis(10));
            }
            bound => return bound.expect("an address to listen on"),
        }
    }
    panic!("{address} stays in use");
}
