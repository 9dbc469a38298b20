//! A token of OpenID Connect in a file, which STS exchanges for a role.
// Reads the file that holds the token.
#![allow(clippy::disallowed_methods)]

use super::check::{self, Spaces};
use super::role::{of_sts, refused_by_sts};
use super::{Absence, Asked, CredentialSource, Outcome, Search, explained, failed};
use crate::aws::call::Work;
use crate::aws::failure::{Failure, Retry, Scope};
use crate::aws::refusal::Refusal;
use crate::aws::service_error::{Class, Service, ServiceError};
use aws_sdk_sts::Client;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ssm_exec_core::arn::Arn;
use ssm_exec_core::code::Code;
use ssm_exec_core::diagnostic::{Diagnostic, Help};
use ssm_exec_core::shared_config::Role;
use std::path::Path;

/// Other words of STS, what they mean, and what helps.
#[rustfmt::skip]
const REFUSED: &[(&str, &str, (&str, &str))] = &[
    ("thumbprint", "STS does not trust the certificate of the token's issuer", ("Give the provider of {issuer} its thumbprint", "aws iam update-open-id-connect-provider-thumbprint --open-id-connect-provider-arn ARN --thumbprint-list THUMBPRINT")),
    ("verification key", "STS cannot get the keys of the token's issuer", ("They must be reachable from the internet", "curl {issuer}/.well-known/openid-configuration")),
    ("not a valid JWT", "the file holds no ID token", ("It must hold one of OpenID Connect, and not an access token", "")),
];

const TOKEN_FILE: &str = "AWS_WEB_IDENTITY_TOKEN_FILE";
const ROLE: &str = "AWS_ROLE_ARN";

impl Search<'_> {
    pub(super) async fn web_identity(&self, source: &CredentialSource) -> Result<Asked, Failure> {
        let Some(path) = self.inherited.text(TOKEN_FILE) else {
            return Ok(Asked::Absent(Absence::new("not configured")));
        };
        let role = self.inherited.text(ROLE);
        let Some(role) = role.or_else(|| self.profile_setting("role_arn")) else {
            return Err(failed(source, check::half(TOKEN_FILE, ROLE)));
        };
        let role = Role { arn: role, ..Role::default() };
        let found = self.exchange_token(source, (path, TOKEN_FILE), &role);
        found.await.map(Asked::Found)
    }

    /// Exchanges the token in a file, which this setting names, for a role.
    pub(super) async fn exchange_token(
        &self,
        source: &CredentialSource,
        (path, setting): (&str, &str),
        role: &Role<'_>,
    ) -> Outcome {
        let name = self.session_name(source, role)?;
        if Arn::of_role(role.arn).is_none() {
            let text = format!("`{}` is not the ARN of a role", role.arn.escape_debug());
            let help = "Write AWS_ROLE_ARN, or `role_arn` of the profile, as `arn:aws:iam::ACCOUNT:role/NAME`";
            let diagnostic = Diagnostic::new(Code::CredentialSourceFailed, text).help(help);
            return Err(failed(source, diagnostic));
        }
        let file = Path::new(path);
        let read = || check::token_file(file, setting, Spaces::Forbidden, Code::WebIdentityFile);
        let token = read().map_err(|error| failed(source, error))?;
        let sts = Client::new(self.sdk);
        let attempt = || {
            let request = sts.assume_role_with_web_identity().role_arn(role.arn);
            let request = request.role_session_name(&name);
            request.web_identity_token(&token).send()
        };
        let explain = |unanswered| {
            explained(source, unanswered, |answer| {
                meaning(source, &answer, (path, setting), role.arn)
            })
        };
        let work = Work::Credentials(source.clone());
        let answer = self.calls.ask(work, Service::Sts, attempt, explain);
        of_sts(source, answer.await?.credentials)
    }
}

