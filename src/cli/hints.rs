//! What was typed, and what is meant: tables of options and words of other tools, and of the shapes of words.

use super::{Subcommand, Words};
use ssm_exec_core::code::Code;
use ssm_exec_core::config::SETTINGS;
use ssm_exec_core::config::setting::{Group, Setting};
use ssm_exec_core::diagnostic::Diagnostic;
use ssm_exec_core::words::{misspelled, nearest};

/// Options of other tools.
#[rustfmt::skip]
const OPTIONS: &[(&[&str], &str)] = &[
    (&["--path", "--paths", "--parameter-path"], "Fetch every parameter below a path with `--prefix PATH`"),
    (&["--parameter", "--parameters", "--name", "--names"], "Fetch one parameter with `--key [NAME=]PARAM`"),
    (&["--with-decryption", "--decrypt"], "Values are always decrypted. Leave it out"),
    (&["--no-fail", "--ignore-missing"], "For a parameter that may be missing, use `--optional-key [NAME=]PARAM` or `ssm://PARAM?optional`"),
    (&["--template"], "References begin with `ssm://`; `[compose]` in ssm-exec.toml has templates"),
    (&["--recursive", "-r"], "A prefix is always recursive. Leave it out"),
    (&["--secret", "--secrets", "--secret-id"], "For a secret of Secrets Manager, use `--key NAME=/aws/reference/secretsmanager/NAME`, or `--json` for all its members"),
    (&["--env", "--env-file", "-e", "--environment"], "Values that are not secret belong in the environment: `LOG_LEVEL=debug ssm-exec …`. For a stage of ssm-exec.toml, use `--stage NAME`"),
    (&["--output", "--output-format", "-o"], "For a report, use `ssm-exec check --format table|json|markdown|toml`. Values go to the command's environment only"),
    (&["--upcase", "--uppercase"], "Names are upper case by default; `--case keep` keeps the case"),
    (&["--dry-run", "--noop", "-n"], "`ssm-exec check` resolves everything and starts nothing"),
    (&["--log-level", "--loglevel", "--level"], "`-v` prints more, and `--quiet` errors only; SSM_EXEC_LOG has the level"),
    (&["--debug", "-d"], "`-vv` prints each step"),
    (&["--silent", "-s"], "`--quiet` prints errors only"),
    (&["--role", "--assume-role"], "Use `--role-arn ARN`"),
    (&["--force", "--overwrite"], "`ssm-exec init` replaces no file: move the old one away. Leave it out"),
    (&["--shell"], "Write the shell's name: `ssm-exec completions bash`"),
    (&["--preserve-env", "--inherit"], "The environment is inherited; `--pristine` begins with an empty one. Leave it out"),
];

/// Subcommands of other tools.
#[rustfmt::skip]
const SUBCOMMANDS: &[(&[&str], &str)] = &[
    (&["run", "exec", "start", "env", "launch", "shell"], "Write the command itself: `ssm-exec --prefix /org/service -- ./server`"),
    (&["list", "ls", "get", "read", "print", "show", "dump", "tree", "history", "diff", "search"], "`ssm-exec check` shows what a command would get, without the values"),
    (&["doctor", "validate", "verify", "test", "lint", "dry-run", "status", "plan"], "`ssm-exec check` resolves everything and starts nothing"),
    (&["help"], "`ssm-exec --help` has every option"),
    (&["version"], "`ssm-exec --version` prints it"),
    (&["config", "configure", "setup", "new", "generate"], "`ssm-exec init --prefix PATH` writes an ssm-exec.toml to begin with"),
    (&["get-parameters-by-path", "get-parameters", "get-parameter"], "Fetch every parameter below a path with `ssm-exec --prefix PATH`, one with `--key [NAME=]PARAM`"),
    (&["put", "set", "write", "put-parameter", "delete", "import"], "ssm-exec only reads. Write with `aws ssm put-parameter`"),
    (&["completion", "complete", "man", "schema"], "Use `ssm-exec completions bash|zsh|fish|man|schema`"),
    (&["watch", "rotate", "daemon"], "Follow changes with `ssm-exec --watch 5m --prefix PATH -- COMMAND`"),
    (&["login", "auth"], "Log in with `aws sso login` or `aws login`; ssm-exec uses the credentials of the AWS CLI"),
];

