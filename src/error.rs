//! Every way to fail before `execve`: the errors of all modules, with status, code and message.

use crate::aws::{Denial, FetchError, ParsedDenial, Work, assume_role_statement};
use crate::exec::CommandError;
use serde_json::{Value, json};
use ssm_exec_core::aws_context::AwsContext;
use ssm_exec_core::code::Code;
use ssm_exec_core::config::ConfigError;
use ssm_exec_core::environment::problem::{self, Problem};
use ssm_exec_core::environment::problem_message;
use ssm_exec_core::message::Message;
use ssm_exec_core::parameter::ParameterRef;
use ssm_exec_core::plan::Request;
use ssm_exec_core::remedy::Remedy;
use ssm_exec_core::status::Status;
use std::fmt;
use std::path::{Path, PathBuf};

/// Why the command was not started.
#[derive(Debug, Clone, PartialEq)]
pub enum Error {
    /// The command line.
    Usage(String),
    /// A launch without a command.
    NoCommand {
        /// The configuration file in use, which has none either.
        file: Option<PathBuf>,
    },
    /// A setting of the command line, a variable or the file.
    Config(ConfigError),
    /// The environment can't be built, from what was fetched or for what wasn't.
    Incomplete(Box<Incomplete>),
    /// The command cannot be executed.
    Command(CommandError),
    /// Stdout cannot be written to.
    Output {
        /// The system's reason.
        reason: String,
    },
}

/// What failed and what is missing, all at once.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Incomplete {
    /// Requests that failed.
    pub failures: Vec<FetchError>,
    /// Problems of the environment that don't follow from them.
    pub problems: Vec<Problem>,
    /// Where AWS was asked, and as whom.
    pub context: AwsContext,
    /// Missing parameters that exist in another version.
    pub existing: Vec<ParameterRef>,
}

impl Incomplete {
    /// The first failure decides, since the others may follow from it; then the gravest problem.
    fn status(&self) -> Status {
        match self.failures.first() {
            Some(failure) => failure.status(),
            None => problem::status(&self.problems),
        }
    }

    fn code(&self) -> Code {
        let status = self.status();
        let problem = || {
            self.problems
                .iter()
                .find(|problem| problem.status() == status)
        };
        match self.failures.first() {
            Some(failure) => failure.code(),
            None => problem().map_or(Code::Internal, Problem::code),
        }
    }

    /// All messages. The last line of the last one says where and as whom.
    #[must_use]
    pub fn messages(&self) -> Vec<Message> {
        let failures = self.failures.iter();
        let mut messages: Vec<Message> = failures
            .map(|failure| failure.message(&self.context))
            .collect();
        messages.extend(problem_message::messages(
            &self.problems,
            &self.context,
            &self.existing,
        ));
        messages
    }

    fn message(&self) -> Message {
        let mut messages = self.messages().into_iter();
        let mut message = messages.next().unwrap_or_default();
        for other in messages {
            message.lines.push(format!("Also: {}", other.text));
            message.lines.extend(other.lines);
        }
        let answers = self.failures.iter().filter_map(FetchError::answer);
        let ids: Vec<&str> = answers
            .filter_map(|answer| answer.request_id.as_deref())
            .collect();
        let mut clauses = self.context.clauses();
        clauses.extend(ids.first().map(|id| format!("request ID {id}")));
        let context = clauses.join(", ");
        let mut letters = context.chars();
        match letters.next() {
            Some(first) => message.line(first.to_uppercase().chain(letters).collect::<String>()),
            None => message,
        }
    }
}

impl Error {
    /// The status that the process ends with.
    #[must_use]
    pub fn status(&self) -> Status {
        match self {
            Self::Usage(_) | Self::NoCommand { .. } => Status::Usage,
            Self::Config(error) => error.status(),
            Self::Incomplete(error) => error.status(),
            Self::Command(error) => error.status(),
            Self::Output { .. } => Status::System,
        }
    }

