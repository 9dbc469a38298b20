//! What one row of the table of settings says.

/// One way to give a setting: an option, its variables and its key in the file.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// The name of its field in [`super::Layer`]. Filled in by the table.
    pub field: &'static str,
    /// What it holds, and how texts become it.
    pub kind: Kind,
    /// The subcommand that alone takes it. Without one, all that read a configuration do.
    pub taken_by: Option<Subcommand>,
    /// The heading of its part of the help.
    pub group: Group,
    /// `--long`
    pub flag: Option<&'static str>,
    /// `--no-long`, which every switch has. Of another option, it means `off`.
    pub negation: Option<&'static str>,
    /// `-s`
    pub short: Option<char>,
    /// The placeholder of the value in the help.
    pub value_name: &'static str,
    /// Environment variables, the first that is set and not empty counts.
    pub variables: &'static [&'static str],
    /// A switch among the variables that makes the others count as unset.
    pub variables_ignored_by: Option<&'static str>,
    /// The key in `ssm-exec.toml`, dotted.
    pub key: Option<&'static str>,
    /// One line of help.
    pub help: &'static str,
    /// More help: when it is useful, and how it meets other settings.
    pub details: &'static str,
    /// What applies where nothing is given, in words.
    pub default: Option<&'static str>,
}

/// What a setting holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// On or off.
    Switch,
    /// Any text.
    Text,
    Number,
    /// A duration such as `30s`.
    Duration,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// An option without a value that means this word.
    Constant(&'static str),
    /// An option that can be repeated; each time means the next of these words.
    Count(&'static [&'static str]),
    /// Names or patterns: in an option and a variable, separated by commas outside braces.
    List,
    /// Prefixes, or parameters that hold JSON objects. The file's tables name them by this key.
    Paths(&'static str),
    /// `[NAME=]PARAM`, which may be missing if `optional`.
    Keys {
        /// Whether the parameter may be missing.
        optional: bool,
    },
    /// Rules by name of a variable; only in the file.
    Contract,
    /// A command and its arguments; only in the file.
    Words,
    /// A table of texts by name; only in the file. `${NAME}` in a text is filled if `interpolated`.
    Pairs {
        /// Whether `${NAME}` is filled from the inherited environment.
        interpolated: bool,
    },
}

impl Kind {
    /// Whether a variable holds several words of it.
    pub(super) fn is_list(self) -> bool {
        matches!(self, Self::List | Self::Paths(_) | Self::Keys { .. })
    }
}

crate::choice! {
    /// What the first word can be, besides the command.
    pub enum Subcommand {
        /// Everything but the start, and a report.
        Check = "check",
        /// The least-privilege IAM policy.
        Policy = "policy",
        /// A configuration file to begin with.
        Init = "init",
        /// Texts for shells, readers and editors.
        Completions = "completions",
    }
}

crate::choice! {
    /// A heading of the help. They are in the order of the help.
    pub enum Group {
        /// Where values come from.
        Sources = "Sources",
        /// How variable names are made and filtered.
        Names = "Names",
        /// What becomes of the environment.
        Environment = "Environment",
        /// How the running command follows changed parameters.
        Rotation = "Rotation",
        /// Region, credentials, endpoint and time.
        Aws = "AWS",
        /// The configuration file and messages.
        General = "General",
        /// What only a subcommand has.
        Command = "Options",
    }
}

impl Setting {
    /// A row with nothing but its kind and its help.
    pub const fn new(kind: Kind, group: Group, help: &'static str) -> Self {
        Self {
            field: "",
            kind,
            taken_by: None,
            group,
            flag: None,
            negation: None,
            short: None,
            value_name: "",
            variables: &[],
            variables_ignored_by: None,
            key: None,
            help,
            details: "",
            default: None,
        }
    }

    /// Whether this is its option: long, negated or short.
    pub fn is_option(&self, name: &str) -> bool {
        let short = name.strip_prefix('-').and_then(|short| short.parse().ok());
        self.flag == Some(name)
            || self.negation == Some(name)
            || (short.is_some() && self.short == short)
    }

    /// The value that an option without an argument sets.
    pub fn word(&self) -> Option<&'static str> {
        match self.kind {
            Kind::Constant(word) => Some(word),
            Kind::Count(words) => words.first().copied(),
            _ => None,
        }
    }

    /// Whether an option of this kind takes a value.
    pub fn takes_value(&self) -> bool {
        !matches!(self.kind, Kind::Switch | Kind::Constant(_) | Kind::Count(_))
    }
}

/// A key of the file with the name of its table before it.
pub(super) fn join(path: &str, name: &str) -> String {
    match path {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    }
}
