//! The HTTP client that the SDK uses: HTTP/1.1 with connections that are reused, and responses that are read
//! as a whole, up to a limit.

use super::dial::{Dialer, lost};
use super::dns::Lookups;
use super::endpoints::Endpoints;
use super::exchange::Observed;
use super::failure::{Cause, ConnectionError, Step, within};
use super::handshake::Tls;
use super::proxy::{Proxies, Proxy};
use super::roots::TlsRoots;
use super::server::Server;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use http::{HeaderValue, Request, Response, Uri, header};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use ssm_exec_core::config::Aws;
use ssm_exec_core::endpoint::{self, Endpoint, check_authority};
use ssm_exec_core::inherited::Inherited;
use ssm_exec_core::origin::Origin;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::task::JoinHandle;

/// The size limit of the response to a request, in bytes, as an extension of the request.
#[derive(Debug, Clone, Copy)]
pub(in crate::aws) struct ResponseLimit(pub(in crate::aws) usize);

impl Default for ResponseLimit {
    /// Enough for ten values of 8 KB with every character escaped.
    fn default() -> Self {
        Self(2 << 20)
    }
}

/// The HTTP client of a run.
#[derive(Debug, Clone)]
pub(in crate::aws) struct Transport(Arc<Connections>);

#[derive(Debug)]
struct Connections {
    dialer: Dialer,
    idle: Mutex<Vec<Connection>>,
    ahead: Mutex<Ahead>,
}

/// The connection that is opened while another server is asked for credentials: DNS, TCP and TLS need none.
#[derive(Debug, Default)]
enum Ahead {
    /// There is none, or a request has it.
    #[default]
    None,
    /// To this server, with this limit for a step, once another one is asked.
    Planned(Server, Option<Duration>),
    Opening(Server, Opening),
}

type Opening = JoinHandle<Result<Connection, ConnectionError>>;

/// A connection, and what it can be reused for.
#[derive(Debug)]
struct Connection {
    server: Server,
    sender: SendRequest<Full<Bytes>>,
    proxy: Option<Proxy>,
}

impl Transport {
    /// `endpoints` are those of the shared AWS files. `warns` says whether the connections are worth warnings.
    ///
    /// # Errors
    /// For a proxy or a CA bundle that can't be used.
    pub(in crate::aws) fn new(
        aws: &Aws,
        inherited: &Inherited<'_>,
        endpoints: Vec<(String, Origin)>,
        warns: bool,
    ) -> Result<Self, ConnectionError> {
        let roots = match &aws.ca_bundle {
            Some(bundle) => TlsRoots::bundle(&bundle.value, &bundle.origin)?,
            None => TlsRoots::from_environment(inherited),
        };
        let dialer = Dialer {
            proxies: Proxies::from_environment(inherited)?,
            tls: Tls::new(roots, aws.post_quantum, warns),
            allow_http: aws.allow_http,
            endpoints: Endpoints::new(aws, inherited, endpoints),
            lookups: Lookups::default(),
        };
        Ok(Self(Arc::new(Connections { dialer, idle: Mutex::default(), ahead: Mutex::default() })))
    }

    /// Opens the first connection to this endpoint as soon as a request goes to another server.
    pub(in crate::aws) fn connect_ahead(&self, to: &Endpoint, limit: Option<Duration>) {
        if let (Ok(mut ahead), Some(server)) = (self.0.ahead.lock(), Server::of(to.uri())) {
            *ahead = Ahead::Planned(server, limit);
        }
    }
}

impl Transport {
    /// For requests that no client of the SDK makes, too.
    pub(in crate::aws) fn connector(
        &self,
        settings: &HttpConnectorSettings,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Observed(Connector {
            connections: Arc::clone(&self.0),
            connect_timeout: settings.connect_timeout(),
            read_timeout: settings.read_timeout(),
        }))
    }
}

impl HttpClient for Transport {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        self.connector(settings)
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
            let request =
                request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
            // Read to its end: the SDK watches how fast the body is taken, and would report a stall.
            let (head, body) = request.into_parts();
            let body = body.collect().await.map_err(ConnectorError::user)?;
            let request = Request::from_parts(head, Full::new(body.to_bytes()));
            let server = Server::of(request.uri())
                .ok_or_else(|| ConnectorError::user("the URL of a request has no host".into()))?;
            let response = connections.send(request, &server, connect, read, limit);
            let response = response.await;
            let response = response.map_err(|error| match error.is_transient {
                true => ConnectorError::io(error.into()),
                false => ConnectorError::other(error.into(), None),
            })?;
            HttpResponse::try_from(response.map(SdkBody::from))
                .map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

impl Connections {
    async fn send(
        self: Arc<Self>,
        mut request: Request<Full<Bytes>>,
        server: &Server,
        connect_timeout: Option<Duration>,
        read_timeout: Option<Duration>,
        limit: usize,
    ) -> Result<Response<Bytes>, ConnectionError> {
        let uri = request.uri().clone();
        if let Some(authority) = uri.authority()
            && let Err(reason) = check_authority(authority)
        {
            let written = endpoint::server(authority).to_owned();
            return Err(self.dialer.error(Cause::Url(written, reason), server));
        }
        self.connect_ahead(server);
        loop {
            let (mut connection, is_new) = match self.take_open(server).await? {
                Some(connection) => (connection, false),
                None => (self.open(server, connect_timeout).await?, true),
            };
            connection.address(&mut request, &uri);
            let cause = match connection.exchange(request, read_timeout, limit).await {
                Ok(response) => {
                    // A new connection may reach another machine, which may not fail.
                    if !response.status().is_server_error() {
                        self.keep(connection);
                    }
                    return Ok(response);
                }
                // The server closed the idle connection.
                Err(SendError::NotSent(back)) if !is_new => {
                    request = back;
                    continue;
                }
                Err(SendError::NotSent(_)) => Cause::Lost("before the request was sent".to_owned()),
                Err(SendError::Failed(cause)) => cause,
            };
            return Err(self.dialer.error(cause, server));
        }
    }

