//! What a message prints to be pasted: IAM accepts the statements, and the AWS CLI the commands.

use super::*;
use crate::support::moto;
use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Stdio};

/// Creates a policy or a role with each statement, as moto checks them, and has the AWS CLI parse each command without
/// sending it.
const CHECK: &str = r#"
import contextlib, io, json, shlex, sys
import awscli.clidriver, boto3
from moto import mock_aws
asked, failed = json.load(sys.stdin), []
with mock_aws():
    iam = boto3.client("iam", "us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    for number, statement in enumerate(asked["statements"]):
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        of_role = "sts:AssumeRole" in str(statement["Action"]) and "Principal" in statement
        if "Principal" in statement and not of_role:
            # moto does not check the policies of keys and endpoints: without the principal, the rest is the same.
            document = json.dumps({"Version": "2012-10-17", "Statement": [{key: value for key, value in statement.items() if key != "Principal"} | {"Resource": "*"}]})
        try:
            if of_role:
                iam.create_role(RoleName=f"r{number}", AssumeRolePolicyDocument=document)
            else:
                iam.create_policy(PolicyName=f"p{number}", PolicyDocument=document)
        except Exception as error:
            failed.append([statement, str(error)])
for command in asked["commands"]:
    words = shlex.split(command.replace("file:///dev/stdin", "x").replace("…", "x"))
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            status = awscli.clidriver.create_clidriver().main(words[1:] + ["--generate-cli-skeleton", "input"])
        except SystemExit as ended:
            status = ended.code
    if status:
        failed.append([command, said.getvalue()[-300:]])
print(json.dumps(failed))
"#;

/// Commands for a person at a terminal, which the AWS CLI has no model of.
const INTERACTIVE: &[&str] = &["aws configure", "aws login", "aws sso login"];

#[test]
#[ignore = "needs moto and the AWS CLI: ./tests/run provides them"]
fn moto_accepts_the_statements_and_the_aws_cli_the_commands() {
    let (mut statements, mut commands) = (BTreeSet::new(), BTreeSet::new());
    for ran in cases().iter().chain(cases_of_credentials()) {
        for line in ran.json.lines() {
            let message: Value = serde_json::from_str(line).unwrap_or_default();
            for problem in message["problems"].as_array().into_iter().flatten() {
                let found = problem["statements"].as_array().into_iter().flatten();
                statements.extend(found.map(|it| it["statement"].to_string()));
                let help = problem["help"].as_array().into_iter().flatten();
                let all = help.filter_map(|help| help["command"].as_str());
                commands.extend(all.filter(|it| it.starts_with("aws ")).map(str::to_owned));
            }
        }
    }
    commands.retain(|command| !INTERACTIVE.iter().any(|it| command.starts_with(it)));
    assert!(statements.len() > 15 && commands.len() > 25);
    let statements: Vec<Value> =
        statements.iter().map(|it| serde_json::from_str(it).expect("JSON")).collect();
    let asked = serde_json::json!({ "statements": statements, "commands": commands });
    let mut python = Command::new(moto::python())
        .args(["-c", CHECK])
        .env("AWS_ACCESS_KEY_ID", "x")
        .env("AWS_SECRET_ACCESS_KEY", "x")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("starts");
    let mut stdin = python.stdin.take().expect("a pipe");
    stdin.write_all(asked.to_string().as_bytes()).expect("is read");
    drop(stdin);
    let output = python.wait_with_output().expect("ends");
    let failed = String::from_utf8_lossy(&output.stdout);
    assert_eq!(failed.trim(), "[]", "{asked:#}");
}

/// Runs what a message says to run, with the AWS CLI and against the same endpoint.
fn run_help(url: &str, message: &Outcome, beginning: &str) {
    let lines = message.stderr.lines().map(str::trim);
    let mut commands = lines.filter(|line| line.starts_with(beginning));
    let command = commands.next().expect("a command");
    let bin = crate::support::project("target/venv/bin");
    let path = format!("{}:/usr/bin:/bin", bin.display());
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).env("PATH", path);
    shell.env("AWS_ENDPOINT_URL", url).env("AWS_PAGER", "");
    shell.env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE").env("AWS_SECRET_ACCESS_KEY", "x");
    shell.stdin(Stdio::piped()).stdout(Stdio::null());
    let mut shell = shell.spawn().expect("starts");
    let mut stdin = shell.stdin.take().expect("a pipe");
    stdin.write_all(b"canary-pasted").expect("is read");
    drop(stdin);
    assert!(shell.wait().expect("ends").success(), "{command}");
}

#[test]
#[ignore = "needs moto and the AWS CLI: ./tests/run provides them"]
fn moto_starts_the_command_after_the_help_was_followed() {
    let moto = moto::Moto::shared();
    moto.put(&[
        string("/pasted/label", "canary-pasted"),
        string("/pasted/secure", "canary-pasted"),
    ]);
    let run = |words: &str| Run::against(&moto.url()).args(words);
    let label = || run("-k A=/pasted/label:live");
    let before = label().args("-- env").fails(66);
    run_help(&moto.url(), &before, "aws ssm label-parameter-version");
    label().environment().has(&[("A", "canary-pasted")]);

    let secure = || run("-k B=/pasted/secure").file("[contract]\nB = { secure = true }\n");
    let before = secure().args("-- env").fails(65);
    run_help(&moto.url(), &before, "aws ssm put-parameter");
    secure().environment().has(&[("B", "canary-pasted")]);
}
