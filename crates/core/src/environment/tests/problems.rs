//! What is missing or cannot be used, with the text of every problem.

use super::*;

#[test]
fn parameters_that_do_not_exist_are_problems_or_notes() {
    for case in [
        Case {
            file: r#"[keys]
A = "/a"
B = { param = "/b", optional = true }
C = { param = "/c", default = "c" }"#,
            inherited: &[c"X=ssm:///x", c"Y=ssm:///y?optional", c"Z=ssm:///z?default=z"],
            parameters: Some(&[]),
            environment: &["C=c", "Z=z"],
            notices: &[
                "B is absent, since /b does not exist",
                "Y is absent, since /y does not exist",
                "C has its default, since /c does not exist",
                "Z has its default, since /z does not exist",
            ],
            problems: &[
                "1 parameter does not exist: /a (for A)",
                "1 parameter does not exist: /x (for X)",
            ],
            ..Case::default()
        },
        Case {
            file: r#"prefix = "/p"
[keys]
A = { param = "/none", optional = true }
B = { param = "/none", optional = true }"#,
            inherited: &[c"B=2"],
            parameters: Some(&[("/p/a", "1")]),
            environment: &["A=1", "B=2"],
            notices: &[
                "A comes from /p/a, since /none does not exist",
                "B comes from the inherited environment, since /none does not exist",
            ],
            ..Case::default()
        },
        Case {
            file: r#"prefix = ["/p", { path = "/q", optional = true }]
json = ["/o", { param = "/r", optional = true }]"#,
            parameters: Some(&[]),
            notices: &[
                "there is nothing below the optional prefix /q",
                "the optional JSON object /r does not exist",
            ],
            problems: &[
                "there is nothing below the prefix /p",
                "1 parameter does not exist: /o (for --json)",
            ],
            ..Case::default()
        },
        Case {
            file: r#"[keys]
A = "/a#x"
B = { param = "/a#y", optional = true }
C = { param = "/a#z", default = "z" }"#,
            parameters: Some(&[("/a", "{\"m\": 1, \"n\": 2}")]),
            environment: &["C=z"],
            notices: &[
                "B is absent, since /a#y does not exist",
                "C has its default, since /a#z does not exist",
            ],
            problems: &["/a (for A) exists, but its JSON has no member `x` (it has m, n)"],
            ..Case::default()
        },
        Case {
            file: r#"[keys]
A = "/a#/x/y""#,
            parameters: Some(&[("/a", "{\"x\": {}}")]),
            problems: &["/a (for A) exists, but its JSON has no member `y`"],
            ..Case::default()
        },
        Case {
            file: r#"[keys]
A = "/a#x""#,
            parameters: Some(&[(
                "/a",
                "{\"m0\":0,\"m1\":0,\"m2\":0,\"m3\":0,\"m4\":0,\"m5\":0,\"m6\":0,\"m7\":0,\"m8\":0,\"m9\":0}",
            )]),
            problems: &[
                "/a (for A) exists, but its JSON has no member `x` (it has m0, m1, m2, m3, m4, m5, m6, m7, m8, m9)",
            ],
            ..Case::default()
        },
        Case {
            file: r#"[keys]
A = "/a#x""#,
            parameters: Some(&[(
                "/a",
                "{\"m0\":0,\"m1\":0,\"m2\":0,\"m3\":0,\"m4\":0,\"m5\":0,\"m6\":0,\"m7\":0,\"m8\":0,\"m9\":0,\"m10\":0}",
            )]),
            problems: &[
                "/a (for A) exists, but its JSON has no member `x` (it has m0, m1, m10, m2, m3, m4, m5, m6, m7, m8 and 1 more)",
            ],
            ..Case::default()
        },
        Case {
            file: r#"[keys]
A = "/a#x""#,
            parameters: Some(&[(
                "/a",
                "{\"m0\":0,\"m1\":0,\"m2\":0,\"m3\":0,\"m4\":0,\"m5\":0,\"m6\":0,\"m7\":0,\"m8\":0,\"m9\":0,\"m10\":0,\"m11\":0}",
            )]),
            problems: &[
                "/a (for A) exists, but its JSON has no member `x` (it has m0, m1, m10, m11, m2, m3, m4, m5, m6, m7 and 2 more)",
            ],
            ..Case::default()
        },
    ] {
        case.check();
    }
}

