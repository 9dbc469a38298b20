//! A parameter, as a test creates it.

/// The type of a parameter.
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
            .ok_or_else(|| format!("invalid parameter type `{text}`"))
    }
}

/// A parameter to create.
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
    /// A parameter of any type.
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

    /// The version number; the default is the previous one plus one.
    #[must_use]
    pub fn version(mut self, number: i64) -> Self {
        self.version = Some(number);
        self
    }

    /// Labels this version, and removes the label from older versions.
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

    /// The KMS key of a `SecureString`; the default is `alias/aws/ssm`.
    #[must_use]
    pub fn key_id(mut self, key: &str) -> Self {
        key.clone_into(&mut self.key_id);
        self
    }

    /// The data type; the default is `text`.
    #[must_use]
    pub fn data_type(mut self, data_type: &str) -> Self {
        data_type.clone_into(&mut self.data_type);
        self
    }

    /// Shared by another account: only found by this ARN.
    #[must_use]
    pub fn shared(mut self, arn: &str) -> Self {
        self.arn = Some(arn.to_owned());
        self
    }

    /// Returned without a value.
    #[must_use]
    pub fn without_value(mut self) -> Self {
        self.value = None;
        self
    }
}
