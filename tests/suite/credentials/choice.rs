//! Which of several sources gives the credentials: the choice of the AWS CLI, which botocore makes.

use super::as_whom::PRINT;
use super::*;
use crate::support::moto::python;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

struct Case {
    what: &'static str,
    variables: &'static [(&'static str, &'static str)],
    /// The profile of the command line.
    profile: &'static str,
    config: &'static str,
    credentials: &'static str,
    /// The key and its token, the kind of role, or that the CLI refuses or has none.
    chosen: &'static str,
}

const NOTHING: Case = Case {
    what: "nothing",
    variables: &[],
    profile: "",
    config: "",
    credentials: "",
    chosen: "none",
};
const TOKEN_FILE: (&str, &str) = ("AWS_WEB_IDENTITY_TOKEN_FILE", "token");
const ROLE: (&str, &str) = ("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/api");
const WEB_IDENTITY: &[(&str, &str)] = &[TOKEN_FILE, ROLE];
const ROLE_OF_DEV: &str = "role_arn = arn:aws:iam::111122223333:role/api\nsource_profile = dev\n";

macro_rules! keys {
    ($id:literal) => {
        concat!("aws_access_key_id = ", $id, "\naws_secret_access_key = canary-", $id, "\n")
    };
}
const DEV: &str = concat!("[profile dev]\n", keys!("AKIDDEV"));
const DEFAULT: &str = concat!("[default]\n", keys!("AKIDCONFIG"));
const DEFAULT_OF_CREDENTIALS: &str = concat!("[default]\n", keys!("AKIDCREDENTIALS"));
const PROCESS: &str = "[default]\ncredential_process = ./give\n";
const ENVIRONMENT: [(&str, &str); 2] =
    [("AWS_ACCESS_KEY_ID", "AKIDVARIABLE"), ("AWS_SECRET_ACCESS_KEY", "canary-variable")];

