//! Rules as the file writes them.

use super::{Rule, ValueType};
use crate::config::duration;
use crate::toml_text::{inline, list, on, string};

impl Rule {
    /// The rules as an inline table.
    pub fn to_toml(&self) -> String {
        let words =
            |words: &[String]| (!words.is_empty()).then(|| list(words.iter().map(String::as_str)));
        let whole = |number: Option<i64>| number.map(|number| number.to_string());
        let float = |number: Option<f64>| number.map(|number| format!("{number:?}"));
        let (schemes, label, min, max) = match &self.value_type {
            ValueType::Integer { min, max } => (None, None, whole(*min), whole(*max)),
            ValueType::Number { min, max } => (None, None, float(*min), float(*max)),
            ValueType::Url { schemes } => (words(schemes), None, None, None),
            ValueType::Pem { labels } => (None, words(labels), None, None),
            _ => (None, None, None, None),
        };
        let type_name = match &self.value_type {
            ValueType::Text => None,
            other => Some(string(other.name().word())),
        };
        inline([
            ("type", type_name),
            ("schemes", schemes),
            ("label", label),
            ("min", min),
            ("max", max),
            ("min_length", self.min_length.map(|min| min.to_string())),
            ("max_length", self.max_length.map(|max| max.to_string())),
            ("pattern", self.pattern.as_ref().map(|it| string(it.as_str()))),
            ("one_of", words(&self.one_of)),
            ("secure", on(self.secure)),
            ("optional", on(self.optional)),
            ("max_age", self.max_age.map(|age| string(&duration::written(age)))),
            ("description", self.description.as_deref().map(string)),
        ])
    }
}
