//! A profile of the shared AWS configuration files, with all that it leads to.

use super::{
    Absence, Asked, CredentialSource, Renewal, Search, check, container, explained, failed,
    instance, process, refused, web_identity,
};
use crate::aws::answer::{Class, Service};
use crate::aws::call::Unanswered;
use crate::aws::failure::Failure;
use crate::aws::shared_files;
use crate::logging::debug;
use aws_config::profile::ProfileFileCredentialsProvider;
use ssm_exec_core::arn::Arn;
use ssm_exec_core::code::Code;
use ssm_exec_core::diagnostic::{Diagnostic, Help};
use ssm_exec_core::shared_config::{Base, FileKind, SharedConfig};

impl Search<'_> {
    /// A profile that says how to get credentials must give them; one that doesn't leaves that to others.
    pub(super) async fn profile(
        &self,
        source: &CredentialSource,
        name: &str,
    ) -> Result<Asked, Failure> {
        let shared = &self.files.config;
        let base = shared.credential_base(name).map_err(|error| {
            let reason = format!(
                "{}; no AWS credentials from the profile `{name}`",
                error.reason
            );
            let diagnostic = self.files.error(error.at, &reason);
            Diagnostic {
                help: vec![error.help],
                ..diagnostic
            }
        })?;
        let fails = |diagnostic| failed(source, diagnostic);
        let other = |text: String| fails(Diagnostic::new(Code::CredentialSourceFailed, text));
        let session_name = self.session_name().map_err(fails)?;
        let Some(base) = base else {
            let reason = match shared.profile(name) {
                Some(_) => "it has none",
                None => "it does not exist",
            };
            return Ok(Asked::Absent(Absence::new(reason)));
        };
        let mut config = shared.clone();
        config.name_sessions(&session_name);
        match base {
            Base::Process(profile, command) => {
                debug!("running the `credential_process` of the profile `{profile}`");
                let process = process::run(command.value());
                let keys = process.await.map_err(|reason| {
                    // Its arguments may be secret.
                    let program = command.value().split_whitespace().next();
                    let command = format!("{} …", program.unwrap_or_default());
                    let help = vec![Help::command("Run it by hand", command)];
                    other(format!("`credential_process` failed: {reason}")).helped(help)
                })?;
                check::credentials(&keys).map_err(fails)?;
                config.set_keys(
                    profile,
                    keys.access_key_id(),
                    keys.secret_access_key(),
                    keys.session_token(),
                );
            }
            Base::Sso(sso) => {
                let [id, secret, token] = self.sso(source, &sso).await?;
                config.set_keys(sso.profile, &id, &secret, Some(&token));
            }
            Base::Login(profile, session) => {
                let [id, secret, token] = self.login(source, profile, session).await?;
                config.set_keys(profile, &id, &secret, Some(&token));
            }
            Base::Keys(profile) => {
                if let Some((id, secret, token)) = shared.keys(profile) {
                    config.set_keys(profile, id, secret, token);
                }
            }
            Base::WebIdentity(file) => {
                web_identity::token_file(file, "web_identity_token_file").map_err(fails)?;
                // As for the AWS CLI, which takes each of the two from either place.
                if let (Some(role), false) = (self.inherited.text("AWS_ROLE_ARN"), self.is_named())
                {
                    check::web_identity(self.inherited).map_err(fails)?;
                    config.set_role(name, role);
                }
            }
            Base::Named("Environment") => check::environment(self.inherited).map_err(fails)?,
            Base::Named("EcsContainer") => check::container(self.inherited).map_err(fails)?,
            Base::Named(_) => {}
        }
        let provider = || {
            ProfileFileCredentialsProvider::builder()
                .with_custom_provider("EcsContainer", container::provider(&self.for_agents))
                .with_custom_provider("Ec2InstanceMetadata", instance::provider(self.config))
                .profile_files(shared_files::for_sdk(&config))
                .profile_name(SharedConfig::sdk_name(name))
                .configure(self.config)
                .build()
        };
        let explain = |unanswered| self.explain_profile(source, name, unanswered);
        let found = self.provided(source, None, provider, explain).await;
        found.map(Asked::Found)
    }

    /// How the credentials of a profile are renewed.
    pub(super) fn renewal(&self, name: &str) -> Renewal {
        match self.files.config.credential_base(name) {
            Ok(Some(Base::Sso(sso))) => Renewal::Sso(sso.profile.to_owned()),
            Ok(Some(Base::Login(profile, _))) => Renewal::Login(profile.to_owned()),
            Ok(Some(Base::Keys(profile))) => {
                let section = self.files.config.profile(profile);
                let keys = section.and_then(|section| section.get("aws_access_key_id"));
                let file = keys.map_or(FileKind::Credentials, |keys| keys.kind);
                Renewal::Keys(profile.to_owned(), self.files.path(file).to_owned())
            }
            _ => Renewal::Other,
        }
    }

    fn explain_profile(
        &self,
        source: &CredentialSource,
        name: &str,
        unanswered: Unanswered,
    ) -> Failure {
        explained(source, unanswered, |answer| {
            let profile = self.files.config.profile(name);
            let setting = |key| profile.and_then(|profile| profile.value(key));
            match (answer.service, answer.class) {
                (Service::Sts, _) if let Some(path) = setting("web_identity_token_file") => {
                    let role = setting("role_arn").unwrap_or_default();
                    web_identity::meaning(source, &answer, (path, "web_identity_token_file"), role)
                }
                (Service::Sts, Class::Denied)
                    if let Some(serial) = self.files.config.mfa_serial(name) =>
                {
                    let text = format!(
                        "the role asks for an MFA code (mfa_serial {serial}), which ssm-exec cannot ask for"
                    );
                    let diagnostic = answer.diagnostic(Code::MfaRequired, text);
                    failed(source, diagnostic.fill(&[("profile", name)]))
                }
                (Service::Sts, _) => {
                    let role = setting("role_arn").and_then(Arn::parse);
                    self.role_denied(source, role.as_ref(), answer)
                }
                _ => refused(source, &answer),
            }
        })
    }
}
