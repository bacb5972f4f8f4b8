//! A machine that stops: whatever of the files survives opens as a prefix of the log.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;

/// What is left of the files after each event of a story, taken while the ledger is open.
fn snapshots() -> (String, Vec<Snapshot>) {
    let world = World::new();
    let mut ledger = world.open();
    let changeset = changeset("a", 2);
    store_blobs(&ledger, "a", 2);
    let holder = HolderId("1-dead".to_owned());
    let events = [
        proposed(&changeset),
        judged(&changeset, 12, 0.1),
        Event::AcceptRequested(intent(&changeset, &[1], &holder)),
        Event::Accepted(outcome(&changeset, 3, &[1], true)),
        Event::UndoRequested(intent(&changeset, &[1], &holder)),
        Event::Undone(outcome(&changeset, 5, &[1], true)),
        Event::Rejected {
            changeset: changeset.id,
            hunks: vec![2],
            reason: None,
            prints: Default::default(),
        },
        Event::AcceptRequested(intent(&changeset, &[1], &holder)),
    ];
    let mut snapshots = vec![Snapshot::of(&world)];
    for event in &events {
        ledger.append(Timestamp(1), &actor(), event).unwrap();
        snapshots.push(Snapshot::of(&world));
    }
    (exported(&ledger), snapshots)
}

fn log(world: &World) -> PathBuf {
    world.folder().join("ledger.db-wal")
}

#[test]
fn what_was_appended_survives_at_every_point() {
    let (all, snapshots) = snapshots();
    for (events, snapshot) in snapshots.iter().enumerate() {
        let snapshot = snapshot.restored();
        let read = Ledger::open_existing(&snapshot.folder()).unwrap().unwrap();
        assert_eq!(read.verify().unwrap().events, events as u64);
        let expected: String = all.split_inclusive('\n').take(events).collect();
        assert_eq!(exported(&read), expected);
        drop(read);
        let mut ledger = snapshot.open();
        let open = ledger.open_operations().unwrap();
        assert_eq!(open.len(), usize::from([3, 5, 8].contains(&events)), "after {events}");
        assert!(open.iter().all(|operation| !ledger.is_alive(&operation.intent.holder)));
        // It goes on from there.
        store_blobs(&ledger, "b", 1);
        let event = proposed(&changeset("b", 1));
        assert_eq!(ledger.append(Timestamp(9), &actor(), &event).unwrap(), events as u64 + 1);
        ledger.verify().unwrap();
    }
}

#[test]
fn a_log_without_its_database_is_not_mixed_into_a_new_one() {
    let (_, snapshots) = snapshots();
    let snapshot = snapshots[4].restored();
    assert!(fs::metadata(log(&snapshot)).unwrap().len() > 0);
    fs::remove_file(snapshot.database()).unwrap();
    let error = Ledger::open(&snapshot.folder()).unwrap_err();
    assert!(matches!(error, crate::LedgerError::Orphaned { .. }), "{error}");
    let error = Ledger::open_existing(&snapshot.folder()).unwrap_err();
    assert!(matches!(error, crate::LedgerError::Orphaned { .. }), "{error}");
    // Its blobs are there still.
    fs::remove_file(log(&snapshot)).unwrap();
    let error = Ledger::open(&snapshot.folder()).unwrap_err();
    assert!(matches!(error, crate::LedgerError::Missing { .. }), "{error}");
}

#[test]
fn half_a_new_database_is_started_again() {
    let world = World::new();
    fs::create_dir(world.folder()).unwrap();
    fs::write(world.folder().join("new.db"), "half").unwrap();
    fs::write(world.folder().join("new.db-journal"), "half").unwrap();
    assert_eq!(world.open().verify().unwrap().events, 0);
    assert!(!world.folder().join("new.db").exists());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_torn_log_opens_as_a_prefix(cut in any::<prop::sample::Index>(), garbage in any::<Option<u8>>()) {
        static SNAPSHOTS: LazyLock<(String, Vec<Snapshot>)> = LazyLock::new(snapshots);
        let (all, snapshots) = &*SNAPSHOTS;
        let snapshot = snapshots.last().unwrap().restored();
        let mut bytes = fs::read(log(&snapshot)).unwrap();
        let cut = cut.index(bytes.len());
        match garbage {
            // The end never reached the disk, or something else is where it should be.
            None => bytes.truncate(cut),
            Some(byte) => bytes[cut..].fill(byte),
        }
        fs::write(log(&snapshot), &bytes).unwrap();
        let read = Ledger::open_existing(&snapshot.folder()).unwrap().unwrap();
        let verified = read.verify().unwrap();
        prop_assert!(all.starts_with(&exported(&read)));
        prop_assert_eq!(verified.events, read.last_seq().unwrap());
        drop(read);
        let ledger = snapshot.open();
        prop_assert_eq!(ledger.verify().unwrap(), verified);
        prop_assert!(all.starts_with(&exported(&ledger)));
    }
}
