//! The words of a denial: whose policy must change, and the statement to add.

use super::denial::{Cause, Denial, ParsedDenial, key_condition};
use super::policy_kind::PolicyKind;
use serde_json::{Value, json};
use ssm_exec_core::arn::Arn;
use ssm_exec_core::aws_context::AwsContext;
use ssm_exec_core::message::Message;
use ssm_exec_core::plan::Request;

/// A denial that AWS explained.
struct Refusal<'a> {
    denial: &'a Denial,
    context: &'a AwsContext,
    principal: &'a str,
    action: &'a str,
    resources: &'a [String],
}

impl Denial {
    /// What is denied, for a sentence.
    fn requested(&self) -> String {
        let all: Vec<String> = self.requests.iter().map(ToString::to_string).collect();
        match all.as_slice() {
            [_, _, _, _, ..] => format!("{} parameters", all.len()),
            few => few.join(", "),
        }
    }

    pub(super) fn message(&self, context: &AwsContext) -> Message {
        let requested = self.requested();
        let (principal, action, resources, cause) = match &self.parsed {
            ParsedDenial::Unknown(text) => {
                return Message::new(format!("AWS denied access to {requested}: {text}"));
            }
            ParsedDenial::KeyUnnamed => return self.key_unnamed(context),
            ParsedDenial::Whole {
                principal,
                action,
                resources,
                cause,
            } => (principal, action, resources, cause),
        };
        if self.is_malformed_name() {
            return Message::new(format!(
                "AWS denied {action} on {} to {principal}, because it could not build an ARN from a name. One of these is malformed: {requested}",
                resources.join(", ")
            ));
        }
        let refusal = Refusal {
            denial: self,
            context,
            principal,
            action,
            resources,
        };
        let on = match resources.as_slice() {
            [one] => one.clone(),
            several => format!("{} resources", several.len()),
        };
        let because = match cause {
            Cause::NotAllowed(Some(kind)) => format!(", because no {kind} allows it"),
            Cause::NotAllowed(None) => ", because nothing allows it".to_owned(),
            Cause::Denied(kind, arn) => {
                let named = arn.as_ref().map(|arn| format!(" ({arn})"));
                let (kind, named) = (kind.with_article(), named.unwrap_or_default());
                format!(", because {kind}{named} denies it explicitly")
            }
        };
        let mut message = Message::new(format!(
            "AWS denied {action} on {on} to {principal}{because}"
        ));
        if resources.len() > 1 {
            message.lines.extend(resources.iter().cloned());
        }
        if action == "kms:Decrypt" {
            message = message.line(format!("The key encrypts {requested}"));
        }
        match cause {
            Cause::NotAllowed(kind) => refusal.allow(message, kind.as_ref()),
            Cause::Denied(kind, arn) => refusal.change(message, kind, arn.as_deref()),
        }
    }

    /// KMS's older texts: the key must be found first.
    fn key_unnamed(&self, context: &AwsContext) -> Message {
        let region = context.region_option();
        let filter = match self.requests.first() {
            Some(Request::Below(prefix)) => {
                format!("Key=Path,Option=Recursive,Values={}", prefix.path())
            }
            Some(Request::Batch(names)) => {
                let names = names.iter().map(|name| name.name().as_str());
                format!("Key=Name,Values={}", names.collect::<Vec<_>>().join(","))
            }
            None => "Key=Type,Values=SecureString".to_owned(),
        };
        let mut message = Message::new(format!(
            "AWS KMS denied {} the decryption of {}: the KMS key does not exist in this Region, or the caller may not use it. Find the key, then allow kms:Decrypt on it",
            context.principal.as_deref().unwrap_or("the caller"),
            self.requested()
        ))
        .line(format!(
            "Find the key: aws ssm describe-parameters --parameter-filters {filter} --query 'Parameters[].[Name,KeyId]' --output text{region}"
        ));
        let (Some(region), Some(account)) = (&context.region, &context.account) else {
            return message;
        };
        let partition = region.partition().id;
        let key = format!("arn:{partition}:kms:{region}:{account}:key/KEY-ID");
        let caller = format!("arn:{partition}:iam::{account}:root");
        if let Some(condition) = key_condition(&caller, &key, &self.requests) {
            let statement = json!({
                "Effect": "Allow",
                "Action": "kms:Decrypt",
                "Resource": key,
                "Condition": condition,
            });
            message = message
                .line(format!(
                    "Add to {}:",
                    policies_of(context.principal.as_deref().and_then(Arn::parse).as_ref())
                ))
                .line(statement.to_string());
        }
        message
    }
}

