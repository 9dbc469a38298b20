//! What to do about a denial: whose policy must change, the statement to add, and the command that shows the policy.

use super::policy_kind::PolicyKind;
use super::{DenialCause, Refusal};
use serde_json::{Value, json};
use ssm_exec_core::arn::Arn;
use ssm_exec_core::aws_context::AwsContext;
use ssm_exec_core::code::Code;
use ssm_exec_core::diagnostic::{Help, Statement, fill};
use ssm_exec_core::parameter::{ParameterId, ParameterRef};
use ssm_exec_core::plan::Request;
use ssm_exec_core::policy::Place;

/// A sentence, and the command that it ends with. `{name}` is a placeholder; a line with one that has no value is left
/// out. `{statement}`, `{of-resource}` and `{of-endpoint}` stand for the statement in its three forms.
type Line = (&'static str, &'static str);

macro_rules! advice {
    ($($name:ident: $($text:literal $(=> $command:literal)?),+;)*) => {
        $(const $name: &[Line] = &[$(($text, concat!($($command)?))),+];)*
    };
}

advice! {
    IDENTITY: "Add this to {identity}" => "{statement}";
    BOTH_SIDES: "The policy of the key, in account {owner}, must allow it too";
    TRUST:
        "Add this to the trust policy of the role {resource-role}{of-owner}" => "{of-resource}",
        "Only account {owner}, which owns it, can change that policy",
        "See its trust policy" => "aws iam get-role --role-name {resource-role} --query Role.AssumeRolePolicyDocument";
    EXTERNAL_ID: "If that policy asks for an external ID, give it with `--external-id ID`, or as `external_id` in the profile";
    SEE_KEY: "See the key's policy" => "aws kms get-key-policy --key-id {resources} --policy-name default{region}";
    KEY:
        "Add this to the policy of the key{of-owner}" => "{of-resource}",
        "Only account {owner}, which owns it, can change that policy";
    SECRET:
        "Add this to the policy of the secret{of-owner}" => "{of-resource}",
        "Only account {owner}, which owns it, can change that policy";
    SHARE:
        "Account {resource-account} does not share it with {account}: it must (advanced parameters only), or assume a role there with `--role-arn`",
        "Share it" => "aws ram create-resource-share --name ssm-exec --resource-arns {resources} --principals {account} --region {resource-region}";
    UNNAMED_POLICY: "AWS does not say which policy decides: those of the caller, of the VPC endpoint and of the organization can deny it";
    SIMULATE: "See what the caller's own policies allow" => "aws iam simulate-principal-policy --policy-source-arn {caller} --action-names ssm:GetParameters ssm:GetParametersByPath kms:Decrypt --query 'EvaluationResults[].[EvalActionName,EvalDecision]' --output text";
    ACCOUNT: "The account is not active for this service: complete its sign-up, or ask AWS Support";
    RESERVED: "What AWS publishes is below `/aws/service`, and secrets of Secrets Manager below `/aws/reference/secretsmanager`";
    ENDPOINT: "Add this to the policy of the VPC endpoint" => "{of-endpoint}";
    ENDPOINTS: "See the endpoints" => "aws ec2 describe-vpc-endpoints --filters Name=service-name,Values=com.amazonaws.{resource-region}.{service} --query 'VpcEndpoints[].[VpcEndpointId,PolicyDocument]' --region {resource-region}";
    BOUNDARY: "Add this to the permissions boundary, and to {identity} if they lack it" => "{statement}";
    SEE_BOUNDARY: "See the boundary" => "aws iam {get-caller}.PermissionsBoundary";
    SESSION: "Add this to the policy that is passed when the role is assumed" => "{statement}";
    ASSUMED_BY: "See who assumed it" => "aws cloudtrail lookup-events --lookup-attributes AttributeKey=ResourceName,AttributeValue={caller} --max-items 5{region}";
    ORGANIZATION: "An administrator of the organization must allow it";
    OTHER: "Add this to the {kind}" => "{statement}";
    SEE_ORGANIZATION:
        "See the policies, in the management account" => "aws organizations list-policies-for-target --filter {filter} --target-id {target}",
        "The organizational units above the account may have others" => "aws organizations list-parents --child-id {target}";
    SEE_ORGANIZATIONS_POLICY: "See it" => "aws organizations describe-policy --policy-id {policy-id}";
    DENIED_BY_ORGANIZATION: "No Allow statement overrides it: an administrator of the organization must change that policy";
    WHOLE_REGIONS: "Such policies often close whole Regions: is {region-name} the intended one?";
    DENIED: "No Allow statement overrides it, so that policy must change";
    ONLY_OWNER: "Only account {owner}, which owns it, can change that policy";
    PASSED: "It is passed by whoever assumes the role";
    SEE_POLICY: "See it" => "aws iam get-policy-version --policy-arn {policy} --version-id \"$(aws iam get-policy --policy-arn {policy} --query Policy.DefaultVersionId --output text)\"";
    SEE_ROLE:
        "See the policies" => "aws iam list-attached-role-policies --role-name {role}",
        "See those in the role itself" => "aws iam list-role-policies --role-name {role}";
    SHARED_WITHOUT_KEY: "Account {owner} shares the parameter, and not its KMS key: the key's policy there and {identity} here must allow it";
    FIND_KEY: "Find the key" => "aws ssm describe-parameters{shared} --parameter-filters {named} --query 'Parameters[].[Name,KeyId]' --output text{region}";
    ALIAS: "If that is an alias, find its ARN" => "aws kms describe-key --key-id ALIAS --query KeyMetadata.Arn --output text{region}";
    REPLICA: "A multi-Region key (`mrk-…`) needs a replica in {region-name}";
}

