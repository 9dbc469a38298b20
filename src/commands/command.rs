//! The command to start: its words and where they come from, and what was most likely meant by one that
//! does not exist.
// Names the working directory in a message.
#![allow(clippy::disallowed_methods)]

use crate::cli::{self, Action, Task, Words, hints};
use crate::config_file;
use crate::exec::lookup::{self, Command};
use crate::exec::rounds;
use crate::lambda;
use ssm_exec_core::code::Code;
use ssm_exec_core::diagnostic::{Diagnostic, Help};
use ssm_exec_core::escape;
use ssm_exec_core::inherited::Inherited;
use std::ffi::{OsStr, OsString};
use std::io::IsTerminal;
use std::path::Path;

/// What a shell would do something about.
const SHELL: &[char] =
    &['\'', '"', '\\', '|', '&', ';', '<', '>', '$', '`', '(', ')', '*', '~', '='];

/// Who gave the words of a command.
enum Giver<'a> {
    Line(&'a Words),
    /// `command` in the file.
    File,
    /// The handler of a function on Lambda.
    Handler,
}

/// The command line's command, else the file's, else Lambda's handler, found before anything is fetched.
pub(super) fn find(
    words: &Words,
    file: &[OsString],
    called_as: &OsStr,
    inherited: &Inherited<'_>,
) -> Result<Option<Command>, Diagnostic> {
    let line = lambda::without_handler(words.all(), called_as, inherited);
    let handler;
    let (words, giver) = if !line.is_empty() {
        (line, Giver::Line(words))
    } else if !file.is_empty() {
        (file, Giver::File)
    } else if let Some(name) = lambda::handler(called_as, inherited) {
        handler = [name];
        (&handler[..], Giver::Handler)
    } else {
        return Ok(None);
    };
    let path = inherited.get("PATH");
    match lookup::find(words, path)? {
        None => Err(not_found(words, &giver, path.unwrap_or(lookup::DEFAULT_PATH))),
        Some(command) => {
            let loops = if command.is_this_program() && starts_itself(words, inherited) {
                "is ssm-exec, and would start itself for ever"
            } else if rounds::are_endless(inherited) {
                "starts ssm-exec again, and would do so for ever"
            } else {
                return Ok(Some(command));
            };
            let what = format!("the command {} {loops}", command.path().display());
            let help = "Name the program to start: after `--`, as `command` in ssm-exec.toml, or as the handler of the function";
            Err(Diagnostic::with_help(Code::InvalidCommand, what, [help]))
        }
    }
}

/// Whether these words, given to this program, name no command and no other file that could.
fn starts_itself(words: &[OsString], inherited: &Inherited<'_>) -> bool {
    let line = cli::read(words);
    let called_as = words.first().cloned().unwrap_or_default();
    let names_none = matches!(
        &line.action,
        Ok(Action::Run(Task::Launch, words))
            if lambda::without_handler(words.all(), &called_as, inherited).is_empty()
    );
    names_none && line.layer.config.is_none()
}

/// The error where nothing names a command: what the place of the start says about what was meant.
pub(super) fn missing(file: Option<&Path>) -> Diagnostic {
    let shown = file.unwrap_or(Path::new("ssm-exec.toml")).display();
    let mut error = Diagnostic::new(Code::NoCommand, "there is no command to start")
        .fill(&[("file", &shown.to_string())]);
    error.help.extend(near_file(file));
    if !std::io::stdout().is_terminal() {
        error = error.help(
            "No value is printed, neither for `eval $(…)` nor into a file: ssm-exec starts the program that needs them",
        );
    }
    if std::process::id() == 1 || nix::unistd::getppid().as_raw() == 1 {
        error = error.help(Help::command(
            "In a Dockerfile, only an ENTRYPOINT in brackets passes CMD on",
            r#"ENTRYPOINT ["ssm-exec", "--prefix", "/org/service", "--"]"#,
        ));
    }
    error
}

/// Where no file was read, one that is called nearly as ours.
pub(super) fn near_file(file: Option<&Path>) -> Option<Help> {
    let near = file.is_none().then(config_file::near_name)??;
    let text = format!("There is {near} here: the file's name is ssm-exec.toml");
    Some(Help::text(text))
}

