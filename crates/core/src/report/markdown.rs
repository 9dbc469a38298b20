//! The report for a contract that is committed: what changes by itself, ages, is left out.

use super::Report;
use crate::escape;
use crate::fetched::ParameterType;
use std::fmt::Write;

pub(super) fn render(report: &Report) -> String {
    let mut out =
        String::from("| variable | parameter | type | source |\n| --- | --- | --- | --- |\n");
    for row in &report.rows {
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} |",
            escape::markdown_cell(row.variable.as_str()),
            escape::markdown_cell(&row.parameter()),
            row.kind.map_or("", ParameterType::as_str),
            row.source()
        );
    }
    for (heading, items) in [
        ("Problems", Some(&report.problems)),
        ("Unused", report.unused.as_ref()),
    ] {
        if let Some(items) = items.filter(|items| !items.is_empty()) {
            let _ = writeln!(out, "\n{heading}:\n");
            for item in items {
                let _ = writeln!(out, "- {}", escape::markdown_text(item));
            }
        }
    }
    out
}
