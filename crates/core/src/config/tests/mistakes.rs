//! What is refused, with which message and status.

use super::*;
use crate::status::Status;

#[test]
fn mistakes_name_their_place_and_end_with_its_status() {
    use Status::{Config as File, Usage};
    let flags: &[(&[&str], &str)] = &[
        (&["--account=1"], "--account: `1` is not a 12-digit account ID"),
        (
            &["--role-arn=arn:aws:iam::111122223333:user/ana"],
            "--role-arn: `arn:aws:iam::111122223333:user/ana` is not the ARN of a role",
        ),
        (
            &["--role-arn=arn:aws:iam:eu-west-1:111122223333:role/x"],
            "--role-arn: `arn:aws:iam:eu-west-1:111122223333:role/x` is not the ARN of a role",
        ),
        (
            &["--role-arn=arn:aws:sts::111122223333:assumed-role/x/y"],
            "--role-arn: `arn:aws:sts::111122223333:assumed-role/x/y` is not the ARN of a role",
        ),
        (
            &["--endpoint-url=http://ssm.example"],
            "--endpoint-url: `http://ssm.example` would send secrets over plain HTTP to another machine",
        ),
        (&["--timeout=10"], "--timeout: `10` has no unit"),
        (&["--timeout=soon"], "--timeout: `soon` is not a duration"),
        (&["--timeout="], "--timeout: `` is not a duration"),
        (&["--timeout=0s"], "--timeout: `0s` leaves no time for any request"),
        (&["--max-parameters=0"], "--max-parameters: `0` is not a number of at least 1"),
        (&["--keep=HOME"], "--keep: `HOME` has no effect without `--pristine`"),
        (&["--only="], "--only: the pattern is empty"),
        (&["--only=,"], "--only: the pattern is empty"),
        (&["--exclude= "], "--exclude: the pattern is empty"),
        (&["--require="], "--require: the name of a variable is empty"),
        (&["--allow=,"], "--allow: the name of a variable is empty"),
        (&["--base64="], "--base64: the name of a variable is empty"),
        (&["--closed"], "--closed: needs a `[contract]`"),
        (&["--file=/a/b"], "--file: `/a/b` has no variable's name"),
        (&["--key=/a/b=NAME"], "--key: `/a/b=NAME` has the parameter before the name"),
        (&["--key=arn:aws:x=NAME"], "--key: `arn:aws:x=NAME` has the parameter before the name"),
        (
            &["--key=/a/1st"],
            "--key: `/a/1st` would become the variable `1ST`, which begins with a digit",
        ),
        (&["--key=A=/a", "--key=A=/b"], "--key: A is given twice, as `/a` and as `/b`"),
        (
            &["--key=A=/a", "--base64=B"],
            "--base64: there is no key and no file B to decode from Base64",
        ),
        (
            &["--fingerprint", "--format=json"],
            "--format: has no effect with `--fingerprint` and `--unchanged-since`",
        ),
        (
            &["--unchanged-since=x", "--unused"],
            "--unused: has no effect with `--fingerprint` and `--unchanged-since`",
        ),
        (
            &["--watch=1s", "--on-change=KILL"],
            "--on-change: `KILL` ends a program before it can finish its work",
        ),
        (&["--settle=1s"], "--settle: has no effect without `--watch`"),
        (&["--watch=999ms"], "--watch: `999ms` is too short: requests cost quota"),
        (
            &["--watch=1m", "--trigger=/a:3"],
            "--trigger: `/a:3` never changes: it is pinned to version 3",
        ),
    ];
    for (flags, message) in flags {
        let error = resolve(flags, &[], "").expect_err(message);
        assert!(error.to_string().starts_with(message), "{error}");
        assert_eq!(error.status(), Usage, "{error}");
    }
    let variables: &[(&[&CStr], &str)] = &[
        (
            &[c"SSM_EXEC_PREFIXES=/a"],
            "SSM_EXEC_PREFIXES: unknown variable\n  help: Correct it: did you mean `SSM_EXEC_PREFIX`?",
        ),
        (&[c"SSM_EXEC_PREFIX=/\xff"], "SSM_EXEC_PREFIX: is not UTF-8"),
        (&[c"SSM_EXEC_SKIP=maybe"], "SSM_EXEC_SKIP: `maybe` is not `true` or `false`"),
        (
            &[c"SSM_EXEC_WATCH=1m", c"AWS_LAMBDA_RUNTIME_API=x"],
            "SSM_EXEC_WATCH: does not work on Lambda",
        ),
    ];
    for (variables, message) in variables {
        let error = resolve(&[], variables, "").expect_err(message);
        assert!(error.to_string().starts_with(message), "{error}");
        assert_eq!(error.status(), File, "{error}");
    }
    for (file, message) in [
        (
            "max_parameters = true",
            "t.toml, line 1, `max_parameters`: is a TOML boolean, not a number",
        ),
        (
            "\nprefix = { path = \"/a\", onli = \"B\" }",
            "t.toml, line 2, `prefix.onli`: unknown key `onli`\n  help: Correct it: did you mean `only`?",
        ),
        (
            "[keys]\nA = { param = \"/a\", encoding = \"hex\" }",
            "t.toml, line 2, `keys.A`: `hex` is not `base64`",
        ),
        (
            "[keys]\nA = \"/a\"\ntimeout = \"5s\"",
            "t.toml, line 3, `keys.timeout`: the setting `timeout` is in `[keys]`\n  help: Write it above the first `[table]`",
        ),
        (
            "[files]\nrequire = [\"X\"]",
            "t.toml, line 2, `files.require`: the setting `require` is in `[files]`\n  help: Write it above the first `[table]`",
        ),
        (
            "[keys]\nregion = \"eu-west-1\"",
            "t.toml, line 2, `keys.region`: the setting `region` is in `[keys]`\n  help: Write it in `[aws]`",
        ),
        (
            "[compose]\nskip = true",
            "t.toml, line 2, `compose.skip`: the setting `skip` is in `[compose]`\n  help: Write it above the first `[table]`",
        ),
        (
            "[rename]\nlog = \"debug\"",
            "t.toml, line 2, `rename.log`: the setting `log` is in `[rename]`\n  help: Write it above the first `[table]`",
        ),
        (
            "[contract]\ntimeout = \"5s\"",
            "t.toml, line 2, `contract.timeout`: the setting `timeout` is in `[contract]`\n  help: Write it above the first `[table]`",
        ),
        (
            "[aws]\nrequire = [\"X\"]",
            "t.toml, line 2, `aws.require`: the setting `require` is in `[aws]`\n  help: Write it above the first `[table]`",
        ),
        (
            "[aws]\nevery = \"5m\"",
            "t.toml, line 2, `aws.every`: the setting `every` is in `[aws]`\n  help: Write it in `[watch]`",
        ),
        (
            "region = \"eu-west-1\"",
            "t.toml, line 1, `region`: the setting `region` is at the top level\n  help: Write it in `[aws]`",
        ),
        (
            "default_stage = \"a\"\n[stage.a.keys]\nonly = [\"X\"]",
            "t.toml, line 3, `stage.a.keys.only`: the setting `only` is in `[stage.a.keys]`\n  help: Write it in `[stage.a]`",
        ),
        (
            "default_stage = \"a\"\n[stage.a]\nprofile = \"x\"",
            "t.toml, line 3, `stage.a.profile`: the setting `profile` is in `[stage.a]`\n  help: Write it in `[stage.a.aws]`",
        ),
        (
            "watch = \"5m\"",
            "t.toml, line 1, `watch`: is a TOML string, not a table\n  help: Write `[watch]`, and below it `every = \"5m\"`",
        ),
        (
            "aws = 1",
            "t.toml, line 1, `aws`: is a TOML integer, not a table\n  help: Write `[aws]`, and below it its settings",
        ),
        (
            "[compose]\nA = \"${B}\"\nB = \"${A}\"",
            "t.toml, line 2, `compose.A`: depends on itself, through A, B",
        ),
        (
            "prefix = \"/a/${NOPE:-${B}}\"",
            "t.toml, line 1, `prefix`: has `${NOPE:-${B}`, which is neither a name nor",
        ),
        (
            "pristine = false\nkeep = [\"A\"]",
            "t.toml, line 2, `keep`: `A` has no effect without `--pristine`",
        ),
        (
            "prefix = \"/a\"\nonly = [\"{A, B}\"]",
            "t.toml, line 2, `only`: the pattern `{A, B}` contains white space",
        ),
        (
            "[rename]\nA = \"${NOPE}\"",
            "t.toml, line 2, `rename.A`: `${NOPE}` cannot be replaced: NOPE is unset or empty",
        ),
    ] {
        let error = resolve(&[], &[], file).expect_err(message);
        assert!(error.to_string().starts_with(message), "{error}");
        assert_eq!(error.status(), File, "{error}");
    }
}

