//! Dates in the formats of HTTP headers and of Java's Gson.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The time of a clock that is this many seconds ahead.
pub(crate) fn now(ahead: i64) -> SystemTime {
    let off = Duration::from_secs(ahead.unsigned_abs());
    if ahead < 0 { SystemTime::now() - off } else { SystemTime::now() + off }
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`, of a clock that is this many seconds ahead.
#[must_use]
pub fn http_date_of(ahead: i64) -> String {
    httpdate::fmt_http_date(now(ahead))
}

/// `20060102T150405Z`, of a clock that is this many seconds ahead.
#[must_use]
pub fn amz_date_of(ahead: i64) -> String {
    amz_date(now(ahead))
}

/// `20060102T150405Z`, as in the header `x-amz-date`. Later dates sort after earlier ones.
pub(crate) fn amz_date(time: SystemTime) -> String {
    let [day, month, year, hour, minute, second] = fields(time);
    let month = 1 + MONTHS.iter().position(|name| *name == month).expect("a month");
    format!("{year}{month:02}{day}T{hour}{minute}{second}Z")
}

/// `Jan 2, 2006, 3:04:05 PM`.
pub(crate) fn gson_date(seconds: f64) -> String {
    let time = UNIX_EPOCH + Duration::try_from_secs_f64(seconds).unwrap_or_default();
    let [day, month, year, hour, minute, second] = fields(time);
    let day = day.trim_start_matches('0');
    let hour: u32 = hour.parse().expect("a number");
    let half = if hour < 12 { "AM" } else { "PM" };
    let hour = (hour + 11) % 12 + 1;
    format!("{month} {day}, {year}, {hour}:{minute}:{second} {half}")
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The parts of an HTTP date, `Sun, 06 Nov 1994 08:49:37 GMT`.
fn fields(time: SystemTime) -> [String; 6] {
    let date = httpdate::fmt_http_date(time);
    let words: Vec<&str> = date.split([' ', ':']).collect();
    let [_, day, month, year, hour, minute, second, _] = words[..] else {
        unreachable!("the format of an HTTP date");
    };
    [day, month, year, hour, minute, second].map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::{amz_date, gson_date};
    use std::time::{Duration, UNIX_EPOCH};

    #[test]
    fn gson_dates_use_a_12_hour_clock() {
        assert_eq!(gson_date(0.0), "Jan 1, 1970, 12:00:00 AM");
        assert_eq!(gson_date(1_700_000_000.5), "Nov 14, 2023, 10:13:20 PM");
        assert_eq!(gson_date(1_709_208_000.0), "Feb 29, 2024, 12:00:00 PM");
    }

    #[test]
    fn amz_dates_have_no_separators() {
        let time = UNIX_EPOCH + Duration::from_secs(1_709_208_005);
        assert_eq!(amz_date(time), "20240229T120005Z");
    }
}
