//! One parameter, as a test describes it.

/// What kind of value it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `String`.
    String,
    /// `StringList`.
    StringList,
    /// `SecureString`.
    SecureString,
}

impl Kind {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::String => "String",
            Self::StringList => "StringList",
            Self::SecureString => "SecureString",
        }
    }
}

impl std::str::FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::String, Self::StringList, Self::SecureString]
            .into_iter()
            .find(|kind| kind.name() == text)
            .ok_or_else(|| format!("`{text}` is no type of a parameter"))
    }
}

/// A parameter to put.
#[derive(Debug, Clone)]
pub struct Parameter {
    pub(crate) name: String,
    pub(crate) value: Option<String>,
    pub(crate) kind: Kind,
    pub(crate) version: Option<i64>,
    pub(crate) labels: Vec<String>,
    pub(crate) modified: f64,
    pub(crate) key_id: String,
    pub(crate) data_type: String,
    pub(crate) arn: Option<String>,
}

impl Parameter {
    /// A parameter of a kind that is known only at run time.
    #[must_use]
    pub fn new(kind: Kind, name: &str, value: &str) -> Self {
        Self {
            name: name.to_owned(),
            value: Some(value.to_owned()),
            kind,
            version: None,
            labels: Vec::new(),
            modified: 1_700_000_000.25,
            key_id: "alias/aws/ssm".to_owned(),
            data_type: "text".to_owned(),
            arn: None,
        }
    }

    /// A `String`.
    #[must_use]
    pub fn string(name: &str, value: &str) -> Self {
        Self::new(Kind::String, name, value)
    }

    /// A `SecureString`.
    #[must_use]
    pub fn secure(name: &str, value: &str) -> Self {
        Self::new(Kind::SecureString, name, value)
    }

    /// A `StringList`.
    #[must_use]
    pub fn list(name: &str, value: &str) -> Self {
        Self::new(Kind::StringList, name, value)
    }

    /// The version's number; one more than the one before it otherwise.
    #[must_use]
    pub fn version(mut self, number: i64) -> Self {
        self.version = Some(number);
        self
    }

    /// Labels this version; an older version of the same label loses it.
    #[must_use]
    pub fn label(mut self, label: &str) -> Self {
        self.labels.push(label.to_owned());
        self
    }

    /// When it was last changed, in seconds since the epoch.
    #[must_use]
    pub fn modified(mut self, seconds: f64) -> Self {
        self.modified = seconds;
        self
    }

    /// The key that a `SecureString` is encrypted with; `alias/aws/ssm` otherwise.
    #[must_use]
    pub fn key_id(mut self, key: &str) -> Self {
        key.clone_into(&mut self.key_id);
        self
    }

    /// The data type; `text` otherwise.
    #[must_use]
    pub fn data_type(mut self, data_type: &str) -> Self {
        data_type.clone_into(&mut self.data_type);
        self
    }

    /// Shared from another account: found by this ARN alone.
    #[must_use]
    pub fn shared(mut self, arn: &str) -> Self {
        self.arn = Some(arn.to_owned());
        self
    }

    /// Answered without a value.
    #[must_use]
    pub fn without_value(mut self) -> Self {
        self.value = None;
        self
    }
}
