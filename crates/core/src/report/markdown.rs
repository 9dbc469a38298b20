//! The report for a contract that is committed: what changes by itself, ages, is left out.

use super::Report;
use crate::config::Config;
use crate::contract::Rule;
use crate::escape;
use crate::fetched::ParameterType;
use std::fmt::Write;

pub(super) fn render(report: &Report, config: &Config) -> String {
    let mut columns = vec!["variable", "parameter", "type", "source"];
    let has_contract = !config.contract.rules.is_empty();
    if has_contract {
        columns.extend(["contract", "description"]);
    }
    let mut out = format!("| {} |\n", columns.join(" | "));
    let _ = writeln!(out, "|{}", " --- |".repeat(columns.len()));
    for row in &report.rows {
        let mut cells = vec![
            escape::markdown_cell(row.variable.as_str()),
            row.param().map_or(String::new(), |param| {
                escape::markdown_cell(&param.to_string())
            }),
            row.kind.map_or("", ParameterType::as_str).to_owned(),
            row.source().to_owned(),
        ];
        if has_contract {
            let rule = config.contract.rules.get(&row.variable);
            let words = rule.map_or_else(Vec::new, Rule::words);
            let words: Vec<String> = words
                .iter()
                .map(|word| escape::markdown_cell(word))
                .collect();
            cells.push(words.join(", "));
            let description = rule.and_then(|rule| rule.description.as_deref());
            let description = escape::markdown_text(description.unwrap_or_default());
            cells.push(description.replace('|', "\\|"));
        }
        let _ = writeln!(out, "| {} |", cells.join(" | "));
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
