//! What `completions` prints: the scripts of the shells, the man page and the schema of the file.

use super::definition;
use super::document::Document;
use super::schema;
use clap_mangen::Man;
use ssm_exec_core::config::SETTINGS;
use std::io::{self, Write};

/// Makes one of them.
pub(super) fn generate(document: Document) -> Vec<u8> {
    match document {
        Document::Bash => include_bytes!("completions.bash").to_vec(),
        Document::Zsh => include_bytes!("completions.zsh").to_vec(),
        Document::Fish => include_bytes!("completions.fish").to_vec(),
        Document::Man => man(definition::command()),
        Document::Schema => schema::schema().into_bytes(),
    }
}

/// The whole page: the options of every subcommand, the variables, the files and the exit statuses.
fn man(mut command: clap::Command) -> Vec<u8> {
    command.build();
    let mut page = Vec::new();
    // Writing to memory does not fail.
    let _ = write_man(&command, &mut page);
    page
}

fn write_man(command: &clap::Command, page: &mut Vec<u8>) -> io::Result<()> {
    let man = Man::new(command.clone());
    man.render_title(page)?;
    man.render_name_section(page)?;
    page.extend_from_slice(definition::SYNOPSIS.as_bytes());
    man.render_description_section(page)?;
    man.render_options_section(page)?;
    for subcommand in command.get_subcommands() {
        let name = subcommand.get_name();
        writeln!(page, ".SH \"SSM-EXEC {}\"", name.to_uppercase())?;
        writeln!(page, "{}.", subcommand.get_about().unwrap_or_default())?;
        for argument in subcommand
            .get_arguments()
            .filter(|argument| !is_described_elsewhere(command, argument))
        {
            write_argument(argument, page)?;
        }
    }
    writeln!(page, ".SH ENVIRONMENT")?;
    for setting in SETTINGS {
        for variable in setting.variables {
            writeln!(page, ".TP\n\\fB{variable}\\fR\n{}.", roff(setting.help))?;
        }
    }
    page.extend_from_slice(definition::MAN_SECTIONS.as_bytes());
    Ok(())
}

/// Whether the man page describes the argument under OPTIONS, or leaves it out (`--help`, hidden options).
fn is_described_elsewhere(command: &clap::Command, argument: &clap::Arg) -> bool {
    let mut options = command.get_opts();
    options.any(|option| option.get_id() == argument.get_id())
        || argument.get_id() == "help"
        || argument.is_hide_set()
}

fn write_argument(argument: &clap::Arg, page: &mut Vec<u8>) -> io::Result<()> {
    let name = match argument.get_long() {
        Some(long) => format!("\\-\\-{}", roff(long)),
        None => String::new(),
    };
    let value = argument
        .get_value_names()
        .into_iter()
        .flatten()
        .map(|value| format!("\\fI{value}\\fR"))
        .filter(|_| argument.get_action().takes_values())
        .collect::<Vec<_>>()
        .join(" ");
    let help = argument.get_help().map(ToString::to_string);
    writeln!(page, ".TP\n\\fB{name}\\fR {value}")?;
    writeln!(page, "{}.", roff(&help.unwrap_or_default()))
}

/// A hyphen that can be copied, and a backslash that is one.
fn roff(text: &str) -> String {
    text.replace('\\', "\\e").replace('-', "\\-")
}
