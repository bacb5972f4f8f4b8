//! What may be found where a ledger should be.

use super::*;
use crate::{APPLICATION_ID, AppendError, LedgerError, VerifyError};

/// Puts `bytes` where the database belongs and gives what opening says; nothing may change.
fn found(bytes: &[u8]) -> LedgerError {
    let world = World::new();
    fs::create_dir(world.folder()).unwrap();
    fs::write(world.database(), bytes).unwrap();
    let error = Ledger::open(&world.folder()).unwrap_err();
    assert!(error.to_string().contains(&world.database().display().to_string()), "{error}");
    assert!(Ledger::open_existing(&world.folder()).is_err());
    assert!(Ledger::verify_folder(&world.folder()).is_err());
    assert!(fs::read(world.database()).unwrap() == bytes, "it was changed: {error}");
    error
}

/// The bytes of a ledger with a story in it.
fn sound() -> Vec<u8> {
    let world = World::new();
    story(&mut world.open(), "a");
    fs::read(world.database()).unwrap()
}

#[test]
fn a_ledger_is_created_private_and_opens_again() {
    let world = World::new();
    assert!(Ledger::open_existing(&world.folder()).unwrap().is_none());
    assert!(Ledger::verify_folder(&world.folder()).unwrap().is_none());
    assert!(!world.folder().exists());
    let mut ledger = world.open();
    assert_eq!(ledger.folder(), world.folder());
    assert_eq!((ledger.last_seq().unwrap(), ledger.states().unwrap()), (0, vec![]));
    let head = ledger.verify().unwrap().head;
    assert_eq!(head, crate::genesis());
    story(&mut ledger, "a");
    drop(ledger);
    assert_eq!(world.open().last_seq().unwrap(), 8);
    // The log was folded into the file: nothing but the file is needed.
    assert!(!world.folder().join("ledger.db-wal").exists());
}

#[cfg(unix)]
#[test]
fn nobody_else_may_look_inside() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new();
    fs::create_dir(world.folder()).unwrap();
    fs::set_permissions(world.folder(), fs::Permissions::from_mode(0o755)).unwrap();
    let mut ledger = world.open();
    story(&mut ledger, "a");
    let mut pending = vec![world.folder()];
    let mut looked_at = 0;
    while let Some(path) = pending.pop() {
        let there = fs::symlink_metadata(&path).unwrap();
        assert_eq!(there.permissions().mode() & 0o077, 0, "{}", path.display());
        looked_at += 1;
        if there.is_dir() {
            pending.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
    }
    assert!(looked_at > 8);
}

#[test]
fn what_is_no_ledger_is_refused_and_left_alone() {
    assert!(matches!(
        found(
            b"plain text, and not even short: it goes on for more than a header has, \
                             so that nobody can say that it was the length"
        ),
        LedgerError::NotALedger { .. }
    ));
    assert!(matches!(found(b""), LedgerError::NotALedger { .. }));
    let world = World::new();
    let other = world.root.path().join("other.db");
    let connection = rusqlite::Connection::open(&other).unwrap();
    connection.execute_batch("CREATE TABLE t (x)").unwrap();
    drop(connection);
    assert!(matches!(found(&fs::read(&other).unwrap()), LedgerError::NotALedger { .. }));
}

#[test]
fn a_damaged_file_is_refused_and_left_alone() {
    let bytes = sound();
    assert!(matches!(found(&bytes[..bytes.len() / 2]), LedgerError::Damaged { .. }));
    assert!(matches!(found(&bytes[..60]), LedgerError::Damaged { .. }));
    let mut zeroed = bytes.clone();
    zeroed[200..].fill(0);
    assert!(matches!(found(&zeroed), LedgerError::Damaged { .. }));
    // The right mark, and none of our tables.
    let world = World::new();
    let connection = rusqlite::Connection::open(world.root.path().join("other.db")).unwrap();
    connection.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
    connection.pragma_update(None, "user_version", crate::FORMAT).unwrap();
    drop(connection);
    let bytes = fs::read(world.root.path().join("other.db")).unwrap();
    let error = found(&bytes);
    assert!(error.to_string().contains("`countersign ledger verify`"), "{error}");
    assert!(matches!(error, LedgerError::Damaged { .. }), "{error}");
}