/// The error for a command that was not found, with what was most likely meant.
fn not_found(words: &[OsString], giver: &Giver<'_>, path: &[u8]) -> Diagnostic {
    let write = match giver {
        Giver::Line(_) => on_the_line,
        Giver::File | Giver::Handler => in_the_file,
    };
    let name = words.first().cloned().unwrap_or_default();
    let directory = Path::new(&name).parent().unwrap_or(Path::new(""));
    let is_path = !directory.as_os_str().is_empty();
    let name = name.display();
    let (what, help) = if words.first().is_some_and(|word| word != "--")
        && let Giver::Line(words) = giver
        && let Some(hint) = hints::for_command(words)
    {
        return hint;
    } else if let Some(mistyped) = mistyped(words, write) {
        mistyped
    } else if let Some(words) = apart(words) {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let help =
            format!("If it is more than one word, write them separately: `{}`", write(&words));
        (format!("the command `{name}` does not exist, and has white space in it"), help)
    } else if matches!(giver, Giver::Handler) {
        let help = "The handler of the function (`_HANDLER`) must be the name of the program in the deployment package".to_owned();
        (format!("there is no command `{name}`"), help)
    } else if is_path {
        let place = std::env::current_dir().ok().filter(|_| directory.is_relative());
        let place = place.map(|place| format!(" in {}", place.display()));
        (
            format!("there is no command `{name}`{}", place.unwrap_or_default()),
            format!("Correct its path: `ls -l {}`", directory.display()),
        )
    } else {
        let path = String::from_utf8_lossy(path);
        (
            format!("the command `{name}` is not in PATH ({path})"),
            "Correct its name or PATH".to_owned(),
        )
    };
    Diagnostic::with_help(Code::CommandNotFound, what, [help])
}

/// What is wrong with a first word that only a shell would know, or that is none, and what to do.
fn mistyped(words: &[OsString], write: fn(&[&str]) -> String) -> Option<(String, String)> {
    let words: Vec<&str> = words.iter().map_while(|word| word.to_str()).collect();
    let (&name, rest) = words.split_first()?;
    let quoted = ['"', '\''].iter().find_map(|&quote| {
        let inner = name.strip_prefix(quote)?.strip_suffix(quote)?;
        (!inner.is_empty() && !inner.contains(quote)).then_some(inner)
    });
    let (what, help) = if name.is_empty() {
        let help = "Name the program to start: a variable in its place may have been empty";
        ("the command is empty".to_owned(), help.to_owned())
    } else if name == "--" {
        let help = "Leave one `--` out: an ENTRYPOINT, for example, may end with one".to_owned();
        ("`--` stands where the command begins".to_owned(), help)
    } else if let Some(inner) = quoted {
        let words: Vec<&str> = [inner].iter().chain(rest).copied().collect();
        let help = format!("Leave them out: `{}`", write(&words));
        (format!("the command `{name}` has quotation marks around it"), help)
    } else if name.starts_with("~/") {
        let line = format!("exec {name} \"$@\"");
        let line: Vec<&str> = ["sh", "-c", &line, "sh"].iter().chain(rest).copied().collect();
        let help = format!("Write the whole path, or start a shell: `{}`", write(&line));
        (format!("the `~` of {name} was not replaced, since no shell read it"), help)
    } else if hints::is_built_in(name) {
        let line = match name {
            "source" => ". … && exec ./server".to_owned(),
            _ => format!("{name} … && exec ./server"),
        };
        let help = match name {
            "exec" if !rest.is_empty() => format!("Leave `exec` out: `{}`", write(rest)),
            "exec" | "exit" | "bg" | "fg" | "for" | "if" | "while" => {
                "Name the program to start".to_owned()
            }
            _ => format!("Start a shell: `{}`", write(&["sh", "-c", &line])),
        };
        (format!("`{name}` is built into shells, and there is no such program"), help)
    } else {
        return None;
    };
    Some((what, help))
}

/// The words that one holds, as a person would write them, if there is more than one.
fn apart(words: &[OsString]) -> Option<Vec<String>> {
    let words: Option<Vec<&str>> = words.iter().map(|word| word.to_str()).collect();
    let words = words?;
    let (first, rest) = words.split_first()?;
    if !first.trim().contains(char::is_whitespace) {
        return None;
    }
    let words = if first.contains(SHELL) {
        vec!["sh", "-c", first]
    } else {
        first.split_whitespace().chain(rest.iter().copied()).collect()
    };
    Some(words.into_iter().map(str::to_owned).collect())
}

fn on_the_line(words: &[&str]) -> String {
    let written = words.iter().map(|word| {
        if word.contains([' ', '\t']) {
            format!("'{}'", word.replace('\'', r"'\''"))
        } else {
            (*word).to_owned()
        }
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
            let words = apart(&words).expect("several words");
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            assert_eq!(on_the_line(&words), line);
            assert_eq!(in_the_file(&words), file);
        }
        for word in ["cargo", " cargo", ""] {
            let words = [OsString::from(word), OsString::from("a b")];
            assert_eq!(apart(&words), None, "{word}");
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
