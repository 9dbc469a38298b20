//! Renews the token of a user's session, as the AWS CLI does, and for it too: the refresh token changes with each renewal,
//! so the file must be replaced, or the user would have to log in again.

use super::token_file::TokenFile;
use super::{CredentialSource, Search, explained, failed};
use crate::aws::call::Work;
use crate::aws::date::{iso8601, rfc3339};
use crate::aws::failure::Failure;
use crate::aws::service_error::{Service, ServiceError};
use crate::logging::debug;
use crate::system_error::without_number;
use aws_credential_types::Credentials;
use aws_types::sdk_config::TimeSource;
use http::Request;
use serde_json::Value;
use ssm_exec_core::code::Code;
use ssm_exec_core::diagnostic::Diagnostic;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How long before its end a token is renewed, as by the SDKs.
const EARLY: Duration = Duration::from_secs(5 * 60);

/// What the two kinds of sessions differ in.
pub(super) trait UserSession {
    /// Who renews the token.
    const SERVICE: Service;
    /// Where its end is in the file, as a JSON Pointer.
    const END: &'static str;
    /// What a message calls it, and the code of one that has ended.
    const NAME: &'static str;
    const CODE: Code;
    /// The profile that has it.
    fn profile(&self) -> &str;
    /// The request for a new one; `None` if the file has not what it needs.
    fn request(&self, token: &Value, now: SystemTime) -> Option<Request<String>>;
    /// Puts a new one into the file's content; `None` if the answer has none.
    fn renew(&self, token: &mut Value, answer: &Value, end: String) -> Option<()>;
    /// What a refusal means.
    fn refused(&self, answer: &ServiceError) -> Failure;

    /// Why there is no token, in a sentence: without a reason it has ended, or there never was one.
    fn ended(&self, reason: Option<&str>) -> Diagnostic {
        let reason = reason.map(|reason| format!(" ({reason})"));
        let text =
            format!("{} has expired, or there is none{}", Self::NAME, reason.unwrap_or_default());
        let profile = format!(" --profile {}", self.profile());
        Diagnostic::new(Self::CODE, text).fill(&[("profile", &profile)])
    }

    /// The same, where the service says so.
    fn ended_by(&self, answer: &ServiceError) -> Diagnostic {
        Diagnostic {
            subject: answer.diagnostic(Self::CODE, String::new()).subject,
            ..self.ended(Some(&answer.to_string()))
        }
    }
}

/// The keys in an answer or a file.
pub(super) fn keys(credentials: &Value) -> Option<Credentials> {
    let member = |name: &str| credentials[name].as_str();
    let (id, secret) = (member("accessKeyId")?, member("secretAccessKey")?);
    let token = member("sessionToken")?.to_owned();
    Some(Credentials::new(id, secret, Some(token), None, "session"))
}

impl Search<'_> {
    /// The content of the file, with a token that is valid.
    pub(super) async fn token(
        &self,
        source: &CredentialSource,
        session: &impl UserSession,
        file: &TokenFile,
    ) -> Result<Value, Failure> {
        let token = self.read_token(source, session, file)?;
        if self.lives(session, &token, EARLY) {
            return Ok(token);
        }
        let still_lives = self.lives(session, &token, Duration::ZERO);
        let renewed = self.renewed(source, session, file, still_lives).await;
        match renewed {
            Err(failure) if still_lives => {
                debug!("the token is used as it is: {}", failure.diagnostic.message);
                Ok(token)
            }
            renewed => renewed,
        }
    }

    pub(super) fn read_token(
        &self,
        source: &CredentialSource,
        session: &impl UserSession,
        file: &TokenFile,
    ) -> Result<Value, Failure> {
        file.read().map_err(|error| {
            let path = file.path().display();
            let unreadable = format!("{path} cannot be read: {}", without_number(&error));
            let is_absent = error.kind() == std::io::ErrorKind::NotFound;
            failed(source, session.ended((!is_absent).then_some(&unreadable)))
        })
    }

    async fn renewed<S: UserSession>(
        &self,
        source: &CredentialSource,
        session: &S,
        file: &TokenFile,
        still_lives: bool,
    ) -> Result<Value, Failure> {
        let ended = |reason: Option<&str>| failed(source, session.ended(reason));
        if !self.calls.is_start() {
            return Err(ended(None));
        }
        let _lock = file.lock().await;
        let mut token = self.read_token(source, session, file)?;
        let mut attempts = self.calls.attempts(Work::Credentials(source.clone()));
        let (answer, replacement) = loop {
            // Another process has renewed it.
            if self.lives(session, &token, EARLY) {
                return Ok(token);
            }
            let now = self.calls.clock().now();
            let Some(request) = session.request(&token, now) else {
                return Err(ended(None));
            };
            let replacement = file.replacement().map_err(|error| {
                ended(Some(&format!(
                    "it must be renewed, and {} cannot be replaced: {}",
                    file.path().display(),
                    without_number(&error)
                )))
            })?;
            debug!("renewing the token in {}", file.path().display());
            let sent = attempts.once(S::SERVICE, self.send(request)).await;
            let unanswered = match sent {
                Ok(answer) => break (answer, replacement),
                Err(unanswered) => unanswered,
            };
            let before = token;
            token = self.read_token(source, session, file)?;
            if token == before {
                let failure = explained(source, unanswered, |answer| session.refused(&answer));
                if still_lives {
                    return Err(failure);
                }
                attempts.wait_after(failure).await?;
            }
        };
        let seconds = answer["expiresIn"].as_u64().unwrap_or_default();
        let now = self.calls.clock().now().duration_since(UNIX_EPOCH);
        let end = rfc3339(now.unwrap_or_default().as_secs().saturating_add(seconds));
        end.and_then(|end| session.renew(&mut token, &answer, end))
            .ok_or_else(|| ended(Some(&format!("{} sent no new token", S::SERVICE))))?;
        if let Err(error) = replacement.save(&token) {
            crate::logging::warn!(
                "the renewed token is not in {}: {}. Log in again",
                file.path().display(),
                without_number(&error)
            );
        }
        Ok(token)
    }

    fn lives<S: UserSession>(&self, _: &S, token: &Value, longer_than: Duration) -> bool {
        let end = token.pointer(S::END).and_then(Value::as_str);
        let now = self.calls.clock().now();
        end.and_then(iso8601).is_some_and(|end| end > now + longer_than)
    }
}
