//! How much of their time workers took, and how much they may still take: what the ledger's attempts come to.
//!
//! The measure is any 24 hours, not a calendar's day, so that no time zone decides and the limit holds at midnight, too.
//! What a run may take at most is set aside before it begins and settled by what it took, so that what is under way, here
//! or in another process, cannot take together more than there is.

use std::collections::BTreeSet;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Event, StoredEvent, Timestamp};

/// The time over which spending is added up, in milliseconds.
pub const DAY_MS: u64 = 24 * 60 * 60 * 1000;
/// Less time than this is given to nobody, in milliseconds: a program could only begin in it.
pub const LEAST_RUN_MS: u64 = 1000;

/// How far clocks of one machine may be apart, in milliseconds: what is allowed from later on counts then.
const SKEW_MS: u64 = 60_000;

/// What workers may spend, as the person's own configuration says it. What is not said is not limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Budget {
    /// How many seconds workers may run for one repository within 24 hours, all together.
    #[serde(deserialize_with = "positive", skip_serializing_if = "Option::is_none")]
    pub time_s_per_day: Option<u32>,
}

fn positive<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    match u32::deserialize(deserializer)? {
        0 => Err(serde::de::Error::custom(
            "0 seconds would let no worker begin: leave the key out for no limit, or state no workers",
        )),
        seconds => Ok(Some(seconds)),
    }
}

/// What workers spent of their time within [`DAY_MS`], in one repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Spending {
    /// The limit that is configured, in milliseconds; `None`: there is none.
    pub limit_ms: Option<u64>,
    /// What the person allowed on top of it, in milliseconds.
    pub allowed_ms: u64,
    /// What runs took that are over, in milliseconds.
    pub spent_ms: u64,
    /// What is set aside for runs that are under way, in milliseconds.
    pub reserved_ms: u64,
    /// The number of the newest event of an attempt or an allowance that was known: of two, the newer one is told by it. Whoever
    /// reads events knows it; adding up leaves it 0.
    pub as_of: u64,
    /// When the first of what was spent counts no more, in milliseconds since 1970; `None`: nothing was spent.
    pub easier_at: Option<u64>,
}

/// Why a run is not given any time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exhausted {
    /// What there is and where it went.
    pub spending: Spending,
    /// Whether what is set aside for others would do, so that it helps to wait for their end.
    pub by_others: bool,
}

impl std::error::Error for Exhausted {}

impl fmt::Display for Exhausted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.by_others {
            true => "the rest of the time for workers is set aside for what is under way",
            false => "the time for workers is spent",
        };
        write!(f, "{what}: {}", self.spending)
    }
}

impl fmt::Display for Spending {
    /// As a part of a sentence, e.g. `40 s of 2 h within 24 hours, and 10 min set aside`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", span(self.spent_ms))?;
        if let Some(whole) = self.whole_ms() {
            write!(f, " of {}", span(whole))?;
        }
        f.write_str(" within 24 hours")?;
        if self.reserved_ms > 0 {
            write!(f, ", and {} set aside", span(self.reserved_ms))?;
        }
        Ok(())
    }
}

