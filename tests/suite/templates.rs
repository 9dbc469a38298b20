//! Templates of `[files]`: one in-memory file of several values; and variables in templates and defaults that
//! nothing replaces.

use crate::harness::*;
use crate::support::write;
use ssm_stub::{Parameter, Stub};
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};

const PASSWORD: &str = "canary'\"\\:&<>$HOME `#{}\u{85}\u{2028}\u{f6}%20";

fn stub() -> Stub {
    let stub = Stub::start();
    stub.put(Parameter::string("/t/user", "app"));
    stub.put(Parameter::secure("/t/password", PASSWORD));
    stub.put(Parameter::secure("/t/lines", "canary-one\n\ttwo\r\nthree\n"));
    stub
}

/// Prints the content of the file that F names.
fn content(run: Run) -> String {
    let outcome = run.arg("--").args("sh -c").arg("cat \"$F\"").run();
    assert_eq!(outcome.status, 0, "{}", outcome.stderr);
    assert_eq!(outcome.stderr, "");
    outcome.text()
}

fn with_files(stub: &Stub, files: &str) -> Run {
    let text = format!("prefix = \"/t\"\n[files]\n{files}\n");
    Run::against(&stub.url()).file(&text)
}

/// Reads each format with a reader of that format, and compares.
const READERS: &str = r#"
import json, os, re, shlex, subprocess, sys, urllib.parse, base64
from xml.etree import ElementTree
password = os.environ["PASSWORD"]
lines = os.environ["LINES_TOO"]
def text(name): return open(os.environ[name], newline="").read()
assert json.loads(text("JSON")) == {"p": password, "l": lines}
xml = ElementTree.fromstring(text("XML"))
assert (xml.get("a"), xml.get("l"), xml.text, xml.tail) == (password, lines, password, None), xml.get("l")
assert subprocess.check_output(["sh", "-c", text("SHELL_") + "; printf %s \"$P$L\""]).decode() == password + lines
assert urllib.parse.unquote(text("URL").split("/")[1]) == password
assert base64.b64decode(text("BASE64")).decode() == lines
# As libpq reads it: a backslash takes the next character as it is.
fields = [""]
escaped = False
for c in text("PGPASS").rstrip("\n"):
    if escaped or c not in "\\:": fields[-1] += c; escaped = False
    elif c == "\\": escaped = True
    else: fields.append("")
assert fields == ["h", "5432", "app", "app", password], fields
print("equal")
"#;

const DOCUMENTS: &str = r#"
prefix = "/t"
[compose]
LINES_TOO = "${LINES}"
[files]
JSON = { template = '{"p": "${PASSWORD|json}", "l": "${LINES|json}"}' }
XML = { template = '<x a="${PASSWORD|xml}" l="${LINES|xml}">${PASSWORD|xml}</x>' }
SHELL_ = { template = "P=${PASSWORD|shell}; L=${LINES|shell}" }
URL = { template = "x/${PASSWORD|url}" }
BASE64 = { template = "${LINES|base64}" }
PGPASS = { template = "h:5432:app:${USER}:${PASSWORD|pgpass}\n" }
YAML = { template = "p: ${PASSWORD|yaml}\nl: ${LINES|yaml}\n" }
"#;

#[test]
fn the_reader_of_each_format_gets_the_values_as_they_are() {
    let stub = stub();
    let run = Run::against(&stub.url()).file(DOCUMENTS);
    let outcome = run.args("-- python3 -c").arg(READERS).run();
    assert_eq!(outcome.text(), "equal\n", "{}", outcome.stderr);
}

#[test]
#[ignore = "needs moto's Python environment, which has a reader of YAML"]
fn a_reader_of_yaml_gets_the_values_as_they_are() {
    let stub = stub();
    let reader = "
import os, yaml
read = yaml.safe_load(open(os.environ['YAML']))
assert read == {'p': os.environ['PASSWORD'], 'l': os.environ['LINES_TOO']}
print('equal')";
    let run = Run::against(&stub.url()).file(DOCUMENTS).arg("--");
    let python = crate::support::project("target/venv/bin/python");
    let outcome = run.arg(python).arg("-c").arg(reader).run();
    assert_eq!(outcome.text(), "equal\n", "{}", outcome.stderr);
}

