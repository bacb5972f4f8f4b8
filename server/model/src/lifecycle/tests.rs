//! What each event makes of a ChangeSet, and what is refused.

use super::*;
use crate::{
    Base, ChangeKind, ChangeSet, Content, FileChange, Hunk, HunkKind, LandedFile, LineSpan,
};

fn changeset() -> ChangeSet {
    let hunk = Hunk {
        ordinal: 0,
        kind: HunkKind::Lines,
        before: LineSpan::default(),
        after: LineSpan::default(),
        entity: None,
    };
    let file = |path: &str| FileChange {
        path: path.parse().unwrap(),
        old_path: None,
        change: ChangeKind::Modified,
        content: Content::Text,
        language: None,
        generated: false,
        before: None,
        after: None,
        hunks: vec![hunk.clone()],
    };
    ChangeSet::new(
        Base { commit: None, branch: None, dirty: false },
        Origin { worker: "recipe".into(), name: "x".into() },
        "t".into(),
        String::new(),
        vec![file("b"), file("a")],
    )
}

fn intent(hunks: &[u32]) -> Intent {
    Intent {
        changeset: changeset().id,
        hunks: hunks.to_vec(),
        files: vec![],
        holder: HolderId("h".into()),
        worktree: String::new(),
    }
}

fn outcome(operation: u64, hunks: &[u32], saved: bool) -> Outcome {
    let landed = changeset()
        .hunks()
        .filter(|(_, h)| hunks.contains(&h.ordinal))
        .map(|(f, _)| LandedFile { path: f.path.clone(), blob: None, saved })
        .collect();
    let (changeset, hunks) = (changeset().id, hunks.to_vec());
    Outcome { operation: OperationId(operation), changeset, hunks, landed, failed: vec![] }
}

/// Folds the events from sequence number 1 and shows the stage and the hunks, or why it stopped.
fn check(events: &[Event], expected: &str) {
    let mut all = vec![Event::ChangeSetProposed { changeset: changeset() }];
    all.extend_from_slice(events);
    let mut state = None;
    for (seq, event) in (1..).zip(&all) {
        match ChangeSetState::fold(state.take(), seq, event) {
            Ok(next) => state = Some(next),
            Err(error) => {
                let error = error.to_string().replace(&changeset().id.short(), "C");
                return assert_eq!(error, expected);
            }
        }
    }
    let state = state.unwrap();
    let hunks: Vec<_> = state.hunks.values().map(|s| s.word()).collect();
    assert_eq!(format!("{}: {}", state.stage(), hunks.join(", ")), expected);
}

#[test]
fn hunks_are_numbered_in_path_order_and_the_id_ignores_narration() {
    let first = changeset();
    let paths: Vec<_> = first.hunks().map(|(f, h)| (f.path.to_string(), h.ordinal)).collect();
    assert_eq!(paths, [("a".into(), 1), ("b".into(), 2)]);
    let mut again = first.clone();
    again.title = "other".into();
    let again = ChangeSet::new(again.base, again.origin, again.title, again.rationale, again.files);
    assert_eq!(again.id, first.id);
}

#[test]
fn acceptance_goes_through_an_intent() {
    check(&[], "proposed: proposed, proposed");
    check(&[Event::AcceptRequested(intent(&[1]))], "accepting: accepting, proposed");
    let request = Event::AcceptRequested(intent(&[1, 2]));
    check(
        &[request.clone(), Event::Accepted(outcome(2, &[1, 2], true))],
        "accepted: accepted, accepted",
    );
    check(
        &[request.clone(), Event::PartlyAccepted(outcome(2, &[2], true))],
        "partly accepted: proposed, accepted",
    );
    check(
        &[request.clone(), Event::AcceptFailed(outcome(2, &[], true))],
        "proposed: proposed, proposed",
    );
    check(&[request.clone(), request], "operation 2 on change C is still under way");
}

#[test]
fn an_outcome_counts_once() {
    let request = Event::AcceptRequested(intent(&[1]));
    let done = Event::Accepted(outcome(2, &[1], true));
    check(
        &[request.clone(), done.clone(), done],
        "operation 2 on change C is not open: it already has an outcome",
    );
    check(
        &[request.clone(), Event::Accepted(outcome(2, &[1], true)), request],
        "hunk 1 of change C is accepted: it cannot become accepted",
    );
}

