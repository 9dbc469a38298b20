//! What names a parameter: names, ARNs, selectors, prefixes and fields, each made only by parsing.
//! Knows the rules of names as AWS documents them; does no I/O and knows no SDK type.

#![forbid(unsafe_code)]

use std::fmt;

/// The longest name the API's model admits (`PSParameterName`).
const LONGEST_NAME: usize = 2048;
/// How deep a hierarchy may be (API_PutParameter).
const DEEPEST: usize = 15;
/// Where Parameter Store shows Secrets Manager's secrets (integration-ps-secretsmanager).
const SECRETS: &str = "/aws/reference/secretsmanager/";

/// Why a text names no parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// What was given, as far as it matters.
    pub text: String,
    /// What is wrong with it, and the correction where there is one.
    pub reason: String,
}

impl Malformed {
    fn new(text: &str, reason: impl Into<String>) -> Self {
        Self {
            text: text.to_owned(),
            reason: reason.into(),
        }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.text, self.reason)
    }
}

/// A parameter's name, in its one canonical spelling: a name of a single segment has no leading
/// slash, since `/foo` and `foo` are the same parameter (sysman-paramstore-su-create).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ParameterName(String);

impl ParameterName {
    /// Reads a name, with or without its leading slash where it has one segment.
    ///
    /// # Errors
    /// When AWS could not have a parameter of that name.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        if text.is_empty() {
            return Err(Malformed::new(
                text,
                "is empty where a parameter's name is wanted",
            ));
        }
        if text.starts_with(SECRETS) {
            return Self::parse_secret(text);
        }
        let inner = text.strip_prefix('/').unwrap_or(text);
        check_segments(text, inner, "a parameter's name")?;
        match (inner.contains('/'), text.starts_with('/')) {
            (true, false) => Err(Malformed::new(
                text,
                format!("has more than one segment, so it must begin with a slash: `/{text}`"),
            )),
            (true, true) => Ok(Self(text.to_owned())),
            // Before a selector, `arn` without its slash would read as an ARN.
            (false, _) if inner == "arn" => Ok(Self("/arn".to_owned())),
            (false, _) => Ok(Self(inner.to_owned())),
        }
    }

    /// Secrets have rules of their own: `/_+=.@-` (API_CreateSecret).
    fn parse_secret(text: &str) -> Result<Self, Malformed> {
        let secret = &text[SECRETS.len()..];
        let allowed = |c: char| c.is_ascii_alphanumeric() || "/_+=.@-".contains(c);
        match secret.chars().find(|&c| !allowed(c)) {
            _ if secret.is_empty() => Err(Malformed::new(
                text,
                "names no secret after `/aws/reference/secretsmanager/`",
            )),
            Some(c) => Err(Malformed::new(
                text,
                format!("has {c:?} in it, which no secret's name may have"),
            )),
            None => Ok(Self(text.to_owned())),
        }
    }

    /// The name as it is sent and shown.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last segment, from which a variable's name is made.
    #[must_use]
    pub fn last_segment(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// Whether this is a secret of Secrets Manager behind Parameter Store.
    #[must_use]
    pub fn is_secret_reference(&self) -> bool {
        self.0.starts_with(SECRETS)
    }

    /// The secret's own name, where this is a reference to one.
    #[must_use]
    pub fn secret_name(&self) -> Option<&str> {
        self.0.strip_prefix(SECRETS)
    }

    /// Whether AWS publishes this parameter: its ARN has no account.
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.0.starts_with("/aws/service/")
    }

    /// The name as it stands in an ARN, after `parameter/`.
    #[must_use]
    pub fn in_arn(&self) -> &str {
        self.0.strip_prefix('/').unwrap_or(&self.0)
    }
}

impl fmt::Display for ParameterName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn check_segments(text: &str, inner: &str, what: &str) -> Result<(), Malformed> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_.-/".contains(c);
    if let Some(c) = inner.chars().find(|&c| !allowed(c)) {
        let reason = match c {
            '=' => "has `=` in it: write NAME=PARAM, once".to_owned(),
            '*' | '?' => format!(
                "has `{c}` in it: parameters have no wildcards; `--prefix PATH` takes all below a path, `--only GLOB` filters"
            ),
            ';' => "has `;` in it; a list is separated by commas or white space".to_owned(),
            c if c.is_whitespace() => format!("has white space in it, which {what} never has"),
            c => {
                format!("has {c:?} in it; {what} is made of letters, digits, `_`, `.`, `-` and `/`")
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
            "ends with a slash: for all parameters below a path, use `--prefix`",
        ));
    }
    if inner.is_empty() || inner.contains("//") || inner.starts_with('/') {
        return Err(Malformed::new(text, "has an empty segment"));
    }
    if inner.split('/').count() > DEEPEST {
        return Err(Malformed::new(
            text,
            format!("has more than {DEEPEST} levels, which AWS doesn't allow"),
        ));
    }
    Ok(())
}

