//! What the sources and the rules make of an environment, with every notice.

use super::*;

#[test]
fn patterns_and_lists_of_names_without_effect_are_reported() {
    for case in [
        Case {
            file: r#"prefix = "/p"
only = ["A*", "NOPE*"]
exclude = ["AB", "NEVER"]
drop = ["AC", "NOTHING"]"#,
            inherited: &[c"B=1", c"OTHER=2"],
            parameters: Some(&[("/p/a", "a"), ("/p/ab", "ab"), ("/p/ac", "ac"), ("/p/b", "b")]),
            environment: &["A=a", "B=1", "OTHER=2"],
            notices: &[
                "t.toml, line 2, `only`: `NOPE*` matches no variable of a prefix or a JSON object",
                "t.toml, line 3, `exclude`: `NEVER` matches no variable of a prefix or a JSON object; nothing was excluded",
                "t.toml, line 4, `drop`: `NOTHING` matches no variable; nothing was dropped",
            ],
            ..Case::default()
        },
        Case {
            file: r#"prefix = "/p"
only = ["log*", "x"]
drop = ["path"]"#,
            inherited: &[c"PATH=/bin"],
            parameters: Some(&[("/p/log/level", "1"), ("/p/a", "1")]),
            environment: &["PATH=/bin"],
            problems: &[
                "t.toml, line 2, `only`: `log*`, `x` match no variable of the prefix /p; did you mean `LOG*`?",
            ],
            notices: &[
                "t.toml, line 3, `drop`: `path` matches no variable; nothing was dropped; did you mean `PATH`?",
            ],
            ..Case::default()
        },
        Case {
            file: r#"pristine = true
keep = ["path", "NOPE"]
skip = true"#,
            inherited: &[c"PATH=/bin"],
            notices: &[
                "t.toml, line 2, `keep`: `path` matches no inherited variable; nothing was kept; did you mean `PATH`?",
                "t.toml, line 2, `keep`: `NOPE` matches no inherited variable; nothing was kept",
            ],
            ..Case::default()
        },
        Case {
            file: r#"prefix = ["/p", "/q"]
only = ["A"]"#,
            parameters: Some(&[("/p/a", "1"), ("/q/b", "2")]),
            environment: &["A=1"],
            problems: &["t.toml, line 2, `only`: `A` matches no variable of the prefix /q"],
            ..Case::default()
        },
        Case {
            file: r#"prefix = ["/p", { path = "/q", only = ["B", "C"] }]"#,
            parameters: Some(&[("/p/c", "1"), ("/q/b", "2")]),
            environment: &["B=2", "C=1"],
            notices: &[
                "t.toml, line 1, `prefix.only`: `C` matches no variable of a prefix or a JSON object",
            ],
            ..Case::default()
        },
        Case {
            file: r#"prefix = "/p"
exclude = ["*"]"#,
            parameters: Some(&[("/p/a", "1")]),
            notices: &["`exclude` leaves out every variable of the prefix /p"],
            ..Case::default()
        },
        Case {
            file: r#"json = "/o"
exclude = ["*"]"#,
            parameters: Some(&[("/o", "{\"a\": 1}")]),
            notices: &["`exclude` leaves out every variable of the JSON object /o"],
            ..Case::default()
        },
        Case {
            file: r#"json = "/o"
exclude = ["*"]"#,
            parameters: Some(&[("/o", "{}")]),
            notices: &["no member of the JSON object /o has a value"],
            ..Case::default()
        },
        Case {
            file: r#"prefix = ["/p", { path = "/q", optional = true, only = ["FEATURE_*"] }]
json = { param = "/o", optional = true, exclude = ["SECRET"] }
[rename]
FEATURE_A = "B""#,
            parameters: Some(&[("/p/a", "1")]),
            environment: &["A=1"],
            notices: &[
                "there is nothing below the optional prefix /q",
                "the optional JSON object /o does not exist",
            ],
            ..Case::default()
        },
        Case {
            file: r#"only = ["A"]
[keys]
X = "/x"
[compose]
A = "${Z}"
Z = "${X}""#,
            inherited: &[c"Z=stale"],
            parameters: Some(&[("/x", "1")]),
            environment: &["A=1", "X=1", "Z=1"],
            notices: &[
                "t.toml, line 1, `only`: has no effect, since there is no prefix and no JSON object",
            ],
            ..Case::default()
        },
        Case {
            file: r#"prefix = "/p"
only = ["X"]"#,
            parameters: Some(&[("/p/a", "1")]),
            problems: &["t.toml, line 2, `only`: `X` matches no variable of the prefix /p"],
            ..Case::default()
        },
        Case {
            file: r#"prefix = "/p"
only = ["A*"]
exclude = ["A*"]"#,
            parameters: Some(&[("/p/a", "1"), ("/p/b", "2")]),
            problems: &[
                "t.toml, line 3, `exclude`: this leaves out every variable of the prefix /p that `only` takes",
            ],
            ..Case::default()
        },
        Case {
            file: r#"json = "/o"
only = ["X", "Y"]"#,
            parameters: Some(&[("/o", "{\"a\": 1}")]),
            problems: &["t.toml, line 2, `only`: `X`, `Y` match no variable of the JSON object /o"],
            ..Case::default()
        },
        Case {
            file: r#"pristine = true
keep = ["A", "B*"]
skip = true"#,
            inherited: &[c"A=1", c"C=2"],
            parameters: Some(&[]),
            environment: &["A=1"],
            notices: &[
                "t.toml, line 2, `keep`: `B*` matches no inherited variable; nothing was kept",
            ],
            ..Case::default()
        },
        Case {
            file: r#"prefix = "/p"
allow = ["PATH", "ENV", "SAFE"]"#,
            parameters: Some(&[("/p/path", "1"), ("/p/safe", "2"), ("/p/home", "3")]),
            environment: &["PATH=1", "SAFE=2"],
            notices: &[
                "t.toml, line 2, `allow`: no prefix or JSON object would set ENV, or it is not refused",
                "t.toml, line 2, `allow`: no prefix or JSON object would set SAFE, or it is not refused",
            ],
            problems: &[
                "/p/home would set HOME, which decides which programs, start files and settings are found",
            ],
            ..Case::default()
        },
        Case {
            file: r#"drop_aws_credentials = true
skip = true"#,
            inherited: &[
                c"AWS_PROFILE=p",
                c"AWS_REGION=r",
                c"AWS_CONTAINER_CREDENTIALS_FULL_URI=u",
                c"SSM_EXEC_X=1",
            ],
            parameters: Some(&[]),
            environment: &["AWS_REGION=r"],
            ..Case::default()
        },
        Case {
            file: r#"drop_aws_credentials = true
pristine = true
keep = ["AWS_*"]
skip = true"#,
            inherited: &[c"AWS_PROFILE=p", c"AWS_REGION=r", c"B=1"],
            parameters: Some(&[]),
            environment: &["AWS_REGION=r"],
            ..Case::default()
        },
    ] {
        case.check();
    }
}

