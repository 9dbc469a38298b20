//! The last exchange of an attempt: who answered it, and what an error says. Nothing of a successful answer is kept.

use super::failure::ConnectionError;
use super::server::Server;
use crate::aws::date::system_time;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::date_time::{DateTime, Format};
use http::Uri;
use serde_json::Value;
use ssm_exec_core::code::Code;
use ssm_exec_core::diagnostic::Diagnostic;
use std::cell::RefCell;
use std::error::Error;
use std::time::{Duration, SystemTime};

/// How much of an error's body is read.
pub(super) const BODY: usize = 4096;
/// How much of a text that is no error of AWS's is shown.
const TEXT: usize = 512;

tokio::task_local! {
    static LAST: RefCell<Option<Last>>;
}

/// How the last request of an attempt ended.
pub(in crate::aws) type Last = Result<Exchange, ConnectionError>;

/// An answer. Its code and message are those of an error.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::aws) struct Exchange {
    /// The host.
    pub(in crate::aws) server: String,
    pub(in crate::aws) status: u16,
    /// What the server calls itself (`Server`).
    pub(in crate::aws) software: Option<String>,
    pub(in crate::aws) content_type: Option<String>,
    /// The time there.
    pub(in crate::aws) date: Option<SystemTime>,
    pub(in crate::aws) retry_after: Option<Duration>,
    pub(in crate::aws) request_id: Option<String>,
    /// AWS's code for the error.
    pub(in crate::aws) code: Option<String>,
    /// AWS's message, the title or the first words of another answer, or where it redirects to.
    pub(in crate::aws) message: Option<String>,
}

/// Runs an attempt, and returns how the last request in it ended.
pub(in crate::aws) async fn observed<T>(work: impl Future<Output = T>) -> (T, Option<Last>) {
    let mut attempt = std::pin::pin!(LAST.scope(RefCell::default(), work));
    let outcome = attempt.as_mut().await;
    (outcome, attempt.take_value().and_then(RefCell::into_inner))
}

/// A connector whose exchanges are observed.
#[derive(Debug)]
pub struct Observed<C>(pub C);

impl<C: HttpConnector> HttpConnector for Observed<C> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let uri: Uri = request.uri().parse().unwrap_or_default();
        let credentials = credentials(&request);
        let answer = self.0.call(request);
        HttpConnectorFuture::new(async move {
            let answer = answer.await;
            match &answer {
                Ok(answer) => keep(Ok(Exchange::new(&uri, answer).without(&credentials))),
                Err(error) if error.is_user() => {}
                Err(error) => keep(Err(connection_error(error))),
            }
            answer
        })
    }
}

/// Keeps how a request ended, if somebody observes it.
fn keep(last: Last) {
    let _ = LAST.try_with(|kept| kept.replace(Some(last)));
}

/// The credentials in a request that no message may show. An access key ID is none, unless it is a secret access key by
/// mistake.
fn credentials(request: &HttpRequest) -> Vec<String> {
    const TOKENS: [&str; 4] = [
        "authorization",
        "x-amz-security-token",
        "x-amz-sso_bearer_token",
        "x-aws-ec2-metadata-token",
    ];
    let headers = request.headers();
    let signed = headers.get("authorization").and_then(|it| it.split_once("Credential="));
    // `ID/DATE/REGION/SERVICE/aws4_request`: a secret may have slashes.
    let scope = signed.and_then(|(_, rest)| rest.split(',').next());
    let id = scope.and_then(|scope| scope.rsplitn(5, '/').nth(4));
    let id = id.filter(|id| id.bytes().any(|byte| byte.is_ascii_lowercase()));
    let all = id.into_iter().chain(TOKENS.iter().filter_map(|name| headers.get(name)));
    // A short one is a word, such as `test`.
    all.filter(|it| it.len() >= 16).map(str::to_owned).collect()
}

fn connection_error(error: &ConnectorError) -> ConnectionError {
    let known = error.source().and_then(|source| source.downcast_ref());
    known.cloned().unwrap_or_else(|| ConnectionError {
        diagnostic: Diagnostic::new(Code::Unreachable, "the connection failed"),
        is_transient: true,
        unknown_host: None,
        is_silent: false,
    })
}

