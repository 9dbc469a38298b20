//! Whether the kernel takes an environment: execve(2), "Limits on size of arguments and environment".
//! Pure.

use super::Environment;
use super::verify::{about, source};
use crate::code::Code;
use crate::config::Delivery;
use crate::diagnostic::Diagnostic;
use crate::variable::VariableName;

/// `MAX_ARG_STRLEN`, 32 pages: one string with its terminator, in bytes.
pub(super) const LONGEST: usize = 128 * 1024;
/// Three quarters of `_STK_LIM`, which no stack limit raises; in bytes.
pub(super) const MOST: usize = 6 * 1024 * 1024;
/// `ARG_MAX`, which no stack limit lowers; in bytes.
const LEAST: usize = 128 * 1024;
/// Of a file's variable: `/proc/PROCESS/fd/NUMBER`, with the longest numbers.
const FILE_PATH: usize = 24;

/// What a command takes of the room that `execve` has: the bytes of its strings, without terminators.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CommandSize {
    pub file: usize,
    /// Its arguments, its name first.
    pub arguments: Vec<usize>,
}

impl CommandSize {
    /// All of it, with terminators and pointers; both arrays of pointers have one more at their end.
    fn total(&self) -> usize {
        let pointer = size_of::<usize>();
        let arguments = self.arguments.iter();
        let arguments: usize = arguments.map(|bytes| bytes + 1 + pointer).sum();
        arguments + self.file + 1 + 2 * pointer
    }

    /// The arguments that are longer than the kernel allows.
    fn too_long(&self) -> impl Iterator<Item = Diagnostic> {
        let sizes = self.arguments.iter().enumerate();
        let too_long = sizes.filter(|(_, bytes)| **bytes + 1 > LONGEST);
        too_long.map(|(number, _)| {
            let limit = LONGEST - 1;
            let message = format!(
                "argument {number} of the command is longer than the {limit} bytes that the kernel allows for one argument"
            );
            Diagnostic::new(Code::TooLarge, message)
        })
    }
}

/// What is wrong with the size, if something is. `stack` is the soft limit of the stack.
pub fn check(
    environment: &Environment<'_>,
    command: Option<&CommandSize>,
    stack: u64,
) -> Vec<Diagnostic> {
    let sizes: Vec<(&VariableName, usize)> = environment
        .set
        .iter()
        .map(|(name, setting)| {
            let value = match setting.delivery {
                Delivery::Variable => setting.value.bytes().len(),
                Delivery::File => FILE_PATH,
            };
            (name, name.as_str().len() + 1 + value + 1)
        })
        .collect();
    let too_long = sizes.iter().filter(|(_, size)| *size > LONGEST);
    let too_long = too_long.map(|(name, _)| {
        let provenance = &environment.set[*name].provenance;
        let message = format!(
            "{name}{} is longer than the {} bytes that the kernel allows for one variable",
            source(provenance),
            LONGEST - 1
        );
        let mut problem = Diagnostic::new(Code::TooLarge, message);
        if provenance.param().is_some() {
            problem = problem.help("Here with `--file {name}={param}`");
        }
        about(problem, name, provenance)
    });
    let arguments = command.into_iter().flat_map(CommandSize::too_long);
    let mut problems: Vec<Diagnostic> = too_long.chain(arguments).collect();
    let limit = usize::try_from(stack / 4).unwrap_or(MOST).clamp(LEAST, MOST);
    let pointer = size_of::<usize>();
    let inherited: usize =
        environment.inherited.iter().map(|entry| entry.count_bytes() + 1 + pointer).sum();
    let set: usize = sizes.iter().map(|(_, size)| size + pointer).sum();
    let total = command.map_or(0, CommandSize::total) + inherited + set;
    if total > limit && problems.is_empty() {
        problems.push(too_much(total, limit, sizes));
    }
    problems
}

/// More in all than the kernel allows.
fn too_much(total: usize, limit: usize, mut sizes: Vec<(&VariableName, usize)>) -> Diagnostic {
    let with = if limit == MOST { "any" } else { "this" };
    let mut message = format!(
        "the environment and the arguments would be {total} bytes, and the kernel allows {limit} with {with} stack limit"
    );
    sizes.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
    let largest: Vec<&str> = sizes.iter().take(5).map(|(name, _)| name.as_str()).collect();
    if !largest.is_empty() {
        message += &format!(". The largest variables are {}", largest.join(", "));
    }
    let problem = Diagnostic::new(Code::TooLarge, message).variables(largest);
    match limit {
        MOST => problem,
        _ => problem.help("Or raise the limit of the stack with `ulimit -s`"),
    }
}
