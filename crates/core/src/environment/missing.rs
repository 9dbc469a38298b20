//! Parameters and prefixes without which the command must not start, and that do not exist: found without
//! reading a value, and told together.

use super::provenance::{Provenance, Requester};
use crate::aws_context::AwsContext;
use crate::code::Code;
use crate::config::Sources;
use crate::diagnostic::{Diagnostic, Help};
use crate::env_reference::EnvReference;
use crate::fetched::{Answer, Fetched};
use crate::parameter::{OnMissing, ParameterId, ParameterRef, Prefix, Selector, ValueRef};
use crate::variable::VariableName;

/// As many folders as are named to look into.
const FOLDERS: usize = 3;

/// What does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missing {
    /// There is nothing below this prefix.
    Prefix(Prefix),
    /// There is no such parameter, or not in this version.
    Parameter(Box<ValueRef>, Requester),
}

impl Missing {
    /// The variable that a key or a reference would have set.
    pub fn variable(&self) -> Option<(&VariableName, Provenance)> {
        match self {
            Self::Parameter(param, Requester::Variable(name)) => {
                Some((name, Provenance::Key((**param).clone())))
            }
            Self::Parameter(param, Requester::Reference(name)) => {
                Some((name, Provenance::Reference((**param).clone())))
            }
            _ => None,
        }
    }

    /// The parameter, where a version or a label was asked for: it may exist without it.
    pub fn selected(&self) -> Option<&ParameterRef> {
        match self {
            Self::Parameter(param, _) if param.parameter.selector.is_some() => {
                Some(&param.parameter)
            }
            _ => None,
        }
    }
}

/// Everything that must exist and does not. Members of JSON values are not looked for.
pub fn missing(sources: &Sources, references: &[EnvReference], fetched: &Fetched) -> Vec<Missing> {
    let prefixes = sources.prefixes.iter().filter(|source| {
        !source.optional
            && fetched.below(&source.prefix).next().is_none()
            && !fetched.is_unknown_below(&source.prefix)
    });
    let prefixes = prefixes.map(|source| Missing::Prefix(source.prefix.clone()));
    let objects = sources.objects.iter().filter(|object| !object.optional);
    let objects = objects.map(|object| (object.param.clone(), Requester::Object));
    let keys = sources.keys.iter();
    let keys = keys.filter(|key| key.absence == OnMissing::Fail);
    let keys = keys.map(|key| (key.param.clone(), Requester::Variable(key.name.clone())));
    let references = references.iter();
    let references = references.filter(|reference| reference.absence == OnMissing::Fail);
    let references = references.map(|reference| {
        let requester = Requester::Reference(reference.name.clone());
        (reference.param.clone(), requester)
    });
    let trigger = sources.trigger.iter().map(|trigger| {
        let param = ValueRef { parameter: trigger.clone(), field: None };
        (param, Requester::Trigger)
    });
    let named = objects.chain(keys).chain(references).chain(trigger);
    let named = named
        .filter(|(param, _)| matches!(fetched.answer(&param.parameter), Answer::Absent))
        .map(|(param, requester)| Missing::Parameter(Box::new(param), requester));
    prefixes.chain(named).collect()
}

/// What to say of it. `existing` are the parameters that exist in another version than the missing one.
pub fn diagnostics(
    missing: &[Missing],
    context: &AwsContext,
    existing: &[ParameterRef],
) -> Vec<Diagnostic> {
    let mut parameters = Vec::new();
    let mut secrets = Vec::new();
    let mut others = Vec::new();
    for one in missing {
        match one {
            Missing::Prefix(prefix) => others.push(nothing_below(prefix, context)),
            Missing::Parameter(param, requester) => {
                let parameter = MissingParameter { param, requester };
                if existing.contains(&param.parameter) {
                    others.push(parameter.without_version(context));
                } else if let Some(region) = parameter.other_region(context) {
                    others.push(parameter.elsewhere(region, context));
                } else if let Some((owner, caller)) = parameter.accounts(context) {
                    others.push(parameter.unshared(owner, caller, context));
                } else if param.parameter.name().secret_name().is_some() {
                    secrets.push(parameter);
                } else {
                    parameters.push(parameter);
                }
            }
        }
    }
    let mut all = Vec::new();
    if !parameters.is_empty() {
        all.push(absent(&parameters, context));
    }
    if !secrets.is_empty() {
        all.push(absent_secrets(&secrets, context));
    }
    all.extend(others);
    all
}

