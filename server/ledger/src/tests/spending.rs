//! What workers spend is metered by the ledger, whoever begins.

use model::{DAY_MS, TaskId};

use super::*;
use crate::{AppendError, Attempt, AttemptError};

const NOW: Timestamp = Timestamp(9 * DAY_MS);

fn attempt(ledger: &Ledger, wanted_ms: u64) -> Attempt {
    let holder = ledger.holder().unwrap().clone();
    let task = TaskId(Digest::of(b"task"));
    Attempt { task, worker: "mine".to_owned(), wanted_ms, holder }
}

fn end(attempt: OperationId, spent_ms: u64) -> Event {
    Event::AttemptEnded { attempt, spent_ms }
}

#[test]
fn two_ledgers_share_what_there_is_and_an_attempt_has_one_end() {
    let world = World::new();
    let (mut mine, mut other) = (world.open(), world.open());
    let begin = |ledger: &mut Ledger, wanted| {
        let attempt = attempt(ledger, wanted);
        ledger.start_attempt(NOW, &actor(), &attempt, Some(10_000))
    };
    let (first, given) = begin(&mut mine, 8_000).unwrap();
    assert_eq!(given, 8_000);
    let refused = begin(&mut other, 8_000).unwrap_err();
    assert!(matches!(refused, AttemptError::Exhausted(it) if it.by_others), "{refused}");
    assert_eq!(other.last_seq().unwrap(), 1, "what is refused leaves nothing");
    assert_eq!(other.open_attempts().unwrap().len(), 1);
    mine.append(NOW, &actor(), &end(first, 1_500)).unwrap();
    let twice = mine.append(NOW, &actor(), &end(first, 1_500));
    assert!(matches!(twice, Err(AppendError::NoAttempt(id)) if id == first));
    let (second, given) = begin(&mut other, 9_000).unwrap();
    assert_eq!(given, 8_500, "the rest");
    other.append(NOW, &actor(), &end(second, 8_500)).unwrap();
    let refused = begin(&mut mine, 1_000).unwrap_err();
    assert!(matches!(refused, AttemptError::Exhausted(it) if !it.by_others), "{refused}");
    mine.append(NOW, &actor(), &Event::BudgetRaised { by_ms: 2_000 }).unwrap();
    assert_eq!(begin(&mut mine, 9_000).unwrap().1, 2_000);
    mine.verify().unwrap();
}

#[test]
fn what_was_spent_a_day_ago_counts_no_more() {
    let world = World::new();
    let mut ledger = world.open();
    let wants = attempt(&ledger, 10_000);
    let (first, _) = ledger.start_attempt(NOW, &actor(), &wants, Some(10_000)).unwrap();
    ledger.append(NOW, &actor(), &end(first, 10_000)).unwrap();
    let at = |ms| Timestamp(NOW.0 + ms);
    let before = ledger.start_attempt(at(DAY_MS - 1), &actor(), &wants, Some(10_000));
    assert!(before.is_err());
    assert_eq!(ledger.spending(Some(1), at(DAY_MS - 1)).unwrap().easier_at, Some(at(DAY_MS).0));
    let after = ledger.spending(Some(1), at(DAY_MS)).unwrap();
    assert_eq!((after.spent_ms, after.as_of), (0, 2), "what is too old is still known");
    ledger.start_attempt(at(DAY_MS), &actor(), &wants, Some(10_000)).unwrap();
}
