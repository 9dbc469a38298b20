//! What `completions` prints: the scripts of the shells, the man page and the schema of the file.

use super::{Document, Subcommand, definition, schema};
use clap::Command;
use clap_mangen::Man;
use ssm_exec_core::config::SETTINGS;
use std::io::{self, Write};

impl Document {
    /// Its text.
    pub(super) fn text(self) -> Vec<u8> {
        match self {
            Self::Bash => include_bytes!("completions.bash").to_vec(),
            Self::Zsh => include_bytes!("completions.zsh").to_vec(),
            Self::Fish => include_bytes!("completions.fish").to_vec(),
            Self::Schema => schema::schema().into_bytes(),
            Self::Man => {
                let mut page = Vec::new();
                // Writing to memory does not fail.
                let _ = write_man(&mut page);
                page
            }
        }
    }
}

/// The whole page: the options of every subcommand, the variables, the files and the exit statuses.
fn write_man(page: &mut Vec<u8>) -> io::Result<()> {
    let mut command = definition::command();
    command.build();
    let man = Man::new(command.clone());
    man.render_title(page)?;
    man.render_name_section(page)?;
    page.write_all(include_bytes!("synopsis.roff"))?;
    man.render_description_section(page)?;
    man.render_options_section(page)?;
    for subcommand in command.get_subcommands() {
        let name = subcommand.get_name();
        writeln!(page, ".SH \"SSM-EXEC {}\"", name.to_uppercase())?;
        writeln!(page, "{}.", subcommand.get_about().unwrap_or_default())?;
        let own = Subcommand::parse(name).ok();
        let own: Vec<_> = own.into_iter().flat_map(|it| definition::options(Some(it))).collect();
        if !own.is_empty() {
            let own = Command::new("").disable_help_flag(true).args(own);
            Man::new(own).render_options_section(page)?;
        }
    }
    writeln!(page, ".SH ENVIRONMENT")?;
    for setting in SETTINGS {
        for variable in setting.variables {
            let help = setting.help.replace('\\', "\\e").replace('-', "\\-");
            writeln!(page, ".TP\n\\fB{variable}\\fR\n{help}.")?;
        }
    }
    page.write_all(include_bytes!("sections.roff"))
}
