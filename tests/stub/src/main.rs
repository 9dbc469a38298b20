//! The stub as a program: for benchmarks, containers and trying things by hand.

use ssm_stub::{Parameter, Stub};
use std::io::Write;
use std::time::Duration;

const HELP: &str = "ssm-stub [--listen ADDR] [--tls-dir DIR] [--latency-ms N] [--quota PER_SECOND] [--burst N] [--seed FILE.json]

Prints its URL when it is ready, and serves until it is killed.
--seed: [{\"name\": \"/a/b\", \"value\": \"…\", \"type\": \"SecureString\"}, …]
--tls-dir: speaks TLS, and writes the CA's certificate to DIR/ca.pem";

fn main() {
    let mut builder = Stub::builder().without_record();
    let (mut seed, mut tls_dir, mut quota, mut burst) = (None, None, None, 40.0);
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().expect(HELP);
        match word.as_str() {
            "--listen" => builder = builder.listen(value().parse().expect("ADDR:PORT")),
            "--latency-ms" => {
                builder = builder.latency(Duration::from_millis(value().parse().expect("a number")))
            }
            "--quota" => quota = Some(value().parse::<f64>().expect("a number")),
            "--burst" => burst = value().parse::<f64>().expect("a number"),
            "--seed" => seed = Some(value()),
            "--tls-dir" => tls_dir = Some(value()),
            _ => {
                let _ = writeln!(std::io::stderr(), "{HELP}");
                return;
            }
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
        std::fs::write(format!("{directory}/ca.pem"), stub.ca_pem())
            .expect("a directory for ca.pem");
    }
    if let Some(path) = seed {
        let text = std::fs::read_to_string(path).expect("a seed file");
        let seed: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        for entry in seed.as_array().expect("a list") {
            let text = |key: &str| entry[key].as_str().unwrap_or_default();
            stub.put(match text("type") {
                "String" => Parameter::string(text("name"), text("value")),
                "StringList" => Parameter::list(text("name"), text("value")),
                _ => Parameter::secure(text("name"), text("value")),
            });
        }
    }
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{}", stub.url())
        .and_then(|()| stdout.flush())
        .expect("a reader of the URL");
    loop {
        std::thread::park();
    }
}