#[test]
fn composed_and_renamed_variables_follow_the_sources() {
    for case in [
        Case {
            file: r#"prefix = "/p"
[compose]
URL = "${A}-${B}""#,
            inherited: &[c"B=b", c"BB=bb"],
            parameters: Some(&[("/p/a", "a")]),
            environment: &["A=a", "URL=a-b", "B=b", "BB=bb"],
            ..Case::default()
        },
        Case {
            file: r#"prefix = "/p"
[compose]
URL = "${A}-${B}-${C}""#,
            parameters: Some(&[("/p/a", "a")]),
            environment: &["A=a"],
            problems: &[
                "URL cannot be composed, since B is not set by any source",
                "URL cannot be composed, since C is not set by any source",
            ],
            ..Case::default()
        },
        Case {
            file: r#"[keys]
A = "/a"
[compose]
URL = "${A}-${B}"
OTHER = "${C}""#,
            parameters: Some(&[]),
            problems: &[
                "1 parameter does not exist: /a (for A)",
                "OTHER cannot be composed, since C is not set by any source",
                "URL cannot be composed, since B is not set by any source",
            ],
            ..Case::default()
        },
        Case {
            file: r#"skip = true
[compose]
OTHER = "${URL}"
URL = "x${URL}""#,
            parameters: Some(&[]),
            problems: &["URL cannot be composed, since URL is not set by any source"],
            ..Case::default()
        },
        Case {
            file: r#"prefix = "/p"
[rename]
A = "X"
[compose]
URL = "${X}""#,
            parameters: Some(&[("/p/a", "a")]),
            environment: &["X=a"],
            problems: &[
                "URL cannot be composed, since X is the name that A gets by `[rename]`, after variables are composed",
            ],
            ..Case::default()
        },
        Case {
            file: r#"drop_aws_credentials = true
skip = true
[compose]
URL = "${AWS_SECRET_ACCESS_KEY}"
V = "${AWS_SESSION_TOKEN}""#,
            inherited: &[c"AWS_SECRET_ACCESS_KEY=s"],
            parameters: Some(&[]),
            problems: &[
                "URL cannot be composed, since AWS_SECRET_ACCESS_KEY is left out by `--drop-aws-credentials`",
                "V cannot be composed, since AWS_SESSION_TOKEN is not set by any source",
            ],
            ..Case::default()
        },
        Case {
            file: r#"pristine = true
skip = true
[compose]
URL = "${B}""#,
            inherited: &[c"B=b"],
            parameters: Some(&[]),
            problems: &["URL cannot be composed, since B is left out by `--pristine`"],
            ..Case::default()
        },
        Case {
            file: r#"skip = true
[compose]
URL = "${B|url}"
J = "${B|json}""#,
            inherited: &[c"B=\xff"],
            parameters: Some(&[]),
            environment: &["URL=%FF", "B=\u{fffd}"],
            problems: &[
                "J cannot be composed, since the value of B is not UTF-8, which the filter `json` does not take",
            ],
            ..Case::default()
        },
        Case {
            file: r#"[compose]
URL = "${A}"
[keys]
A = "/a""#,
            parameters: Some(&[]),
            problems: &["1 parameter does not exist: /a (for A)"],
            ..Case::default()
        },
        Case {
            file: r#"prefix = "/p"
[rename]
A = "B"
NOPE = "C""#,
            inherited: &[c"OLD=1"],
            parameters: Some(&[("/p/a", "a")]),
            environment: &["B=a", "OLD=1"],
            notices: &["t.toml, line 4, `rename.NOPE`: there is no variable NOPE to rename"],
            ..Case::default()
        },
        Case {
            file: r#"[keys]
A = { param = "/a", optional = true }
[rename]
A = "B""#,
            parameters: Some(&[]),
            notices: &["A is absent, since /a does not exist"],
            ..Case::default()
        },
        Case {
            file: r#"prefix = "/p"
[rename]
OLD = "NEW""#,
            inherited: &[c"OLD=1"],
            parameters: Some(&[("/p/a", "a")]),
            environment: &["A=a", "NEW=1"],
            ..Case::default()
        },
    ] {
        case.check();
    }
}

