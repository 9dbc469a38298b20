//! Which parameters do not exist, found without reading a value.

use super::problem::Problem;
use super::provenance::Requester;
use crate::config::Sources;
use crate::env_reference::EnvReference;
use crate::fetched::Fetched;
use crate::parameter::{OnMissing, ParameterRef, ValueRef};

/// Every parameter without which the command would not start. Members of JSON values are not looked for.
#[must_use]
pub fn missing(sources: &Sources, references: &[EnvReference], fetched: &Fetched) -> Vec<Problem> {
    let prefixes = sources
        .prefixes
        .iter()
        .filter(|source| !source.optional && fetched.below(&source.prefix).next().is_none())
        .map(|source| Problem::NothingBelow {
            prefix: source.prefix.clone(),
        });
    let objects = sources.objects.iter().filter(|object| !object.optional);
    let objects = objects.map(|object| (&object.param, Requester::Object));
    let keys = sources.keys.iter();
    let keys = keys.filter(|key| key.absence == OnMissing::Fail);
    let keys = keys.map(|key| (&key.param, Requester::Variable(key.name.clone())));
    let references = references.iter();
    let references = references.filter(|reference| reference.absence == OnMissing::Fail);
    let references = references.map(|reference| {
        (
            &reference.param,
            Requester::Reference(reference.name.clone()),
        )
    });
    let named = objects.chain(keys).chain(references);
    let named = named
        .filter(|(param, _)| fetched.get(&param.parameter).is_none())
        .map(|(param, requester)| Problem::Missing {
            param: param.clone(),
            requester,
        });
    let trigger = sources.trigger.as_ref();
    let trigger = trigger.and_then(|trigger| missing_trigger(trigger, fetched));
    prefixes.chain(named).chain(trigger).collect()
}

/// The trigger must exist when the command is started.
#[must_use]
pub fn missing_trigger(trigger: &ParameterRef, fetched: &Fetched) -> Option<Problem> {
    fetched.get(trigger).is_none().then(|| Problem::Missing {
        param: ValueRef {
            parameter: trigger.clone(),
            field: None,
        },
        requester: Requester::Trigger,
    })
}
