//! The one clock.

use std::time::{SystemTime, UNIX_EPOCH};

use model::Timestamp;

/// Where "now" comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// The system's clock.
    System,
    /// Always this moment, so that output repeats.
    Fixed(Timestamp),
}

impl Clock {
    /// The moment. A system clock before 1970 reads as 1970.
    #[expect(clippy::disallowed_methods, reason = "this is the door to the clock")]
    pub fn now(self) -> Timestamp {
        match self {
            Self::Fixed(at) => at,
            Self::System => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
            }
        }
    }

    /// The minute of the day, from 0: where the system's clock is asked, by the time zone of the machine.
    pub fn minute_of_day(self) -> u16 {
        let now = self.now();
        let seconds = i64::try_from(now.0 / 1000).unwrap_or_default();
        let east_s = match self {
            Self::Fixed(_) => 0,
            Self::System => chrono::DateTime::from_timestamp(seconds, 0).map_or(0, |utc| {
                i64::from(utc.with_timezone(&chrono::Local).offset().local_minus_utc())
            }),
        };
        u16::try_from((seconds + east_s).rem_euclid(86_400) / 60).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixed_moment_is_told_in_utc_and_any_other_is_a_minute_of_a_day() {
        let noon = Clock::Fixed(Timestamp(((3 * 24 + 12) * 60 + 1) * 60_000 + 59_999));
        assert_eq!(noon.minute_of_day(), 12 * 60 + 1);
        assert!(Clock::System.minute_of_day() < 24 * 60);
    }
}
