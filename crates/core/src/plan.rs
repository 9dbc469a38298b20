//! The fewest requests that fetch what is asked for. Pure.

use crate::config::Sources;
use crate::env_reference::EnvReference;
use crate::parameter::{ParameterId, ParameterRef, Prefix};
pub use crate::request::Request;
use std::collections::{BTreeSet, HashSet};

/// The most names that `GetParameters` takes (API_GetParameters).
pub const BATCH: usize = 10;

/// Plans the requests for all sources and references.
pub fn plan(sources: &Sources, references: &[EnvReference]) -> Vec<Request> {
    plan_those(sources, references, |_| true)
}

/// Plans the requests whose answers can change: a version never does.
pub fn plan_polls(sources: &Sources, references: &[EnvReference]) -> Vec<Request> {
    plan_those(sources, references, |parameter| !parameter.is_fixed())
}

/// Whether any source can return another value than before. The trigger is not a source.
pub fn can_change(sources: &Sources, references: &[EnvReference]) -> bool {
    let sources = Sources { trigger: None, ..sources.clone() };
    !plan_polls(&sources, references).is_empty()
}

fn plan_those(
    sources: &Sources,
    references: &[EnvReference],
    is_wanted: fn(&ParameterRef) -> bool,
) -> Vec<Request> {
    let prefixes = sources.prefixes.iter().map(|source| &source.prefix);
    let needed = widest(&prefixes.collect::<Vec<_>>());
    let referenced = references.iter().map(|one| &one.param.parameter);
    let names = sources.parameters().chain(referenced);
    let names = names.filter(|name| is_wanted(name));
    let names = names.filter(|name| !needed.iter().any(|prefix| prefix.includes(name)));
    let batches = batches(names.collect());
    let below = needed.iter().map(|&prefix| Request::Below(prefix.clone()));
    below.chain(batches.into_iter().map(Request::Batch)).collect()
}

/// The prefixes that no other one covers, each once.
fn widest<'a>(prefixes: &[&'a Prefix]) -> Vec<&'a Prefix> {
    let mut needed: Vec<&Prefix> = Vec::new();
    for (at, prefix) in prefixes.iter().enumerate() {
        let covered = |(other_at, other): (usize, &&Prefix)| {
            other.covers(prefix) && (!prefix.covers(other) || other_at < at)
        };
        if !prefixes.iter().enumerate().any(covered) {
            needed.push(prefix);
        }
    }
    needed
}

/// Batches in which no parameter occurs twice: of two versions of one, the second goes into another
/// batch, so that an answer always belongs to the one name that requested it. References to Secrets
/// Manager have batches of their own: one that may not be read fails its whole batch, without its name.
fn batches(names: BTreeSet<&ParameterRef>) -> Vec<Vec<ParameterRef>> {
    let (secrets, plain): (Vec<_>, Vec<_>) =
        names.into_iter().partition(|parameter| parameter.name().is_secret_reference());
    let mut all = fill(plain);
    all.extend(fill(secrets));
    all
}

fn fill(names: Vec<&ParameterRef>) -> Vec<Vec<ParameterRef>> {
    let mut batches = Vec::new();
    let mut left = names;
    while !left.is_empty() {
        // One round takes every parameter in one version; other versions wait for the next.
        let mut seen: HashSet<&str> = HashSet::new();
        let (now, later): (Vec<_>, Vec<_>) =
            left.into_iter().partition(|parameter| seen.insert(identity(&parameter.subject)));
        batches.extend(
            now.chunks(BATCH).map(|chunk| chunk.iter().copied().cloned().collect::<Vec<_>>()),
        );
        left = later;
    }
    merge_small(batches)
}

/// An ARN and a name may be one parameter, if the ARN is of this account: they count as one here.
fn identity(subject: &ParameterId) -> &str {
    subject.name().in_arn()
}

/// Rounds leave batches that are not full: what fits together without a parameter twice is joined.
fn merge_small(batches: Vec<Vec<ParameterRef>>) -> Vec<Vec<ParameterRef>> {
    let mut merged: Vec<Vec<ParameterRef>> = Vec::new();
    for batch in batches {
        let fits = |other: &Vec<ParameterRef>| {
            other.len() + batch.len() <= BATCH
                && !batch
                    .iter()
                    .any(|a| other.iter().any(|b| identity(&a.subject) == identity(&b.subject)))
        };
        match merged.iter().position(fits) {
            Some(at) => merged[at].extend(batch),
            None => merged.push(batch),
        }
    }
    merged
}

#[cfg(test)]
mod tests;
