//! Whatever is changed behind the ledger's back is named.

use std::sync::LazyLock;

use expect_test::{Expect, expect};
use proptest::prelude::*;
use rusqlite::Connection;

use super::*;
use crate::{AppendError, Flaw, LedgerError, VerifyError, verify_export};

/// Removes the guards, runs `damage`, and puts the guards back as they were.
fn unguarded(world: &World, damage: impl FnOnce(&Connection)) {
    let connection = world.raw();
    let guards: Vec<(String, String)> = connection
        .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(guards.len(), 3);
    for (name, _) in &guards {
        connection.execute_batch(&format!("DROP TRIGGER {name}")).unwrap();
    }
    damage(&connection);
    for (_, sql) in &guards {
        connection.execute_batch(sql).unwrap();
    }
}

/// A ledger of two stories, 16 events, and the ChangeSet of the first.
fn world() -> (World, ChangeSet) {
    static TEMPLATE: LazyLock<Snapshot> = LazyLock::new(|| {
        let world = World::new();
        let mut ledger = world.open();
        story(&mut ledger, "a");
        story(&mut ledger, "b");
        drop(ledger);
        Snapshot::of(&world)
    });
    (TEMPLATE.restored(), changeset("a", 2))
}

/// What a fresh look at the ledger says, with the first ChangeSet's id as `A`.
fn verdict(world: &World) -> String {
    match Ledger::verify_folder(&world.folder()) {
        Ok(verified) => format!("{verified:?}"),
        Err(error) => error
            .to_string()
            .replace(&changeset("a", 2).id.short(), "A")
            .replace(&changeset("b", 2).id.short(), "B")
            .replace(&world.folder().display().to_string(), "F"),
    }
}

fn check(damage: &str, expected: Expect) {
    let (world, _) = world();
    unguarded(&world, |connection| {
        connection.execute_batch(damage).unwrap();
        assert!(connection.total_changes() > 0, "nothing was damaged by {damage}");
    });
    expected.assert_eq(&verdict(&world));
    // Met while the ledger is used, the same damage is an error or not in the way, and never a panic.
    if let Ok(mut ledger) = Ledger::open(&world.folder()) {
        let changeset = changeset("a", 2);
        let id = changeset.id;
        drop((ledger.states(), ledger.events(1, 100), ledger.changeset(id), ledger.judgement(id)));
        drop((ledger.open_operations(), ledger.export(std::io::sink())));
        if ledger.append(Timestamp(1), &actor(), &judged(&changeset, 1, 0.0)).is_ok() {
            assert!(Ledger::verify_folder(&world.folder()).is_err(), "damage was covered up");
        }
    }
}

#[test]
fn a_changed_event_is_named() {
    check(
        "UPDATE events SET event = replace(event, 'change a', 'change x') WHERE seq = 1",
        expect!["event 1: its content does not have its hash"],
    );
    check(
        "UPDATE events SET at = at + 1 WHERE seq = 3",
        expect!["event 3: its content does not have its hash"],
    );
    check(
        "UPDATE events SET actor = replace(actor, 'Ada', 'Eve') WHERE seq = 16",
        expect!["event 16: its content does not have its hash"],
    );
    check(
        "UPDATE events SET hash = replace(hash, substr(hash, 1, 1), 'x') WHERE seq = 2",
        expect![
            "event 2: its row cannot be read: Conversion error from type Text at index: 5, `x1a76fab26bx1d238933e15xe0dfee3830d48217277b564bdb26d929de8d9dx6` is not a digest: 64 hexadecimal digits are needed"
        ],
    );
    check(
        "UPDATE events SET actor = actor || char(10) WHERE seq = 2",
        expect!["event 2: its actor cannot be read: it holds a line break"],
    );
    check(
        "UPDATE events SET event = CAST(x'ff' AS TEXT) WHERE seq = 2",
        expect![
            "event 2: its row cannot be read: invalid utf-8 sequence of 1 bytes from index 0 at index 3"
        ],
    );
    check(
        "UPDATE events SET kind = 'accepted' WHERE seq = 2",
        expect!["event 2: its column `kind` does not match its content"],
    );
    check(
        "UPDATE events SET changeset = 'x' WHERE seq = 2",
        expect!["event 2: its column `changeset` does not match its content"],
    );
    check(
        "UPDATE events SET settles = NULL WHERE seq = 4",
        expect!["event 4: its column `settles` does not match its content"],
    );
}