#[test]
fn an_undone_hunk_may_be_accepted_again() {
    let accept = Event::AcceptRequested(intent(&[1]));
    let undo = Event::UndoRequested(intent(&[1]));
    let events = [
        accept.clone(),
        Event::Accepted(outcome(2, &[1], true)),
        undo.clone(),
        Event::Undone(outcome(4, &[1], true)),
        accept,
    ];
    check(&events[..4], "proposed: undone, proposed");
    let failed = Event::AcceptFailed(outcome(6, &[], true));
    check(&[&events[..], &[failed]].concat(), "proposed: undone, proposed");
    check(&events, "accepting: accepting, proposed");
    check(
        &[events[0].clone(), events[1].clone(), undo, Event::UndoFailed(outcome(4, &[], true))],
        "partly accepted: accepted, proposed",
    );
}

#[test]
fn an_unsaved_acceptance_can_be_saved_or_withdrawn() {
    let id = changeset().id;
    let start = [Event::AcceptRequested(intent(&[1])), Event::Accepted(outcome(2, &[1], false))];
    let then = |event: Event| [start.to_vec(), vec![event]].concat();
    check(&start, "partly accepted: accepted (unsaved), proposed");
    let saved = Event::Saved { changeset: id, path: "a".parse().unwrap(), hunks: vec![] };
    check(&then(saved.clone()), "partly accepted: accepted, proposed");
    let withdrawn =
        Event::Withdrawn { changeset: id, hunks: vec![1], reason: "closed unsaved".into() };
    check(&then(withdrawn.clone()), "proposed: proposed, proposed");
    check(
        &[then(saved), vec![withdrawn]].concat(),
        "hunk 1 of change C is accepted: it cannot become withdrawn",
    );
}

#[test]
fn an_undo_that_only_a_buffer_held_can_be_lost() {
    let id = changeset().id;
    let start = [
        Event::AcceptRequested(intent(&[1])),
        Event::Accepted(outcome(2, &[1], true)),
        Event::UndoRequested(intent(&[1])),
        Event::Undone(outcome(4, &[1], false)),
    ];
    let then = |event: Event| [start.to_vec(), vec![event]].concat();
    check(&start, "proposed: undone (unsaved), proposed");
    let lost = Event::UndoLost { changeset: id, hunks: vec![1], reason: "closed".into() };
    check(&then(lost.clone()), "partly accepted: accepted, proposed");
    let saved = Event::Saved { changeset: id, path: "a".parse().unwrap(), hunks: vec![] };
    check(&then(saved.clone()), "proposed: undone, proposed");
    check(
        &[then(saved), vec![lost]].concat(),
        "hunk 1 of change C is undone: it cannot become accepted again",
    );
}

#[test]
fn an_acceptance_that_fails_leaves_an_undo_as_unsaved_as_it_was() {
    let id = changeset().id;
    for (saved, left) in [(false, "undone (unsaved)"), (true, "undone")] {
        let again = [
            Event::AcceptRequested(intent(&[1])),
            Event::Accepted(outcome(2, &[1], true)),
            Event::UndoRequested(intent(&[1])),
            Event::Undone(outcome(4, &[1], saved)),
            Event::AcceptRequested(intent(&[1])),
            Event::AcceptFailed(outcome(6, &[], true)),
        ];
        check(&again, &format!("proposed: {left}, proposed"));
        let reason = "the buffer was closed unsaved".to_owned();
        let lost = Event::UndoLost { changeset: id, hunks: vec![1], reason };
        let lost = [again.to_vec(), vec![lost]].concat();
        if !saved {
            check(&lost, "partly accepted: accepted, proposed");
        }
    }
}

#[test]
fn rejected_hunks_cannot_be_accepted() {
    let rejected = Event::Rejected {
        changeset: changeset().id,
        hunks: vec![1, 2],
        reason: None,
        prints: vec![],
    };
    check(std::slice::from_ref(&rejected), "rejected: rejected, rejected");
    check(
        &[rejected, Event::AcceptRequested(intent(&[1]))],
        "hunk 1 of change C is rejected: it cannot become accepted",
    );
    check(&[Event::AcceptRequested(intent(&[7]))], "change C has no hunk 7");
    check(&[Event::AcceptRequested(intent(&[]))], "no hunk of change C was named");
}