/// The ARN of a parameter, without selector.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ParameterArn {
    text: String,
    name: ParameterName,
}

impl ParameterArn {
    fn parse(text: &str) -> Result<Self, Malformed> {
        let wrong = |reason: &str| Malformed::new(text, reason);
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let [_, partition, service, region, account, resource] = parts[..] else {
            return Err(wrong(
                "isn't a whole ARN: `arn:PARTITION:ssm:REGION:ACCOUNT:parameter/NAME`",
            ));
        };
        if !partition.starts_with("aws") {
            return Err(wrong(
                "has no AWS partition (`aws`, `aws-cn`, `aws-us-gov`)",
            ));
        }
        if service != "ssm" {
            return Err(wrong(
                "isn't the ARN of an SSM parameter; a secret of Secrets Manager is named by `/aws/reference/secretsmanager/NAME`",
            ));
        }
        if region.is_empty() {
            return Err(wrong("has no region"));
        }
        let public = account.is_empty() && resource.starts_with("parameter/aws/service/");
        if !public && (account.len() != 12 || !account.bytes().all(|b| b.is_ascii_digit())) {
            return Err(wrong("has no account of twelve digits"));
        }
        let Some(name) = resource.strip_prefix("parameter/") else {
            return Err(wrong("names no `parameter/…`"));
        };
        let name = ParameterName::parse(&format!("/{name}")).map_err(|e| wrong(&e.reason))?;
        Ok(Self {
            text: text.to_owned(),
            name,
        })
    }

    /// The ARN as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The name of the parameter in its own account.
    #[must_use]
    pub fn name(&self) -> &ParameterName {
        &self.name
    }
}

/// What a request names: a parameter of this account, or one by its ARN.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// By name, in the account and region of the caller.
    Name(ParameterName),
    /// By ARN, perhaps shared from another account.
    Arn(ParameterArn),
}

impl Subject {
    /// As it is sent in `Names`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Name(name) => name.as_str(),
            Self::Arn(arn) => arn.as_str(),
        }
    }

    /// The parameter's name, wherever it lives.
    #[must_use]
    pub fn name(&self) -> &ParameterName {
        match self {
            Self::Name(name) => name,
            Self::Arn(arn) => arn.name(),
        }
    }
}

/// Which version of a parameter.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Selector {
    /// `:3`
    Version(u64),
    /// `:blue`; of a secret, a staging label or a version's id.
    Label(Label),
}

impl Selector {
    fn parse(whole: &str, text: &str, secret: bool) -> Result<Self, Malformed> {
        if secret {
            let allowed = |c: char| c.is_ascii_alphanumeric() || "/_+=.@-".contains(c);
            if text.is_empty() || text.len() > 128 || !text.chars().all(allowed) {
                return Err(Malformed::new(
                    whole,
                    "has a selector that is neither a secret's staging label nor a version's id",
                ));
            }
            return Ok(Self::Label(Label(text.to_owned())));
        }
        if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
            return match text.parse() {
                Ok(version) if version > 0 => Ok(Self::Version(version)),
                _ => Err(Malformed::new(
                    whole,
                    format!("asks for version {text}; versions begin with 1"),
                )),
            };
        }
        if text.starts_with('/') {
            let (name, _) = whole.split_once(':').unwrap_or_default();
            return Err(Malformed::new(
                whole,
                format!("has a colon where `=` belongs: write {name}={text}"),
            ));
        }
        Label::parse(whole, text).map(Self::Label)
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(version) => write!(f, ":{version}"),
            Self::Label(label) => write!(f, ":{label}"),
        }
    }
}

/// A label: up to 100 of `[A-Za-z0-9_.-]`, not beginning with a digit, `aws` or `ssm`
/// (API_LabelParameterVersion).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Label(String);