/// Words that are built into shells.
#[rustfmt::skip]
const BUILT_IN: &[&str] = &[
    ".", ":", "alias", "bg", "cd", "declare", "eval", "exec", "exit", "export", "fg", "for", "if", "local", "popd",
    "pushd", "set", "shopt", "source", "trap", "ulimit", "umask", "unset", "while",
];

/// What editors and web pages put in place of a hyphen.
const DASHES: &[char] = &['‐', '‑', '‒', '–', '—', '―', '−'];
/// What they put in place of quotation marks.
const QUOTES: &[char] = &['‘', '’', '‚', '“', '”', '„', '«', '»'];

/// A word of the command line that is none of those that can be there, and where it stands.
struct Typed<'a> {
    word: &'a str,
    /// Not after `--`.
    is_bare: bool,
    /// A `--` follows.
    is_followed: bool,
    /// The option before it, and its value.
    after: Option<(&'a str, &'a str)>,
}

impl Typed<'_> {
    /// Whether it is `NAME=VALUE`.
    fn is_assignment(&self) -> bool {
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let name = self.word.split_once('=').map_or("", |(name, _)| name);
        !name.is_empty() && name.chars().all(is_name) && !self.word.contains(char::is_whitespace)
    }

    fn is_parameter(&self) -> bool {
        self.word.starts_with('/') || self.word.starts_with("arn:aws")
    }

    /// Whether the option before it is one of these.
    fn follows(&self, flags: &[&str]) -> bool {
        self.after.is_some_and(|(flag, _)| flags.contains(&flag))
    }
}

