//! The command to start: its words and where they come from, and what was most likely meant by one that
//! does not exist.

use crate::cli::{Words, hints};
use crate::error::{Error, usage};
use crate::exec::lookup::{self, Command};
use crate::exec::{CommandError, Correction};
use crate::lambda;
use ssm_exec_core::escape;
use ssm_exec_core::inherited::Inherited;
use std::ffi::{OsStr, OsString};

/// What a shell would do something about.
const SHELL: &[char] = &[
    '\'', '"', '\\', '|', '&', ';', '<', '>', '$', '`', '(', ')', '*', '~',
];

/// The words of a command, by who gave them.
enum CommandWords {
    /// The command line.
    Line(Vec<OsString>),
    /// The command line, without a `--` before them.
    Bare(Vec<OsString>),
    /// `command` in the file.
    File(Vec<OsString>),
    /// The handler of a function on Lambda.
    Handler(Vec<OsString>),
}

/// The command line's command, else the file's, else Lambda's handler, found before anything is fetched.
pub(super) fn find(
    words: &Words,
    file: &[OsString],
    called_as: &OsStr,
    inherited: &Inherited<'_>,
) -> Result<Option<Command>, Error> {
    let line = lambda::without_handler(words.all(), called_as, inherited);
    let given = if !line.is_empty() {
        match words {
            Words::Bare(_) => CommandWords::Bare(line.to_vec()),
            Words::Separated(_) => CommandWords::Line(line.to_vec()),
        }
    } else if !file.is_empty() {
        CommandWords::File(file.to_vec())
    } else if let Some(handler) = lambda::handler(called_as, inherited) {
        CommandWords::Handler(vec![handler])
    } else {
        return Ok(None);
    };
    lookup::resolve_command(given.all(), inherited.get("PATH"))
        .map(Some)
        .map_err(|error| given.explain(error))
}

impl CommandWords {
    fn all(&self) -> &[OsString] {
        match self {
            Self::Line(words) | Self::Bare(words) | Self::File(words) | Self::Handler(words) => {
                words
            }
        }
    }

    /// The error for a command that was not found, with what was most likely meant.
    fn explain(&self, error: CommandError) -> Error {
        let CommandError::NotFound {
            command, searched, ..
        } = error
        else {
            return error.into();
        };
        let hint = match self {
            Self::Line(_) => hints::for_separated_word(&command),
            Self::Bare(_) => hints::for_bare_word(&command),
            Self::File(_) | Self::Handler(_) => None,
        };
        if let Some(hint) = hint {
            return usage(hint);
        }
        let correction = match self {
            Self::Handler(_) => Correction::Handler,
            Self::Line(words) | Self::Bare(words) => apart(words, on_the_line),
            Self::File(words) => apart(words, in_the_file),
        };
        let not_found = CommandError::NotFound {
            command,
            searched,
            correction,
        };
        not_found.into()
    }
}

/// The correction for a command of which the first word holds several, written by `write`.
fn apart(words: &[OsString], write: fn(&[&str]) -> String) -> Correction {
    let words: Option<Vec<&str>> = words.iter().map(|word| word.to_str()).collect();
    let Some([first, rest @ ..]) = words.as_deref() else {
        return Correction::Name;
    };
    if !first.trim().contains(char::is_whitespace) {
        return Correction::Name;
    }
    let words = match first.contains(SHELL) {
        true => vec!["sh", "-c", first],
        false => first
            .split_whitespace()
            .chain(rest.iter().copied())
            .collect(),
    };
    Correction::Words(write(&words))
}

fn on_the_line(words: &[&str]) -> String {
    let written = words.iter().map(|word| match word.contains([' ', '\t']) {
        true => format!("'{}'", word.replace('\'', r"'\''")),
        false => (*word).to_owned(),
    });
    format!("-- {}", written.collect::<Vec<_>>().join(" "))
}

fn in_the_file(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| escape::quoted(word)).collect();
    format!("command = [{}]", quoted.join(", "))
}

/// The option of ssm-exec that is among the arguments of a command, where it is not read.
pub(super) fn option_after(words: &[OsString]) -> Option<&'static str> {
    let arguments = words.iter().skip(1).map(OsString::as_os_str);
    let next = words.iter().skip(2).map(|word| Some(word.as_os_str()));
    arguments
        .zip(next.chain([None]))
        .find_map(|(word, next)| hints::source_option(word.to_str()?, next.and_then(OsStr::to_str)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_in_one_string_is_written_as_words() {
        for (word, line, file) in [
            ("cargo run", "-- cargo run", r#"command = ["cargo", "run"]"#),
            (
                "echo \"$A\" | wc -c",
                "-- sh -c 'echo \"$A\" | wc -c'",
                r#"command = ["sh", "-c", "echo \"$A\" | wc -c"]"#,
            ),
            (
                "echo 'a b'",
                r"-- sh -c 'echo '\''a b'\'''",
                r#"command = ["sh", "-c", "echo 'a b'"]"#,
            ),
        ] {
            let words = [OsString::from(word)];
            assert_eq!(
                apart(&words, on_the_line),
                Correction::Words(line.to_owned())
            );
            assert_eq!(
                apart(&words, in_the_file),
                Correction::Words(file.to_owned())
            );
        }
        for word in ["cargo", " cargo", ""] {
            let words = [OsString::from(word), OsString::from("a b")];
            assert_eq!(apart(&words, on_the_line), Correction::Name, "{word}");
        }
    }

    #[test]
    fn only_options_that_give_sources_are_found_after_the_command() {
        for (line, option) in [
            ("./server --prefix /acme/api", Some("--prefix")),
            ("./server --port 80 --key=A=/acme/a", Some("--key")),
            ("./server -p /acme/api", Some("--prefix")),
            ("./server -k A=/acme/a", Some("--key")),
            ("./server --config x.toml", Some("--config")),
            ("./server -p 8080", None),
            ("./server -k", None),
            ("./server --region eu-west-1", None),
            ("--prefix /acme/api", None),
        ] {
            let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            assert_eq!(option_after(&words), option, "{line}");
        }
    }
}