impl Label {
    fn parse(whole: &str, text: &str) -> Result<Self, Malformed> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
        let reserved = text.get(..3).is_some_and(|start| {
            start.eq_ignore_ascii_case("aws") || start.eq_ignore_ascii_case("ssm")
        });
        let reason = if text.is_empty() {
            "ends with a colon: a version or a label must follow it".to_owned()
        } else if text.len() > 100 || !text.chars().all(allowed) {
            format!(
                "has the selector `{text}`, which is neither a version (digits) nor a label (letters, digits, `_`, `.`, `-`)"
            )
        } else if text.starts_with(|c: char| c.is_ascii_digit()) || reserved {
            format!("has the label `{text}`; labels don't begin with a digit, `aws` or `ssm`")
        } else {
            return Ok(Self(text.to_owned()));
        };
        Err(Malformed::new(whole, reason))
    }

    /// The label's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One parameter in one version: what is asked of the API, and nothing of what is made of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ParameterRef {
    /// Which parameter.
    pub subject: Subject,
    /// Which version of it; the latest without.
    pub selector: Option<Selector>,
}

impl ParameterRef {
    /// Reads `NAME`, `NAME:SELECTOR`, `ARN` or `ARN:SELECTOR`.
    ///
    /// # Errors
    /// When it is none of these.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        if let Some(bare) = text.strip_prefix("ssm://") {
            return Err(Malformed::new(
                text,
                format!(
                    "is a reference for a variable's value; here the parameter goes without `ssm://`: `{bare}`"
                ),
            ));
        }
        if text.starts_with("arn:") {
            let (arn, selector) = match text.match_indices(':').nth(5) {
                Some((at, _)) => (&text[..at], Some(&text[at + 1..])),
                None => (text, None),
            };
            let arn = ParameterArn::parse(arn).map_err(|e| Malformed::new(text, e.reason))?;
            let secret = arn.name.is_secret_reference();
            let selector = selector
                .map(|s| Selector::parse(text, s, secret))
                .transpose()?;
            return Ok(Self {
                subject: Subject::Arn(arn),
                selector,
            });
        }
        let (name, selector) = match text.split_once(':') {
            Some((name, selector)) => (name, Some(selector)),
            None => (text, None),
        };
        let name = ParameterName::parse(name).map_err(|e| Malformed::new(text, e.reason))?;
        let secret = name.is_secret_reference();
        let selector = selector
            .map(|s| Selector::parse(text, s, secret))
            .transpose()?;
        Ok(Self {
            subject: Subject::Name(name),
            selector,
        })
    }

    /// The parameter's name, wherever it lives.
    #[must_use]
    pub fn name(&self) -> &ParameterName {
        self.subject.name()
    }
}

impl fmt::Display for ParameterRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.subject.as_str())?;
        self.selector.iter().try_for_each(|s| s.fmt(f))
    }
}

/// A place inside a JSON value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Field {
    /// A member of the outermost object, by its exact name.
    Member(String),
    /// A JSON Pointer (RFC 6901), in unescaped tokens.
    Pointer(Vec<String>),
}

impl Field {
    fn parse(whole: &str, text: &str) -> Result<Self, Malformed> {
        if text.is_empty() {
            return Err(Malformed::new(
                whole,
                "ends with `#`: a member's name or a JSON Pointer must follow it",
            ));
        }
        let Some(pointer) = text.strip_prefix('/') else {
            return Ok(Self::Member(text.to_owned()));
        };
        pointer
            .split('/')
            .map(|token| unescape(token).ok_or(token))
            .collect::<Result<_, _>>()
            .map(Self::Pointer)
            .map_err(|token| {
                Malformed::new(
                    whole,
                    format!("has `{token}` in its JSON Pointer; `~` is written `~0`, a slash in a name `~1`"),
                )
            })
    }

    /// The names to follow, outermost first.
    pub fn tokens(&self) -> impl Iterator<Item = &str> {
        match self {
            Self::Member(name) => std::slice::from_ref(name).iter(),
            Self::Pointer(tokens) => tokens.iter(),
        }
        .map(String::as_str)
    }

    /// The innermost name, from which a variable's name is made.
    #[must_use]
    pub fn last(&self) -> &str {
        self.tokens().last().unwrap_or_default()
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Member(name) => write!(f, "#{name}"),
            Self::Pointer(tokens) => {
                f.write_str("#")?;
                tokens
                    .iter()
                    .try_for_each(|t| write!(f, "/{}", t.replace('~', "~0").replace('/', "~1")))
            }
        }
    }
}

