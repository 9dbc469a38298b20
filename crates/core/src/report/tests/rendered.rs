//! One report with every source, state and remark, in each format.

use super::read;
use crate::aws_context::AwsContext;
use crate::code::Code;
use crate::config::{Config, ReportFormat};
use crate::diagnostic::{Diagnostic, Help};
use crate::env_reference::find_references;
use crate::environment::assemble;
use crate::fetched::{Fetched, FetchedParameter, ParameterType};
use crate::inherited::Inherited;
use crate::parameter::{ParameterRef, Prefix, Version};
use crate::region::Region;
use crate::report::{Report, Terminal, WatchCost, render_stages, starter_file};
use crate::secret::Secret;
use ParameterType::{SecureString, String as Plain, StringList};
use std::time::{Duration, SystemTime};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A name, a type, a version, and the age in days; every value is a canary.
type Parameter = (&'static str, ParameterType, u64, u32);

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + 20_000 * DAY
}

fn parameter((name, kind, version, age): Parameter) -> FetchedParameter {
    let value = match name {
        "/org/object" => r#"{"a|b\u001b": "canary"}"#,
        "/org/ref" => r#"{"user": "canary"}"#,
        "/org/cert" => "Y2FuYXJ5",
        _ => "canary",
    };
    FetchedParameter {
        name: name.to_owned(),
        value: Secret::new(value.to_owned()),
        kind: Some(kind),
        version: Version::new(version),
        modified: Some(now() - age * DAY),
        arn: None,
    }
}

fn fetched(below: &[(&str, &[Parameter])], named: &[Parameter]) -> Fetched {
    let mut fetched = Fetched::default();
    for (prefix, parameters) in below {
        let parameters = parameters.iter().copied().map(parameter);
        let prefix = Prefix::parse(prefix).expect("a prefix");
        fetched.add_below(prefix, parameters.collect());
    }
    for &one in named {
        // The service returns the name without the version that was asked for.
        let (name, ..) = one;
        let name = name.split(':').next().unwrap_or(name);
        let asked = ParameterRef::parse(one.0).expect("a parameter");
        fetched.add_named(asked, parameter((name, one.1, one.2, one.3)));
    }
    fetched
}

fn report(config: &Config, inherited: &Inherited<'_>, fetched: &Fetched) -> Report {
    let references = find_references(inherited, |_| true).expect("valid references");
    let environment = assemble(config, inherited, &references, Some(fetched));
    let mut config = config.clone();
    config.check.max_age = Some(90 * DAY);
    config.check.unused = true;
    Report::new(&config, &environment, Some(fetched), now())
}

fn problem(text: &str) -> Diagnostic {
    Diagnostic::with_help(Code::Usage, text, vec![Help::command("Mend it", "aws x")])
}

const FILE: &str = r#"
prefix = [
    "/org/api",
    { path = "/org/shared:blue", name_prefix = "S_", only = ["S_*_MODE", "NONE_*"] },
    { path = "/org/none", optional = true },
]
json = "/org/object"
require = ["HOME", "PORT", "NEEDED"]
drop = ["TEMP"]
closed = true

[keys]
EXTRA = { param = "/org/gone", optional = true }
FRESH = { param = "/org/fresh", max_age = "365d" }
GONE = { param = "/org/gone", optional = true }
KEPT = { param = "/org/kept", default = "canary" }
LEVEL = { param = "/org/level", default = "a${HOME}" }
LOST = "/org/lost"
OLD = "/org/old"
REPLACED = "/org/api/replaced:2"
SECRET = "/aws/reference/secretsmanager/db"
TEMP = "/org/temp"
TOKEN = { param = "/org/token", max_age = "1h" }
[files]
CERT = { param = "/org/cert", encoding = "base64", optional = true }
[compose]
COMPOSED = "${TEMP}"
[rename]
OLD = "NEW"
[aws]
endpoint_url = "https://ssm.example"
[contract]
COMPOSED = {}
DB_URL = { secure = true, min_length = 2, description = "The <main> | database" }
GONE = { optional = true }
LOST = {}
MAYBE = { optional = true }
PORT = { type = "port", secure = true }
REPLACED = { one_of = ["canary", "x|y"] }
WANTED = {}
"#;

