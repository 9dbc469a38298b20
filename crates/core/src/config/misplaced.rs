//! Keys of the file that are in the wrong table. TOML counts every key after a `[table]` as a key of that
//! table, so a setting that is added at the end of the file is no longer one of the top level.

use super::setting::{Kind, Setting};
use super::settings::SETTINGS;
use crate::variable::VariableName;
use toml::de::DeValue;

/// The setting that has this key in any table of settings, and the name of that table. The top level
/// comes first.
pub(super) fn setting(key: &str) -> Option<(&'static Setting, &'static str)> {
    let tables = |row: &'static Setting| {
        let (table, name) = row.key?.rsplit_once('.').unwrap_or(("", row.key?));
        (name == key).then_some((row, table))
    };
    SETTINGS.iter().filter_map(tables).min_by_key(|(_, table)| table.len())
}

/// Whether an entry of a table whose keys are names of variables was most likely meant as `setting`, whose
/// key is the same: its value is none that such a table has.
pub(super) fn is_meant(setting: &Setting, table: Kind, value: &DeValue<'_>) -> bool {
    match (table, value) {
        (Kind::Keys { .. } | Kind::Contract, DeValue::Table(_)) => false,
        (Kind::Keys { .. }, DeValue::String(text)) => {
            !["/", "arn:", "$"].iter().any(|start| text.starts_with(start))
        }
        // A template without a variable composes nothing.
        (Kind::Pairs { interpolated: false }, DeValue::String(text)) => !text.contains("${"),
        (Kind::Pairs { interpolated: true }, DeValue::String(text)) => {
            let is_word =
                matches!(setting.kind, Kind::Choice(words) if words.contains(&text.as_ref()));
            is_word || !text.contains("${") && VariableName::parse(text).is_err()
        }
        _ => true,
    }
}
