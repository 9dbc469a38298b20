//! Parses one shared file by the rules of the AWS CLI (Python's `configparser`), with the SDK's comments
//! after a value.

use super::{FileKind, FileSetting, Section, SectionName, SyntaxError};
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// Sections of one file.
pub(super) type Sections = BTreeMap<SectionName, Section>;

pub(super) fn parse(bytes: &[u8], kind: FileKind) -> Result<Sections, SyntaxError> {
    let text = decode(bytes)?;
    let mut sections = Sections::new();
    let mut current: Option<SectionName> = None;
    let mut last: Option<(usize, String)> = None;
    // What stands twice would be mixed, such as the ID of one key and the secret of another.
    let mut headers = BTreeMap::new();
    let mut keys = BTreeMap::new();
    // A carriage return ends a line too, as for Python.
    let text = Zeroizing::new(text.replace("\r\n", "\n"));
    for (at, line) in text.split(['\n', '\r']).enumerate() {
        let number = at + 1;
        let wrong = |reason: &str| SyntaxError { line: number, reason: reason.to_owned() };
        let content = line.trim();
        if content.is_empty() || content.starts_with(['#', ';']) {
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        let continued = last.as_ref().filter(|(column, _)| indent > *column);
        if let (Some((_, key)), Some(name)) = (continued, &current) {
            continue_setting(&mut sections, name, key, content);
            continue;
        }
        if let Some(rest) = content.strip_prefix('[') {
            let (header, _) = rest.split_once(']').ok_or_else(|| wrong("has no `]`"))?;
            if let Some(first) = headers.insert(header, number) {
                return Err(wrong(&format!("begins `[{header}]` again, after line {first}")));
            }
            keys.clear();
            let name = section_name(header, kind);
            sections.entry(name.clone()).or_default();
            current = Some(name);
            last = None;
            continue;
        }
        let Some(name) = &current else {
            return Err(wrong("is before the first section, such as `[default]`"));
        };
        let (key, value) = content.split_once(['=', ':']).ok_or_else(|| wrong("has no `=`"))?;
        let key = key.trim().to_ascii_lowercase();
        if key.is_empty() {
            return Err(wrong("has nothing before its `=`"));
        }
        if let Some(first) = keys.insert(key.clone(), number) {
            return Err(wrong(&format!("sets `{key}` again, after line {first}")));
        }
        let setting = FileSetting::new(without_comment(value), kind, number);
        let section = sections.entry(name.clone()).or_default();
        section.0.insert(key.clone(), setting);
        last = Some((indent, key));
    }
    Ok(sections)
}

fn decode(bytes: &[u8]) -> Result<&str, SyntaxError> {
    let first = |reason: &str| SyntaxError { line: 1, reason: reason.to_owned() };
    match bytes {
        [0xEF, 0xBB, 0xBF, ..] => {
            Err(first("begins with a byte order mark; save the file as UTF-8 without it"))
        }
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => Err(first("is UTF-16; save the file as UTF-8")),
        _ => std::str::from_utf8(bytes).map_err(|error| {
            let valid = &bytes[..error.valid_up_to()];
            SyntaxError {
                line: 1 + valid.iter().filter(|&&byte| byte == b'\n').count(),
                reason: "is not UTF-8; save the file as UTF-8".to_owned(),
            }
        }),
    }
}

fn continue_setting(sections: &mut Sections, name: &SectionName, key: &str, content: &str) {
    let setting = sections.get_mut(name).and_then(|section| section.0.get_mut(key));
    if let Some(setting) = setting {
        setting.value.push('\n');
        setting.value.push_str(content);
    }
}

/// As the SDK has it: a comment follows white space.
fn without_comment(value: &str) -> &str {
    let mut after_space = true;
    for (at, c) in value.char_indices() {
        if after_space && (c == '#' || c == ';') {
            return value[..at].trim();
        }
        after_space = c.is_whitespace();
    }
    value.trim()
}

/// What a header names. In the credentials file it is a profile's name, in the other one `default` or
/// `KIND NAME`, where the name may be quoted.
fn section_name(header: &str, kind: FileKind) -> SectionName {
    let header = header.trim();
    if kind == FileKind::Credentials || header == "default" {
        return SectionName::Profile(unquoted(header));
    }
    let (word, name) = header.split_once([' ', '\t']).unwrap_or((header, ""));
    let name = unquoted(name.trim());
    match word {
        "profile" => SectionName::Profile(name),
        "sso-session" => SectionName::SsoSession(name),
        "services" => SectionName::Services(name),
        _ => SectionName::Other(unquoted(header)),
    }
}

fn unquoted(name: &str) -> String {
    for quote in ['"', '\''] {
        let inner = name.strip_prefix(quote).and_then(|name| name.strip_suffix(quote));
        if let Some(inner) = inner {
            return inner.to_owned();
        }
    }
    name.to_owned()
}
