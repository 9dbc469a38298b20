//! An error, a warning or a note: a value that is made once, where it is found. What comes after prints
//! it, and decides on its code's status alone.

use crate::code::Code;
use crate::origin::Origin;
use crate::status::Status;
use serde_json::{Value, json};
use std::fmt;
use std::path::{Path, PathBuf};

/// A list is part of the message up to this length; a longer one is printed one item a line.
const LISTED: usize = 3;

crate::choice! {
    /// What a diagnostic does to a start.
    pub enum Severity {
        /// Prevents it.
        Error = "error",
        /// Most likely a mistake; with `--strict` an error.
        Warning = "warning",
        /// Printed with `-v`, and by `check`.
        Note = "note",
    }
}

/// One thing that is to be said, with what to do about it.
#[must_use]
#[derive(Debug, Clone, PartialEq)]
pub struct Diagnostic {
    /// What it does to a start.
    pub severity: Severity,
    /// Decides the exit status.
    pub code: Code,
    /// Where the setting was given that is at fault.
    pub origin: Option<Origin>,
    /// The cause, then what it concerns, in one line.
    pub message: String,
    /// Names that belong to the message, one a line.
    pub list: Vec<String>,
    pub help: Vec<Help>,
    /// What it concerns, for machines.
    pub subject: Box<Subject>,
}

/// A sentence that says what to do, without its full stop, and the command or statement that it ends with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Help {
    pub text: String,
    /// Can be pasted as it is.
    pub command: Option<String>,
}

/// What a diagnostic concerns: fields of its JSON object.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Subject {
    pub variables: Vec<String>,
    pub parameters: Vec<String>,
    pub path: Option<PathBuf>,
    /// The server that was asked, if it is not Parameter Store's endpoint.
    pub host: Option<String>,
    /// The action that was denied.
    pub action: Option<String>,
    /// On what it was denied.
    pub resources: Vec<String>,
    pub aws: Option<AwsAnswer>,
    /// IAM statements that would allow it.
    pub statements: Vec<Statement>,
}

/// An error of AWS, in its own words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AwsAnswer {
    /// Such as `AccessDeniedException`.
    pub code: String,
    /// Its message, whole.
    pub message: String,
    /// For AWS's support.
    pub request_id: Option<String>,
    /// The ARN of the policy that denies, if it is named.
    pub policy: Option<String>,
    /// Of the details of a denial in IAM's console.
    pub authorization_id: Option<String>,
}

/// An IAM statement, and the policy that it belongs to.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// Such as `the policies of the role api`.
    pub belongs_to: String,
    pub statement: Value,
}

impl Help {
    /// Sentences, each with the command that it ends with; an empty one is none.
    pub fn all(lines: &[(&str, &str)]) -> Vec<Self> {
        let help = lines.iter().map(|&(text, command)| Self {
            text: text.to_owned(),
            command: (!command.is_empty()).then(|| command.to_owned()),
        });
        help.collect()
    }

    /// A sentence without a command.
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), command: None }
    }

    /// A sentence that ends with a command or a statement.
    pub fn command(text: impl Into<String>, command: impl Into<String>) -> Self {
        Self { text: text.into(), command: Some(command.into()) }
    }
}

/// In one line.
impl fmt::Display for Help {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        match &self.command {
            Some(command) => write!(f, ": {command}"),
            None => Ok(()),
        }
    }
}

impl From<&str> for Help {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for Help {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl Diagnostic {
    /// An error, with the help of its code.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self::with_help(code, message, Help::all(code.help()))
    }

    /// An error with help of its own: what to do depends on more than the code says.
    pub fn with_help(
        code: Code,
        message: impl Into<String>,
        help: impl IntoIterator<Item = impl Into<Help>>,
    ) -> Self {
        Self {
            severity: Severity::Error,
            code,
            origin: None,
            message: message.into(),
            list: Vec::new(),
            help: help.into_iter().map(Into::into).collect(),
            subject: Box::default(),
        }
    }

    /// With help of its own in the place of its code's, if there is some.
    pub fn own_help(self, help: Option<impl Into<Help>>) -> Self {
        match help {
            Some(help) => Self { help: vec![help.into()], ..self },
            None => self,
        }
    }

    /// A setting with an invalid value, and how to correct it.
    pub fn invalid(message: impl Into<String>, correction: impl Into<Help>) -> Self {
        Self::new(Code::InvalidSetting, message).help(correction)
    }

    /// Most likely a mistake.
    pub fn warning(message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::with_help(Code::Warning, message, [""; 0]) }
    }

    /// What may well be meant.
    pub fn note(message: impl Into<String>) -> Self {
        Self { severity: Severity::Note, ..Self::warning(message) }
    }

    /// Where the setting was given that is at fault: printed before the message.
    pub fn at(mut self, origin: Origin) -> Self {
        match &origin {
            Origin::Variable(name) => self.subject.variables.push((*name).to_owned()),
            Origin::File { path, .. } => self.subject.path = Some(path.clone()),
            Origin::Flag(_) | Origin::Default => {}
        }
        self.origin = Some(origin);
        self
    }

    /// Fills `{name}` in the help of the code. A value stays as it is, also one with braces.
    pub fn fill(mut self, values: &[(&str, &str)]) -> Self {
        for help in &mut self.help {
            help.text = fill(&help.text, values);
            help.command = help.command.as_ref().map(|it| fill(it, values));
        }
        self
    }

