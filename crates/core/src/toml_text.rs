//! How `ssm-exec.toml` is written: strings, lists and inline tables.

use crate::escape;

/// A string of the file, in which `${` would begin a variable.
pub(crate) fn string(text: &str) -> String {
    escape::quoted(&text.replace("${", "$${"))
}

/// A list of strings.
pub(crate) fn list<'t>(texts: impl IntoIterator<Item = &'t str>) -> String {
    let texts: Vec<String> = texts.into_iter().map(string).collect();
    format!("[{}]", texts.join(", "))
}

/// An inline table of what there is.
pub(crate) fn inline<'n>(entries: impl IntoIterator<Item = (&'n str, Option<String>)>) -> String {
    let entries = entries.into_iter();
    let entries: Vec<String> =
        entries.filter_map(|(name, value)| Some(format!("{name} = {}", value?))).collect();
    match entries.as_slice() {
        [] => "{}".to_owned(),
        entries => format!("{{ {} }}", entries.join(", ")),
    }
}

/// The value of a switch that is on.
pub(crate) fn on(is_on: bool) -> Option<String> {
    is_on.then(|| "true".to_owned())
}
