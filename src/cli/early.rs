//! What a command line says about errors in it, found without parsing it.

use super::arguments::{CHECK, COMPLETIONS, INIT, POLICY};
use ssm_exec_core::config::setting::Setting;
use ssm_exec_core::config::{LogFormat, ReportFormat, SETTINGS};
use std::ffi::OsString;

/// How an error is reported, as far as the command line says.
#[derive(Debug, Default)]
pub(crate) struct Early {
    /// The format of messages.
    pub(crate) log_format: Option<LogFormat>,
    /// The format of the report of `check`.
    pub(crate) report: Option<ReportFormat>,
    /// The subcommand.
    pub(super) subcommand: Option<&'static str>,
}

impl Early {
    /// Reads the words up to the command. What is invalid is passed over.
    pub(crate) fn read(arguments: &[OsString]) -> Self {
        let mut early = Self::default();
        let mut words = arguments
            .iter()
            .skip(1)
            .map(|word| word.to_str().unwrap_or_default());
        while let Some(word) = words.next() {
            if word == "--" {
                break;
            } else if word.starts_with("--") {
                let (flag, value) = match word.split_once('=') {
                    Some((flag, value)) => (flag, Some(value)),
                    None if takes_value(|setting| setting.flag == Some(word)) => {
                        (word, words.next())
                    }
                    None => (word, None),
                };
                let value = value.unwrap_or_default();
                match flag {
                    "--log-format" => early.log_format = LogFormat::parse(value).ok(),
                    "--format" => early.report = ReportFormat::parse(value).ok(),
                    _ => {}
                }
            } else if let Some(shorts) = word.strip_prefix('-') {
                let value = shorts
                    .find(|short| takes_value(|setting| setting.short == Some(short)))
                    .and_then(|at| shorts.get(at + 1..));
                if value == Some("") {
                    words.next();
                }
            } else if early.subcommand.is_none() {
                let known = [CHECK, POLICY, INIT, COMPLETIONS];
                early.subcommand = known.into_iter().find(|known| *known == word);
                if early.subcommand.is_none() {
                    break;
                }
            }
        }
        Self {
            report: early.report.filter(|_| early.subcommand == Some(CHECK)),
            ..early
        }
    }
}

/// Whether an option takes the next word.
fn takes_value(is_meant: impl Fn(&Setting) -> bool) -> bool {
    SETTINGS
        .iter()
        .any(|setting| is_meant(setting) && setting.takes_value())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> (Option<LogFormat>, Option<ReportFormat>) {
        let words = format!("ssm-exec {line}");
        let words: Vec<OsString> = words.split(' ').map(OsString::from).collect();
        let early = Early::read(&words);
        (early.log_format, early.report)
    }

    #[test]
    fn the_formats_are_found_around_mistakes() {
        let json = Some(LogFormat::Json);
        for (line, log, report) in [
            ("--log-format json --bogus", json, None),
            ("--bogus --log-format=json", json, None),
            ("--log-format=text --log-format json", json, None),
            ("-k --log-format json", None, None),
            ("-k A=/a --log-format json", json, None),
            ("-vvkA=/a --log-format json", json, None),
            ("-vk A=/a --log-format json", json, None),
            ("--log-format xml", None, None),
            ("--log-format", None, None),
            ("srv --log-format json", None, None),
            ("-- --log-format json", None, None),
            ("check --format json", None, Some(ReportFormat::Json)),
            (
                "--log-format json check --bogus --format=json",
                json,
                Some(ReportFormat::Json),
            ),
            ("policy --format json", None, None),
            ("check -- --format json", None, None),
        ] {
            assert_eq!(read(line), (log, report), "{line}");
        }
    }
}