    async fn open(
        &self,
        server: &Server,
        limit: Option<Duration>,
    ) -> Result<Connection, ConnectionError> {
        // Boxed: each request's future would have room for it, though few requests open a connection.
        let dialed = Box::pin(self.dialer.dial(server, limit)).await?;
        let (sender, connection) = http1::handshake(TokioIo::new(dialed.stream))
            .await
            .map_err(|error| self.dialer.error(lost(&error), server))?;
        tokio::spawn(connection);
        Ok(Connection { server: server.clone(), sender, proxy: dialed.proxy })
    }

    /// Begins to open the connection that is planned, unless it is this server that is asked.
    fn connect_ahead(self: &Arc<Self>, asked: &Server) {
        let Ok(mut ahead) = self.ahead.lock() else {
            return;
        };
        *ahead = match std::mem::take(&mut *ahead) {
            Ahead::Planned(server, limit) if server != *asked => {
                let (connections, to) = (Arc::clone(self), server.clone());
                let opening = async move { connections.open(&to, limit).await };
                Ahead::Opening(server, tokio::spawn(opening))
            }
            Ahead::Planned(..) => Ahead::None,
            ahead => ahead,
        };
    }

    /// A connection that is open, or is being opened ahead. If that fails while a request waits for it, it is the request's
    /// failure; if it has failed before, another one is opened.
    async fn take_open(&self, server: &Server) -> Result<Option<Connection>, ConnectionError> {
        if let Some(connection) = self.take_idle(server) {
            return Ok(Some(connection));
        }
        let Some(opening) = self.take_ahead(server) else {
            return Ok(None);
        };
        let is_early = opening.is_finished();
        match opening.await {
            Ok(Err(error)) if !is_early => Err(error),
            opened => Ok(opened.ok().and_then(Result::ok)),
        }
    }

    fn take_ahead(&self, server: &Server) -> Option<Opening> {
        let mut ahead = self.ahead.lock().ok()?;
        match std::mem::take(&mut *ahead) {
            Ahead::Opening(to, opening) if to == *server => Some(opening),
            other => {
                *ahead = other;
                None
            }
        }
    }

    fn take_idle(&self, server: &Server) -> Option<Connection> {
        let mut idle = self.idle.lock().ok()?;
        idle.retain(|connection| !connection.sender.is_closed());
        let at = idle
            .iter()
            .position(|connection| connection.server == *server && connection.sender.is_ready())?;
        Some(idle.swap_remove(at))
    }

    fn keep(&self, connection: Connection) {
        if let Ok(mut idle) = self.idle.lock() {
            idle.push(connection);
        }
    }
}

/// Why there is no response.
enum SendError {
    NotSent(Request<Full<Bytes>>),
    Failed(Cause),
}

impl Connection {
    /// Sets the request target: the path for a server, the URL for a proxy (RFC 9112, section 3.2).
    fn address(&self, request: &mut Request<Full<Bytes>>, uri: &Uri) {
        let host = match uri.port_u16() {
            Some(443) if self.server.tls => uri.host(),
            Some(80) if !self.server.tls => uri.host(),
            _ => uri.authority().map(http::uri::Authority::as_str),
        };
        if let Ok(host) = HeaderValue::from_str(host.unwrap_or_default()) {
            request.headers_mut().entry(header::HOST).or_insert(host);
        }
        *request.uri_mut() = match &self.proxy {
            Some(_) => uri.clone(),
            None => uri.path_and_query().cloned().map_or_else(Uri::default, Uri::from),
        };
        let authorization = self.proxy.as_ref().and_then(|proxy| proxy.authorization.as_ref());
        if let Some(authorization) = authorization {
            let headers = request.headers_mut();
            headers.insert(header::PROXY_AUTHORIZATION, authorization.clone());
        }
    }

    async fn exchange(
        &mut self,
        request: Request<Full<Bytes>>,
        read_timeout: Option<Duration>,
        limit: usize,
    ) -> Result<Response<Bytes>, SendError> {
        let began = tokio::time::Instant::now();
        let silent = |limit| Cause::Silent(Step::Response, limit);
        let sent =
            within(read_timeout, silent, async { Ok(self.sender.try_send_request(request).await) });
        let response = sent.await.map_err(SendError::Failed)?.map_err(|mut error| {
            match error.take_message() {
                Some(request) => SendError::NotSent(request),
                None => SendError::Failed(lost(error.error())),
            }
        })?;
        let (head, body) = response.into_parts();
        let left = read_timeout.map(|limit| limit.saturating_sub(began.elapsed()));
        let silent = |_| Cause::Silent(Step::Rest, read_timeout.unwrap_or_default());
        let body = within(left, silent, async {
            Limited::new(body, limit).collect().await.map_err(|error| {
                match error.downcast_ref::<hyper::Error>() {
                    Some(error) => lost(error),
                    None if error.is::<LengthLimitError>() => Cause::TooLarge(limit),
                    None => Cause::Lost(String::new()),
                }
            })
        });
        let body = body.await.map_err(SendError::Failed)?;
        Ok(Response::from_parts(head, body.to_bytes()))
    }
}
