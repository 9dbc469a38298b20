//! moto's server: one for the whole run, seeded with boto3 in the same process.
//!
//! moto 5.2 differs from AWS: it never returns `Selector`, doesn't support ARNs in `GetParameters`, only
//! filters by labels of the latest version, and doesn't validate names and sizes as AWS does.

use crate::harness::Put;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, OnceLock};

/// Prints its port, and then a line for each line of its stdin, whose parameters and secrets it creates. Its stderr has a
/// line for each request.
const SERVER: &str = r"
import boto3, json, sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address='127.0.0.1', port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
print(port, flush=True)
def client(service):
    return boto3.client(service, endpoint_url=f'http://127.0.0.1:{port}', region_name='eu-west-1',
        aws_access_key_id='AKIDEXAMPLE', aws_secret_access_key='seed')
ssm, secrets = client('ssm'), client('secretsmanager')
def create(put):
    if put['kind'] == 'secret':
        return secrets.create_secret(Name=put['name'], SecretString=put['value'])
    answer = ssm.put_parameter(Name=put['name'], Value=put['value'], Type=put['kind'], Overwrite=True, Tier='Advanced')
    if put['label']:
        ssm.label_parameter_version(Name=put['name'], ParameterVersion=answer['Version'], Labels=[put['label']])
for line in sys.stdin:
    try:
        for put in json.loads(line): create(put)
        print('created', flush=True)
    except Exception as error:
        print(repr(error), flush=True)
";

pub struct Moto {
    port: u16,
    seeds: Mutex<Seeds>,
}

/// To the server's process. It ends with the tests, at the end of its stdin.
struct Seeds {
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    _server: Child,
}

impl Seeds {
    fn answer(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("a line");
        line.trim().to_owned()
    }
}

impl Moto {
    /// Started by the first test that needs it.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Moto> = OnceLock::new();
        SHARED.get_or_init(|| {
            let mut server = Command::new(python())
                .args(["-c", SERVER])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .expect("python with moto: ./tests/run installs it");
            let mut seeds = Seeds {
                stdin: server.stdin.take().expect("a pipe"),
                stdout: BufReader::new(server.stdout.take().expect("a pipe")),
                _server: server,
            };
            let port = seeds.answer().parse();
            Moto {
                port: port.expect("moto's port: is moto installed? ./tests/run does it"),
                seeds: Mutex::new(seeds),
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
        let mut seeds = self.seeds.lock().expect("no panic");
        writeln!(seeds.stdin, "{all}").expect("moto's process reads");
        assert_eq!(seeds.answer(), "created", "boto3 creates the parameters");
    }
}

/// The Python of the virtual environment made by `./tests/run`.
pub fn python() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/venv/bin/python")
}
