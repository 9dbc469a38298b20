//! `ssm-exec policy`: the least-privilege IAM policy for a configuration.

use super::output;
use super::resolve::Invocation;
use crate::aws;
use crate::error::Error;
use crate::exec::signals;
use crate::logging::warn;
use ssm_exec_core::plan;
use ssm_exec_core::policy::{self, Place};

/// Prints the policy. Works offline where region and account are given.
pub(super) fn run(session: &Invocation<'_>) -> Result<u8, Error> {
    let options = &session.config.policy;
    let references = session.references()?;
    session.ensure_any_source(&references)?;
    let requests = plan::plan(&session.config.sources, &references);
    let region = session.config.aws.region.as_ref().map(|given| given.value.clone());
    let (account, region) = match (options.account.clone(), region) {
        (Some(account), Some(region)) => (account, region),
        (account, region) => {
            signals::install_termination_handlers();
            let (callers, found) =
                aws::identity(&session.config, session.inherited, session.started)?;
            (account.unwrap_or(callers), region.unwrap_or(found))
        }
    };
    let place = Place {
        partition: options.partition.clone().unwrap_or_else(|| region.partition().id.to_owned()),
        region,
        account,
    };
    let document = policy::document(&requests, &place, options.kms_key.as_ref());
    output::print(format!("{document:#}\n").as_bytes())?;
    if session.config.watch.is_some() {
        warn!(
            "the polls of --watch read versions, not values, and need no kms:Decrypt; the start and the rehearsal before a signal need all of this policy"
        );
    }
    Ok(0)
}
