//! Durations as people write them: `30s`, `500ms`, `2m`, `90d`, `1h 30m`. Pure.

use std::time::Duration;

/// Reads a duration.
///
/// # Errors
/// The reason, fit to follow the text in a sentence.
pub fn parse(text: &str) -> Result<Duration, String> {
    let bare_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    humantime::parse_duration(text).map_err(|_| match bare_number {
        true => format!("has no unit; write `{text}s` for seconds"),
        false => "is not a duration such as `30s`, `500ms`, `2m` or `90d`".to_owned(),
    })
}
