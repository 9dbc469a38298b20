//! The report as a configuration file: `[keys]` and `[files]` in place of the prefixes.

use super::{Report, State};
use crate::config::{Config, Delivery, Encoding, KeySource, duration};
use crate::environment::Provenance;
use crate::escape;
use crate::fetched::ParameterType;
use crate::parameter::OnMissing;
use crate::variable::VariableName;
use std::collections::BTreeMap;
use std::fmt::Write;

pub(super) fn render(report: &Report, config: &Config) -> String {
    let mut keys = BTreeMap::new();
    let mut files = BTreeMap::new();
    let rows = report.rows.iter();
    let rows = rows.filter_map(|row| Some((&row.variable, row.provenance.as_ref()?)));
    for (name, provenance) in rows.chain(&report.parts) {
        if let Provenance::Prefix(param) | Provenance::Object(param) = provenance {
            keys.insert(name, text(&param.to_string()));
        }
    }
    let dropped = |name: &VariableName| {
        let mut globs = config.rules.drop.iter();
        !report.parts.contains_key(name) && globs.any(|glob| glob.value.matches(name.as_str()))
    };
    for key in &config.sources.keys {
        let mut renames = config.rules.rename.iter();
        let name = renames
            .find(|rename| rename.from == key.name)
            .map_or(&key.name, |rename| &rename.to);
        // An optional key whose parameter is absent leaves what a prefix has set.
        if dropped(name) || keys.contains_key(name) {
            continue;
        }
        match key.delivery {
            Delivery::Variable => keys.insert(name, value(key)),
            Delivery::File => files.insert(name, value(key)),
        };
    }
    let mut out = String::new();
    for source in &config.sources.prefixes {
        let _ = writeln!(out, "# In place of the prefix {}", source.prefix);
    }
    for source in &config.sources.objects {
        let _ = writeln!(
            out,
            "# In place of the JSON object {}",
            escape::line(&source.param.to_string())
        );
    }
    table(&mut out, "keys", &keys);
    if !files.is_empty() {
        out.push('\n');
        table(&mut out, "files", &files);
    }
    let contract = contract(report, config);
    if !contract.is_empty() {
        out.push_str("\n# What each variable must be; docs/contract.md has the rules.\n");
        table(&mut out, "contract", &contract);
    }
    out
}

/// The rules there are, and those to begin with: the type of a parameter tells whether it is secret.
pub(super) fn contract<'a>(
    report: &'a Report,
    config: &'a Config,
) -> BTreeMap<&'a VariableName, String> {
    let begun = report.rows.iter().filter_map(|row| {
        // A member of a JSON object may be empty, and its type is that of the object.
        let param = row.param().filter(|param| param.field.is_none())?;
        let is_secure = row.kind == Some(ParameterType::SecureString)
            && param.parameter.name().secret_name().is_none();
        let rules = [
            is_secure.then_some("secure = true"),
            (row.state == State::Absent).then_some("optional = true"),
        ];
        let rules: Vec<&str> = rules.into_iter().flatten().collect();
        let rules = match rules.as_slice() {
            [] => "{}".to_owned(),
            rules => format!("{{ {} }}", rules.join(", ")),
        };
        Some((&row.variable, rules))
    });
    let mut contract: BTreeMap<_, _> = begun.collect();
    for (name, rule) in &config.contract.rules {
        contract.insert(name, rule.to_toml());
    }
    contract
}

pub(super) fn table(out: &mut String, name: &str, entries: &BTreeMap<&VariableName, String>) {
    let _ = writeln!(out, "[{name}]");
    for (name, value) in entries {
        let name = name.as_str();
        // A dot is not part of a bare key.
        let quoted = name.contains('.').then(|| text(name));
        let _ = writeln!(out, "{} = {value}", quoted.as_deref().unwrap_or(name));
    }
}

/// A string, or an inline table where there is more to say than the parameter.
fn value(key: &KeySource) -> String {
    let param = text(&key.param.to_string());
    let mut options = Vec::new();
    match &key.absence {
        OnMissing::Fail => {}
        OnMissing::Omit => options.push("optional = true".to_owned()),
        OnMissing::Default(default) => options.push(format!("default = {}", text(default))),
    }
    if key.encoding == Encoding::Base64 {
        options.push("encoding = \"base64\"".to_owned());
    }
    if let Some(max_age) = key.max_age {
        let max_age = duration::written(max_age);
        options.push(format!("max_age = \"{max_age}\""));
    }
    match options.as_slice() {
        [] => param,
        options => format!("{{ param = {param}, {} }}", options.join(", ")),
    }
}

/// A string of the file, in which `${` would begin a variable.
pub(super) fn text(text: &str) -> String {
    escape::quoted(&text.replace("${", "$${"))
}