/// The lines for a denial, and the statements that they contain.
pub(super) fn advice(refusal: &Refusal, context: &AwsContext) -> (Vec<Help>, Vec<Statement>) {
    let facts = Facts::new(refusal, context);
    let (mut help, mut statements) = (Vec::new(), Vec::new());
    for (text, command) in facts.lines() {
        let statement = match command {
            "{statement}" => facts.statement(),
            "{of-resource}" => facts.of_resource(),
            "{of-endpoint}" => facts.of_endpoint(),
            _ => None,
        };
        let Some(text) = facts.fill(text) else {
            continue;
        };
        help.extend(match (&statement, command) {
            (Some(statement), _) => Some(Help::command(&text, statement.to_string())),
            (None, "") => Some(Help::text(&text)),
            // Without a statement, its line is left out.
            (None, "{statement}" | "{of-resource}" | "{of-endpoint}") => None,
            (None, command) => facts.fill(command).map(|command| Help::command(&text, command)),
        });
        let place = text.strip_prefix("Add this to ").unwrap_or_default();
        let belongs_to = place.split(", and to ").next().unwrap_or_default().to_owned();
        statements.extend(statement.map(|statement| Statement { belongs_to, statement }));
    }
    (help, statements)
}

/// What the lines are chosen by and filled with.
struct Facts<'a> {
    refusal: &'a Refusal,
    context: &'a AwsContext,
    caller: Option<Arn>,
    /// What is denied; of several, the first.
    resource: Option<Arn>,
    /// The account of the resource, if it is not the caller's.
    owner: Option<String>,
}

impl<'a> Facts<'a> {
    fn new(refusal: &'a Refusal, context: &'a AwsContext) -> Self {
        let principal = refusal.principal.as_deref().or(context.principal.as_deref());
        let caller = principal.and_then(Arn::parse);
        let account = caller.as_ref().map(|caller| &caller.account).or(context.account.as_ref());
        let resource = refusal.resources.first().and_then(|it| Arn::parse(it));
        let shared = match refusal.requests.first() {
            Some(Request::Batch(names)) => names.first().and_then(|name| match &name.subject {
                ParameterId::Arn(arn) => Some(arn.parts()),
                ParameterId::Name(_) => None,
            }),
            _ => None,
        };
        let owner = resource.as_ref().or(shared).map(|arn| arn.account.clone());
        let owner =
            owner.filter(|owner| !owner.is_empty() && account.is_some_and(|it| it != owner));
        Self { refusal, context, caller, resource, owner }
    }

