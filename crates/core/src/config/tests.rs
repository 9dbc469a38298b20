//! What options, variables and a file mean together.

mod mistakes;

use super::*;
use crate::inherited::Inherited;
use crate::variable::Case;
use std::ffi::CStr;

/// The level that options give: `--flag=TEXT`, or `--flag` for a switch.
fn options(options: &[&'static str]) -> Layer {
    let mut layer = Layer::default();
    for option in options {
        let (flag, text) = option.split_once('=').unwrap_or((option, ""));
        let mut rows = SETTINGS.iter();
        let row = rows.find(|row| row.flag == Some(flag) || row.negation == Some(flag));
        let row = row.expect("a flag");
        let origin = Origin::Flag(flag);
        if row.takes_value() {
            layer.add_option(row, text, &origin)
        } else {
            layer.set_switch(row, row.flag == Some(flag), origin)
        }
    }
    layer
}

/// The three levels over one another, as a configuration.
fn resolve(flags: &[&'static str], variables: &[&CStr], file: &str) -> Result<Config, Diagnostic> {
    let inherited = Inherited::new(variables.to_vec());
    let file = parse_file("t.toml".as_ref(), file, &inherited)?;
    let layer = options(flags).over(read_variables(&inherited)?.over(file));
    Config::resolve(layer, &inherited)
}

/// Each name and its parameter, and what else a key says.
fn keys(config: &Config) -> Vec<String> {
    let keys = config.sources.keys.iter();
    let shown = keys.map(|key| {
        let absence = match &key.absence {
            OnMissing::Fail => String::new(),
            OnMissing::Omit => " optional".to_owned(),
            OnMissing::Default(text) => format!(" default {text}"),
        };
        let file = [" file", ""][usize::from(key.delivery == Delivery::Variable)];
        let base64 = [" base64", ""][usize::from(key.encoding == Encoding::Plain)];
        let age = key.max_age.map(|age| format!(" {}s", age.as_secs()));
        let age = age.unwrap_or_default();
        format!("{}={}{absence}{file}{base64}{age}", key.name, key.param)
    });
    shown.collect()
}

fn globs(globs: &[Given<Glob>]) -> Vec<&str> {
    globs.iter().map(|glob| glob.value.as_str()).collect()
}

#[test]
fn sources_and_names_can_be_given_at_every_level() {
    let file = r#"
        prefix = ["/a", { path = "/b:blue", optional = true, only = "B_*", exclude = ["C", "D"], name_prefix = "", case = "upper" }]
        json = { param = "/j#x", optional = true }
        only = ["X", "Y"]
        name_prefix = "P_"
        case = "keep"
        base64 = "F"
        no_refs = true
        [keys]
        K = "/k"
        L = { param = "/l", default = "d", max_age = "1m" }
        M = { param = "/m", optional = true, encoding = "base64" }
        [files]
        F = "/f"
        "#;
    let flags = [
        "--prefix=/a",
        "--json=/j#x",
        "--only=X,Y",
        "--name-prefix=P_",
        "--case=keep",
        "--base64=F",
        "--no-refs",
        "--key=K=/k",
        "--optional-key=M=/m",
        "--file=F=/f",
    ];
    let variables = [
        c"SSM_EXEC_PREFIX=/a",
        c"SSM_EXEC_JSON=/j#x",
        c"SSM_EXEC_ONLY=X Y,",
        c"SSM_EXEC_NAME_PREFIX=P_",
        c"SSM_EXEC_CASE=keep",
        c"SSM_EXEC_BASE64=F",
        c"SSM_EXEC_NO_REFS=Yes",
        c"SSM_EXEC_KEY=K=/k,N=/n",
        c"SSM_EXEC_OPTIONAL_KEY=M=/m",
        c"SSM_EXEC_FILE=F=/f",
    ];
    for (config, expected) in [
        (
            resolve(&[], &[], file),
            ["K=/k", "L=/l default d 60s", "M=/m optional base64", "F=/f file base64"].as_slice(),
        ),
        (resolve(&flags, &[], ""), &["K=/k", "M=/m optional", "F=/f file base64"]),
        (resolve(&[], &variables, ""), &["K=/k", "N=/n", "M=/m optional", "F=/f file base64"]),
    ] {
        let config = config.expect("valid");
        assert_eq!(keys(&config), expected);
        let first = &config.sources.prefixes[0];
        assert_eq!(first.prefix.to_string(), "/a");
        assert_eq!(first.naming.prefix, "P_");
        assert_eq!(first.naming.case, Case::Keep);
        assert_eq!(globs(&first.naming.only), ["X", "Y"]);
        assert_eq!(config.sources.objects[0].param.to_string(), "/j#x");
        assert!(!config.sources.references && !first.optional);
    }
    let config = resolve(&[], &[], file).expect("valid");
    let second = &config.sources.prefixes[1];
    assert!(second.optional && config.sources.objects[0].optional);
    assert_eq!(second.naming.prefix, "");
    assert_eq!(second.naming.case, Case::Upper);
    assert_eq!(globs(&second.naming.only), ["B_*"]);
    assert_eq!(globs(&second.naming.exclude), ["C", "D"]);
}

#[test]
fn other_settings_can_be_given_at_every_level() {
    let file = r#"
        require = "A"
        drop = "T_*"
        pristine = true
        keep = ["HOME"]
        max_parameters = 7
        timeout = "5s"
        command = ["./server", "-v"]
        log = "debug"
        closed = true
        [contract]
        A = {}
        [compose]
        C = "${A}"
        [rename]
        OLD = "${NEW_NAME}"
        [aws]
        region = "eu-west-1"
        endpoint_url = "https://ssm.example"
        role_arn = "arn:aws:iam::111122223333:role/path/name"
        "#;
    let config = resolve(&[], &[c"NEW_NAME=NEW"], file).expect("valid");
    assert_eq!(config.max_parameters, 7);
    assert_eq!(config.timeout, Duration::from_secs(5));
    assert_eq!(config.command, ["./server", "-v"]);
    assert_eq!(config.logging.level, LogLevel::Debug);
    assert!(config.contract.closed && config.contract.rules.len() == 1);
    assert_eq!(config.rules.require, [VariableName::inherited("A")]);
    assert_eq!(globs(&config.rules.drop), ["T_*"]);
    let keep = config.rules.pristine.as_ref().expect("pristine");
    assert_eq!(globs(keep), ["HOME"]);
    let composed: Vec<&str> = config.rules.compose[0].template.variables().collect();
    assert_eq!(composed, ["A"]);
    assert_eq!(config.rules.rename[0].to, VariableName::inherited("NEW"));
    let aws = &config.aws;
    let shown = |given: Option<String>| given.unwrap_or_default();
    assert_eq!(shown(aws.region.as_ref().map(|given| given.value.to_string())), "eu-west-1");
    assert_eq!(
        shown(aws.role_arn.as_ref().map(|given| given.value.to_string())),
        "arn:aws:iam::111122223333:role/path/name"
    );
    assert_eq!(
        shown(aws.endpoint.as_ref().map(|given| given.value.to_string())),
        "https://ssm.example"
    );
    // An option is stronger than a variable, which is stronger than the file.
    let config = resolve(
        &["--max-parameters=9", "--no-pristine"],
        &[c"SSM_EXEC_MAX_PARAMETERS=8", c"SSM_EXEC_TIMEOUT=6s"],
        "max_parameters = \"7\"\ntimeout = \"5s\"\npristine = true",
    )
    .expect("valid");
    assert_eq!(config.max_parameters, 9);
    assert_eq!(config.timeout, Duration::from_secs(6));
    assert!(config.rules.pristine.is_none());
    let defaults = resolve(&[], &[], "").expect("valid");
    assert_eq!(defaults.max_parameters, MAX_PARAMETERS);
    assert_eq!(defaults.timeout, Duration::from_secs(30));
    assert!(defaults.sources.are_empty() && defaults.sources.references);
    assert!(defaults.check.fingerprint.is_none() && defaults.watch.is_none());
    for source in ["--prefix=/a", "--json=/a", "--key=/a"] {
        let config = resolve(&[source], &[], "").expect("valid");
        assert!(!config.sources.are_empty(), "{source}");
    }
    let config =
        resolve(&["--account=111122223333", "--partition=aws-cn", "--kms-key=1234abcd"], &[], "")
            .expect("valid");
    assert_eq!(config.policy.account.as_deref(), Some("111122223333"));
    assert_eq!(config.policy.partition.as_deref(), Some("aws-cn"));
    assert_eq!(config.policy.kms_key, Some(KmsKey::Id("1234abcd".to_owned())));
}

#[test]
fn variables_are_read_as_the_aws_tools_read_them() {
    let endpoint = |variables: &[&CStr]| {
        let config = resolve(&[], variables, "").expect("valid");
        config.aws.endpoint.map(|given| given.value.to_string())
    };
    let (all, ssm) =
        (c"AWS_ENDPOINT_URL=https://all.example", c"AWS_ENDPOINT_URL_SSM=https://ssm.example");
    let own = endpoint(&[all, ssm]);
    assert_eq!(own.as_deref(), Some("https://ssm.example"));
    // An empty variable counts as unset.
    let other = endpoint(&[all, c"AWS_ENDPOINT_URL_SSM="]);
    assert_eq!(other.as_deref(), Some("https://all.example"));
    let ignored = |text| endpoint(&[all, text]).is_none();
    assert!(ignored(c"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true"));
    assert!(!ignored(c"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=false"));
    assert!(!ignored(c"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS="));
    for (text, on) in [
        (c"SSM_EXEC_SKIP=1", true),
        (c"SSM_EXEC_SKIP=TRUE", true),
        (c"SSM_EXEC_SKIP=yes", true),
        (c"SSM_EXEC_SKIP=on", true),
        (c"SSM_EXEC_SKIP=0", false),
        (c"SSM_EXEC_SKIP=False", false),
        (c"SSM_EXEC_SKIP=no", false),
        (c"SSM_EXEC_SKIP=off", false),
        (c"SSM_EXEC_SKIP=", false),
    ] {
        let config = resolve(&[], &[text], "").expect("valid");
        assert_eq!(config.skip.is_some(), on, "{text:?}");
    }
    // Kubernetes sets such variables in every pod beside a service called ssm-exec.
    assert!(resolve(&[], &[c"SSM_EXEC_SERVICE_HOST=10.0.0.1"], "").is_ok());
}

#[test]
fn plain_http_is_for_this_machine_unless_it_is_allowed() {
    assert!(resolve(&["--endpoint-url=http://localhost:1"], &[], "").is_ok());
    let flags = ["--endpoint-url=http://ssm.example", "--allow-http"];
    assert!(resolve(&flags, &[], "").is_ok());
}

#[test]
fn a_watcher_has_an_interval_and_what_else_is_given() {
    let watch = |flags: &[&'static str]| resolve(flags, &[], "").expect("valid").watch;
    let short = watch(&["--watch=1s"]).expect("a watcher");
    assert_eq!(short.every, Duration::from_secs(1));
    assert_eq!(short.settle, Duration::from_secs(30));
    assert_eq!(short.on_change, ChangeSignal::TERM);
    let all = watch(&["--watch=1000y", "--on-change=hup", "--settle=2s", "--trigger=/t:label"]);
    let all = all.expect("a watcher");
    assert_eq!(all.every, Duration::from_secs(365 * 24 * 60 * 60));
    assert_eq!(all.settle, Duration::from_secs(2));
    assert_eq!(all.on_change.to_string(), "SIGHUP");
    assert_eq!(all.trigger.map(|trigger| trigger.to_string()).as_deref(), Some("/t:label"));
    for (text, frequent) in [("--watch=29s", true), ("--watch=30s", false), ("--watch=31s", false)]
    {
        let watch = watch(&[text]).expect("a watcher");
        assert_eq!(watch.is_frequent(), frequent, "{text}");
    }
    for off in [c"SSM_EXEC_WATCH=false", c"SSM_EXEC_WATCH=OFF", c"SSM_EXEC_WATCH=0"] {
        assert!(resolve(&[], &[off], "").expect("valid").watch.is_none(), "{off:?}");
    }
    assert_eq!(resolve(&["--wait=off"], &[], "").expect("valid").wait, Duration::ZERO);
    // Nothing is fetched, so there is nothing to follow: on Lambda too.
    let variables = [c"AWS_LAMBDA_RUNTIME_API=x"];
    let skipped = resolve(&["--watch=1m", "--skip"], &variables, "").expect("valid");
    assert!(skipped.watch.is_none());
    assert_eq!(skipped.timeout, Duration::from_secs(8));
    // As for the SDK, an empty variable is one that is not set.
    let elsewhere = resolve(&["--watch=1m"], &[c"AWS_LAMBDA_RUNTIME_API="], "").expect("valid");
    assert!(elsewhere.watch.is_some());
    assert_eq!(elsewhere.timeout, Duration::from_secs(30));
}

#[test]
fn a_fingerprint_is_printed_or_compared_where_it_is_asked_for() {
    let flags = ["--prefix=/a", "--only=X,Y", "--name-prefix=P_", "--skip"];
    let other = ["--log-format=json", "--region=eu-west-1"];
    let fingerprint = |more: &[&'static str]| {
        let flags = [&flags[..], &other, more].concat();
        let config = resolve(&flags, &[], "").expect("valid");
        config.check.fingerprint
    };
    assert!(fingerprint(&[]).is_none());
    let printed = fingerprint(&["--fingerprint"]).expect("a fingerprint");
    assert!(printed.print && printed.since.is_none());
    let since =
        "--unchanged-since=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    let compared = fingerprint(&[since]).expect("a fingerprint");
    assert!(!compared.print && compared.since.is_some());
}

#[test]
fn a_stronger_list_replaces_a_weaker_one_and_both_places_are_known() {
    let strong = options(&["--prefix=/a", "--only=X"]);
    let weak =
        parse_file("t.toml".as_ref(), "prefix = \"/b\"\nexclude = \"Y\"", &Inherited::default());
    let weak = weak.expect("valid");
    let replaced: Vec<String> = strong
        .replaced_lists(&weak)
        .iter()
        .map(|(by, replaced)| format!("{by} replaces {replaced}"))
        .collect();
    assert_eq!(replaced, ["--prefix replaces t.toml, line 1, `prefix`"]);
}

#[test]
fn the_help_has_a_heading_for_each_group() {
    assert_eq!(
        setting::Group::WORDS,
        ["Sources", "Names", "Environment", "Rotation", "AWS", "General", "Options"]
    );
}
