//! Amazon Resource Names: one parser and one printer for all of them.

use std::fmt;

/// `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`. Region and account may be empty.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Arn {
    /// `aws`, `aws-cn`, …
    pub partition: String,
    /// `ssm`, `kms`, `iam`, `sts`, …
    pub service: String,
    /// Empty for global services.
    pub region: String,
    /// Twelve digits; empty for resources that AWS publishes.
    pub account: String,
    /// What follows, colons included.
    pub resource: String,
}

impl Arn {
    /// Parses an ARN. `None` when the text isn't one.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(6, ':').map(str::to_owned);
        let mut next = || parts.next();
        let (arn, partition, service) = (next()?, next()?, next()?);
        let (region, account, resource) = (next()?, next()?, next()?);
        let is_arn = arn == "arn" && !partition.is_empty() && !service.is_empty();
        (is_arn && !resource.is_empty()).then_some(Self {
            partition,
            service,
            region,
            account,
            resource,
        })
    }

    /// The ARN of a role, if the text is one.
    pub fn of_role(text: &str) -> Option<Self> {
        Self::parse(text).filter(|arn| {
            let is_global = arn.service == "iam" && arn.region.is_empty();
            is_global && is_account(&arn.account) && arn.role_name().is_some()
        })
    }

    /// The role behind a session's ARN (`assumed-role/NAME/SESSION`) or a role's own. A role's path is
    /// not part of a session's ARN.
    pub fn role_name(&self) -> Option<&str> {
        match (self.service.as_str(), self.resource.split_once('/')?) {
            ("sts", ("assumed-role", rest)) => rest.split('/').next(),
            ("iam", ("role", rest)) => rest.rsplit('/').next(),
            _ => None,
        }
    }

    /// The ARN to write into a policy for this caller: a session's role, else the ARN itself.
    pub fn as_policy_principal(&self) -> Self {
        match (self.service.as_str(), self.role_name()) {
            ("sts", Some(role)) => {
                Self { service: "iam".to_owned(), resource: format!("role/{role}"), ..self.clone() }
            }
            _ => self.clone(),
        }
    }
}

/// Whether a text is an account's ID.
pub fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|digit| digit.is_ascii_digit())
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { partition, service, region, account, resource } = self;
        write!(f, "arn:{partition}:{service}:{region}:{account}:{resource}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_is_printed_as_it_was_parsed() {
        for text in [
            "arn:aws:ssm:eu-west-1:111122223333:parameter/a/b",
            "arn:aws:ssm:eu-west-1::parameter/aws/service/x",
            "arn:aws-cn:iam::111122223333:role/path/name",
            "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-a1b2c3",
        ] {
            assert_eq!(Arn::parse(text).map(|arn| arn.to_string()).as_deref(), Some(text));
        }
    }

    #[test]
    fn a_text_with_missing_parts_is_no_arn() {
        for text in [
            "",
            "arn",
            "arn:aws:ssm:eu-west-1:1",
            "arn:aws:ssm:::",
            "arn::ssm:::x",
            "x:aws:ssm:::x",
        ] {
            assert_eq!(Arn::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_role_has_a_name_with_or_without_a_session() {
        for (text, name) in [
            ("arn:aws:sts::111122223333:assumed-role/api/i-0abc", Some("api")),
            ("arn:aws:iam::111122223333:role/team/path/api", Some("api")),
            ("arn:aws:iam::111122223333:user/ana", None),
            ("arn:aws:iam::111122223333:root", None),
        ] {
            assert_eq!(Arn::parse(text).expect(text).role_name(), name, "{text}");
        }
    }

    #[test]
    fn a_policy_names_the_role_of_a_session() {
        for (caller, principal) in [
            (
                "arn:aws:sts::111122223333:assumed-role/api/i-0abc",
                "arn:aws:iam::111122223333:role/api",
            ),
            ("arn:aws:iam::111122223333:user/ana", "arn:aws:iam::111122223333:user/ana"),
            (
                "arn:aws:sts::111122223333:federated-user/bob",
                "arn:aws:sts::111122223333:federated-user/bob",
            ),
        ] {
            let arn = Arn::parse(caller).expect("an ARN");
            assert_eq!(arn.as_policy_principal().to_string(), principal);
        }
    }
}
