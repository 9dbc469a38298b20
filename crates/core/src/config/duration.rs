//! Durations as people write them: `30s`, `500ms`, `2m`, `90d`, `1h 30m`. Pure.

use std::time::Duration;

/// In seconds.
const DAY: u64 = 24 * 60 * 60;

/// Reads a duration, most likely one of seconds.
///
/// # Errors
/// The reason, fit to follow the text in a sentence.
pub fn parse(text: &str) -> Result<Duration, String> {
    // `M` is months, as `m` is minutes. Nobody waits for months.
    let mut units = text.split(|c: char| !c.is_ascii_alphabetic());
    if units.any(|unit| unit == "M") {
        let meant = text.replace('M', "m");
        return Err(format!(
            "has `M`, which is months; write `{meant}` for minutes"
        ));
    }
    read(text, "s", "seconds")
}

/// Reads an age, most likely one of days.
///
/// # Errors
/// The reason, fit to follow the text in a sentence.
pub fn parse_age(text: &str) -> Result<Duration, String> {
    read(text, "d", "days")
}

/// `unit` is suggested for a number without one.
fn read(text: &str, unit: &str, units: &str) -> Result<Duration, String> {
    let bare_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    humantime::parse_duration(text).map_err(|_| match bare_number {
        true => format!("has no unit; write `{text}{unit}` for {units}"),
        false => "is not a duration such as `30s`, `500ms`, `2m` or `90d`".to_owned(),
    })
}

/// Writes a duration as it can be read. Days stay days: a month has no fixed length.
#[must_use]
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
        assert_eq!(parse("500ms"), Ok(Duration::from_millis(500)));
        let no_duration = "is not a duration such as `30s`, `500ms`, `2m` or `90d`";
        for (text, reason) in [
            ("90", "has no unit; write `90s` for seconds"),
            ("5M", "has `M`, which is months; write `5m` for minutes"),
            (
                "1h 5M",
                "has `M`, which is months; write `1h 5m` for minutes",
            ),
            ("", no_duration),
            ("soon", no_duration),
            ("-1s", no_duration),
        ] {
            assert_eq!(parse(text), Err(reason.to_owned()), "{text}");
        }
        let days = "has no unit; write `90d` for days".to_owned();
        assert_eq!(parse_age("90"), Err(days));
    }

    #[test]
    fn durations_are_written_as_they_were_read() {
        for text in ["0s", "500ms", "1h 30m", "1d", "90d", "400d 12h 1s"] {
            let read = parse(text).expect(text);
            assert_eq!(written(read), text);
        }
    }
}