#[rustfmt::skip]
const CASES: &[Case] = &[
    NOTHING,
    Case { what: "keys of a default profile beside a web identity", variables: WEB_IDENTITY, config: DEFAULT, chosen: "web identity", ..NOTHING },
    Case { what: "keys of the variable's profile beside a web identity", variables: &[TOKEN_FILE, ROLE, ("AWS_PROFILE", "dev")], config: DEV, chosen: "web identity", ..NOTHING },
    Case { what: "keys of a named profile beside a web identity", variables: WEB_IDENTITY, profile: "dev", config: DEV, chosen: "AKIDDEV", ..NOTHING },
    Case { what: "a profile's role beside a web identity", variables: WEB_IDENTITY, config: concat!("[default]\nrole_arn = arn:aws:iam::111122223333:role/api\nsource_profile = dev\n[profile dev]\n", keys!("AKIDDEV")), chosen: "role", ..NOTHING },
    Case { what: "a token file, and the role in the profile", variables: &[TOKEN_FILE], config: "[default]\nrole_arn = arn:aws:iam::111122223333:role/api\nweb_identity_token_file = gone\n", chosen: "web identity", ..NOTHING },
    Case { what: "a token file without a role", variables: &[TOKEN_FILE], config: DEFAULT, chosen: "refused", ..NOTHING },
    Case { what: "a web identity of the profile", config: "[default]\nrole_arn = arn:aws:iam::111122223333:role/api\nweb_identity_token_file = token\n", chosen: "web identity", ..NOTHING },
    Case { what: "keys in variables beside all else", variables: &[TOKEN_FILE, ROLE, ENVIRONMENT[0], ENVIRONMENT[1]], config: DEFAULT, chosen: "AKIDVARIABLE", ..NOTHING },
    Case { what: "a named profile beside keys in variables", variables: &ENVIRONMENT, profile: "dev", config: DEV, chosen: "AKIDDEV", ..NOTHING },
    Case { what: "two tokens in variables", variables: &[ENVIRONMENT[0], ENVIRONMENT[1], ("AWS_SECURITY_TOKEN", "canary-old"), ("AWS_SESSION_TOKEN", "canary-new")], chosen: "AKIDVARIABLE canary-old", ..NOTHING },
    Case { what: "half of the keys in variables", variables: &[ENVIRONMENT[0]], config: DEFAULT, chosen: "refused", ..NOTHING },
    Case { what: "keys in both files", config: DEFAULT, credentials: DEFAULT_OF_CREDENTIALS, chosen: "AKIDCREDENTIALS", ..NOTHING },
    Case { what: "a token that belongs to the other file's keys", config: concat!("[default]\n", keys!("ASIACONFIG"), "aws_session_token = canary-config\n"), credentials: DEFAULT_OF_CREDENTIALS, chosen: "AKIDCREDENTIALS", ..NOTHING },
    Case { what: "a lone token in the credentials file", config: DEFAULT, credentials: "[default]\naws_session_token = canary-stale\n", chosen: "AKIDCONFIG", ..NOTHING },
    Case { what: "a lone secret in the credentials file", config: DEFAULT, credentials: "[default]\naws_secret_access_key = canary-other\n", chosen: "AKIDCONFIG", ..NOTHING },
    Case { what: "the ID in one file and the secret in the other", config: "[default]\naws_access_key_id = AKIDCONFIG\n", credentials: "[default]\naws_secret_access_key = canary\n", chosen: "refused", ..NOTHING },
    Case { what: "another ID in the credentials file, without a secret", config: DEFAULT, credentials: "[default]\naws_access_key_id = AKIDCREDENTIALS\n", chosen: "refused", ..NOTHING },
    Case { what: "the older name of the token", credentials: concat!("[default]\n", keys!("ASIACREDENTIALS"), "aws_security_token = canary-old\n"), chosen: "ASIACREDENTIALS canary-old", ..NOTHING },
    Case { what: "both names of the token", credentials: concat!("[default]\n", keys!("ASIACREDENTIALS"), "aws_session_token = canary-new\naws_security_token = canary-old\n"), chosen: "ASIACREDENTIALS canary-old", ..NOTHING },
    Case { what: "a process beside keys in the credentials file", config: PROCESS, credentials: DEFAULT_OF_CREDENTIALS, chosen: "AKIDCREDENTIALS", ..NOTHING },
    Case { what: "a process beside keys in the same file", config: concat!("[default]\ncredential_process = ./give\n", keys!("AKIDCONFIG")), chosen: "AKIDPROCESS", ..NOTHING },
    Case { what: "a process in the credentials file beside keys in the other", config: DEFAULT, credentials: PROCESS, chosen: "AKIDPROCESS", ..NOTHING },
    Case { what: "a session without an account, beside keys", config: concat!("[default]\nsso_session = corp\n", keys!("AKIDCONFIG"), "[sso-session corp]\nsso_region = eu-west-1\nsso_start_url = https://x\n"), chosen: "AKIDCONFIG", ..NOTHING },
    Case { what: "a start URL without an account", config: "[default]\nsso_start_url = https://x\nsso_region = eu-west-1\n", chosen: "none", ..NOTHING },
    Case { what: "an account of SSO beside keys", config: "[default]\nsso_start_url = https://x\nsso_region = eu-west-1\nsso_account_id = 111122223333\nsso_role_name = dev\n", credentials: DEFAULT_OF_CREDENTIALS, chosen: "refused", ..NOTHING },
    Case { what: "a role whose source has a process and keys", config: "[default]\nrole_arn = arn:aws:iam::111122223333:role/api\nsource_profile = dev\n[profile dev]\ncredential_process = ./give\n", credentials: concat!("[dev]\n", keys!("AKIDDEV")), chosen: "role", ..NOTHING },
    Case { what: "a role whose source is itself", config: concat!("[default]\nrole_arn = arn:aws:iam::111122223333:role/api\nsource_profile = default\n", keys!("AKIDCONFIG")), chosen: "role", ..NOTHING },
    Case { what: "a role without a source", config: "[default]\nrole_arn = arn:aws:iam::111122223333:role/api\n", credentials: DEFAULT_OF_CREDENTIALS, chosen: "refused", ..NOTHING },
    Case { what: "two names of the default profile", config: concat!("[profile default]\n", keys!("AKIDPROFILE"), "[default]\n", keys!("AKIDCONFIG")), chosen: "AKIDCONFIG", ..NOTHING },
    Case { what: "two names of the default profile, the other way round", config: concat!("[default]\n", keys!("AKIDCONFIG"), "[profile default]\n", keys!("AKIDPROFILE")), chosen: "AKIDPROFILE", ..NOTHING },
    Case { what: "the longer name of the default profile", config: concat!("[profile default]\n", keys!("AKIDPROFILE")), chosen: "AKIDPROFILE", ..NOTHING },
    Case { what: "a profile of the config file without its word", variables: &[("AWS_PROFILE", "dev")], config: concat!("[dev]\n", keys!("AKIDDEV")), chosen: "refused", ..NOTHING },
    Case { what: "the word in the credentials file", variables: &[("AWS_PROFILE", "dev")], credentials: concat!("[profile dev]\n", keys!("AKIDDEV")), chosen: "refused", ..NOTHING },
    Case { what: "names in upper case", config: "[default]\nAWS_ACCESS_KEY_ID = AKIDCONFIG\nAWS_Secret_Access_Key = canary\n", chosen: "AKIDCONFIG", ..NOTHING },
    Case { what: "colons", config: "[default]\naws_access_key_id: AKIDCONFIG\naws_secret_access_key: canary\n", chosen: "AKIDCONFIG", ..NOTHING },
    Case { what: "two variables that name profiles", variables: &[("AWS_DEFAULT_PROFILE", "dev"), ("AWS_PROFILE", "other")], config: concat!("[profile other]\n", keys!("AKIDOTHER"), "[profile dev]\n", keys!("AKIDDEV")), chosen: "AKIDDEV", ..NOTHING },
    Case { what: "a role in the credentials file", credentials: concat!("[default]\nrole_arn = arn:aws:iam::111122223333:role/api\nsource_profile = dev\n[dev]\n", keys!("AKIDDEV")), chosen: "role", ..NOTHING },
    Case { what: "a role beside keys of the same profile", config: concat!("[default]\nrole_arn = arn:aws:iam::111122223333:role/api\nsource_profile = dev\n[profile dev]\n", keys!("AKIDDEV")), credentials: DEFAULT_OF_CREDENTIALS, chosen: "role", ..NOTHING },
    Case { what: "a role beside keys in variables", variables: &ENVIRONMENT, config: concat!("[default]\nrole_arn = arn:aws:iam::111122223333:role/api\nsource_profile = dev\n[profile dev]\n", keys!("AKIDDEV")), chosen: "AKIDVARIABLE", ..NOTHING },
    Case { what: "a role by the environment of a named profile", variables: &ENVIRONMENT, profile: "dev", config: "[profile dev]\nrole_arn = arn:aws:iam::111122223333:role/api\ncredential_source = Environment\n", chosen: "role", ..NOTHING },
    Case { what: "a role with two sources", config: concat!("[default]\nrole_arn = arn:aws:iam::111122223333:role/api\nsource_profile = dev\ncredential_source = Environment\n[profile dev]\n", keys!("AKIDDEV")), chosen: "refused", ..NOTHING },
    Case { what: "a role whose source is absent", config: "[default]\nrole_arn = arn:aws:iam::111122223333:role/api\nsource_profile = gone\n", credentials: DEFAULT_OF_CREDENTIALS, chosen: "refused", ..NOTHING },
    Case { what: "a source without a role", config: concat!("[default]\nsource_profile = dev\n", keys!("AKIDCONFIG")), chosen: "AKIDCONFIG", ..NOTHING },
    Case { what: "a credential source without a role", config: concat!("[default]\ncredential_source = Environment\n", keys!("AKIDCONFIG")), chosen: "AKIDCONFIG", ..NOTHING },
    Case { what: "a role through two profiles", config: concat!("[default]\nrole_arn = arn:aws:iam::111122223333:role/api\nsource_profile = b\n[profile b]\nrole_arn = arn:aws:iam::111122223333:role/b\nsource_profile = dev\n[profile dev]\n", keys!("AKIDDEV")), chosen: "role", ..NOTHING },
    Case { what: "a circle of roles", config: "[default]\nrole_arn = arn:aws:iam::111122223333:role/api\nsource_profile = b\n[profile b]\nrole_arn = arn:aws:iam::111122223333:role/b\nsource_profile = default\n", chosen: "refused", ..NOTHING },
    Case { what: "a role of a web identity's profile as the source", config: "[default]\nrole_arn = arn:aws:iam::111122223333:role/api\nsource_profile = web\n[profile web]\nrole_arn = arn:aws:iam::111122223333:role/web\nweb_identity_token_file = token\n", chosen: "role", ..NOTHING },
    Case { what: "a web identity and a source in one profile", config: concat!("[default]\nrole_arn = arn:aws:iam::111122223333:role/api\nsource_profile = dev\nweb_identity_token_file = token\n[profile dev]\n", keys!("AKIDDEV")), chosen: "web identity", ..NOTHING },
    Case { what: "a section that stands twice", config: "[default]\naws_access_key_id = AKIDCONFIG\n[default]\naws_secret_access_key = canary\n", chosen: "refused", ..NOTHING },
    Case { what: "a setting that stands twice", config: concat!("[default]\naws_access_key_id = AKIDFIRST\n", keys!("AKIDCONFIG")), chosen: "refused", ..NOTHING },
    Case { what: "an indented section", config: " [default]\n  aws_access_key_id = AKIDCONFIG\n  aws_secret_access_key = canary\n", chosen: "AKIDCONFIG", ..NOTHING },
    Case { what: "an empty token", credentials: concat!("[default]\n", keys!("AKIDCREDENTIALS"), "aws_session_token =\n"), chosen: "AKIDCREDENTIALS", ..NOTHING },
    Case { what: "an empty variable", variables: &[("AWS_ACCESS_KEY_ID", "")], config: DEFAULT, chosen: "AKIDCONFIG", ..NOTHING },
    Case { what: "a process that gives nothing", config: "[default]\ncredential_process = false\n", chosen: "refused", ..NOTHING },
    Case { what: "a comment after a value", config: concat!("[default] # mine\n", keys!("AKIDCONFIG"), "region = eu-west-1 # near\n"), chosen: "AKIDCONFIG", ..NOTHING },
    Case { what: "a quoted name", variables: &[("AWS_PROFILE", "my dev")], config: concat!("[profile \"my dev\"]\n", keys!("AKIDDEV")), chosen: "AKIDDEV", ..NOTHING },
    Case { what: "lines that end with a carriage return", config: "[default]\raws_access_key_id = AKIDCONFIG\raws_secret_access_key = canary\r", chosen: "AKIDCONFIG", ..NOTHING },
];

