//! The report for a contract that is committed: what changes by itself, ages, is left out.

use super::Report;
use crate::contract::Rule;
use crate::escape;
use crate::fetched::ParameterType;
use std::fmt::Write;

pub(super) fn render(report: &Report) -> String {
    let mut columns = vec!["variable", "parameter", "type", "source"];
    let has_contract = !report.contract.rules.is_empty();
    if has_contract {
        columns.extend(["contract", "description"]);
    }
    let mut out = format!("| {} |\n", columns.join(" | "));
    let _ = writeln!(out, "|{}", " --- |".repeat(columns.len()));
    for row in &report.rows {
        let mut cells = vec![
            escape::markdown_cell(row.variable.as_str()),
            row.param().map_or(String::new(), |param| escape::markdown_cell(&param.to_string())),
            row.kind.map_or("", ParameterType::word).to_owned(),
            row.source().to_owned(),
        ];
        if has_contract {
            let rule = report.contract.rules.get(&row.variable);
            let words = rule.map_or_else(Vec::new, Rule::words);
            let words: Vec<String> = words.iter().map(|word| escape::markdown_cell(word)).collect();
            cells.push(words.join(", "));
            let description = rule.and_then(|rule| rule.description.as_deref());
            let description = escape::markdown_text(description.unwrap_or_default());
            cells.push(description.replace('|', "\\|"));
        }
        let _ = writeln!(out, "| {} |", cells.join(" | "));
    }
    if report.rows.is_empty() {
        out.clear();
    }
    let problems = report.problems.iter().map(|problem| {
        let mut text = format!("- {}", escape::markdown_text(&problem.line()));
        let help = problem.help.iter().map(ToString::to_string);
        for line in problem.list.iter().cloned().chain(help) {
            let _ = write!(text, "\n  - {}", escape::markdown_text(&line));
        }
        text
    });
    let unused = report.unused.iter().flatten();
    let unused = unused.map(|name| format!("- {}", escape::markdown_text(name)));
    for (heading, items) in
        [("Problems", problems.collect::<Vec<_>>()), ("Unused", unused.collect())]
    {
        if !items.is_empty() {
            let blank = if out.is_empty() { "" } else { "\n" };
            let _ = writeln!(out, "{blank}{heading}:\n\n{}", items.join("\n"));
        }
    }
    out
}
