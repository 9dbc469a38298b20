//! Dates as headers and as Java's Gson write them.

use std::time::{SystemTime, UNIX_EPOCH};

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];
const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];

/// A moment of UTC, taken apart.
struct Moment {
    weekday: &'static str,
    day: u64,
    month: &'static str,
    year: u64,
    hour: u64,
    minute: u64,
    second: u64,
}

impl Moment {
    fn of(seconds: u64) -> Self {
        let (days, seconds) = (seconds / 86_400, seconds % 86_400);
        // Howard Hinnant's days-to-civil.
        let z = days + 719_468;
        let (era, doe) = (z / 146_097, z % 146_097);
        let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
        let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
        let mp = (5 * doy + 2) / 153;
        let month = if mp < 10 { mp + 3 } else { mp - 9 };
        Self {
            weekday: WEEKDAYS[usize::try_from(days % 7).expect("small")],
            day: doy - (153 * mp + 2) / 5 + 1,
            month: MONTHS[usize::try_from(month - 1).expect("small")],
            year: yoe + era * 400 + u64::from(month <= 2),
            hour: seconds / 3_600,
            minute: seconds / 60 % 60,
            second: seconds % 60,
        }
    }
}

/// The time, so many seconds off, as RFC 9110 writes it.
pub(crate) fn http_date(skew: i64) -> String {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |passed| passed.as_secs());
    let Moment {
        weekday,
        day,
        month,
        year,
        hour,
        minute,
        second,
    } = Moment::of(now.saturating_add_signed(skew));
    format!("{weekday}, {day:02} {month} {year} {hour:02}:{minute:02}:{second:02} GMT")
}

/// `Jan 2, 2006, 3:04:05 PM`.
pub(crate) fn gson_date(seconds: f64) -> String {
    // Dates of tests are after 1970, and have no need of their fractions here.
    let seconds = std::time::Duration::try_from_secs_f64(seconds).unwrap_or_default();
    let Moment {
        day,
        month,
        year,
        hour,
        minute,
        second,
        ..
    } = Moment::of(seconds.as_secs());
    let half = if hour < 12 { "AM" } else { "PM" };
    let hour = (hour + 11) % 12 + 1;
    format!("{month} {day}, {year}, {hour}:{minute:02}:{second:02} {half}")
}

#[cfg(test)]
mod tests {
    use super::gson_date;

    #[test]
    fn gson_counts_twelve_hours_twice() {
        assert_eq!(gson_date(0.0), "Jan 1, 1970, 12:00:00 AM");
        assert_eq!(gson_date(1_700_000_000.5), "Nov 14, 2023, 10:13:20 PM");
        assert_eq!(gson_date(1_709_208_000.0), "Feb 29, 2024, 12:00:00 PM");
    }
}
