//! Whole answers of SSM, through the SDK's real client and all that reads them.

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
use ssm_exec_core::fetched::Fetched;
use ssm_exec_core::parameter::{ParameterRef, Prefix};
use ssm_exec_core::plan::Request;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// More answers in a row show nothing new, and take their time.
const LONGEST: usize = 4;

/// `2`, `4`, `5`, `9` for the status or another byte for a broken connection, perhaps a header, a line's end,
/// the body.
#[derive(Clone)]
struct Answer {
    status: Option<u16>,
    header: Option<(String, String)>,
    body: Vec<u8>,
}

impl Answer {
    fn read(text: &[u8]) -> Self {
        let end = text.iter().position(|&byte| byte == b'\n');
        let (head, body) = text.split_at(end.unwrap_or(text.len().min(1)));
        let header = head
            .get(1..)
            .and_then(|header| std::str::from_utf8(header).ok());
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

    /// What ends everything: it isn't tried again.
    fn last() -> Self {
        Self::read(b"4\n{\"__type\":\"AccessDeniedException\",\"Message\":\"no\"}")
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

/// Gives the answers one after another, whatever is asked.
#[derive(Clone)]
struct Script(Arc<Mutex<VecDeque<Answer>>>);

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
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Script {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        let next = self.0.lock().expect("no panic held it").pop_front();
        HttpConnectorFuture::ready(next.unwrap_or_else(Answer::last).send())
    }
}

/// Asks for one of three things and gives the answers in `data`, each ended by a zero byte: nothing
/// arrives but what an answer held, all of it or none, and no message tells a value.
pub fn answers(data: &[u8]) {
    thread_local! {
        static WORLD: World = World::new();
    }
    let Some((kind, data)) = data.split_first() else {
        return;
    };
    let answers = data.split(|&byte| byte == 0).take(LONGEST);
    let answers: Vec<Answer> = answers.map(Answer::read).collect();
    let below = Prefix::parse("/p").expect("a prefix");
    let named = ["/k/a", "/k/b:2", "plain"].map(|name| ParameterRef::parse(name).expect("a name"));
    let secrets =
        ["/aws/reference/secretsmanager/s"].map(|name| ParameterRef::parse(name).expect("a name"));
    let request = match kind {
        b'p' => Request::Below(below.clone()),
        b's' => Request::Batch(secrets.to_vec()),
        _ => Request::Batch(named.to_vec()),
    };
    let outcome = WORLD.with(|world| world.ask(answers.clone(), request));
    let held: Option<Vec<Value>> = answers
        .iter()
        .filter(|answer| answer.status == Some(200))
        .map(|answer| serde_json::from_slice(&answer.body).ok())
        .collect();
    let Some(held) = held else { return };
    match outcome {
        Ok(fetched) => arrived_as_sent(
            &fetched,
            &below,
            &[&named[..], &secrets[..]].concat(),
            &held,
        ),
        Err(message) => {
            for value in held.iter().flat_map(values) {
                let elsewhere = String::from_utf8_lossy(data).matches(value).count() > 1;
                // Of other values libFuzzer makes the words of our own messages.
                let marked = value.starts_with("canary");
                assert!(!marked || elsewhere || !message.contains(value));
            }
        }
    }
}

fn parameters(answer: &Value) -> impl Iterator<Item = &Value> {
    answer["Parameters"].as_array().into_iter().flatten()
}

fn values(answer: &Value) -> impl Iterator<Item = &str> {
    parameters(answer).filter_map(|parameter| parameter["Value"].as_str())
}

fn arrived_as_sent(fetched: &Fetched, below: &Prefix, names: &[ParameterRef], held: &[Value]) {
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

/// A runtime whose clock stands still, and a client.
struct World {
    runtime: tokio::runtime::Runtime,
    script: Script,
    client: aws_sdk_ssm::Client,
}

impl World {
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
        Self {
            runtime,
            script,
            client: aws_sdk_ssm::Client::from_conf(config),
        }
    }

    fn ask(&self, answers: Vec<Answer>, request: Request) -> Result<Fetched, String> {
        *self.script.0.lock().expect("no panic held it") = answers.into();
        let asking =
            aws::fetch_through(self.client.clone(), vec![request], Duration::from_secs(30));
        self.runtime
            .block_on(asking)
            .map_err(|error| error.to_string())
    }
}