/// What a word looks like; what it is; what to write.
type Shape = (fn(&Typed<'_>) -> bool, &'static str, &'static str);

/// Shapes that no word of the command line has.
#[rustfmt::skip]
const CHARACTERS: &[Shape] = &[
    (|it| !it.word.is_empty() && it.word.trim_start_matches(DASHES).is_empty(),
        "is a dash, and not two hyphens", "Write `--`"),
    (|it| it.word.starts_with(DASHES),
        "begins with a dash that is not a hyphen", "Write `{hyphens}`"),
    (|it| it.word.starts_with(QUOTES) || it.word.ends_with(QUOTES),
        "has quotation marks that a shell does not know", "Write `{unquoted}`"),
];

const KEYS: &[&str] = &["--key", "--optional-key", "--file"];
const PATHS: &[&str] = &["--prefix", "--json", "--key", "--optional-key"];
const LISTS: &[&str] = &["--only", "--exclude", "--allow", "--require", "--base64", "--keep"];

/// Shapes of a first word that is no program.
#[rustfmt::skip]
const SHAPES: &[Shape] = &[
    (|it| it.word.starts_with('-'),
        "is after the `--`, where the command begins", "Write options of ssm-exec before the `--`"),
    (|it| !it.is_bare && Subcommand::parse(it.word).is_ok(),
        "is after the `--`, where the command begins, and there is no such program in PATH",
        "For the subcommand, leave out the `--`: `ssm-exec {word}`"),
    (|it| it.is_bare && subcommand(it.word).is_some(),
        "is neither a subcommand nor a program in PATH", "Did you mean `ssm-exec {subcommand}`?"),
    (|it| it.word == "=" && it.follows(KEYS),
        "is an argument of its own", "Write it without blanks: `{option} {value}=PARAM`"),
    (|it| it.is_parameter() && it.follows(KEYS) && it.after.is_some_and(|(_, name)| !name.contains(['/', '='])),
        "is neither an option nor a program", "For the variable {value}, write `{option} {value}={word}`"),
    (|it| it.is_parameter() && it.follows(PATHS),
        "is neither an option nor a program", "Repeat the option: `{option} {value} {option} {word}`"),
    (|it| it.follows(LISTS) && !it.word.contains('/'),
        "is neither an option nor a program in PATH", "To give {option} several, write `{option} {value},{word}`"),
    (|it| it.is_bare && it.word.starts_with("arn:aws"),
        "is a parameter, and no program", "Write `ssm-exec --key NAME={word} -- COMMAND`"),
    (|it| it.is_bare && it.word.starts_with("ssm:"),
        "is a reference, which is for values of variables", "Write `NAME={word} ssm-exec -- COMMAND`, or `--key NAME=PARAM`"),
    (|it| it.is_bare && it.is_assignment() && (it.word.contains("=/") || it.word.contains("=arn:aws")),
        "is neither an option nor a program", "Write `ssm-exec --key {word} -- COMMAND`"),
    (|it| it.is_assignment(),
        "sets a variable in a shell, and is no program", "Write it before ssm-exec, `{name}=… ssm-exec …`, or `-- env {name}=… COMMAND`"),
    (|it| it.is_bare && (it.word.starts_with('/') || it.is_followed && it.word.contains('/')) && !it.word.starts_with('.'),
        "is neither an option nor a program", "To fetch what is below this path, write `ssm-exec --prefix {path} -- COMMAND`"),
    (|it| it.is_bare && [".toml", ".yaml", ".yml", ".json"].iter().any(|end| it.word.ends_with(end)),
        "is neither an option nor a program", "To use this configuration file, write `--config {word}`"),
    (|it| it.word.starts_with('$'),
        "was not replaced, since no shell read it", "Write the command itself, or start a shell: `-- sh -c '{word}'`"),
];

/// What was meant by a command that does not exist.
pub(crate) fn for_command(command: &Words) -> Option<Diagnostic> {
    let (words, is_bare, after) = match command {
        Words::Bare { words, after } => (words, true, after.as_ref()),
        Words::Separated(words) => (words, false, None),
    };
    let typed = Typed {
        word: words.first()?.to_str()?,
        is_bare,
        is_followed: words.iter().any(|word| word == "--"),
        after: after.map(|(option, value)| (*option, value.as_str())),
    };
    let by_shape = for_shape(&typed, CHARACTERS).or_else(|| for_shape(&typed, SHAPES));
    by_shape.or_else(|| {
        let help = row(SUBCOMMANDS, typed.word).filter(|_| is_bare)?;
        let what = format!("`{}` is neither a subcommand nor a program in PATH", typed.word);
        Some(usage(what, help))
    })
}

/// What is meant by a word that no option and no command begins with.
pub(super) fn for_characters(word: &str) -> Option<Diagnostic> {
    let typed = Typed { word, is_bare: true, is_followed: false, after: None };
    for_shape(&typed, CHARACTERS)
}

fn for_shape(typed: &Typed<'_>, shapes: &[Shape]) -> Option<Diagnostic> {
    let (_, what, help) = shapes.iter().find(|(is_meant, ..)| is_meant(typed))?;
    let word = typed.word;
    let option = word.trim_start_matches(DASHES).trim_start_matches('-');
    let hyphens = if option.chars().count() == 1 { "-" } else { "--" };
    let (flag, value) = typed.after.unwrap_or_default();
    // What is assigned may be a secret.
    let name = word.split('=').next().unwrap_or(word);
    let shown = if help.contains("{name}") { format!("{name}=…") } else { word.to_owned() };
    Some(usage(format!("`{shown}` {what}"), help).fill(&[
        ("word", word),
        ("name", name),
        ("hyphens", &format!("{hyphens}{option}")),
        ("unquoted", word.trim_matches(QUOTES)),
        ("subcommand", subcommand(word).unwrap_or_default()),
        ("option", flag),
        ("value", value),
        ("path", &format!("/{}", word.trim_start_matches('/'))),
    ]))
}

/// The subcommand that is most likely meant.
fn subcommand(word: &str) -> Option<&'static str> {
    let same = |known: &&&str| known.eq_ignore_ascii_case(word);
    let known = || Subcommand::WORDS.iter();
    let same = known().find(same).copied();
    same.or_else(|| misspelled(word, known().copied()))
}

/// Whether a shell would know a command.
pub(crate) fn is_built_in(word: &str) -> bool {
    BUILT_IN.contains(&word)
}

/// Whether a word with one hyphen is meant to be a long option: one of ours, or another tool's.
pub(super) fn is_long_with_one_hyphen(name: &str) -> bool {
    let long = format!("-{name}");
    name.len() > 2 && (flags().any(|flag| flag == long) || row(OPTIONS, &long).is_some())
}

fn flags() -> impl Iterator<Item = &'static str> {
    let rows = SETTINGS.iter().flat_map(|row| [row.flag, row.negation]);
    rows.flatten().chain(["--help", "--version"])
}

