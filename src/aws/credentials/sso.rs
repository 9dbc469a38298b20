//! IAM Identity Center: the token of `aws sso login`, and the credentials that it gives.

use super::renewal::{UserSession, keys};
use super::token_file::TokenFile;
use super::{CredentialSource, Outcome, Search, explained, failed, refused};
use crate::aws::call::Work;
use crate::aws::failure::Failure;
use crate::aws::service_error::{Class, Service, ServiceError};
use http::Request;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use ring::digest::SHA1_FOR_LEGACY_USE_ONLY;
use serde_json::{Value, json};
use ssm_exec_core::code::Code;
use ssm_exec_core::region::Region;
use ssm_exec_core::shared_config::Sso;
use std::time::SystemTime;

const DIRECTORY: (&str, &str) = ("", ".aws/sso/cache");

struct SsoSession<'a> {
    source: &'a CredentialSource,
    settings: &'a Sso<'a>,
    oidc: String,
}

impl UserSession for SsoSession<'_> {
    const SERVICE: Service = Service::IdentityCenter;
    const END: &'static str = "/expiresAt";
    const NAME: &'static str = "the AWS SSO session";
    const CODE: Code = Code::SsoExpired;

    fn profile(&self) -> &str {
        self.settings.profile
    }

    fn request(&self, token: &Value, _: SystemTime) -> Option<Request<String>> {
        let member = |name| token[name].as_str();
        let body = json!({
            "clientId": member("clientId")?,
            "clientSecret": member("clientSecret")?,
            "grantType": "refresh_token",
            "refreshToken": member("refreshToken")?,
        });
        Request::post(format!("{}/token", self.oidc))
            .header("content-type", "application/json")
            .body(body.to_string())
            .ok()
    }

    fn renew(&self, token: &mut Value, answer: &Value, end: String) -> Option<()> {
        answer["accessToken"].as_str()?;
        token["accessToken"] = answer["accessToken"].clone();
        token["expiresAt"] = end.into();
        if answer["refreshToken"].is_string() {
            token["refreshToken"] = answer["refreshToken"].clone();
        }
        Some(())
    }

    fn refused(&self, answer: &ServiceError) -> Failure {
        let Sso { profile, account, role, .. } = self.settings;
        let profile = format!(" --profile {profile}");
        let diagnostic = match answer.class {
            Class::Session | Class::Expired => self.ended_by(answer),
            // The renewal is refused, in a code of OAuth 2.0 (RFC 6749, 5.2). The portal's codes have no underscore.
            _ if answer.exchange.code.as_deref().is_some_and(|code| code.contains('_')) => {
                self.ended_by(answer)
            }
            Class::Denied => {
                let text = format!(
                    "access denied: IAM Identity Center does not give the user the role `{role}` in account {account} ({answer})"
                );
                let diagnostic = answer.diagnostic(Code::SsoRoleDenied, text);
                diagnostic.fill(&[("profile", &profile)])
            }
            _ => return refused(self.source, answer),
        };
        failed(self.source, diagnostic)
    }
}

impl Search<'_> {
    /// The keys of the role in the account.
    pub(super) async fn sso(&self, source: &CredentialSource, settings: &Sso<'_>) -> Outcome {
        let region = Region::parse(settings.region.value())
            .map_err(|error| error.at(self.files.origin(settings.region, "sso_region")))?;
        let session =
            SsoSession { source, settings, oidc: self.service_url("SSO OIDC", "oidc", &region) };
        let name = settings.session.unwrap_or(settings.start_url);
        let name = (&SHA1_FOR_LEGACY_USE_ONLY, name);
        let file = TokenFile::new(self.inherited, DIRECTORY, name);
        let token = match settings.session {
            Some(_) => self.token(source, &session, &file).await?,
            // It can't be renewed, and the portal says whether it is valid.
            None => self.read_token(source, &session, &file)?,
        };
        let missing = || failed(source, session.ended(Some("its file has no `accessToken`")));
        let token = token["accessToken"].as_str().ok_or_else(missing)?;
        let encoded = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
        let url = format!(
            "{}/federation/credentials?role_name={}&account_id={}",
            self.service_url("SSO", "portal.sso", &region),
            encoded(settings.role),
            encoded(settings.account)
        );
        let attempt = || async {
            let request = Request::get(&url).header("x-amz-sso_bearer_token", token);
            let request = request.body(String::new()).map_err(std::io::Error::other)?;
            let answer = self.send(request).await?;
            keys(&answer["roleCredentials"]).ok_or_else(|| std::io::Error::other("no credentials"))
        };
        let explain = |unanswered| explained(source, unanswered, |answer| session.refused(&answer));
        let work = Work::Credentials(source.clone());
        let service = Service::IdentityCenter;
        self.calls.ask(work, service, attempt, explain).await
    }
}
