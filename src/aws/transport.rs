//! The HTTP client that the SDK uses: HTTP/1.1 with connections that are reused, and responses that are read
//! as a whole, up to a limit.

use super::connection::{ConnectionError, ConnectionFailure, Step};
use super::dial::{self, Dialer, Route};
use super::error_chain::without_number;
use super::proxy::Proxies;
use super::tls_roots::TlsRoots;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use http::{HeaderValue, Request, Response, Uri, header};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use ssm_exec_core::config::Aws;
use ssm_exec_core::config::ConfigError;
use ssm_exec_core::inherited::Inherited;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The size limit of the response to a request, in bytes, as an extension of the request.
#[derive(Debug, Clone, Copy)]
pub(super) struct ResponseLimit(pub(super) usize);

impl Default for ResponseLimit {
    /// Enough for ten values of 8 KB with every character escaped.
    fn default() -> Self {
        Self(2 << 20)
    }
}

/// The HTTP client of a run.
#[derive(Debug, Clone)]
pub(super) struct Transport(Arc<Connections>);

#[derive(Debug)]
struct Connections {
    dialer: Dialer,
    idle: Mutex<Vec<Connection>>,
}

/// A connection, and what it can be reused for.
#[derive(Debug)]
struct Connection {
    origin: String,
    sender: SendRequest<Full<Bytes>>,
    route: Route,
}

impl Transport {
    /// # Errors
    /// For a proxy or a CA bundle that can't be used.
    pub(super) fn new(aws: &Aws, inherited: &Inherited<'_>) -> Result<Self, ConfigError> {
        let roots = match &aws.ca_bundle {
            Some(bundle) => TlsRoots::bundle(&bundle.value, &bundle.origin)?,
            None => TlsRoots::from_environment(inherited),
        };
        let proxies = Proxies::from_environment(inherited)?;
        Ok(Self(Arc::new(Connections {
            dialer: Dialer::new(proxies, roots, aws.allow_http),
            idle: Mutex::default(),
        })))
    }
}

impl HttpClient for Transport {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector {
            connections: Arc::clone(&self.0),
            connect_timeout: settings.connect_timeout(),
            read_timeout: settings.read_timeout(),
        })
    }
}

