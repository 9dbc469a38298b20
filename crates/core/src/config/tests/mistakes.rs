//! What is refused, with which message and status.

use super::*;
use crate::status::Status;

#[test]
fn mistakes_name_their_place_and_end_with_its_status() {
    use Status::{Config as File, Usage};
    let flags: &[(&[&str], &str)] = &[
        (
            &["--account=1"],
            "--account: `1` is not a 12-digit account ID",
        ),
        (
            &["--role-arn=arn:aws:iam::111122223333:user/ana"],
            "--role-arn: `arn:aws:iam::111122223333:user/ana` is not a role's ARN",
        ),
        (
            &["--role-arn=arn:aws:iam:eu-west-1:111122223333:role/x"],
            "--role-arn: `arn:aws:iam:eu-west-1:111122223333:role/x` is not a role's ARN",
        ),
        (
            &["--role-arn=arn:aws:sts::111122223333:assumed-role/x/y"],
            "--role-arn: `arn:aws:sts::111122223333:assumed-role/x/y` is not a role's ARN",
        ),
        (
            &["--endpoint-url=http://ssm.example"],
            "--endpoint-url: `http://ssm.example` would send secrets over plain HTTP to another machine",
        ),
        (&["--timeout=10"], "--timeout: `10` has no unit"),
        (
            &["--timeout=soon"],
            "--timeout: `soon` is not a duration such as `30s`, `500ms`, `2m` or `90d`",
        ),
        (
            &["--timeout="],
            "--timeout: `` is not a duration such as `30s`, `500ms`, `2m` or `90d`",
        ),
        (
            &["--timeout=0s"],
            "--timeout: `0s` leaves no time for any request",
        ),
        (
            &["--max-parameters=0"],
            "--max-parameters: `0` is not a number of at least 1",
        ),
        (
            &["--keep=HOME"],
            "--keep: `HOME` has no effect without `--pristine`",
        ),
        (&["--only="], "--only: `` is an empty pattern"),
        (&["--only=,"], "--only: `` is an empty pattern"),
        (&["--exclude= "], "--exclude: `` is an empty pattern"),
        (&["--require="], "--require: `` is empty"),
        (&["--allow=,"], "--allow: `` is empty"),
        (&["--base64="], "--base64: `` is empty"),
        (
            &["--closed"],
            "--closed: needs a `[contract]` in ssm-exec.toml",
        ),
        (&["--file=/a/b"], "--file: `/a/b` has no variable name"),
        (
            &["--key=/a/b=NAME"],
            "--key: `/a/b=NAME` has the parameter before the name",
        ),
        (
            &["--key=arn:aws:x=NAME"],
            "--key: `arn:aws:x=NAME` has the parameter before the name",
        ),
        (
            &["--key=/a/1st"],
            "--key: `/a/1st` would become the variable `1ST`, which begins with a digit",
        ),
        (
            &["--key=A=/a", "--key=A=/b"],
            "A is given twice, as `/a` and as `/b`",
        ),
        (
            &["--key=A=/a", "--base64=B"],
            "there is no key and no file B to decode from Base64",
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
            "--on-change: `KILL` ends a program without giving it a chance",
        ),
        (
            &["--settle=1s"],
            "--settle: has no effect without `--watch DURATION`",
        ),
        (
            &["--watch=999ms"],
            "--watch: `999ms` is too short: requests cost quota",
        ),
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
            "SSM_EXEC_PREFIXES: unknown variable; did you mean `SSM_EXEC_PREFIX`?",
        ),
        (&[c"SSM_EXEC_PREFIX=/\xff"], "SSM_EXEC_PREFIX: is not UTF-8"),
        (
            &[c"SSM_EXEC_SKIP=maybe"],
            "SSM_EXEC_SKIP: `maybe` is not valid (expected `true` or `false`)",
        ),
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
            "t.toml, line 1, `max_parameters`: is a TOML boolean (expected a number)",
        ),
        (
            "\nprefix = { path = \"/a\", onli = \"B\" }",
            "t.toml, line 2: unknown key `onli` in `prefix`; did you mean `only`?",
        ),
        (
            "[keys]\nA = { param = \"/a\", encoding = \"hex\" }",
            "t.toml, line 2, `keys.A`: `hex` is not valid as an encoding (expected `base64`)",
        ),
        (
            "[keys]\nA = \"/a\"\ntimeout = \"5s\"",
            "t.toml, line 3: the setting `timeout` is in `[keys]`. Write it above the first `[table]`",
        ),
        (
            "[files]\nrequire = [\"X\"]",
            "t.toml, line 2: the setting `require` is in `[files]`. Write it above the first `[table]`",
        ),
        (
            "[keys]\nregion = \"eu-west-1\"",
            "t.toml, line 2: the setting `region` is in `[keys]`. Write it in `[aws]`",
        ),
        (
            "[compose]\nskip = true",
            "t.toml, line 2: the setting `skip` is in `[compose]`. Write it above the first `[table]`",
        ),
        (
            "[rename]\nlog = \"debug\"",
            "t.toml, line 2: the setting `log` is in `[rename]`. Write it above the first `[table]`",
        ),
        (
            "[contract]\ntimeout = \"5s\"",
            "t.toml, line 2: the setting `timeout` is in `[contract]`. Write it above the first `[table]`",
        ),
        (
            "[aws]\nrequire = [\"X\"]",
            "t.toml, line 2: the setting `require` is in `[aws]`. Write it above the first `[table]`",
        ),
        (
            "[aws]\nevery = \"5m\"",
            "t.toml, line 2: the setting `every` is in `[aws]`. Write it in `[watch]`",
        ),
        (
            "region = \"eu-west-1\"",
            "t.toml, line 1: the setting `region` is at the top level. Write it in `[aws]`",
        ),
        (
            "default_stage = \"a\"\n[stage.a.keys]\nonly = [\"X\"]",
            "t.toml, line 3: the setting `only` is in `[stage.a.keys]`. Write it in `[stage.a]`",
        ),
        (
            "default_stage = \"a\"\n[stage.a]\nprofile = \"x\"",
            "t.toml, line 3: the setting `profile` is in `[stage.a]`. Write it in `[stage.a.aws]`",
        ),
        (
            "watch = \"5m\"",
            "t.toml, line 1, `watch`: is a TOML string (expected a table). Write `[watch]`, and below it `every = \"5m\"`",
        ),
        (
            "aws = 1",
            "t.toml, line 1, `aws`: is a TOML integer (expected a table). Write `[aws]`, and below it its settings",
        ),
        (
            "[compose]\nA = \"${B}\"\nB = \"${A}\"",
            "t.toml, line 2, `compose.A`: depends on itself, through A, B",
        ),
        (
            "prefix = \"/a/${NOPE:-${B}}\"",
            "t.toml, line 1, `prefix`: has `${NOPE:-${B}`; write `${NAME}`",
        ),
        (
            "pristine = false\nkeep = [\"A\"]",
            "t.toml, line 2, `keep`: `A` has no effect without `--pristine`",
        ),
        (
            "prefix = \"/a\"\nonly = [\"{A, B}\"]",
            "t.toml, line 2, `only`: `{A, B}` contains white space",
        ),
        (
            "[rename]\nA = \"${NOPE}\"",
            "t.toml, line 2, `rename.A`: `${NOPE}` cannot be replaced, since NOPE is unset or empty",
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
    for empty in [
        c"SSM_EXEC_REQUIRE=",
        c"SSM_EXEC_REQUIRE= ",
        c"SSM_EXEC_REQUIRE=,",
    ] {
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
        let unused = config
            .without_effect
            .iter()
            .map(|it| it.diagnostic().line());
        unused.collect::<Vec<_>>()
    };
    let no_prefix =
        |flag| format!("{flag}: has no effect, since there is no prefix and no JSON object");
    assert_eq!(
        reasons(&[
            "--key=A=/a",
            "--only=A",
            "--exclude=B",
            "--name-prefix=X_",
            "--case=keep"
        ]),
        ["--only", "--exclude", "--name-prefix", "--case"].map(no_prefix)
    );
    assert_eq!(reasons(&["--json=/a", "--only=A", "--case=keep"]), [""; 0]);
    let role = "--role-arn=arn:aws:iam::111122223333:role/x";
    assert_eq!(reasons(&["--external-id=x", role]), [""; 0]);
    assert_eq!(
        reasons(&["--external-id=x"]),
        ["--external-id: has no effect, since no role is assumed (`--role-arn`)"]
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
    assert_eq!(
        location(&["--config=x.toml"]),
        Ok(Some(ConfigLocation::File(file)))
    );
    let both = location(&["--config=x.toml", "--no-config"]);
    assert_eq!(
        both.expect_err("both").to_string(),
        "--no-config: cannot be used together with a configuration file"
    );
}

#[test]
fn a_stage_needs_a_file() {
    assert_eq!(refuse_stage(None), Ok(()));
    let stage = Given::new("prod".to_owned(), Origin::Flag("--stage"));
    let error = refuse_stage(Some(&stage)).expect_err("no file");
    assert_eq!(
        error.to_string(),
        "--stage: there is no stage `prod`, since no configuration file was found"
    );
}

#[test]
fn many_stages_or_profiles_are_listed_on_lines() {
    let origin = Origin::Flag("--x");
    let known = |count| ["a", "b", "c", "d"].map(str::to_owned)[..count].to_vec();
    let name = "nope".to_owned();
    for count in [0, 2, 4] {
        let stage = ConfigError::UnknownStage {
            origin: origin.clone(),
            name: name.clone(),
            path: Some("t.toml".into()),
            known: known(count),
        };
        let profile = ConfigError::UnknownProfile {
            origin: origin.clone(),
            name: name.clone(),
            known: known(count),
        };
        for (error, start) in [
            (stage, "--x: t.toml has no stage `nope`"),
            (profile, "--x: there is no profile `nope`"),
        ] {
            let (message, text) = (error.diagnostic(), error.to_string());
            assert!(message.line().starts_with(start), "{}", message.line());
            assert!(text.starts_with(start), "{text}");
            let list = known(count).join(", ");
            assert_eq!(text.ends_with(&format!(": {list}")), count > 0, "{text}");
            match count {
                4 => assert_eq!(message.list, known(4)),
                _ => assert_eq!(message.to_string(), text),
            }
        }
    }
}
