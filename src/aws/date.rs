//! The dates of responses and certificates that RFC 3339 can express. Formatting any other one panics.

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_dates_that_can_be_printed_are_accepted() {
        let last = 253_402_300_799;
        let time = system_time(&DateTime::from_secs(last));
        let printed = time.map(|time| humantime::format_rfc3339_seconds(time).to_string());
        assert_eq!(printed.as_deref(), Some("9999-12-31T23:59:59Z"));
        assert_eq!(printed, rfc3339(LAST_SECOND));
        for seconds in [last + 1, i64::MAX, -1, i64::MIN] {
            assert_eq!(
                system_time(&DateTime::from_secs(seconds)),
                None,
                "{seconds}"
            );
        }
        for seconds in [LAST_SECOND + 1, u64::MAX] {
            assert_eq!(rfc3339(seconds), None, "{seconds}");
        }
    }
}
