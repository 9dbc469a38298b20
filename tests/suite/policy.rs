//! `policy`: the printed policy allows the requests of a launch, and every statement of it is needed, as
//! evaluated by moto's IAM. (moto's server only evaluates the resource `*`, so its evaluator is called
//! here with the ARNs that AWS would use. It doesn't support `kms:EncryptionContext`: conditions are
//! compared as text.)

use crate::harness::*;
use crate::support::moto::python;
use ssm_stub::{Parameter, Stub};
use std::io::Write;
use std::process::{Command, Stdio};

/// Prints for each policy whether it allows all requests.
const EVALUATOR: &str = r"
import json, sys
from moto.iam.access_control import IAMPolicy, PermissionResult
question = json.load(sys.stdin)
for document in question['policies']:
    for statement in document['Statement']:
        statement.pop('Condition', None)
    policy = IAMPolicy({'policy_document': json.dumps(document)})
    verdicts = [policy.is_action_permitted(action, resource) for action, resource in question['requests']]
    print('allowed' if all(v == PermissionResult.PERMITTED for v in verdicts) else 'denied')
";

const SOURCES: &str = "-p /least/api -p /least/api/db -k A=/least/api/a -k B=/least/b -k C=/aws/service/ami/x -k D=/aws/reference/secretsmanager/least/db";

fn printed(words: &str) -> serde_json::Value {
    let outcome = Run::bare().args("policy").args(SOURCES).args(words).run();
    assert_eq!((outcome.status, outcome.stderr.as_str()), (0, ""));
    serde_json::from_str(&outcome.text()).expect("a JSON document")
}

#[test]
fn without_requests_it_prints_the_policy_for_every_partition() {
    let policy = printed("--region eu-west-1 --account 111122223333 --kms-key 1234abcd");
    insta::assert_snapshot!("policy", format!("{policy:#}"));
    let china = printed("--region cn-north-1 --account 111122223333").to_string();
    assert!(
        china.contains("arn:aws-cn:ssm:cn-north-1:111122223333:parameter/least/api")
            && !china.contains("arn:aws:")
    );
    let gov = printed("--region us-gov-west-1 --account 111122223333").to_string();
    assert!(gov.contains("arn:aws-us-gov:ssm:") && !gov.contains("kms:Decrypt"));
}

#[test]
fn the_partition_of_every_region_is_known() {
    for (region, partition) in [
        ("us-iso-east-1", "aws-iso"),
        ("us-isob-east-1", "aws-iso-b"),
        ("eu-isoe-west-1", "aws-iso-e"),
        ("us-isof-south-1", "aws-iso-f"),
        ("eusc-de-east-1", "aws-eusc"),
    ] {
        let policy = printed(&format!("--region {region} --account 111122223333")).to_string();
        let arn = format!("arn:{partition}:ssm:{region}:111122223333:parameter/least/api");
        assert!(policy.contains(&arn), "{policy}");
    }
}

fn evaluate(policies: &[serde_json::Value], requests: &[(String, String)]) -> Vec<String> {
    let mut child = Command::new(python())
        .args(["-c", EVALUATOR])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python with moto");
    let question = serde_json::json!({ "policies": policies, "requests": requests }).to_string();
    child.stdin.take().expect("a pipe").write_all(question.as_bytes()).expect("python reads");
    let output = child.wait_with_output().expect("python ends");
    let verdicts = String::from_utf8_lossy(&output.stdout);
    verdicts.lines().map(str::to_owned).collect()
}

/// The actions and resources that AWS would authorise for the requests of a launch.
fn sent(stub: &Stub) -> Vec<(String, String)> {
    let arn = |name: &str| {
        let account = if name.starts_with("/aws/service/") { "" } else { "111122223333" };
        format!("arn:aws:ssm:eu-west-1:{account}:parameter/{}", name.trim_start_matches('/'))
    };
    let mut sent = Vec::new();
    for request in stub.requests() {
        if let Some(path) = request.body["Path"].as_str() {
            sent.push(("ssm:GetParametersByPath".to_owned(), arn(path)));
        }
        for name in
            request.body["Names"].as_array().into_iter().flatten().filter_map(|name| name.as_str())
        {
            sent.push(("ssm:GetParameters".to_owned(), arn(name)));
            if let Some(secret) = name.strip_prefix("/aws/reference/secretsmanager/") {
                let arn =
                    format!("arn:aws:secretsmanager:eu-west-1:111122223333:secret:{secret}-??????");
                sent.push(("secretsmanager:GetSecretValue".to_owned(), arn));
            }
        }
    }
    let key = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd";
    sent.push(("kms:Decrypt".to_owned(), key.to_owned()));
    sent
}

#[test]
#[ignore = "needs moto's evaluator of policies: ./tests/run installs it"]
fn the_policy_lets_the_launch_pass_and_each_statement_is_needed() {
    let stub = Stub::start();
    for name in ["/least/api/a", "/least/api/db/x", "/least/b", "/aws/service/ami/x"] {
        stub.put(Parameter::secure(name, "canary"));
    }
    stub.put_secret("least/db", "canary");
    Run::against(&stub.url()).args(SOURCES).environment();
    let requests = sent(&stub);
    let policy = printed("--region eu-west-1 --account 111122223333 --kms-key 1234abcd");
    // moto's patterns are regular expressions but for `*`: the six of a secret's ARN are literal here.
    let policy: serde_json::Value =
        serde_json::from_str(&policy.to_string().replace("-??????", "-......")).expect("JSON");
    // Each policy with less, by what was removed.
    let (mut removals, mut policies) = (vec!["nothing".to_owned()], vec![policy.clone()]);
    let statements = policy["Statement"].as_array().expect("statements");
    // Both statements for the key allow the same, under conditions that moto doesn't know.
    let decrypting = |statement: &serde_json::Value| statement["Action"] == "kms:Decrypt";
    for (at, removed) in statements.iter().enumerate() {
        let mut less = policy.clone();
        less["Statement"].as_array_mut().expect("statements").remove(at);
        if decrypting(removed) {
            less["Statement"]
                .as_array_mut()
                .expect("statements")
                .retain(|other| !decrypting(other));
        }
        removals.push(removed.to_string());
        policies.push(less);
    }
    for (at, statement) in statements.iter().enumerate() {
        let resources = statement["Resource"].as_array().expect("a list");
        // A list of one is the statement itself, and that was removed above.
        if decrypting(statement) || resources.len() == 1 {
            continue;
        }
        for (nth, resource) in resources.iter().enumerate() {
            let mut less = policy.clone();
            less["Statement"][at]["Resource"].as_array_mut().expect("a list").remove(nth);
            removals.push(resource.to_string());
            policies.push(less);
        }
    }
    let verdicts = evaluate(&policies, &requests);
    assert_eq!(verdicts.len(), policies.len(), "{verdicts:?}");
    for (removed, verdict) in removals.iter().zip(verdicts) {
        let expected = if removed == "nothing" { "allowed" } else { "denied" };
        assert_eq!(verdict, expected, "without {removed}");
    }
}

#[test]
#[ignore = "needs moto's server: ./tests/run installs it"]
fn without_an_account_the_callers_own_is_taken() {
    let moto = crate::support::moto::Moto::shared();
    let outcome =
        Run::against(&moto.url()).env("AWS_ENDPOINT_URL", moto.url()).args("policy -p /x").run();
    assert_eq!(outcome.status, 0, "{}", outcome.stderr);
    assert!(
        outcome.text().contains("arn:aws:ssm:eu-west-1:123456789012:parameter/x"),
        "{}",
        outcome.text()
    );
}
