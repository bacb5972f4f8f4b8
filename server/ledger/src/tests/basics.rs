use model::{IllegalTransition, Stage};

use super::*;
use crate::{AppendError, BlobError, FindError};

#[test]
fn everything_appended_is_read_back() {
    let world = World::new();
    let mut ledger = world.open();
    let changeset = story(&mut ledger, "a");
    let id = changeset.id;

    assert_eq!(ledger.changeset(id).unwrap(), Some(changeset.clone()));
    let (review, verdict) = ledger.judgement(id).unwrap().unwrap();
    let expected = Event::ChangeSetJudged { changeset: id, review, verdict };
    assert_eq!(expected, judged(&changeset, 12, 0.1));
    let state = ledger.state(id).unwrap().unwrap();
    assert_eq!((state.proposed_seq, state.updated_seq, state.stage()), (1, 8, Stage::Accepting));
    assert_eq!(ledger.states().unwrap(), [state]);

    let first = ledger.operation(OperationId(3)).unwrap().unwrap();
    assert_eq!(
        (first.id, first.purpose, first.intent.hunks),
        (OperationId(3), model::Purpose::Accept, vec![1])
    );
    assert_eq!(ledger.operation(OperationId(5)).unwrap().unwrap().purpose, model::Purpose::Undo);
    assert_eq!(ledger.operation(OperationId(4)).unwrap(), None);
    let settled = ledger.outcome_of(OperationId(5)).unwrap().unwrap();
    assert_eq!(settled, outcome(&changeset, 5, &[1], true));
    assert_eq!(ledger.outcome_of(OperationId(8)).unwrap(), None);
    let open: Vec<_> = ledger.open_operations().unwrap().iter().map(|o| o.id).collect();
    assert_eq!(open, [OperationId(8)]);

    let events = ledger.events(1, 100).unwrap();
    assert_eq!(events, ledger.events_of(id).unwrap());
    assert_eq!(events.iter().map(|e| e.seq).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(events[0].previous, crate::genesis());
    assert!(events.windows(2).all(|pair| pair[1].previous == pair[0].hash));
    assert_eq!((events[2].at, &events[2].actor), (Timestamp(3_000), &actor()));
    let some: Vec<_> = ledger.events(4, 2).unwrap().iter().map(|e| e.seq).collect();
    assert_eq!(some, [4, 5]);

    let unknown = super::changeset("unknown", 1).id;
    assert_eq!(ledger.changeset(unknown).unwrap(), None);
    assert_eq!(ledger.state(unknown).unwrap(), None);
    assert_eq!(ledger.judgement(unknown).unwrap(), None);
    assert_eq!(ledger.last_seq().unwrap(), 8);
    let verified = ledger.verify().unwrap();
    assert_eq!((verified.events, verified.changesets, verified.blobs), (8, 1, 4));
    assert_eq!(verified.head, events[7].hash);
}

#[test]
fn the_operation_behind_an_accepted_hunk_is_the_one_to_undo() {
    let world = World::new();
    let mut ledger = world.open();
    let changeset = changeset("a", 2);
    store_blobs(&ledger, "a", 2);
    let holder = ledger.holder().unwrap().clone();
    let mut append = |event: Event| {
        ledger.append(Timestamp(1), &actor(), &event).unwrap();
        ledger.acceptance_of(changeset.id, 2).unwrap().map(|operation| operation.id.0)
    };
    assert_eq!(append(proposed(&changeset)), None);
    assert_eq!(append(Event::AcceptRequested(intent(&changeset, &[2], &holder))), None);
    assert_eq!(append(Event::Accepted(outcome(&changeset, 2, &[2], true))), Some(2));
    assert_eq!(append(Event::UndoRequested(intent(&changeset, &[2], &holder))), Some(2));
    assert_eq!(append(Event::Undone(outcome(&changeset, 4, &[2], true))), None);
}

#[test]
fn what_does_not_follow_is_refused_and_nothing_is_recorded() {
    let world = World::new();
    let mut ledger = world.open();
    let changeset = story(&mut ledger, "a");
    let before = exported(&ledger);

    let error = ledger.append(Timestamp(1), &actor(), &proposed(&changeset)).unwrap_err();
    assert!(matches!(error, AppendError::Illegal(IllegalTransition::AlreadyProposed(_))));
    let again = Event::Undone(outcome(&changeset, 5, &[1], true));
    let error = ledger.append(Timestamp(1), &actor(), &again).unwrap_err();
    assert!(matches!(error, AppendError::Illegal(IllegalTransition::NotOpen { .. })));

    // The first is legal, the second is not: neither is kept.
    store_blobs(&ledger, "b", 1);
    let other = super::changeset("b", 1);
    let events = [proposed(&other), proposed(&other)];
    assert!(ledger.append_all(Timestamp(1), &actor(), &events).is_err());
    assert_eq!(ledger.state(other.id).unwrap(), None);
    assert_eq!(exported(&ledger), before);

    let events = [proposed(&other), judged(&other, 1, 0.0)];
    assert_eq!(ledger.append_all(Timestamp(1), &actor(), &events).unwrap(), [9, 10]);
    assert_eq!(ledger.append_all(Timestamp(1), &actor(), &[]).unwrap(), [0_u64; 0]);
    ledger.verify().unwrap();
}

#[test]
fn compare_and_set_refuses_what_was_decided_on_an_older_state() {
    let world = World::new();
    let mut ledger = world.open();
    let changeset = changeset("a", 1);
    store_blobs(&ledger, "a", 1);
    let at = Timestamp(1);
    let error = ledger.append_if(at, &actor(), &proposed(&changeset), 1).unwrap_err();
    assert!(matches!(error, AppendError::Moved { expected: 1, found: 0, .. }));
    assert_eq!(ledger.append_if(at, &actor(), &proposed(&changeset), 0).unwrap(), 1);
    assert_eq!(ledger.append_if(at, &actor(), &judged(&changeset, 1, 0.0), 1).unwrap(), 2);
    let error = ledger.append_if(at, &actor(), &judged(&changeset, 2, 0.0), 1).unwrap_err();
    let short = changeset.id.short();
    assert_eq!(
        error.to_string(),
        format!("change {short} moved on: event 2 is its last, not 1; look at it again")
    );
    assert_eq!(ledger.last_seq().unwrap(), 2);
}

#[test]
fn an_event_that_would_not_read_back_is_refused() {
    let world = World::new();
    let mut ledger = world.open();
    let changeset = changeset("a", 1);
    store_blobs(&ledger, "a", 1);
    ledger.append(Timestamp(1), &actor(), &proposed(&changeset)).unwrap();
    let error =
        ledger.append(Timestamp(1), &actor(), &judged(&changeset, 1, f64::NAN)).unwrap_err();
    assert!(matches!(error, AppendError::Unfaithful { kind: "change_set_judged", .. }));
    let error =
        ledger.append(Timestamp(u64::MAX), &actor(), &judged(&changeset, 1, 0.5)).unwrap_err();
    assert!(matches!(error, AppendError::Unfaithful { .. }));
    ledger.append(Timestamp(1), &actor(), &judged(&changeset, 1, 0.1 + 0.2)).unwrap();
    let (review, _) = ledger.judgement(changeset.id).unwrap().unwrap();
    assert_eq!(review.features.entropy.to_bits(), (0.1_f64 + 0.2).to_bits());
}

#[test]
fn blobs_come_before_the_event_that_names_them() {
    let world = World::new();
    let mut ledger = world.open();
    let changeset = changeset("a", 1);
    let error = ledger.append(Timestamp(1), &actor(), &proposed(&changeset)).unwrap_err();
    assert!(matches!(error, AppendError::NoSuchBlob(_)));
    store_blobs(&ledger, "a", 1);
    ledger.append(Timestamp(1), &actor(), &proposed(&changeset)).unwrap();

    let mut with_other = intent(&changeset, &[1], ledger.holder().unwrap());
    let blob = Digest::of(b"never stored");
    with_other.files[0].after = Some(PlannedSide { blob, mode: FileMode::File });
    let error =
        ledger.append(Timestamp(1), &actor(), &Event::AcceptRequested(with_other)).unwrap_err();
    assert!(matches!(error, AppendError::NoSuchBlob(digest) if digest == blob));
}

#[test]
fn blobs_are_stored_once_checked_when_read_and_repaired_when_stored_again() {
    let world = World::new();
    let ledger = world.open();
    let digest = ledger.put_blob(b"bytes").unwrap();
    assert_eq!(digest, Digest::of(b"bytes"));
    assert_eq!(ledger.put_blob(b"bytes").unwrap(), digest);
    assert_eq!(ledger.blob(&digest).unwrap(), b"bytes");
    let both = ledger.blobs().put_all([b"".as_slice(), b"bytes"]).unwrap();
    assert_eq!(both, [Digest::of(b""), digest]);
    assert_eq!(ledger.blob(&Digest::of(b"")).unwrap(), b"");

    let path = ledger.blobs().path(&digest);
    let text = digest.to_string();
    assert_eq!(path, world.folder().join("blobs").join(&text[..2]).join(&text[2..]));
    fs::write(&path, b"bytez").unwrap();
    assert!(matches!(ledger.blob(&digest), Err(BlobError::Damaged { .. })));
    assert!(ledger.blobs().contains(&digest));
    ledger.put_blob(b"bytes").unwrap();
    assert_eq!(ledger.blob(&digest).unwrap(), b"bytes");

    fs::remove_file(&path).unwrap();
    assert!(!ledger.blobs().contains(&digest));
    let error = ledger.blob(&digest).unwrap_err();
    assert!(matches!(error, BlobError::Missing { .. }));
    assert!(error.to_string().contains(&path.display().to_string()));
    let left: Vec<_> = fs::read_dir(world.folder().join("blobs/incoming")).unwrap().collect();
    assert!(left.is_empty());
}

#[test]
fn a_prefix_finds_one_change_or_says_why_not() {
    let world = World::new();
    let mut ledger = world.open();
    // Two ids with the same first four digits: 65,536 prefixes, so a few hundred names suffice.
    let mut seen = std::collections::HashMap::new();
    let (one, two) = (0..)
        .find_map(|number| {
            let name = number.to_string();
            let id = changeset(&name, 1).id.to_string();
            seen.insert(id[..4].to_owned(), name.clone()).map(|other| (other, name))
        })
        .unwrap();
    for name in [&one, &two] {
        store_blobs(&ledger, name, 1);
        ledger.append(Timestamp(1), &actor(), &proposed(&changeset(name, 1))).unwrap();
    }
    let id = changeset(&one, 1).id;
    let text = id.to_string();
    assert_eq!(ledger.find(&text).unwrap(), id);
    assert_eq!(ledger.find(&text[..20].to_uppercase()).unwrap(), id);
    assert!(matches!(ledger.find(&text[..3]), Err(FindError::NoPrefix { .. })));
    assert!(matches!(ledger.find("zzzz"), Err(FindError::NoPrefix { .. })));
    assert!(matches!(ledger.find("%%%%"), Err(FindError::NoPrefix { .. })));
    assert!(matches!(ledger.find(""), Err(FindError::NoPrefix { .. })));
    let none = format!("{text}0");
    assert!(matches!(ledger.find(&none), Err(FindError::None(_))));
    let Err(FindError::Ambiguous { ids, .. }) = ledger.find(&text[..4]) else { panic!() };
    assert_eq!(ids.len(), 2);
    assert!(ids.contains(&id));
}

#[test]
fn another_ledgers_commits_are_noticed_and_ones_own_are_not() {
    let world = World::new();
    let (mut one, other) = (world.open(), world.open());
    let (own, seen) = (one.data_version().unwrap(), other.data_version().unwrap());
    assert_eq!(other.data_version().unwrap(), seen);
    store_blobs(&one, "a", 1);
    one.append(Timestamp(1), &actor(), &proposed(&changeset("a", 1))).unwrap();
    assert_ne!(other.data_version().unwrap(), seen);
    assert_eq!(one.data_version().unwrap(), own);
    assert_eq!(other.last_seq().unwrap(), 1);
}

#[test]
fn holders_live_as_long_as_their_ledger() {
    let world = World::new();
    let (one, two) = (world.open(), world.open());
    let (first, second) = (one.holder().unwrap().clone(), two.holder().unwrap().clone());
    assert_ne!(first, second);
    for ledger in [&one, &two] {
        assert!(ledger.is_alive(&first) && ledger.is_alive(&second));
    }
    let lock = world.folder().join(format!("holders/{}.lock", first.0));
    assert!(lock.exists());
    drop(one);
    assert!(!lock.exists());
    assert!(!two.is_alive(&first));
    assert!(two.is_alive(&second));

    // A process that was killed leaves its file behind, unlocked.
    fs::write(&lock, "").unwrap();
    assert!(!two.is_alive(&first));
    let three = world.open();
    assert!(!lock.exists());
    assert!(three.is_alive(&second));
    for id in ["", "../../etc/passwd", "a/b", "1-unknown"] {
        assert!(!three.is_alive(&HolderId(id.to_owned())), "{id}");
    }
}

#[test]
fn blobs_that_a_dead_process_did_not_finish_are_removed() {
    let world = World::new();
    let ledger = world.open();
    let incoming = world.folder().join("blobs/incoming");
    let living = incoming.join(format!("{}.abc", ledger.holder().unwrap().0));
    let dead = incoming.join("1-dead.abc");
    fs::write(&living, "half").unwrap();
    fs::write(&dead, "half").unwrap();
    world.open();
    assert!(living.exists());
    assert!(!dead.exists());
}

#[test]
fn presence_is_replaced_expires_and_ends_with_its_holder() {
    let world = World::new();
    let (mut one, mut two) = (world.open(), world.open());
    let (a, b) = (path("a.txt"), path("b.txt"));
    let (first, second) = (one.holder().unwrap().clone(), two.holder().unwrap().clone());
    one.publish_presence(&[b.clone(), a.clone(), a.clone()], Timestamp(100)).unwrap();
    two.publish_presence(std::slice::from_ref(&a), Timestamp(50)).unwrap();
    let mut all = vec![(a.clone(), first.clone()), (a.clone(), second), (b.clone(), first.clone())];
    all.sort();
    assert_eq!(two.presences(Timestamp(49)).unwrap(), all);
    let later = two.presences(Timestamp(50)).unwrap();
    assert_eq!(later, [(a, first.clone()), (b.clone(), first.clone())]);

    one.publish_presence(std::slice::from_ref(&b), Timestamp(100)).unwrap();
    assert_eq!(two.presences(Timestamp(60)).unwrap(), [(b.clone(), first)]);
    drop(one);
    assert_eq!(two.presences(Timestamp(60)).unwrap(), []);
    two.publish_presence(&[], Timestamp(100)).unwrap();
    let rows: u32 =
        world.raw().query_row("SELECT count(*) FROM presence", [], |row| row.get(0)).unwrap();
    assert_eq!(rows, 0);
    assert_eq!(two.last_seq().unwrap(), 0);

    let many = vec![b; crate::PRESENCE_PATHS_MAX + 1];
    assert!(two.publish_presence(&many, Timestamp(1)).is_err());
}

#[test]
fn a_ledger_can_be_sent_to_a_thread_and_its_blobs_shared() {
    fn send<T: Send>() {}
    fn share<T: Send + Sync>() {}
    send::<Ledger>();
    share::<crate::Blobs>();
}

#[test]
fn a_task_has_one_end_and_only_one_that_was_asked_for() {
    let world = World::new();
    let mut ledger = world.open();
    let task: model::Task =
        serde_json::from_value(serde_json::json!({ "kind": "docs", "objective": "x" })).unwrap();
    let holder = ledger.holder().unwrap().clone();
    let queued = Event::TaskQueued { task: Box::new(task.clone()), holder };
    let end = |queued| Event::TaskEnded {
        queued: OperationId(queued),
        task: task.id(),
        end: model::TaskEnd::Cancelled,
    };
    let mut append = |event: &Event| ledger.append(Timestamp(1), &actor(), event);
    assert!(matches!(append(&end(1)), Err(AppendError::NoTask(OperationId(1)))));
    assert_eq!(append(&queued).unwrap(), 1);
    assert_eq!(append(&end(1)).unwrap(), 2);
    assert!(matches!(append(&end(1)), Err(AppendError::NoTask(OperationId(1)))));
    assert!(matches!(append(&end(2)), Err(AppendError::NoTask(OperationId(2)))), "that is no task");
    assert_eq!(append(&queued).unwrap(), 3);
    let numbers: Vec<_> = ledger.open_tasks().unwrap().iter().map(|open| open.seq).collect();
    assert_eq!(numbers, [3]);
    let all = ledger.tasks(9).unwrap();
    let all: Vec<_> =
        all.iter().map(|(asked, end)| (asked.seq, end.as_ref().map(|it| it.seq))).collect();
    assert_eq!(all, [(3, None), (1, Some(2))]);
    ledger.verify().unwrap();
}