/// In an empty environment with both files, a token and a command that gives credentials.
fn prepared(case: &Case, run: Run) -> Run {
    let run = with_config(run, case.config);
    write(&run, ".aws/credentials", case.credentials);
    write(&run, "token", "canary-web-identity");
    script(&run.home().join("give"), &format!("#!/bin/sh\n{PRINT}\n"));
    let variables = case.variables.iter();
    variables.fold(run, |run, (name, value)| run.env(name, value))
}

fn ours(case: &Case) -> String {
    let (stub, sts) = (stub(), sts());
    let run = prepared(case, without_credentials(&stub)).env("AWS_ENDPOINT_URL_STS", sts.url());
    let run = match case.profile {
        "" => run,
        profile => run.args("--profile").arg(profile),
    };
    let outcome = run.args("-- true").run();
    let assumed = sts.requests().pop();
    match (assumed, stub.requests().pop()) {
        (Some(request), _) if request.body.contains("WebIdentity") => "web identity".to_owned(),
        (Some(_), _) => "role".to_owned(),
        (None, Some(request)) => {
            let key = access_key(request.header("authorization").expect("a signature"));
            let token = request.header("x-amz-security-token").unwrap_or_default();
            format!("{key} {token}").trim().to_owned()
        }
        (None, None) if outcome.stderr.contains("no source has any") => "none".to_owned(),
        (None, None) => "refused".to_owned(),
    }
}