/// What it means that STS does not exchange a token, of this file and for this role.
pub(super) fn meaning(
    source: &CredentialSource,
    answer: &ServiceError,
    (path, setting): (&str, &str),
    role: &str,
) -> Failure {
    let is_unknown_issuer = answer.text.contains("No OpenIDConnect provider");
    let diagnostic = match answer.class {
        Class::Expired => {
            let text = format!("expired token in {path} ({setting}): STS says {answer}");
            answer.diagnostic(Code::WebIdentityExpired, text)
        }
        Class::Denied => {
            let role = Arn::parse(role);
            let refusal = Refusal::of_role(answer.clone(), role.as_ref(), false);
            if refusal.names_policy() {
                return Failure::from(refusal).of(Scope::Everything);
            }
            let name = role.as_ref().and_then(Arn::role_name).unwrap_or("ROLE");
            let text = format!(
                "access denied: the trust policy of the role {name} does not allow the token ({answer})"
            );
            let mut diagnostic = answer.diagnostic(Code::WebIdentityDenied, text);
            let claims = Claims::of(Path::new(path));
            diagnostic.list.extend(claims.map(|claims| {
                format!(
                    "the token has issuer {}, subject {}, audience {}",
                    claims.issuer, claims.subject, claims.audience
                )
            }));
            diagnostic.list.extend(role.as_ref().map(|role| format!("role: {role}")));
            diagnostic.fill(&[("role", name)])
        }
        _ if is_unknown_issuer => {
            let mut words = answer.text.split_whitespace();
            let issuer = words.find(|word| word.starts_with("https://"));
            let issuer = issuer.map(|issuer| issuer.trim_end_matches('.'));
            let of = issuer.map_or("it".to_owned(), |issuer| format!("its issuer {issuer}"));
            let code = answer.exchange.code.as_deref().unwrap_or_default();
            let text =
                format!("the account has no OpenID Connect provider for {of} (STS says {code})");
            let diagnostic = answer.diagnostic(Code::WebIdentityProvider, text);
            diagnostic.fill(&[("issuer", issuer.unwrap_or("URL"))])
        }
        _ if answer.text.contains("audience")
            && let Some(claims) = Claims::of(Path::new(path)) =>
        {
            let text =
                format!("STS takes no token for the audience {} ({answer})", claims.audience);
            let provider = claims.issuer.trim_start_matches("https://");
            let role = Arn::parse(role);
            let account = role.as_ref().map_or("ACCOUNT", |role| &role.account);
            answer.diagnostic(Code::WebIdentityAudience, text).fill(&[
                ("audience", &claims.audience),
                ("provider", provider),
                ("account", account),
            ])
        }
        _ => {
            let mut rows = REFUSED.iter();
            let row = rows.find(|(words, _, _)| answer.text.contains(words));
            let Some((_, cause, help)) = row else {
                return refused_by_sts(source, answer);
            };
            let issuer = Claims::of(Path::new(path)).map(|claims| claims.issuer);
            let issuer = issuer.as_deref().unwrap_or("ISSUER");
            let text = format!("{cause} ({answer})");
            let diagnostic = answer.diagnostic(Code::CredentialSourceFailed, text);
            let help = Help::all(&[*help]);
            Diagnostic { help, ..diagnostic }.fill(&[("issuer", issuer)])
        }
    };
    let may_pass = answer.class != Class::Expired;
    failed(source, diagnostic).retried(Retry::later_if(may_pass))
}

/// What a trust policy names of a token; it is not secret.
struct Claims {
    issuer: String,
    subject: String,
    audience: String,
}

impl Claims {
    fn of(path: &Path) -> Option<Self> {
        let token = std::fs::read_to_string(path).ok()?;
        let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
        let claims: serde_json::Value = serde_json::from_slice(&payload).ok()?;
        let text = |name: &str| claims[name].as_str().map(str::to_owned);
        Some(Self {
            issuer: text("iss")?,
            subject: text("sub")?,
            audience: text("aud").or_else(|| claims["aud"][0].as_str().map(str::to_owned))?,
        })
    }
}
