//! Parameter names, in one canonical spelling.

use super::Malformed;
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
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        if text.is_empty() {
            return Err(Malformed::new(text, "is empty (expected a parameter name)"));
        }
        if text.starts_with(SECRETS) {
            return Self::parse_secret(text);
        }
        let inner = text.strip_prefix('/').unwrap_or(text);
        check_segments(text, inner, "a parameter name")?;
        match (inner.contains('/'), text.starts_with('/')) {
            (true, false) => Err(Malformed::new(
                text,
                format!("must begin with a slash, since it has more than one segment: `/{text}`"),
            )),
            (true, true) => Ok(Self::canonical(text)),
            // Before a selector, `arn` without its slash would read as an ARN.
            (false, _) if inner == "arn" => Ok(Self::canonical("/arn")),
            (false, has_slash) => Ok(Self {
                has_slash,
                ..Self::canonical(inner)
            }),
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
        Self {
            canonical: text.to_owned(),
            has_slash: false,
        }
    }

    /// Secrets have rules of their own: `/_+=.@-` (API_CreateSecret).
    fn parse_secret(text: &str) -> Result<Self, Malformed> {
        let secret = &text[SECRETS.len()..];
        let allowed = |c: char| c.is_ascii_alphanumeric() || "/_+=.@-".contains(c);
        match secret.chars().find(|&c| !allowed(c)) {
            _ if secret.is_empty() => Err(Malformed::new(
                text,
                "has no secret name after `/aws/reference/secretsmanager/`",
            )),
            Some(c) => Err(Malformed::new(
                text,
                format!("contains {c:?}, which is not allowed in the name of a secret"),
            )),
            None => Ok(Self::canonical(text)),
        }
    }

    /// The name as it is sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.canonical
    }

    /// The last segment, from which a variable's name is made.
    #[must_use]
    pub fn last_segment(&self) -> &str {
        self.canonical.rsplit('/').next().unwrap_or(&self.canonical)
    }

    /// Whether this is a secret of Secrets Manager behind Parameter Store.
    #[must_use]
    pub fn is_secret_reference(&self) -> bool {
        self.canonical.starts_with(SECRETS)
    }

    /// The secret's own name, where this is a reference to one.
    #[must_use]
    pub fn secret_name(&self) -> Option<&str> {
        self.canonical.strip_prefix(SECRETS)
    }

    /// Whether AWS publishes this parameter: its ARN has no account.
    #[must_use]
    pub fn is_public(&self) -> bool {
        is_public(&self.canonical)
    }

    /// The name as it stands in an ARN, after `parameter/`.
    #[must_use]
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

pub(super) fn check_segments(text: &str, inner: &str, what: &str) -> Result<(), Malformed> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_.-/".contains(c);
    if let Some(c) = inner.chars().find(|&c| !allowed(c)) {
        let reason = match c {
            '*' | '?' => format!(
                "contains `{c}`, and parameters have no wildcards; use `--prefix PATH` for every parameter below a path, and `--only GLOB` to filter"
            ),
            ',' => "contains `,`; for several, repeat the option, or write a list in ssm-exec.toml".to_owned(),
            '$' => "contains `$`, which was not replaced: no shell read it. In ssm-exec.toml, `${NAME}` is replaced".to_owned(),
            '"' | '\'' => "is in quotation marks; leave them out".to_owned(),
            '=' => format!("contains `=`; {what} has none, and a variable's name stands before it: `--key NAME=PARAM`"),
            ';' => "contains `;`; separate a list by commas or white space".to_owned(),
            c if c.is_whitespace() => {
                format!("contains white space, which is not allowed in {what}; for several, repeat the option")
            }
            c => {
                format!("contains {c:?}; {what} consists of letters, digits, `_`, `.`, `-` and `/`")
            }
        };
        return Err(Malformed::new(text, reason));
    }
    if text.len() > LONGEST_NAME {
        return Err(Malformed::new(
            &format!("{}…", &text[..40]),
            format!(
                "is {} characters long; AWS allows {LONGEST_NAME}",
                text.len()
            ),
        ));
    }
    if inner.ends_with('/') {
        return Err(Malformed::new(
            text,
            "ends with a slash; use `--prefix` for every parameter below a path",
        ));
    }
    if inner.is_empty() || inner.contains("//") || inner.starts_with('/') {
        return Err(Malformed::new(text, "has an empty segment"));
    }
    if inner.split('/').count() > DEEPEST {
        return Err(Malformed::new(
            text,
            format!("has more than the {DEEPEST} levels that AWS allows"),
        ));
    }
    Ok(())
}
