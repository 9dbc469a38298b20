//! The messages for all problems of an environment: which region and account to look into, and how.

use super::{Problem, Requester};
use crate::aws_context::AwsContext;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::message::Message;
use crate::parameter::{ParameterId, ParameterRef, Selector, ValueRef};
use std::fmt;

/// The messages, missing parameters first. `existing` are the parameters that exist in another version than
/// the one that is missing.
#[must_use]
pub fn diagnostics(
    problems: &[Problem],
    context: &AwsContext,
    existing: &[ParameterRef],
) -> Vec<Diagnostic> {
    let missing = problems.iter().filter_map(|problem| match problem {
        Problem::Missing { param, requester } => Some(Missing { param, requester }),
        _ => None,
    });
    let (versions, absent): (Vec<_>, Vec<_>) =
        missing.partition(|missing| existing.contains(&missing.param.parameter));
    let (elsewhere, absent): (Vec<_>, Vec<_>) = absent
        .into_iter()
        .partition(|missing| missing.region(context).is_some());
    let mut diagnostics = Vec::new();
    if !absent.is_empty() {
        diagnostics.push(about(absent_message(&absent, context), &absent));
    }
    for missing in versions {
        let message = version_message(&missing, context);
        diagnostics.push(about(message, &[missing]));
    }
    for missing in elsewhere {
        let message = region_message(&missing, context);
        diagnostics.push(about(message, &[missing]));
    }
    for problem in problems {
        let message = match problem {
            Problem::Missing { .. } => continue,
            problem @ Problem::NothingBelow { prefix } => {
                let region = context.region_option();
                let start = prefix.path().trim_matches('/');
                let start = start.split('/').next().unwrap_or_default();
                let correct = match prefix.label() {
                    Some(_) => "correct the path or the label, label a version of each parameter,",
                    None => "correct the path,",
                };
                Message::new(format!("{problem}{}", place(context)))
                    .sentence(&format!("Are the account and the Region the intended ones (`--profile`, `--region`)? If so, {correct} or mark the prefix `optional` in ssm-exec.toml. A parameter of exactly that name is not below it: give it with `--key`"))
                    .line(format!(
                        "See what exists: aws ssm describe-parameters --parameter-filters Key=Name,Option=Contains,Values={start} --query 'Parameters[].Name'{region}"
                    ))
            }
            other => Message::new(other.to_string()),
        };
        let origin = match problem {
            Problem::Warning(notice) => notice.origin(),
            _ => None,
        };
        let diagnostic = message.diagnostic_at(problem.code(), origin);
        let diagnostic = diagnostic.parameters(problem.parameters());
        diagnostics.push(diagnostic.variables(problem.variable()));
    }
    diagnostics
}

fn about(message: Message, missing: &[Missing<'_>]) -> Diagnostic {
    let names = missing
        .iter()
        .filter_map(|missing| match missing.requester {
            Requester::Variable(name) | Requester::Reference(name) => Some(name),
            Requester::Object | Requester::Trigger => None,
        });
    message
        .diagnostic(Code::Missing)
        .parameters(missing.iter().map(|missing| missing.param))
        .variables(names)
}

/// ` in eu-west-1 of account 111122223333`
fn place(context: &AwsContext) -> String {
    match (&context.region, &context.account) {
        (Some(region), Some(account)) => format!(" in {region} of account {account}"),
        (Some(region), None) => format!(" in {region}"),
        _ => String::new(),
    }
}

/// A parameter that does not exist, and what it was for.
struct Missing<'p> {
    param: &'p ValueRef,
    requester: &'p Requester,
}

impl Missing<'_> {
    /// The region of its ARN, if it is not the one that was asked.
    fn region(&self, context: &AwsContext) -> Option<&str> {
        match (&self.param.parameter.subject, &context.region) {
            (ParameterId::Arn(arn), Some(asked)) => {
                let region = arn.parts().region.as_str();
                (region != asked.as_str()).then_some(region)
            }
            _ => None,
        }
    }
}

impl fmt::Display for Missing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (for {})", self.param, self.requester)
    }
}

fn absent_message(absent: &[Missing<'_>], context: &AwsContext) -> Message {
    let what = match absent.len() {
        1 => "1 parameter does not exist".to_owned(),
        count => format!("{count} parameters do not exist"),
    };
    let names: Vec<String> = absent.iter().map(ToString::to_string).collect();
    let region = context.region_option();
    let any = |is: fn(&Requester) -> bool| absent.iter().any(|missing| is(missing.requester));
    let is_key = any(|requester| matches!(requester, Requester::Variable(_)));
    let is_reference = any(|requester| matches!(requester, Requester::Reference(_)));
    let optional = match (is_key, is_reference) {
        (true, false) => Some("with `--optional-key`, or `optional = true` in ssm-exec.toml"),
        (false, true) => Some("with `?optional` at the end of the reference"),
        (true, true) => Some(
            "with `--optional-key`, `optional = true` in ssm-exec.toml, or `?optional` at the end of a reference",
        ),
        (false, false) => None,
    };
    let remedy = match optional {
        Some(how) => format!("correct the name, create the parameter, or make it optional {how}"),
        None => "correct the name, or create the parameter".to_owned(),
    };
    let mut message = Message::new(format!("{what}{}", place(context)))
        .list(&names)
        .sentence(&format!(
            "Are the account and the Region the intended ones (`--profile`, `--region`)? If so, {remedy}"
        ));
    let mut folders: Vec<&str> = absent
        .iter()
        .map(|missing| folder(missing.param.parameter.name().as_str()))
        .collect();
    folders.sort_unstable();
    folders.dedup();
    for folder in folders.iter().take(3) {
        message = message.line(format!(
            "See what exists: aws ssm get-parameters-by-path --path {folder}{} --query 'Parameters[].Name'{region}",
            // Below the root is everything that the account has.
            if *folder == "/" { "" } else { " --recursive" }
        ));
    }
    message
}

/// The path that a parameter is below.
fn folder(name: &str) -> &str {
    match name.rsplit_once('/') {
        Some(("", _)) | None => "/",
        Some((folder, _)) => folder,
    }
}

/// Parameter Store has the parameters of its own region only.
fn region_message(missing: &Missing<'_>, context: &AwsContext) -> Message {
    let named = missing.region(context).unwrap_or_default();
    Message::new(format!(
        "{missing} cannot be fetched{}: its ARN is of the region {named}",
        place(context)
    ))
    .sentence(&format!(
        "Use `--region {named}`, or the ARN of a parameter in the region that is asked"
    ))
}

fn version_message(missing: &Missing<'_>, context: &AwsContext) -> Message {
    let parameter = &missing.param.parameter;
    let name = &parameter.subject;
    let what = match &parameter.selector {
        Some(Selector::Version(version)) => format!("no version {version}"),
        Some(Selector::Label(label)) => format!("no version with the label `{label}`"),
        None => "no such version".to_owned(),
    };
    let region = context.region_option();
    let message = Message::new(format!(
        "{name} exists{}, but has {what}: {missing}",
        place(context)
    ))
    .sentence("Correct what follows the colon")
    .line(format!(
        "See its versions: aws ssm get-parameter-history --name {name} --query 'Parameters[].[Version,Labels]' --output text{region}"
    ));
    match &parameter.selector {
        Some(Selector::Label(label)) => message.line(format!(
            "Or label a version: aws ssm label-parameter-version --name {name} --labels {label} --parameter-version VERSION{region}"
        )),
        _ => message,
    }
}