#[test]
fn a_default_replaces_neither_a_fetched_nor_an_inherited_value() {
    const FILE: &str = r#"prefix = { path = "/p", optional = true }
[keys]
X = { param = "/absent", default = "of the key" }"#;
    const UNUSED: &str =
        "X comes from /p/x instead of its default, although /absent does not exist";
    const EMPTY: &str = "there is nothing below the optional prefix /p";
    for case in [
        Case {
            parameters: Some(&[("/p/x", "fetched")]),
            environment: &["X=fetched"],
            notices: &[UNUSED],
            ..Case::default()
        },
        Case {
            inherited: &[c"X=inherited"],
            parameters: Some(&[("/p/x", "fetched")]),
            environment: &["X=fetched"],
            notices: &[UNUSED],
            ..Case::default()
        },
        Case {
            inherited: &[c"X=ssm:///q/x"],
            parameters: Some(&[("/q/x", "fetched")]),
            environment: &["X=fetched"],
            notices: &[EMPTY],
            ..Case::default()
        },
        Case {
            inherited: &[c"X=inherited"],
            parameters: Some(&[]),
            environment: &["X=inherited"],
            notices: &[EMPTY, "X keeps its inherited value instead of /absent"],
            ..Case::default()
        },
        Case {
            inherited: &[c"X=ssm:///other?default=reference"],
            parameters: Some(&[]),
            environment: &["X=reference"],
            notices: &[EMPTY, "X has its default, since /other does not exist"],
            ..Case::default()
        },
    ] {
        Case { file: FILE, ..case }.check();
    }
}

