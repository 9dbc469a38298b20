//! The report for people: tidy on a terminal, plain in a pipe.

use super::{ContractStatus, Report, Row, Terminal, day, days};
use crate::aws_context::AwsContext;
use crate::config::Config;
use crate::environment::notice::Level;
use crate::escape;
use crate::fetched::ParameterType;
use std::fmt::Write;

const HEADINGS: [&str; 8] = [
    "VARIABLE",
    "PARAMETER",
    "VERSION",
    "TYPE",
    "MODIFIED",
    "AGE",
    "SOURCE",
    "CONTRACT",
];
/// Between two columns.
const GAP: &str = "  ";
/// The column that gives way on a narrow terminal.
const PARAMETER: usize = 1;
/// It is not shortened below this.
const NARROWEST: usize = 16;

pub(super) fn render(report: &Report, config: &Config, terminal: Terminal) -> String {
    let has_contract = !config.contract.rules.is_empty();
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
    let mut out = String::new();
    if report.asked != AwsContext::default() {
        let text = wrapped("Parameter Store:", &report.asked.clauses(), terminal.width);
        let _ = writeln!(out, "{text}\n");
    }
    let headings = line(&headings, &widths);
    let _ = writeln!(out, "{}", paint(terminal, "1", &headings));
    for (row, cells) in report.rows.iter().zip(&rows) {
        let text = line(cells, &widths);
        let _ = writeln!(
            out,
            "{}",
            if row.stale || matches!(row.contract, ContractStatus::Violated(_)) {
                paint(terminal, "33", &text)
            } else {
                text
            }
        );
    }
    let mut list = |heading: &str, colour: &str, items: &[String]| {
        if !items.is_empty() {
            let _ = writeln!(out, "\n{}", paint(terminal, colour, heading));
            for item in items {
                let _ = writeln!(out, "  {}", escape::line(item));
            }
        }
    };
    list("Problems", "31", &report.problems);
    let notices = |level: Level| {
        let notices = report.notices.iter();
        let notices = notices.filter(|notice| notice.level() == level);
        notices.map(ToString::to_string).collect::<Vec<String>>()
    };
    list("Warnings", "33", &notices(Level::Warning));
    let stale: Vec<String> = report
        .stale()
        .map(|row| format!("{} ({})", row.variable, row.parameter()))
        .collect();
    list("Stale", "33", &stale);
    list("Unused", "33", report.unused.as_deref().unwrap_or_default());
    list("Notes", "2", &notices(Level::Note));
    list("Hints", "2", &report.hints);
    if let Some(watch) = report.watch {
        let _ = writeln!(out, "\n{watch}");
    }
    out
}

fn cells(row: &Row) -> [String; 8] {
    let version = row
        .version
        .map_or(String::new(), |version| version.to_string());
    let mut source = vec![row.source().to_owned()];
    source.extend(row.remarks());
    [
        row.variable.to_string(),
        row.parameter(),
        if row.is_pinned() {
            format!("{version} pinned")
        } else {
            version
        },
        row.kind.map_or("", ParameterType::as_str).to_owned(),
        row.modified.map(day).unwrap_or_default(),
        row.age
            .map(|age| format!("{}d", days(age)))
            .unwrap_or_default(),
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

fn paint(terminal: Terminal, colour: &str, text: &str) -> String {
    if terminal.colour {
        format!("\x1b[{colour}m{text}\x1b[0m")
    } else {
        text.to_owned()
    }
}
