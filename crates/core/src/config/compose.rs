//! Variables and files that are made from variables: `[compose]`, and the templates of `[files]`.

use super::given::{each, parse_text};
use super::layer::{Content, KeySpec, List, Pair, TemplateSpec};
use super::{Composed, Delivery, KeySource};
use crate::diagnostic::Diagnostic;
use crate::origin::Given;
use crate::template::Template;
use crate::variable::VariableName;
use std::collections::{BTreeSet, HashMap, HashSet};

/// Puts variables and files in an order in which each comes after those that it is made from.
///
/// # Errors
/// For an invalid name or template, for a file that something else gives too or that is a part, and for variables
/// that are made from each other.
pub(super) fn resolve(
    pairs: List<Pair>,
    files: Vec<Composed>,
    keys: &[KeySource],
) -> Result<Vec<Composed>, Diagnostic> {
    let mut all = each(pairs, variable)?;
    let mut names: HashSet<&VariableName> = all.iter().map(|one| &one.name).collect();
    names.extend(keys.iter().map(|key| &key.name));
    if let Some(file) = files.iter().find(|file| names.contains(&file.name)) {
        let message = format!("{} is given twice, here as a template", file.name);
        let correction = "Give one of them another name, or remove it";
        return Err(Diagnostic::invalid(message, correction).at(file.origin.clone()));
    }
    all.extend(files);
    let order = order(&all).map_err(|circle| {
        let names: Vec<&str> = circle.iter().map(|&at| all[at].name.as_str()).collect();
        let message = format!("depends on itself, through {}", names.join(", "));
        let correction = "Compose one of them from other variables";
        Diagnostic::invalid(message, correction).at(all[circle[0]].origin.clone())
    })?;
    all.iter().try_for_each(|one| refuse_files(one, &all, keys))?;
    let mut all: Vec<Option<Composed>> = all.into_iter().map(Some).collect();
    Ok(order.into_iter().filter_map(|at| all[at].take()).collect())
}

/// Refuses a template with a file as a part.
fn refuse_files(one: &Composed, all: &[Composed], keys: &[KeySource]) -> Result<(), Diagnostic> {
    let is_composed = |part: &str| {
        all.iter().any(|file| file.delivery == Delivery::File && file.name.as_str() == part)
    };
    let is_key = |part: &str| {
        keys.iter().any(|key| key.delivery == Delivery::File && key.name.as_str() == part)
    };
    let table = |part| match part {
        part if is_composed(part) => Some("[compose]"),
        part if is_key(part) => Some("[keys]"),
        _ => None,
    };
    let mut parts = one.template.variables();
    let Some((part, table)) = parts.find_map(|part| Some((part, table(part)?))) else {
        return Ok(());
    };
    let message =
        format!("`${{{part}}}` is the path of a file, which is not known before the start");
    let correction = format!("Take the value as a variable with `{table}`");
    Err(Diagnostic::invalid(message, correction).at(one.origin.clone()))
}

/// The places in the order. The error is the places that have none, since they wait for one another.
fn order(all: &[Composed]) -> Result<Vec<usize>, Vec<usize>> {
    let places = all.iter().enumerate();
    let places: HashMap<&str, usize> = places.map(|(at, one)| (one.name.as_str(), at)).collect();
    let mut waits = vec![0_usize; all.len()];
    let mut followers = vec![Vec::new(); all.len()];
    for (at, one) in all.iter().enumerate() {
        let before = one.template.variables().filter_map(|part| places.get(part));
        // A variable that contains itself extends the value that another source has set.
        for &before in before.filter(|before| **before != at) {
            waits[at] += 1;
            followers[before].push(at);
        }
    }
    let mut ready: BTreeSet<usize> = (0..all.len()).filter(|&at| waits[at] == 0).collect();
    let mut order = Vec::with_capacity(all.len());
    while let Some(at) = ready.pop_first() {
        order.push(at);
        for &follower in &followers[at] {
            waits[follower] -= 1;
            ready.extend((waits[follower] == 0).then_some(follower));
        }
    }
    let left: Vec<usize> = (0..all.len()).filter(|&at| waits[at] > 0).collect();
    if left.is_empty() { Ok(order) } else { Err(left) }
}

fn variable(given: Given<Pair>) -> Result<Composed, Diagnostic> {
    let ((name, text), origin) = (given.value, given.origin);
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
                shown: "t.toml".to_owned(),
                line: 1,
                key: format!("compose.{name}"),
            };
            Given::new((name.to_owned(), text.to_owned()), origin)
        });
        let composed = resolve(Some(pairs.collect()), Vec::new(), &[]);
        let composed = composed.map_err(|error| error.to_string())?;
        Ok(composed.into_iter().map(|one| one.name.to_string()).collect())
    }

    #[test]
    fn each_variable_comes_after_those_it_is_made_from() {
        let pairs = [("A", "${B}-${C}"), ("B", "${C|url}"), ("C", "${X}"), ("D", "")];
        assert_eq!(order(&pairs), Ok(["C", "B", "A", "D"].map(str::to_owned).into()));
        let itself = [("A", "${A}:x"), ("B", "${A}")];
        assert_eq!(order(&itself), Ok(["A", "B"].map(str::to_owned).into()));
        assert_eq!(
            order(&[("A", "${X}"), ("B", "${C}"), ("C", "${B}")]),
            Err("t.toml, line 1, `compose.B`: depends on itself, through B, C\n  help: Compose one of them from other variables".to_owned())
        );
    }
}
