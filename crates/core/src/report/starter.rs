//! A configuration file to begin with, from what is below prefixes: names and types, never a value.

use super::keys::{contract, table, text};
use super::{Report, State};
use crate::config::{Config, PrefixSource};
use crate::escape;
use crate::origin::Given;
use crate::variable::{Case, Glob};
use std::fmt::Write;

/// The text of the file. What the environment cannot hold yet is in it as a comment.
#[must_use]
pub fn starter_file(report: &Report, config: &Config) -> String {
    let mut out = String::from(
        "# Written by `ssm-exec init`. It holds names, never values, and can be committed.
# `ssm-exec check` tries it and starts nothing; docs/configuration.md has every setting.

# Every parameter below these paths becomes a variable, new ones included.
",
    );
    let out = &mut out;
    let prefixes: Vec<String> = config.sources.prefixes.iter().map(entry).collect();
    let _ = writeln!(out, "prefix = [{}]", prefixes.join(", "));
    let _ = writeln!(
        out,
        "\n# Refuse variables that [contract] does not name:\n# closed = true"
    );
    let _ = writeln!(
        out,
        "\n# The command to start when the command line has none:\n# command = [\"./server\"]"
    );
    for problem in &report.problems {
        let _ = writeln!(out, "\n# Not usable yet: {}", escape::line(&problem.line()));
    }
    let _ = writeln!(
        out,
        "\n# To choose parameters one by one, use this in place of the prefix:\n# [keys]"
    );
    let set = report.rows.iter().filter(|row| row.state == State::Set);
    for row in set {
        let kind = row.kind.map_or("", |kind| kind.as_str());
        let _ = writeln!(
            out,
            "# {} = {}  # {kind}",
            row.variable,
            text(&row.parameter())
        );
    }
    if let Some(region) = &config.aws.region {
        let _ = writeln!(out, "\n[aws]\nregion = {}", text(&region.value.to_string()));
    }
    let _ = writeln!(
        out,
        "\n# What each variable must be, such as {{ type = \"url\", secure = true }}; docs/contract.md has the rules."
    );
    table(out, "contract", &contract(report, config));
    std::mem::take(out)
}

/// A prefix with the naming rules that were given for it.
fn entry(source: &PrefixSource) -> String {
    let path = text(&source.prefix.to_string());
    let globs = |globs: &[Given<Glob>]| {
        let globs: Vec<String> = globs.iter().map(|glob| text(glob.value.as_str())).collect();
        format!("[{}]", globs.join(", "))
    };
    let naming = &source.naming;
    let mut rules = Vec::new();
    if !naming.prefix.is_empty() {
        rules.push(format!("name_prefix = {}", text(&naming.prefix)));
    }
    if naming.case == Case::Keep {
        rules.push("case = \"keep\"".to_owned());
    }
    for (name, filter) in [("only", &naming.only), ("exclude", &naming.exclude)] {
        if !filter.is_empty() {
            rules.push(format!("{name} = {}", globs(filter)));
        }
    }
    match rules.as_slice() {
        [] => path,
        rules => format!("{{ path = {path}, {} }}", rules.join(", ")),
    }
}