    fn lines(&self) -> Vec<Line> {
        use PolicyKind::{
            Identity, PermissionsBoundary, Resource, ResourceControl, ServiceControl, Session,
            VpcEndpoint,
        };
        let is_cross = self.owner.is_some();
        let external: &[Line] = if self.refusal.external_id { &[] } else { EXTERNAL_ID };
        let both: &[Line] = if is_cross { IDENTITY } else { &[] };
        let lines: &[&[Line]] = match (&self.refusal.cause, self.service()) {
            _ if self.refusal.is_malformed_name() => &[],
            (DenialCause::NotAllowed(None), "sts") => {
                &[Code::AssumeRoleDenied.help(), TRUST, IDENTITY]
            }
            (DenialCause::NotAllowed(None | Some(Identity)), "kms") => &[IDENTITY, BOTH_SIDES],
            (DenialCause::NotAllowed(None | Some(Identity)), _) => &[IDENTITY],
            (DenialCause::NotAllowed(Some(Resource)), "sts") => &[TRUST, external],
            (DenialCause::NotAllowed(Some(Resource)), "kms") => &[SEE_KEY, KEY, both],
            (DenialCause::NotAllowed(Some(Resource)), "secretsmanager") => &[SECRET],
            (DenialCause::NotAllowed(Some(Resource)), _) => &[SHARE],
            (DenialCause::NotAllowed(Some(VpcEndpoint)), _) => &[ENDPOINT, ENDPOINTS],
            (DenialCause::NotAllowed(Some(PermissionsBoundary)), _) => &[BOUNDARY, SEE_BOUNDARY],
            (DenialCause::NotAllowed(Some(Session)), _) => &[SESSION, ASSUMED_BY],
            (DenialCause::NotAllowed(Some(ServiceControl | ResourceControl)), _) => {
                &[ORGANIZATION, OTHER, SEE_ORGANIZATION]
            }
            (DenialCause::NotAllowed(Some(_)), _) => &[OTHER],
            (DenialCause::Denied(ServiceControl | ResourceControl, Some(_)), _) => {
                &[DENIED_BY_ORGANIZATION, SEE_ORGANIZATIONS_POLICY, WHOLE_REGIONS]
            }
            (DenialCause::Denied(ServiceControl | ResourceControl, None), _) => {
                &[DENIED_BY_ORGANIZATION, SEE_ORGANIZATION, WHOLE_REGIONS]
            }
            (DenialCause::Denied(Resource, _), "kms") => &[DENIED, SEE_KEY, ONLY_OWNER],
            (DenialCause::Denied(Resource, _), _) => &[DENIED, ONLY_OWNER],
            (DenialCause::Denied(VpcEndpoint, _), _) => &[DENIED, ENDPOINTS],
            (DenialCause::Denied(Session, _), _) => &[DENIED, PASSED, ASSUMED_BY],
            (DenialCause::Denied(_, Some(arn)), _) if arn.contains(":policy/") => {
                &[DENIED, SEE_POLICY]
            }
            (DenialCause::Denied(PermissionsBoundary, _), _) => &[DENIED, SEE_BOUNDARY],
            (DenialCause::Denied(..), _) => &[DENIED, SEE_ROLE],
            (DenialCause::UnnamedKey, _) if is_cross => {
                &[SHARED_WITHOUT_KEY, FIND_KEY, KEY, IDENTITY, REPLICA]
            }
            (DenialCause::UnnamedKey, _) => &[FIND_KEY, ALIAS, IDENTITY, REPLICA],
            (DenialCause::UnexplainedSecret, _) => &[Code::SecretDenied.help(), IDENTITY],
            _ if self.refusal.answer.text.contains("reserved parameter name") => &[RESERVED],
            (DenialCause::Unknown, _) if self.is_of_account() => &[ACCOUNT],
            (DenialCause::Unknown, _) => &[UNNAMED_POLICY, SIMULATE],
        };
        lines.concat()
    }

