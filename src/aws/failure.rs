//! Why AWS did not give what it was asked for: what is to be said, and what the loop and the run decide on.

use super::net::{ConnectionError, Exchange};
use super::refusal::Refusal;
use super::service_error::{Class, ServiceError};
use ssm_exec_core::aws_context::AwsContext;
use ssm_exec_core::code::Code;
use ssm_exec_core::diagnostic::{Diagnostic, Help};
use std::fmt;
use std::time::{Duration, SystemTime};

/// By how much the times may differ before it is the clock that a signature is refused for.
pub(super) const MAX_SKEW: Duration = Duration::from_secs(4 * 60);

/// Why AWS did not give what it was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    pub(super) diagnostic: Diagnostic,
    pub(super) scope: Scope,
    pub(super) retry: Retry,
    /// A denial: it is said when all denials are known, and the caller.
    pub(super) refusal: Option<Box<Refusal>>,
}

/// How much of a run it prevents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// One name of the request at least; the others may be asked for one by one.
    OneName,
    OneRequest,
    Everything,
}

/// Whether another attempt may succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Retry {
    No,
    /// Not within this run: AWS may need more time for what was changed or created a moment ago.
    Later,
    After {
        at_least: Duration,
    },
    Throttled {
        at_least: Duration,
    },
    /// With the time of the server.
    WithServerClock(SystemTime),
}

impl Retry {
    /// After no longer than the loop itself waits.
    pub(super) const SOON: Self = Self::After { at_least: Duration::ZERO };
    /// Later, if time alone may mend it.
    pub(super) fn later_if(may_pass: bool) -> Self {
        if may_pass { Self::Later } else { Self::No }
    }
}

impl Failure {
    /// The message, for a run in this context.
    pub fn diagnostic(&self, context: &AwsContext) -> Diagnostic {
        match &self.refusal {
            Some(refusal) => refusal.diagnostic(context),
            None => self.diagnostic.clone(),
        }
    }

    /// Whether STS can say who the caller is, although this failed.
    pub fn knows_caller(&self) -> bool {
        self.scope != Scope::Everything || self.diagnostic.code == Code::Throttled
    }

    /// Whether time alone may mend it.
    pub fn may_pass(&self) -> bool {
        self.retry == Retry::Later || self.is_transient()
    }

    pub(super) fn later(self) -> Self {
        self.retried(Retry::Later)
    }

    pub(super) fn retried(self, retry: Retry) -> Self {
        Self { retry, ..self }
    }

    /// With other help than its code's.
    pub(super) fn helped(mut self, help: Vec<Help>) -> Self {
        self.diagnostic.help = help;
        self
    }

    pub(super) fn is_transient(&self) -> bool {
        matches!(self.retry, Retry::After { .. } | Retry::Throttled { .. })
    }

    pub(super) fn of(self, scope: Scope) -> Self {
        Self { scope, ..self }
    }

    /// What may be over later, whoever says it.
    pub(super) fn temporary(answer: &ServiceError) -> Option<Self> {
        let service = answer.service;
        let at_least = answer.exchange.retry_after.unwrap_or_default();
        let (diagnostic, retry) = match answer.class {
            Class::Throttled => {
                let text = format!("throttled: {service} limits the rate of requests ({answer})");
                let diagnostic = answer.diagnostic(Code::Throttled, text);
                (diagnostic, Retry::Throttled { at_least })
            }
            Class::Failed | Class::Page => {
                let code = code_of_failed(answer);
                let status = answer.exchange.status;
                let status = answer.exchange.code.as_ref().map(|_| format!(", HTTP {status}"));
                let text = format!("{service} failed ({answer}{})", status.unwrap_or_default());
                (answer.diagnostic(code, text), Retry::After { at_least })
            }
            Class::Clock => {
                let difference = answer.exchange.date.and_then(difference);
                let date = answer.exchange.date;
                let retry = date.map_or(Retry::No, Retry::WithServerClock);
                let why = difference
                    .unwrap_or_else(|| format!("this machine's clock is wrong ({answer})"));
                let text = format!("AWS does not accept the time of the request: {why}");
                (answer.diagnostic(Code::ClockSkew, text), retry)
            }
            _ => return None,
        };
        Some(Self::from(diagnostic).retried(retry))
    }