/// RFC 6901: `~1` is a slash, `~0` a tilde, any other `~` an error.
fn unescape(token: &str) -> Option<String> {
    let mut out = String::with_capacity(token.len());
    let mut rest = token.chars();
    while let Some(c) = rest.next() {
        out.push(match c {
            '~' => match rest.next()? {
                '0' => '~',
                '1' => '/',
                _ => return None,
            },
            c => c,
        });
    }
    Some(out)
}

/// A value to take: a parameter, or a place inside it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Param {
    /// What is fetched.
    pub parameter: ParameterRef,
    /// What is taken of it; all without.
    pub field: Option<Field>,
}

impl Param {
    /// Reads `PARAMETER` or `PARAMETER#FIELD`.
    ///
    /// # Errors
    /// When the parameter or the field is malformed.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let (parameter, field) = match text.split_once('#') {
            Some((parameter, field)) => (parameter, Some(Field::parse(text, field)?)),
            None => (text, None),
        };
        Ok(Self {
            parameter: ParameterRef::parse(parameter)?,
            field,
        })
    }

    /// The word that a variable's name is made from where none was given.
    #[must_use]
    pub fn last_word(&self) -> &str {
        match &self.field {
            Some(field) => field.last(),
            None => self.parameter.name().last_segment(),
        }
    }
}

impl fmt::Display for Param {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parameter.fmt(f)?;
        self.field.iter().try_for_each(|field| field.fmt(f))
    }
}

/// A path whose parameters are taken, by whole segments, and perhaps only in the labelled version.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Prefix {
    path: String,
    label: Option<Label>,
}

impl Prefix {
    /// Reads `/PATH` or `/PATH:LABEL`; a slash at the end is no matter.
    ///
    /// # Errors
    /// When the path is malformed, or has a version, which a path cannot have.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let (path, label) = match text.split_once(':') {
            Some(_) if text.starts_with("arn:") => {
                return Err(Malformed::new(
                    text,
                    "is an ARN; a prefix is a path of this account, such as `/org/service`",
                ));
            }
            Some((_, version))
                if !version.is_empty() && version.bytes().all(|b| b.is_ascii_digit()) =>
            {
                return Err(Malformed::new(
                    text,
                    "asks for a version of a whole prefix; only a label, as in `/org/service:blue`, can choose there",
                ));
            }
            Some((path, label)) => (path, Some(Label::parse(text, label)?)),
            None => (text, None),
        };
        if !path.starts_with('/') {
            let reason = if path.is_empty() {
                "is empty where a path is wanted".to_owned()
            } else {
                format!(
                    "must begin with a slash: `/{}`",
                    text.trim_start_matches('/')
                )
            };
            return Err(Malformed::new(text, reason));
        }
        if path.starts_with(SECRETS.trim_end_matches('/')) {
            return Err(Malformed::new(
                text,
                "can't be a prefix: Secrets Manager's secrets are read one by one, with `--key` or `--json`",
            ));
        }
        // A trailing slash would go into the IAM resource, where nobody writes one.
        let trimmed = path.strip_suffix('/').unwrap_or(path);
        if !trimmed.is_empty() {
            check_segments(text, &trimmed[1..], "a path")?;
        }
        let path = if trimmed.is_empty() { "/" } else { trimmed };
        Ok(Self {
            path: path.to_owned(),
            label,
        })
    }

    /// The path as it is sent: no slash at its end, unless it is the root.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The label that chooses the version of each parameter.
    #[must_use]
    pub fn label(&self) -> Option<&Label> {
        self.label.as_ref()
    }

    /// What of `name` lies below this path, if it does: whole segments only.
    #[must_use]
    pub fn relative<'a>(&self, name: &'a str) -> Option<&'a str> {
        if self.path == "/" {
            return Some(name.strip_prefix('/').unwrap_or(name));
        }
        name.strip_prefix(self.path.as_str())?
            .strip_prefix('/')
            .filter(|rest| !rest.is_empty())
    }

    /// Whether all that `other` yields comes with this prefix too.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self.label == other.label
            && (self.path == other.path || self.relative(&other.path).is_some())
    }

    /// Whether this prefix brings that very parameter in that very version.
    #[must_use]
    pub fn brings(&self, parameter: &ParameterRef) -> bool {
        let Subject::Name(name) = &parameter.subject else {
            return false;
        };
        self.label.is_none()
            && parameter.selector.is_none()
            && !name.is_secret_reference()
            && self.relative(name.as_str()).is_some()
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        self.label
            .iter()
            .try_for_each(|label| write!(f, ":{label}"))
    }
}

#[cfg(test)]
mod tests;
