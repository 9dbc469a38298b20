//! The kernel's limits, exactly at them and one byte beyond.

use super::limits::CommandSize;
use super::messages::below;
use super::*;
use crate::config::Delivery;

/// A soft limit of the stack that allows this many bytes in all.
fn stack(bytes: usize) -> u64 {
    bytes as u64 * 4
}

/// `NAME=` and a value make this many bytes with the terminator.
fn set(environment: &mut Environment<'_>, name: &str, bytes: usize) {
    let value = Value::Made(Secret::new("v".repeat(bytes - name.len() - 2)));
    let param = crate::parameter::ValueRef::parse("/p/a").expect("a parameter");
    let setting = SetVariable::new(value, Provenance::Key(param));
    environment.set.insert(VariableName::inherited(name), setting);
}

/// A command that takes this many bytes in all, with the terminators of path and name, and three pointers.
fn command(bytes: usize) -> CommandSize {
    CommandSize { file: bytes - 2 - 3 * size_of::<usize>(), arguments: vec![0] }
}

fn texts(environment: &Environment<'_>, arguments: usize, stack: u64) -> Vec<String> {
    let command = (arguments > 0).then(|| command(arguments));
    let problems = limits::check(environment, command.as_ref(), stack);
    problems.iter().map(Diagnostic::line).collect()
}

#[test]
fn one_variable_has_at_most_32_pages() {
    let mut environment = Environment::default();
    set(&mut environment, "LONG", 131_072);
    assert_eq!(texts(&environment, 0, u64::MAX), [""; 0]);
    set(&mut environment, "LONG", 131_073);
    assert_eq!(
        texts(&environment, 0, u64::MAX),
        [
            "LONG, from /p/a, is longer than the 131071 bytes that the kernel allows for one variable"
        ]
    );
    // It is not also too much, and a file is as long as its path.
    assert_eq!(texts(&environment, 0, 0).len(), 1);
    for setting in environment.set.values_mut() {
        setting.delivery = Delivery::File;
    }
    assert_eq!(texts(&environment, 0, u64::MAX), [""; 0]);
}

#[test]
fn all_that_is_passed_counts_with_its_pointers() {
    let mut environment =
        Environment { inherited: vec![c"A=12345", c"B="], ..Environment::default() };
    set(&mut environment, "X", 100_000);
    set(&mut environment, "FILE", 100_000);
    let name = VariableName::inherited("FILE");
    environment.set.get_mut(&name).expect("set").delivery = Delivery::File;
    // `NAME=VALUE`, a terminator and a pointer of eight bytes.
    let inherited = (7 + 1 + 8) + (2 + 1 + 8);
    let set = (100_000 + 8) + ("FILE=".len() + 24 + 1 + 8);
    let arguments = 200_000 - inherited - set;
    assert_eq!(texts(&environment, arguments, stack(200_000)), [""; 0]);
    assert_eq!(
        texts(&environment, arguments + 1, stack(200_000)),
        [
            "the environment and the arguments would be 200001 bytes, and the kernel allows 200000 with this stack limit. The largest variables are X, FILE"
        ]
    );
}

#[test]
fn the_stack_limit_changes_the_whole_between_128_kib_and_6_mib() {
    let environment = Environment::default();
    for (stack, limit) in [
        (0, 131_072),
        (stack(131_071), 131_072),
        (stack(131_073), 131_073),
        (8 * 1024 * 1024, 2 * 1024 * 1024),
        (stack(6_291_455), 6_291_455),
        (stack(6_291_457), 6_291_456),
        (u64::MAX, 6_291_456),
    ] {
        assert_eq!(texts(&environment, limit, stack), [""; 0], "{stack}");
        assert_eq!(texts(&environment, limit + 1, stack).len(), 1, "{stack}");
    }
}

#[test]
fn the_five_largest_variables_are_named() {
    let mut environment = Environment::default();
    for (at, name) in ["A", "B", "C", "D", "E", "F"].iter().enumerate() {
        set(&mut environment, name, 1_000 + at);
    }
    let text = texts(&environment, 1_000_000, 0).remove(0);
    assert!(text.contains("variables are F, E, D, C, B"), "{text}");
}

#[test]
fn the_size_is_checked_where_nothing_else_is_wrong() {
    let mut environment =
        Environment { diagnostics: vec![Diagnostic::warning("")], ..Environment::default() };
    environment.check_size(Some(&command(131_073)), 0);
    assert_eq!(environment.diagnostics[1].code, Code::TooLarge);
    for (missing, other) in
        [(vec![], vec![Diagnostic::new(Code::SkippedReference, "")]), (vec![below("/p")], vec![])]
    {
        environment.missing = missing;
        environment.diagnostics = other.clone();
        environment.check_size(Some(&command(131_073)), 0);
        assert_eq!(environment.diagnostics, other);
    }
}

#[test]
fn one_argument_has_at_most_32_pages() {
    let check = |arguments: Vec<usize>| {
        let command = CommandSize { file: 4, arguments };
        let problems = limits::check(&Environment::default(), Some(&command), u64::MAX);
        let texts: Vec<String> = problems.iter().map(Diagnostic::line).collect();
        texts
    };
    assert_eq!(check(vec![4, 131_071]), [""; 0]);
    let too_long = |number| {
        format!(
            "argument {number} of the command is longer than the 131071 bytes that the kernel allows for one argument"
        )
    };
    assert_eq!(check(vec![4, 131_072]), [too_long(1)]);
    assert_eq!(check(vec![4, 140_000, 1, 140_000]), [too_long(1), too_long(3)]);
}

#[test]
fn a_higher_stack_limit_is_suggested_only_where_it_helps() {
    let mut environment = Environment::default();
    set(&mut environment, "A", 100_000);
    let text = |arguments, stack| {
        let problems = limits::check(&environment, Some(&command(arguments)), stack);
        problems[0].to_string()
    };
    let with_any = text(6_291_456, u64::MAX);
    assert!(with_any.contains("allows 6291456 with any stack limit"));
    assert!(!with_any.contains("ulimit"), "{with_any}");
    assert!(text(200_000, 0).contains("with `ulimit -s`"));
}