/// The report of [`FILE`].
fn rich() -> (Config, Report) {
    let inherited = Inherited::new(vec![
        c"HOME=/canary",
        c"KEPT=canary",
        c"A_B_=canary",
        c"REF=ssm:///org/ref#user",
    ]);
    let layer = crate::config::parse_file("t.toml".as_ref(), FILE, &inherited).expect("valid");
    let config = Config::resolve(layer, &inherited).expect("valid");
    let api = [
        ("/org/api/db-url", SecureString, 3, 91),
        ("/org/api/extra", StringList, 1, 90),
        ("/org/api/port", Plain, 1, 10),
        ("/org/api/replaced", Plain, 3, 10),
    ];
    let shared = [("/org/shared/mode", Plain, 1, 10), ("/org/shared/app/mode", Plain, 7, 1)];
    let named = [
        ("/aws/reference/secretsmanager/db", SecureString, 0, 1),
        ("/org/api/replaced:2", Plain, 2, 20),
        ("/org/cert", SecureString, 1, 1),
        ("/org/fresh", SecureString, 1, 200),
        ("/org/object", SecureString, 4, 3),
        ("/org/old", Plain, 1, 0),
        ("/org/ref", SecureString, 1, 0),
        ("/org/temp", SecureString, 1, 2),
        ("/org/token", SecureString, 1, 2),
    ];
    let below: [(&str, &[Parameter]); 3] =
        [("/org/api", &api), ("/org/shared:blue", &shared), ("/org/none", &[])];
    let mut report = report(&config, &inherited, &fetched(&below, &named));
    report.problems = vec![problem("one\u{1b}"), problem("another | <b>")];
    report.asked = AwsContext {
        region: Some(Region::parse("eu-west-1").expect("a Region")),
        endpoint: Some("ssm.example".to_owned()),
        account: Some("111122223333".to_owned()),
        principal: Some("arn:aws:iam::111122223333:user/ana".to_owned()),
        credentials: Some("the environment".to_owned()),
        unused: None,
        waited: None,
    };
    report.watch = Some(WatchCost { requests: 4, every: Duration::from_secs(90) });
    (config, report)
}

#[test]
fn every_format_shows_the_whole_report() {
    let (config, report) = rich();
    for format in
        [ReportFormat::Table, ReportFormat::Json, ReportFormat::Markdown, ReportFormat::Toml]
    {
        let text = report.render(format, &config, Terminal::default());
        insta::assert_snapshot!(format.word(), text);
    }
}

#[test]
fn a_narrow_terminal_gets_the_ends_of_long_parameters_and_colours() {
    let (config, report) = rich();
    let terminal = Terminal { width: Some(60), colour: true };
    let text = report.render(ReportFormat::Table, &config, terminal);
    insta::assert_snapshot!("narrow", text.replace('\x1b', "ESC"));
}

const SMALL: &str = "prefix = \"/org/api\"";

/// A report without a contract and without problems. Its longest line has 74 columns.
fn small() -> (Config, Report) {
    let config = read(SMALL);
    let api: &[Parameter] =
        &[("/org/api/a-long-one", Plain, 1, 10), ("/org/api/x", SecureString, 2, 20)];
    let fetched = fetched(&[("/org/api", api)], &[]);
    let report = report(&config, &Inherited::default(), &fetched);
    (config, report)
}

#[test]
fn a_report_without_a_contract_has_no_column_for_it() {
    let (config, report) = small();
    let text = |format| report.render(format, &config, Terminal::default());
    assert_eq!(
        text(ReportFormat::Table),
        "\
VARIABLE    PARAMETER            VERSION  TYPE          MODIFIED    AGE  SOURCE
A_LONG_ONE  /org/api/a-long-one  1        String        2024-09-24  10d  prefix
X           /org/api/x           2        SecureString  2024-09-14  20d  prefix

Unused
  /org/api/a-long-one
  /org/api/x
"
    );
    assert_eq!(
        text(ReportFormat::Markdown),
        "\
| variable | parameter | type | source |
| --- | --- | --- | --- |
| `A_LONG_ONE` | `/org/api/a-long-one` | String | prefix |
| `X` | `/org/api/x` | SecureString | prefix |

Unused:

- /org/api/a-long-one
- /org/api/x
"
    );
}

#[test]
fn only_the_parameter_column_gives_way_and_not_below_16() {
    let (config, report) = small();
    let second_line = |width| {
        let terminal = Terminal { width: Some(width), colour: false };
        let text = report.render(ReportFormat::Table, &config, terminal);
        text.lines().nth(1).expect("a row").to_owned()
    };
    let whole = "A_LONG_ONE  /org/api/a-long-one  1        String        2024-09-24  10d  prefix";
    let width = whole.len();
    assert_eq!(second_line(width), whole);
    for (less, shown) in
        [(1, "…rg/api/a-long-one"), (3, "…/api/a-long-one"), (40, "…/api/a-long-one")]
    {
        let narrow = whole.replace("/org/api/a-long-one", shown);
        assert_eq!(second_line(width - less), narrow);
    }
    // A column that is narrower anyway stays as it is.
    let config = read("prefix = \"/p\"");
    let report = self::report(
        &config,
        &Inherited::default(),
        &fetched(&[("/p", &[("/p/x", Plain, 1, 1)])], &[]),
    );
    let terminal = |width| Terminal { width, colour: false };
    assert_eq!(
        report.render(ReportFormat::Table, &config, terminal(Some(10))),
        report.render(ReportFormat::Table, &config, terminal(None))
    );
}