impl Refusal<'_> {
    fn caller(&self) -> Option<Arn> {
        Arn::parse(self.principal)
    }

    /// Whose policies hold the statement of an identity.
    fn identity(&self) -> String {
        policies_of(self.caller().as_ref())
    }

    /// The statement for a policy of a resource, which names who may.
    fn for_resource(&self, principal: &Value, resource: &Value) -> Value {
        let mut statement = self.denial.statement().unwrap_or_default();
        statement["Principal"] = principal.clone();
        statement["Resource"] = resource.clone();
        statement
    }

    fn allow(&self, message: Message, kind: Option<&PolicyKind>) -> Message {
        let statement = self.denial.statement().unwrap_or_default();
        let identity = self.identity();
        let caller = self
            .caller()
            .map(|caller| caller.as_policy_principal().to_string());
        let caller = json!({ "AWS": caller.as_deref().unwrap_or(self.principal) });
        match kind {
            None | Some(PolicyKind::Identity) => message
                .sentence(&format!("Add the statement to {identity}"))
                .line(statement.to_string()),
            Some(PolicyKind::Resource) if self.action.starts_with("kms:") => message
                .sentence("Add a statement to the key's policy, or, where that policy delegates to IAM, to the caller's")
                .line(self.key_policy())
                .line("In the key's policy:")
                .line(self.for_resource(&caller, &json!("*")).to_string())
                .line(format!("Or in {identity}:"))
                .line(statement.to_string()),
            Some(PolicyKind::Resource) => self.share(message),
            Some(PolicyKind::VpcEndpoint) => message
                .sentence("Add the statement to the policy of the VPC endpoint")
                .line(statement.to_string())
                .line(self.vpc_endpoints()),
            Some(PolicyKind::PermissionsBoundary) => message
                .sentence(&format!(
                    "Add the statement to the permissions boundary, and to {identity} if they lack it"
                ))
                .line(statement.to_string())
                .line(self.boundary()),
            Some(PolicyKind::Session) => message
                .sentence("Add the statement to the policy that is passed when the role is assumed")
                .line(statement.to_string())
                .line(self.assumed_by()),
            Some(kind) => message
                .sentence(&format!("Add the statement to the {kind}"))
                .line(statement.to_string()),
        }
    }

    /// A parameter of another account, which must share it.
    fn share(&self, message: Message) -> Message {
        let owner = self.resources.first().and_then(|arn| Arn::parse(arn));
        let account = self.caller().map(|caller| caller.account);
        let (Some(owner), Some(account)) = (owner, account) else {
            return message;
        };
        message
            .sentence(&format!(
                "Account {} does not share it with {account}. Share it there (advanced parameters only), or assume a role there with `--role-arn`",
                owner.account
            ))
            .line(format!(
                "Share it: aws ram create-resource-share --name ssm-exec --resource-arns {} --principals {account} --region {}",
                self.resources.join(" "),
                owner.region
            ))
    }

    /// An explicit deny: no statement helps, the policy must change.
    fn change(&self, message: Message, kind: &PolicyKind, policy: Option<&str>) -> Message {
        let account = self
            .caller()
            .map(|caller| caller.account)
            .unwrap_or_default();
        let of_organization = match kind {
            PolicyKind::ServiceControl => Some("SERVICE_CONTROL_POLICY"),
            PolicyKind::ResourceControl => Some("RESOURCE_CONTROL_POLICY"),
            _ => None,
        };
        if let Some(filter) = of_organization {
            let region = match &self.context.region {
                Some(region) => region.to_string(),
                None => "the Region".to_owned(),
            };
            let message = message
                .sentence("No Allow statement overrides it: an administrator of the organization must change that policy")
                .sentence(&format!(
                    "Such policies often close whole Regions. Is {region} the intended one?"
                ));
            let id = policy.and_then(|arn| arn.rsplit('/').next());
            return match id {
                Some(id) => message.line(format!(
                    "See it: aws organizations describe-policy --policy-id {id}"
                )),
                None => message.line(format!(
                    "See the policies: aws organizations list-policies-for-target --filter {filter} --target-id {account}"
                )),
            };
        }
        let message =
            message.sentence("No Allow statement overrides it, so that policy must change");
        match kind {
            PolicyKind::Resource if self.action.starts_with("kms:") => {
                message.line(self.key_policy())
            }
            PolicyKind::VpcEndpoint => message.line(self.vpc_endpoints()),
            PolicyKind::PermissionsBoundary => message.line(self.boundary()),
            PolicyKind::Session => message
                .sentence("It is passed by whoever assumes the role")
                .line(self.assumed_by()),
            _ => match self.caller().as_ref().and_then(Arn::role_name) {
                Some(role) => message.line(format!(
                    "See the policies: aws iam list-attached-role-policies --role-name {role}; aws iam list-role-policies --role-name {role}"
                )),
                None => message,
            },
        }
    }

    fn key_policy(&self) -> String {
        format!(
            "See the key's policy: aws kms get-key-policy --key-id {} --policy-name default{}",
            self.resources.join(" "),
            self.context.region_option()
        )
    }

    fn boundary(&self) -> String {
        let caller = self.caller();
        match caller.as_ref().and_then(Arn::role_name) {
            Some(role) => format!(
                "See the boundary: aws iam get-role --role-name {role} --query Role.PermissionsBoundary"
            ),
            None => {
                "See the boundary: aws iam get-user --query User.PermissionsBoundary".to_owned()
            }
        }
    }

    fn assumed_by(&self) -> String {
        format!(
            "See who assumed it: aws cloudtrail lookup-events --lookup-attributes AttributeKey=EventName,AttributeValue=AssumeRole --query 'Events[].[EventTime,Username,CloudTrailEvent]'{}",
            self.context.region_option()
        )
    }

    fn vpc_endpoints(&self) -> String {
        let region = self.resources.first().and_then(|arn| Arn::parse(arn));
        let region = region.map_or_else(|| "REGION".to_owned(), |arn| arn.region);
        let service = self.action.split(':').next().unwrap_or("ssm");
        format!(
            "See the endpoints: aws ec2 describe-vpc-endpoints --filters Name=service-name,Values=com.amazonaws.{region}.{service} --query 'VpcEndpoints[].[VpcEndpointId,PolicyDocument]' --region {region}"
        )
    }
}

/// The permission set behind a role of IAM Identity Center, `AWSReservedSSO_NAME_HASH`.
fn permission_set(role: &str) -> Option<&str> {
    let (name, _) = role.strip_prefix("AWSReservedSSO_")?.rsplit_once('_')?;
    Some(name)
}

/// The policies of the caller, or its permission set.
pub(super) fn policies_of(caller: Option<&Arn>) -> String {
    let Some(caller) = caller else {
        return "the caller's policies".to_owned();
    };
    match (caller.role_name(), caller.resource.split_once('/')) {
        (Some(role), _) => match permission_set(role) {
            Some(set) => format!("the permission set {set} in IAM Identity Center"),
            None => format!("the policies of the role {role}"),
        },
        (None, Some(("user", user))) => {
            format!(
                "the policies of the user {}",
                user.rsplit('/').next().unwrap_or(user)
            )
        }
        _ => "the caller's policies".to_owned(),
    }
}