#[test]
fn a_removed_moved_or_invented_event_is_named() {
    check(
        "DELETE FROM events WHERE seq = 16",
        expect!["event 16: it is missing: the log ends before it, but event 16 was there"],
    );
    check(
        "DELETE FROM events WHERE seq = 5",
        expect!["event 5: it is missing: the next one there is 6"],
    );
    check(
        "DELETE FROM events WHERE seq = 1",
        expect!["event 1: it is missing: the next one there is 2"],
    );
    check(
        "DELETE FROM events",
        expect!["event 1: it is missing: the log ends before it, but event 16 was there"],
    );
    check(
        "UPDATE events SET seq = 70 WHERE seq = 7",
        expect!["event 7: it is missing: the next one there is 8"],
    );
    check(
        "UPDATE events SET seq = 100 WHERE seq = 6; UPDATE events SET seq = 6 WHERE seq = 7; \
         UPDATE events SET seq = 7 WHERE seq = 100",
        expect!["event 6: it does not follow the event before it: their hashes differ"],
    );
    check(
        "INSERT INTO events SELECT 17, at, actor, event, hash, hash, kind, changeset, settles \
         FROM events WHERE seq = 16",
        expect!["event 17: its content does not have its hash"],
    );
}

#[test]
fn an_invented_event_with_a_fitting_hash_must_still_follow() {
    let (world, changeset) = world();
    unguarded(&world, |connection| {
        let (hash, actor): (String, String) = connection
            .query_row("SELECT hash, actor FROM events WHERE seq = 16", [], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .unwrap();
        let event = proposed(&changeset);
        let text = serde_json::to_string(&event).unwrap();
        let own =
            crate::chain_hash(17, Timestamp(1), &actor, &text, &hash.parse().unwrap()).to_string();
        let id = changeset.id.to_string();
        connection
            .execute(
                "INSERT INTO events VALUES (17, 1, ?1, ?2, ?3, ?4, ?5, ?6, NULL)",
                [&actor, &text, &hash, &own, event.kind(), id.as_str()],
            )
            .unwrap();
    });
    expect![
        "event 17: it does not follow from the events before it: change A is already in the ledger"
    ]
    .assert_eq(&verdict(&world));
}

#[test]
fn a_changed_projection_is_named_and_can_be_replayed() {
    let check = |damage: &str, expected: Expect| {
        check(damage, expected);
        let (world, _) = world();
        let sound = Ledger::verify_folder(&world.folder()).unwrap().unwrap();
        world.raw().execute_batch(damage).unwrap();
        assert_eq!(world.open().rebuild_projections().unwrap(), sound);
        assert_eq!(Ledger::verify_folder(&world.folder()).unwrap(), Some(sound));
    };
    check(
        "UPDATE changesets SET state = replace(state, 'rejected', 'proposed') WHERE proposed_seq = 1",
        expect!["change A: its state is not what its events fold to"],
    );
    check(
        "UPDATE changesets SET state = '{}' WHERE proposed_seq = 1",
        expect!["change A: its state is not what its events fold to"],
    );
    check(
        "UPDATE changesets SET open_operation = NULL WHERE proposed_seq = 1",
        expect!["change A: its state is not what its events fold to"],
    );
    check(
        "UPDATE changesets SET judged_seq = NULL WHERE proposed_seq = 1",
        expect!["change A: its state is not what its events fold to"],
    );
    check(
        "UPDATE changesets SET updated_seq = 7 WHERE proposed_seq = 1",
        expect!["change A: its state is not what its events fold to"],
    );
    check(
        "DELETE FROM changesets WHERE proposed_seq = 1",
        expect!["change A: its state is missing"],
    );
    check("DELETE FROM changesets", expect!["change B: its state is missing"]);
    check(
        "UPDATE changesets SET id = 'A' WHERE proposed_seq = 1",
        expect!["change A: this is not the id of a change"],
    );
    check(
        "UPDATE changesets SET id = 'f' || substr(id, 2)",
        expect!["change B: its state is missing"],
    );
}

#[test]
fn nothing_is_folded_into_a_projection_that_is_not_of_the_last_event() {
    for damage in [
        "UPDATE changesets SET state = '{}'",
        "UPDATE changesets SET updated_seq = 7",
        "UPDATE changesets SET open_operation = NULL",
        "UPDATE changesets SET judged_seq = NULL",
        "DELETE FROM changesets",
    ] {
        let (world, changeset) = world();
        let mut ledger = world.open();
        world.raw().execute_batch(damage).unwrap();
        let event = judged(&changeset, 1, 0.0);
        let error = ledger.append(Timestamp(1), &actor(), &event).unwrap_err();
        assert!(matches!(error, AppendError::Ledger(LedgerError::Damaged { .. })), "{error}");
        ledger.rebuild_projections().unwrap();
        ledger.append(Timestamp(1), &actor(), &event).unwrap();
        ledger.verify().unwrap();
    }
}

#[test]
fn removed_guards_and_lost_or_damaged_blobs_are_named() {
    let (world, changeset) = world();
    let blob = changeset.files[0].before.as_ref().unwrap().blob;
    let ledger = world.open();
    let path = ledger.blobs().path(&blob);
    fs::write(&path, "other").unwrap();
    let error = ledger.verify().unwrap_err();
    assert!(matches!(&error, VerifyError::Blob { seq: 1, .. }));
    assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    fs::remove_file(&path).unwrap();
    assert!(ledger.verify().unwrap_err().to_string().contains("is missing"));
    ledger.put_blob(&text_of("a", 1, false)).unwrap();
    ledger.verify().unwrap();

    world.raw().execute_batch("DROP TRIGGER events_are_never_removed").unwrap();
    let error = ledger.verify().unwrap_err();
    assert!(matches!(error, VerifyError::Schema { name } if name == "events_are_never_removed"));
}

#[test]
fn sql_itself_refuses_to_change_remove_or_skip_events() {
    let (world, _) = world();
    let connection = world.raw();
    for (sql, refusal) in [
        ("UPDATE events SET at = 0 WHERE seq = 1", "events are never changed"),
        ("DELETE FROM events WHERE seq = 16", "events are never removed"),
        (
            "INSERT INTO events SELECT 18, at, actor, event, previous, hash, kind, changeset, NULL \
             FROM events WHERE seq = 1",
            "events are numbered without gaps",
        ),
        (
            "REPLACE INTO events SELECT 16, at, actor, event, previous, hash, kind, changeset, NULL \
             FROM events WHERE seq = 1",
            "events are numbered without gaps",
        ),
    ] {
        assert_eq!(connection.execute(sql, []).unwrap_err().to_string(), refusal);
    }
    Ledger::verify_folder(&world.folder()).unwrap();
}

#[test]
fn a_damaged_end_takes_no_further_events() {
    let (world, changeset) = world();
    let mut ledger = world.open();
    unguarded(&world, |connection| {
        connection.execute("UPDATE events SET at = 0 WHERE seq = 16", []).unwrap();
    });
    let error =
        ledger.append(Timestamp(1), &actor(), &judged(&changeset, 1, 0.0)).unwrap_err().to_string();
    assert!(error.contains("event 16: its content does not have its hash"), "{error}");
    assert!(matches!(Ledger::open(&world.folder()), Err(LedgerError::Damaged { .. })));
    assert_eq!(verdict(&world), "event 16: its content does not have its hash");
}

#[test]
fn a_damaged_export_is_named() {
    let (world, _) = world();
    let text = exported(&world.open());
    let check = |text: &str, expected: Expect| match verify_export(text.as_bytes()) {
        Ok(verified) => expected.assert_eq(&format!("{} events", verified.events)),
        Err(error) => expected.assert_eq(&error.to_string()),
    };
    let lines: Vec<_> = text.lines().collect();
    check(&text, expect!["16 events"]);
    check("", expect!["0 events"]);
    check(&lines[..4].join("\n"), expect!["4 events"]);
    check(&lines[1..].join("\n"), expect!["event 1: it is missing: the next one there is 2"]);
    check(&text.replacen("Ada", "Eve", 1), expect!["event 1: its content does not have its hash"]);
    check(&format!("{text}\n"), expect!["line 17: EOF while parsing a value at line 1 column 0"]);
    check(
        &text.replacen("{\"seq\":1,", "{\"seq\":1,\"note\":1,", 1),
        expect![
            "line 1: unknown field `note`, expected one of `seq`, `at`, `actor`, `event`, `previous`, `hash` at line 1 column 15"
        ],
    );
    check(
        &text.replace("\"kind\":\"rejected\"", "\"kind\":\"erased\""),
        expect!["event 7: its content does not have its hash"],
    );
    let swapped = [lines[1], lines[0]].join("\n");
    check(&swapped, expect!["event 1: it is missing: the next one there is 2"]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_flipped_byte_of_a_payload_is_found_at_its_event(
        seq in 1_i64..=16, at in any::<prop::sample::Index>(), bit in 0_u8..8, in_actor in any::<bool>(),
    ) {
        let (world, _) = world();
        let column = if in_actor { "actor" } else { "event" };
        unguarded(&world, |connection| {
            let sql = format!("SELECT CAST({column} AS BLOB) FROM events WHERE seq = ?1");
            let mut bytes: Vec<u8> = connection.query_row(&sql, [seq], |row| row.get(0)).unwrap();
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            let sql = format!("UPDATE events SET {column} = CAST(?1 AS TEXT) WHERE seq = ?2");
            connection.execute(&sql, (bytes, seq)).unwrap();
        });
        match Ledger::verify_folder(&world.folder()) {
            Err(VerifyError::Event { seq: found, flaw: Flaw::Hash | Flaw::Unreadable { .. } }) => {
                prop_assert_eq!(i64::try_from(found).unwrap(), seq);
            }
            other => prop_assert!(false, "{other:?}"),
        }
    }

    #[test]
    fn any_flipped_bit_of_the_file_is_found_or_changes_nothing(
        at in any::<prop::sample::Index>(), bit in 0_u8..8,
    ) {
        let (world, _) = world();
        let before = exported(&world.open());
        let mut bytes = fs::read(world.database()).unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        fs::write(world.database(), &bytes).unwrap();
        if Ledger::verify_folder(&world.folder()).is_ok() {
            let ledger = Ledger::open_existing(&world.folder()).unwrap().unwrap();
            prop_assert_eq!(exported(&ledger), before);
        }
    }
}
