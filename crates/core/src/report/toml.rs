//! The report as a configuration file: one to begin with, or one that names each parameter. Names and types, never
//! a value.

use super::{Report, State};
use crate::config::{Config, Delivery, Encoding, KeySource, PrefixSource, duration};
use crate::environment::Provenance;
use crate::escape;
use crate::fetched::ParameterType;
use crate::origin::Given;
use crate::parameter::OnMissing;
use crate::toml_text::{inline, list, on, string};
use crate::variable::{Case, Glob, VariableName};
use std::collections::BTreeMap;
use std::fmt::Write;

/// The text of a file to begin with. What the environment cannot hold yet is in it as a comment.
pub fn starter_file(report: &Report, config: &Config) -> String {
    let prefixes: Vec<String> = config.sources.prefixes.iter().map(prefix).collect();
    let mut out = format!(
        "# Written by `ssm-exec init`. It holds names, never values, and can be committed.
# `ssm-exec check` tries it and starts nothing; docs/configuration.md has every setting.

# Every parameter below these paths becomes a variable, new ones included.
prefix = [{}]

# Refuse variables that [contract] does not name:
# closed = true

# The command to start when the command line has none:
# command = [\"./server\"]
",
        prefixes.join(", ")
    );
    for problem in &report.problems {
        let _ = writeln!(out, "\n# Not usable yet: {}", escape::line(&problem.line()));
    }
    out.push_str(
        "\n# To choose parameters one by one, use this in place of the prefix:\n# [keys]\n",
    );
    for row in report.rows.iter().filter(|row| row.state == State::Set) {
        let (name, parameter) = (&row.variable, string(&row.parameter()));
        let kind = row.kind.map_or("", ParameterType::word);
        let _ = writeln!(out, "# {name} = {parameter}  # {kind}");
    }
    if let Some(region) = &config.aws.region {
        let _ = writeln!(out, "\n[aws]\nregion = {}", string(region.value.as_str()));
    }
    out.push_str("\n# What each variable must be, such as { type = \"url\", secure = true }; docs/contract.md has the rules.\n");
    table(&mut out, "contract", &contract(report, config));
    out
}

/// `[keys]` and `[files]` in place of the prefixes and JSON objects.
pub(super) fn render(report: &Report, config: &Config) -> String {
    let mut keys = BTreeMap::new();
    let mut files = BTreeMap::new();
    let rows = report.rows.iter();
    let rows = rows.filter_map(|row| Some((&row.variable, row.provenance.as_ref()?)));
    for (name, provenance) in rows.chain(&report.parts) {
        if let Provenance::Prefix(param) | Provenance::Object(param) = provenance {
            keys.insert(name, string(&param.to_string()));
        }
    }
    let dropped = |name: &VariableName| {
        let mut globs = config.rules.drop.iter();
        !report.parts.contains_key(name) && globs.any(|glob| glob.value.matches(name.as_str()))
    };
    for source in &config.sources.keys {
        let mut renames = config.rules.rename.iter();
        let name = renames
            .find(|rename| rename.from == source.name)
            .map_or(&source.name, |rename| &rename.to);
        // An optional key whose parameter is absent leaves what a prefix has set.
        if dropped(name) || keys.contains_key(name) {
            continue;
        }
        match source.delivery {
            Delivery::Variable => keys.insert(name, key(source)),
            Delivery::File => files.insert(name, key(source)),
        };
    }
    let mut out = String::new();
    for source in &config.sources.prefixes {
        let _ = writeln!(out, "# In place of the prefix {}", source.prefix);
    }
    for source in &config.sources.objects {
        let param = source.param.to_string();
        let _ = writeln!(out, "# In place of the JSON object {}", escape::line(&param));
    }
    table(&mut out, "keys", &keys);
    if !files.is_empty() {
        out.push('\n');
        table(&mut out, "files", &files);
    }
    let templates = config.rules.compose.iter();
    for template in templates.filter(|one| one.delivery == Delivery::File) {
        let _ = writeln!(out, "# Keep the template of {} in [files]", template.name);
    }
    let contract = contract(report, config);
    if !contract.is_empty() {
        out.push_str("\n# What each variable must be; docs/contract.md has the rules.\n");
        table(&mut out, "contract", &contract);
    }
    out
}

/// The rules there are, and those to begin with: the type of a parameter tells whether it is secret.
fn contract<'a>(report: &'a Report, config: &'a Config) -> BTreeMap<&'a VariableName, String> {
    let begun = report.rows.iter().filter_map(|row| {
        // A member of a JSON object may be empty, and its type is that of the object.
        let param = row.param().filter(|param| param.field.is_none())?;
        let is_secure = row.kind == Some(ParameterType::SecureString)
            && param.parameter.name().secret_name().is_none();
        let rules = [("secure", on(is_secure)), ("optional", on(row.state == State::Absent))];
        Some((&row.variable, inline(rules)))
    });
    let rules = &config.contract.rules;
    let given = rules.iter().map(|(name, rule)| (name, rule.to_toml()));
    begun.chain(given).collect()
}

fn table(out: &mut String, name: &str, entries: &BTreeMap<&VariableName, String>) {
    let _ = writeln!(out, "[{name}]");
    for (name, value) in entries {
        let name = name.as_str();
        // A dot is not part of a bare key.
        let quoted = name.contains('.').then(|| string(name));
        let _ = writeln!(out, "{} = {value}", quoted.as_deref().unwrap_or(name));
    }
}

/// A string, or an inline table where there is more to say than the path or the parameter.
fn entry<const N: usize>(name: &str, text: &str, options: [(&str, Option<String>); N]) -> String {
    if options.iter().all(|(_, value)| value.is_none()) {
        return string(text);
    }
    inline([(name, Some(string(text)))].into_iter().chain(options))
}

/// A prefix with the naming rules that were given for it.
fn prefix(source: &PrefixSource) -> String {
    let globs = |globs: &[Given<Glob>]| {
        (!globs.is_empty()).then(|| list(globs.iter().map(|glob| glob.value.as_str())))
    };
    let naming = &source.naming;
    entry(
        "path",
        &source.prefix.to_string(),
        [
            ("name_prefix", (!naming.prefix.is_empty()).then(|| string(&naming.prefix))),
            ("case", (naming.case == Case::Keep).then(|| string(Case::Keep.word()))),
            ("only", globs(&naming.only)),
            ("exclude", globs(&naming.exclude)),
        ],
    )
}

fn key(source: &KeySource) -> String {
    let default = match &source.absence {
        OnMissing::Default(text) => Some(string(text)),
        OnMissing::Fail | OnMissing::Omit => None,
    };
    let is_base64 = source.encoding == Encoding::Base64;
    entry(
        "param",
        &source.param.to_string(),
        [
            ("optional", on(source.absence == OnMissing::Omit)),
            ("default", default),
            ("encoding", is_base64.then(|| string("base64"))),
            ("max_age", source.max_age.map(|age| string(&duration::written(age)))),
        ],
    )
}
