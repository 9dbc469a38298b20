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
        (
            &["--settle=1s"],
            "--settle: has no effect, since nothing is watched\n  help: Add `--watch 5m`",
        ),
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
        (
            &[c"SSM_EXEC_KEY=A = /a"],
            "SSM_EXEC_KEY: `=` is a word of its own\n  help: Write `NAME=PARAM`, without blanks",
        ),
        (
            &[c"SSM_EXEC_KEY=A: /a"],
            "SSM_EXEC_KEY: `A:` ends with a colon\n  help: For a variable, write `A=PARAM`",
        ),
        (&[c"SSM_EXEC_WATCH=0s"], "SSM_EXEC_WATCH: `0s` is too short: requests cost quota"),
        (&[c"SSM_EXEC_TIMEOUT=0"], "SSM_EXEC_TIMEOUT: `0` leaves no time for any request"),
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
            "[compose]\nURL = \"x${A}\"\n[files]\nA = \"/a\"",
            "t.toml, line 2, `compose.URL`: `${A}` is the path of a file, which is not known before the start\n  help: Take the value as a variable with `[keys]`",
        ),
        (
            "[files]\nA = { template = \"${HOST}\" }\nB = { template = \"${A}\" }",
            "t.toml, line 3, `files.B`: `${A}` is the path of a file, which is not known before the start\n  help: Take the value as a variable with `[compose]`",
        ),
        (
            "prefix = \"/a/${NOPE:-${B}}\"",
            "t.toml, line 1, `prefix`: has `${NOPE:-${B}`, which is neither a name nor",
        ),
        (
            "pristine = false\nkeep = [\"A\"]",
            "t.toml, line 2, `keep`: `A` has no effect without `pristine = true`",
        ),
        (
            "[watch]\nsettle = \"5s\"",
            "t.toml, line 2, `watch.settle`: has no effect, since nothing is watched\n  help: Add `every = \"5m\"`",
        ),
        (
            "prefix = \"/a\"\nexclude = \"DB_*,{A,B}\"",
            "t.toml, line 2, `exclude`: `DB_*,{A,B}` has a comma, which separates nothing in a string\n  help: Write a list of strings: `[\"DB_*\", \"{A,B}\"]`",
        ),
        (
            "prefix = { path = \"/a\", only = [\"A,B\"] }",
            "t.toml, line 1, `prefix.only`: `A,B` has a comma",
        ),
        (
            "[keys]\n\"/a/b\" = \"B\"",
            "t.toml, line 2, `keys./a/b`: `\"/a/b\" = \"B\"` has the parameter before the name\n  help: Write `B = \"/a/b\"`",
        ),
        (
            "[files]\n\"/etc/x.pem\" = \"/a/b\"",
            "t.toml, line 2, `files./etc/x.pem`: `\"/etc/x.pem\" = \"/a/b\"` has no variable's name\n  help: Write `NAME = \"/a/b\"`: the variable gets",
        ),
        (
            "[keys]\nA = { path = \"/a\" }",
            "t.toml, line 2, `keys.A.path`: unknown key `path`\n  help: Correct it: did you mean `param`?",
        ),
        (
            "[keys]\nA = { param = \"/a\", version = 3 }",
            "t.toml, line 2, `keys.A.version`: unknown key `version`\n  help: Write it after the parameter",
        ),
        (
            "[contract]\nA = { type = \"uri\" }",
            "t.toml, line 2, `contract.A.type`: `uri` is not `base64`, `boolean`, `integer`, `json`, `number`, `pem`, `port`, `text`, `url` or `uuid`\n  help: Correct it: did you mean `url`?",
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
        reasons(&["--watch=1m", "--on-file-change=HUP"]),
        ["--on-file-change: has no effect, since there is no in-memory file"]
    );
    assert_eq!(reasons(&["--watch=1m", "--on-file-change=HUP", "--file=A=/a"]), [""; 0]);
    assert_eq!(reasons(&["--watch=off", "--on-file-change=HUP"]), [""; 0]);
    // A key without a name gets one by the same rules.
    assert_eq!(
        reasons(&["--key=/a", "--only=A", "--name-prefix=X_", "--case=keep"]),
        [no_prefix("--only")]
    );
    assert_eq!(
        reasons(&["--watch=1m", "--trigger=/t", "--settle=5s"]),
        ["--settle: has no effect, since a change of the trigger counts immediately"]
    );
    assert_eq!(reasons(&["--watch=1m", "--settle=5s"]), [""; 0]);
}

#[test]
fn a_rule_for_names_yields_to_that_of_a_source_unless_its_level_is_stronger() {
    let file = "prefix = [{ path = \"/a\", only = \"A\", case = \"keep\" }]\nonly = \"X\"";
    let only = |flags: &[&'static str], variables: &[&CStr], file: &str| {
        let config = resolve(flags, variables, file).expect("valid");
        let only = globs(&config.sources.prefixes[0].naming.only).join(" ");
        let unused: Vec<_> = config.without_effect.iter().map(Diagnostic::line).collect();
        (only, unused.join(" "))
    };
    let none = String::new();
    assert_eq!(only(&["--only=B"], &[], file), ("B".to_owned(), none.clone()));
    assert_eq!(only(&[], &[c"SSM_EXEC_ONLY=C"], file), ("C".to_owned(), none.clone()));
    let unused =
        "t.toml, line 2, `only`: has no effect, since each prefix and JSON object has its own";
    assert_eq!(only(&[], &[], file), ("A".to_owned(), unused.to_owned()));
    let both = format!("json = \"/j\"\n{file}");
    assert_eq!(only(&[], &[], &both), ("A".to_owned(), none.clone()));
    // A stage lies over the rest of the file.
    let stage =
        "default_stage = \"s\"\nprefix = { path = \"/a\", only = \"A\" }\n[stage.s]\nonly = \"S\"";
    assert_eq!(only(&[], &[], stage), ("S".to_owned(), none));
    let config = resolve(&["--case=upper"], &[], file).expect("valid");
    assert_eq!(config.sources.prefixes[0].naming.case, Case::Upper);
}

#[test]
fn a_path_below_the_name_of_a_setting_is_most_likely_the_setting() {
    let lines = |file: &str| {
        let config = resolve(&[], &[], file).expect("valid");
        let lines = config.without_effect.iter().map(ToString::to_string);
        lines.collect::<Vec<_>>()
    };
    assert_eq!(
        lines("[keys]\njson = \"/a\"\n[files]\ntrigger = \"/b\""),
        [
            "t.toml, line 2, `keys.json`: the setting `json` is in `[keys]`, where it is the name of a variable\n  help: Write it above the first `[table]`",
            "t.toml, line 4, `files.trigger`: the setting `trigger` is in `[files]`, where it is the name of a variable\n  help: Write it in `[watch]`",
        ]
    );
    let stage = "default_stage = \"s\"\n[stage.s.keys]\nprefix = \"/a\"";
    assert!(lines(stage)[0].contains("is in `[stage.s.keys]`"));
    assert!(lines(stage)[0].ends_with("Write it in `[stage.s]`"));
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
