use super::*;

fn config(text: &str) -> SharedConfig {
    let mut config = SharedConfig::default();
    config.add(text.as_bytes(), FileKind::Config).expect("a valid file");
    config
}

fn value<'a>(config: &'a SharedConfig, profile: &str, key: &str) -> Option<&'a str> {
    config.profile(profile)?.value(key)
}

#[test]
fn files_that_the_aws_cli_accepts_are_accepted() {
    for (what, text) in [
        ("plain", "[profile a]\nregion = eu-west-3\n"),
        ("indented", "    [profile a]\n    region = eu-west-3\n"),
        ("indented settings", "[profile a]\n  region = eu-west-3\n  output = json\n"),
        ("text after the section", "[profile a] # mine\nregion = eu-west-3\n"),
        ("text without a sign", "[profile a] mine\nregion = eu-west-3\n"),
        ("a comment after the value", "[profile a]\nregion = eu-west-3 # Paris\n"),
        ("a colon", "[profile a]\nregion: eu-west-3\n"),
        ("upper case", "[profile a]\nREGION=eu-west-3\n"),
        ("quotes", "[profile \"a\"]\nregion=eu-west-3\n"),
        ("CRLF", "[profile a]\r\nregion = eu-west-3\r\n"),
        ("other sections", "[plugins]\nx = y\n[profile a]\nregion = eu-west-3"),
        ("a nested value", "[profile a]\ns3 =\n  max = 1\n\n  min = 2\nregion = eu-west-3"),
        ("comments", "# x\n  ; y\n[profile a]\n # z\nregion = eu-west-3"),
    ] {
        assert_eq!(value(&config(text), "a", "region"), Some("eu-west-3"), "{what}");
    }
}

#[test]
fn what_cannot_be_read_is_an_error_with_its_line() {
    for (bytes, line, reason) in [
        (&b"\xEF\xBB\xBF[default]\n"[..], 1, "byte order mark"),
        (b"\xFF\xFE[\0", 1, "UTF-16"),
        (b"[default]\n# caf\xE9\n", 2, "is not UTF-8"),
        (b"[default]\nregion\n", 2, "has no `=`"),
        (b"[default\nregion = x\n", 1, "has no `]`"),
        (b"\nregion = x\n", 2, "before the first section"),
        (b"[default]\n= x\n", 2, "nothing before its `=`"),
        (b"[default]\na = 1\nA = 2\n", 3, "sets `a` again, after line 2"),
        (b"[default]\n[profile a]\n[default]\n", 3, "begins `[default]` again, after line 1"),
    ] {
        let mut config = SharedConfig::default();
        let error = config.add(bytes, FileKind::Config).expect_err(reason);
        assert_eq!(error.line, line, "{reason}");
        assert!(error.reason.contains(reason), "{error:?}");
    }
}

#[test]
fn the_sdk_gets_a_file_in_its_own_form() {
    let config = config(
        "  [profile \"My Mac\"] x\n  role_arn = r\n  source_profile = My Mac\n[services s]\nssm =\n  endpoint_url = http://x\n",
    );
    assert_eq!(
        config.to_sdk(),
        "[profile My%20Mac]\nrole_arn = r\nsource_profile = My%20Mac\n[services s]\nssm = \n  endpoint_url = http://x\n"
    );
}

#[test]
fn the_credentials_file_replaces_settings_of_the_other_file() {
    let mut both = config("[profile a]\nregion = eu-west-1\naws_access_key_id = old\n");
    both.add(b"[a]\naws_access_key_id = new\n", FileKind::Credentials).expect("a valid file");
    assert_eq!(value(&both, "a", "aws_access_key_id"), Some("new"));
    assert_eq!(value(&both, "a", "region"), Some("eu-west-1"));
}

#[test]
fn a_key_its_secret_and_its_token_are_those_of_one_file() {
    let mut both = config(
        "[profile a]\naws_access_key_id = old\naws_secret_access_key = s\naws_session_token = t\n[profile b]\naws_access_key_id = b\naws_secret_access_key = s\n",
    );
    let text = b"[a]\naws_access_key_id = new\naws_secret_access_key = n\n[b]\naws_session_token = stale\n[c]\naws_secret_access_key = lone\n";
    both.add(text, FileKind::Credentials).expect("a valid file");
    assert_eq!(both.keys("a"), Some(("new", "n", None)));
    assert_eq!(both.keys("b"), Some(("b", "s", None)));
    assert_eq!(both.keys("c"), None);
    // So that its message names the line.
    assert_eq!(value(&both, "c", "aws_secret_access_key"), Some("lone"));
}

