//! The report for people: tidy on a terminal, plain in a pipe.

use super::{ContractStatus, Report, Row, Terminal, day, days};
use crate::aws_context::AwsContext;
use crate::diagnostic::{Diagnostic, Severity};
use crate::escape;
use crate::fetched::ParameterType;
use std::fmt::Write;

const HEADINGS: [&str; 8] =
    ["VARIABLE", "PARAMETER", "VERSION", "TYPE", "MODIFIED", "AGE", "SOURCE", "CONTRACT"];
/// Between two columns.
const GAP: &str = "  ";
/// The column that gives way on a narrow terminal.
const PARAMETER: usize = 1;
/// It is not shortened below this.
const NARROWEST: usize = 16;

pub(super) fn render(report: &Report, terminal: Terminal) -> String {
    let has_contract = !report.contract.rules.is_empty();
    let rows: Vec<[String; 8]> = report
        .rows
        .iter()
        .map(|row| cells(row).map(|cell| escape::line(&cell).into_owned()))
        .collect();
    let headings = HEADINGS.map(str::to_owned);
    let mut widths = headings.each_ref().map(String::len).to_vec();
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    if !has_contract {
        widths.pop();
    }
    if let Some(room) = terminal.width {
        let total: usize = widths.iter().map(|width| width + GAP.len()).sum();
        let excess = total.saturating_sub(room + GAP.len());
        let width = widths[PARAMETER];
        widths[PARAMETER] = width.saturating_sub(excess).max(width.min(NARROWEST));
    }
    let mut sections = Vec::new();
    if report.asked != AwsContext::default() {
        let clauses = report.asked.clauses();
        sections.push(wrapped("Parameter Store:", &clauses, terminal.width));
    }
    if !rows.is_empty() {
        let headings = paint(terminal, "1", &line(&headings, &widths));
        let lines = report.rows.iter().zip(&rows).map(|(row, cells)| {
            let text = line(cells, &widths);
            match row.contract {
                _ if row.stale => paint(terminal, "33", &text),
                ContractStatus::Violated(_) => paint(terminal, "33", &text),
                _ => text,
            }
        });
        let lines: Vec<String> = std::iter::once(headings).chain(lines).collect();
        sections.push(lines.join("\n"));
    }
    let mut list = |heading: &str, colour: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            let mut section = paint(terminal, colour, heading);
            for line in lines {
                let _ = write!(section, "\n  {}", escape::line(&line));
            }
            sections.push(section);
        }
    };
    let problems = report.problems.iter().flat_map(|problem| {
        let details = problem.details().into_iter();
        let details = details.map(|detail| format!("  {detail}"));
        std::iter::once(problem.line()).chain(details)
    });
    list("Problems", "31", problems.collect());
    let notices = |severity: Severity| {
        let notices = report.notices.iter();
        let notices = notices.filter(|notice| notice.severity == severity);
        notices.map(Diagnostic::line).collect::<Vec<String>>()
    };
    list("Warnings", "33", notices(Severity::Warning));
    let stale = report.stale().map(|row| format!("{} ({})", row.variable, row.parameter()));
    list("Stale", "33", stale.collect());
    list("Unused", "33", report.unused.clone().unwrap_or_default());
    list("Notes", "2", notices(Severity::Note));
    list("Hints", "2", report.hints.clone());
    sections.extend(report.watch.map(|watch| watch.to_string()));
    sections.extend(report.start.map(|start| start.to_string()));
    match sections.as_slice() {
        [] => String::new(),
        sections => sections.join("\n\n") + "\n",
    }
}

fn cells(row: &Row) -> [String; 8] {
    let version = row.version.map_or(String::new(), |version| version.to_string());
    let mut source = vec![row.source().to_owned()];
    source.extend(row.remarks());
    [
        row.variable.to_string(),
        row.parameter(),
        if row.is_pinned() { format!("{version} pinned") } else { version },
        row.kind.map_or("", ParameterType::word).to_owned(),
        row.modified.map(day).unwrap_or_default(),
        row.age.map(|age| format!("{}d", days(age))).unwrap_or_default(),
        source.join(", "),
        match &row.contract {
            ContractStatus::Met => "ok",
            ContractStatus::None => "",
            other => other.word(),
        }
        .to_owned(),
    ]
}

/// The cells of the columns that have a width.
fn line(cells: &[String; 8], widths: &[usize]) -> String {
    let mut line = String::new();
    for (cell, &width) in cells.iter().zip(widths) {
        let length = cell.chars().count();
        if length > width {
            // The end of a path tells more than its beginning.
            line.push('…');
            line.extend(cell.chars().skip(length - width + 1));
        } else {
            let _ = write!(line, "{cell:width$}");
        }
        line.push_str(GAP);
    }
    line.trim_end().to_owned()
}

/// Clauses separated by commas, on a new line where the terminal ends.
fn wrapped(start: &str, clauses: &[String], width: Option<usize>) -> String {
    let mut lines: Vec<String> = Vec::new();
    for (at, clause) in clauses.iter().enumerate() {
        let comma = if at + 1 < clauses.len() { "," } else { "" };
        let clause = format!("{}{comma}", escape::line(clause));
        let fits = |line: &str| {
            let length = line.chars().count() + 1 + clause.chars().count();
            width.is_none_or(|width| length <= width)
        };
        match lines.last_mut() {
            None => lines.push(format!("{start} {clause}")),
            Some(line) if fits(line) => {
                line.push(' ');
                line.push_str(&clause);
            }
            Some(_) => lines.push(format!("  {clause}")),
        }
    }
    lines.join("\n")
}

pub(super) fn paint(terminal: Terminal, colour: &str, text: &str) -> String {
    if terminal.colour { format!("\x1b[{colour}m{text}\x1b[0m") } else { text.to_owned() }
}
