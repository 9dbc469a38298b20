//! The environment as it was inherited, byte for byte, including malformed entries.
//! Read once, at the top; borrowed from where the kernel put it, so that nothing is copied.

use std::ffi::CStr;

/// How often ssm-exec has been started in a row by the scripts that it starts.
pub const ROUND: &str = "SSM_EXEC_ROUND";

/// The inherited environment: `NAME=VALUE` entries in their order.
#[derive(Clone, Default)]
pub struct Inherited<'e>(Vec<&'e CStr>);

impl<'e> Inherited<'e> {
    /// Takes the entries over as they are.
    pub fn new(entries: Vec<&'e CStr>) -> Self {
        Self(entries)
    }

    /// Every entry with its name, in order. An entry without `=` is all name.
    pub fn entries(&self) -> impl Iterator<Item = (&'e [u8], &'e CStr)> {
        self.0.iter().map(|entry| (name(entry.to_bytes()), *entry))
    }

    /// The value of a variable; the first, where there are several, as for `getenv`.
    pub fn get(&self, wanted: &str) -> Option<&'e [u8]> {
        // Without looking for the end of each name: a start asks for a hundred variables.
        let mut entries = self.0.iter().map(|entry| entry.to_bytes());
        entries.find_map(|entry| entry.strip_prefix(wanted.as_bytes())?.strip_prefix(b"="))
    }

    /// The value of a variable that is text and not empty.
    pub fn text(&self, wanted: &str) -> Option<&'e str> {
        self.get(wanted)
            .and_then(|value| std::str::from_utf8(value).ok())
            .filter(|value| !value.is_empty())
    }
}

fn name(entry: &[u8]) -> &[u8] {
    // The first byte may be `=` and still belong to the name, as in glibc's own search.
    let end = entry.iter().skip(1).position(|&b| b == b'=').map_or(entry.len(), |at| at + 1);
    &entry[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_found_by_name_whatever_the_other_entries_are() {
        let inherited = Inherited::new(vec![
            c"ALONE",
            c"=C:=dir",
            c"A=first",
            c"A=second",
            c"AB=x=y",
            c"EMPTY=",
            c"BYTES=\xff",
        ]);
        for (name, value, text) in [
            ("A", Some(&b"first"[..]), Some("first")),
            ("AB", Some(b"x=y"), Some("x=y")),
            ("=C:", Some(b"dir"), Some("dir")),
            ("EMPTY", Some(b""), None),
            ("BYTES", Some(b"\xff"), None),
            ("ALONE", None, None),
            ("NOPE", None, None),
        ] {
            assert_eq!(inherited.get(name), value, "{name}");
            assert_eq!(inherited.text(name), text, "{name}");
        }
    }
}