#[test]
fn what_is_probably_a_mistake_is_a_note() {
    for case in [
        Case {
            file: r#"prefix = ["/p", "/q"]
keep_existing = false"#,
            inherited: &[c"LANG=C", c"LC_ALL=C", c"OTHER=1"],
            parameters: Some(&[
                ("/p/lang", "de"),
                ("/p/lc_all", "de"),
                ("/p/other", "2"),
                ("/p/tz", "UTC"),
                ("/p/a", "1"),
                ("/q/a", "2\n"),
            ]),
            environment: &["A=2\n", "LANG=de", "LC_ALL=de", "OTHER=2", "TZ=UTC"],
            notices: &[
                "A comes from /q/a, which replaces /p/a",
                "the value of A from /q/a ends with a newline, which is often an accident of `echo`",
                "LANG comes from /p/lang; many programs read this variable, and the inherited value is replaced",
                "LC_ALL comes from /p/lc_all; many programs read this variable, and the inherited value is replaced",
            ],
            ..Case::default()
        },
        Case {
            file: r#"prefix = "/p"
keep_existing = true"#,
            inherited: &[c"LANG=C"],
            parameters: Some(&[("/p/lang", "de")]),
            environment: &["LANG=C"],
            notices: &["LANG keeps its inherited value instead of /p/lang"],
            ..Case::default()
        },
        Case {
            file: r#"[keys]
LANG = "/lang"
[files]
CERT = "/cert""#,
            inherited: &[c"LANG=C"],
            parameters: Some(&[("/lang", "de"), ("/cert", "1\n")]),
            environment: &["CERT=1\n", "LANG=de"],
            ..Case::default()
        },
    ] {
        case.check();
    }
}

#[test]
fn a_pattern_for_all_stages_may_match_nothing_in_one() {
    const FILE: &str = r#"
prefix = "/p"
exclude = ["NOPE"]
drop = ["NEVER"]
[stage.dev]
only = ["A", "B"]
"#;
    let inherited = Inherited::default();
    let stage = crate::origin::Given::new("dev".to_owned(), Origin::Flag("--stage"));
    let layer = crate::config::ConfigFile::parse("t.toml".as_ref(), "t.toml", FILE, &inherited)
        .and_then(|file| file.layer(Some(&stage)));
    let config = Config::resolve(layer.expect("a file"), &inherited).expect("a configuration");
    let fetched = answer(&plan(&config.sources, &[]), &[("/p/a", "1")], &[]);
    let environment = assemble(&config, &inherited, &[], Some(&fetched));
    let severities = environment.diagnostics.iter();
    let severities: Vec<_> = severities.map(|it| (it.severity, &*it.message)).collect();
    let of_sources = "matches no variable of a prefix or a JSON object";
    assert_eq!(
        severities,
        [
            (Severity::Warning, &*format!("`B` {of_sources}")),
            (Severity::Note, &*format!("`NOPE` {of_sources}; nothing was excluded")),
            (Severity::Note, "`NEVER` matches no variable; nothing was dropped"),
        ]
    );
}

#[test]
fn without_values_only_their_absence_is_no_problem() {
    Case {
            file: r#"skip = true
prefix = "/p"
json = [{ param = "/o", optional = true }, "/q"]
only = ["A"]
exclude = ["B"]
drop = ["C"]
allow = ["PATH"]
[keys]
K = "/k"
L = { param = "/l", optional = true }
M = { param = "/m", default = "m" }
[rename]
R = "S""#,
            inherited: &[c"I=1", c"X=ssm:///x", c"Y=ssm:///y?optional", c"Z=ssm:///z?default=z"],
            environment: &["M=m", "Z=z", "I=1"],
            problems: &["X holds an ssm:// reference that `--skip` leaves unresolved, and the command must not get its text"],
            ..Case::default()
        }
    .check();
}

#[test]
fn templates_that_double_are_bounded() {
    let templates = (1..40).map(|n| format!("A{n} = \"${{A{0}}}${{A{0}}}\"\n", n - 1));
    let file = format!("skip = true\n[compose]\n{}", templates.collect::<String>());
    let inherited = Inherited::new(vec![c"A0=0123456789"]);
    let layer = crate::config::parse_file("t.toml".as_ref(), &file, &inherited).expect("valid");
    let config = Config::resolve(layer, &inherited).expect("valid");
    let environment = assemble(&config, &inherited, &[], None);
    let problems = environment.diagnostics.iter();
    let codes: Vec<_> =
        problems.map(|it| (it.code.word(), it.subject.variables[0].as_str())).collect();
    assert_eq!(codes, [("too-large", "A14")]);
}
