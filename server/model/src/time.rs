//! Moments. The pure crates never ask for one; they are handed one.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z. Displayed as RFC 3339 in UTC, to the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub u64);

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0 / 1000;
        let (days, of_day) = (seconds / 86_400, seconds % 86_400);
        // Days to a civil date: H. Hinnant, "chrono-compatible low-level date algorithms".
        let shifted = days + 719_468;
        let era = shifted / 146_097;
        let day_of_era = shifted % 146_097;
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        let year = year_of_era + era * 400 + u64::from(month <= 2);
        let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

/// A text is no moment as RFC 3339 writes it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no moment: write it as 2026-01-31T12:00:00Z or with an offset, 1970 or later")]
pub struct TimestampError(String);

impl FromStr for Timestamp {
    type Err = TimestampError;

    /// Reads `2026-01-31T12:00:00Z` or `...+01:00`, to the second.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        read(text).ok_or_else(|| TimestampError(text.to_owned()))
    }
}

fn read(text: &str) -> Option<Timestamp> {
    let (day, rest) = text.split_once('T')?;
    let clock = rest.get(..8)?;
    let offset = rest.get(8..)?;
    let numbers = |text: &str, by: char| -> Option<Vec<i64>> {
        text.split(by).map(|part| part.parse().ok()).collect()
    };
    let [year, month @ 1..=12, day @ 1..=31] = numbers(day, '-')?[..] else { return None };
    let [hour @ 0..=23, minute @ 0..=59, second @ 0..=60] = numbers(clock, ':')?[..] else {
        return None;
    };
    let east_s = match offset.split_at_checked(1)? {
        ("Z", "") => 0,
        (sign @ ("+" | "-"), offset) => {
            let [hours @ 0..=23, minutes @ 0..=59] = numbers(offset, ':')?[..] else { return None };
            (hours * 3600 + minutes * 60) * if sign == "+" { 1 } else { -1 }
        }
        _ => return None,
    };
    // A civil date to days: the inverse of the display below, from the same source.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    let days = era * 146_097 + day_of_era - 719_468;
    let seconds = days * 86_400 + hour * 3600 + minute * 60 + second - east_s;
    u64::try_from(seconds).ok()?.checked_mul(1000).map(Timestamp)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_shown_reads_back(seconds in 0_u64..253_402_300_800) {
            let at = Timestamp(seconds * 1000);
            prop_assert_eq!(at.to_string().parse(), Ok(at));
        }
    }

    #[test]
    fn offsets_count_and_nonsense_is_refused() {
        let moment = "2025-12-31T23:59:59Z".parse::<Timestamp>();
        assert_eq!("2026-01-01T00:59:59+01:00".parse(), moment);
        assert_eq!("2025-12-31T18:29:59-05:30".parse(), moment);
        for bad in [
            "",
            "2026",
            "2026-01-31",
            "2026-13-01T00:00:00Z",
            "2026-01-01T00:00:00",
            "1969-12-31T00:00:00Z",
        ] {
            assert!(bad.parse::<Timestamp>().is_err(), "{bad}");
        }
    }

    #[test]
    fn shown_as_rfc_3339() {
        assert_eq!(Timestamp(0).to_string(), "1970-01-01T00:00:00Z");
        assert_eq!(Timestamp(951_782_400_000).to_string(), "2000-02-29T00:00:00Z");
        assert_eq!(Timestamp(1_767_225_599_999).to_string(), "2025-12-31T23:59:59Z");
    }
}
