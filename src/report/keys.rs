//! The `[keys]` table that would replace the prefixes of a configuration.

use super::Report;
use crate::config::{Absence, Config, Delivery};
use std::fmt::Write;

pub(super) fn render(report: &Report, config: &Config) -> String {
    let prefixes: Vec<String> = config
        .sources
        .prefixes
        .iter()
        .map(|source| source.prefix.to_string())
        .collect();
    let mut out = format!("# In place of: prefix = {prefixes:?}\n[keys]\n");
    for row in report.rows.iter().filter(|row| row.source == "prefix") {
        let _ = writeln!(out, "{} = {:?}", row.variable, row.parameter);
    }
    for single in config
        .sources
        .singles
        .iter()
        .filter(|single| single.delivery == Delivery::Variable)
    {
        let param = single.param.to_string();
        let _ = match &single.absence {
            Absence::Fails => writeln!(out, "{} = {param:?}", single.name),
            Absence::LeavesOut => writeln!(
                out,
                "{} = {{ param = {param:?}, optional = true }}",
                single.name
            ),
            Absence::Defaults(text) => writeln!(
                out,
                "{} = {{ param = {param:?}, default = {text:?} }}",
                single.name
            ),
        };
    }
    out
}