#[test]
fn each_kind_of_profile_has_its_base() {
    let keys = "aws_access_key_id = i\naws_secret_access_key = s";
    for (text, base) in [
        (format!("[default]\n{keys}"), "Keys"),
        ("[default]\nrole_arn = arn:aws:iam::111122223333:role/r\nsource_profile = b\n[profile b]\ncredential_process = p".to_owned(), "Process("),
        (format!("[default]\nrole_arn = arn:aws:iam::111122223333:role/r\nsource_profile = default\n{keys}"), "Keys"),
        (format!("[default]\nrole_arn = arn:aws:iam::111122223333:role/r\nsource_profile = b\n[profile b]\nrole_arn = arn:aws:iam::111122223333:role/r\nsource_profile = default\n{keys}"), "Keys"),
        ("[default]\nrole_arn = arn:aws:iam::111122223333:role/r\ncredential_source = Environment".to_owned(), "Environment"),
        ("[default]\nrole_arn = arn:aws:iam::111122223333:role/r\nweb_identity_token_file = f".to_owned(), "WebIdentity(\"f\""),
        ("[default]\nsso_session = s\nsso_account_id = 111122223333\nsso_role_name = n\n[sso-session s]\nsso_region = r".to_owned(), "Sso"),
        ("[default]\nlogin_session = a".to_owned(), "Login"),
    ] {
        let config = config(&text);
        let found = format!("{:?}", config.credential_chain("default"));
        assert!(found.starts_with(&format!("Ok(Some(Chain {{ base: {base}")), "{text}: {found}");
    }
}

#[test]
fn a_profile_without_credentials_leaves_them_to_other_sources() {
    let config = config("[default]\nregion = eu-west-1\noutput = json\n");
    assert_eq!(config.credential_chain("default"), Ok(None));
    assert_eq!(config.credential_chain("nobody"), Ok(None));
}

#[test]
fn a_profile_that_cannot_give_credentials_is_an_error() {
    for (text, line, words) in [
        (
            "[default]\nrole_arn = arn:aws:iam::111122223333:role/r\nsource_profile = b\n[profile b]\nrole_arn = arn:aws:iam::111122223333:role/r\nsource_profile = default",
            6,
            "default → b → default",
        ),
        (
            "[default]\nrole_arn = arn:aws:iam::111122223333:role/r\nsource_profile = gone",
            3,
            "no profile `gone`",
        ),
        (
            "[default]\nrole_arn = arn:aws:iam::111122223333:role/r",
            2,
            "neither `source_profile` nor `credential_source`",
        ),
        (
            "[default]\nrole_arn = arn:aws:iam::111122223333:role/r\nsource_profile = b\ncredential_source = Environment",
            4,
            "has both",
        ),
        ("[default]\naws_access_key_id = i", 2, "no `aws_secret_access_key`"),
        ("[default]\naws_secret_access_key = s", 2, "no `aws_access_key_id`"),
        ("[default]\nsource_profile = b", 2, "no `role_arn`"),
        ("[default]\nsso_session = s", 2, "no section `[sso-session s]`"),
        ("[default]\nsso_account_id = 111122223333", 2, "no `sso_role_name`"),
        (
            "[default]\nrole_arn = arn:aws:iam::111122223333:role/r\ncredential_source = Ec2",
            3,
            "not one of Environment, Ec2InstanceMetadata, EcsContainer",
        ),
        ("[default]\nweb_identity_token_file = f", 2, "no `role_arn`"),
        (
            "[default]\nrole_arn = arn:aws:iam::111122223333:role/r\nsource_profile = b\n[profile b]\nregion = x",
            3,
            "has no credentials",
        ),
        (
            "[default]\nrole_arn = arn:aws:iam::111122223333:role/r\nsource_profile = default",
            3,
            "names itself as `source_profile` and has no keys",
        ),
        (
            "[default]\nrole_arn = arn:aws:iam::${ID}:role/r\nsource_profile = b",
            2,
            "`role_arn` is not the ARN of a role",
        ),
        (
            "[default]\nrole_arn = arn:aws:iam::111122223333:role/r\nrole_session_name = a b\nsource_profile = b",
            3,
            "`role_session_name` is not 2 to 64",
        ),
    ] {
        let config = config(text);
        let error = config.credential_chain("default").expect_err(text);
        assert_eq!(error.at.line, line, "{text}");
        assert!(error.reason.contains(words), "{text}: {}", error.reason);
    }
}

#[test]
fn the_roles_of_a_chain_are_assumed_from_its_base() {
    let config = config(
        "[default]\nrole_arn = arn:aws:iam::111122223333:role/r/last\nsource_profile = b\nexternal_id = xy\n[profile b]\nrole_arn = arn:aws:iam::111122223333:role/r/first\nmfa_serial = device\nrole_session_name = me\nsource_profile = c\n[profile c]\naws_access_key_id = i\naws_secret_access_key = s\n[profile e]\nregion = x\n[services s]\n",
    );
    let chain = config.credential_chain("default").expect("a chain");
    let chain = chain.expect("credentials");
    assert_eq!(chain.base, Base::Keys("c"));
    let first = Role {
        arn: "arn:aws:iam::111122223333:role/r/first",
        session_name: Some("me"),
        external_id: None,
        mfa_serial: Some("device"),
    };
    let last = Role {
        arn: "arn:aws:iam::111122223333:role/r/last",
        session_name: None,
        external_id: Some("xy"),
        mfa_serial: None,
    };
    assert_eq!(chain.roles, [first, last]);
    let profiles: Vec<&str> = config.profiles().collect();
    assert_eq!(profiles, ["b", "c", "default", "e"]);
}

#[test]
fn debug_output_shows_no_value() {
    let config = config("[default]\naws_secret_access_key = canary\n");
    let shown = format!("{config:?}");
    assert!(shown.contains("FileSetting(Config, line 2)") && !shown.contains("canary"), "{shown}");
}