/// A parameter, and what it was for.
struct MissingParameter<'m> {
    param: &'m ValueRef,
    requester: &'m Requester,
}

impl MissingParameter<'_> {
    fn text(&self) -> String {
        format!("{} (for {})", self.param, self.requester)
    }

    /// The region of its ARN, if it is not the one that was asked.
    fn other_region(&self, context: &AwsContext) -> Option<&str> {
        match (&self.param.parameter.subject, &context.region) {
            (ParameterId::Arn(arn), Some(asked)) => {
                let region = arn.parts().region.as_str();
                (region != asked.as_str()).then_some(region)
            }
            _ => None,
        }
    }

    /// Parameter Store has the parameters of its own region only.
    fn elsewhere(&self, region: &str, context: &AwsContext) -> Diagnostic {
        let message = format!(
            "{} cannot be fetched{}: its ARN is of the region {region}",
            self.text(),
            place(context)
        );
        let help = format!(
            "Use `--region {region}`, or the ARN of a parameter in the region that is asked"
        );
        let help = vec![Help::text(help)];
        self.explained(message, help)
    }

    /// The account of its ARN and the caller's, if they are two.
    fn accounts<'a>(&'a self, context: &'a AwsContext) -> Option<(&'a str, &'a str)> {
        match (&self.param.parameter.subject, &context.account) {
            (ParameterId::Arn(arn), Some(caller)) => {
                let owner = arn.parts().account.as_str();
                (owner != caller && !owner.is_empty()).then_some((owner, caller))
            }
            _ => None,
        }
    }

    /// What is not shared seems not to exist.
    fn unshared(&self, owner: &str, caller: &str, context: &AwsContext) -> Diagnostic {
        let message = format!(
            "account {owner} has no such parameter, or does not share it with account {caller}: {}",
            self.text()
        );
        let shared = Help::command(
            "See what other accounts share",
            format!(
                "aws ssm describe-parameters --shared --query 'Parameters[].ARN'{}",
                context.region_option()
            ),
        );
        let help = [shared].into_iter().chain(optional(std::slice::from_ref(self)));
        self.explained(message, help.collect())
    }

    fn explained(&self, message: String, help: Vec<Help>) -> Diagnostic {
        about(Diagnostic::with_help(Code::Missing, message, help), [self])
    }

    fn without_version(&self, context: &AwsContext) -> Diagnostic {
        let name = &self.param.parameter.subject;
        let region = context.region_option();
        let versions = Help::command(
            "Correct what follows the colon. See its versions",
            format!(
                "aws ssm get-parameter-history --name {name} --query 'Parameters[].[Version,Labels]' --output text{region}"
            ),
        );
        let mut help = vec![versions];
        let what = match &self.param.parameter.selector {
            Some(Selector::Label(label)) => {
                help.push(Help::command(
                    "Or label its latest version",
                    format!(
                        "aws ssm label-parameter-version --name {name} --labels {label}{region}"
                    ),
                ));
                format!("no version with the label `{label}`")
            }
            Some(Selector::Version(version)) => format!("no version {version}"),
            None => "no such version".to_owned(),
        };
        let message = format!("{name} has {what}{}: {}", place(context), self.text());
        self.explained(message, help)
    }
}

fn about<'m>(
    diagnostic: Diagnostic,
    parameters: impl IntoIterator<Item = &'m MissingParameter<'m>> + Clone,
) -> Diagnostic {
    let requesters = parameters.clone().into_iter().map(|one| one.requester);
    diagnostic
        .parameters(parameters.into_iter().map(|one| one.param))
        .variables(requesters.filter_map(Requester::variable))
}

/// ` in eu-west-1 of account 111122223333`
fn place(context: &AwsContext) -> String {
    match (&context.region, &context.account) {
        (Some(region), Some(account)) => format!(" in {region} of account {account}"),
        (Some(region), None) => format!(" in {region}"),
        _ => String::new(),
    }
}