    /// Whether no policy is meant, but an account that is not signed up, or suspended.
    fn is_of_account(&self) -> bool {
        let text = self.refusal.answer.text.to_ascii_lowercase();
        ["subscription", "signed up", "suspended", "not active"]
            .iter()
            .any(|words| text.contains(words))
    }

    fn service(&self) -> &str {
        self.refusal.action.split(':').next().unwrap_or_default()
    }

    fn fill(&self, template: &str) -> Option<String> {
        let caller = self.caller.as_ref();
        let role = caller.and_then(Arn::role_name);
        let (kind, policy) = match &self.refusal.cause {
            DenialCause::NotAllowed(kind) => (kind.as_ref(), None),
            DenialCause::Denied(kind, policy) => (Some(kind), policy.as_deref()),
            _ => (None, None),
        };
        let is_of_resources = kind == Some(&PolicyKind::ResourceControl);
        let target = self.owner.as_deref().filter(|_| is_of_resources);
        let resource = self.resource.as_ref();
        let named = match self.refusal.requests.first() {
            Some(Request::Below(prefix)) => {
                format!("Key=Path,Option=Recursive,Values={}", prefix.path())
            }
            Some(Request::Batch(names)) => {
                let names: Vec<&str> = names.iter().map(|name| name.name().as_str()).collect();
                format!("Key=Name,Values={}", names.join(","))
            }
            None => "Key=Type,Values=SecureString".to_owned(),
        };
        let owned = |text: &str| Some(text.to_owned());
        let region = || self.context.region.as_ref().map(ToString::to_string);
        // A role has none.
        let of_resource =
            resource.map(|arn| arn.region.clone()).filter(|region| !region.is_empty());
        let values = [
            ("identity", Some(policies_of(caller))),
            ("role", role.and_then(owned)),
            (
                "get-caller",
                Some(role.map_or("get-user --query User".to_owned(), |role| {
                    format!("get-role --role-name {role} --query Role")
                })),
            ),
            ("caller", caller.map(|caller| caller.as_policy_principal().to_string())),
            ("account", caller.map(|caller| caller.account.clone())),
            ("owner", self.owner.clone()),
            (
                "of-owner",
                Some(self.owner.as_ref().map_or(String::new(), |id| format!(" of account {id}"))),
            ),
            (
                "target",
                target.and_then(owned).or_else(|| caller.map(|caller| caller.account.clone())),
            ),
            (
                "filter",
                owned(if is_of_resources {
                    "RESOURCE_CONTROL_POLICY"
                } else {
                    "SERVICE_CONTROL_POLICY"
                }),
            ),
            ("kind", kind.map(ToString::to_string)),
            ("policy", policy.and_then(owned)),
            ("policy-id", policy.and_then(|arn| arn.rsplit('/').next()).and_then(owned)),
            ("service", owned(self.service())),
            ("resources", Some(self.refusal.resources.join(" "))),
            ("resource-role", resource.and_then(Arn::role_name).and_then(owned)),
            ("resource-account", resource.map(|arn| arn.account.clone())),
            ("resource-region", of_resource.or_else(region)),
            ("region", Some(self.context.region_option())),
            ("region-name", region()),
            ("shared", owned(if self.owner.is_some() { " --shared" } else { "" })),
            ("named", Some(named)),
        ];
        let is_unknown = |(name, value): &(&str, Option<String>)| {
            value.is_none() && template.contains(&format!("{{{name}}}"))
        };
        if values.iter().any(is_unknown) {
            return None;
        }
        let values: Vec<(&str, &str)> =
            values.iter().filter_map(|(name, value)| Some((*name, value.as_deref()?))).collect();
        Some(fill(template, &values))
    }

