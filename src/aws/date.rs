//! The dates of responses, certificates and tokens that RFC 3339 can express. Formatting any other one panics.

use aws_smithy_types::DateTime;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// 9999-12-31T23:59:59Z.
const LAST_SECOND: u64 = 253_402_300_799;

/// `None` before 1970 and after the year 9999.
pub(super) fn system_time(date: &DateTime) -> Option<SystemTime> {
    let seconds = u64::try_from(date.secs()).ok()?;
    let time = Duration::new(seconds, date.subsec_nanos());
    (seconds <= LAST_SECOND).then(|| UNIX_EPOCH + time)
}

/// `seconds` after 1970 in RFC 3339, `None` after the year 9999.
pub(super) fn rfc3339(seconds: u64) -> Option<String> {
    let time = UNIX_EPOCH + Duration::from_secs(seconds.min(LAST_SECOND));
    (seconds <= LAST_SECOND).then(|| humantime::format_rfc3339_seconds(time).to_string())
}

/// A date of ISO 8601, in any form that the AWS CLI reads: extended or basic, without seconds, with an offset. Without
/// one it is in UTC.
pub(super) fn iso8601(text: &str) -> Option<SystemTime> {
    let (date, time) = text.trim().split_once(['T', ' ']).unwrap_or((text.trim(), ""));
    let zone = time.find(['Z', 'z', '+', '-', 'U']).unwrap_or(time.len());
    let (time, zone) = time.split_at(zone);
    let (time, fraction) = time.trim_end().split_once(['.', ',']).unwrap_or((time.trim_end(), "0"));
    let time = digits(time, ':')?;
    let (hours, minutes, seconds) = match time.len() {
        0 => ("00", "00", "00"),
        2 => (&time[..], "00", "00"),
        4 => (&time[..2], &time[2..], "00"),
        6 => (&time[..2], &time[2..4], &time[4..]),
        _ => return None,
    };
    let date = digits(date, '-').filter(|date| date.len() == 8)?;
    let (year, month, day) = (&date[..4], &date[4..6], &date[6..]);
    let plain = format!("{year}-{month}-{day}T{hours}:{minutes}:{seconds}.{fraction}Z");
    let time = humantime::parse_rfc3339_weak(&plain).ok()?;
    let offset = match zone {
        "" | "Z" | "z" | "UTC" => return Some(time),
        zone => digits(&zone[1..], ':').filter(|offset| matches!(offset.len(), 2 | 4))?,
    };
    let part = |part: &str| part.parse::<u64>().unwrap_or_default();
    let offset = Duration::from_secs(part(&offset[..2]) * 3600 + part(&offset[2..]) * 60);
    match zone.starts_with('+') {
        true => time.checked_sub(offset),
        false => time.checked_add(offset),
    }
}

/// The digits of a text in which this may separate them.
fn digits(text: &str, separator: char) -> Option<String> {
    let digits: String = text.chars().filter(|c| *c != separator).collect();
    digits.bytes().all(|b| b.is_ascii_digit()).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What dateutil, with which the AWS CLI reads them, makes of the same texts.
    #[test]
    fn dates_are_read_in_every_form_of_iso_8601() {
        let date =
            |text: &str| iso8601(text).map(|time| humantime::format_rfc3339(time).to_string());
        for (text, expected) in [
            ("2030-02-03T04:05:06Z", "2030-02-03T04:05:06Z"),
            ("2030-02-03T04:05:06.789Z", "2030-02-03T04:05:06.789000000Z"),
            ("2030-02-03 04:05:06+00:00", "2030-02-03T04:05:06Z"),
            ("2030-02-03T04:05:06+01:30", "2030-02-03T02:35:06Z"),
            ("2030-02-03T04:05:06-0800", "2030-02-03T12:05:06Z"),
            ("2030-02-03T04:05:06+02", "2030-02-03T02:05:06Z"),
            ("2030-02-03T04:05Z", "2030-02-03T04:05:00Z"),
            ("20300203T040506Z", "2030-02-03T04:05:06Z"),
            ("20300203T0405+0100", "2030-02-03T03:05:00Z"),
            ("2030-02-03T04:05:06UTC", "2030-02-03T04:05:06Z"),
            ("2030-02-03T04:05:06", "2030-02-03T04:05:06Z"),
            ("2030-02-03", "2030-02-03T00:00:00Z"),
        ] {
            assert_eq!(date(text).as_deref(), Some(expected), "{text}");
        }
        for text in [
            "",
            "soon",
            "2030",
            "2030-02-30T00:00:00Z",
            "2030-02-03T25:00Z",
            "2030-02-03T04:05+1",
            "2030-02-03T04:05:06Ex",
            "2030-02-03T04:05+é0",
        ] {
            assert_eq!(date(text), None, "{text}");
        }
    }

    #[test]
    fn only_dates_that_can_be_printed_are_accepted() {
        let last = 253_402_300_799;
        let time = system_time(&DateTime::from_secs(last));
        let printed = time.map(|time| humantime::format_rfc3339_seconds(time).to_string());
        assert_eq!(printed.as_deref(), Some("9999-12-31T23:59:59Z"));
        assert_eq!(printed, rfc3339(LAST_SECOND));
        for seconds in [last + 1, i64::MAX, -1, i64::MIN] {
            assert_eq!(system_time(&DateTime::from_secs(seconds)), None, "{seconds}");
        }
        for seconds in [LAST_SECOND + 1, u64::MAX] {
            assert_eq!(rfc3339(seconds), None, "{seconds}");
        }
    }
}
