//! The program `ssm-stub`.

use crate::client::*;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn it_prints_its_url_and_serves_the_seed() {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let seed = directory.join("seed.json");
    let text = r#"[{"name": "/s/a", "value": "one", "label": "blue"},
                   {"name": "/s/a", "value": "two", "version": 5, "type": "String"}]"#;
    std::fs::write(&seed, text).unwrap();
    let child = Command::new(env!("CARGO_BIN_EXE_ssm-stub"))
        .args(["--latency-ms", "0", "--quota", "100", "--seed"])
        .arg(&seed)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut program = Program(child);
    let mut line = String::new();
    let stdout = program.0.stdout.take().unwrap();
    BufReader::new(stdout).read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("http://").expect("its URL");
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(&request("GetParameters", &by_names(&["/s/a", "/s/a:blue"]))).unwrap();
    let response = read(&mut stream).json();
    assert_eq!(each(&response, "Value"), ["two", "one"]);
    assert_eq!(each(&response, "Version"), [5, 1]);
}

#[test]
fn it_rejects_unknown_options() {
    for words in [&["--nonsense"][..], &["--seed"], &["--quota", "x"]] {
        let output = Command::new(env!("CARGO_BIN_EXE_ssm-stub")).args(words).output().unwrap();
        assert!(!output.status.success() && output.stdout.is_empty());
    }
}