impl Exchange {
    fn new(uri: &Uri, answer: &HttpResponse) -> Self {
        let header = |name: &str| answer.headers().get(name).map(str::to_owned);
        let status = answer.status().as_u16();
        let body = answer.body().bytes().unwrap_or_default();
        let number = |name: &str| header(name)?.trim().parse().ok();
        let date = header("date");
        let date = date.and_then(|date| DateTime::from_str(&date, Format::HttpDate).ok());
        let exchange = Self {
            server: Server::of(uri).map(|server| server.host).unwrap_or_default(),
            status,
            software: header("server"),
            content_type: header("content-type")
                .map(|kind| kind.split(';').next().unwrap_or_default().to_owned()),
            date: date.as_ref().and_then(system_time),
            retry_after: number("x-amz-retry-after")
                .map(Duration::from_millis)
                .or_else(|| number("retry-after").map(Duration::from_secs)),
            request_id: header("x-amzn-requestid"),
            ..Self::default()
        };
        if status < 400 {
            // Where a captive portal sends to.
            let message = header("location").map(|url| url.chars().take(TEXT).collect());
            return Self { message, ..exchange };
        }
        let text = String::from_utf8_lossy(&body[..body.len().min(BODY)]);
        let (code, message) = error(&text);
        // OAuth's code says more than the name of the exception.
        let code = code
            .clone()
            .filter(|code| code.contains('_'))
            .or_else(|| header("x-amzn-errortype"))
            .or(code);
        Self {
            code: code.map(|code| {
                // `com.amazonaws.ssm#Code`, and `Code:http://…`.
                let code = code.rsplit('#').next().unwrap_or_default();
                code.split(':').next().unwrap_or_default().to_owned()
            }),
            message: message.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()),
            ..exchange
        }
    }

    /// By what one recognizes who sent it, for the end of a sentence.
    pub(in crate::aws) fn signs(&self) -> String {
        let software = self.software.as_ref();
        let software = software.map(|name| format!("Server: {name}"));
        let says = self.message.as_ref();
        let says = says.map(|text| format!("\"{}\"", text.escape_debug()));
        let signs = [software, self.content_type.clone(), says];
        let signs: Vec<String> = signs.into_iter().flatten().collect();
        match signs.as_slice() {
            [] => String::new(),
            signs => format!(" ({})", signs.join(", ")),
        }
    }

    /// Some servers repeat what they were sent: the header that they cannot read, or all that was signed.
    fn without(mut self, credentials: &[String]) -> Self {
        if let Some(message) = &mut self.message {
            let end = message.find("The Canonical String for this request");
            let signed = end.unwrap_or(message.len());
            message.truncate(message[..signed].trim_end().len());
            for credential in credentials {
                *message = message.replace(credential, "…");
            }
        }
        self
    }
}

/// The code and the message of an error's body: AWS's JSON and XML, an agent's text, or another one.
fn error(body: &str) -> (Option<String>, Option<String>) {
    if let Ok(Value::Object(members)) = serde_json::from_str(body) {
        let find = |names: &[&str]| {
            let found = names.iter().find_map(|name| members.get(*name)?.as_str());
            found.map(str::to_owned)
        };
        // OAuth's codes have an underscore; a gateway's `error` is words.
        let (oauth, words) = match find(&["error"]) {
            Some(code) if code.contains('_') => (Some(code), None),
            words => (None, words),
        };
        return (
            oauth.or_else(|| find(&["__type", "code", "Code"])),
            find(&["message", "Message", "error_description"]).or(words),
        );
    }
    if let Some(message) = tag(body, "Message") {
        return (tag(body, "Code"), Some(message));
    }
    if let Some(title) = tag(body, "title") {
        return (None, Some(title));
    }
    // The EKS Pod Identity Agent: `[request]: (Code): text, fault: client`.
    if let Some((code, text)) = body.split_once("]: (").and_then(|(_, rest)| rest.split_once("): "))
    {
        let text = text.split(", fault: ").next().unwrap_or_default();
        return (Some(code.to_owned()), Some(text.to_owned()));
    }
    let first = body.trim_start().lines().next().unwrap_or_default();
    let text: String = first.chars().take(TEXT).collect();
    // One word may be anything, a token too.
    (None, text.contains(' ').then_some(text))
}

