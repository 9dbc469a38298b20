//! The files of `cases/` and `credentials/`: a failure as its service puts it, the command line, and what the
//! message must name. The wording may change; the parts may not be lost.
//!
//! ```toml
//! what = "…"                   # the failure, in a sentence
//! command = "-p /r"            # the arguments of ssm-exec
//! runs = "./server"            # the command that it would start; a harmless one by default
//! status = 77
//! keys = false                 # no keys in the environment
//! sends-nothing = true         # Parameter Store gets no request
//! needs = "root"               # or `a network` of its own, or `another user`: only root has them
//! [env]                        # variables; "" unsets one
//! [files]                      # below the home directory, which is the working directory
//! [bytes]                      # files in hexadecimal
//! [modes]                      # of these files, such as "755"
//! [owners]                     # of these files: the number of a user
//! dns = 2                      # the code of a name server of its own, which answers every query so
//! [hosts]                      # the addresses of names; at a `silent` one nothing accepts a connection
//! [parameters]                 # beside /r/a, /r/b and /r/c
//! [stub]                       # of Parameter Store: see `prepare`
//! [[error]]                    # an answer of Parameter Store: action, naming, status, code, message
//! [sts]                        # caller; and the answer to AssumeRole*: status, code, message
//! [[server]]                   # another server: the variable with its URL, and its answers
//! [message]                    # what the message must name: cause, subject, remedy; `never` misleads
//! [json]                       # the fields that are not null
//! ```
//!
//! `{home}`, `{stub}` and `{port}` stand for the home directory, and the URL and the port of Parameter Store, `{proxy}`
//! for the port of the first other server. In
//! `[json]`, `{message}` is the text of the first error, and `*` is any text.

use serde_json::{Map, Value};
use std::path::Path;

/// Keys that a file may have.
const KEYS: &[&str] = &[
    "what",
    "command",
    "runs",
    "status",
    "keys",
    "sends-nothing",
    "needs",
    "env",
    "files",
    "bytes",
    "modes",
    "owners",
    "hosts",
    "dns",
    "parameters",
    "stub",
    "error",
    "sts",
    "server",
    "message",
    "json",
];

/// One file.
pub struct Case {
    pub name: String,
    pub table: Value,
}

impl Case {
    /// All files of a directory.
    pub fn all(directory: &str) -> Vec<Self> {
        let directory =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/remedies").join(directory);
        let mut cases: Vec<Self> = std::fs::read_dir(&directory)
            .expect("the cases")
            .map(|entry| Self::read(&entry.expect("an entry").path()))
            .collect();
        cases.sort_by(|one, other| one.name.cmp(&other.name));
        cases
    }

    fn read(path: &Path) -> Self {
        let name = path.file_stem().expect("a name").to_string_lossy();
        let text = std::fs::read_to_string(path).expect("a case");
        let table: Value = toml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let keys = table.as_object().expect("a table").keys();
        for key in keys {
            assert!(KEYS.contains(&key.as_str()), "{name}: unknown key {key}");
        }
        Self { name: name.into_owned(), table }
    }

    /// A text, or nothing.
    pub fn text(&self, key: &str) -> &str {
        self.table[key].as_str().unwrap_or_default()
    }

    pub fn is(&self, key: &str, expected: bool) -> bool {
        self.table[key].as_bool() == Some(expected)
    }

    pub fn status(&self) -> i32 {
        let status = self.table["status"].as_i64().expect("a status");
        i32::try_from(status).expect("a status")
    }

    /// A table's entries.
    pub fn entries(&self, key: &str) -> Vec<(&str, &str)> {
        let table = self.table[key].as_object().into_iter().flatten();
        table.map(|(name, value)| (name.as_str(), value.as_str().expect("a text"))).collect()
    }

    /// The text of the first error.
    pub fn wire_text(&self) -> &str {
        let first = self.list("error").next().unwrap_or(&self.table["sts"]);
        first["message"].as_str().unwrap_or_default()
    }

    /// A list of tables.
    pub fn list<'a>(&'a self, key: &str) -> impl Iterator<Item = &'a Value> {
        self.table[key].as_array().into_iter().flatten()
    }

    /// Parts of the message.
    pub fn parts(&self, key: &str) -> Vec<&str> {
        match &self.table["message"][key] {
            Value::Null => Vec::new(),
            Value::String(text) => vec![text],
            list => {
                let list = list.as_array().expect("texts").iter();
                list.map(|text| text.as_str().expect("a text")).collect()
            }
        }
    }

    /// The fields of the JSON message that are not null.
    pub fn json(&self) -> Map<String, Value> {
        self.table["json"].as_object().cloned().unwrap_or_default()
    }
}
