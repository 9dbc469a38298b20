//! Durations as people write them: `30s`, `500ms`, `2m`, `90d`, `1h 30m`. Pure.

use crate::diagnostic::Diagnostic;
use std::time::Duration;

/// In seconds.
const DAY: u64 = 24 * 60 * 60;

/// Reads a duration, most likely one of seconds.
///
/// # Errors
/// When it is none, or of months that were most likely meant as minutes.
pub fn parse(text: &str) -> Result<Duration, Diagnostic> {
    read(text, "s", "seconds")
}

/// Reads an age, most likely one of days.
///
/// # Errors
/// As [`parse`], and for no time at all, which everything exceeds.
pub fn parse_age(text: &str) -> Result<Duration, Diagnostic> {
    let age = read(text, "d", "days")?;
    if age.is_zero() {
        let message = format!("`{text}` is no age: every parameter is older");
        return Err(Diagnostic::invalid(message, "Write it as `90d` or `12h`"));
    }
    Ok(age)
}

/// `unit` is suggested for a number without one.
fn read(text: &str, unit: &str, units: &str) -> Result<Duration, Diagnostic> {
    if let Some(number) = text.trim_end().strip_suffix('M') {
        let message = format!("`{text}` has the unit `M`, which means months");
        let correction = format!("Write `{}m` for minutes", number.trim_end());
        return Err(Diagnostic::invalid(message, correction));
    }
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        if text.trim_matches('0').is_empty() {
            return Ok(Duration::ZERO);
        }
        let correction = format!("Write `{text}{unit}` for {units}");
        let message = format!("`{text}` has no unit");
        return Err(Diagnostic::invalid(message, correction));
    }
    humantime::parse_duration(text).map_err(|_| {
        Diagnostic::invalid(
            format!("`{text}` is not a duration"),
            "Write it as `30s`, `500ms`, `2m` or `90d`",
        )
    })
}

/// Writes a duration as it can be read. Days stay days: a month has no fixed length.
pub fn written(duration: Duration) -> String {
    let days = duration.as_secs() / DAY;
    let rest = humantime::format_duration(duration - Duration::from_secs(days * DAY));
    match (days, rest.to_string().as_str()) {
        (0, rest) => rest.to_owned(),
        (days, "0s") => format!("{days}d"),
        (days, rest) => format!("{days}d {rest}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit() {
        assert_eq!(parse("1h 30m"), Ok(Duration::from_secs(5400)));
        assert_eq!(parse("0"), Ok(Duration::ZERO));
        assert_eq!(parse("500ms"), Ok(Duration::from_millis(500)));
        let form = "is not a duration\n  help: Write it as `30s`, `500ms`, `2m` or `90d`";
        for (text, reason) in [
            ("90", "has no unit\n  help: Write `90s` for seconds"),
            ("", form),
            ("soon", form),
            ("-1s", form),
            ("01", "has no unit\n  help: Write `01s` for seconds"),
            ("5M", "has the unit `M`, which means months\n  help: Write `5m` for minutes"),
            ("1h 5M", "has the unit `M`, which means months\n  help: Write `1h 5m` for minutes"),
        ] {
            let error = parse(text).expect_err(text).to_string();
            assert_eq!(error, format!("`{text}` {reason}"));
        }
        let error = parse_age("90").expect_err("no unit").to_string();
        assert_eq!(error, "`90` has no unit\n  help: Write `90d` for days");
        let error = parse_age("0d").expect_err("no age").to_string();
        assert!(error.starts_with("`0d` is no age"), "{error}");
    }

    #[test]
    fn durations_are_written_as_they_were_read() {
        for text in ["0s", "500ms", "1h 30m", "1d", "90d", "400d 12h 1s"] {
            let read = parse(text).expect(text);
            assert_eq!(written(read), text);
        }
    }
}
