//! The stub as a program, for benchmarks, containers and manual tests.

use serde_json::Value;
use ssm_stub::{Kind, Parameter, Stub};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

const HELP: &str = "ssm-stub [--listen ADDR] [--tls-dir DIR] [--latency-ms N] [--quota PER_SECOND] [--burst N]
         [--seed FILE.json] [--count-file FILE]

Prints its URL when it is ready, and serves until it is killed. GET /requests counts requests
(within the quota), throttled ones (over it) and connections.
--seed        [{\"name\": \"/a/b\", \"value\": \"…\", \"type\": \"SecureString\", \"version\": 3, \"label\": \"blue\"}, …]
--tls-dir     serves TLS, and writes the CA's certificate to DIR/ca.pem
--burst       requests at once after a pause; the default is 40
--count-file  writes the counts of GET /requests to FILE twice a second";

/// How often the count file is written.
const COUNT_EVERY: Duration = Duration::from_millis(500);

fn main() -> Result<(), String> {
    let mut builder = Stub::builder().without_record();
    let (mut seed, mut tls_dir, mut count_file) = (None, None, None);
    let (mut quota, mut burst) = (None, 40.0);
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} needs a value\n{HELP}"));
        match word.as_str() {
            "--listen" => builder = builder.listen(parse(&value()?)?),
            "--latency-ms" => builder = builder.latency(Duration::from_millis(parse(&value()?)?)),
            "--quota" => quota = Some(parse(&value()?)?),
            "--burst" => burst = parse(&value()?)?,
            "--seed" => seed = Some(PathBuf::from(value()?)),
            "--tls-dir" => tls_dir = Some(PathBuf::from(value()?)),
            "--count-file" => count_file = Some(PathBuf::from(value()?)),
            "--help" | "-h" => return print(HELP),
            _ => return Err(format!("unknown option {word}\n{HELP}")),
        }
    }
    if let Some(quota) = quota {
        builder = builder.quota(quota, burst);
    }
    if tls_dir.is_some() {
        builder = builder.tls();
    }
    let stub = builder.start();
    if let Some(directory) = tls_dir {
        write(&directory.join("ca.pem"), stub.ca_pem())?;
    }
    for parameter in seed.as_deref().map(read_seed).transpose()?.unwrap_or_default() {
        stub.put(parameter);
    }
    print(&stub.url())?;
    let mut written = None;
    loop {
        match &count_file {
            None => std::thread::park(),
            Some(path) => {
                let counts = stub.counts().to_string();
                if written.as_ref() != Some(&counts) {
                    // Renamed into place, so that it is never read incomplete.
                    let new = path.with_extension("new");
                    write(&new, &counts)?;
                    std::fs::rename(&new, path).map_err(|error| error.to_string())?;
                    written = Some(counts);
                }
                std::thread::park_timeout(COUNT_EVERY);
            }
        }
    }
}

fn parse<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error| format!("{text}: {error}"))
}

fn print(text: &str) -> Result<(), String> {
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{text}").and_then(|()| stdout.flush()).map_err(|error| error.to_string())
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}

fn read_seed(path: &Path) -> Result<Vec<Parameter>, String> {
    let wrong = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let text = std::fs::read_to_string(path).map_err(|error| wrong(&error))?;
    let entries: Vec<Value> = serde_json::from_str(&text).map_err(|error| wrong(&error))?;
    entries
        .iter()
        .map(|entry| {
            let text = |key: &str| entry[key].as_str();
            let missing = |key: &str| wrong(&format!("an entry without `{key}`"));
            let name = text("name").ok_or_else(|| missing("name"))?;
            let value = text("value").ok_or_else(|| missing("value"))?;
            let kind: Kind = parse(text("type").unwrap_or("SecureString"))?;
            let mut parameter = Parameter::new(kind, name, value);
            if let Some(version) = entry["version"].as_i64() {
                parameter = parameter.version(version);
            }
            if let Some(label) = text("label") {
                parameter = parameter.label(label);
            }
            Ok(parameter)
        })
        .collect()
}
