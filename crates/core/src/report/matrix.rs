//! The report of every stage: variables by stage.

use super::{ContractStatus, Report, Row, Terminal};
use crate::config::ReportFormat;
use crate::escape;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::fmt::Write;

/// What one stage has.
#[derive(Debug)]
pub struct StageReport {
    /// The stage.
    pub stage: String,
    /// Its report, unless it could not be made.
    pub report: Option<Report>,
    /// What would keep the command from starting in this stage.
    pub problems: Vec<String>,
}

impl StageReport {
    /// One word for a variable: how it is set, or what the contract says against it.
    fn word(&self, variable: &str) -> &'static str {
        let Some(report) = &self.report else {
            return "?";
        };
        report
            .rows
            .iter()
            .find(|row| row.variable.as_str() == variable)
            .map_or("-", word)
    }
}

fn word(row: &Row) -> &'static str {
    match row.contract {
        ContractStatus::Violated(_) | ContractStatus::Unexpected => row.contract.word(),
        ContractStatus::None | ContractStatus::Met => row.state.word(),
    }
}

/// Renders the matrix, and the problems of each stage. A TOML file is about one stage, so the table
/// takes its place.
#[must_use]
pub fn render(stages: &[StageReport], format: ReportFormat, terminal: Terminal) -> String {
    let names: BTreeSet<&str> = stages
        .iter()
        .filter_map(|stage| stage.report.as_ref())
        .flat_map(|report| &report.rows)
        .map(|row| row.variable.as_str())
        .collect();
    match format {
        ReportFormat::Json => render_json(stages, &names),
        ReportFormat::Markdown => render_markdown(stages, &names),
        ReportFormat::Table | ReportFormat::Toml => render_table(stages, &names, terminal),
    }
}

fn render_json(stages: &[StageReport], names: &BTreeSet<&str>) -> String {
    let variables: Map<String, Value> = names
        .iter()
        .map(|name| {
            let words = stages
                .iter()
                .map(|stage| (stage.stage.clone(), stage.word(name).into()));
            ((*name).to_owned(), Value::Object(words.collect()))
        })
        .collect();
    let problems: Map<String, Value> = stages
        .iter()
        .map(|stage| (stage.stage.clone(), stage.problems.clone().into()))
        .collect();
    let matrix =
        json!({ "stages": stage_names(stages), "variables": variables, "problems": problems });
    escape::json(&format!("{matrix:#}\n")).into_owned()
}

fn stage_names(stages: &[StageReport]) -> Vec<&str> {
    stages.iter().map(|stage| stage.stage.as_str()).collect()
}

fn render_markdown(stages: &[StageReport], names: &BTreeSet<&str>) -> String {
    let mut out = String::from("| variable |");
    for stage in stages {
        let _ = write!(out, " {} |", escape::markdown_cell(&stage.stage));
    }
    let _ = writeln!(out, "\n| --- |{}", " --- |".repeat(stages.len()));
    for name in names {
        let _ = write!(out, "| {} |", escape::markdown_cell(name));
        for stage in stages {
            let _ = write!(out, " {} |", stage.word(name));
        }
        out.push('\n');
    }
    for stage in stages.iter().filter(|stage| !stage.problems.is_empty()) {
        let _ = writeln!(
            out,
            "\nProblems of {}:\n",
            escape::markdown_text(&stage.stage)
        );
        for problem in &stage.problems {
            let _ = writeln!(out, "- {}", escape::markdown_text(problem));
        }
    }
    out
}

fn render_table(stages: &[StageReport], names: &BTreeSet<&str>, terminal: Terminal) -> String {
    let heading = "VARIABLE";
    let first = names
        .iter()
        .map(|name| escape::line(name).chars().count())
        .chain([heading.len()])
        .max()
        .unwrap_or_default();
    let widths: Vec<usize> = stages
        .iter()
        .map(|stage| {
            let words = names.iter().map(|name| stage.word(name).len());
            words
                .chain([stage.stage.chars().count()])
                .max()
                .unwrap_or_default()
        })
        .collect();
    let mut out = String::new();
    let line = |first_cell: &str, cells: &[&str]| {
        let mut line = format!("{first_cell:first$}");
        for (cell, width) in cells.iter().zip(&widths) {
            let _ = write!(line, "  {cell:width$}");
        }
        line.trim_end().to_owned()
    };
    let headings = line(heading, &stage_names(stages));
    let _ = match terminal.colour {
        true => writeln!(out, "\x1b[1m{headings}\x1b[0m"),
        false => writeln!(out, "{headings}"),
    };
    for name in names {
        let words: Vec<&str> = stages.iter().map(|stage| stage.word(name)).collect();
        let _ = writeln!(out, "{}", line(&escape::line(name), &words));
    }
    for stage in stages.iter().filter(|stage| !stage.problems.is_empty()) {
        let _ = writeln!(out, "\nProblems of {}", escape::line(&stage.stage));
        for problem in &stage.problems {
            let _ = writeln!(out, "  {}", escape::line(problem));
        }
    }
    out
}