#[test]
fn composed_variables_have_the_same_filters() {
    let stub = stub();
    let file = "prefix = \"/t\"\n[compose]\nLINE = \"psql ${PASSWORD|shell}\"";
    let environment = Run::against(&stub.url()).file(file).environment();
    let line = format!("psql '{}'", PASSWORD.replace('\'', r"'\''"));
    environment.has(&[("LINE", &line)]);
}

#[test]
fn a_template_in_a_file_is_found_from_the_configuration_file() {
    let stub = stub();
    let run = Run::against(&stub.url());
    let home = run.home().to_owned();
    let file = "prefix = \"/t\"\n[files]\nF = { template_file = \"conf/${NAME}.tmpl\" }\n";
    write(&home.join("service/ssm-exec.toml"), file);
    // Its syntax is that of what reads the result: nothing is said about `$HOST`.
    let template = "user ${USER};\npassword $${USER} ${PASSWORD};\nproxy $HOST {{HOST}};\n";
    write(&home.join("service/conf/app.tmpl"), template);
    let run = run.env("NAME", "app").args("--config service/ssm-exec.toml");
    let expected =
        format!("user app;\npassword ${{USER}} {PASSWORD};\nproxy $HOST {{{{HOST}}}};\n");
    assert_eq!(content(run), expected);
}

#[test]
fn parts_of_files_alone_can_be_dropped() {
    let stub = stub();
    let text = "prefix = \"/t\"\ndrop = [\"USER\", \"PASSWORD\", \"LINES\"]\n[files]\nF = { template = \"${USER}:${PASSWORD}\" }";
    let environment = Run::against(&stub.url()).file(text).environment();
    assert_eq!(environment.names(), ["F"]);
}

#[test]
fn a_file_may_be_longer_than_a_variable_but_not_without_end() {
    let stub = Stub::start();
    stub.put(Parameter::secure("/t/big", &"canary-b".repeat(500)));
    let times = |count: usize| format!("F = {{ template = '{}' }}", "${BIG}".repeat(count));
    let fits = content(with_files(&stub, &times(1000)));
    assert_eq!(fits.len(), 4_000_000);
    let doubles = (0..40).map(|n| format!("A{} = '${{A{n}}}${{A{n}}}'\n", n + 1));
    let doubled = format!(
        "prefix = \"/t\"\n[compose]\nA0 = '${{BIG}}'\n{}[files]\nF = {{ template = '${{A40}}' }}",
        doubles.collect::<String>()
    );
    for run in [with_files(&stub, &times(2000)), Run::against(&stub.url()).file(&doubled)] {
        run.fails(65).says(&["cannot be composed", "would be longer than"]);
    }
}

#[test]
fn every_part_that_is_not_set_is_reported() {
    let outcome =
        with_files(&stub(), "F = { template = \"${ONE}${USER}${TWO}${THREE|pgpass}\" }").fails(66);
    for part in ["ONE", "TWO", "THREE"] {
        let line = format!("F cannot be composed, since {part} is not set by any source");
        assert!(outcome.stderr.contains(&line), "{}", outcome.stderr);
    }
}

#[test]
fn a_value_that_the_format_cannot_have_is_an_error_without_the_value() {
    let stub = stub();
    stub.put(Parameter::secure("/t/escape", "canary\u{1b}"));
    for (template, says) in [
        (
            "${LINES|pgpass}",
            "the value of LINES has more than one line, which the filter `pgpass` does not take",
        ),
        (
            "${ESCAPE|xml}",
            "the value of ESCAPE contains a control character, which the filter `xml` does not take",
        ),
    ] {
        let file = format!("F = {{ template = \"{template}\" }}");
        with_files(&stub, &file).fails(65).says(&["F cannot be composed, since", says]);
    }
}

#[test]
fn a_template_that_cannot_be_read_is_refused_with_its_place() {
    for (kind, says) in [
        ("missing", "there is no such file"),
        ("directory", "it is a directory"),
        ("large", "it is larger than 1 MiB"),
        ("bytes", "line 2 is not UTF-8"),
        ("writable", "is world-writable, and it decides what is written beside your secrets"),
        ("filter", "app.tmpl: line 2 of the template: `upper` is not"),
        ("unclosed", "app.tmpl: the template has `${` without its `}`"),
    ] {
        let run = Run::bare().file("skip = true\n[files]\nF = { template_file = \"app.tmpl\" }");
        let path = run.home().join("app.tmpl");
        let content: &[u8] = match kind {
            "large" => &[b'x'; (1 << 20) + 1],
            "bytes" => b"\n\xff",
            "filter" => b"\n${A|upper}",
            "unclosed" => b"${A",
            _ => b"",
        };
        match kind {
            "missing" => {}
            "directory" => fs::create_dir(&path).expect("a directory"),
            _ => fs::write(&path, content).expect("a template"),
        }
        if kind == "writable" {
            fs::set_permissions(&path, fs::Permissions::from_mode(0o646)).expect("a mode");
        }
        let says = ["ssm-exec.toml, line 3, `files.F`: ", "app.tmpl", says];
        run.fails(78).says(&says);
    }
}

