//! The words of the system's errors.

use nix::errno::Errno;
use std::{fmt, io};

/// The text of an error. A system's, as in `Connection refused (os error 111)`, is without its number and in the same
/// words with every C library.
pub(crate) fn without_number(error: &(impl fmt::Display + ?Sized)) -> String {
    let text = error.to_string();
    let number =
        text.split_once(" (os error ").and_then(|(_, rest)| rest.split(')').next()?.parse().ok());
    match number {
        Some(number) => text.replace(
            &io::Error::from_raw_os_error(number).to_string(),
            Errno::from_raw(number).desc(),
        ),
        None => text,
    }
}
