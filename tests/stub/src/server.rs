//! The HTTP server: accepts connections, records requests, sends responses or faults.

use crate::api_error::ApiError;
use crate::date;
use crate::fault::{After, Fault};
use crate::generated_body::GeneratedBody;
use crate::raw_stream::{Hijack, RawStream, Reset};
use crate::request::{Outcome, Request};
use crate::state::{OnConnect, Shared, State};
use crate::tls::Handshake;
use crate::variants::Variant;
use http_body_util::{BodyExt, Either, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{HeaderMap, Request as HttpRequest, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::convert::Infallible;
use std::fmt::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// How far the date of a signature may be off.
const WINDOW: Duration = Duration::from_secs(300);
/// The content type of the API.
pub(crate) const JSON: &str = "application/x-amz-json-1.1";

/// Accepts connections until the runtime is dropped.
pub(crate) async fn serve(listener: TcpListener, tls: Option<TlsAcceptor>, shared: Arc<Shared>) {
    loop {
        let Ok((stream, peer)) = listener.accept().await else {
            // For example out of descriptors: let some connections close first.
            tokio::time::sleep(Duration::from_millis(5)).await;
            continue;
        };
        let on_connect = shared.connected();
        let _ = stream.set_nodelay(true);
        match on_connect {
            OnConnect::Serve => {
                tokio::spawn(handshake(stream, peer, tls.clone(), Arc::clone(&shared)));
            }
            OnConnect::Stall => {
                tokio::spawn(async move {
                    let _kept = stream;
                    std::future::pending::<()>().await;
                });
            }
            OnConnect::Close => drop(stream),
            OnConnect::Reset => stream.reset_on_close(),
        }
    }
}

async fn handshake(
    stream: TcpStream,
    peer: SocketAddr,
    tls: Option<TlsAcceptor>,
    shared: Arc<Shared>,
) {
    match tls {
        None => serve_connection(stream, peer, shared).await,
        Some(acceptor) => {
            if let Ok(stream) = acceptor.accept(stream).await {
                let handshake = Handshake::of(stream.get_ref().1);
                shared.state().handshakes.push(handshake);
                serve_connection(stream, peer, shared).await;
            }
        }
    }
}

/// A client's connection.
#[derive(Clone)]
struct Connection {
    peer: SocketAddr,
    hijack: Hijack,
    /// Whether a request was made on it.
    used: Arc<AtomicBool>,
    shared: Arc<Shared>,
}

async fn serve_connection<S>(stream: S, peer: SocketAddr, shared: Arc<Shared>)
where
    S: AsyncRead + AsyncWrite + Reset + Unpin + Send + 'static,
{
    let hijack = Hijack::default();
    let io = TokioIo::new(RawStream::new(stream, Arc::clone(&hijack)));
    let connection = Connection { peer, hijack, used: Arc::default(), shared };
    let service = service_fn(move |request| {
        let connection = connection.clone();
        async move { Ok::<_, Infallible>(connection.handle(request).await) }
    });
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(io, service).await;
}

impl Connection {
    async fn handle(self, request: HttpRequest<Incoming>) -> Response<ResponseBody> {
        let first = !self.used.swap(true, Ordering::Relaxed);
        if request.uri().path() == "/requests" {
            let counts = self.shared.counts(first).to_string();
            return Response::new(Either::Left(Full::from(counts)));
        }
        let (parts, body) = request.into_parts();
        let bytes =
            body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        let arrived = Instant::now();
        let (reply, fault) = self.decide(&parts.headers, &bytes, arrived);
        let mut held = self.shared.held.subscribe();
        let _ = held.wait_for(|held| !held).await;
        let delay = match fault {
            Fault::Delay(delay) => self.shared.latency + delay,
            _ => self.shared.latency,
        };
        if !delay.is_zero() {
            tokio::time::sleep_until((arrived + delay).into()).await;
        }
        let raw = match fault {
            Fault::NoResponse => (Vec::new(), After::Stall),
            Fault::Raw(bytes, after) => (bytes, after),
            Fault::TruncatedBody(after) => (reply.truncated(), after),
            Fault::WrongLength(off) => (reply.with_wrong_length(off), After::Close),
            Fault::LargeBody(length) => return reply.generated(Some(length), None),
            Fault::EndlessBody => return reply.generated(None, None),
            Fault::SlowBody(pause) => return reply.generated(None, Some(pause)),
            _ => return reply.into_response(),
        };
        *self.hijack.lock().expect("not poisoned") = Some(raw);
        Response::new(Either::Left(Full::default()))
    }

    /// Records a request, and returns its response and the fault to apply to it.
    fn decide(&self, headers: &HeaderMap, bytes: &[u8], arrived: Instant) -> (Reply, Fault) {
        let text = |value: &hyper::header::HeaderValue| {
            String::from_utf8_lossy(value.as_bytes()).into_owned()
        };
        let target = headers.get("x-amz-target").map(text).unwrap_or_default();
        let action = target.strip_prefix("AmazonSSM.").unwrap_or_default();
        let body: Value = serde_json::from_slice(bytes).unwrap_or(Value::Null);
        let mut state = self.shared.state();
        let signed = headers.get("x-amz-date").map(text);
        let authorization = headers.get("authorization").map(text).unwrap_or_default();
        let signature = check_signature_date(signed.as_deref(), self.shared.skew)
            .and_then(|()| state.account.access.check_access_key(&authorization));
        let (result, fault) = match signature {
            Ok(()) => result_and_fault(&mut state, action, &body),
            Err(error) => (Err(error), Fault::None),
        };
        let (fault, extra) = fault.split();
        let mut reply = match (&fault, &result) {
            (Fault::Response(status, kind, body), _) => Reply::new(*status, kind, body.clone()),
            (_, Ok(body)) => Reply::new(200, JSON, body.to_string().into_bytes()),
            (_, Err(error)) => Reply::error(error, &state),
        };
        state.arrived += 1;
        // What is in between knows nothing of it.
        if !matches!(fault, Fault::Response(_, "text/html", _)) {
            let id = format!("5f2d8f0e-0000-4000-8000-{:012}", state.arrived);
            reply.headers.push(("x-amzn-requestid", id));
        }
        reply.headers.extend(extra);
        if self.shared.skew != 0 {
            let date = httpdate::fmt_http_date(date::now(self.shared.skew));
            reply.headers.push(("date", date));
        }
        if state.recording {
            let outcome = match (&fault, result) {
                (Fault::None | Fault::Delay(_) | Fault::Corrupted(_) | Fault::Error(_), Ok(_)) => {
                    Outcome::Answered
                }
                (_, Err(error)) => Outcome::Failed(error.status, error.code),
                (_, Ok(_)) => Outcome::Broken,
            };
            state.requests.push(Request {
                action: action.to_owned(),
                body,
                headers: headers
                    .iter()
                    .map(|(name, value)| (name.to_string(), text(value)))
                    .collect(),
                port: self.peer.port(),
                time: arrived,
                outcome,
            });
        }
        drop(state);
        self.shared.arrived.notify_all();
        (reply, fault)
    }
}

/// Rejects a signature that is older or newer than five minutes by the endpoint's clock.
fn check_signature_date(signed: Option<&str>, skew: i64) -> Result<(), ApiError> {
    let Some(signed) = signed else {
        return Ok(());
    };
    let now = date::now(skew);
    let (oldest, newest) = (date::amz_date(now - WINDOW), date::amz_date(now + WINDOW));
    let now = date::amz_date(now);
    let message = if signed < oldest.as_str() {
        format!("Signature expired: {signed} is now earlier than {oldest} ({now} - 5 min.)")
    } else if signed > newest.as_str() {
        format!("Signature not yet current: {signed} is still later than {newest} ({now} + 5 min.)")
    } else {
        return Ok(());
    };
    Err(ApiError::client("InvalidSignatureException", message))
}

/// The result of a request, and the scripted fault, if any.
fn result_and_fault(
    state: &mut State,
    action: &str,
    body: &Value,
) -> (Result<Value, ApiError>, Fault) {
    if let Some(quota) = &mut state.quota
        && !quota.admit()
    {
        state.throttled += 1;
        return (Err(ApiError::throttled()), Fault::None);
    }
    state.served += 1;
    let fault = state.script.take(action, body).unwrap_or(Fault::None);
    let inner = match &fault {
        Fault::WithHeaders(inner, _) => inner,
        fault => fault,
    };
    let result = match inner {
        Fault::Error(error) => Err(error.clone()),
        Fault::Response(..) | Fault::Raw(..) | Fault::NoResponse => Ok(Value::Null),
        Fault::Corrupted(corruption) => {
            let mut body = body.clone();
            let page = corruption.accept(&mut body);
            state.account.handle(action, &body).map(|mut response| {
                corruption.apply(&mut response, page);
                response
            })
        }
        _ => state.account.handle(action, body),
    };
    (result, fault)
}

type ResponseBody = Either<Full<Bytes>, GeneratedBody>;

/// A response, ready to be sent.
struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Reply {
    fn new(status: u16, kind: &str, body: Vec<u8>) -> Self {
        Self { status, headers: vec![("content-type", kind.to_owned())], body }
    }

    fn error(error: &ApiError, state: &State) -> Self {
        let variant = |variant| state.account.variants.contains(&variant);
        let mut body = json!({ "__type": error.code });
        if let Some(message) = &error.message {
            let member = match variant(Variant::CapitalMessage) {
                true => "Message",
                false => "message",
            };
            body[member] = message.as_str().into();
        }
        let mut reply = Self::new(error.status, JSON, body.to_string().into_bytes());
        if variant(Variant::ErrorTypeHeader) {
            let header = ("x-amzn-errortype", error.code.clone());
            reply.headers.push(header);
        }
        reply
    }

    fn into_response(mut self) -> Response<ResponseBody> {
        let body = Full::from(std::mem::take(&mut self.body));
        self.with_body(Either::Left(body))
    }

    fn generated(self, length: Option<u64>, pause: Option<Duration>) -> Response<ResponseBody> {
        self.with_body(Either::Right(GeneratedBody::new(length, pause)))
    }

    fn with_body(self, body: ResponseBody) -> Response<ResponseBody> {
        let mut response = Response::builder().status(self.status);
        for (name, value) in self.headers {
            response = response.header(name, value);
        }
        response.body(body).expect("valid headers")
    }

    /// Built by hand: hyper refuses to send a wrong length.
    fn head(&self, length: usize) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} -\r\ncontent-length: {length}\r\n", self.status);
        for (name, value) in &self.headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        head.push_str("\r\n");
        head.into_bytes()
    }

    fn truncated(&self) -> Vec<u8> {
        let mut bytes = self.head(self.body.len());
        bytes.extend(&self.body[..self.body.len() / 2]);
        bytes
    }

    fn with_wrong_length(&self, off: isize) -> Vec<u8> {
        let mut bytes = self.head(self.body.len().saturating_add_signed(off));
        bytes.extend(&self.body);
        bytes
    }
}