    /// Adds what else to do.
    pub fn help(mut self, help: impl Into<Help>) -> Self {
        self.help.push(help.into());
        self
    }

    /// Names some items after the message: in its line if they are few, else one a line.
    pub fn list(mut self, items: &[String]) -> Self {
        if items.is_empty() {
            return self;
        }
        if items.len() <= LISTED {
            self.message.push_str(": ");
            self.message.push_str(&items.join(", "));
        } else {
            self.list.extend(items.iter().cloned());
        }
        self
    }

    /// The variables that it concerns.
    pub fn variables(mut self, names: impl IntoIterator<Item = impl ToString>) -> Self {
        let names = names.into_iter().map(|name| name.to_string());
        self.subject.variables.extend(names);
        self
    }

    /// The file that it concerns.
    pub fn path(mut self, path: &Path) -> Self {
        self.subject.path = Some(path.to_owned());
        self
    }

    /// The parameters and prefixes that it concerns.
    pub fn parameters(mut self, names: impl IntoIterator<Item = impl ToString>) -> Self {
        let names = names.into_iter().map(|name| name.to_string());
        self.subject.parameters.extend(names);
        self
    }

    /// The status of a start that it prevents: 64 where the command line is at fault.
    pub fn status(&self) -> Status {
        match (self.code.status(), &self.origin) {
            (Status::Config, Some(origin)) => origin.status(),
            (status, _) => status,
        }
    }

    /// The line that says what is wrong.
    pub fn line(&self) -> String {
        match &self.origin {
            Some(origin) => format!("{origin}: {}", self.message),
            None => self.message.clone(),
        }
    }

    /// The lines below it: the list, and what to do.
    pub fn details(&self) -> Vec<String> {
        let mut lines = self.list.clone();
        for Help { text, command } in &self.help {
            match command {
                None => lines.push(format!("help: {text}")),
                Some(command) => {
                    lines.push(format!("help: {text}:"));
                    lines.push(format!("  {command}"));
                }
            }
        }
        lines
    }

    /// Its JSON object: all fields, null where nothing is known.
    pub fn json(&self) -> Value {
        let Subject { variables, parameters, path, host, aws, statements, .. } = &*self.subject;
        let help = self.help.iter();
        json!({
            "code": self.code.word(),
            "message": self.line(),
            "help": help.map(|help| json!({ "text": help.text, "command": help.command })).collect::<Vec<_>>(),
            "list": self.list,
            "variables": variables,
            "parameters": parameters,
            // A path need not be UTF-8.
            "path": path.as_ref().map(|path| path.display().to_string()),
            "host": host,
            "aws": aws.as_ref().map(|aws| json!({
                "code": aws.code,
                "message": aws.message,
                "requestId": aws.request_id,
                "policy": aws.policy,
                "authorizationId": aws.authorization_id,
            })),
            "statements": statements.iter().map(|one| json!({
                "belongsTo": one.belongs_to,
                "statement": one.statement,
            })).collect::<Vec<_>>(),
        })
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line())?;
        let mut details = self.details().into_iter();
        details.try_for_each(|line| write!(f, "\n  {line}"))
    }
}

/// Replaces `{name}` by its value. Other braces stay.
pub fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let value = after.split_once('}').and_then(|(name, left)| {
            let (_, value) = values.iter().find(|(known, _)| *known == name)?;
            Some((value, left))
        });
        rest = if let Some((value, left)) = value {
            text.push_str(value);
            left
        } else {
            text.push('{');
            after
        };
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diagnostic_is_a_line_a_list_and_help() {
        let names = ["/a", "/b", "/c", "/d"].map(str::to_owned);
        let help = || vec![Help::text("Add it"), Help::command("See it", "aws x")];
        let new = || Diagnostic::with_help(Code::Missing, "missing", help());
        assert_eq!(
            new().list(&names[..3]).to_string(),
            "missing: /a, /b, /c\n  help: Add it\n  help: See it:\n    aws x"
        );
        assert_eq!(
            new().list(&names).at(Origin::Flag("--key")).help("Or not").to_string(),
            "--key: missing\n  /a\n  /b\n  /c\n  /d\n  help: Add it\n  help: See it:\n    aws x\n  help: Or not"
        );
    }

    #[test]
    fn the_help_of_a_code_is_filled() {
        let error = Diagnostic::new(Code::SsoExpired, "expired");
        let filled = error.fill(&[("profile", " --profile {x}")]);
        assert_eq!(filled.to_string(), "expired\n  help: Log in:\n    aws sso login --profile {x}");
        assert_eq!(fill("`{ \"a\": [{}] }` {a}", &[("a", "1")]), "`{ \"a\": [{}] }` 1");
    }

    #[test]
    fn only_a_mistake_on_the_command_line_is_a_usage_error() {
        let status = |code, origin| Diagnostic::new(code, "").at(origin).status();
        let flag = || Origin::Flag("--key");
        assert_eq!(status(Code::InvalidSetting, flag()), Status::Usage);
        assert_eq!(status(Code::Missing, flag()), Status::Missing);
        let variable = Origin::Variable("SSM_EXEC_KEY");
        assert_eq!(status(Code::InvalidSetting, variable), Status::Config);
    }
}
