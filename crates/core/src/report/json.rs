//! The report for machines. The schema is docs/check.md's; fields are added, never changed.

use super::{ContractStatus, Report, Row, StartCost, days};
use crate::contract::{Contract, Rule};
use crate::diagnostic::Diagnostic;
use crate::escape;
use crate::fetched::ParameterType;
use crate::parameter::Version;
use crate::variable::VariableName;
use serde_json::{Value, json};

pub(super) fn render(report: &Report) -> String {
    text(&object(report))
}

/// The objects of all stages, each with its name.
pub(super) fn render_stages(stages: &[(String, Report)]) -> String {
    let stages = stages.iter().map(|(name, report)| {
        let mut stage = object(report);
        stage["stage"] = name.as_str().into();
        stage
    });
    text(&json!({ "stages": stages.collect::<Vec<_>>() }))
}

fn text(value: &Value) -> String {
    escape::json(&format!("{value:#}\n")).into_owned()
}

fn object(report: &Report) -> Value {
    let rows: Vec<Value> = report
        .rows
        .iter()
        .map(|row| {
            json!({
                "variable": row.variable.as_str(),
                "parameter": row.param().map(ToString::to_string),
                "version": row.version.map(Version::get),
                "pinned": row.is_pinned(),
                "type": row.kind.map(ParameterType::word),
                "lastModified": row.modified.map(|time| humantime::format_rfc3339_seconds(time).to_string()),
                "ageDays": row.age.map(days),
                "source": row.source(),
                "renamedFrom": row.renamed_from.as_ref().map(VariableName::as_str),
                "state": row.state.word(),
                "overrides": row.overrides,
                "replaces": row.replaces.as_ref().map(ToString::to_string),
                "stale": row.stale,
                "contract": contract(row, &report.contract),
            })
        })
        .collect();
    let notices: Vec<Value> = report
        .notices
        .iter()
        .map(|notice| json!({ "level": notice.severity.word(), "message": notice.line() }))
        .collect();
    let asked = &report.asked;
    json!({
        "asked": {
            "region": asked.region.as_ref().map(ToString::to_string),
            "endpoint": asked.endpoint,
            "account": asked.account,
            "principal": asked.principal,
            "credentials": asked.credentials,
        },
        "variables": rows,
        "problems": report.problems.iter().map(Diagnostic::json).collect::<Vec<_>>(),
        "notices": notices,
        "unused": report.unused,
        "hints": report.hints,
        "start": report.start.map(StartCost::json),
        "watch": report.watch.map(|watch| json!({ "requests": watch.requests, "everySeconds": watch.every.as_secs_f64() })),
    })
}

/// The rules for a variable and whether it keeps them; null where the contract says nothing.
fn contract(row: &Row, rules: &Contract) -> Value {
    let violations = match &row.contract {
        ContractStatus::None => return Value::Null,
        ContractStatus::Met | ContractStatus::Unexpected => &[][..],
        ContractStatus::Violated(violations) => violations,
    };
    let rule = rules.rules.get(&row.variable);
    json!({
        "status": row.contract.word(),
        "violations": violations,
        "type": rule.map(|rule| rule.value_type.name().word()),
        "rules": rule.map(Rule::words),
        "secure": rule.is_some_and(|rule| rule.secure),
        "optional": rule.is_some_and(|rule| rule.optional),
        "description": rule.and_then(|rule| rule.description.as_ref()),
    })
}
