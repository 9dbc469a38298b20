//! Where AWS was asked, and as whom, as far as it is known.

use crate::arn::Arn;
use crate::region::Region;
use std::time::Duration;

/// Where AWS was asked, and as whom.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AwsContext {
    pub region: Option<Region>,
    /// The host of Parameter Store's endpoint.
    pub endpoint: Option<String>,
    pub account: Option<String>,
    /// The caller's ARN.
    pub principal: Option<String>,
    /// Where the credentials come from.
    pub credentials: Option<String>,
    /// What is configured and not used because of these credentials.
    pub unused: Option<String>,
    /// How long it was waited for.
    pub waited: Option<Duration>,
}

impl AwsContext {
    /// Takes over the caller that AWS names.
    pub fn set_principal(&mut self, arn: &str) {
        self.account = Arn::parse(arn).map(|arn| arn.account);
        self.principal = Some(arn.to_owned());
    }

    /// See [`region_option`].
    pub fn region_option(&self) -> String {
        region_option(self.region.as_ref())
    }

    /// What is known, one clause each: `Region eu-west-1 (ssm.eu-west-1.amazonaws.com)`, `account
    /// 111122223333`, …
    pub fn clauses(&self) -> Vec<String> {
        let region = match (&self.region, &self.endpoint) {
            (Some(region), Some(endpoint)) => Some(format!("Region {region} ({endpoint})")),
            (Some(region), None) => Some(format!("Region {region}")),
            (None, Some(endpoint)) => Some(endpoint.clone()),
            (None, None) => None,
        };
        let account = self.account.as_ref().map(|id| format!("account {id}"));
        let principal = self.principal.as_ref().map(|arn| format!("caller {arn}"));
        let credentials =
            self.credentials.as_ref().map(|source| format!("credentials from {source}"));
        let unused = self.unused.clone();
        let waited = self.waited.map(|it| format!("waited {}s", it.as_secs()));
        [region, account, principal, credentials, unused, waited].into_iter().flatten().collect()
    }
}

/// `--region eu-west-1`, to be appended to a command of the AWS CLI; nothing where the Region is not known.
pub fn region_option(region: Option<&Region>) -> String {
    region.map_or_else(String::new, |region| format!(" --region {region}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_shown_in_clauses() {
        let mut context = AwsContext::default();
        assert_eq!((context.clauses(), context.region_option()), <_>::default());
        context.endpoint = Some("ssm.example".to_owned());
        assert_eq!(context.clauses(), ["ssm.example"]);
        context.region = Region::parse("eu-west-1").ok();
        context.set_principal("arn:aws:sts::111122223333:assumed-role/api/i-0abc");
        context.credentials = Some("the environment".to_owned());
        context.unused = Some("not the profile".to_owned());
        let rest = "account 111122223333, caller arn:aws:sts::111122223333:assumed-role/api/i-0abc, credentials from the environment, not the profile";
        let shown = context.clauses().join(", ");
        assert_eq!(shown, format!("Region eu-west-1 (ssm.example), {rest}"));
        context.endpoint = None;
        assert_eq!(context.clauses().join(", "), format!("Region eu-west-1, {rest}"));
        assert_eq!(context.region_option(), " --region eu-west-1");
    }
}