impl Spending {
    /// Adds up what attempts took that ended within [`DAY_MS`] before `now`, what is set aside for those without an end, and
    /// what was allowed within that time. `events` may hold others, too, in any order.
    pub fn of<'e>(
        limit_ms: Option<u64>,
        now: Timestamp,
        events: impl IntoIterator<Item = &'e StoredEvent> + Clone,
    ) -> Self {
        let mut all = Self { limit_ms, ..Self::default() };
        // What a clock says that was set back since is still of today.
        let counts = |stored: &StoredEvent| stored.at.0.saturating_add(DAY_MS) > now.0;
        let over: BTreeSet<u64> =
            events.clone().into_iter().filter_map(|it| it.event.ends()).map(|it| it.0).collect();
        for stored in events {
            match &stored.event {
                Event::AttemptStarted { reserved_ms, .. } if !over.contains(&stored.seq) => {
                    all.reserved_ms = all.reserved_ms.saturating_add(*reserved_ms);
                }
                Event::AttemptEnded { spent_ms, .. } if counts(stored) => {
                    all.spent_ms = all.spent_ms.saturating_add(*spent_ms);
                    let then = stored.at.0.saturating_add(DAY_MS);
                    all.easier_at = Some(all.easier_at.map_or(then, |first| first.min(then)));
                }
                Event::BudgetRaised { by_ms }
                    if counts(stored) && stored.at.0 <= now.0 + SKEW_MS =>
                {
                    all.allowed_ms = all.allowed_ms.saturating_add(*by_ms);
                }
                _ => {}
            }
        }
        all
    }

    /// What may be spent in all, in milliseconds; `None`: there is no limit.
    pub fn whole_ms(&self) -> Option<u64> {
        self.limit_ms.map(|limit| limit.saturating_add(self.allowed_ms))
    }

    /// What is neither spent nor set aside, in milliseconds; `None`: there is no limit.
    pub fn left_ms(&self) -> Option<u64> {
        let gone = self.spent_ms.saturating_add(self.reserved_ms);
        self.whole_ms().map(|whole| whole.saturating_sub(gone))
    }

    /// How much of `wanted_ms` a run is given: all of it, or the rest if nobody else has anything set aside.
    ///
    /// # Errors
    /// [`Exhausted`]: it is not to begin.
    pub fn grant(&self, wanted_ms: u64) -> Result<u64, Exhausted> {
        match self.left_ms() {
            Some(left) if left < wanted_ms => {
                let unspent = left.saturating_add(self.reserved_ms);
                if self.reserved_ms > 0 && unspent >= LEAST_RUN_MS {
                    // A short rest would only have it fail: it waits for what others leave.
                    return Err(Exhausted { spending: *self, by_others: true });
                }
                if left < LEAST_RUN_MS {
                    return Err(Exhausted { spending: *self, by_others: false });
                }
                Ok(left)
            }
            _ => Ok(wanted_ms),
        }
    }

    /// Whether nothing can begin, whatever it wants, even when all that is under way is over.
    pub fn is_exhausted(&self) -> bool {
        self.whole_ms().is_some_and(|whole| whole.saturating_sub(self.spent_ms) < LEAST_RUN_MS)
    }
}