#[test]
fn the_choice_is_the_aws_clis() {
    let wrong: Vec<String> = CASES
        .iter()
        .map(|case| (case, ours(case)))
        .filter(|(case, ours)| ours != case.chosen)
        .map(|(case, ours)| format!("{}: {ours}, and not {}", case.what, case.chosen))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Prints what botocore chooses for each line with a directory, variables and a profile, in a process of its own that
/// needs to load nothing. Of a role, it asks STS later.
const CHOICE: &str = r"
import botocore.session, json, os, sys
def choose(profile):
    try:
        session = botocore.session.Session(profile=profile or None)
        found = session.get_credentials()
        kinds = {'assume-role': 'role', 'assume-role-with-web-identity': 'web identity'}
        if found is None: print('none')
        elif found.method in kinds: print(kinds[found.method])
        else: print(found.access_key, found.token or '')
    except Exception as error:
        print('refused', repr(error).replace('\n', ' '))
for line in sys.stdin:
    directory, variables, profile = json.loads(line)
    child = os.fork()
    if child == 0:
        os.chdir(directory)
        os.environ.clear()
        os.environ.update(variables)
        choose(profile)
        sys.stdout.flush()
        os._exit(0)
    os.waitpid(child, 0)
";

#[test]
#[ignore = "needs botocore: ./tests/run installs it"]
fn botocore_makes_these_choices() {
    let mut python = Command::new(python())
        .args(["-c", CHOICE])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python");
    let mut stdin = python.stdin.take().expect("a pipe");
    let mut chosen = BufReader::new(python.stdout.take().expect("a pipe")).lines();
    let mut wrong = Vec::new();
    for case in CASES {
        let run = prepared(case, Run::bare()).env("AWS_REGION", "eu-west-1");
        let (command, home) = run.command();
        let text = |value: Option<&OsStr>| value.expect("a value").to_string_lossy().into_owned();
        let variables: BTreeMap<_, _> =
            command.get_envs().map(|(name, value)| (text(Some(name)), text(value))).collect();
        let asked = serde_json::json!([home.path(), variables, case.profile]);
        writeln!(stdin, "{asked}").expect("python reads");
        let line = chosen.next().expect("an answer").expect("a line");
        let is_right = match case.chosen {
            "refused" => line.starts_with("refused "),
            chosen => line.trim() == chosen,
        };
        if !is_right {
            wrong.push(format!("{}: {line}", case.what));
        }
    }
    drop(stdin);
    assert!(python.wait().expect("ends").success());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn services_that_are_not_there_are_an_error() {
    let stub = stub();
    let config = format!("{DEFAULT}region = eu-west-1\nservices = local\n");
    with_config(without_credentials(&stub), &config)
        .fails(78)
        .says(&[".aws/config, line 5", "no section `[services local]`"]);
}

#[test]
fn a_role_of_a_variable_is_assumed_with_the_token_of_the_profile() {
    let (stub, sts) = (stub(), sts());
    let config = "[default]\nrole_arn = arn:aws:iam::111122223333:role/other\nweb_identity_token_file = token\nrole_session_name = named\n";
    let run = with_config(without_credentials(&stub), config)
        .env(ROLE.0, ROLE.1)
        .env("AWS_ENDPOINT_URL_STS", sts.url());
    write(&run, "token", "canary-web-identity");
    assert_eq!(signer(&stub, run), role());
    expect_assume_role(&sts, None, &[ROLE_PART, "RoleSessionName=named"]);
}

/// The name of the host in this machine's own spelling.
fn default_name() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").expect("a name");
    format!("RoleSessionName=ssm-exec-{}", host.trim())
}

#[test]
fn every_session_of_a_role_is_named_by_the_variable_the_profile_or_the_host() {
    let own = "role_session_name = own\n";
    let chain = format!("[default]\n{ROLE_OF_DEV}{DEV}");
    let named = format!("[default]\n{ROLE_OF_DEV}{own}{DEV}");
    let token = "[default]\nrole_arn = arn:aws:iam::111122223333:role/api\nweb_identity_token_file = token\n";
    let flag = "--role-arn arn:aws:iam::111122223333:role/api";
    let (given, own, host) = ("RoleSessionName=given", "RoleSessionName=own", default_name());
    for (config, arguments, variable, name) in [
        (chain.as_str(), "", "", host.as_str()),
        (&chain, "", "given", given),
        (&named, "", "", own),
        (&named, "", "given", own),
        (DEFAULT, flag, "", &host),
        (DEFAULT, flag, "given", given),
        (&format!("{DEFAULT}role_session_name = own\n"), flag, "", own),
        (token, "", "", &host),
        (token, "", "given", given),
    ] {
        let (stub, sts) = (stub(), sts());
        let run = with_config(without_credentials(&stub), config)
            .env("AWS_ENDPOINT_URL_STS", sts.url())
            .env("AWS_ROLE_SESSION_NAME", variable)
            .args(arguments);
        write(&run, "token", "canary-web-identity");
        assert_eq!(signer(&stub, run), role());
        let [request] = <[HttpRequest; 1]>::try_from(sts.requests()).expect("one request");
        assert!(request.body.split('&').any(|pair| pair == name), "{name}: {config}{arguments}");
    }
}