fn row(table: &[(&[&str], &'static str)], word: &str) -> Option<&'static str> {
    let mut rows = table.iter();
    rows.find_map(|(words, help)| words.contains(&word).then_some(*help))
}

/// An option that does not exist, or not here.
pub(super) fn unknown_option(name: &str) -> Diagnostic {
    let long = format!("--{}", name.trim_start_matches('-'));
    let setting = SETTINGS.iter().find(|row| row.flag == Some(name));
    let subcommand = setting.and_then(|row| row.taken_by);
    let what = format!("unknown option `{name}`");
    if let Some(help) = row(OPTIONS, &long).or_else(|| row(OPTIONS, name)) {
        return usage(what, help);
    }
    if let Some(subcommand) = subcommand {
        let subcommand = subcommand.word();
        return usage(what, "It is an option of `{subcommand}`: `ssm-exec {subcommand} {name}`")
            .fill(&[("subcommand", subcommand), ("name", name)]);
    }
    // Without the hyphens, which make all of them alike.
    let words = || flags().filter_map(|flag| flag.strip_prefix("--"));
    let word = name.trim_start_matches('-');
    let near = words().find(|known| *known == word).or_else(|| nearest(word, words()));
    match near {
        Some(near) => usage(what, "Did you mean `--{near}`?").fill(&[("near", near)]),
        None => Diagnostic::new(Code::Usage, what),
    }
}

/// A blank after the `=` of an option's value.
pub(super) fn for_blank(name: &str, value: &str, next: Option<&str>) -> Option<Diagnostic> {
    let next = next.filter(|next| next.starts_with('/') || next.starts_with("arn:aws"))?;
    let is_cut = value.is_empty() || value.ends_with('=');
    let what = format!("`{next}` is divided from `{name}` by a blank");
    is_cut.then(|| {
        usage(what, "Write `{name} {value}{next}`").fill(&[
            ("name", name),
            ("value", value),
            ("next", next),
        ])
    })
}

/// An option without its value.
pub(super) fn no_value(
    setting: &Setting,
    name: &str,
    subcommand: Option<Subcommand>,
) -> Diagnostic {
    let what = format!("`{name} {}` needs a value", setting.value_name);
    match (subcommand, name) {
        (Some(Subcommand::Check), "--json") => usage(
            what,
            "For a report in JSON, write `ssm-exec check --format json`. `--json PARAM` is for a parameter that holds a JSON object",
        ),
        _ => Diagnostic::new(Code::Usage, what),
    }
}

/// A word that is no option, where only options are expected.
pub(super) fn stray(subcommand: Subcommand, word: &str) -> Diagnostic {
    if let Some(hint) = for_characters(word) {
        return hint;
    }
    let what = format!("`{word}` is not an option");
    let help = match subcommand {
        _ if word.ends_with(".toml") => {
            "To use this configuration file, write `ssm-exec {subcommand} --config {word}`"
        }
        _ if word.starts_with('/') => "Write `ssm-exec {subcommand} --prefix {word}`",
        Subcommand::Check => "The command follows `--`: `ssm-exec check [OPTIONS] -- {word}`",
        Subcommand::Completions => "`{subcommand}` prints one text at a time. Leave `{word}` out",
        Subcommand::Init | Subcommand::Policy => {
            "`{subcommand}` takes nothing else. Leave `{word}` out"
        }
    };
    usage(what, help).fill(&[("subcommand", subcommand.word()), ("word", word)])
}

/// A mistake on the command line, and what to write.
pub(super) fn usage(what: String, help: &str) -> Diagnostic {
    Diagnostic::with_help(Code::Usage, what, [help])
}

/// The option that gives sources, or the file that has them, if `word` is one. A short option is one only with
/// a parameter after it: other programs have `-p` too.
pub(crate) fn source_option(word: &str, next: Option<&str>) -> Option<&'static str> {
    let name = word.split('=').next().unwrap_or(word);
    let mut settings =
        SETTINGS.iter().filter(|row| row.group == Group::Sources || row.field == "config");
    settings.find_map(|row| {
        let flag = row.flag?;
        let short = row.short.map(|short| format!("-{short}"));
        let is_short = short.as_deref() == Some(word)
            && next.is_some_and(|next| next.starts_with('/') || next.contains("=/"));
        (name == flag || is_short).then_some(flag)
    })
}