#[derive(Debug)]
struct Connector {
    connections: Arc<Connections>,
    connect_timeout: Option<Duration>,
    read_timeout: Option<Duration>,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let connections = Arc::clone(&self.connections);
        let (connect, read) = (self.connect_timeout, self.read_timeout);
        HttpConnectorFuture::new(async move {
            let ResponseLimit(limit) = request.extension().copied().unwrap_or_default();
            let request = request
                .try_into_http1x()
                .map_err(|error| ConnectorError::user(error.into()))?;
            // Read to its end: the SDK watches how fast the body is taken, and would report a stall.
            let (head, body) = request.into_parts();
            let body = body.collect().await.map_err(ConnectorError::user)?;
            let request = Request::from_parts(head, Full::new(body.to_bytes()));
            let response = connections
                .send(request, connect, read, limit)
                .await
                .map_err(for_the_sdk)?;
            HttpResponse::try_from(response.map(SdkBody::from))
                .map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

/// Classifies an error for the retries of the SDK's own clients (STS, SSO, metadata).
fn for_the_sdk(error: ConnectionError) -> ConnectorError {
    match &error.cause {
        ConnectionFailure::NoResponse { .. } => ConnectorError::timeout(error.into()),
        cause if cause.is_transient() => ConnectorError::io(error.into()),
        _ => ConnectorError::other(error.into(), None),
    }
}

impl Connections {
    async fn send(
        &self,
        mut request: Request<Full<Bytes>>,
        connect_timeout: Option<Duration>,
        read_timeout: Option<Duration>,
        limit: usize,
    ) -> Result<Response<Bytes>, ConnectionError> {
        let uri = request.uri().clone();
        loop {
            let (mut connection, is_new) = match self.take_idle(&uri) {
                Some(connection) => (connection, false),
                None => (self.open(&uri, connect_timeout).await?, true),
            };
            connection.address(&mut request, &uri);
            let work = connection.exchange(request, limit);
            let answer = match read_timeout {
                None => work.await,
                Some(limit) => {
                    tokio::time::timeout(limit, work)
                        .await
                        .unwrap_or(Err(SendError::Failed(ConnectionFailure::NoResponse {
                            step: Step::Response,
                            limit,
                        })))
                }
            };
            match answer {
                Ok(response) => {
                    // A new connection may reach another machine, which may not fail.
                    if !response.status().is_server_error() {
                        self.keep(connection);
                    }
                    return Ok(response);
                }
                // The server closed the idle connection.
                Err(SendError::NotSent(back)) if !is_new => request = back,
                Err(SendError::NotSent(_)) => {
                    let cause = ConnectionFailure::Lost("before the request was sent".to_owned());
                    return Err(dial::error(&uri, cause));
                }
                Err(SendError::Failed(cause)) => return Err(dial::error(&uri, cause)),
            }
        }
    }

    async fn open(
        &self,
        uri: &Uri,
        limit: Option<Duration>,
    ) -> Result<Connection, ConnectionError> {
        let dialed = self.dialer.dial(uri, limit).await?;
        let (sender, connection) = http1::handshake(TokioIo::new(dialed.stream))
            .await
            .map_err(|error| dial::error(uri, ConnectionFailure::Lost(error.to_string())))?;
        tokio::spawn(connection);
        Ok(Connection {
            origin: origin(uri),
            sender,
            route: dialed.route,
        })
    }

    fn take_idle(&self, uri: &Uri) -> Option<Connection> {
        let origin = origin(uri);
        let mut idle = self.idle.lock().ok()?;
        idle.retain(|connection| !connection.sender.is_closed());
        let at = idle
            .iter()
            .position(|connection| connection.origin == origin && connection.sender.is_ready())?;
        Some(idle.swap_remove(at))
    }

    fn keep(&self, connection: Connection) {
        if let Ok(mut idle) = self.idle.lock() {
            idle.push(connection);
        }
    }
}

/// The scheme, host and port of a URL.
fn origin(uri: &Uri) -> String {
    format!(
        "{}://{}",
        uri.scheme_str().unwrap_or_default(),
        uri.authority().map_or("", |authority| authority.as_str())
    )
}

/// Why there is no response.
enum SendError {
    NotSent(Request<Full<Bytes>>),
    Failed(ConnectionFailure),
}

impl Connection {
    /// Sets the request target: the path for a server, the URL for a proxy (RFC 9112, section 3.2).
    fn address(&self, request: &mut Request<Full<Bytes>>, uri: &Uri) {
        let host = match uri.port_u16() {
            Some(443) if uri.scheme_str() == Some("https") => uri.host(),
            Some(80) if uri.scheme_str() == Some("http") => uri.host(),
            _ => uri.authority().map(http::uri::Authority::as_str),
        };
        if let Ok(host) = HeaderValue::from_str(host.unwrap_or_default()) {
            request.headers_mut().entry(header::HOST).or_insert(host);
        }
        match &self.route {
            Route::Direct => {
                let path = uri.path_and_query().cloned();
                *request.uri_mut() = path.map_or_else(Uri::default, Uri::from);
            }
            Route::Proxy { authorization } => {
                *request.uri_mut() = uri.clone();
                if let Some(authorization) = authorization {
                    let headers = request.headers_mut();
                    headers.insert(header::PROXY_AUTHORIZATION, authorization.clone());
                }
            }
        }
    }

    async fn exchange(
        &mut self,
        request: Request<Full<Bytes>>,
        limit: usize,
    ) -> Result<Response<Bytes>, SendError> {
        let lost = |error: hyper::Error| SendError::Failed(ConnectionFailure::Lost(reason(&error)));
        let response = match self.sender.try_send_request(request).await {
            Ok(response) => response,
            Err(mut error) => {
                return Err(match error.take_message() {
                    Some(request) => SendError::NotSent(request),
                    None => lost(error.into_error()),
                });
            }
        };
        let (head, body): (_, Incoming) = response.into_parts();
        match Limited::new(body, limit).collect().await {
            Ok(body) => Ok(Response::from_parts(head, body.to_bytes())),
            Err(error) if error.is::<LengthLimitError>() => {
                Err(SendError::Failed(ConnectionFailure::TooLarge { limit }))
            }
            Err(error) => Err(match error.downcast::<hyper::Error>() {
                Ok(error) => lost(*error),
                Err(error) => SendError::Failed(ConnectionFailure::Lost(error.to_string())),
            }),
        }
    }
}

/// The system's reason, where there is one.
fn reason(error: &hyper::Error) -> String {
    let mut deepest: &(dyn std::error::Error + 'static) = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    without_number(deepest)
}
