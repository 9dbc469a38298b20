//! The report for machines. The schema is docs/check.md's; fields are added, never changed.

use super::{Report, days};
use crate::escape;
use crate::fetched::ParameterType;
use crate::parameter::Version;
use crate::variable::VariableName;
use serde_json::{Value, json};

pub(super) fn render(report: &Report) -> String {
    let rows: Vec<Value> = report
        .rows
        .iter()
        .map(|row| {
            json!({
                "variable": row.variable.as_str(),
                "parameter": row.provenance.param().map(ToString::to_string),
                "version": row.version.map(Version::get),
                "pinned": row.provenance.is_pinned(),
                "type": row.kind.map(ParameterType::as_str),
                "lastModified": row.modified.map(|time| humantime::format_rfc3339_seconds(time).to_string()),
                "ageDays": row.age.map(days),
                "source": row.source(),
                "renamedFrom": row.renamed_from.as_ref().map(VariableName::as_str),
                "state": row.state.word(),
                "overrides": row.overrides,
                "replaces": row.replaces.as_ref().map(ToString::to_string),
                "stale": row.stale,
            })
        })
        .collect();
    let notices: Vec<Value> = report
        .notices
        .iter()
        .map(|notice| json!({ "level": notice.level().word(), "message": notice.to_string() }))
        .collect();
    let report = json!({
        "variables": rows,
        "problems": report.problems,
        "notices": notices,
        "unused": report.unused,
        "hints": report.hints,
    });
    escape::json(&format!("{report:#}\n")).into_owned()
}