#[test]
fn values_and_names_that_cannot_be_used_are_problems() {
    for case in [
        Case {
            file: r#"json = ["/o", "/q", "/r", "/s#user", "/s#half"]
[keys]
A = "/o#x"
B = "/s#nul"
C = "/s#/list/0"
D = { param = "/s#nul", default = "d" }"#,
            parameters: Some(&[
                ("/o", "{"),
                ("/q", "[1]"),
                ("/r", "{\"x\": \"\\ud800\"}"),
                ("/s", "{\"user\": \"app\", \"half\": \"{\", \"nul\": null, \"list\": [null]}"),
            ]),
            environment: &["D=d"],
            notices: &["D has its default, since /s#nul does not exist"],
            problems: &[
                "/o#x (for A) is not valid JSON at line 1, column 1",
                "/s (for B) exists, but `#nul` in its JSON is null",
                "/s (for C) exists, but `#/list/0` in its JSON is null",
                "/o (for --json) is not valid JSON at line 1, column 1",
                "/q (for --json) is not a JSON object",
                "/r (for --json) contains a string that is not valid Unicode (half a surrogate pair)",
                "/s#user (for --json) is not a JSON object",
                "/s#half (for --json) is not valid JSON at line 1, column 1",
            ],
            ..Case::default()
        },
        Case {
            file: r#"[keys]
A = { param = "/a", encoding = "base64" }
B = { param = "/b", encoding = "base64" }"#,
            parameters: Some(&[("/a", "Y2FuYXJ5"), ("/b", "!")]),
            environment: &["A=canary"],
            problems: &["the value of /b (for B) is not Base64"],
            ..Case::default()
        },
        Case {
            file: r#"[keys]
A = "/a"
[files]
B = "/a"
[compose]
C = "${A}""#,
            parameters: Some(&[("/a", "\0")]),
            environment: &["A=\0", "B=\0", "C=\0"],
            problems: &[
                "the value of A, from /a, contains a NUL byte",
                "the value of C contains a NUL byte",
            ],
            ..Case::default()
        },
        Case {
            file: r#"prefix = "/p""#,
            parameters: Some(&[
                ("/p/1st", "1"),
                ("/p/a-b", "2"),
                ("/p/a/b", "3"),
                ("/p/ld_preload", "4"),
            ]),
            problems: &[
                "/p/1st would become the variable `1ST`, which begins with a digit",
                "/p/a-b and /p/a/b both become the variable A_B",
                "/p/ld_preload would set LD_PRELOAD, which makes the dynamic loader run other code",
            ],
            ..Case::default()
        },
        Case {
            file: r#"prefix = "/p"
require = ["a", "c"]"#,
            inherited: &[c"C=1"],
            parameters: Some(&[("/p/a", "1")]),
            environment: &["A=1", "C=1"],
            problems: &[
                "a is required and is not set; did you mean `A`, which is set?",
                "c is required and is not set; did you mean `C`, which is set?",
            ],
            ..Case::default()
        },
        Case {
            file: r#"prefix = "/p"
require = ["A", "B", "C", "D"]"#,
            inherited: &[c"C=1", c"D="],
            parameters: Some(&[("/p/a", "")]),
            environment: &["A=", "C=1", "D="],
            problems: &[
                "A is required and is empty",
                "B is required and is not set",
                "D is required and is empty",
            ],
            ..Case::default()
        },
        Case {
            file: r#"[compose]
A = "${B}"
B = "${NOPE}""#,
            parameters: Some(&[]),
            problems: &["B cannot be composed, since NOPE is not set by any source"],
            ..Case::default()
        },
        Case {
            file: r#"[contract]
A = {}
[compose]
A = "${NOPE}""#,
            parameters: Some(&[]),
            problems: &["A cannot be composed, since NOPE is not set by any source"],
            ..Case::default()
        },
    ] {
        case.check();
    }
}

