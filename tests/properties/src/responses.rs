//! Complete responses of SSM, through the SDK's client and our parsing.

use aws_sdk_ssm::config::http::{HttpRequest, HttpResponse};
use aws_sdk_ssm::config::retry::RetryConfig;
use aws_sdk_ssm::config::{BehaviorVersion, Region, RuntimeComponents, SharedHttpClient};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use serde_json::Value;
use ssm_exec::aws;
use ssm_exec_core::aws_context::AwsContext;
use ssm_exec_core::fetched::Fetched;
use ssm_exec_core::parameter::{ParameterRef, Prefix};
use ssm_exec_core::plan::Request;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// More responses in a row find nothing new, and cost time.
const MAX_RESPONSES: usize = 4;

/// The first byte is the status (`2`, `4`, `5`, `9`) or, if any other, a broken connection; then follow an
/// optional header, a newline and the body.
#[derive(Clone)]
struct Response {
    status: Option<u16>,
    header: Option<(String, String)>,
    body: Vec<u8>,
}

impl Response {
    fn parse(text: &[u8]) -> Self {
        let end = text.iter().position(|&byte| byte == b'\n');
        let (head, body) = text.split_at(end.unwrap_or(text.len().min(1)));
        let header = head.get(1..).and_then(|header| std::str::from_utf8(header).ok());
        let pair = header.and_then(|header| header.split_once(": "));
        Self {
            status: head.first().and_then(|status| match status {
                b'2' => Some(200),
                b'4' => Some(400),
                b'5' => Some(503),
                b'9' => Some(429),
                _ => None,
            }),
            header: pair.map(|(name, value)| (name.to_owned(), value.to_owned())),
            body: body.strip_prefix(b"\n").unwrap_or(body).to_vec(),
        }
    }

    /// A permanent error, which isn't retried.
    fn last() -> Self {
        Self::parse(b"4\n{\"__type\":\"AccessDeniedException\",\"Message\":\"no\"}")
    }

    fn send(self) -> Result<HttpResponse, ConnectorError> {
        let Some(status) = self.status else {
            return Err(ConnectorError::io("broken".into()));
        };
        let status = status.try_into().expect("a status");
        let mut response = HttpResponse::new(status, SdkBody::from(self.body));
        if let Some((name, value)) = self.header {
            let _ = response.headers_mut().try_insert(name, value);
        }
        Ok(response)
    }
}

/// Sends the responses one after another, for any request.
#[derive(Clone)]
struct Script(Arc<Mutex<VecDeque<Response>>>);

impl std::fmt::Debug for Script {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Script")
    }
}

impl HttpClient for Script {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(aws::Observed(self.clone()))
    }
}

impl HttpConnector for Script {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        let next = self.0.lock().expect("not poisoned").pop_front();
        HttpConnectorFuture::ready(next.unwrap_or_else(Response::last).send())
    }
}

/// Fetches one of three requests with the responses in `data`, each ended by a zero byte. Only values
/// from a response are returned, all of them or none, and no message contains a value.
pub fn responses(data: &[u8]) {
    thread_local! {
        static CLIENT: Client = Client::new();
    }
    let Some((kind, data)) = data.split_first() else {
        return;
    };
    let responses = data.split(|&byte| byte == 0).take(MAX_RESPONSES);
    let responses: Vec<Response> = responses.map(Response::parse).collect();
    let below = Prefix::parse("/p").expect("a prefix");
    let named = ["/k/a", "/k/b:2", "plain"].map(|name| ParameterRef::parse(name).expect("a name"));
    let secrets =
        ["/aws/reference/secretsmanager/s"].map(|name| ParameterRef::parse(name).expect("a name"));
    let request = match kind {
        b'p' => Request::Below(below.clone()),
        b's' => Request::Batch(secrets.to_vec()),
        _ => Request::Batch(named.to_vec()),
    };
    let outcome = CLIENT.with(|client| client.fetch(responses.clone(), request));
    let held: Option<Vec<Value>> = responses
        .iter()
        .filter(|response| response.status == Some(200))
        .map(|response| serde_json::from_slice(&response.body).ok())
        .collect();
    let Some(held) = held else { return };
    match outcome {
        Ok(fetched) => assert_sent(&fetched, &below, &[&named[..], &secrets[..]].concat(), &held),
        Err(message) => {
            let texts = texts(&responses);
            for value in held.iter().flat_map(values) {
                // Such as a name, which a message may contain.
                let elsewhere = texts.iter().filter(|text| text.contains(value)).count() > 1
                    || String::from_utf8_lossy(data).matches(value).count() > 1;
                // libFuzzer finds other values that are words of our own messages.
                let marked = value.starts_with("canary");
                assert!(!marked || elsewhere || !message.contains(value));
            }
        }
    }
}

/// Every string of the responses that are JSON, unescaped.
fn texts(responses: &[Response]) -> Vec<String> {
    fn collect(value: &Value, texts: &mut Vec<String>) {
        match value {
            Value::String(text) => texts.push(text.clone()),
            Value::Array(items) => items.iter().for_each(|item| collect(item, texts)),
            Value::Object(members) => {
                for (name, member) in members {
                    texts.push(name.clone());
                    collect(member, texts);
                }
            }
            _ => {}
        }
    }
    let mut texts = Vec::new();
    for response in responses {
        if let Ok(body) = serde_json::from_slice(&response.body) {
            collect(&body, &mut texts);
        }
    }
    texts
}

fn parameters(response: &Value) -> impl Iterator<Item = &Value> {
    response["Parameters"].as_array().into_iter().flatten()
}

fn values(response: &Value) -> impl Iterator<Item = &str> {
    parameters(response).filter_map(|parameter| parameter["Value"].as_str())
}

fn assert_sent(fetched: &Fetched, below: &Prefix, names: &[ParameterRef], held: &[Value]) {
    let sent = |name: &str, value: &[u8]| {
        held.iter().flat_map(parameters).any(|parameter| {
            parameter["Name"].as_str() == Some(name)
                && parameter["Value"].as_str().map(str::as_bytes) == Some(value)
        })
    };
    for (relative, parameter) in fetched.below(below) {
        assert!(!relative.is_empty());
        assert!(sent(&parameter.name, parameter.value.expose()));
    }
    for parameter in names.iter().filter_map(|name| fetched.get(name)) {
        assert!(sent(&parameter.name, parameter.value.expose()));
    }
}

/// The SDK's client, and a runtime with a paused clock.
struct Client {
    runtime: tokio::runtime::Runtime,
    script: Script,
    client: aws_sdk_ssm::Client,
}

impl Client {
    fn new() -> Self {
        let script = Script(Arc::default());
        let config = aws_sdk_ssm::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .allow_no_auth()
            .retry_config(RetryConfig::disabled())
            .http_client(SharedHttpClient::new(script.clone()))
            .build();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime");
        Self { runtime, script, client: aws_sdk_ssm::Client::from_conf(config) }
    }

    fn fetch(&self, responses: Vec<Response>, request: Request) -> Result<Fetched, String> {
        *self.script.0.lock().expect("not poisoned") = responses.into();
        let fetch = aws::fetch_through(self.client.clone(), vec![request], Duration::from_secs(30));
        self.runtime
            .block_on(fetch)
            .map_err(|failure| failure.diagnostic(&AwsContext::default()).to_string())
    }
}
