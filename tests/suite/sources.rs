//! Every kind of source and every kind of target, against the stub and against moto.

use crate::harness::*;
use crate::scenarios;

/// Values that shells, env files and templates treat specially.
fn special_values() -> Vec<(String, String)> {
    let long = "canary-8k-".to_owned() + &"x\u{fc}".repeat(2_700);
    [
        ("newline", "canary\nsecond line\n".to_owned()),
        ("quotes", "canary \"double\" 'single' `back` $HOME \\".to_owned()),
        ("equals", "canary=a=b==".to_owned()),
        ("utf8", "canary-žluťoučký-日本語-🦀".to_owned()),
        ("spaces", "  canary  \t".to_owned()),
        ("long", long),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}

scenarios! {
    fn a_prefix_becomes_variables_named_by_the_relative_path(ssm) {
        ssm.put(&[
            secure("/t1/api/db/pool-size", "canary-10"),
            string("/t1/api/url", "canary-url"),
            list("/t1/api/hosts", "canary-a,canary-b"),
            secure("/t1/api-v2/url", "canary-other"),
        ]);
        let environment = Run::against(&ssm.url()).args("--prefix /t1/api").environment();
        environment.has(&[("DB_POOL_SIZE", "canary-10"), ("URL", "canary-url"), ("HOSTS", "canary-a,canary-b")]);
        assert_eq!(environment.names(), ["DB_POOL_SIZE", "HOSTS", "URL"]);
    }

    fn values_are_passed_unchanged(ssm) {
        let values = special_values();
        let puts: Vec<Put> = values.iter().map(|(name, value)| secure(&format!("/t2/{name}"), value)).collect();
        ssm.put(&puts);
        let by_prefix = Run::against(&ssm.url()).args("-p /t2").environment();
        let by_key = values.iter().fold(Run::against(&ssm.url()), |run, (name, _)| run.arg("-k").arg(format!("K_{name}=/t2/{name}"))).environment();
        for (name, value) in &values {
            by_prefix.has(&[(&name.to_uppercase(), value)]);
            by_key.has(&[(&format!("K_{name}"), value)]);
        }
    }

    fn many_parameters_can_be_fetched_by_prefix_and_by_key(ssm) {
        let value = |n: usize| format!("canary-{n}-\n=\"{}\"", "é".repeat(n % 50));
        // moto takes a while to create one.
        let count = if matches!(ssm, Ssm::Moto(_)) { 100 } else { 1_000 };
        let puts: Vec<Put> = (0..count).map(|n| secure(&format!("/t3/group{}/key{n}", n % 7), &value(n))).collect();
        ssm.put(&puts);
        let by_prefix = Run::against(&ssm.url()).args("-p /t3").environment();
        let keys: String = (0..count).map(|n| format!("KEY{n}=/t3/group{}/key{n}\n", n % 7)).collect();
        let by_key = Run::against(&ssm.url()).env("SSM_EXEC_KEY", keys).environment();
        for n in 0..count {
            by_prefix.has(&[(&format!("GROUP{}_KEY{n}", n % 7), &value(n))]);
            by_key.has(&[(&format!("KEY{n}"), &value(n))]);
        }
    }

    fn keys_accept_versions_and_names_with_or_without_a_slash(ssm) {
        ssm.put(&[secure("/t4/a", "canary-one"), secure("/t4/a", "canary-two"), secure("t4plain", "canary-plain")]);
        Run::against(&ssm.url())
            .args("-k LATEST=/t4/a -k FIRST=/t4/a:1 -k SECOND=/t4/a:2 -k t4plain -k SLASHED=/t4plain")
            .environment()
            .has(&[
                ("LATEST", "canary-two"), ("FIRST", "canary-one"), ("SECOND", "canary-two"),
                ("T4PLAIN", "canary-plain"), ("SLASHED", "canary-plain"),
            ]);
    }

    fn labels_select_a_version(ssm) {
        ssm.put(&[secure("/t5/a", "canary-blue").label("blue"), secure("/t5/a", "canary-new")]);
        Run::against(&ssm.url())
            .args("-k BLUE=/t5/a:blue -k NEW=/t5/a")
            .environment()
            .has(&[("BLUE", "canary-blue"), ("NEW", "canary-new")]);
    }

    fn a_prefix_accepts_a_label(ssm) {
        // moto's Label filter only supports labels of the latest version.
        ssm.put(&[secure("/t6/a", "canary-blue").label("blue"), secure("/t6/b", "canary-none")]);
        let environment = Run::against(&ssm.url()).args("-p /t6:blue").environment();
        assert_eq!(environment.names(), ["A"]);
        environment.has(&[("A", "canary-blue")]);
    }

    fn references_in_variables_are_resolved(ssm) {
        ssm.put(&[
            secure("/t7/db", "canary-db"),
            secure("/t7/json", r#"{"user":"canary-user","port":5432,"deep":{"a/b":["canary-x"]}}"#),
            secure("t7.legacy.secret", "canary-legacy"),
        ]);
        let environment = Run::against(&ssm.url())
            .env("DB", "ssm:///t7/db")
            .env("DB_V1", "ssm:///t7/db:1")
            .env("LEGACY", "ssm://t7.legacy.secret")
            .env("DB_USER", "ssm:///t7/json#user")
            .env("DB_PORT", "ssm:///t7/json#/port")
            .env("DEEP", "ssm:///t7/json#/deep/a~1b/0")
            .env("GONE", "ssm:///t7/nope?optional")
            .env("NO_MEMBER", "ssm:///t7/json#nope?optional")
            .env("LEVEL", "ssm:///t7/level?default=info?x=y")
            .env("PLAIN", "not ssm://a reference")
            .environment();
        environment
            .has(&[
                ("DB", "canary-db"), ("DB_V1", "canary-db"), ("LEGACY", "canary-legacy"), ("DB_USER", "canary-user"),
                ("DB_PORT", "5432"), ("DEEP", "canary-x"), ("LEVEL", "info?x=y"), ("PLAIN", "not ssm://a reference"),
            ])
            .lacks(&["GONE", "NO_MEMBER"]);
    }

    fn no_refs_leaves_references_unresolved(ssm) {
        ssm.put(&[secure("/t8/a", "canary-a")]);
        Run::against(&ssm.url())
            .env("DB", "ssm:///t8/db")
            .args("--no-refs -k /t8/a")
            .environment()
            .has(&[("DB", "ssm:///t8/db"), ("A", "canary-a")]);
    }

    fn members_of_a_json_object_become_variables(ssm) {
        ssm.put(&[secure("/t9/db", r#"{"user":"canary-u","pass-word":"canary-p","port":1,"none":null,"tags":[1, 2]}"#)]);
        let environment = Run::against(&ssm.url()).args("--json /t9/db --name-prefix DB_ --exclude *PORT").environment();
        environment.has(&[("DB_USER", "canary-u"), ("DB_PASS_WORD", "canary-p"), ("DB_TAGS", "[1,2]")]);
        assert_eq!(environment.names(), ["DB_PASS_WORD", "DB_TAGS", "DB_USER"]);
    }

    fn a_file_can_be_read_repeatedly_and_not_written(ssm) {
        ssm.put(&[secure("/t10/key", "canary-key\nline 2\n"), string("/t10/b64", "Y2FuYXJ5AP8K")]);
        let outcome = Run::against(&ssm.url())
            .args("--file KEY=/t10/key --file BIN=/t10/b64 --base64 BIN -- sh -c")
            .arg("cat $KEY $KEY; cat $BIN | od -An -tx1; (echo x > $KEY) 2>/dev/null && echo written; echo $KEY")
            .run();
        assert_eq!(outcome.status, 0, "{}", outcome.stderr);
        let text = outcome.text();
        assert!(text.starts_with("canary-key\nline 2\ncanary-key\nline 2\n 63 61 6e 61 72 79 00 ff 0a\n/proc/"), "{text}");
    }

    fn secrets_manager_references_are_fetched(ssm) {
        ssm.put_secret("t11/prod/db", r#"{"password":"canary-pw"}"#);
        ssm.put(&[secure("/t11/a", "canary-a")]);
        Run::against(&ssm.url())
            .args("-k PW=/aws/reference/secretsmanager/t11/prod/db#password -k /t11/a")
            .environment()
            .has(&[("PW", "canary-pw"), ("A", "canary-a")]);
    }

    fn variables_can_be_composed_renamed_and_dropped(ssm) {
        ssm.put(&[secure("/t12/user", "canary-app"), secure("/t12/password", "canary/p@ss"), secure("/t12/old", "canary-old")]);
        let environment = Run::against(&ssm.url())
            .env("HOST", "db.internal")
            .env("UNWANTED", "x")
            .file(r#"
                prefix = "/t12"
                drop = ["USER", "PASS*", "UNWANTED"]
                [compose]
                URL = "postgres://${USER}:${PASSWORD|url}@${HOST}/app"
                [rename]
                OLD = "NEW"
            "#)
            .environment();
        environment.has(&[("URL", "postgres://canary-app:canary%2Fp%40ss@db.internal/app"), ("NEW", "canary-old")]);
        assert_eq!(environment.names(), ["HOST", "NEW", "URL"]);
    }

    fn missing_optional_keys_are_omitted_and_defaults_are_used(ssm) {
        ssm.put(&[secure("/t13/a", "canary-a")]);
        let environment = Run::against(&ssm.url())
            .env("STAGE", "t13")
            .file(r#"
                prefix = [{ path = "/t13/nothing", optional = true }]
                command = ["env", "-0"]
                [keys]
                A = "/${STAGE}/a"
                B = { param = "/t13/b", optional = true }
                C = { param = "/t13/c", default = "info" }
            "#)
            .run();
        assert_eq!(environment.status, 0, "{}", environment.stderr);
        let arrived = Environment::parse(&environment.stdout);
        arrived.has(&[("A", "canary-a"), ("C", "info")]).lacks(&["B"]);
    }

    fn filters_name_prefix_and_case_can_be_set_for_each_prefix(ssm) {
        ssm.put(&[secure("/t14/a/one", "canary-1"), secure("/t14/a/two", "canary-2"), secure("/t14/b/Mixed", "canary-3")]);
        let run = || Run::against(&ssm.url()).file(r#"
            name_prefix = "ALL_"
            prefix = [
                { path = "/t14/a", only = ["*ONE"] },
                { path = "/t14/b", name_prefix = "b_", case = "keep" },
            ]
        "#);
        assert_eq!(run().environment().names(), ["ALL_ONE", "b_Mixed"]);
        let stronger = run().args("--only *TWO,*MIXED --case upper").env("SSM_EXEC_NAME_PREFIX", "X_");
        assert_eq!(stronger.environment().names(), ["SSM_EXEC_NAME_PREFIX", "X_MIXED", "X_TWO"]);
    }

    fn pristine_keep_and_keep_existing_control_the_inherited_environment(ssm) {
        ssm.put(&[secure("/t15/a", "canary-ssm"), secure("/t15/b", "canary-b")]);
        let run = || Run::against(&ssm.url()).env("A", "inherited").env("LANG", "C").env("OTHER", "x").args("-p /t15");
        run().environment().has(&[("A", "canary-ssm"), ("B", "canary-b"), ("OTHER", "x")]);
        run().args("--keep-existing").environment().has(&[("A", "inherited"), ("B", "canary-b")]);
        let pristine = run().args("--pristine --keep LA* --keep HOME").environment();
        assert_eq!(pristine.names(), ["A", "B", "LANG"]);
        pristine.lacks(&["PATH", "AWS_ACCESS_KEY_ID"]);
    }

    fn no_credential_and_no_pointer_to_one_is_inherited_if_they_are_dropped(ssm) {
        ssm.put(&[secure("/t25/a", "canary-a")]);
        let pointers = [
            ("AWS_SESSION_TOKEN", "canary-token"), ("AWS_SECURITY_TOKEN", "canary-token"), ("AWS_ROLE_SESSION_NAME", "x"),
            ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x"), ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/"),
            ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "canary-token"), ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/x"),
            ("AWS_WEB_IDENTITY_TOKEN_FILE", "/x"), ("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/x"),
            ("AWS_CONFIG_FILE", "/x"), ("AWS_LOGIN_CACHE_DIRECTORY", "/x"), ("AWS_SHARED_CREDENTIALS_FILE", "/x"), ("SSM_EXEC_TIMEOUT", "9s"),
        ];
        let run = || {
            let run = Run::against(&ssm.url()).env("AWS_S3_BUCKET", "b");
            pointers.iter().fold(run, |run, (name, value)| run.env(name, value)).args("-p /t25")
        };
        run().environment().has(&pointers);
        let dropped = run().args("--drop-aws-credentials").environment();
        dropped.has(&[("AWS_REGION", "eu-west-1"), ("AWS_S3_BUCKET", "b"), ("A", "canary-a")]);
        dropped.lacks(&["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]).lacks(&pointers.map(|(name, _)| name));
        let outcome = run().args("-v --drop-aws-credentials true").run();
        assert!(outcome.stderr.contains("instance metadata service"), "{}", outcome.stderr);
    }

    fn the_nearest_file_in_an_ancestor_directory_is_used(ssm) {
        ssm.put(&[secure("/t17/a", "canary-above")]);
        let run = Run::against(&ssm.url()).file("prefix = \"/t17\"\ncommand = [\"printenv\", \"A\"]");
        let below = run.home().join("src/deep");
        std::fs::create_dir_all(&below).expect("directories");
        let (mut command, _home) = run.command();
        let output = command.current_dir(below).output().expect("starts");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "canary-above\n");
    }

    fn the_command_line_overrides_variables_which_override_the_file(ssm) {
        ssm.put(&[secure("/t18/flag/a", "canary-1"), secure("/t18/variable/b", "canary-2"), secure("/t18/file/c", "canary-3")]);
        let run = || Run::against(&ssm.url()).file("prefix = \"/t18/file\"");
        assert_eq!(run().environment().names(), ["C"]);
        let with_variable = || run().env("SSM_EXEC_PREFIX", "/t18/variable");
        assert_eq!(with_variable().environment().names(), ["B", "SSM_EXEC_PREFIX"]);
        assert_eq!(with_variable().args("-p /t18/flag").environment().names(), ["A", "SSM_EXEC_PREFIX"]);
        assert_eq!(run().args("--no-config -p /t18/flag").environment().names(), ["A"]);
    }

    fn verbose_names_replaced_variables(ssm) {
        ssm.put(&[secure("/t19/a", "canary-new")]);
        let outcome = Run::against(&ssm.url()).env("A", "canary-old").args("-v -p /t19 true").run();
        assert!(outcome.stderr.contains("A replaces the inherited value with /t19/a"), "{}", outcome.stderr);
    }

    fn denylisted_names_are_refused_unless_allowed(ssm) {
        ssm.put(&[secure("/t16/ld_preload", "canary-evil"), secure("/t16/ok", "canary-ok"), secure("/t16n/node_options", "canary-options"), secure("/t16j", r#"{"PATH":"canary-path"}"#)]);
        let run = || Run::against(&ssm.url());
        run().args("-p /t16").fails(78).says(&["/t16/ld_preload", "LD_PRELOAD", "--allow LD_PRELOAD", "loader"]);
        run().args("--json /t16j").fails(78).says(&["PATH", "t16j#PATH"]);
        run().args("-p /t16 --exclude LD_*").environment().has(&[("OK", "canary-ok")]).lacks(&["LD_PRELOAD"]);
        run().args("-p /t16n").fails(78).says(&["NODE_OPTIONS"]);
        run().args("-p /t16n --allow NODE_OPTIONS").environment().has(&[("NODE_OPTIONS", "canary-options")]);
        run().args("-k NODE_OPTIONS=/t16/ok").environment().has(&[("NODE_OPTIONS", "canary-ok")]);
    }
}