#[test]
fn why_a_variable_that_could_be_set_is_not_is_told() {
    for case in [
        Case {
            file: r#"prefix = ["/p", { path = "/q", only = ["Q"] }]
exclude = ["B*"]
require = ["B", "C", "D", "E", "R"]
drop = ["C"]
[keys]
D = { param = "/none", optional = true }
[rename]
E = "X"
[contract]
BB = {}
[compose]
F = "${B}"
G = "${AA}""#,
            parameters: Some(&[
                ("/p/a", "1"),
                ("/p/aaa", "1"),
                ("/p/b", "1"),
                ("/p/bb", "1"),
                ("/p/c", "1"),
                ("/p/e", "1"),
                ("/q/q", "1"),
                ("/q/r", "1"),
            ]),
            environment: &["A=1", "AAA=1", "Q=1", "X=1"],
            notices: &["D is absent, since /none does not exist"],
            problems: &[
                "F cannot be composed, since B is left out by `B*` of t.toml, line 2, `exclude`",
                "G cannot be composed, since AA is not set by any source",
                "B is required, but is left out by `B*` of t.toml, line 2, `exclude`",
                "C is required, but is left out by `C` of t.toml, line 4, `drop`",
                "D is required, but has no value: the optional /none does not exist",
                "E is required, but gets the name X by `[rename]`",
                "R is required, but is left out by t.toml, line 1, `prefix.only`",
                "BB breaks the contract: it must be set, but is left out by `B*` of t.toml, line 2, `exclude`",
            ],
            ..Case::default()
        },
        Case {
            file: r#"skip = true
pristine = true
require = ["A"]
[contract]
DB_URL = {}
[compose]
DB_URI = "x"
E = "${DB_URJ}""#,
            inherited: &[c"A=1"],
            environment: &["DB_URI=x"],
            problems: &[
                "E cannot be composed, since DB_URJ is not set; did you mean `DB_URI`, which is set?",
                "A is required, but is left out by `--pristine`",
                "DB_URL breaks the contract: it must be set",
            ],
            ..Case::default()
        },
        Case {
            file: r#"prefix = "/p"
[rename]
A = "X"
B = "X""#,
            parameters: Some(&[("/p/a", "1"), ("/p/b", "1")]),
            environment: &["X=1"],
            problems: &["X is set twice: `[rename]` gives A and B this name"],
            ..Case::default()
        },
        Case {
            file: r#"pristine = true
drop = ["D"]
[keys]
C = "/c""#,
            inherited: &[c"B=ssm:///b", c"C=ssm:///x", c"D=ssm:///d", c"SSM_EXEC_X=ssm:///e"],
            parameters: Some(&[("/b", "1"), ("/c", "1"), ("/x", "1"), ("/d", "1")]),
            environment: &["C=1"],
            notices: &[
                "t.toml, line 2, `drop`: `D` matches no variable; nothing was dropped",
                "B holds a reference, and `--pristine` leaves it out",
            ],
            ..Case::default()
        },
    ] {
        case.check();
    }
}

#[test]
fn a_contract_holds_for_every_variable() {
    for case in [
        Case {
            file: r#"prefix = "/p"
closed = true
[contract]
A = {}
B = { optional = true }
C = { type = "port" }
D = {}"#,
            inherited: &[c"D=1", c"E=2"],
            parameters: Some(&[("/p/c", "x"), ("/p/f", "1")]),
            environment: &["C=x", "F=1", "D=1", "E=2"],
            problems: &[
                "A breaks the contract: it must be set",
                "C, from /p/c, breaks the contract: it must be a port (1 to 65535)",
                "1 variable is not in the contract, which is closed: F (/p/f)",
            ],
            ..Case::default()
        },
        Case {
            file: r#"closed = true
[contract]
A = {}
[keys]
A = "/a"
B = "/b""#,
            parameters: Some(&[("/b", "1")]),
            environment: &["B=1"],
            problems: &["1 parameter does not exist: /a (for A)"],
            ..Case::default()
        },
        Case {
            file: r#"[contract]
A = { optional = true }
B = {}
[files]
C = "/c"
[compose]
B = "${X}""#,
            inherited: &[c"X=1"],
            parameters: Some(&[("/c", "\0")]),
            environment: &["B=1", "C=\0", "X=1"],
            ..Case::default()
        },
    ] {
        case.check();
    }
}

#[test]
fn only_a_key_or_a_reference_with_a_value_settles_which_parameter_a_prefix_sets() {
    const COLLISION: &str = "/p/a-b and /p/a/b both become the variable A_B";
    const REFUSED: &str =
        "/p/ld_preload would set LD_PRELOAD, which makes the dynamic loader run other code";
    const ABSENT: Case = Case {
        file: r#"prefix = "/p"
[keys]
A_B = { param = "/q/absent", optional = true }
LD_PRELOAD = { param = "/q/object#absent", optional = true }"#,
        inherited: &[],
        parameters: Some(&[
            ("/p/a-b", "2"),
            ("/p/a/b", "3"),
            ("/p/ld_preload", "4"),
            ("/q/object", r#"{"present": "5"}"#),
        ]),
        failed: &[],
        environment: &[],
        notices: &[
            "A_B is absent, since /q/absent does not exist",
            "LD_PRELOAD is absent, since /q/object#absent does not exist",
        ],
        problems: &[COLLISION, REFUSED],
    };
    ABSENT.check();
    Case {
        file: r#"prefix = "/p""#,
        inherited: &[
            c"A_B=ssm:///q/absent?optional",
            c"LD_PRELOAD=ssm:///q/object#absent?optional",
        ],
        ..ABSENT
    }
    .check();
    Case {
        file: r#"prefix = "/p"
[keys]
A_B = { param = "/q/object#present", optional = true }"#,
        inherited: &[c"LD_PRELOAD=ssm:///q/object#present?optional"],
        environment: &["A_B=5", "LD_PRELOAD=5"],
        notices: &[],
        problems: &[],
        ..ABSENT
    }
    .check();
}
