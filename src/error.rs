//! Why a start ended before `execve`: everything that prevented it, at once, and where AWS was asked.

use crate::aws::Failure;
use serde_json::{Value, json};
use ssm_exec_core::aws_context::AwsContext;
use ssm_exec_core::code::Code;
use ssm_exec_core::diagnostic::Diagnostic;
use ssm_exec_core::status::Status;
use ssm_exec_core::words::count;
use std::fmt;

/// What prevented a start.
#[derive(Debug, Clone, PartialEq)]
pub struct Error {
    /// At least one.
    diagnostics: Vec<Diagnostic>,
    /// Where AWS was asked, and as whom.
    pub context: AwsContext,
    is_in_report: bool,
}

impl Error {
    /// Everything that prevented it.
    pub fn new(diagnostics: Vec<Diagnostic>, context: AwsContext) -> Self {
        Self { diagnostics, context, is_in_report: false }
    }

    /// The same, of which the message says no more than that the report has it.
    pub fn in_report(self) -> Self {
        Self { is_in_report: true, ..self }
    }

    /// Whether a report has it.
    pub fn is_in_report(&self) -> bool {
        self.is_in_report
    }

    /// Adds what another error says.
    pub fn and(mut self, other: Self) -> Self {
        self.diagnostics.extend(other.diagnostics);
        self
    }

    /// All that prevented it.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// The gravest: a mistake in the configuration before a missing parameter before a bad value. Of
    /// several the first, since the others may follow from it.
    fn gravest(&self) -> Option<&Diagnostic> {
        let rank = |diagnostic: &&Diagnostic| match diagnostic.status() {
            Status::Missing => 1,
            Status::Unusable => 2,
            Status::NotFound | Status::NotExecutable => 3,
            _ => 0,
        };
        self.diagnostics.iter().min_by_key(rank)
    }

    /// The status that the process ends with.
    pub fn status(&self) -> Status {
        self.gravest().map_or(Status::Internal, Diagnostic::status)
    }

    /// The code for machines.
    pub fn code(&self) -> Code {
        self.gravest().map_or(Code::Internal, |it| it.code)
    }

    /// The message: the first line says what is wrong, the last one where and as whom AWS was asked.
    pub fn lines(&self) -> Vec<String> {
        if self.is_in_report {
            let problems = count(self.diagnostics.len(), "problem");
            return vec![format!("the command would not start: the report has {problems}")];
        }
        let mut lines = Vec::new();
        for diagnostic in &self.diagnostics {
            let also = if lines.is_empty() { "" } else { "Also: " };
            lines.push(format!("{also}{}", diagnostic.line()));
            lines.extend(diagnostic.details());
        }
        let ids = self.diagnostics.iter();
        let mut ids = ids.filter_map(|it| it.subject.aws.as_ref()?.request_id.as_ref());
        let asked = AwsContext { endpoint: self.endpoint().cloned(), ..self.context.clone() };
        let mut clauses = asked.clauses();
        clauses.extend(ids.next().map(|id| format!("request ID {id}")));
        let context = clauses.join(", ");
        let mut letters = context.chars();
        lines.extend(letters.next().map(|first| first.to_uppercase().chain(letters).collect()));
        lines
    }

    /// The fields of a JSON message (docs/troubleshooting.md): all of them, null where nothing is known. Those
    /// of the first failure are at the top too.
    pub fn fields(&self) -> Value {
        let subjects = || self.diagnostics.iter().map(|it| &*it.subject);
        let first = subjects().find(|it| it.action.is_some());
        let aws = subjects().find_map(|it| it.aws.as_ref());
        let statements = subjects().flat_map(|it| &it.statements);
        let statements: Vec<&Value> = statements.map(|it| &it.statement).collect();
        let mut parameters: Vec<&String> = subjects().flat_map(|it| &it.parameters).collect();
        // Several rules of a contract can be broken by one parameter.
        parameters.dedup();
        let context = &self.context;
        json!({
            "code": self.code().word(),
            "region": context.region.as_ref().map(ToString::to_string),
            "endpoint": self.endpoint(),
            "account": context.account,
            "principal": context.principal,
            "credentials": context.credentials,
            "action": first.and_then(|it| it.action.as_ref()),
            "resources": first.map(|it| &it.resources).filter(|it| !it.is_empty()),
            "parameters": (!parameters.is_empty()).then_some(parameters),
            "statements": (!statements.is_empty()).then_some(statements),
            "awsCode": aws.map(|aws| &aws.code),
            "awsMessage": aws.map(|aws| &aws.message).filter(|it| !it.is_empty()),
            "requestId": aws.and_then(|aws| aws.request_id.as_ref()),
            "problems": self.diagnostics.iter().map(|it| self.problem(it)).collect::<Vec<_>>(),
        })
    }

    /// The host that was asked: Parameter Store's, or that of the service which failed in its place.
    fn endpoint(&self) -> Option<&String> {
        let failed = self.diagnostics.iter().find_map(|it| it.subject.host.as_ref());
        let store = self.context.endpoint.as_ref();
        store.map(|store| failed.unwrap_or(store))
    }

    /// With the credentials that AWS was asked with, if it was.
    fn problem(&self, diagnostic: &Diagnostic) -> Value {
        let asked = diagnostic.subject.aws.as_ref();
        let credentials = asked.and(self.context.credentials.as_ref());
        let mut problem = diagnostic.json();
        problem["credentials"] = json!(credentials);
        problem
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines().join("\n  "))
    }
}

impl std::error::Error for Error {}

/// A mistake on the command line.
pub fn usage(message: String) -> Error {
    Diagnostic::new(Code::Usage, message).into()
}

impl From<Diagnostic> for Error {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::new(vec![diagnostic], AwsContext::default())
    }
}

impl From<(Failure, AwsContext)> for Error {
    fn from((failure, context): (Failure, AwsContext)) -> Self {
        Self::new(vec![failure.diagnostic(&context)], context)
    }
}

#[cfg(test)]
mod tests;