/// A time for people: its two largest units, cut off below.
pub fn span(ms: u64) -> String {
    let seconds = ms / 1000;
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes, rest) {
        (0, 0, 0) if ms > 0 => "less than 1 s".to_owned(),
        (0, 0, rest) => format!("{rest} s"),
        (0, minutes, 0) => format!("{minutes} min"),
        (0, minutes, rest) => format!("{minutes} min {rest} s"),
        (hours, 0, _) => format!("{hours} h"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Actor, ActorKind, HolderId, OperationId, Surface, TaskId};

    const NOW: Timestamp = Timestamp(10 * DAY_MS);

    fn stored(seq: u64, ago_ms: u64, event: Event) -> StoredEvent {
        let actor =
            Actor { kind: ActorKind::Person, name: "ada".to_owned(), surface: Surface::Terminal };
        let none = crate::Digest::of(b"");
        StoredEvent { seq, at: Timestamp(NOW.0 - ago_ms), actor, event, previous: none, hash: none }
    }

    fn started(seq: u64, ago_ms: u64, reserved_ms: u64) -> StoredEvent {
        let (task, holder) = (TaskId(crate::Digest::of(b"t")), HolderId("1-a".to_owned()));
        let worker = "mine".to_owned();
        stored(seq, ago_ms, Event::AttemptStarted { task, worker, reserved_ms, holder })
    }

    fn ended(seq: u64, ago_ms: u64, attempt: u64, spent_ms: u64) -> StoredEvent {
        stored(seq, ago_ms, Event::AttemptEnded { attempt: OperationId(attempt), spent_ms })
    }

    #[test]
    fn what_is_over_counts_for_a_day_and_what_is_under_way_as_long_as_it_is() {
        let events = [
            started(1, 3 * DAY_MS, 60_000),
            ended(2, DAY_MS, 1, 50_000),
            started(3, 2 * DAY_MS, 60_000),
            ended(4, DAY_MS - 1, 3, 40_000),
            started(5, 2 * DAY_MS, 7_000),
            stored(6, DAY_MS, Event::BudgetRaised { by_ms: 9_000 }),
            stored(7, 5, Event::BudgetRaised { by_ms: 3_000 }),
            StoredEvent {
                at: Timestamp(NOW.0 + DAY_MS),
                ..stored(8, 0, Event::BudgetRaised { by_ms: 100_000 })
            },
        ];
        let spending = Spending::of(Some(60_000), NOW, &events);
        assert_eq!((spending.spent_ms, spending.reserved_ms), (40_000, 7_000));
        assert_eq!((spending.allowed_ms, spending.left_ms()), (3_000, Some(16_000)));
        assert_eq!(spending.easier_at, Some(NOW.0 + 1));
        assert_eq!(spending.to_string(), "40 s of 1 min 3 s within 24 hours, and 7 s set aside");
        assert_eq!(Spending::of(None, NOW, &events).grant(u64::MAX), Ok(u64::MAX));
    }

    #[test]
    fn a_run_is_given_what_it_wants_or_the_rest_or_waits_for_others() {
        let spending = |spent_ms, reserved_ms| Spending {
            limit_ms: Some(10_000),
            allowed_ms: 0,
            spent_ms,
            reserved_ms,
            ..Spending::default()
        };
        let given = |spent, reserved, wanted| {
            spending(spent, reserved).grant(wanted).map_err(|refused| refused.by_others)
        };
        assert_eq!(given(0, 0, 4_000), Ok(4_000));
        assert_eq!(given(7_000, 0, 4_000), Ok(3_000), "the rest");
        assert_eq!(given(9_000, 0, 4_000), Ok(1_000));
        assert_eq!(given(9_001, 0, 4_000), Err(false));
        assert_eq!(given(0, 6_000, 4_000), Ok(4_000));
        assert_eq!(given(0, 7_000, 4_000), Err(true), "it waits for what others leave");
        assert_eq!(given(9_500, 500, 4_000), Err(false), "they cannot leave enough");
        assert_eq!(given(99_000, 0, 1), Err(false));
        assert!(spending(9_001, 0).is_exhausted() && !spending(9_000, 1_000).is_exhausted());
        assert_eq!(
            spending(99_000, 0).grant(1).unwrap_err().to_string(),
            "the time for workers is spent: 1 min 39 s of 10 s within 24 hours"
        );
    }

    #[test]
    fn a_time_is_told_by_its_two_largest_units() {
        let all = [0, 999, 59_999, 60_000, 61_000, 3_600_000, 7_260_000, 90_000_000].map(span);
        let expected =
            ["0 s", "less than 1 s", "59 s", "1 min", "1 min 1 s", "1 h", "2 h 1 min", "25 h"];
        assert_eq!(all, expected);
    }

    proptest! {
        /// Whatever is asked for in whatever order, nobody ever spends more than there is: each spends at most what was set
        /// aside for it.
        #[test]
        fn never_more_than_there_is(
            limit in 0u64..50_000,
            runs in proptest::collection::vec((0u64..20_000, 0u64..100, any::<bool>()), 0..40),
        ) {
            let mut events = Vec::new();
            let mut open: Vec<(u64, u64)> = Vec::new();
            for (wanted, used_percent, ends_one) in runs {
                let seq = events.len() as u64 + 1;
                if ends_one && !open.is_empty() {
                    let (attempt, reserved) = open.remove(0);
                    events.push(ended(seq, 0, attempt, reserved * used_percent / 100));
                } else if let Ok(given) = Spending::of(Some(limit), NOW, &events).grant(wanted) {
                    prop_assert!(given <= wanted);
                    events.push(started(seq, 0, given));
                    open.push((seq, given));
                }
                let spending = Spending::of(Some(limit), NOW, &events);
                prop_assert!(spending.spent_ms + spending.reserved_ms <= limit);
            }
        }
    }
}
