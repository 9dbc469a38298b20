//! Keys of the file that are in the wrong table. TOML counts every key after a `[table]` as a key of that
//! table, so a setting that is added at the end of the file is no longer one of the top level.

use super::setting::{Kind, Setting, join};
use super::settings::{Layer, SETTINGS};
use crate::diagnostic::Diagnostic;
use crate::origin::{Given, Origin};
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

/// What to say of a key in the table `path` that is that of a setting in `table`: what is wrong, and where to write
/// it. `root` is the name of the stage, if it is in one.
pub(super) fn described(path: &str, root: &str, key: &str, table: &str) -> [String; 2] {
    let belongs = match table {
        "" => root.to_owned(),
        table => join(root, table),
    };
    let message = match path {
        "" => format!("the setting `{key}` is at the top level"),
        path => format!("the setting `{key}` is in `[{path}]`"),
    };
    let correction = match belongs.as_str() {
        "" => "Write it above the first `[table]`".to_owned(),
        belongs => format!("Write it in `[{belongs}]`"),
    };
    [message, correction]
}

/// The warnings about keys that are valid as such, and were most likely meant as settings that hold a path too.
pub(super) fn warnings(layer: &Layer) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (list, keys) in [("keys", &layer.keys), ("files", &layer.files)] {
        for Given { value, origin } in keys.iter().flatten() {
            if let (Origin::File { key, .. }, Some(name)) = (origin, &value.name)
                && let Some((row, table)) = setting(name)
                && (matches!(row.kind, Kind::Paths(_)) || row.field == "trigger")
            {
                let path = key.strip_suffix(name).unwrap_or(key).trim_end_matches('.');
                let root = path.strip_suffix(list).unwrap_or_default().trim_end_matches('.');
                let [message, correction] = described(path, root, name, table);
                let message = format!("{message}, where it is the name of a variable");
                found.push(Diagnostic::warning(message).help(correction).at(origin.clone()));
            }
        }
    }
    found
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
