//! Laws that hold for every sequence of events, legal or not.

use std::collections::BTreeMap;

use model::{ChangeSetId, ChangeSetState};
use proptest::prelude::*;

use super::*;
use crate::AppendError;

const NAMES: [&str; 3] = ["a", "b", "c"];
const FILES: u32 = 3;

/// Something that might be tried: an event of some kind about some ChangeSet and some of its hunks.
#[derive(Debug, Clone)]
struct Attempt {
    name: usize,
    kind: u8,
    hunks: Vec<u32>,
    /// Which operation an outcome claims: the open one, or this many events back.
    back: Option<u64>,
    saved: bool,
    entropy: f64,
}

fn attempts() -> impl Strategy<Value = Vec<Attempt>> {
    let hunks = proptest::sample::subsequence(vec![1, 2, 3, 4], 0..=3);
    let back = proptest::option::weighted(0.2, 0_u64..4);
    let attempt = (0..NAMES.len(), 0_u8..20, hunks, back, any::<bool>(), 0.0..1.0_f64).prop_map(
        |(name, kind, hunks, back, saved, entropy)| Attempt {
            name,
            kind,
            hunks,
            back,
            saved,
            entropy,
        },
    );
    proptest::collection::vec(attempt, 1..40)
}

/// The event of an attempt, the ledger being at `last`.
fn event(attempt: &Attempt, states: &States, last: u64) -> Event {
    let changeset = changeset(NAMES[attempt.name], FILES);
    let (id, hunks) = (changeset.id, attempt.hunks.clone());
    let state = states.get(&id);
    let open = state.and_then(|s| s.open.as_ref()).map_or(0, |open| open.operation.0);
    let operation = attempt.back.map_or(open, |back| last.saturating_sub(back));
    let intent = intent(&changeset, &hunks, &HolderId("1-x".to_owned()));
    let outcome = outcome(&changeset, operation, &hunks, attempt.saved);
    match attempt.kind {
        0 | 1 => proposed(&changeset),
        2 => judged(&changeset, 7, attempt.entropy),
        3 => Event::AcceptRequested(intent),
        4 => Event::Accepted(outcome),
        5 => Event::PartlyAccepted(outcome),
        6 => Event::AcceptFailed(outcome),
        7 => Event::Saved {
            changeset: id,
            path: path(&format!("{}/1.txt", NAMES[attempt.name])),
            hunks: vec![],
        },
        8 => Event::Withdrawn { changeset: id, hunks, reason: "closed".to_owned() },
        9 => Event::Rejected { changeset: id, hunks, reason: None, prints: Default::default() },
        10 => Event::UndoRequested(intent),
        11 => Event::Undone(outcome),
        12 => Event::UndoFailed(outcome),
        13 => Event::Restored { changeset: id, hunks },
        14 | 15 => Event::Adopted { changeset: id, hunks },
        16 => Event::RejectRequested { intent, reason: Some("no".to_owned()), prints: vec![] },
        17 => Event::TakenOut(outcome),
        18 => Event::Superseded { changeset: id, hunks, by: id },
        _ => Event::UndoLost { changeset: id, hunks, reason: "closed".to_owned() },
    }
}

type States = BTreeMap<ChangeSetId, ChangeSetState>;

/// Every row of the projections, as text.
fn rows(world: &World) -> Vec<String> {
    let connection = world.raw();
    let sql = "SELECT id || ' ' || proposed_seq || ' ' || updated_seq || ' ' \
               || coalesce(judged_seq, '-') || ' ' || coalesce(open_operation, '-') || ' ' || state \
               FROM changesets ORDER BY id";
    let mut statement = connection.prepare(sql).unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_ledger_takes_exactly_what_the_fold_allows_and_replays_to_the_same_rows(
        attempts in attempts(),
    ) {
        let world = World::new();
        let mut ledger = world.open();
        for name in NAMES {
            store_blobs(&ledger, name, FILES);
        }
        let mut states = States::new();
        let mut last = 0;
        for attempt in &attempts {
            let event = event(attempt, &states, last);
            let id = event.changeset().unwrap();
            let folded = ChangeSetState::fold(states.get(&id).cloned(), last + 1, &event);
            match (ledger.append(Timestamp(last), &actor(), &event), folded) {
                (Ok(seq), Ok(state)) => {
                    prop_assert_eq!(seq, last + 1);
                    last = seq;
                    states.insert(id, state);
                }
                (Err(AppendError::Illegal(found)), Err(expected)) => {
                    prop_assert_eq!(found, expected);
                }
                (found, expected) => prop_assert!(false, "{found:?} but {expected:?}"),
            }
            prop_assert_eq!(ledger.last_seq().unwrap(), last);
            prop_assert_eq!(ledger.state(id).unwrap(), states.get(&id).cloned());
        }
        let mut listed = ledger.states().unwrap();
        prop_assert!(listed.is_sorted_by_key(|state| state.proposed_seq));
        listed.sort_by_key(|state| state.id);
        prop_assert_eq!(&listed, &states.values().cloned().collect::<Vec<_>>());

        let before = rows(&world);
        let verified = ledger.verify().unwrap();
        prop_assert_eq!(verified.events, last);
        world.raw().execute("DELETE FROM changesets", []).unwrap();
        prop_assert_eq!(ledger.rebuild_projections().unwrap(), verified.clone());
        prop_assert_eq!(rows(&world), before);
        prop_assert_eq!(ledger.verify().unwrap(), verified.clone());
        prop_assert_eq!(crate::verify_export(exported(&ledger).as_bytes()).unwrap(), verified);
    }

    #[test]
    fn any_text_and_any_number_in_an_event_reads_back(
        name in ".{0,40}", reason in proptest::option::of(".{0,200}"), entropy in any::<f64>(),
    ) {
        let world = World::new();
        let mut ledger = world.open();
        let changeset = changeset("a", 1);
        store_blobs(&ledger, "a", 1);
        let actor = Actor { name, ..actor() };
        ledger.append(Timestamp(1), &actor, &proposed(&changeset)).unwrap();
        let event = judged(&changeset, 1, entropy);
        let rejected = Event::Rejected { changeset: changeset.id, hunks: vec![1], reason, prints: Default::default() };
        match ledger.append(Timestamp(1), &actor, &event) {
            Ok(_) => prop_assert_eq!(&ledger.events(2, 1).unwrap()[0].event, &event),
            Err(error) => {
                prop_assert!(!entropy.is_finite());
                let unfaithful = matches!(error, AppendError::Unfaithful { .. });
                prop_assert!(unfaithful);
            }
        }
        let seq = ledger.append(Timestamp(1), &actor, &rejected).unwrap();
        let stored = ledger.events(seq, 1).unwrap().remove(0);
        prop_assert_eq!((stored.actor, stored.event), (actor, rejected));
        let verified = ledger.verify().unwrap();
        prop_assert_eq!(crate::verify_export(exported(&ledger).as_bytes()).unwrap(), verified);
    }
}
