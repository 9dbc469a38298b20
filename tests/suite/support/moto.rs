//! moto's server: one for the whole run, seeded with boto3.
//!
//! moto 5.2 differs from AWS: it never returns `Selector`, doesn't support ARNs in `GetParameters`, only
//! filters by labels of the latest version, and doesn't validate names and sizes as AWS does.

use crate::harness::Put;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock};

const SERVER: &str = r"
import sys, threading
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address='127.0.0.1', port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
print(port, flush=True)
sys.stdin.read()
";

const SEED: &str = r"
import boto3, json, sys
url = sys.argv[1]
def client(service):
    return boto3.client(service, endpoint_url=url, region_name='eu-west-1',
        aws_access_key_id='AKIDEXAMPLE', aws_secret_access_key='seed')
for put in json.load(sys.stdin):
    if put['kind'] == 'secret':
        client('secretsmanager').create_secret(Name=put['name'], SecretString=put['value'])
        continue
    ssm = client('ssm') if 'ssm' not in globals() else ssm
    answer = ssm.put_parameter(Name=put['name'], Value=put['value'], Type=put['kind'], Overwrite=True, Tier='Advanced')
    if put['label']:
        ssm.label_parameter_version(Name=put['name'], ParameterVersion=answer['Version'], Labels=[put['label']])
";

pub struct Moto {
    port: u16,
    python: PathBuf,
    _server: Mutex<Child>,
}

impl Moto {
    /// Started by the first test that needs it; ends with the tests, at the end of its stdin.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Moto> = OnceLock::new();
        SHARED.get_or_init(|| {
            let python = python();
            let mut server = Command::new(&python)
                .args(["-c", SERVER])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .expect("python with moto: ./tests/run installs it");
            let mut line = String::new();
            BufReader::new(server.stdout.take().expect("a pipe"))
                .read_line(&mut line)
                .expect("the port");
            let port = line
                .trim()
                .parse()
                .expect("moto's port: is moto installed? ./tests/run does it");
            Moto {
                port,
                python,
                _server: Mutex::new(server),
            }
        })
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn put(&self, parameters: &[Put]) {
        let all: Vec<_> = parameters
            .iter()
            .map(|put| serde_json::json!({ "name": put.name, "value": put.value, "kind": put.kind, "label": put.label }))
            .collect();
        self.seed(&serde_json::Value::from(all));
    }

    pub fn put_secret(&self, name: &str, value: &str) {
        self.seed(&serde_json::json!([{ "name": name, "value": value, "kind": "secret" }]));
    }

    fn seed(&self, all: &serde_json::Value) {
        let mut boto = Command::new(&self.python)
            .args(["-c", SEED, &self.url()])
            .stdin(Stdio::piped())
            .spawn()
            .expect("python with boto3");
        boto.stdin
            .take()
            .expect("a pipe")
            .write_all(all.to_string().as_bytes())
            .expect("boto3 reads");
        assert!(
            boto.wait().expect("boto3 ends").success(),
            "boto3 creates the parameters"
        );
    }
}

/// The Python of the virtual environment made by `./tests/run`.
pub fn python() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/venv/bin/python")
}
