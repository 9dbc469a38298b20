//! Requests of REST and JSON for a user's session. They are three, and the SDK's clients for them are three crates.

use super::Search;
use aws_config::SdkConfig;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorSettings};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::service_config::ServiceConfigKey;
use http::Request;
use serde_json::Value;
use ssm_exec_core::region::Region;
use std::io;

/// The service's endpoint that a variable or a file of AWS's names.
pub(in crate::aws) fn configured_url(sdk: &SdkConfig, service: &str) -> Option<String> {
    let key = ServiceConfigKey::builder()
        .service_id(service)
        .env("AWS_ENDPOINT_URL")
        .profile("endpoint_url")
        .build();
    sdk.service_config()
        .zip(key.ok())
        .and_then(|(config, key)| config.load_config(key))
        .or_else(|| sdk.endpoint_url().map(str::to_owned))
}

/// Which kind of AWS's endpoints is used.
pub(super) struct EndpointKind {
    pub(super) fips: bool,
    pub(super) dual_stack: bool,
}

impl Search<'_> {
    /// The URL of a service in a Region, by the rules that all of the SDK's endpoints share.
    pub(super) fn service_url(&self, service: &str, host: &str, region: &Region) -> String {
        if let Some(url) = configured_url(self.sdk, service) {
            return url.trim_end_matches('/').to_owned();
        }
        let partition = region.partition();
        let EndpointKind { fips, dual_stack } = self.endpoints();
        let fips = match fips && (dual_stack || partition.id != "aws-us-gov") {
            true => "-fips",
            false => "",
        };
        let suffix = match dual_stack {
            true => partition.dual_stack_suffix,
            false => partition.dns_suffix,
        };
        format!("https://{host}{fips}.{region}.{suffix}")
    }

    pub(super) fn endpoints(&self) -> EndpointKind {
        EndpointKind {
            fips: self.sdk.use_fips() == Some(true),
            dual_stack: self.sdk.use_dual_stack() == Some(true),
        }
    }

    /// The JSON that a server answers with. What is to be said of an error is in the exchange.
    pub(super) async fn send(&self, request: Request<String>) -> io::Result<Value> {
        let request = HttpRequest::try_from(request.map(SdkBody::from));
        let mut request = request.map_err(io::Error::other)?;
        let agent = self.sdk.framework_metadata().iter();
        let agent: Vec<String> = agent.map(ToString::to_string).collect();
        request.headers_mut().insert("user-agent", agent.join(" "));
        let timeouts = self.sdk.timeout_config();
        let mut settings = HttpConnectorSettings::builder();
        settings.set_connect_timeout(timeouts.and_then(TimeoutConfig::connect_timeout));
        settings.set_read_timeout(timeouts.and_then(TimeoutConfig::read_timeout));
        let connector = self.transport.connector(&settings.build());
        let response = connector.call(request).await.map_err(io::Error::other)?;
        if !response.status().is_success() {
            return Err(io::Error::other("an error"));
        }
        let body = response.body().bytes().unwrap_or_default();
        serde_json::from_slice(body).map_err(|_| io::Error::other("invalid JSON"))
    }
}
