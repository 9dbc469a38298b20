//! Whether the kernel takes an environment: execve(2), "Limits on size of arguments and environment".
//! Pure.

use super::Environment;
use super::problem::{Ceiling, Problem};
use crate::config::Delivery;
use crate::variable::VariableName;

/// `MAX_ARG_STRLEN`, 32 pages: one string with its terminator, in bytes.
const LONGEST: usize = 128 * 1024;
/// Three quarters of `_STK_LIM`, which no stack limit raises; in bytes.
const MOST: usize = 6 * 1024 * 1024;
/// `ARG_MAX`, which no stack limit lowers; in bytes.
const LEAST: usize = 128 * 1024;
/// Of a file's variable: `/proc/PROCESS/fd/NUMBER`, with the longest numbers.
const FILE_PATH: usize = 24;

/// What a command takes of the room that `execve` has: the bytes of its strings, without terminators.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CommandSize {
    /// Its path.
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
    fn too_long(&self) -> impl Iterator<Item = Problem> {
        let sizes = self.arguments.iter().enumerate();
        sizes
            .filter(|(_, bytes)| **bytes + 1 > LONGEST)
            .map(|(number, _)| Problem::ArgumentTooLong {
                number,
                limit: LONGEST - 1,
            })
    }
}

/// What is wrong with the size, if something is. `stack` is the soft limit of the stack.
#[must_use]
pub fn check(
    environment: &Environment<'_>,
    command: Option<&CommandSize>,
    stack: u64,
) -> Vec<Problem> {
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
    let mut problems: Vec<Problem> = sizes
        .iter()
        .filter(|(_, size)| *size > LONGEST)
        .map(|(name, _)| Problem::TooLong {
            name: (*name).clone(),
            provenance: environment.set[*name].provenance.clone(),
            limit: LONGEST - 1,
        })
        .chain(command.into_iter().flat_map(CommandSize::too_long))
        .collect();
    let limit = usize::try_from(stack / 4)
        .unwrap_or(MOST)
        .clamp(LEAST, MOST);
    let pointer = size_of::<usize>();
    let inherited: usize = environment
        .inherited
        .iter()
        .map(|entry| entry.count_bytes() + 1 + pointer)
        .sum();
    let set: usize = sizes.iter().map(|(_, size)| size + pointer).sum();
    let total = command.map_or(0, CommandSize::total) + inherited + set;
    if total > limit && problems.is_empty() {
        let mut largest = sizes;
        largest.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
        problems.push(Problem::TooMuch {
            total,
            ceiling: match limit {
                MOST => Ceiling::Kernel(limit),
                _ => Ceiling::Stack(limit),
            },
            largest: largest
                .into_iter()
                .take(5)
                .map(|(name, _)| name.clone())
                .collect(),
        });
    }
    problems
}