#[test]
fn a_variable_may_be_called_like_a_setting() {
    let file = "[keys]
timeout = \"/acme/timeout\"
only = { param = \"only\" }
region = \"arn:aws:ssm:eu-west-1:111122223333:parameter/acme/region\"
[compose]
log = \"${timeout}\"
[rename]
prefix = \"PREFIX\"
[contract]
case = { type = \"text\" }";
    let config = resolve(&[], &[], file).expect("valid");
    assert_eq!(config.sources.keys.len(), 3);
}

#[test]
fn a_variable_without_a_word_leaves_the_list_of_the_file() {
    let file = "prefix = \"/a\"\nrequire = [\"A\"]\nonly = [\"A\"]\n[keys]\nA = \"/b\"";
    for empty in [c"SSM_EXEC_REQUIRE=", c"SSM_EXEC_REQUIRE= ", c"SSM_EXEC_REQUIRE=,"] {
        let config = resolve(&[], &[empty], file).expect("valid");
        assert_eq!(config.rules.require.len(), 1, "{empty:?}");
    }
    let variables = [c"SSM_EXEC_ONLY=,", c"SSM_EXEC_PREFIX=\n", c"SSM_EXEC_KEY= "];
    let config = resolve(&[], &variables, file).expect("valid");
    assert_eq!(config.sources.prefixes[0].naming.only.len(), 1);
    assert_eq!(config.sources.keys.len(), 1);
}

#[test]
fn settings_without_effect_beside_the_others_are_found() {
    let reasons = |flags: &[&'static str]| {
        let config = resolve(flags, &[], "").expect("valid");
        let unused = config.without_effect.iter().map(Diagnostic::line);
        unused.collect::<Vec<_>>()
    };
    let no_prefix =
        |flag| format!("{flag}: has no effect, since there is no prefix and no JSON object");
    assert_eq!(
        reasons(&["--key=A=/a", "--only=A", "--exclude=B", "--name-prefix=X_", "--case=keep"]),
        ["--only", "--exclude", "--name-prefix", "--case"].map(no_prefix)
    );
    assert_eq!(reasons(&["--json=/a", "--only=A", "--case=keep"]), [""; 0]);
    let role = "--role-arn=arn:aws:iam::111122223333:role/x";
    assert_eq!(reasons(&["--external-id=x", role]), [""; 0]);
    assert_eq!(
        reasons(&["--external-id=x"]),
        ["--external-id: has no effect, since no role is assumed"]
    );
    assert_eq!(
        reasons(&["--watch=1m", "--trigger=/t", "--settle=5s"]),
        ["--settle: has no effect, since a change of the trigger counts immediately"]
    );
    assert_eq!(reasons(&["--watch=1m", "--settle=5s"]), [""; 0]);
}

#[test]
fn a_file_and_no_file_exclude_each_other() {
    let location = |flags: &[&'static str]| options(flags).config_location();
    assert_eq!(location(&[]), Ok(None));
    assert_eq!(location(&["--no-config"]), Ok(Some(ConfigLocation::None)));
    let file = Given::new(PathBuf::from("x.toml"), Origin::Flag("--config"));
    assert_eq!(location(&["--config=x.toml"]), Ok(Some(ConfigLocation::File(file))));
    let both = location(&["--config=x.toml", "--no-config"]);
    assert_eq!(
        both.expect_err("both").to_string(),
        "--no-config: cannot be used together with a configuration file\n  help: Choose one of them"
    );
}

#[test]
fn a_default_that_the_contract_forbids_is_refused_where_it_is_written() {
    let error = |file: &str| resolve(&[], &[], file).expect_err(file).to_string();
    for (file, line, name) in [
        (
            "[keys]\nA = { param = \"/a\", default = \"x\" }\n[contract]\nA = { type = \"port\" }",
            2,
            "A",
        ),
        (
            "[files]\nA = { param = \"/a\", default = \"x\" }\n[contract]\nA = { type = \"port\" }",
            2,
            "A",
        ),
        (
            "[keys]\n\nA = { param = \"/a\", default = \"x\" }\n[rename]\nA = \"B\"\n[contract]\nB = { type = \"port\" }",
            3,
            "B",
        ),
        ("[keys]\nA = { param = \"/a\", default = \"\" }\n[contract]\nA = {}", 2, "A"),
    ] {
        let message = error(file);
        let start = format!("t.toml, line {line}, ");
        assert!(message.starts_with(&start), "{message}");
        let default = format!("the default of {name} breaks the contract: it must ");
        assert!(message.contains(&default), "{message}");
    }
    for file in [
        "[keys]\nA = { param = \"/a\", default = \"80\" }\n[contract]\nA = { type = \"port\" }",
        "[keys]\nA = { param = \"/a\", default = \"x\" }\n[rename]\nA = \"B\"\n[contract]\nA = { type = \"port\" }",
        "[keys]\nA = { param = \"/a\", default = \"x\" }\n[compose]\nA = \"https://${A}\"\n[contract]\nA = { type = \"url\" }",
    ] {
        assert!(resolve(&[], &[], file).is_ok(), "{file}");
    }
}

#[test]
fn a_snapshot_of_lambda_gets_no_secrets_unless_it_is_allowed() {
    let snapshot = [c"AWS_LAMBDA_INITIALIZATION_TYPE=snap-start"];
    let error = resolve(&["--key=A=/a"], &snapshot, "").expect_err("a snapshot");
    assert_eq!(error.status(), Status::Config);
    let message = error.to_string();
    for part in ["AWS_LAMBDA_INITIALIZATION_TYPE: SnapStart would", "--allow-snapshot"] {
        assert!(message.contains(part), "{message}");
    }
    for allowed in ["--allow-snapshot", "--skip"] {
        assert!(resolve(&["--key=A=/a", allowed], &snapshot, "").is_ok());
    }
    assert!(resolve(&["--key=A=/a"], &snapshot, "allow_snapshot = true").is_ok());
    for other in [
        c"AWS_LAMBDA_INITIALIZATION_TYPE=on-demand",
        c"AWS_LAMBDA_INITIALIZATION_TYPE=provisioned-concurrency",
    ] {
        assert!(resolve(&["--key=A=/a"], &[other], "").is_ok());
    }
}
