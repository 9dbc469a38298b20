//! Settings that are valid, and have no effect beside the other settings, or not the one that was meant.

use super::layer::{Content, KeySpec, List, NamingSpec, PathSpec, TemplateSpec, first, place};
use super::misplaced;
use super::settings::Layer;
use super::watch::is_off;
use crate::diagnostic::Diagnostic;
use crate::origin::{Given, Origin};
use crate::placeholder::{self, REFERENCE};
use crate::words::first_of;
use std::collections::BTreeSet;

/// The settings without effect, in the order of the table of settings.
pub(super) fn find(layer: &Layer) -> Vec<Diagnostic> {
    let warning = |origin: &Origin, why: &str, help: &str| {
        Diagnostic::warning(format!("has no effect, since {why}")).help(help).at(origin.clone())
    };
    let mut found = Vec::new();
    let sources = || layer.prefix.iter().chain(&layer.json).flatten();
    let (why, help) = match sources().next() {
        None => ("there is no prefix and no JSON object", "Remove it: keys are named one by one"),
        Some(_) => ("each prefix and JSON object has its own", "Remove it here, or there"),
    };
    found.extend(naming(layer).into_iter().filter_map(|(place, names_keys, has_own)| {
        let place = place.filter(|_| !names_keys)?;
        let is_used = |source: &Given<PathSpec>| {
            !has_own(&source.value.naming) || place.overrides(&source.origin)
        };
        (!sources().any(is_used)).then(|| warning(place, why, help))
    }));
    found.extend(misplaced::warnings(layer));
    if let (Some(place), None) = (place(&layer.external_id), &layer.role_arn) {
        let why = "no role is assumed";
        found.push(warning(place, why, "Give the role with `--role-arn`, or remove it"));
    }
    let is_on = layer.watch.as_ref().is_some_and(|given| !is_off(&given.value));
    if let (Some(place), true, None) = (place(&layer.on_file_change), is_on, first(&layer.files)) {
        let why = "there is no in-memory file";
        found.push(warning(
            place,
            why,
            "Give one with `--file` or `[files]`, or use `--on-change`",
        ));
    }
    if let (Some(given), Some(_), Some(_)) = (&layer.settle, &layer.watch, &layer.trigger) {
        found.push(
            Diagnostic::note("has no effect, since a change of the trigger counts immediately")
                .at(given.origin.clone()),
        );
    }
    found.extend(texts(layer).filter_map(|(text, origin)| {
        let form = placeholder::other_form(text)?;
        let message = format!("has {form}, which nothing replaces");
        let help = match form {
            REFERENCE => "Fetch it with a key of its own, and write `${NAME}` in `[compose]`",
            _ => "Write `${NAME}`",
        };
        Some(Diagnostic::warning(message).help(help).at(origin.clone()))
    }));
    found
}

/// A rule for the names of all sources: where it was given, whether it makes the name of a key too, and whether a
/// source has one of its own.
type NamingRule<'l> = (Option<&'l Origin>, bool, fn(&NamingSpec) -> bool);

fn naming(layer: &Layer) -> [NamingRule<'_>; 4] {
    let names_keys = layer.keys.iter().flatten().any(|key| key.value.name.is_none());
    [
        (first(&layer.only), false, |own| own.only.is_some()),
        (first(&layer.exclude), false, |own| own.exclude.is_some()),
        (place(&layer.name_prefix), names_keys, |own| own.name_prefix.is_some()),
        (place(&layer.case), names_keys, |own| own.case.is_some()),
    ]
}

/// Templates and defaults. A template in a file of its own may have the syntax of what reads the result.
fn texts(layer: &Layer) -> impl Iterator<Item = (&String, &Origin)> {
    let composed = layer.compose.iter().flatten();
    let composed = composed.map(|given| (&given.value.1, &given.origin));
    let keys = layer.keys.iter().chain(&layer.files).flatten();
    let keys = keys.filter_map(|given| {
        let text = match &given.value.content {
            Content::Template(TemplateSpec { path: None, text }) => Some(text),
            Content::Template(_) => None,
            Content::Param(_) => given.value.default.as_ref(),
        };
        Some((text?, &given.origin))
    });
    composed.chain(keys)
}

impl Layer {
    /// What keys of a weaker level this one's list replaces and does not give, in a sentence for each list:
    /// in a stage, the tables would be merged, so this is easily overlooked.
    pub fn dropped_keys(&self, weaker: &Self) -> Vec<String> {
        let lists = [("keys", &self.keys, &weaker.keys), ("files", &self.files, &weaker.files)];
        let dropped = lists.into_iter().filter_map(|(table, stronger, weaker)| {
            let by = first(stronger)?;
            let given = |list: &List<KeySpec>| {
                let keys = list.iter().flatten();
                keys.filter_map(|key| key.value.name.clone()).collect::<BTreeSet<_>>()
            };
            let names: Vec<String> = given(weaker).difference(&given(stronger)).cloned().collect();
            let shown = first_of(3, &names);
            let verb = if names.len() == 1 { "is" } else { "are" };
            (!names.is_empty()).then(|| {
                format!("{by} replaces `[{table}]` of the file: {shown} {verb} not fetched")
            })
        });
        dropped.collect()
    }
}
