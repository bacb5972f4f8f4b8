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
}
