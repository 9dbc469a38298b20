//! The settings that name servers, so that a message names the one that is at fault and no other.

use super::server::Server;
use http::Uri;
use ssm_exec_core::config::Aws;
use ssm_exec_core::inherited::Inherited;
use ssm_exec_core::origin::Origin;

/// The variables that do, the particular ones first.
const VARIABLES: &[&str] = &[
    "AWS_ENDPOINT_URL_SSM",
    "AWS_ENDPOINT_URL_STS",
    "AWS_ENDPOINT_URL_SSO",
    "AWS_ENDPOINT_URL_SSO_OIDC",
    "AWS_ENDPOINT_URL_SIGNIN",
    "AWS_ENDPOINT_URL",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT",
];
/// A path at the agent of ECS.
const RELATIVE: &str = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
const ECS_AGENT: &str = "http://169.254.170.2";

/// Servers, and where each is named.
#[derive(Debug, Default)]
pub(super) struct Endpoints(Vec<(Server, Origin)>);

impl Endpoints {
    /// `shared` are those of the shared AWS files.
    pub(super) fn new(aws: &Aws, inherited: &Inherited<'_>, shared: Vec<(String, Origin)>) -> Self {
        let given = aws.endpoint.iter();
        let given = given.map(|given| (given.value.to_string(), given.origin.clone()));
        let variables = VARIABLES
            .iter()
            .filter_map(|name| Some((inherited.text(name)?.to_owned(), Origin::Variable(name))));
        let agent = inherited.text(RELATIVE);
        let agent = agent.map(|_| (ECS_AGENT.to_owned(), Origin::Variable(RELATIVE)));
        let all = given.chain(variables).chain(agent).chain(shared);
        let parsed = all.filter_map(|(url, origin)| {
            let uri: Uri = url.parse().ok()?;
            Some((Server::of(&uri)?, origin))
        });
        Self(parsed.collect())
    }

    /// Where a server is named; `None` if it is AWS's own.
    pub(super) fn origin(&self, server: &Server) -> Option<&Origin> {
        let named = self.0.iter().find(|(named, _)| named == server);
        named.map(|(_, origin)| origin)
    }
}
