//! What the environment is, and what is said of it: the texts of every notice and problem.

use super::*;

#[test]
fn patterns_and_lists_of_names_without_effect_are_told() {
    for case in [
        Case {
            file: r#"prefix = "/p"
only = ["A*", "NOPE*"]
exclude = ["AB", "NEVER"]
drop = ["AC", "NOTHING"]"#,
            inherited: &[c"B=1", c"OTHER=2"],
            parameters: Some(&[
                ("/p/a", "a"),
                ("/p/ab", "ab"),
                ("/p/ac", "ac"),
                ("/p/b", "b"),
            ]),
            environment: &["A=a", "B=1", "OTHER=2"],
            notices: &[
                "t.toml, line 2, `only`: `NOPE*` matches no variable of a prefix or a JSON object",
                "t.toml, line 3, `exclude`: `NEVER` matches no variable of a prefix or a JSON object; nothing was excluded",
                "t.toml, line 4, `drop`: `NOTHING` matches no variable; nothing was dropped",
            ],
            ..Case::default()
        },
        Case {
            file: r#"prefix = ["/p", "/q"]
only = ["A"]"#,
            parameters: Some(&[("/p/a", "1"), ("/q/b", "2")]),
            environment: &["A=1"],
            problems: &[
                "t.toml, line 2, `only`: `A` matches no variable of the prefix /q, so nothing of it is left. Correct the pattern: it is matched against the name of the variable, not the path",
            ],
            ..Case::default()
        },
        Case {
            file: r#"prefix = ["/p", { path = "/q", only = ["B", "C"] }]"#,
            parameters: Some(&[("/p/c", "1"), ("/q/b", "2")]),
            environment: &["B=2", "C=1"],
            notices: &[
                "t.toml, line 1, `prefix`: `C` matches no variable of a prefix or a JSON object",
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
            notices: &[
                "t.toml, line 2, `exclude`: `*` matches no variable of a prefix or a JSON object; nothing was excluded",
            ],
            ..Case::default()
        },
        Case {
            file: r#"prefix = "/p"
only = ["X"]"#,
            parameters: Some(&[("/p/a", "1")]),
            notices: &[
                "t.toml, line 2, `only`: `X` matches no variable of a prefix or a JSON object",
            ],
            problems: &[
                "t.toml, line 2, `only`: `X` matches no variable of the prefix /p, so nothing of it is left. Correct the pattern: it is matched against the name of the variable, not the path",
            ],
            ..Case::default()
        },
        Case {
            file: r#"json = "/o"
only = ["X", "Y"]"#,
            parameters: Some(&[("/o", "{\"a\": 1}")]),
            notices: &[
                "t.toml, line 2, `only`: `X` matches no variable of a prefix or a JSON object",
                "t.toml, line 2, `only`: `Y` matches no variable of a prefix or a JSON object",
            ],
            problems: &[
                "t.toml, line 2, `only`: `X`, `Y` matches no variable of the JSON object /o, so nothing of it is left. Correct the pattern: it is matched against the name of the variable, not the path",
            ],
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
                "/p/home would set HOME, which decides which programs, start files and settings are found, so that no prefix or JSON object may set it. If you want it, use `--allow HOME`, else `--exclude HOME`",
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
                "URL cannot be composed, since B is not set by any source. Set it, or correct `[compose]`",
            ],
            ..Case::default()
        },
        Case {
            file: r#"[compose]
URL = "${A}"
[files]
A = "/a""#,
            parameters: Some(&[("/a", "1")]),
            environment: &["A=1"],
            problems: &[
                "URL cannot be composed, since A is not set by any source. Set it, or correct `[compose]`",
            ],
            ..Case::default()
        },
        Case {
            file: r#"[compose]
URL = "${A}"
[keys]
A = "/a""#,
            parameters: Some(&[]),
            problems: &["/a (for A) does not exist"],
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
fn parameters_that_do_not_exist_are_problems_or_notes() {
    for case in [
        Case {
            file: r#"[keys]
A = "/a"
B = { param = "/b", optional = true }
C = { param = "/c", default = "c" }"#,
            inherited: &[
                c"X=ssm:///x",
                c"Y=ssm:///y?optional",
                c"Z=ssm:///z?default=z",
            ],
            parameters: Some(&[]),
            environment: &["C=c", "Z=z"],
            notices: &[
                "B is absent, since /b does not exist",
                "Y is absent, since /y does not exist",
                "C has its default, since /c does not exist",
                "Z has its default, since /z does not exist",
            ],
            problems: &["/a (for A) does not exist", "/x (for X) does not exist"],
            ..Case::default()
        },
        Case {
            file: r#"prefix = "/p"
[keys]
A = { param = "/none", optional = true }"#,
            parameters: Some(&[("/p/a", "1")]),
            environment: &["A=1"],
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
                "there is nothing below the prefix /p. Check the path, the account and the region, or mark the prefix `optional` in ssm-exec.toml. A parameter of exactly that name is not below it: give it with `--key`",
                "/o (for --json) does not exist",
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
            problems: &[
                "/a (for A) exists, but its JSON has no member `x` (it has m, n). Correct what follows the `#`",
            ],
            ..Case::default()
        },
        Case {
            file: r#"[keys]
A = "/a#/x/y""#,
            parameters: Some(&[("/a", "{\"x\": {}}")]),
            problems: &[
                "/a (for A) exists, but its JSON has no member `y`. Correct what follows the `#`",
            ],
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
                "/a (for A) exists, but its JSON has no member `x` (it has m0, m1, m2, m3, m4, m5, m6, m7, m8, m9). Correct what follows the `#`",
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
                "/a (for A) exists, but its JSON has no member `x` (m0, m1, m10, m2, m3, m4, m5, m6, m7, m8 and 1 other). Correct what follows the `#`",
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
                "/a (for A) exists, but its JSON has no member `x` (m0, m1, m10, m11, m2, m3, m4, m5, m6, m7 and 2 others). Correct what follows the `#`",
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
            file: r#"json = ["/o", "/q", "/r"]
[keys]
A = "/o#x""#,
            parameters: Some(&[("/o", "{"), ("/q", "[1]"), ("/r", "{\"x\": \"\\ud800\"}")]),
            problems: &[
                "/o (for --json) is not valid JSON at line 1, column 1. Store JSON",
                "/q (for --json) is not a JSON object. Correct the value, or what follows the `#`",
                "/r (for --json) has a string in it that is not valid text (half a surrogate pair)",
                "/o#x (for A) is not valid JSON at line 1, column 1. Store JSON, or take the whole value: `--key A=/o`",
            ],
            ..Case::default()
        },
        Case {
            file: r#"[keys]
A = { param = "/a", encoding = "base64" }
B = { param = "/b", encoding = "base64" }"#,
            parameters: Some(&[("/a", "Y2FuYXJ5"), ("/b", "!")]),
            environment: &["A=canary"],
            problems: &["the value of /b (for B) is not base64. Correct it, or remove `--base64`"],
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
                "the value of A, from /a, has a NUL byte in it, which no environment can hold. Take it as a file with `--file A=/a`",
                "the value of C has a NUL byte in it, which no environment can hold",
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
                "/p/1st would become the variable `1ST`, which begins with a digit. Put something before it with `--name-prefix TEXT`, or leave it out with `--exclude '1ST'`",
                "/p/a-b and /p/a/b both become the variable A_B. Choose one of them with `--key A_B=/p/a-b`. If you need another one too, give it a name of its own: `--key NAME=/p/a/b`",
                "/p/ld_preload would set LD_PRELOAD, which makes the dynamic loader run other code, so that no prefix or JSON object may set it. If you want it, use `--allow LD_PRELOAD`, else `--exclude LD_PRELOAD`",
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
                "A is required and is empty in the final environment. Set it, or correct `require`",
                "B is required and is not set in the final environment. Set it, or correct `require`",
                "D is required and is empty in the final environment. Set it, or correct `require`",
            ],
            ..Case::default()
        },
        Case {
            file: r#"[contract]
A = {}
[compose]
A = "${NOPE}""#,
            parameters: Some(&[]),
            problems: &[
                "A cannot be composed, since NOPE is not set by any source. Set it, or correct `[compose]`",
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
                "A breaks the contract: it must be set. Correct the value, or the rule in `[contract]`",
                "C, from /p/c, breaks the contract: it must be a port (1 to 65535). Correct the value, or the rule in `[contract]`",
                "F, from /p/f, breaks the contract: it is not in the contract, which is closed. Correct the value, or the rule in `[contract]`",
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
            problems: &["/a (for A) does not exist"],
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
            problems: &["X holds an ssm:// reference that `--skip` leaves unresolved, and the command must not get its text. Give it `?default=TEXT` or `?optional`, or unset it"],
            ..Case::default()
        }
    .check();
}
