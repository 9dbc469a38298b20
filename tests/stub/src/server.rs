//! The HTTP side: connections in, requests recorded, answers or faults out.

use crate::answer::{Refusal, World};
use crate::fault::{After, Fault, Script};
use crate::quota::Quota;
use crate::wire::{Hijack, Reset, Wire};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request as HttpRequest, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

/// A request that came.
#[derive(Debug, Clone)]
pub struct Request {
    /// `GetParameters` and so on.
    pub action: String,
    /// What was asked.
    pub body: Value,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The client's port: one for each connection.
    pub port: u16,
    /// When it came.
    pub time: Instant,
    /// What came of it: `200`, or the code of the refusal.
    pub outcome: String,
}

impl Request {
    /// A header's value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) world: World,
    pub(crate) script: Script,
    pub(crate) quota: Option<Quota>,
    pub(crate) requests: Vec<Request>,
    pub(crate) served: usize,
    pub(crate) throttled: usize,
    pub(crate) connections: usize,
    pub(crate) recording: bool,
}

#[derive(Debug)]
pub(crate) struct Shared {
    state: Mutex<State>,
    pub(crate) arrived: Condvar,
    pub(crate) held: watch::Sender<bool>,
    pub(crate) latency: Duration,
    pub(crate) skew: i64,
}

impl Shared {
    pub(crate) fn new(state: State, latency: Duration, skew: i64) -> Self {
        Self {
            state: Mutex::new(state),
            arrived: Condvar::new(),
            held: watch::channel(false).0,
            latency,
            skew,
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no panic holds it")
    }
}

/// Takes connections until the runtime is dropped.
pub(crate) async fn serve(listener: TcpListener, tls: Option<TlsAcceptor>, shared: Arc<Shared>) {
    loop {
        let Ok((stream, peer)) = listener.accept().await else {
            continue;
        };
        shared.state().connections += 1;
        // Each packet at once, as a real endpoint would.
        let _ = stream.set_nodelay(true);
        let (tls, shared) = (tls.clone(), Arc::clone(&shared));
        tokio::spawn(async move {
            match tls {
                None => connection(stream, peer, shared).await,
                Some(acceptor) => {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        connection(stream, peer, shared).await;
                    }
                }
            }
        });
    }
}

async fn connection<S>(stream: S, peer: SocketAddr, shared: Arc<Shared>)
where
    S: AsyncRead + AsyncWrite + Reset + Unpin + Send + 'static,
{
    let hijack = Hijack::default();
    let io = TokioIo::new(Wire::new(stream, Arc::clone(&hijack)));
    let service =
        service_fn(move |request| handle(request, peer, Arc::clone(&shared), Arc::clone(&hijack)));
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(io, service)
        .await;
}

async fn handle(
    request: HttpRequest<Incoming>,
    peer: SocketAddr,
    shared: Arc<Shared>,
    hijack: Hijack,
) -> Result<Response<Full<Bytes>>, Infallible> {
    if request.uri().path() == "/requests" {
        let state = shared.state();
        let counts = json!({ "requests": state.served, "throttled": state.throttled, "connections": state.connections });
        return Ok(Response::new(Full::from(counts.to_string())));
    }
    let target = request
        .headers()
        .get("x-amz-target")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let action = target.rsplit('.').next().unwrap_or_default().to_owned();
    let headers = request
        .headers()
        .iter()
        .map(|(name, value)| {
            (
                name.to_string(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            )
        })
        .collect();
    let bytes = request
        .into_body()
        .collect()
        .await
        .map(http_body_util::Collected::to_bytes)
        .unwrap_or_default();
    let body: Value = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    let (outcome, fault) = {
        let mut state = shared.state();
        let fault = state.script.take().unwrap_or(Fault::None);
        let outcome = judge(&mut state, &action, &body, &fault);
        if state.recording {
            let word = match &outcome {
                Ok(_) => "200".to_owned(),
                Err(refusal) => refusal.code.clone(),
            };
            state.requests.push(Request {
                action,
                body,
                headers,
                port: peer.port(),
                time: Instant::now(),
                outcome: word,
            });
        }
        (outcome, fault)
    };
    shared.arrived.notify_all();
    let mut held = shared.held.subscribe();
    let _ = held.wait_for(|held| !held).await;
    let delay = shared.latency
        + if let Fault::Slow(delay) = fault {
            delay
        } else {
            Duration::ZERO
        };
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    let mut response = match (fault, outcome) {
        (Fault::Stall, _) => {
            *hijack.lock().expect("no panic holds it") = Some((Vec::new(), After::Stall));
            Response::new(Full::default())
        }
        (Fault::Raw(bytes, after), _) => {
            *hijack.lock().expect("no panic holds it") = Some((bytes, after));
            Response::new(Full::default())
        }
        (Fault::Answer(status, kind, body), _) => answer(status, kind, body),
        (fault, Err(refusal)) => {
            let mut response = answer(refusal.status, JSON, body_of(&refusal));
            if let Fault::Refusal(_, headers) = fault {
                for (name, value) in headers {
                    response
                        .headers_mut()
                        .insert(name, value.parse().expect("a header's value"));
                }
            }
            response
        }
        (_, Ok(body)) => answer(200, JSON, body.to_string().into_bytes()),
    };
    if shared.skew != 0 {
        let date = crate::date::http_date(shared.skew);
        response
            .headers_mut()
            .insert("date", date.parse().expect("a date"));
    }
    Ok(response)
}

const JSON: &str = "application/x-amz-json-1.1";

/// Throttled, or refused by script, or answered.
fn judge(state: &mut State, action: &str, body: &Value, fault: &Fault) -> Result<Value, Refusal> {
    if let Some(quota) = &mut state.quota
        && !quota.admit()
    {
        state.throttled += 1;
        return Err(Refusal::client("ThrottlingException", "Rate exceeded"));
    }
    state.served += 1;
    match fault {
        Fault::Refusal(refusal, _) => Err(refusal.clone()),
        _ => state.world.answer(action, body),
    }
}

fn body_of(refusal: &Refusal) -> Vec<u8> {
    let mut body = json!({ "__type": refusal.code });
    if let Some(message) = &refusal.message {
        // The model has `Message` for some; what was seen on the wire is lower case (facts §3).
        body["message"] = message.as_str().into();
    }
    body.to_string().into_bytes()
}

fn answer(status: u16, kind: &'static str, body: Vec<u8>) -> Response<Full<Bytes>> {
    Response::builder()
        .status(status)
        .header("content-type", kind)
        .header("x-amzn-requestid", "5f2d8f0e-0000-4000-8000-5b1d5b1d5b1d")
        .body(Full::from(body))
        .expect("a valid response")
}
