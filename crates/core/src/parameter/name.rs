//! Parameter names, in one canonical spelling.

use super::malformed;
use crate::diagnostic::Diagnostic;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

/// The longest name the API's model admits (`PSParameterName`).
const LONGEST_NAME: usize = 2048;
/// How deep a hierarchy may be (API_PutParameter).
const DEEPEST: usize = 15;
/// Where Parameter Store shows Secrets Manager's secrets (integration-ps-secretsmanager).
pub(super) const SECRETS: &str = "/aws/reference/secretsmanager/";

/// A parameter's name, in its one canonical spelling: a name of a single segment has no leading
/// slash, since `/foo` and `foo` are the same parameter (sysman-paramstore-su-create). It is shown as it
/// was written.
#[derive(Debug, Clone)]
pub struct ParameterName {
    canonical: String,
    /// Whether it was written with a slash that the canonical spelling lacks.
    has_slash: bool,
}

impl PartialEq for ParameterName {
    fn eq(&self, other: &Self) -> bool {
        self.canonical == other.canonical
    }
}

impl Eq for ParameterName {}

impl Hash for ParameterName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.canonical.hash(state);
    }
}

impl PartialOrd for ParameterName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ParameterName {
    fn cmp(&self, other: &Self) -> Ordering {
        self.canonical.cmp(&other.canonical)
    }
}

impl ParameterName {
    /// Reads a name, with or without its leading slash where it has one segment.
    ///
    /// # Errors
    /// When AWS could not have a parameter of that name.
    pub fn parse(text: &str) -> Result<Self, Diagnostic> {
        if text.is_empty() {
            let correction = "Write the name of a parameter, such as `/org/service/key`";
            let message = "the parameter's name is empty";
            return Err(Diagnostic::invalid(message, correction));
        }
        if text.starts_with(SECRETS) {
            return Self::parse_secret(text);
        }
        let inner = text.strip_prefix('/').unwrap_or(text);
        check_segments(text, inner)?;
        match (inner.contains('/'), text.starts_with('/')) {
            (true, false) => Err(malformed(
                text,
                "has more than one segment and does not begin with a slash",
                format!("Write `/{text}`"),
            )),
            (true, true) => Ok(Self::canonical(text)),
            // Before a selector, `arn` without its slash would read as an ARN.
            (false, _) if inner == "arn" => Ok(Self::canonical("/arn")),
            (false, has_slash) => Ok(Self { has_slash, ..Self::canonical(inner) }),
        }
    }

    /// Takes over a name that the service returned, in the canonical spelling.
    pub(super) fn returned(text: &str) -> Self {
        match text.strip_prefix('/') {
            Some(inner) if !inner.contains('/') && inner != "arn" => Self::canonical(inner),
            _ => Self::canonical(text),
        }
    }

    fn canonical(text: &str) -> Self {
        Self { canonical: text.to_owned(), has_slash: false }
    }

    /// Secrets have rules of their own: `/_+=.@-` (API_CreateSecret).
    fn parse_secret(text: &str) -> Result<Self, Diagnostic> {
        let secret = &text[SECRETS.len()..];
        let allowed = |c: char| c.is_ascii_alphanumeric() || "/_+=.@-".contains(c);
        match secret.chars().find(|&c| !allowed(c)) {
            _ if secret.is_empty() => {
                Err(malformed(text, "names no secret", format!("Write its name after `{SECRETS}`")))
            }
            Some(c) => Err(malformed(
                text,
                &format!("contains {c:?}, which no secret's name has"),
                "A secret's name has letters, digits and `/_+=.@-`",
            )),
            None => Ok(Self::canonical(text)),
        }
    }

    /// The name as it is sent.
    pub fn as_str(&self) -> &str {
        &self.canonical
    }

    /// The last segment, from which a variable's name is made.
    pub fn last_segment(&self) -> &str {
        self.canonical.rsplit('/').next().unwrap_or(&self.canonical)
    }

    /// Whether this is a secret of Secrets Manager behind Parameter Store.
    pub fn is_secret_reference(&self) -> bool {
        self.canonical.starts_with(SECRETS)
    }

    /// The secret's own name, where this is a reference to one.
    pub fn secret_name(&self) -> Option<&str> {
        self.canonical.strip_prefix(SECRETS)
    }

    /// Whether AWS publishes this parameter: its ARN has no account.
    pub fn is_public(&self) -> bool {
        is_public(&self.canonical)
    }

    /// The name as it stands in an ARN, after `parameter/`.
    pub fn in_arn(&self) -> &str {
        self.canonical.strip_prefix('/').unwrap_or(&self.canonical)
    }
}

/// Whether a path is that of parameters that AWS publishes, or begins with it.
pub(super) fn is_public(path: &str) -> bool {
    let rest = path.strip_prefix("/aws/service");
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl fmt::Display for ParameterName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.has_slash {
            f.write_str("/")?;
        }
        f.write_str(&self.canonical)
    }
}

/// What names and paths have in common.
pub(super) fn check_segments(text: &str, inner: &str) -> Result<(), Diagnostic> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_.-/".contains(c);
    let characters = "A parameter's name has letters, digits, `_`, `.`, `-` and `/`";
    let (reason, correction) = if let Some(c) = inner.chars().find(|&c| !allowed(c)) {
        let correction = match c {
            '?' if inner.contains("?optional") => {
                "Use `--optional-key`, or `optional = true` in ssm-exec.toml"
            }
            '?' if inner.contains("?default=") => {
                "Write it in ssm-exec.toml: `NAME = { param = \"PARAM\", default = \"TEXT\" }`"
            }
            '*' | '?' => {
                "Use `--prefix PATH` for every parameter below a path, and `--only GLOB` to filter"
            }
            '$' => "No shell replaced it: in ssm-exec.toml, write `${NAME}`",
            '{' | '[' if inner.starts_with(c) => {
                "It looks like JSON: write `/org/a,/org/b`, or keys as `A=/org/a,B=/org/b`"
            }
            '{' => "In ssm-exec.toml, write `${NAME}`",
            '"' | '\'' => "Leave the quotation marks out",
            c if c == ',' || c.is_whitespace() => {
                "Leave it out, or give several parameters one by one"
            }
            ';' => "Separate a list by commas or white space",
            _ => characters,
        };
        (format!("contains {c:?}, which no parameter's name has"), correction)
    } else if text.len() > LONGEST_NAME {
        let reason = format!("is {} characters long; AWS allows {LONGEST_NAME}", text.len());
        (reason, "Correct the name")
    } else if inner.ends_with('/') {
        let correction = "Use `--prefix PATH` for every parameter below a path";
        ("ends with a slash".to_owned(), correction)
    } else if inner.is_empty() || inner.contains("//") || inner.starts_with('/') {
        ("has an empty segment".to_owned(), "Write one slash between segments")
    } else if inner.split('/').count() > DEEPEST {
        let reason = format!("has more than the {DEEPEST} levels that AWS allows");
        (reason, "Correct the name")
    } else if is_reserved(inner) {
        let reason = "is a reserved name: no parameter's name begins with `ssm` or `aws`";
        (reason.to_owned(), "Give the name that the parameter has in Parameter Store")
    } else {
        return Ok(());
    };
    Err(malformed(text, &reason, correction))
}

/// Whether AWS keeps a name for itself, in any case of its letters (sysman-paramstore-su-create). What it
/// publishes is below `/aws/`.
fn is_reserved(inner: &str) -> bool {
    let first = inner.split('/').next().unwrap_or_default();
    let starts = |word: &str| {
        let start = first.get(..word.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(word))
    };
    starts("ssm") || (starts("aws") && first != "aws")
}
