//! Problems that a failed request explains are not reported; others are.

use super::*;

#[test]
fn what_follows_from_a_failed_request_is_not_reported() {
    for case in [
        Case {
            file: r#"prefix = "/p"
require = ["A"]
[compose]
C = "${B}"
[contract]
D = {}
[keys]
K = "/k""#,
            parameters: Some(&[]),
            failed: &["/p/*"],
            problems: &["1 parameter does not exist: /k (for K)"],
            ..Case::default()
        },
        Case {
            file: r#"json = "/o"
require = ["A"]
[contract]
D = {}"#,
            parameters: Some(&[]),
            failed: &["/o"],
            ..Case::default()
        },
        Case {
            file: r#"require = ["A", "B", "C"]
[contract]
A = {}
B = {}
C = {}
[keys]
A = "/a:1"
B = "/a:2""#,
            inherited: &[c"C=ssm:///c"],
            parameters: Some(&[]),
            failed: &["/a:1, /c"],
            problems: &["1 parameter does not exist: /a:2 (for B)"],
            ..Case::default()
        },
        Case {
            file: r#"[keys]
A = "/a:1"
B = "/a:2"
[compose]
C = "${A}"
D = "${B}"
E = "${A}""#,
            parameters: Some(&[]),
            failed: &["/a:1"],
            problems: &["1 parameter does not exist: /a:2 (for B)"],
            ..Case::default()
        },
        Case {
            file: r#"[compose]
C = "${A}${B}"
D = "${NOPE}"
[keys]
A = { param = "/a:1", optional = true }
B = { param = "/a:2", optional = true }"#,
            parameters: Some(&[]),
            failed: &["/a:1"],
            notices: &["B is absent, since /a:2 does not exist"],
            problems: &[
                "C cannot be composed, since B has no value: the optional /a:2 does not exist",
                "D cannot be composed, since NOPE is not set by any source",
            ],
            ..Case::default()
        },
        Case {
            file: r#"prefix = "/p"
[keys]
A = "/p/a"
B = "/k""#,
            parameters: Some(&[]),
            failed: &["/k"],
            problems: &[
                "there is nothing below the prefix /p",
                "1 parameter does not exist: /p/a (for A)",
            ],
            ..Case::default()
        },
        Case {
            file: r#"prefix = ["/p", "/q"]
[keys]
A = "/p/a"
[contract]
P = { type = "port" }"#,
            inherited: &[c"P=x"],
            parameters: Some(&[("/q/b", "1")]),
            failed: &["/p/*"],
            environment: &["B=1", "P=x"],
            problems: &["P breaks the contract: it must be a port (1 to 65535)"],
            ..Case::default()
        },
        Case {
            file: r#"prefix = [{ path = "/p", optional = true }, { path = "/q", optional = true }]
only = ["A"]
exclude = ["B"]
drop = ["C"]
allow = ["PATH"]
pristine = true
keep = ["I"]
[rename]
D = "E""#,
            parameters: Some(&[]),
            failed: &["/p/*"],
            notices: &[
                "there is nothing below the optional prefix /q",
                "t.toml, line 7, `keep`: `I` matches no inherited variable; nothing was kept",
            ],
            ..Case::default()
        },
        Case {
            file: r#"json = { param = "/o:1", optional = true }
[keys]
A = { param = "/a:1", optional = true }
B = { param = "/a:2", default = "b" }
C = { param = "/a:3", default = "c" }
D = { param = "/d", optional = true }
[rename]
A = "E"
F = "G""#,
            parameters: Some(&[]),
            failed: &["/a:1, /d, /o:1"],
            environment: &["B=b", "C=c"],
            notices: &[
                "B has its default, since /a:2 does not exist",
                "C has its default, since /a:3 does not exist",
            ],
            ..Case::default()
        },
        Case {
            file: r#"drop = ["X"]
prefix = { path = "/q", optional = true }
[keys]
A = "/a:1"
B = "/a:2"
[rename]
A = "E"
F = "G""#,
            parameters: Some(&[]),
            failed: &["/a:1"],
            notices: &["there is nothing below the optional prefix /q"],
            problems: &["1 parameter does not exist: /a:2 (for B)"],
            ..Case::default()
        },
        Case {
            file: r#"[keys]
A = "/a:1"
[rename]
A = "E"
F = "G""#,
            parameters: Some(&[]),
            failed: &["/a:1"],
            notices: &["t.toml, line 5, `rename.F`: there is no variable F to rename"],
            ..Case::default()
        },
    ] {
        case.check();
    }
}
