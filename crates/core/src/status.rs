//! Exit statuses before `execve`: sysexits(3), and the shells' 126 and 127.

/// Why the process ends without having become the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// `EX_USAGE`: the command line.
    Usage = 64,
    /// `EX_DATAERR`: a value that cannot be used.
    Unusable = 65,
    /// `EX_NOINPUT`: a parameter or a required variable is missing.
    Missing = 66,
    /// `EX_SOFTWARE`: a bug in ssm-exec.
    Internal = 70,
    /// `EX_OSERR`: the system refused what a start needs.
    System = 71,
    /// `EX_TEMPFAIL`: try again later.
    TryLater = 75,
    /// `EX_NOPERM`: access denied, or no valid credentials.
    Denied = 77,
    /// `EX_CONFIG`: a variable or the configuration file.
    Config = 78,
    /// The command cannot be executed.
    NotExecutable = 126,
    /// The command is not found.
    NotFound = 127,
}

impl Status {
    /// The exit status.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The stable word for `--log-format json`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::Unusable => "unusable",
            Self::Missing => "missing",
            Self::Internal => "internal",
            Self::System => "system",
            Self::TryLater => "try-later",
            Self::Denied => "denied",
            Self::Config => "config",
            Self::NotExecutable => "not-executable",
            Self::NotFound => "not-found",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_and_words_are_stable() {
        for (status, code, word) in [
            (Status::Usage, 64, "usage"),
            (Status::Unusable, 65, "unusable"),
            (Status::Missing, 66, "missing"),
            (Status::Internal, 70, "internal"),
            (Status::System, 71, "system"),
            (Status::TryLater, 75, "try-later"),
            (Status::Denied, 77, "denied"),
            (Status::Config, 78, "config"),
            (Status::NotExecutable, 126, "not-executable"),
            (Status::NotFound, 127, "not-found"),
        ] {
            assert_eq!((status.code(), status.word()), (code, word));
        }
    }
}
