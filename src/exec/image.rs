//! What a file is that the kernel cannot execute (`ENOEXEC`). Only text goes to the shell: it would
//! run any line of text in a binary, with the environment of the command.

use std::fmt;

/// What the beginning of a file shows.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Image {
    /// No binary, as bash judges it: its first line has no NUL byte in it.
    Text,
    /// A script whose `#!` line names an interpreter that the kernel cannot execute.
    Script {
        /// The interpreter.
        interpreter: String,
    },
    /// An ELF file.
    Elf(Elf),
    /// Any other binary.
    Binary,
}

/// What an ELF file was made for. `None` is what its header leaves out.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Elf {
    is_64_bit: bool,
    /// `e_type`: a program, a library, an object file, a core dump.
    kind: Option<u16>,
    /// `e_machine`.
    machine: Option<u16>,
}

/// How much of a file [`Image::of`] needs to see.
pub(super) const HEAD: usize = 4096;

impl Image {
    /// Classifies a file by its first bytes.
    pub(super) fn of(head: &[u8]) -> Self {
        if head.starts_with(b"\x7fELF") {
            return Self::Elf(Elf::parse(head));
        }
        let first_line = head.split(|&byte| byte == b'\n').next().unwrap_or_default();
        if first_line.contains(&0) {
            return Self::Binary;
        }
        let words = first_line
            .strip_prefix(b"#!")
            .map(String::from_utf8_lossy)
            .unwrap_or_default();
        match words.split_whitespace().next() {
            Some(interpreter) => Self::Script {
                interpreter: interpreter.to_owned(),
            },
            None => Self::Text,
        }
    }

    /// Why it cannot be executed, as the rest of a sentence.
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
}

impl Elf {
    /// elf(5): byte 4 is the class, byte 5 the byte order; `e_type` is at 16, `e_machine` at 18.
    fn parse(head: &[u8]) -> Self {
        let is_valid = matches!(head.get(4..6), Some([1 | 2, 1 | 2]));
        let big_endian = head.get(5) == Some(&2);
        let number = |at: usize| {
            let bytes = [*head.get(at)?, *head.get(at + 1)?];
            Some(match big_endian {
                true => u16::from_be_bytes(bytes),
                false => u16::from_le_bytes(bytes),
            })
        };
        Self {
            is_64_bit: head.get(4) == Some(&2),
            kind: number(16).filter(|_| is_valid),
            machine: number(18).filter(|_| is_valid),
        }
    }

    fn obstacle(&self) -> String {
        let here = std::env::consts::ARCH;
        let its = self.architecture();
        match self.kind {
            Some(1) => "it is an object file that is not linked into a program".to_owned(),
            Some(4) => "it is a core dump".to_owned(),
            _ if its.is_none() => {
                "it is a damaged or incomplete binary. Build it or copy it again".to_owned()
            }
            _ if its.as_deref() == Some(here) => {
                format!(
                    "it is a binary for this machine ({here}), but damaged or incomplete. Build it or copy it again"
                )
            }
            _ => format!(
                "it is a binary for {}, and this machine is {here}. Build it for this machine, or the image with `docker build --platform {}`",
                its.unwrap_or_default(),
                DockerPlatform
            ),
        }
    }

    /// As Rust and `uname -m` name it.
    fn architecture(&self) -> Option<String> {
        // elf.h: EM_386, EM_68K, EM_MIPS, EM_PARISC, EM_SPARC32PLUS, EM_PPC…
        let name = match (self.machine?, self.is_64_bit) {
            (0, _) => return None,
            (3, _) => "x86",
            (62, true) => "x86_64",
            (62, false) => "x32 (x86_64 with 32-bit pointers)",
            (183, true) => "aarch64",
            (183, false) => "aarch64 with 32-bit pointers",
            (40, _) => "arm",
            (243, true) => "riscv64",
            (243, false) => "riscv32",
            (20, _) => "powerpc",
            (21, _) => "powerpc64",
            (22, true) => "s390x",
            (22, false) => "s390",
            (8, true) => "mips64",
            (8, false) => "mips",
            (258, _) => "loongarch64",
            (2 | 18, _) => "sparc",
            (43, _) => "sparc64",
            (247, _) => "BPF",
            (other, _) => return Some(format!("another machine (ELF machine {other})")),
        };
        Some(name.to_owned())
    }
}

/// This machine, as Docker names it.
struct DockerPlatform;

impl fmt::Display for DockerPlatform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match std::env::consts::ARCH {
            "x86_64" => "linux/amd64",
            "aarch64" => "linux/arm64",
            other => return write!(f, "linux/{other}"),
        })
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
                Image::Script {
                    interpreter: "/opt/arm/python".to_owned(),
                },
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
                format!("a binary for s390x, and this machine is {here}"),
            ),
            (
                header(2, 1, [3, 0], [243, 0]),
                format!("a binary for riscv64, and this machine is {here}"),
            ),
            (
                header(1, 1, [2, 0], [243, 0]),
                format!("a binary for riscv32, and this machine is {here}"),
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
