//! Points in time as people write them, in UTC.

use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds since 1970.
pub(crate) fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

/// The year, the month (from 1) and the day of the month (from 1).
///
/// Counted in years that begin in March, so that a leap day is the last of
/// its year, and in eras of 400 years, which are all equally long.
fn date(seconds: u64) -> (u64, u64, u64) {
    let days = seconds / 86_400 + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let march = (5 * day + 2) / 153;
    let month = if march < 10 { march + 3 } else { march - 9 };
    let year = era * 400 + year + u64::from(month <= 2);
    (year, month, day - (153 * march + 2) / 5 + 1)
}

/// `2026-11-21`.
pub(crate) fn day(seconds: u64) -> String {
    let (year, month, day) = date(seconds);
    format!("{year}-{month:02}-{day:02}")
}

/// `2026-11-21 10:05`.
pub(crate) fn minute(seconds: u64) -> String {
    let (hour, minute) = (seconds / 3600 % 24, seconds / 60 % 60);
    format!("{} {hour:02}:{minute:02}", day(seconds))
}

/// The date as one number: 20261121.
pub(crate) fn day_number(seconds: u64) -> u64 {
    let (year, month, day) = date(seconds);
    (year * 100 + month) * 100 + day
}

/// `1 h 05 min`, `3 min 20 s`, `4.2 s`.
pub(crate) fn lasting(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    match whole {
        0..60 => format!("{seconds:.1} s"),
        60..3600 => format!("{} min {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} min", whole / 3600, whole / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        // Known points: the epoch, leap days, and the days around them.
        for (seconds, text) in [
            (0, "1970-01-01 00:00"),
            (951_782_399, "2000-02-28 23:59"),
            (951_782_400, "2000-02-29 00:00"),
            (951_868_800, "2000-03-01 00:00"),
            (1_709_164_800, "2024-02-29 00:00"),
            (1_735_689_599, "2024-12-31 23:59"),
            (4_107_542_400, "2100-03-01 00:00"),
        ] {
            assert_eq!(minute(seconds), text);
        }
        assert_eq!(day_number(951_782_400), 20_000_229);
    }

    #[test]
    fn durations() {
        assert_eq!(lasting(4.25), "4.2 s");
        assert_eq!(lasting(200.0), "3 min 20 s");
        assert_eq!(lasting(3900.0), "1 h 05 min");
    }
}
