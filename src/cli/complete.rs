//! What can follow an unfinished command line. The scripts for shells ask at each Tab, so that no option, value or
//! stage is written in them.

use super::line::LineReader;
use super::{Document, Subcommand, Words};
use ssm_exec_core::config::setting::{Kind, Setting};
use ssm_exec_core::config::{ChangeSignal, Layer};
use ssm_exec_core::region::PARTITIONS;
use std::ffi::OsString;

/// What the last word can be, a line each: the word, and after a tab what it is for. `:command N` stands for a word of
/// the command, which begins at word N, counted from 0, and `:files` for a file.
pub(crate) fn candidates(
    words: &[OsString],
    stages: impl FnOnce(&Layer) -> Vec<String>,
) -> Vec<String> {
    let Some((last, before)) = words.split_last() else {
        return Vec::new();
    };
    let mut reader = LineReader::new(before);
    let command = reader.options();
    if !matches!(&command, Words::Bare { words, .. } if words.is_empty()) {
        return vec![format!(":command {}", before.len() - command.all().len())];
    }
    let last = last.to_string_lossy();
    let attached = last.split_once('=').filter(|_| last.starts_with("--"));
    let (option, typed, setting) = match attached {
        Some((name, value)) => (format!("{name}="), value, reader.find(name)),
        None => (String::new(), &*last, reader.pending),
    };
    let candidates = match (setting, reader.subcommand) {
        (Some(setting), _) if ["config", "ca_bundle"].contains(&setting.field) => {
            return vec![":files".to_owned()];
        }
        (Some(setting), _) => values(setting, || stages(&reader.layer)),
        (None, _) if typed.starts_with('-') => options(&reader),
        (None, None) => owned(Subcommand::WORDS),
        (None, Some(Subcommand::Completions)) => owned(Document::WORDS),
        (None, Some(_)) => options(&reader),
    };
    let fitting = candidates.into_iter().filter(|it| it.starts_with(typed));
    let fitting: Vec<_> = fitting.map(|it| option.clone() + &it).collect();
    match (setting, reader.subcommand) {
        (None, None) if fitting.is_empty() => vec![format!(":command {}", before.len())],
        _ => fitting,
    }
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn options(reader: &LineReader<'_>) -> Vec<String> {
    let settings = reader.settings().flat_map(|setting| {
        let flag = setting.flag.map(|flag| format!("{flag}\t{}", setting.help));
        flag.into_iter().chain(setting.negation.map(str::to_owned))
    });
    let general = ["--help\tPrint help", "--version\tPrint version"];
    settings.chain(general.map(str::to_owned)).collect()
}

fn values(setting: &Setting, stages: impl FnOnce() -> Vec<String>) -> Vec<String> {
    match (setting.kind, setting.field) {
        (Kind::Choice(words), _) => owned(words),
        (_, "stage") => stages(),
        (_, "on_change") => ChangeSignal::names().map(str::to_owned).collect(),
        (_, "region") => {
            let regions = PARTITIONS.iter().flat_map(|partition| partition.regions);
            regions.map(|region| (*region).to_owned()).collect()
        }
        (_, "partition") => PARTITIONS.iter().map(|it| it.id.to_owned()).collect(),
        _ => Vec::new(),
    }
}
