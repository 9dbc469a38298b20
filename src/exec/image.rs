//! What a file is that the kernel does not execute. Only text goes to the shell: it would run any line of
//! text in a binary, with the environment of the command.
// Looks into the command's file.
#![allow(clippy::disallowed_methods)]

use ssm_exec_core::diagnostic::Help;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// What the beginning of a file shows.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Image {
    /// No binary, as bash judges it: its first line has no NUL byte in it.
    Text,
    /// A script whose `#!` line names an interpreter.
    Script {
        interpreter: String,
    },
    Elf(Elf),
    /// Any other binary.
    Binary,
}

/// What an ELF file was made for. `None` is what it leaves out, or what is further back in it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Elf {
    is_64_bit: bool,
    /// `e_type`: a program, a library, an object file, a core dump.
    kind: Option<u64>,
    /// `e_machine`.
    machine: Option<u64>,
    /// The dynamic loader.
    interpreter: Option<String>,
}

/// How much of a file is looked at.
const HEAD: u64 = 4096;

impl Image {
    /// Classifies a file.
    pub(super) fn of_file(path: &Path) -> io::Result<Self> {
        let mut head = Vec::new();
        File::open(path)?.take(HEAD).read_to_end(&mut head)?;
        Ok(Self::of(&head))
    }

    /// Classifies a file by its first bytes.
    fn of(head: &[u8]) -> Self {
        if head.starts_with(b"\x7fELF") {
            return Self::Elf(Elf::parse(head));
        }
        let first_line = head.split(|&byte| byte == b'\n').next().unwrap_or_default();
        if first_line.contains(&0) {
            return Self::Binary;
        }
        let words = first_line.strip_prefix(b"#!").map(String::from_utf8_lossy).unwrap_or_default();
        // The kernel divides at blanks and tabs alone: a carriage return is part of the name.
        match words.split([' ', '\t']).find(|word| !word.is_empty()) {
            Some(interpreter) => Self::Script { interpreter: interpreter.to_owned() },
            None => Self::Text,
        }
    }

    /// The program that executes it.
    pub(super) fn interpreter(&self) -> Option<&str> {
        match self {
            Self::Script { interpreter } => Some(interpreter),
            Self::Elf(elf) => elf.interpreter.as_deref(),
            Self::Text | Self::Binary => None,
        }
    }

    /// Why the kernel does not execute it, as the rest of a sentence.
    pub(super) fn obstacle(&self) -> String {
        match self {
            Self::Text => "it is a script without a `#!` line, and there is no /bin/sh".to_owned(),
            Self::Script { interpreter } => format!(
                "the interpreter in its `#!` line, {interpreter}, is not a program for this machine"
            ),
            Self::Binary => "it is a binary in a format that Linux does not execute".to_owned(),
            Self::Elf(elf) => elf.obstacle(),
        }
    }

    /// What to do about it.
    pub(super) fn remedy(&self) -> Help {
        match self {
            Self::Text => Help::text("Write its interpreter into its first line"),
            Self::Script { .. } => Help::text("Correct the first line"),
            Self::Binary => Help::text("Build it for Linux on this machine"),
            Self::Elf(elf) if elf.is_for_another_machine() => Help::command(
                "Build it for this machine, or the image for its platform",
                format!("docker build --platform {}", docker_platform()),
            ),
            Self::Elf(_) => Help::text("Build it or copy it again"),
        }
    }
}

impl Elf {
    /// elf(5): byte 4 is the class, byte 5 the byte order; the offsets below depend on the class.
    fn parse(head: &[u8]) -> Self {
        let is_valid = matches!(head.get(4..6), Some([1 | 2, 1 | 2]));
        let is_64_bit = head.get(4) == Some(&2);
        let number = |at: usize, size: usize| {
            let bytes = head.get(at..at.checked_add(size)?)?;
            let digit = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
            Some(match head.get(5) {
                Some(2) => bytes.iter().fold(0, digit),
                _ => bytes.iter().rev().fold(0, digit),
            })
        };
        let offset = |at: usize, size: usize| usize::try_from(number(at, size)?).ok();
        // The table of segments: where it begins, its entry's size, how many; in an entry offset and length.
        let (table, entry, count, start, length, word) =
            if is_64_bit { (32, 54, 56, 8, 32, 8) } else { (28, 42, 44, 4, 16, 4) };
        let interpreter = || {
            let (table, entry) = (offset(table, word)?, offset(entry, 2)?);
            let segments = (0..offset(count, 2)?).map(|n| table.saturating_add(n * entry));
            let mut loaders = segments.filter(|&at| number(at, 4) == Some(PT_INTERP));
            let at = loaders.next()?;
            let start = offset(at + start, word)?;
            let name = head.get(start..start.checked_add(offset(at + length, word)?)?)?;
            Some(String::from_utf8_lossy(name).trim_end_matches('\0').to_owned())
        };
        Self {
            is_64_bit,
            kind: number(16, 2).filter(|_| is_valid),
            machine: number(18, 2).filter(|_| is_valid),
            interpreter: interpreter().filter(|_| is_valid),
        }
    }

