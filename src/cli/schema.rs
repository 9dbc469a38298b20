//! The JSON Schema of `ssm-exec.toml`, made from the table of settings, for editors.

use serde_json::{Map, Value, json};
use ssm_exec_core::config::SETTINGS;
use ssm_exec_core::config::setting::{Kind, Setting};
use ssm_exec_core::contract::{RULES, TypeName};

/// The schema, as text. Taplo and Even Better TOML read draft 4 and later.
pub(super) fn schema() -> String {
    let settings = || SETTINGS.iter().filter(|setting| setting.key.is_some());
    let is_global = |setting: &&Setting| setting.field == "default_stage";
    let stage = object(settings().filter(|setting| !is_global(setting)));
    let mut file = object(settings());
    file["properties"]["stage"] = json!({
        "description": "Stages: tables that lie over the rest of the file",
        "type": "object",
        "additionalProperties": stage,
    });
    let mut schema = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "ssm-exec.toml",
    });
    if let (Some(schema), Value::Object(file)) = (schema.as_object_mut(), file) {
        schema.extend(file);
    }
    format!("{schema:#}\n")
}

/// A table of settings; a dotted key is a table inside it.
fn object<'a>(settings: impl Iterator<Item = &'a Setting>) -> Value {
    let mut properties = Map::new();
    for setting in settings {
        let (table, name) = match setting.key.and_then(|key| key.split_once('.')) {
            Some((table, name)) => (Some(table), name),
            None => (None, setting.key.unwrap_or_default()),
        };
        let place = match table {
            None => &mut properties,
            Some(table) => {
                let table = properties.entry(table).or_insert_with(|| closed(&Map::new()));
                match table.get_mut("properties").and_then(Value::as_object_mut) {
                    Some(inner) => inner,
                    None => continue,
                }
            }
        };
        place.insert(name.to_owned(), described(setting));
    }
    closed(&properties)
}

fn closed(properties: &Map<String, Value>) -> Value {
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

fn described(setting: &Setting) -> Value {
    let mut value = shape(setting.kind);
    let forms = value.pointer_mut("/additionalProperties/anyOf");
    if let ("files", Some(Value::Array(forms))) = (setting.field, forms) {
        forms.extend(["template", "template_file"].map(|key| {
            let mut table =
                closed(&Map::from_iter([(key.to_owned(), json!({ "type": "string" }))]));
            table["required"] = json!([key]);
            table
        }));
    }
    let text = match setting.details {
        "" => format!("{}.", setting.help),
        details => format!("{}. {details}", setting.help),
    };
    value["description"] = text.into();
    value
}

fn shape(kind: Kind) -> Value {
    let string = || json!({ "type": "string" });
    let strings = || json!({ "anyOf": [string(), { "type": "array", "items": string() }] });
    match kind {
        Kind::Switch => json!({ "type": "boolean" }),
        Kind::Number => json!({ "anyOf": [{ "type": "integer", "minimum": 1 }, string()] }),
        Kind::Choice(words) => json!({ "type": "string", "enum": words }),
        Kind::Text | Kind::Duration | Kind::Constant(_) | Kind::Count(_) => string(),
        Kind::List | Kind::Words => strings(),
        Kind::Pairs { .. } => json!({ "type": "object", "additionalProperties": string() }),
        Kind::Paths(path) => {
            let mut table = json!({
                "type": "object",
                "properties": {
                    "optional": { "type": "boolean" },
                    "only": strings(),
                    "exclude": strings(),
                    "name_prefix": string(),
                    "case": string(),
                },
                "required": [path],
                "additionalProperties": false,
            });
            table["properties"][path] = string();
            let one = || json!({ "anyOf": [string(), table.clone()] });
            json!({ "anyOf": [string(), table.clone(), { "type": "array", "items": one() }] })
        }
        Kind::Contract => {
            let rules: Map<String, Value> =
                RULES.iter().map(|rule| ((*rule).to_owned(), rule_shape(rule))).collect();
            json!({ "type": "object", "additionalProperties": closed(&rules) })
        }
        Kind::Keys { .. } => json!({
            "type": "object",
            "additionalProperties": { "anyOf": [string(), {
                "type": "object",
                "properties": {
                    "param": string(),
                    "optional": { "type": "boolean" },
                    "default": string(),
                    "encoding": { "type": "string", "enum": ["base64"] },
                    "max_age": string(),
                },
                "required": ["param"],
                "additionalProperties": false,
            }] },
        }),
    }
}

/// What one rule of the contract takes.
fn rule_shape(rule: &str) -> Value {
    match rule {
        "type" => shape(Kind::Choice(TypeName::WORDS)),
        "min" | "max" => json!({ "type": "number" }),
        "min_length" | "max_length" => json!({ "type": "integer", "minimum": 0 }),
        "secure" | "optional" => shape(Kind::Switch),
        "one_of" | "schemes" | "label" => shape(Kind::List),
        _ => shape(Kind::Text),
    }
}