#[test]
fn a_newer_format_is_read_and_not_appended_to() {
    let world = World::new();
    let changeset = story(&mut world.open(), "a");
    let mut before = world.open();
    world.raw().pragma_update(None, "user_version", crate::FORMAT + 1).unwrap();

    let mut ledger = world.open();
    assert_eq!(ledger.last_seq().unwrap(), 8);
    assert!(ledger.changeset(changeset.id).unwrap().is_some());
    let event = judged(&changeset, 1, 0.0);
    // Both the one opened since, and the one that was open when the newer version came.
    for ledger in [&mut ledger, &mut before] {
        let error = ledger.append(Timestamp(1), &actor(), &event).unwrap_err();
        let newer = matches!(&error, AppendError::Ledger(LedgerError::NewerFormat { found, .. })
            if *found == crate::FORMAT + 1);
        assert!(newer, "{error}");
    }
    assert!(matches!(ledger.holder(), Err(LedgerError::NewerFormat { .. })));
    let error = ledger.verify().unwrap_err();
    assert!(matches!(error, VerifyError::Ledger(LedgerError::NewerFormat { .. })));
    assert!(ledger.publish_presence(&[], Timestamp(1)).is_err());
    assert!(ledger.rebuild_projections().is_err());
    assert!(before.rebuild_projections().is_err());
}

#[test]
fn an_older_format_is_brought_up_to_date() {
    let world = World::new();
    fs::create_dir(world.folder()).unwrap();
    let connection = rusqlite::Connection::open(world.database()).unwrap();
    connection.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
    connection.pragma_update(None, "journal_mode", "wal").unwrap();
    drop(connection);
    let ledger = Ledger::open_existing(&world.folder()).unwrap().unwrap();
    assert_eq!(ledger.verify().unwrap().events, 0);
}

#[test]
fn a_ledger_opened_to_be_read_takes_nothing_and_changes_nothing() {
    let world = World::new();
    let changeset = story(&mut world.open(), "a");
    let bytes = fs::read(world.database()).unwrap();
    let mut ledger = Ledger::open_existing(&world.folder()).unwrap().unwrap();
    assert_eq!(ledger.state(changeset.id).unwrap().unwrap().updated_seq, 8);
    let event = judged(&changeset, 1, 0.0);
    let error = ledger.append(Timestamp(1), &actor(), &event).unwrap_err();
    assert!(matches!(error, AppendError::Ledger(LedgerError::ReadOnly { .. })));
    assert!(matches!(ledger.holder(), Err(LedgerError::ReadOnly { .. })));
    assert!(matches!(ledger.put_blob(b"x"), Err(crate::BlobError::ReadOnly { .. })));
    assert!(fs::read_dir(world.folder().join("holders")).unwrap().next().is_none());
    ledger.verify().unwrap();
    drop(ledger);
    assert!(fs::read(world.database()).unwrap() == bytes);
}

#[test]
fn a_ledger_opened_to_be_read_follows_what_others_append() {
    let world = World::new();
    let changeset = story(&mut world.open(), "a");
    let ledger = Ledger::open_existing(&world.folder()).unwrap().unwrap();
    let seen = ledger.data_version().unwrap();
    world.open().append(Timestamp(1), &actor(), &judged(&changeset, 1, 0.0)).unwrap();
    assert_ne!(ledger.data_version().unwrap(), seen);
    assert_eq!(ledger.last_seq().unwrap(), 9);
    assert_eq!(ledger.verify().unwrap().events, 9);
    drop(ledger);
    assert_eq!(world.open().last_seq().unwrap(), 9);
}

#[test]
fn a_ledger_moved_away_while_open_takes_no_events() {
    let world = World::new();
    let mut ledger = world.open();
    let changeset = story(&mut ledger, "a");
    fs::rename(world.folder(), world.root.path().join("away")).unwrap();
    let event = judged(&changeset, 1, 0.0);
    let error = ledger.append(Timestamp(1), &actor(), &event).unwrap_err();
    assert!(matches!(error, AppendError::Ledger(LedgerError::Replaced { .. })), "{error}");
    world.open();
    let error = ledger.append(Timestamp(1), &actor(), &event).unwrap_err();
    assert!(matches!(error, AppendError::Ledger(LedgerError::Replaced { .. })), "{error}");
}

