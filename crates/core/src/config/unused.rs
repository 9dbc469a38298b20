//! Settings that are valid, and have no effect beside the other settings, or not the one that was meant.

use super::layer::{Content, KeySpec, List, TemplateSpec, first};
use super::settings::Layer;
use crate::diagnostic::Diagnostic;
use crate::origin::Origin;
use crate::placeholder;
use crate::words::first_of;
use std::collections::BTreeSet;

/// The settings without effect, in the order of the table of settings.
pub(super) fn find(layer: &Layer) -> Vec<Diagnostic> {
    let warning = |origin: &Origin, why: &str, help: &str| {
        Diagnostic::warning(format!("has no effect, since {why}")).help(help).at(origin.clone())
    };
    let mut found = Vec::new();
    if first(&layer.prefix).or(first(&layer.json)).is_none() {
        let naming = [
            first(&layer.only),
            first(&layer.exclude),
            layer.name_prefix.as_ref().map(|given| &given.origin),
            layer.case.as_ref().map(|given| &given.origin),
        ];
        found.extend(naming.into_iter().flatten().map(|origin| {
            let why = "there is no prefix and no JSON object";
            warning(origin, why, "Remove it: keys are named one by one")
        }));
    }
    if let (Some(given), None) = (&layer.external_id, &layer.role_arn) {
        let why = "no role is assumed";
        found.push(warning(&given.origin, why, "Give the role with `--role-arn`, or remove it"));
    }
    if let (Some(given), Some(_), Some(_)) = (&layer.settle, &layer.watch, &layer.trigger) {
        found.push(
            Diagnostic::note("has no effect, since a change of the trigger counts immediately")
                .at(given.origin.clone()),
        );
    }
    found.extend(texts(layer).filter_map(|(text, origin)| {
        let form = placeholder::other_form(text)?;
        let message = format!("has a variable in the form `{form}`, which nothing replaces");
        let help = "Write `${NAME}`";
        Some(Diagnostic::warning(message).help(help).at(origin.clone()))
    }));
    found
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
