//! A script that starts ssm-exec again, which starts the script: rounds are counted in a variable that only commands
//! get which may lead back.
// Looks into the command's file.
#![allow(clippy::disallowed_methods)]

use super::image::Image;
use super::lookup::Command;
use ssm_exec_core::inherited::{Inherited, ROUND};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::parent_id;
use std::path::Path;
use std::process::id;
use std::time::{SystemTime, UNIX_EPOCH};

/// Nobody nests scripts so deep.
const MOST: u64 = 8;
/// A program that reloads by starting itself anew does so less often, in seconds.
const LONGEST_ROUND: u64 = 60;

/// Rounds before this one: of this process, or of the script that waits for it. What else a script starts begins anew.
fn before(inherited: &Inherited<'_>) -> u64 {
    let numbers = inherited.text(ROUND).unwrap_or_default().split(':');
    let numbers: Vec<u64> = numbers.filter_map(|number| number.parse().ok()).collect();
    let [process, rounds, time] = numbers[..] else {
        return 0;
    };
    let is_ours = [id(), parent_id()].map(u64::from).contains(&process);
    match is_ours && now().saturating_sub(time) <= LONGEST_ROUND {
        true => rounds,
        false => 0,
    }
}

/// Whether scripts have started ssm-exec again so often that they would do so for ever.
pub(crate) fn are_endless(inherited: &Inherited<'_>) -> bool {
    before(inherited) >= MOST
}

/// The variable's value for a command that may lead back to ssm-exec.
pub(crate) fn mark(command: &Command, inherited: &Inherited<'_>) -> Option<String> {
    let round = before(inherited) + 1;
    may_lead_back(command).then(|| format!("{}:{round}:{}", id(), now()))
}

/// Whether it is a script, is given one, or is given the name of this program.
fn may_lead_back(command: &Command) -> bool {
    let arguments = command.arguments.get(1..).unwrap_or_default();
    let first = arguments
        .first()
        .map(|it| Path::new(OsStr::from_bytes(it.to_bytes())));
    let program = fs::read_link("/proc/self/exe").unwrap_or_default();
    let is_named = |name: &OsStr| {
        arguments
            .iter()
            .any(|it| has_word(it.to_bytes(), name.as_bytes()))
    };
    is_script(&command.path())
        || first.is_some_and(is_script)
        || program.file_name().is_some_and(is_named)
}

/// Nothing else is opened: a FIFO would block.
fn is_script(path: &Path) -> bool {
    let is_executable = |it: fs::Metadata| it.is_file() && it.mode() & 0o111 != 0;
    fs::metadata(path).is_ok_and(is_executable)
        && matches!(Image::of_file(path), Ok(Image::Script { .. } | Image::Text))
}

/// Whether a word, or one in a shell's line, is a path that ends with this name.
fn has_word(text: &[u8], name: &[u8]) -> bool {
    let mut words = text.split(|it| it.is_ascii_whitespace() || b";|&()'\"`".contains(it));
    words.any(|word| word.rsplit(|&it| it == b'/').next() == Some(name))
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::has_word;

    #[test]
    fn a_word_is_the_name_or_a_path_to_it() {
        let has = |text: &str| has_word(text.as_bytes(), b"ssm-exec");
        for text in [
            "ssm-exec",
            "/usr/bin/ssm-exec",
            "cd /; exec './ssm-exec'",
            "(ssm-exec)",
        ] {
            assert!(has(text), "{text}");
        }
        for text in [
            "/etc/ssm-exec/api.conf",
            "ssm-exec.toml",
            "",
            "/opt/not-ssm-exec",
        ] {
            assert!(!has(text), "{text}");
        }
    }
}
