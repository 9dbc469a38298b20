//! `ssm-exec policy`: the least-privilege IAM policy for a configuration.

use super::output;
use super::resolve::Invocation;
use crate::aws;
use crate::error::Error;
use crate::exec::signals;
use crate::logging::info;
use ssm_exec_core::plan;
use ssm_exec_core::policy::{self, Place};

/// Prints the policy. Works offline where region and account are given.
pub(super) fn run(session: &Invocation<'_>) -> Result<u8, Error> {
    let options = &session.config.policy;
    let references = session.references()?;
    session.ensure_any_source(&references)?;
    let requests = plan::plan(&session.config.sources, &references);
    let (account, region) = match (options.account.clone(), &session.config.aws.region) {
        (Some(account), Some(region)) => (account, region.value.clone()),
        (account, _) => {
            signals::install_termination_handlers();
            let (callers, region) =
                aws::identity(&session.config, session.inherited, session.started)?;
            (account.unwrap_or(callers), region)
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
        info!(
            "the polls of --watch read versions, not values, and need no kms:Decrypt; the start and the rehearsal before a signal need all of this policy"
        );
    }
    Ok(0)
}