#[test]
fn a_rejection_can_be_taken_back() {
    let id = changeset().id;
    let rejected = Event::Rejected {
        changeset: id,
        hunks: vec![1, 2],
        reason: Some("no".into()),
        prints: vec![],
    };
    let restored = Event::Restored { changeset: id, hunks: vec![1] };
    check(&[rejected.clone(), restored.clone()], "proposed: proposed, rejected");
    check(
        &[rejected, restored.clone(), restored],
        "hunk 1 of change C is proposed: it cannot become restored",
    );
}

#[test]
fn superseded_hunks_wait_no_longer() {
    let (changeset, by) = (changeset().id, ChangeSetId(crate::Digest::of(b"newer")));
    let superseded = |hunks: &[u32]| Event::Superseded { changeset, hunks: hunks.to_vec(), by };
    check(&[superseded(&[2])], "proposed: proposed, superseded");
    check(&[superseded(&[1, 2])], "superseded: superseded, superseded");
    check(
        &[superseded(&[1]), Event::AcceptRequested(intent(&[1]))],
        "hunk 1 of change C is superseded: it cannot become accepted",
    );
}

#[test]
fn what_was_found_in_the_text_waits_there() {
    let id = changeset().id;
    let rejected = Event::Rejected { changeset: id, hunks: vec![1], reason: None, prints: vec![] };
    let found = Event::Adopted { changeset: id, hunks: vec![1] };
    check(&[rejected, found.clone()], "adopted: adopted, proposed");
    check(&[found.clone(), found], "hunk 1 of change C is adopted: it cannot become adopted");
}

/// As [`check`], for a ChangeSet that was in the text when it was captured.
fn check_adopted(events: &[Event], expected: &str) {
    let adopted = ChangeSet { adopted: Some(crate::Adoption::default()), ..changeset() };
    let mut state =
        ChangeSetState::fold(None, 1, &Event::ChangeSetProposed { changeset: adopted }).unwrap();
    for (seq, event) in (2..).zip(events) {
        state = ChangeSetState::fold(Some(state), seq, event).unwrap();
    }
    let hunks: Vec<_> = state.hunks.values().map(|s| s.word()).collect();
    assert_eq!(format!("{}: {}", state.stage(), hunks.join(", ")), expected);
    for (hunk, state_of_hunk) in &state.hunks {
        let rejected =
            matches!(state_of_hunk, HunkState::Rejected { .. } | HunkState::Rejecting { .. });
        assert_eq!(state.rejections.contains_key(hunk), rejected, "{hunk}");
    }
}

#[test]
fn an_adopted_hunk_is_reviewed_by_accepting_and_taken_out_by_rejecting() {
    let reject = Event::RejectRequested {
        intent: intent(&[2]),
        reason: Some("not wanted".into()),
        prints: vec![],
    };
    let accept = Event::AcceptRequested(intent(&[1]));
    check_adopted(&[], "adopted: adopted, adopted");
    check_adopted(
        &[accept.clone(), Event::Accepted(outcome(2, &[1], true))],
        "partly accepted: accepted, adopted",
    );
    let undo = Event::UndoRequested(intent(&[1]));
    check_adopted(
        &[
            accept.clone(),
            Event::Accepted(outcome(2, &[1], true)),
            undo,
            Event::Undone(outcome(4, &[1], true)),
        ],
        "adopted: adopted, adopted",
    );
    check_adopted(
        &[accept, Event::AcceptFailed(outcome(2, &[], true))],
        "adopted: adopted, adopted",
    );
    check_adopted(std::slice::from_ref(&reject), "accepting: adopted, rejecting");
    let failed = Event::TakeOutFailed(outcome(2, &[], true));
    check_adopted(&[reject.clone(), failed], "adopted: adopted, adopted");
    let taken_out = |saved| Event::TakenOut(outcome(2, &[2], saved));
    check_adopted(&[reject.clone(), taken_out(true)], "adopted: adopted, rejected");
    check_adopted(&[reject.clone(), taken_out(false)], "adopted: adopted, rejected (unsaved)");
    let changeset = changeset().id;
    let lost = Event::UndoLost { changeset, hunks: vec![2], reason: "closed".into() };
    check_adopted(&[reject.clone(), taken_out(false), lost], "adopted: adopted, adopted");
    let restored = Event::Restored { changeset, hunks: vec![2] };
    check_adopted(&[reject, taken_out(true), restored], "adopted: adopted, proposed");
}