#[test]
fn the_context_is_broken_between_its_clauses() {
    let (config, mut report) = small();
    report.asked = AwsContext {
        account: Some("111122223333".to_owned()),
        principal: Some("me".to_owned()),
        credentials: Some("a file".to_owned()),
        ..AwsContext::default()
    };
    let context = |width| {
        let terminal = Terminal { width: Some(width), colour: false };
        let text = report.render(ReportFormat::Table, &config, terminal);
        text.split("\n\n").next().expect("a context").to_owned()
    };
    let start = "Parameter Store: account 111122223333,";
    let one_line = format!("{start} caller me, credentials from a file");
    assert_eq!(context(one_line.len()), one_line);
    assert_eq!(
        context(one_line.len() - 1),
        format!("{start} caller me,\n  credentials from a file")
    );
    assert_eq!(context(10), format!("{start}\n  caller me,\n  credentials from a file"));
}

#[test]
fn many_parameters_below_a_prefix_are_worth_a_hint() {
    let names: Vec<String> = (10..21).map(|n| format!("/p/k{n}")).collect();
    let below = |count: usize| {
        let mut fetched = Fetched::default();
        let parameters = names
            .iter()
            .take(count)
            .map(|name| FetchedParameter { name: name.clone(), ..parameter(("/p", Plain, 1, 1)) });
        fetched.add_below(Prefix::parse("/p").expect("a prefix"), parameters.collect());
        report(&read("prefix = \"/p\""), &Inherited::default(), &fetched).hints
    };
    assert_eq!(below(10), [""; 0]);
    let hints = below(11);
    assert_eq!(hints.len(), 1);
    assert!(hints[0].starts_with("11 parameters are below /p: explicit keys"));
}

#[test]
fn the_cost_of_a_watcher_is_shown_in_words() {
    let cost = |requests| WatchCost { requests, every: Duration::from_secs(60) };
    assert_eq!(cost(1).to_string(), "watch: 1 request every 1m for each process");
    assert_eq!(cost(2).to_string(), "watch: 2 requests every 1m for each process");
}

#[test]
fn a_failure_without_a_report_is_a_json_report_with_one_problem() {
    let text = Report::of_problems(&[problem("it failed\n")]).to_json();
    let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(value["problems"], serde_json::json!([problem("it failed\n").json()]));
    assert_eq!(value["variables"], serde_json::json!([]));
}

#[test]
fn the_starter_file_has_the_prefixes_with_their_rules() {
    let config = read(
        r#"
        prefix = ["/org/api", { path = "/org/x", name_prefix = "X_", case = "keep", only = ["A*", "B*"], exclude = ["*_Z"] }]
        [keys]
        LEVEL = { param = "/org/level", default = "info" }
        GONE = { param = "/org/gone", optional = true }
        LOST = "/org/lost"
        [aws]
        region = "eu-west-1"
        [contract]
        DB_URL = { type = "url" }
        "#,
    );
    let api: &[Parameter] = &[
        ("/org/api/db-url", SecureString, 1, 1),
        ("/org/api/name", Plain, 1, 1),
        ("/org/api/password", SecureString, 1, 1),
    ];
    let x: &[Parameter] = &[("/org/x/Ab", StringList, 1, 1)];
    let fetched = fetched(&[("/org/api", api), ("/org/x", x)], &[]);
    let mut report = report(&config, &Inherited::default(), &fetched);
    report.problems = vec![problem("one\n"), problem("another")];
    insta::assert_snapshot!("starter", starter_file(&report, &config));
}

#[test]
fn the_reports_of_stages_follow_one_another_under_their_names() {
    let (_, rich) = rich();
    let failed = Report::of_problems(&[problem("no credentials")]);
    let stages = [("a|b".to_owned(), rich), ("prod".to_owned(), failed)];
    let render = |format| render_stages(&stages, format, Terminal::default());
    for format in [ReportFormat::Table, ReportFormat::Markdown] {
        insta::assert_snapshot!(format!("stages-{}", format.word()), render(format));
    }
    assert_eq!(render(ReportFormat::Toml), render(ReportFormat::Table));
    let value: serde_json::Value = serde_json::from_str(&render(ReportFormat::Json)).expect("JSON");
    let names = value["stages"].as_array().expect("stages").iter();
    let names: Vec<_> = names.map(|stage| stage["stage"].clone()).collect();
    assert_eq!(names, ["a|b", "prod"]);
    assert_eq!(value["stages"][1]["problems"][0]["message"], "no credentials");
    assert_eq!(value["stages"][0]["asked"]["region"], "eu-west-1");
}

#[test]
fn a_report_with_nothing_in_it_has_no_table() {
    let config = read(SMALL);
    let render = |report: &Report, format| report.render(format, &config, Terminal::default());
    let failed = Report::of_problems(&[problem("it failed")]);
    for (format, text) in [
        (ReportFormat::Table, "Problems\n  it failed\n    help: Mend it:\n      aws x\n"),
        (ReportFormat::Markdown, "Problems:\n\n- it failed\n  - Mend it: aws x\n"),
    ] {
        assert_eq!(render(&failed, format), text);
        assert_eq!(render(&Report::default(), format), "");
    }
}