    /// An answer without an error of AWS in it. Its own servers and those in between can fail without one, but not
    /// refuse.
    pub(super) fn foreign(answer: &ServiceError) -> Self {
        let ServiceError { service, class, exchange, .. } = answer;
        let Exchange { status, server, retry_after, .. } = exchange;
        let whom = match answer.is_of_store() {
            true => "AWS".to_owned(),
            false => service.to_string(),
        };
        let (code, whose, retry) = match class {
            Class::Foreign => {
                (Code::ForeignResponse, format!("something that is not {whom}"), Retry::No)
            }
            _ => {
                let at_least = retry_after.unwrap_or_default();
                let whose = format!("{whom} or something in between");
                (code_of_failed(answer), whose, Retry::After { at_least })
            }
        };
        let text = format!("HTTP {status} from {whose}{}", exchange.signs());
        let mut diagnostic = Diagnostic::new(code, text);
        diagnostic.subject.host = (!answer.is_of_store()).then(|| server.clone());
        let help = Help::all(Code::ForeignResponse.help());
        Self::from(diagnostic).retried(retry).helped(help)
    }
}

/// Of a service that fails by itself.
fn code_of_failed(answer: &ServiceError) -> Code {
    match answer.is_of_store() {
        true => Code::ServiceFailed,
        false => Code::CredentialSourceUnavailable,
    }
}

/// By how much this machine's clock differs from a server's, if that is more than AWS allows.
fn difference(theirs: SystemTime) -> Option<String> {
    let ours = SystemTime::now();
    let (off, direction) = match ours.duration_since(theirs) {
        Ok(ahead) => (ahead, "ahead of"),
        Err(behind) => (behind.duration(), "behind"),
    };
    let time = |time| {
        let text = humantime::format_rfc3339_seconds(time).to_string();
        text.chars().skip("2026-01-01T".len()).collect::<String>()
    };
    let seconds = Duration::from_secs(off.as_secs());
    (off > MAX_SKEW).then(|| {
        format!(
            "this machine's clock is {} {direction} AWS's ({} here, {} there)",
            humantime::format_duration(seconds),
            time(ours),
            time(theirs)
        )
    })
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self {
            diagnostic: refusal.diagnostic(&AwsContext::default()),
            scope: Scope::OneName,
            retry: Retry::later_if(refusal.may_pass()),
            refusal: Some(Box::new(refusal)),
        }
    }
}

/// Joins denials that differ in their resources only. They come first, in an order of their own: the requests end in
/// any.
pub(super) fn merge(failures: &mut Vec<Failure>) {
    let (mut denials, others): (Vec<_>, Vec<_>) =
        failures.drain(..).partition(|failure| failure.refusal.is_some());
    denials.sort_by_cached_key(|failure| {
        let first = failure.refusal.as_ref().and_then(|it| it.requests().first());
        first.map(ToString::to_string)
    });
    for denial in denials {
        let joins = |earlier: &mut Failure| match (&mut earlier.refusal, &denial.refusal) {
            (Some(earlier), Some(refusal)) => earlier.absorb(refusal),
            _ => false,
        };
        if !failures.iter_mut().any(joins) {
            failures.push(denial);
        }
    }
    failures.extend(others);
}

/// A failure that no other attempt and no other request mends.
impl From<Diagnostic> for Failure {
    fn from(diagnostic: Diagnostic) -> Self {
        Self { diagnostic, scope: Scope::Everything, retry: Retry::No, refusal: None }
    }
}

impl From<ConnectionError> for Failure {
    fn from(error: ConnectionError) -> Self {
        let retry = if error.is_transient { Retry::SOON } else { Retry::No };
        Self::from(error.diagnostic).retried(retry)
    }
}

/// A bug in ssm-exec.
pub(super) fn internal(what: impl fmt::Display) -> Failure {
    Diagnostic::new(Code::Internal, format!("this is a bug in ssm-exec: {what}")).into()
}
