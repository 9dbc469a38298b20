//! A profile of the shared AWS configuration files, with all that it leads to.

use super::source::TokenFault;
use super::{
    Absence, Asked, CredentialSource, Outcome, PARTS, Renewal, Search, check, failed, process,
};
use crate::aws::call::Work;
use crate::aws::failure::Failure;
use crate::logging::debug;
use aws_credential_types::Credentials;
use ssm_exec_core::code::Code;
use ssm_exec_core::diagnostic::{Diagnostic, Help};
use ssm_exec_core::shared_config::{Base, Chain, FileKind, FileSetting, Role};

impl Search<'_> {
    /// A profile that says how to get credentials must give them; one that doesn't leaves that to others.
    pub(super) async fn profile(
        &self,
        source: &CredentialSource,
        name: &str,
    ) -> Result<Asked, Failure> {
        let shared = &self.files.config;
        let chain = shared.credential_chain(name).map_err(|error| {
            let reason = format!("{}; no AWS credentials from the profile `{name}`", error.reason);
            let diagnostic = self.files.error(error.at, &reason);
            Diagnostic { help: vec![error.help], ..diagnostic }
        })?;
        let Some(Chain { base, roles }) = chain else {
            let reason = match shared.profile(name) {
                Some(_) => "it has none",
                None => "it does not exist",
            };
            return Ok(Asked::Absent(Absence::new(reason)));
        };
        let is_chosen = roles.is_empty() && !self.is_named();
        let mut credentials = self.base(source, &base, is_chosen).await?;
        self.check_base(&base, &credentials).map_err(|error| failed(source, error))?;
        for role in &roles {
            credentials = self.assume_role(source, role, credentials).await?;
        }
        Ok(Asked::Found(credentials))
    }

    /// The credentials that a chain begins with.
    async fn base(&self, source: &CredentialSource, base: &Base<'_>, is_chosen: bool) -> Outcome {
        let (asked, named) = match base {
            Base::Process(profile, command) => {
                return self.process(source, profile, command).await;
            }
            Base::Sso(sso) => return self.sso(source, sso).await,
            Base::Login(profile, session) => return self.login(source, profile, session).await,
            Base::Keys(profile) => {
                let (id, secret, token) = self.files.config.keys(profile).unwrap_or_default();
                let token = token.map(str::to_owned);
                return Ok(Credentials::new(id, secret, token, None, "profile"));
            }
            Base::WebIdentity(file, role) => {
                // As for the AWS CLI, which takes each of the two from either place.
                let other = self.inherited.text("AWS_ROLE_ARN").filter(|_| is_chosen);
                let role = Role { arn: other.unwrap_or(role.arn), ..*role };
                let file = (*file, "web_identity_token_file");
                return self.exchange_token(source, file, &role).await;
            }
            Base::Environment => {
                let named = CredentialSource::environment(None, false, None);
                (self.environment(source)?, named)
            }
            Base::Instance => (self.instance(source).await?, CredentialSource::Instance),
            Base::Container => (self.container(source).await?, CredentialSource::Container),
        };
        match asked {
            Asked::Found(credentials) => Ok(credentials),
            Asked::Absent(Absence { why, hint, retry }) => {
                let text = format!("`credential_source` gives none: {named} ({why})");
                let mut diagnostic = Diagnostic::new(Code::CredentialSourceFailed, text);
                diagnostic.help.extend(hint);
                Err(failed(source, diagnostic).retried(retry))
            }
        }
    }

    /// Checks them by the names that they have where they are written.
    fn check_base(&self, base: &Base<'_>, credentials: &Credentials) -> Result<(), Diagnostic> {
        let Base::Keys(profile) = base else {
            return check::credentials(credentials, PARTS);
        };
        let section = self.files.config.profile(profile);
        let setting = |key: &str| section.and_then(|section| section.get(key));
        let line = |key: &str| {
            let line = setting(key).map(|setting| format!(" (line {})", setting.line));
            format!("`{key}`{}", line.unwrap_or_default())
        };
        let id = "aws_access_key_id";
        let id = setting(id).map(|it| self.files.origin(it, id).to_string()).unwrap_or_default();
        let (secret, token) = (line("aws_secret_access_key"), line("aws_session_token"));
        check::credentials(credentials, [&id, &secret, &token])
    }

    async fn process(
        &self,
        source: &CredentialSource,
        profile: &str,
        command: &FileSetting,
    ) -> Outcome {
        debug!("running the `credential_process` of {source}");
        // For the message at the deadline.
        let _attempts = self.calls.attempts(Work::Process(profile.to_owned()));
        process::run(command.value()).await.map_err(|reason| {
            let text = format!("`credential_process` failed: {reason}");
            let diagnostic = Diagnostic::new(Code::CredentialSourceFailed, text);
            let by_hand =
                format!("sh -c \"$(aws configure get credential_process --profile {profile})\"");
            failed(source, diagnostic).helped(vec![Help::command("Run it by hand", by_hand)])
        })
    }

    /// How the credentials of a profile are renewed.
    pub(super) fn renewal(&self, name: &str) -> Renewal {
        let chain = self.files.config.credential_chain(name);
        match chain.ok().flatten().map(|chain| chain.base) {
            Some(Base::Sso(sso)) => Renewal::Sso(sso.profile.to_owned()),
            Some(Base::Login(profile, _)) => Renewal::Login(profile.to_owned()),
            Some(Base::Keys(profile)) => {
                let section = self.files.config.profile(profile);
                let keys = section.and_then(|section| section.get("aws_access_key_id"));
                let kind = keys.map_or(FileKind::Credentials, |keys| keys.kind);
                let (id, _, token) = self.files.config.keys(profile).unwrap_or_default();
                Renewal::Keys {
                    section: match kind {
                        FileKind::Config if profile != "default" => format!("profile {profile}"),
                        _ => profile.to_owned(),
                    },
                    file: self.files.path(kind).to_owned(),
                    fault: TokenFault::of(id, token.is_some()),
                }
            }
            _ => Renewal::Other,
        }
    }
}