    /// The code for machines.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Usage(_) => Code::Usage,
            Self::NoCommand { .. } => Code::NoCommand,
            Self::Config(error) => error.code(),
            Self::Incomplete(error) => error.code(),
            Self::Command(error) => error.code(),
            Self::Output { .. } => Code::System,
        }
    }

    /// The message for people.
    #[must_use]
    pub fn message(&self) -> Message {
        match self {
            Self::Usage(text) => Message::new(text.clone()),
            Self::NoCommand { file } => {
                let file = file.as_deref().unwrap_or(Path::new("ssm-exec.toml"));
                Message::new("there is no command to start").remedy(
                    Remedy::new(Code::NoCommand.remedy())
                        .fill(&[("file", &file.display().to_string())]),
                )
            }
            Self::Config(error) => error.message(),
            Self::Incomplete(error) => error.message(),
            Self::Command(error) => Message::new(error.to_string()),
            Self::Output { reason } => Message::new(format!("cannot write to stdout: {reason}")),
        }
    }

    /// The fields of a JSON message (docs/troubleshooting.md): all of them, null where nothing is known.
    #[must_use]
    pub fn fields(&self) -> Value {
        let nothing = Incomplete::default();
        let error = match self {
            Self::Incomplete(error) => error,
            _ => &nothing,
        };
        let context = &error.context;
        let denials: Vec<&Denial> = error
            .failures
            .iter()
            .filter_map(|failure| match failure {
                FetchError::Denied(denial) => Some(&**denial),
                _ => None,
            })
            .collect();
        let answer = error.failures.iter().find_map(FetchError::answer);
        let role = error.failures.iter().find_map(FetchError::denied_role);
        let refusal = denials
            .iter()
            .find_map(|denial| match &denial.parsed {
                ParsedDenial::Whole {
                    action, resources, ..
                } => Some((action.clone(), Some(resources.clone()))),
                ParsedDenial::KeyUnnamed => Some(("kms:Decrypt".to_owned(), None)),
                ParsedDenial::Unknown(_) => None,
            })
            .or_else(|| Some(("sts:AssumeRole".to_owned(), Some(vec![role?.to_string()]))));
        let statements: Vec<Value> = denials
            .iter()
            .filter_map(|denial| denial.statement())
            .chain(role.map(assume_role_statement))
            .chain(
                error
                    .failures
                    .iter()
                    .filter_map(|failure| failure.secret_statement(context)),
            )
            .collect();
        let transient_code = || error.failures.iter().find_map(FetchError::transient_code);
        let list = |list: Vec<String>| (!list.is_empty()).then_some(list);
        json!({
            "code": self.code().word(),
            "region": context.region.as_ref().map(ToString::to_string),
            "endpoint": context.endpoint,
            "account": context.account,
            "principal": context.principal,
            "credentials": context.credentials,
            "action": refusal.as_ref().map(|(action, _)| action),
            "resources": refusal.as_ref().and_then(|(_, resources)| resources.as_ref()),
            "parameters": list(error.parameters()),
            "statements": (!statements.is_empty()).then_some(statements),
            "awsCode": answer.map(|answer| answer.code.as_str()).or_else(transient_code),
            "awsMessage": answer.map(|answer| &answer.text),
            "requestId": answer.and_then(|answer| answer.request_id.as_ref()),
        })
    }
}

impl Incomplete {
    /// The parameters and prefixes that the message is about.
    fn parameters(&self) -> Vec<String> {
        let of = |request: &Request| match request {
            Request::Below(prefix) => vec![prefix.pattern()],
            Request::Batch(names) => names.iter().map(ToString::to_string).collect(),
        };
        let mut names = Vec::new();
        for failure in &self.failures {
            match failure {
                FetchError::Denied(denial) => names.extend(denial.requests.iter().flat_map(of)),
                FetchError::Secret { request, .. }
                | FetchError::Key { request, .. }
                | FetchError::Rejected { request, .. }
                | FetchError::InvalidResponse { request, .. }
                | FetchError::TooMany { request, .. } => names.extend(of(request)),
                FetchError::Unavailable {
                    work: Work::Fetch(request),
                    ..
                } => names.extend(of(request)),
                FetchError::NoValue { parameter } => names.push(parameter.clone()),
                _ => {}
            }
        }
        names.extend(self.problems.iter().flat_map(Problem::parameters));
        // Several rules of a contract can be broken by one parameter.
        names.dedup();
        names
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.message().fmt(f)
    }
}

impl std::error::Error for Error {}

impl From<ConfigError> for Error {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

impl From<Incomplete> for Error {
    fn from(error: Incomplete) -> Self {
        match (error.failures.as_slice(), error.problems.as_slice()) {
            // An error in a setting is reported without a Region and an account.
            ([FetchError::Config(error)], []) => Self::Config(error.clone()),
            _ => Self::Incomplete(Box::new(error)),
        }
    }
}

impl From<(FetchError, AwsContext)> for Error {
    fn from((failure, context): (FetchError, AwsContext)) -> Self {
        Incomplete {
            failures: vec![failure],
            context,
            ..Incomplete::default()
        }
        .into()
    }
}

impl From<CommandError> for Error {
    fn from(error: CommandError) -> Self {
        Self::Command(error)
    }
}

#[cfg(test)]
mod tests;