fn absent(parameters: &[MissingParameter<'_>], context: &AwsContext) -> Diagnostic {
    let what = match parameters.len() {
        1 => "1 parameter does not exist".to_owned(),
        count => format!("{count} parameters do not exist"),
    };
    let names: Vec<String> = parameters.iter().map(MissingParameter::text).collect();
    let mut folders: Vec<&str> =
        parameters.iter().map(|one| folder(one.param.parameter.name().as_str())).collect();
    folders.sort_unstable();
    folders.dedup();
    let mut diagnostic = Diagnostic::new(Code::Missing, what + &place(context)).list(&names);
    diagnostic.help.extend(optional(parameters));
    let mut names = parameters.iter().filter_map(|one| one.requester.variable());
    if names.any(|name| name.as_str() == "prefix") {
        let help =
            "If the setting `prefix` is meant, write it above the first `[table]` of the file";
        diagnostic = diagnostic.help(help);
    }
    for folder in folders.iter().take(FOLDERS) {
        // Below the root is everything that the account has.
        let recursive = if *folder == "/" { "" } else { " --recursive" };
        let command = format!(
            "aws ssm get-parameters-by-path --path {folder}{recursive} --query 'Parameters[].Name'{}",
            context.region_option()
        );
        diagnostic = diagnostic.help(Help::command("See what exists", command));
    }
    about(diagnostic, parameters)
}

/// How those become optional that can be.
fn optional(parameters: &[MissingParameter<'_>]) -> Option<Help> {
    let any = |is: fn(&Requester) -> bool| parameters.iter().any(|one| is(one.requester));
    let key = any(|requester| matches!(requester, Requester::Variable(_)));
    let reference = any(|requester| matches!(requester, Requester::Reference(_)));
    let how = match (key, reference) {
        (true, false) => "with `--optional-key`, or `optional = true` in ssm-exec.toml",
        (false, true) => "with `?optional` at the end of the reference",
        (true, true) => {
            "with `--optional-key`, `optional = true` in ssm-exec.toml, or `?optional` at the end of a reference"
        }
        (false, false) => return None,
    };
    Some(Help::text(format!("Or make it optional {how}")))
}

fn absent_secrets(secrets: &[MissingParameter<'_>], context: &AwsContext) -> Diagnostic {
    let (what, verb) = match secrets {
        [_] => ("secret", "does"),
        _ => ("secrets", "do"),
    };
    let names = secrets.iter().map(|one| {
        let name = one.param.parameter.name().secret_name().unwrap_or_default();
        format!("{name} (for {})", one.requester)
    });
    let names: Vec<String> = names.collect();
    let message =
        format!("{} {what} of Secrets Manager {verb} not exist{}", secrets.len(), place(context));
    let diagnostic = Diagnostic::new(Code::SecretMissing, message).list(&names);
    about(diagnostic, secrets).fill(&[("region", &context.region_option())])
}

/// The path that a parameter is below.
fn folder(name: &str) -> &str {
    match name.rsplit_once('/') {
        Some(("", _)) | None => "/",
        Some((folder, _)) => folder,
    }
}

fn nothing_below(prefix: &Prefix, context: &AwsContext) -> Diagnostic {
    let (path, region) = (prefix.path(), context.region_option());
    let Some(label) = prefix.label() else {
        let message = format!("there is nothing below the prefix {path}{}", place(context));
        let start = path.trim_matches('/').split('/').next().unwrap_or_default();
        return Diagnostic::new(Code::NothingBelowPrefix, message)
            .parameters([prefix.pattern()])
            .fill(&[("start", start), ("region", &region)]);
    };
    let message =
        format!("no parameter below the prefix {path} has the label `{label}`{}", place(context));
    let help = vec![
        Help::command(
            "Correct the path or the label. See what is below it",
            format!(
                "aws ssm get-parameters-by-path --path {path} --recursive --query 'Parameters[].[Name,Version]' --output text{region}"
            ),
        ),
        Help::command(
            "Or label a version of each parameter",
            format!("aws ssm label-parameter-version --name NAME --labels {label}{region}"),
        ),
        Help::text("Or mark the prefix `optional` in ssm-exec.toml"),
    ];
    Diagnostic::with_help(Code::NothingBelowPrefix, message, help).parameters([prefix.pattern()])
}
