//! The `[keys]` table that would replace the prefixes of a configuration.

use super::Report;
use crate::config::{Config, Delivery};
use crate::parameter::OnMissing;
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
    for key in config
        .sources
        .keys
        .iter()
        .filter(|key| key.delivery == Delivery::Variable)
    {
        let param = key.param.to_string();
        let _ = match &key.absence {
            OnMissing::Fail => writeln!(out, "{} = {param:?}", key.name),
            OnMissing::Omit => writeln!(
                out,
                "{} = {{ param = {param:?}, optional = true }}",
                key.name
            ),
            OnMissing::Default(text) => writeln!(
                out,
                "{} = {{ param = {param:?}, default = {text:?} }}",
                key.name
            ),
        };
    }
    out
}