#[test]
fn as_root_a_template_of_another_user_is_refused_also_if_the_configuration_is_named() {
    let run = Run::bare().file("skip = true\n[files]\nF = { template_file = \"app.tmpl\" }");
    let path = run.home().join("app.tmpl");
    fs::write(&path, "").expect("a template");
    chown(&path, Some(65_534), None).expect("given away");
    run.args("--config ssm-exec.toml").fails(78).says(&[
        "app.tmpl belongs to another user (uid 65534)",
        "Change its owner",
        "as `template`",
    ]);
}

#[test]
fn mistakes_in_files_with_a_template_are_refused() {
    for (text, says) in [
        (
            "[files]\nF = { template = \"x\", optional = true }",
            "`files.F`: has a template, and another key beside it",
        ),
        (
            "[files]\nF = { template = \"x\", param = \"/t/x\" }",
            "`files.F`: has a template, and another key beside it",
        ),
        ("[files]\nF = { template = 1 }", "`files.F.template`: is a TOML integer, not a string"),
        ("[keys]\nF = { template = \"x\" }", "`keys.F`: a variable has no template in `[keys]`"),
        (
            "[keys]\nF = \"/t/x\"\n[files]\nF = { template = \"x\" }",
            "`files.F`: F is given twice, here as a template",
        ),
        (
            "[compose]\nF = \"x\"\n[files]\nF = { template = \"x\" }",
            "`files.F`: F is given twice, here as a template",
        ),
        (
            "[files]\nF = { template = \"${G}\" }\nG = { template = \"${F}\" }",
            "`files.F`: depends on itself, through F, G",
        ),
        (
            "[files]\nF = { template = \"${G}\" }\nG = { template = \"\" }",
            "`files.F`: `${G}` is the path of a file, which is not known before the start",
        ),
        (
            "[files]\nF = { template = \"${F}\" }",
            "`files.F`: `${F}` is the path of a file, which is not known before the start",
        ),
        (
            "[files]\nF = \"/t/f\"\n[compose]\nF = \"${F}\"",
            "`compose.F`: `${F}` is the path of a file, which is not known before the start",
        ),
    ] {
        let run = Run::bare().file(&format!("skip = true\n{text}"));
        run.fails(78).says(&[says]);
    }
    let run = Run::bare().file("[compose]\nA = \"${F}\"").args("--file F=/t/f");
    run.fails(78).says(&["`compose.A`: `${F}` is the path of a file"]);
}