    /// The statement that would allow it, for the policies of an identity.
    fn statement(&self) -> Option<Value> {
        let Refusal { action, resources, .. } = self.refusal;
        let region = self.context.region.as_ref();
        let account =
            self.caller.as_ref().map(|caller| &caller.account).or(self.context.account.as_ref());
        if self.refusal.cause == DenialCause::UnnamedKey {
            let owner = self.owner.as_ref().or(account)?;
            let key = format!("arn:{}:kms:{}:{owner}:key/KEY-ID", region?.partition().id, region?);
            return self.decrypt(&key, account?);
        }
        if action.starts_with("kms:") {
            return self.decrypt(resources.first()?, account?);
        }
        let arn = |resource: &String| match resource.starts_with("arn:") {
            true => Some(resource.clone()),
            // A secret, by its name.
            false => {
                let (region, account) = (region?.clone(), account?.clone());
                let partition = region.partition().id.to_owned();
                Some(Place { partition, region, account }.secret(resource).to_string())
            }
        };
        let arns: Option<Vec<String>> = resources.iter().map(arn).collect();
        let resource = match arns?.as_slice() {
            [one] => json!(one),
            several => json!(several),
        };
        Some(json!({ "Effect": "Allow", "Action": action, "Resource": resource }))
    }

    /// For the policy of a resource, which names who may.
    fn of_resource(&self) -> Option<Value> {
        let mut statement = self.statement()?;
        let caller = self.caller.as_ref().map(|caller| caller.as_policy_principal().to_string());
        let principal = caller.or_else(|| self.refusal.principal.clone());
        statement["Principal"] =
            json!({ "AWS": principal.unwrap_or_else(|| "CALLER-ARN".to_owned()) });
        statement["Resource"] = json!("*");
        if self.service() == "sts" {
            statement.as_object_mut()?.remove("Resource");
        }
        if self.refusal.external_id {
            statement["Condition"] = json!({ "StringEquals": { "sts:ExternalId": "EXTERNAL-ID" } });
        }
        Some(statement)
    }

    fn of_endpoint(&self) -> Option<Value> {
        let mut statement = self.statement()?;
        statement["Principal"] = json!("*");
        Some(statement)
    }

    /// Limits the key to these parameters (KMS Developer Guide, "How Parameter Store uses KMS"). A selector is
    /// not part of the encryption context.
    fn decrypt(&self, key: &str, account: &str) -> Option<Value> {
        let key_arn = Arn::parse(key)?;
        let arn = |name: &str| {
            let resource = format!("parameter/{}", name.trim_start_matches('/'));
            let (service, account) = ("ssm".to_owned(), account.to_owned());
            Arn { service, account, resource, ..key_arn.clone() }.to_string()
        };
        let of = |name: &ParameterRef| match &name.subject {
            ParameterId::Name(name) => arn(name.in_arn()),
            ParameterId::Arn(arn) => arn.as_str().to_owned(),
        };
        let mut operator = "StringEquals";
        let mut arns = Vec::new();
        for request in &self.refusal.requests {
            match request {
                Request::Below(prefix) => {
                    operator = "StringLike";
                    arns.push(arn(&prefix.pattern()));
                }
                Request::Batch(names) => arns.extend(names.iter().map(of)),
            }
        }
        Some(json!({
            "Effect": "Allow",
            "Action": self.refusal.action,
            "Resource": key,
            "Condition": { operator: { "kms:EncryptionContext:PARAMETER_ARN": arns } },
        }))
    }
}

/// The policies of the caller, or its permission set: that is behind a role of IAM Identity Center,
/// `AWSReservedSSO_NAME_HASH`.
fn policies_of(caller: Option<&Arn>) -> String {
    let permission_set = |role: &str| {
        let (name, _) = role.strip_prefix("AWSReservedSSO_")?.rsplit_once('_')?;
        Some(format!("the permission set {name} in IAM Identity Center"))
    };
    let role = caller.and_then(Arn::role_name);
    let user = caller.and_then(|caller| caller.resource.strip_prefix("user/"));
    match (role, user) {
        (Some(role), _) => {
            permission_set(role).unwrap_or_else(|| format!("the policies of the role {role}"))
        }
        (None, Some(user)) => {
            format!("the policies of the user {}", user.rsplit('/').next().unwrap_or(user))
        }
        _ => "the caller's policies".to_owned(),
    }
}
