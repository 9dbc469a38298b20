//! Exit statuses before `execve`: sysexits(3), and the shells' 126 and 127.

/// Why the process ends without having become the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// 64, `EX_USAGE`: the command line.
    Usage,
    /// 65, `EX_DATAERR`: a value that cannot be used.
    Unusable,
    /// 66, `EX_NOINPUT`: a parameter or a required variable is missing.
    Missing,
    /// 70, `EX_SOFTWARE`: a bug in ssm-exec.
    Internal,
    /// 71, `EX_OSERR`: the system refused what a start needs.
    System,
    /// 75, `EX_TEMPFAIL`: try again later.
    TryLater,
    /// 77, `EX_NOPERM`: access denied, or no valid credentials.
    Denied,
    /// 78, `EX_CONFIG`: a variable or the configuration file.
    Config,
    /// 126: the command cannot be executed.
    NotExecutable,
    /// 127: the command is not found.
    NotFound,
}

impl Status {
    /// The exit status.
    pub fn code(self) -> u8 {
        match self {
            Self::Usage => 64,
            Self::Unusable => 65,
            Self::Missing => 66,
            Self::Internal => 70,
            Self::System => 71,
            Self::TryLater => 75,
            Self::Denied => 77,
            Self::Config => 78,
            Self::NotExecutable => 126,
            Self::NotFound => 127,
        }
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