#[test]
fn a_stage_can_give_a_file_another_template_and_no_other_is_read() {
    let stub = stub();
    let text = "prefix = \"/t\"
[files]
F = { template_file = \"nowhere.tmpl\" }
[stage.a.files]
F = { template = \"a ${USER}\" }
[stage.b]
strict = true
";
    let run = |stage: &str| {
        let run = Run::against(&stub.url()).file(text);
        run.args("--stage").arg(stage)
    };
    assert_eq!(content(run("a")), "a app");
    run("b").fails(78).says(&["nowhere.tmpl"]);
}

#[test]
fn the_text_of_a_template_counts_in_the_fingerprint() {
    let stub = stub();
    let fingerprint = |template: &str, key: &str| {
        let run = with_files(&stub, &format!("F = {{ {key} = \"app.tmpl\" }}"));
        write(&run.home().join("app.tmpl"), template);
        run.args("check --fingerprint").run().text()
    };
    let one = fingerprint("${USER}", "template_file");
    assert!(one.starts_with("v1:"), "{one}");
    assert_eq!(one, fingerprint("${USER}", "template_file"));
    assert_ne!(one, fingerprint("${USER} ", "template_file"));
    assert_ne!(one, fingerprint("${USER}", "template"));
}

#[test]
fn check_reports_a_file_with_a_template() {
    let stub = stub();
    let run = || with_files(&stub, "F = { template = \"${USER}\" }");
    let report = run().args("check").run().text();
    assert!(report.contains("file, composed"), "{report}");
    let report = run().args("check --format json").run().text();
    let report: serde_json::Value = serde_json::from_str(&report).expect("JSON");
    let row = &report["variables"][0];
    assert_eq!(
        (&row["variable"], &row["source"], &row["parameter"]),
        (&"F".into(), &"file".into(), &serde_json::Value::Null)
    );
    let toml = run().args("check --format toml").run().text();
    assert!(toml.contains("# Keep the template of F in [files]"), "{toml}");
}

#[test]
fn a_variable_that_nothing_replaces_is_a_warning() {
    let stub = stub();
    for (text, form) in [
        ("[compose]\nA = \"$USER\"", "a variable in the form `$NAME`"),
        ("[compose]\nA = \"{{ USER }}:${USER}\"", "a variable in the form `{{NAME}}`"),
        ("[files]\nA = { template = \"$USER\" }", "a variable in the form `$NAME`"),
        (
            "[keys]\nA = { param = \"/t/no\", default = \"$USER\" }",
            "a variable in the form `$NAME`",
        ),
        (
            "[files]\nA = { param = \"/t/no\", default = \"{{USER}}\" }",
            "a variable in the form `{{NAME}}`",
        ),
        ("[compose]\nA = \"a:ssm:///t/user\"", "an `ssm://` reference"),
        ("[keys]\nA = { param = \"/t/no\", default = \"ssm:///t/user\" }", "an `ssm://` reference"),
    ] {
        let run = || Run::against(&stub.url()).file(&format!("prefix = \"/t\"\n{text}"));
        let says = format!(".A`: has {form}, which nothing replaces");
        let outcome = run().args("-- true").run();
        assert_eq!(outcome.status, 0, "{}", outcome.stderr);
        let help = match form {
            "an `ssm://` reference" => "and write `${NAME}` in `[compose]`",
            _ => "Write `${NAME}`",
        };
        outcome.says(&[&says, "warning: ", help]);
        run().args("--strict").fails(78).says(&[&says]);
    }
    for path in ["/t/$USER", "/t/{{USER}}"] {
        let run = Run::bare().file(&format!("[keys]\nA = \"{path}\""));
        run.fails(78).says(&["which no parameter's name has", "write `${NAME}`"]);
    }
}

#[test]
fn a_reference_inside_a_longer_value_is_a_warning() {
    let stub = stub();
    let run = || {
        let url = "postgres://app:ssm:///t/password@canary-host";
        Run::against(&stub.url()).args("-k /t/user").env("DSN", url).env("A", "ssm:///t/user")
    };
    let says = "DSN contains `ssm://`, and only a whole value is resolved";
    let outcome = run().args("-- true").run();
    assert_eq!(outcome.status, 0, "{}", outcome.stderr);
    outcome.says(&[says, "warning: "]);
    run().args("--strict").fails(78).says(&[says]);
    for quiet in ["--no-refs", "--pristine --keep A"] {
        let outcome = run().args(quiet).args("--strict -- /bin/true").run();
        assert_eq!((outcome.status, outcome.stderr.as_str()), (0, ""), "{quiet}");
    }
}

#[test]
fn a_variable_in_the_default_of_a_reference_is_a_warning() {
    let stub = stub();
    for (default, form) in [
        ("http://$HOST/", "a variable in the form `$NAME`"),
        ("http://${HOST}/", "a variable in the form `${NAME}`"),
        ("http://{{HOST}}/", "a variable in the form `{{NAME}}`"),
        ("http://ssm:///t/user", "an `ssm://` reference"),
    ] {
        let run = || {
            let value = format!("ssm:///none?default={default}");
            Run::against(&stub.url()).env("URL", value).args("-k A=/t/user")
        };
        let outcome = run().args("-- printenv URL").run();
        assert_eq!(outcome.text(), format!("{default}\n"));
        let says = format!("the default of URL has {form}, which nothing replaces");
        outcome.says(&["warning", &says]);
        run().args("--strict").fails(78).says(&[&says]);
    }
    let run = Run::against(&stub.url()).env("URL", "ssm:///none?default=$5");
    let outcome = run.args("-k A=/t/user -- true").run();
    assert_eq!(outcome.stderr, "");
}
