//! How a text of the command line or of a variable becomes a field of a layer.

use super::given::parse_text;
use super::layer::{KeySpec, PathSpec, Slot};
use super::setting::{Kind, Setting};
use super::settings::Layer;
use crate::diagnostic::Diagnostic;
use crate::origin::{Given, Origin};
use crate::words::unknown_word;

impl Layer {
    /// Adds one text of the command line to a list, or sets a value. Lists of names and patterns are
    /// separated by commas; sources are repeated.
    pub fn add_option(&mut self, setting: &Setting, text: &str, origin: &Origin) {
        self.add(setting, text, origin, |text| {
            let words = match setting.kind {
                Kind::List => outside_braces(text, |c| c == ','),
                _ => vec![text],
            };
            // An empty word is an error: an empty list would replace those of the variables and the file.
            if words.is_empty() { vec![""] } else { words }
        });
    }

    /// Sets a switch.
    pub fn set_switch(&mut self, setting: &Setting, on: bool, origin: Origin) {
        if let Some(Slot::Switch(slot)) = self.slot(setting) {
            *slot = Some(Given::new(on, origin));
        }
    }

    /// Sets what a variable gives. Lists are separated by commas or white space. One without a word counts as unset, as an
    /// empty variable does.
    pub(super) fn set_variable(
        &mut self,
        setting: &Setting,
        text: &str,
        origin: &Origin,
    ) -> Result<(), Diagnostic> {
        if setting.kind == Kind::Switch {
            self.set_switch(setting, parse_text(text, origin, parse_switch)?, origin.clone());
            return Ok(());
        }
        let words = outside_braces(text, |c| c == ',' || c.is_whitespace());
        if !setting.kind.is_list() || !words.is_empty() {
            self.add(setting, text, origin, |_| words);
        }
        Ok(())
    }

    fn add<'t>(
        &mut self,
        setting: &Setting,
        text: &'t str,
        origin: &Origin,
        split: impl FnOnce(&'t str) -> Vec<&'t str>,
    ) {
        match self.slot(setting) {
            Some(Slot::Text(slot)) => *slot = Some(Given::new(text.to_owned(), origin.clone())),
            Some(Slot::List(slot)) => {
                slot.get_or_insert_default().extend(each(split(text), origin, str::to_owned))
            }
            Some(Slot::Paths(slot)) => {
                slot.get_or_insert_default().extend(each(split(text), origin, PathSpec::from_text));
            }
            Some(Slot::Keys(slot)) => {
                let optional = setting.kind == Kind::Keys { optional: true };
                slot.get_or_insert_default().extend(each(split(text), origin, |text| KeySpec {
                    optional,
                    ..KeySpec::from_text(text)
                }));
            }
            Some(Slot::Switch(_) | Slot::Contract(_) | Slot::Pairs(_)) | None => {}
        }
    }
}

fn each<'t, T>(
    texts: Vec<&'t str>,
    origin: &Origin,
    make: impl Fn(&str) -> T + 't,
) -> impl Iterator<Item = Given<T>> {
    let origin = origin.clone();
    texts.into_iter().map(move |text| Given::new(make(text), origin.clone()))
}

/// The words between separators. Inside braces, as in `{DB,LOG}_*`, a separator belongs to the word.
pub(super) fn outside_braces(text: &str, is_separator: impl Fn(char) -> bool) -> Vec<&str> {
    let mut depth = 0_u32;
    text.split(|c: char| {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && is_separator(c)
    })
    .map(str::trim)
    .filter(|word| !word.is_empty())
    .collect()
}

/// On or off, in the words that environment variables usually have.
pub(super) fn parse_switch(text: &str) -> Result<bool, Diagnostic> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Ok(true),
        "0" | "false" | "no" | "off" => Ok(false),
        _ => Err(unknown_word(text, &["true", "false"])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_split_outside_braces_only() {
        let split = |text| outside_braces(text, |c| c == ',' || c.is_whitespace());
        assert_eq!(split("A,B C"), ["A", "B", "C"]);
        assert_eq!(split("{A,B}_*, C"), ["{A,B}_*", "C"]);
        assert_eq!(split("{A,{B,C}}_*,,D"), ["{A,{B,C}}_*", "D"]);
        assert_eq!(split(" , "), [""; 0]);
        // An unclosed brace is the pattern's error, which is reported with the whole text.
        assert_eq!(split("{A,B"), ["{A,B"]);
        assert_eq!(split("A},B"), ["A}", "B"]);
    }
}
