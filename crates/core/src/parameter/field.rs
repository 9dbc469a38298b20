//! Places inside a JSON value.

use super::malformed;
use crate::diagnostic::Diagnostic;
use std::fmt;

/// A place inside a JSON value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Field {
    /// A member of the outermost object, by its exact name.
    Member(String),
    /// A JSON Pointer (RFC 6901), in unescaped tokens.
    Pointer(Vec<String>),
}

impl Field {
    pub(super) fn parse(whole: &str, text: &str) -> Result<Self, Diagnostic> {
        if text.is_empty() {
            let correction =
                "Write the name of a member or a JSON Pointer after it, or leave it out";
            return Err(malformed(whole, "ends with `#`", correction));
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
                let reason = format!("has `{token}` in its JSON Pointer");
                malformed(whole, &reason, "Write `~0` for `~` and `~1` for a slash in a name")
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

    /// A member of the object at this place.
    pub(super) fn child(parent: Option<&Self>, name: &str) -> Self {
        match parent {
            // A text that begins with a slash would read as a pointer, an empty one as nothing.
            None if !name.is_empty() && !name.starts_with('/') => Self::Member(name.to_owned()),
            parent => {
                let tokens = parent.into_iter().flat_map(Self::tokens);
                Self::Pointer(tokens.chain([name]).map(str::to_owned).collect())
            }
        }
    }

    /// The innermost name, from which a variable's name is made.
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
