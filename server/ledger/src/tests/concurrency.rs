//! Several ledgers on one folder, each with a thread of its own.

use std::sync::Barrier;
use std::thread;

use model::{HunkState, IllegalTransition};

use super::*;
use crate::AppendError;

const THREADS: usize = 4;

/// Runs `work` in [`THREADS`] threads that start together, each with its own ledger.
fn together<T: Send>(world: &World, work: impl Fn(usize, &mut Ledger) -> T + Sync) -> Vec<T> {
    let barrier = Barrier::new(THREADS);
    let run = |number| {
        let mut ledger = world.open();
        barrier.wait();
        work(number, &mut ledger)
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|number| scope.spawn(move || run(number))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

#[test]
fn of_competing_requests_exactly_one_wins() {
    let world = World::new();
    let mut ledger = world.open();
    let changeset = changeset("a", 2);
    store_blobs(&ledger, "a", 2);
    ledger.append(Timestamp(1), &actor(), &proposed(&changeset)).unwrap();

    let results = together(&world, |number, ledger| {
        let holder = ledger.holder().unwrap().clone();
        let event = Event::AcceptRequested(intent(&changeset, &[1], &holder));
        // Half of them act on what they saw, half leave it to the fold.
        let result = match number % 2 {
            0 => ledger.append_if(Timestamp(2), &actor(), &event, 1),
            _ => ledger.append(Timestamp(2), &actor(), &event),
        };
        result.map(|_| holder)
    });
    let winners: Vec<_> = results.iter().filter_map(|result| result.as_ref().ok()).collect();
    assert_eq!(winners.len(), 1, "{results:?}");
    for error in results.iter().filter_map(|result| result.as_ref().err()) {
        let expected = matches!(
            error,
            AppendError::Illegal(IllegalTransition::Busy { .. })
                | AppendError::Moved { expected: 1, found: 2, .. }
        );
        assert!(expected, "{error:?}");
    }
    let state = ledger.state(changeset.id).unwrap().unwrap();
    assert_eq!(&state.open.unwrap().holder, winners[0]);
    let operation = OperationId(2);
    assert_eq!(
        state.hunks[&1],
        HunkState::Accepting { operation, from: model::AcceptedFrom::Proposed }
    );
    assert_eq!(ledger.verify().unwrap().events, 2);
}

#[test]
fn appends_of_many_interleave_into_one_chain_while_others_read() {
    const EACH: u64 = 12;
    let world = World::new();
    world.open();
    together(&world, |number, ledger| {
        for round in 0..EACH {
            let name = format!("{number}-{round}");
            store_blobs(ledger, &name, 1);
            ledger.append(Timestamp(round), &actor(), &proposed(&changeset(&name, 1))).unwrap();
            // Whoever reads sees a chain that holds up to some point.
            assert!(ledger.verify().unwrap().events > round);
        }
    });
    let ledger = world.open();
    let total = EACH * THREADS as u64;
    assert_eq!(ledger.verify().unwrap().events, total);
    assert_eq!(ledger.states().unwrap().len() as u64, total);
}

#[test]
fn of_many_that_create_the_ledger_one_does_and_all_open_it() {
    let world = World::new();
    let barrier = Barrier::new(THREADS);
    let holders: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|number| {
                let (world, barrier) = (&world, &barrier);
                scope.spawn(move || {
                    barrier.wait();
                    let mut ledger = world.open();
                    let name = number.to_string();
                    store_blobs(&ledger, &name, 1);
                    let event = proposed(&changeset(&name, 1));
                    ledger.append(Timestamp(1), &actor(), &event).unwrap();
                    ledger.holder().unwrap().clone()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let distinct: std::collections::BTreeSet<_> = holders.iter().collect();
    assert_eq!(distinct.len(), THREADS);
    assert_eq!(world.open().verify().unwrap().events, THREADS as u64);
}
