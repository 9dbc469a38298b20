//! Variables and files that are made from variables: `[compose]`, and the templates of `[files]`.

use super::given::{each, parse_text};
use super::layer::{Content, KeySpec, List, Pair, TemplateSpec};
use super::{Composed, Delivery, KeySource};
use crate::diagnostic::Diagnostic;
use crate::origin::Given;
use crate::template::Template;
use crate::variable::VariableName;
use std::collections::BTreeSet;

/// Puts variables and files in an order in which each comes after those that it is made from.
///
/// # Errors
/// For an invalid name or template, for a file that something else gives too, and for variables that are made
/// from each other.
pub(super) fn resolve(
    pairs: List<Pair>,
    files: Vec<Composed>,
    keys: &[KeySource],
) -> Result<Vec<Composed>, Diagnostic> {
    let mut waiting = each(pairs, variable)?;
    for file in &files {
        let mut names = waiting.iter().map(|one| &one.name);
        let mut keys = keys.iter().map(|key| &key.name);
        if names.any(|name| *name == file.name) || keys.any(|name| *name == file.name) {
            let message = format!("{} is given twice, here as a template", file.name);
            let correction = "Give one of them another name, or remove it";
            return Err(Diagnostic::invalid(message, correction).at(file.origin.clone()));
        }
    }
    waiting.extend(files);
    let mut ordered = Vec::with_capacity(waiting.len());
    while let Some(first) = waiting.first() {
        let names: BTreeSet<&str> = waiting.iter().map(|one| one.name.as_str()).collect();
        // A variable that contains itself extends the value that another source has set.
        let is_ready = |one: &Composed| {
            let mut parts = one.template.variables();
            parts.all(|part| part == one.name.as_str() || !names.contains(part))
        };
        let Some(at) = waiting.iter().position(is_ready) else {
            let names: Vec<&str> = names.into_iter().collect();
            let message = format!("depends on itself, through {}", names.join(", "));
            let correction = "Compose one of them from other variables";
            return Err(Diagnostic::invalid(message, correction).at(first.origin.clone()));
        };
        ordered.push(waiting.remove(at));
    }
    Ok(ordered)
}

fn variable(given: Given<Pair>) -> Result<Composed, Diagnostic> {
    let Given {
        value: (name, text),
        origin,
    } = given;
    Ok(Composed {
        name: parse_text(&name, &origin, VariableName::parse)?,
        template: parse_text(&text, &origin, Template::parse)?,
        delivery: Delivery::Variable,
        origin,
    })
}

/// The files that have a template.
pub(super) fn files(files: &List<KeySpec>) -> Result<Vec<Composed>, Diagnostic> {
    let files = files.iter().flatten();
    let templates = files.filter_map(|file| match &file.value.content {
        Content::Template(template) => Some((file, template)),
        Content::Param(_) => None,
    });
    let parsed = templates.map(|(file, TemplateSpec { path, text })| {
        let name = file.value.name.as_deref().unwrap_or_default();
        let template = Template::parse(text).map_err(|mut error| {
            if let Some(path) = path {
                error.message = format!("{path}: {}", error.message);
            }
            error.at(file.origin.clone())
        });
        Ok(Composed {
            name: parse_text(name, &file.origin, VariableName::parse)?,
            template: template?,
            delivery: Delivery::File,
            origin: file.origin.clone(),
        })
    });
    parsed.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::origin::Origin;

    fn order(pairs: &[(&str, &str)]) -> Result<Vec<String>, String> {
        let pairs = pairs.iter().map(|&(name, text)| {
            let origin = Origin::File {
                path: "t.toml".into(),
                line: 1,
                key: format!("compose.{name}"),
            };
            Given::new((name.to_owned(), text.to_owned()), origin)
        });
        let composed = resolve(Some(pairs.collect()), Vec::new(), &[]);
        let composed = composed.map_err(|error| error.to_string())?;
        Ok(composed
            .into_iter()
            .map(|one| one.name.to_string())
            .collect())
    }

    #[test]
    fn each_variable_comes_after_those_it_is_made_from() {
        let pairs = [
            ("A", "${B}-${C}"),
            ("B", "${C|url}"),
            ("C", "${X}"),
            ("D", ""),
        ];
        assert_eq!(
            order(&pairs),
            Ok(["C", "B", "A", "D"].map(str::to_owned).into())
        );
        let itself = [("A", "${A}:x"), ("B", "${A}")];
        assert_eq!(order(&itself), Ok(["A", "B"].map(str::to_owned).into()));
        assert_eq!(
            order(&[("A", "${X}"), ("B", "${C}"), ("C", "${B}")]),
            Err("t.toml, line 1, `compose.B`: depends on itself, through B, C\n  help: Compose one of them from other variables".to_owned())
        );
    }
}