    fn is_for_another_machine(&self) -> bool {
        let here = self.architecture().is_none_or(|its| its == std::env::consts::ARCH);
        !here && !matches!(self.kind, Some(1 | 4))
    }

    fn obstacle(&self) -> String {
        let here = std::env::consts::ARCH;
        match (self.kind, self.architecture()) {
            (Some(1), _) => "it is an object file that is not linked into a program".to_owned(),
            (Some(4), _) => "it is a core dump".to_owned(),
            (_, None) => "it is a damaged or incomplete binary".to_owned(),
            (_, Some(its)) if its == here => {
                format!("it is a binary for this machine ({here}), but damaged or incomplete")
            }
            (_, Some(its)) => format!("it is a binary for {its}, and this machine is {here}"),
        }
    }

    /// As Rust and `uname -m` name it.
    fn architecture(&self) -> Option<String> {
        // elf.h: EM_386, EM_ARM, EM_X86_64, EM_AARCH64, EM_RISCV.
        let name = match (self.machine?, self.is_64_bit) {
            (0, _) => return None,
            (3, _) => "x86",
            (40, _) => "arm",
            (62, true) => "x86_64",
            (183, true) => "aarch64",
            (243, true) => "riscv64",
            (other, _) => return Some(format!("another machine (ELF machine {other})")),
        };
        Some(name.to_owned())
    }
}

/// `p_type` of the segment that names the dynamic loader.
const PT_INTERP: u64 = 3;

/// This machine, as Docker names it.
fn docker_platform() -> String {
    match std::env::consts::ARCH {
        "x86_64" => "linux/amd64".to_owned(),
        "aarch64" => "linux/arm64".to_owned(),
        other => format!("linux/{other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(class: u8, order: u8, kind: [u8; 2], machine: [u8; 2]) -> Vec<u8> {
        let mut head = vec![0x7f, b'E', b'L', b'F', class, order, 1];
        head.resize(16, 0);
        head.extend(kind);
        head.extend(machine);
        head
    }

    #[test]
    fn only_a_first_line_without_nul_is_text() {
        for (head, expected) in [
            (&b""[..], Image::Text),
            (b"echo hello\n", Image::Text),
            (b"echo hello", Image::Text),
            (b"echo caf\xe9\n\0\0", Image::Text),
            (b"MZ\x90\0\x03", Image::Binary),
            (b"\0asm\x01\0\0\0", Image::Binary),
            (b"\xcf\xfa\xed\xfe\x07\0\0\x01\necho hello\n", Image::Binary),
            (b"echo\0hello\n", Image::Binary),
            (b"#!\necho hello\n", Image::Text),
            (
                b"#! /opt/arm/python -u\n",
                Image::Script { interpreter: "/opt/arm/python".to_owned() },
            ),
        ] {
            assert_eq!(Image::of(head), expected, "{head:?}");
        }
    }

    #[test]
    fn an_elf_file_is_never_text_and_names_its_machine() {
        let here = std::env::consts::ARCH;
        for (head, expected) in [
            (
                header(2, 2, [0, 2], [0, 22]),
                format!("another machine (ELF machine 22), and this machine is {here}"),
            ),
            (
                header(2, 1, [3, 0], [243, 0]),
                format!("a binary for riscv64, and this machine is {here}"),
            ),
            (
                header(1, 1, [2, 0], [40, 0]),
                format!("a binary for arm, and this machine is {here}"),
            ),
            (
                header(1, 1, [2, 0], [0x99, 0x9]),
                format!("ELF machine 2457), and this machine is {here}"),
            ),
            (header(2, 1, [1, 0], [62, 0]), "an object file".to_owned()),
            (header(2, 1, [4, 0], [62, 0]), "a core dump".to_owned()),
            (b"\x7fELF".to_vec(), "damaged or incomplete".to_owned()),
            (b"\x7fELF\necho hello\n".to_vec(), "is ".to_owned()),
        ] {
            let Image::Elf(elf) = Image::of(&head) else {
                panic!("not ELF: {head:?}");
            };
            assert!(elf.obstacle().contains(&expected), "{}", elf.obstacle());
        }
    }
}
