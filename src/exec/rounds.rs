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
/// Later ones are not looked at.
const MOST_WORDS: usize = 64;
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

/// Whether it is a script, or is given one or the name of this program, perhaps in a shell's line.
fn may_lead_back(command: &Command) -> bool {
    let program = fs::read_link("/proc/self/exe").unwrap_or_default();
    let name = program.file_name();
    let arguments = command.arguments.iter().skip(1);
    let mut given = arguments.flat_map(|it| words(it.to_bytes())).take(MOST_WORDS);
    is_script(&command.path()) || given.any(|it| it.file_name() == name || is_script(it))
}

/// Nothing else is opened: a FIFO would block.
fn is_script(path: &Path) -> bool {
    let is_executable = |it: fs::Metadata| it.is_file() && it.mode() & 0o111 != 0;
    fs::metadata(path).is_ok_and(is_executable)
        && matches!(Image::of_file(path), Ok(Image::Script { .. } | Image::Text))
}

/// The words of an argument that may be paths to files.
fn words(argument: &[u8]) -> impl Iterator<Item = &Path> {
    let is_between = |it: &u8| it.is_ascii_whitespace() || b";|&()'\"`".contains(it);
    let words = argument.split(is_between).filter(|word| !word.is_empty());
    words.map(|word| Path::new(OsStr::from_bytes(word)))
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}