#[test]
fn only_a_folder_of_its_own_will_do() {
    let occupied = |world: &World| {
        let error = Ledger::open(&world.folder()).unwrap_err();
        assert!(Ledger::open_existing(&world.folder()).is_err());
        match error {
            LedgerError::Occupied { found, .. } => found,
            other => panic!("{other}"),
        }
    };
    let world = World::new();
    fs::write(world.folder(), "").unwrap();
    assert_eq!(occupied(&world), "a file");
    let world = World::new();
    fs::create_dir_all(world.database()).unwrap();
    assert_eq!(occupied(&world), "no plain file");
    #[cfg(unix)]
    {
        let world = World::new();
        std::os::unix::fs::symlink(world.root.path(), world.folder()).unwrap();
        assert_eq!(occupied(&world), "a symbolic link");
        let world = World::new();
        fs::create_dir(world.folder()).unwrap();
        std::os::unix::fs::symlink("/nowhere", world.database()).unwrap();
        assert_eq!(occupied(&world), "a symbolic link");
    }
    let world = World::new();
    let error = Ledger::open(&world.folder().join("no/parent")).unwrap_err();
    assert!(matches!(error, LedgerError::Io { .. }), "{error}");
}

#[test]
fn a_ledger_without_its_database_is_not_taken_for_none() {
    let world = World::new();
    story(&mut world.open(), "a");
    let kept = fs::read(world.database()).unwrap();
    fs::remove_file(world.database()).unwrap();
    let missing = |error: LedgerError| {
        assert!(matches!(error, LedgerError::Missing { .. }), "{error}");
        assert!(error.to_string().contains("ledger.db` is missing"), "{error}");
        assert!(error.is_not_whole());
    };
    missing(Ledger::open(&world.folder()).unwrap_err());
    missing(Ledger::open_existing(&world.folder()).unwrap_err());
    let error = Ledger::verify_folder(&world.folder()).unwrap_err();
    assert!(matches!(&error, VerifyError::Ledger(LedgerError::Missing { .. })), "{error}");
    assert!(error.is_not_whole());
    assert!(!world.database().exists(), "nothing was started in its place");
    // Both ways out.
    fs::write(world.database(), kept).unwrap();
    assert_eq!(world.open().last_seq().unwrap(), 8);
    fs::rename(world.folder(), world.root.path().join("away")).unwrap();
    assert_eq!(world.open().last_seq().unwrap(), 0);
}

#[test]
fn a_crash_while_a_ledger_is_created_leaves_nothing_in_the_way() {
    let world = World::new();
    fs::create_dir_all(world.folder().join("blobs/incoming")).unwrap();
    fs::create_dir(world.folder().join("holders")).unwrap();
    fs::write(world.folder().join("new.db"), "half").unwrap();
    fs::write(world.folder().join("format.lock"), "").unwrap();
    assert!(Ledger::open_existing(&world.folder()).unwrap().is_none());
    assert!(Ledger::verify_folder(&world.folder()).unwrap().is_none());
    assert_eq!(world.open().last_seq().unwrap(), 0);
    // A lock file is only ever made for a database that is there.
    fs::remove_file(world.database()).unwrap();
    fs::write(world.folder().join("holders/1-x.lock"), "").unwrap();
    assert!(matches!(Ledger::open(&world.folder()), Err(LedgerError::Missing { .. })));
}

/// For the administrator the permissions do not bind, and SQLite reads as it always does.
#[cfg(unix)]
#[test]
fn a_ledger_where_nothing_may_be_written_is_read() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new();
    let changeset = story(&mut world.open(), "a");
    let allow = |mode| {
        fs::set_permissions(world.folder(), fs::Permissions::from_mode(mode)).unwrap();
    };
    allow(0o500);
    let read = Ledger::open_existing(&world.folder()).map(|ledger| {
        let ledger = ledger.unwrap();
        (ledger.last_seq().unwrap(), ledger.changeset(changeset.id).unwrap().is_some())
    });
    let verified = Ledger::verify_folder(&world.folder());
    allow(0o700);
    assert_eq!(read.unwrap(), (8, true));
    assert_eq!(verified.unwrap().unwrap().events, 8);
}

#[test]
fn what_could_not_be_looked_at_is_not_called_broken() {
    let path = std::path::PathBuf::from("l.db");
    let io = || std::io::Error::from(std::io::ErrorKind::PermissionDenied);
    let unopened = [
        LedgerError::Io { action: "look at", path: path.clone(), source: io() },
        LedgerError::Busy { path: path.clone() },
        LedgerError::Unmerged { path: path.clone() },
        LedgerError::NewerFormat { path: path.clone(), found: 9 },
    ];
    for error in unopened {
        assert!(!VerifyError::from(error).is_not_whole());
    }
    let source = crate::BlobError::Io { action: "read", path: path.clone(), source: io() };
    assert!(!VerifyError::Blob { seq: 1, source }.is_not_whole());
    assert!(VerifyError::File("page 3".to_owned()).is_not_whole());
    let damaged = LedgerError::Damaged { path, reason: "x".to_owned() };
    assert!(VerifyError::from(damaged).is_not_whole());
}
