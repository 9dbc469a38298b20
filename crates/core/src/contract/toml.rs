//! Rules as the file writes them.

use super::{Rule, ValueType};
use crate::config::duration;
use crate::escape;
use ::toml::Value;

impl Rule {
    /// The rules as an inline table.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let mut rules: Vec<(&str, String)> = Vec::new();
        let text = |text: &str| escape::quoted(&text.replace("${", "$${"));
        let texts = |words: &[String]| {
            let words: Vec<String> = words.iter().map(|word| text(word)).collect();
            format!("[{}]", words.join(", "))
        };
        let mut limits: Vec<(&str, Option<String>)> = Vec::new();
        match &self.value_type {
            ValueType::Text => {}
            other => rules.push(("type", text(other.name().word()))),
        }
        match &self.value_type {
            ValueType::Integer { min, max } => {
                limits.push(("min", min.map(|min| min.to_string())));
                limits.push(("max", max.map(|max| max.to_string())));
            }
            ValueType::Number { min, max } => {
                limits.push(("min", min.map(|min| Value::Float(min).to_string())));
                limits.push(("max", max.map(|max| Value::Float(max).to_string())));
            }
            ValueType::Url { schemes } if !schemes.is_empty() => {
                rules.push(("schemes", texts(schemes)));
            }
            ValueType::Pem { labels } if !labels.is_empty() => {
                rules.push(("label", texts(labels)));
            }
            _ => {}
        }
        limits.push(("min_length", self.min_length.map(|min| min.to_string())));
        limits.push(("max_length", self.max_length.map(|max| max.to_string())));
        rules.extend(
            limits
                .into_iter()
                .filter_map(|(name, limit)| Some((name, limit?))),
        );
        if let Some(pattern) = &self.pattern {
            rules.push(("pattern", text(pattern.as_str())));
        }
        if !self.one_of.is_empty() {
            rules.push(("one_of", texts(&self.one_of)));
        }
        for (name, on) in [("secure", self.secure), ("optional", self.optional)] {
            if on {
                rules.push((name, "true".to_owned()));
            }
        }
        if let Some(age) = self.max_age {
            rules.push(("max_age", text(&duration::written(age))));
        }
        if let Some(description) = &self.description {
            rules.push(("description", text(description)));
        }
        let rules: Vec<String> = rules
            .iter()
            .map(|(name, value)| format!("{name} = {value}"))
            .collect();
        match rules.as_slice() {
            [] => "{}".to_owned(),
            rules => format!("{{ {} }}", rules.join(", ")),
        }
    }
}