/// The content of the first element with this name.
pub(super) fn tag(markup: &str, name: &str) -> Option<String> {
    // HTML's may be in capitals, and have attributes.
    let [lower, name] = [markup, name].map(str::to_ascii_lowercase);
    let start = format!("<{name}");
    let mut starts = lower.match_indices(&start).map(|(at, _)| at + start.len());
    let at = starts.find(|at| lower[*at..].starts_with(|c: char| c == '>' || c.is_whitespace()))?;
    let at = at + lower[at..].find('>')? + 1;
    let content = &markup[at..at + lower[at..].find(&format!("</{name}"))?];
    let entities = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&apos;", "'"),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ];
    let plain = |text: String, (entity, c): (&str, &str)| text.replace(entity, c);
    Some(entities.into_iter().fold(content.to_owned(), plain))
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_smithy_types::body::SdkBody;

    fn exchange(status: u16, body: &str) -> Exchange {
        let status = status.try_into().expect("a status");
        let answer = HttpResponse::new(status, SdkBody::from(body));
        Exchange::new(&Uri::default(), &answer)
    }

    #[test]
    fn the_words_of_an_error_are_kept_whatever_its_form() {
        let aws = |code: &str, message: &str| (Some(code.to_owned()), Some(message.to_owned()));
        for (body, expected) in [
            (
                r#"{"__type":"com.amazonaws.ssm#ThrottlingException","message":"Rate exceeded"}"#,
                aws("ThrottlingException", "Rate exceeded"),
            ),
            (
                r#"{"code":"InvalidIdInRequest","message":"ID not found","HTTPErrorCode":400}"#,
                aws("InvalidIdInRequest", "ID not found"),
            ),
            (
                r#"{"error":"invalid_grant","error_description":"Invalid refresh token"}"#,
                aws("invalid_grant", "Invalid refresh token"),
            ),
            (
                "<ErrorResponse><Error><Code>AccessDenied</Code><Message>User: a\n is &lt;not&gt;</Message></Error></ErrorResponse>",
                aws("AccessDenied", "User: a\n is <not>"),
            ),
            (
                "[6f2e]: (AccessDeniedException): Unauthorized Exception! EKS does not, fault: client",
                aws("AccessDeniedException", "Unauthorized Exception! EKS does not"),
            ),
            (
                "<html><head><title>403 Forbidden</title></head></html>",
                (None, Some("403 Forbidden".to_owned())),
            ),
            (
                "<!DOCTYPE html><HTML><TITLE lang=en>ERROR: \u{130} Not Found</TITLE>",
                (None, Some("ERROR: \u{130} Not Found".to_owned())),
            ),
            (
                r#"{"status":503,"error":"Service Unavailable"}"#,
                (None, Some("Service Unavailable".to_owned())),
            ),
            ("too busy\nmore", (None, Some("too busy".to_owned()))),
            ("token", (None, None)),
            ("", (None, None)),
        ] {
            let exchange = exchange(400, body);
            assert_eq!((exchange.code, exchange.message), expected, "{body}");
        }
    }

    #[test]
    fn nothing_of_a_success_is_kept_and_an_error_is_bounded() {
        let success = exchange(200, r#"{"code":"Success","message":"canary"}"#);
        assert_eq!((success.code, success.message), (None, None));
        let long = "x ".repeat(1 << 20);
        let text = exchange(500, &long).message;
        assert!(text.is_some_and(|text| text.len() <= TEXT));
        let long = format!(r#"{{"message":"{long}"}}"#);
        let text = exchange(500, &long).message;
        assert!(text.is_some_and(|text| text.len() <= TEXT));
    }

    #[test]
    fn the_credentials_of_a_request_are_shown_by_no_answer_to_it() {
        let (secret, token) = ("canary/secret+access/key/of/40/characters", "canary-session-token");
        let mut request = HttpRequest::empty();
        let signed = format!(
            "AWS4-HMAC-SHA256 Credential={secret}/20261130/eu-west-1/ssm/aws4_request, SignedHeaders=host"
        );
        request.headers_mut().insert("authorization", signed);
        request.headers_mut().insert("x-amz-security-token", token);
        let credentials = credentials(&request);
        for (message, shown) in [
            (
                format!("It must have 5 elements, got '{secret}/20261130/eu-west-1'"),
                "It must have 5 elements, got '…/20261130/eu-west-1'",
            ),
            (format!("No token {token}"), "No token …"),
            (
                format!(
                    "No. The Canonical String for this request should have been 'POST {token}'"
                ),
                "No.",
            ),
        ] {
            let exchange = Exchange { message: Some(message), ..Exchange::default() };
            assert_eq!(exchange.without(&credentials).message.as_deref(), Some(shown));
        }
        let signed = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLEAKIDEXAMPLE/20261130/eu-west-1/ssm/x";
        request.headers_mut().insert("authorization", signed);
        assert_eq!(super::credentials(&request), [signed, token]);
    }

    #[tokio::test]
    async fn an_attempt_returns_the_last_request_in_it() {
        let request = |status| {
            keep(Ok(Exchange { status, ..Exchange::default() }));
        };
        request(1);
        let (outcome, last) = observed(async {
            request(500);
            request(200);
            "done"
        })
        .await;
        assert_eq!(outcome, "done");
        assert_eq!(last.expect("one").map(|exchange| exchange.status), Ok(200));
        assert_eq!(observed(async {}).await.1, None);
    }
}
