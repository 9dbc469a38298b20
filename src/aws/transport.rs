//! The HTTP client: TLS, its roots and its cryptography are set up for the first https request, and
//! not at all without one.

use super::tls_roots::{self, Roots};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{self, TlsContext, TrustStore, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use std::sync::{Arc, OnceLock};

/// Chooses between the two clients by a request's scheme.
#[derive(Debug, Clone)]
pub(super) struct Transport(Arc<Clients>);

#[derive(Debug)]
struct Clients {
    plain: SharedHttpClient,
    secure: OnceLock<SharedHttpClient>,
    roots: Option<Roots>,
    proxied: bool,
}

impl Transport {
    /// With these roots alone, or with the system's.
    pub(super) fn new(roots: Option<Roots>) -> Self {
        let plain = Builder::new().build_with_connector_fn(|settings, components| {
            configured(settings, components).build_http()
        });
        Self(Arc::new(Clients {
            plain,
            secure: OnceLock::new(),
            roots,
            proxied: has_proxy(),
        }))
    }

    /// A proxy may itself speak TLS, so behind one the client that can is always taken.
    fn client_for(&self, uri: &str) -> &SharedHttpClient {
        let clients = &self.0;
        if !uri.starts_with("https:") && !clients.proxied {
            return &clients.plain;
        }
        clients.secure.get_or_init(|| {
            let pem = clients
                .roots
                .clone()
                .unwrap_or_else(tls_roots::default)
                .into_pem();
            Builder::new().build_with_connector_fn(move |settings, components| {
                let context = TlsContext::builder()
                    .with_trust_store(TrustStore::empty().with_pem_certificate(pem.clone()))
                    .build()
                    .expect("a context of checked certificates");
                configured(settings, components)
                    .tls_provider(tls::Provider::Rustls(CryptoMode::Ring))
                    .tls_context(context)
                    .build()
            })
        })
    }
}

/// `ProxyConfig` tells of one that it comes from the environment, not whether anything is in it.
fn has_proxy() -> bool {
    ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"]
        .iter()
        .flat_map(|name| {
            [
                std::env::var_os(name),
                std::env::var_os(name.to_ascii_lowercase()),
            ]
        })
        .any(|value| value.is_some_and(|value| !value.is_empty()))
}

fn configured(
    settings: Option<&HttpConnectorSettings>,
    components: Option<&RuntimeComponents>,
) -> aws_smithy_http_client::ConnectorBuilder {
    let mut builder = Connector::builder().proxy_config(ProxyConfig::from_env());
    builder.set_connector_settings(settings.cloned());
    builder.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
    builder
}

impl HttpClient for Transport {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(ByScheme {
            transport: self.clone(),
            settings: settings.clone(),
            components: components.clone(),
        })
    }
}

#[derive(Debug)]
struct ByScheme {
    transport: Transport,
    settings: HttpConnectorSettings,
    components: RuntimeComponents,
}

impl HttpConnector for ByScheme {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        self.transport
            .client_for(request.uri())
            .http_connector(&self.settings, &self.components)
            .call(request)
    }
}
