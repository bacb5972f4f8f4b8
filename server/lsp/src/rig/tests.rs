//! Commands, edits and answers, played on the rig.

use expect_test::expect;
use model::Decision;

use super::*;
use crate::acceptance::{ANSWER_WAIT, CONTENT_WAIT};
use crate::delivery::SETTLE_WAIT;
use crate::views::TYPED_WAIT;

/// Longer than a pause in typing.
const PAUSE: Duration = Duration::from_secs(1);
const BEFORE: &str = "a\nb\nc\nd\ne\n";
const AFTER: &str = "a\nB\nc\nD\ne\n";

fn one_file() -> Rig {
    let sketch = Sketch::new("a.rs", BEFORE, AFTER).judged(34, Decision::Review);
    let versioned = json!({ "workspace": { "workspaceEdit": { "documentChanges": true } } });
    let mut rig = Rig::new(versioned, &[sketch]);
    rig.open("a.rs", BEFORE);
    rig.said();
    rig
}

/// One change over two files, both of which are open.
fn two_files(capabilities: Value) -> Rig {
    let both = Sketch::new("a.rs", BEFORE, AFTER).and("b.rs", "x\n", "y\n");
    let mut rig = Rig::new(capabilities, &[both]);
    rig.open("a.rs", BEFORE);
    rig.open("b.rs", "x\n");
    rig.said();
    rig
}

fn outcome(mut answer: Asked) -> String {
    match answer.try_recv() {
        Ok(Ok(Some(value))) => format!("{} {}", value["done"], value["hunks"]),
        Ok(other) => format!("{other:?}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_hunk_is_accepted_through_the_editor_and_saved() {
    let mut rig = one_file();
    let answer = rig.command("accept", Some(&[2]), 0);
    assert_eq!(rig.buffers["a.rs"].1, "a\nb\nc\nD\ne\n");
    assert_eq!(outcome(answer), "\"accepted\" [2]");
    rig.save("a.rs");
    expect![[r#"
        job begin accept [2]
        publish a.rs: lines [1]
        edit a.rs version 1
        job presence ["a.rs"]
        job settle: a.rs landed
        publish a.rs: lines [1]
        say Info: accepted hunk 2 of Tidy a.rs, not saved yet in a.rs
        job presence []
        job saved a.rs
    "#]]
    .assert_eq(&rig.said());
}

#[test]
fn the_answer_may_come_before_the_change() {
    let mut rig = one_file();
    rig.manner = Manner::AnswerThenChange;
    let answer = rig.command("accept", None, 0);
    assert_eq!(rig.buffers["a.rs"].1, AFTER);
    assert_eq!(outcome(answer), "\"accepted\" [1,2]");
}

#[test]
fn yes_is_not_believed() {
    let mut rig = one_file();
    rig.manner = Manner::Lies;
    let answer = rig.command("accept", Some(&[1]), 0);
    rig.later(CONTENT_WAIT);
    assert_eq!(outcome(answer), "\"accepted\" []");
    expect![[r#"
        job begin accept [1]
        publish a.rs: lines [3]
        edit a.rs version 1
        job settle: a.rs failed (its text in the editor did not become the planned text)
        publish a.rs: lines [1, 3]
        say Warning: nothing of Tidy a.rs was accepted; a.rs: its text in the editor did not become the planned text
    "#]]
    .assert_eq(&rig.said());
}

#[test]
fn an_editor_that_says_nothing_is_not_waited_for_for_ever() {
    let mut rig = one_file();
    rig.manner = Manner::Silent;
    let mut answer = rig.command("accept", Some(&[1]), 0);
    rig.later(CONTENT_WAIT);
    assert!(answer.try_recv().is_err());
    rig.later(ANSWER_WAIT);
    assert_eq!(outcome(answer), "\"accepted\" []");
}

#[test]
fn a_second_document_that_fails_takes_the_first_back() {
    let mut rig = two_files(json!({}));
    rig.manners.insert("b.rs".into(), Manner::Refuses);
    let answer = rig.command("accept", None, 0);
    assert_eq!(rig.buffers["a.rs"].1, BEFORE);
    assert_eq!(outcome(answer), "\"accepted\" []");
    expect![[r#"
        job begin accept [1, 2, 3]
        publish a.rs: lines []
        publish b.rs: lines []
        edit a.rs
        job presence ["a.rs"]
        edit b.rs
        edit a.rs
        job presence []
        job settle: a.rs failed (taken back, because another file failed), b.rs failed (the test says no)
        publish a.rs: lines [1, 3]
        publish b.rs: lines [0]
        say Warning: nothing of Tidy a.rs was accepted; a.rs: taken back, because another file failed; b.rs: the test says no
    "#]]
    .assert_eq(&rig.said());
}

#[test]
fn what_was_saved_before_its_file_was_closed_is_followed_when_the_command_is_over() {
    let both = Sketch::new("a.rs", BEFORE, AFTER).and("b.rs", "x\n", "y\n");
    let mut rig = Rig::new_slow(json!({}), &[both]);
    rig.open("a.rs", BEFORE);
    rig.open("b.rs", "x\n");
    rig.command("accept", None, 0);
    rig.change("a.rs", AFTER);
    rig.answer_oldest(Ok(()));
    rig.answer_oldest(Err("the test says no".into()));
    rig.said();
    // It was asked to take the first file back, and saves and closes it instead.
    rig.disk.insert("a.rs".into(), AFTER.into());
    rig.close("a.rs");
    let said = rig.said();
    assert!(said.contains("job settle: a.rs failed"), "{said}");
    assert!(said.contains("\njob closed a.rs\njob begin accept"), "{said}");
}

#[test]
fn a_transactional_editor_gets_all_documents_at_once() {
    let whole = json!({ "workspace": { "workspaceEdit": {
        "documentChanges": true, "failureHandling": "textOnlyTransactional" } } });
    let mut rig = two_files(whole);
    rig.command("accept", None, 0);
    assert_eq!((&*rig.buffers["a.rs"].1, &*rig.buffers["b.rs"].1), (AFTER, "y\n"));
    let said = rig.said();
    assert!(said.contains("edit a.rs version 1\nedit b.rs version 1\n"), "{said}");
}

#[test]
fn closed_files_are_written_after_the_documents() {
    let both = Sketch::new("a.rs", BEFORE, AFTER).and("b.rs", "x\n", "y\n");
    let mut rig = Rig::new(json!({}), &[both]);
    rig.open("a.rs", BEFORE);
    rig.disk.insert("b.rs".into(), "x\n".into());
    rig.command("accept", None, 0);
    assert_eq!((&*rig.buffers["a.rs"].1, &*rig.disk["b.rs"]), (AFTER, "y\n"));
}

#[test]
fn a_disk_that_fails_takes_the_documents_back() {
    let both = Sketch::new("a.rs", BEFORE, AFTER).and("b.rs", "x\n", "y\n");
    let mut rig = Rig::new(json!({}), &[both]);
    rig.open("a.rs", BEFORE);
    rig.disk.insert("b.rs".into(), "x\n".into());
    rig.disk_fails = true;
    rig.command("accept", None, 0);
    assert_eq!((&*rig.buffers["a.rs"].1, &*rig.disk["b.rs"]), (BEFORE, "x\n"));
    let said = rig.said();
    assert!(said.contains("job put closed files back"), "{said}");
}

#[test]
fn the_editors_own_undo_withdraws() {
    let mut rig = one_file();
    rig.command("accept", Some(&[1]), 0);
    rig.said();
    rig.change("a.rs", "a\nB\nc\nd\ne!\n");
    rig.change("a.rs", BEFORE);
    rig.later(PAUSE);
    expect![[r#"
        job presence []
        job withdrawn a.rs [{1}]
        publish a.rs: lines [3]
        publish a.rs: lines [1, 3]
    "#]]
    .assert_eq(&rig.said());
}

#[test]
fn closing_unsaved_withdraws_and_closing_saved_does_not() {
    let mut rig = one_file();
    rig.command("accept", Some(&[1]), 0);
    rig.save("a.rs");
    rig.said();
    rig.close("a.rs");
    assert_eq!(rig.said(), "publish a.rs: lines []\n");
    rig.open("a.rs", "a\nB\nc\nd\ne\n");
    rig.command("accept", Some(&[2]), 0);
    rig.said();
    rig.close("a.rs");
    let said = rig.said();
    assert!(said.contains("job closed a.rs\n"), "{said}");
}

#[test]
fn the_editors_own_undo_withdraws_what_it_took_out_and_no_more() {
    let mut rig = one_file();
    rig.command("accept", Some(&[1]), 0);
    rig.change("a.rs", "mine\na\nB\nc\nd\ne\n");
    rig.command("accept", Some(&[2]), 0);
    rig.said();
    rig.change("a.rs", "mine\na\nB\nc\nd\ne\n");
    rig.later(PAUSE);
    let said = rig.said();
    assert!(said.contains("job withdrawn a.rs [{2}]"), "{said}");
    rig.save("a.rs");
    let states: Vec<_> = rig.board.changes[0].state.hunks.values().map(|s| s.word()).collect();
    assert_eq!(states, ["accepted", "proposed"]);
}

#[test]
fn what_reads_as_saved_because_it_is_gone_is_not_saved() {
    let mut rig = one_file();
    rig.change("a.rs", "mine\na\nb\nc\nd\ne\n");
    rig.command("accept", Some(&[1]), 0);
    rig.said();
    // A jump over both steps: the text before the acceptance is never there again.
    rig.change("a.rs", BEFORE);
    rig.later(PAUSE);
    assert_eq!(
        rig.said(),
        "job presence []\njob withdrawn a.rs [{1}]\npublish a.rs: lines [3]\npublish a.rs: lines [1, 3]\n"
    );
}

#[test]
fn a_hunk_is_gone_when_its_text_before_is_back_and_not_when_it_is_typed_over() {
    let mut rig = one_file();
    rig.command("accept", None, 0);
    rig.said();
    // A text that never was: one hunk taken out, the other typed over.
    rig.change("a.rs", "mine\na\nb\nc\nD!\ne\n");
    rig.later(PAUSE);
    assert_eq!(rig.said(), "job withdrawn a.rs [{1}]\npublish a.rs: lines [2]\n");
    // A command comes before the pause is over, and so does a save.
    rig.command("accept", Some(&[1]), 0);
    rig.change("a.rs", "mine!\na\nb\nc\nD!\ne\n");
    rig.said();
    let answer = rig.command("accept", Some(&[1]), 0);
    assert_eq!(outcome(answer), "\"accepted\" [1]");
    rig.change("a.rs", "a\nb\nc\nD!\ne\n");
    rig.said();
    rig.save("a.rs");
    let said = rig.said();
    assert!(said.contains("job withdrawn a.rs [{1}]\njob saved a.rs\n"), "{said}");
}

#[test]
fn a_buffer_that_is_unsaved_when_it_is_opened_is_told() {
    let mut rig = one_file();
    rig.dirty.insert("b.rs".to_owned());
    rig.open("b.rs", "x\n");
    assert_eq!(rig.said(), "job presence [\"b.rs\"]\n");
    rig.save("b.rs");
    assert_eq!(rig.said(), "job presence []\n");
}

#[test]
fn undo_takes_it_out_again_and_keeps_later_edits() {
    let mut rig = one_file();
    rig.command("accept", Some(&[1]), 0);
    rig.change("a.rs", "mine\na\nB\nc\nd\ne\n");
    rig.said();
    let answer = rig.command("undo", Some(&[1]), 0);
    assert_eq!(rig.buffers["a.rs"].1, "mine\na\nb\nc\nd\ne\n");
    assert_eq!(outcome(answer), "\"undone\" [1]");
    let said = rig.said();
    assert!(!said.contains("withdrawn"), "{said}");
}

#[test]
fn reject_needs_no_edit() {
    let mut rig = one_file();
    let answer = rig.command("reject", Some(&[1]), 0);
    assert_eq!(outcome(answer), "\"rejected\" [1]");
    expect![[r#"
        job reject [1]
        publish a.rs: lines [3]
        say Info: rejected hunk 1 of Tidy a.rs
    "#]]
    .assert_eq(&rig.said());
}

#[test]
fn failures_are_said_and_answered_by_whose_turn_it_is() {
    let mut rig = one_file();
    for (kind, expected) in [
        (ErrorKind::User, "Failed"),
        (ErrorKind::Conflict, "Moved"),
        (ErrorKind::Internal, "Internal"),
    ] {
        rig.begin_fails = Some(failure(kind, "the test says so"));
        let answer = rig.command("accept", None, 0);
        assert_eq!(outcome(answer), format!("Err({expected}(\"the test says so\"))"));
        assert_eq!(rig.said(), "say Error: could not accept Tidy a.rs: the test says so\n");
    }
}

#[test]
fn why_is_said_and_answered() {
    let mut rig = one_file();
    let answer = rig.command("why", None, 0);
    let expected = "Tidy a.rs: risk 34 medium (+34 it is a fixture); policy: review; review: the fixture says so (fixture.rule)";
    assert_eq!(rig.said(), format!("say Info: {expected}\n"));
    assert!(outcome(answer).contains("null null"));
}

#[test]
fn diagnostics_follow_typing_when_the_person_pauses() {
    let mut rig = one_file();
    rig.change("a.rs", "new\na\nb\nc\nd\ne\n");
    assert_eq!(rig.said(), "job presence [\"a.rs\"]\n");
    rig.later(PAUSE);
    assert_eq!(rig.said(), "publish a.rs: lines [2, 4]\n");
    rig.change("a.rs", "new\na\nmine\nc\nd\ne\n");
    rig.later(TYPED_WAIT);
    // What has no place any more is listed at the top.
    assert_eq!(rig.said(), "publish a.rs: lines [0, 4]\n");
    rig.close("a.rs");
    assert_eq!(rig.said(), "job presence []\npublish a.rs: lines []\n");
}

#[test]
fn one_look_at_what_was_accepted_is_under_way_however_often_somebody_pauses() {
    let mut rig = one_file();
    let answer = rig.command("accept", Some(&[2]), 0);
    assert_eq!(outcome(answer), "\"accepted\" [2]");
    rig.later(PAUSE);
    rig.pool_is_busy = true;
    for _ in 0..9 {
        rig.type_at("a.rs", (0, 0), "x");
        rig.later(PAUSE);
    }
    let mut pieces = 0;
    while rig.work_once() {
        pieces += 1;
    }
    assert!(pieces <= 4, "{pieces}: each looks at the whole text");
    // What the editor's own undo took out is found all the same, by the look after that.
    rig.said();
    rig.change("a.rs", BEFORE);
    rig.later(PAUSE);
    rig.type_at("a.rs", (0, 0), "x");
    rig.later(PAUSE);
    rig.work();
    rig.later(PAUSE);
    rig.work();
    assert!(rig.said().contains("job withdrawn a.rs [{2}]\n"));
}

#[test]
fn what_waits_on_another_branch_is_told_once_with_the_way_out() {
    let mut rig = one_file();
    let short = rig.id(0).short();
    rig.park(0, true);
    let told = "say Info: 1 change waits on another branch: switch to it, or bring it here by";
    assert_eq!(
        rig.said(),
        format!("{told} `countersign repropose {short}`\npublish a.rs: lines []\n")
    );
    rig.park(0, false);
    rig.park(0, true);
    assert!(!rig.said().contains("say "));
}

#[test]
fn that_a_change_is_being_proved_is_shown_until_it_is_over() {
    let mut rig = one_file();
    let changeset = rig.id(0);
    rig.engine_says(Done::Proving { changeset, under_way: true });
    assert_eq!(rig.said(), "publish a.rs: lines [1, 3]\n");
    rig.engine_says(Done::Proving { changeset, under_way: true });
    assert_eq!(rig.said(), "", "nothing is told twice");
    rig.engine_says(Done::Proving { changeset, under_way: false });
    assert_eq!(rig.said(), "publish a.rs: lines [1, 3]\n");
}

/// A client that says it can be made to ask for diagnostics.
fn may_pull() -> Value {
    json!({ "textDocument": { "diagnostic": { "dynamicRegistration": true } } })
}

fn pulled(rig: &mut Rig) -> Vec<u32> {
    let params = json!({ "textDocument": { "uri": uri("a.rs") } });
    let (reply, mut answer) = oneshot::channel();
    rig.wake(Wake::Diagnostic(serde_json::from_value(params).unwrap(), reply));
    let report = serde_json::to_value(answer.try_recv().unwrap().unwrap()).unwrap();
    let items = report["items"].as_array().unwrap().iter();
    items.map(|item| item["range"]["start"]["line"].as_u64().unwrap() as u32).collect()
}

#[test]
fn a_client_that_refreshes_and_registers_asks_and_is_told_nothing() {
    let mut rig = Rig::new(may_pull(), &[Sketch::new("a.rs", BEFORE, AFTER)]);
    rig.open("a.rs", BEFORE);
    expect![[r#"
        job recover []
        refresh
        register textDocument/diagnostic
        refresh
    "#]]
    .assert_eq(&rig.said());
    assert_eq!(pulled(&mut rig), [1, 3]);
    rig.command("reject", Some(&[1]), 0);
    expect![[r#"
        job reject [1]
        refresh
        say Info: rejected hunk 1 of Tidy a.rs
    "#]]
    .assert_eq(&rig.said());
    // It was asked to ask, and did not yet: asking again would say nothing new.
    rig.open("b.rs", "");
    assert_eq!(rig.said(), "");
    assert_eq!(pulled(&mut rig), [3]);
    rig.close("a.rs");
    assert_eq!(rig.said(), "");
}

#[test]
fn until_it_is_settled_a_client_is_neither_told_nor_answered() {
    let mut rig = Rig::new_slow(may_pull(), &[Sketch::new("a.rs", BEFORE, AFTER)]);
    rig.open("a.rs", BEFORE);
    assert_eq!(rig.said(), "job recover []\nrefresh\n");
    assert_eq!(pulled(&mut rig), Vec::<u32>::new());
    rig.answer_oldest(Ok(()));
    assert_eq!(rig.said(), "register textDocument/diagnostic\n");
    // Some ask before they have answered the registration.
    assert_eq!(pulled(&mut rig), Vec::<u32>::new());
    rig.answer_oldest(Ok(()));
    assert_eq!(rig.said(), "refresh\n");
    assert_eq!(pulled(&mut rig), [1, 3]);
    // Once it asks, it is told no more, even if it does not refresh.
    rig.answer_oldest(Err("the test says no".into()));
    rig.command("reject", Some(&[1]), 0);
    let said = rig.said();
    assert!(said.contains("refresh") && !said.contains("publish"), "{said}");
}

#[test]
fn a_client_that_cannot_refresh_or_register_is_told() {
    for agreed in 0..2 {
        let mut rig = Rig::new_slow(may_pull(), &[Sketch::new("a.rs", BEFORE, AFTER)]);
        rig.open("a.rs", BEFORE);
        for _ in 0..agreed {
            rig.answer_oldest(Ok(()));
        }
        rig.said();
        rig.answer_oldest(Err("the test says no".into()));
        assert_eq!(rig.said(), "publish a.rs: lines [1, 3]\n");
        assert_eq!(pulled(&mut rig), Vec::<u32>::new());
    }
}

#[test]
fn a_client_that_does_not_say_is_told_and_stays_so() {
    for agreed in 0..2 {
        let mut rig = Rig::new_slow(may_pull(), &[Sketch::new("a.rs", BEFORE, AFTER)]);
        rig.open("a.rs", BEFORE);
        for _ in 0..agreed {
            rig.answer_oldest(Ok(()));
        }
        rig.said();
        rig.later(SETTLE_WAIT);
        assert_eq!(rig.said(), "publish a.rs: lines [1, 3]\n");
        rig.answer_oldest(Ok(()));
        assert_eq!(rig.said(), "");
        assert_eq!(pulled(&mut rig), Vec::<u32>::new());
    }
}

#[test]
fn a_client_that_asks_but_cannot_be_registered_is_told() {
    let asks = json!({ "textDocument": { "diagnostic": {} } });
    let mut rig = Rig::new(asks, &[Sketch::new("a.rs", BEFORE, AFTER)]);
    rig.said();
    rig.open("a.rs", BEFORE);
    assert_eq!(rig.said(), "publish a.rs: lines [1, 3]\n");
    assert_eq!(pulled(&mut rig), Vec::<u32>::new());
}

#[test]
fn an_engine_that_still_waits_goes_with_its_folder() {
    let mut rig = one_file();
    let folder = |path: &str| WorkspaceFolder {
        uri: format!("file://{path}").parse().unwrap(),
        name: String::new(),
    };
    let event = |added, removed| WorkspaceFoldersChangeEvent { added, removed };
    rig.wake(Wake::Folders(event(vec![folder("/s"), folder("/t")], vec![])));
    assert_eq!(rig.session.roots.len(), 3);
    rig.wake(Wake::Folders(event(vec![], vec![folder("/s")])));
    assert_eq!(rig.session.roots.len(), 2);
}

#[test]
fn a_file_outside_every_repository_is_silent() {
    let mut rig = one_file();
    let outside = "file:///elsewhere/a.rs".parse().unwrap();
    let (language_id, text) = (String::new(), BEFORE.to_owned());
    rig.wake(Wake::Opened(TextDocumentItem { uri: outside, language_id, version: 1, text }));
    assert_eq!(rig.said(), "");
}

#[test]
fn a_change_that_nobody_knows_is_refused() {
    let mut rig = one_file();
    let (reply, answer) = oneshot::channel();
    let params = ExecuteCommandParams {
        command: "countersign.accept".into(),
        arguments: vec![json!({ "changeset": "ffffffff" })],
        ..ExecuteCommandParams::default()
    };
    rig.wake(Wake::Command(params, reply));
    assert!(outcome(answer).starts_with("Err(Failed(\"no change named ffffffff"));
    assert_ne!(rig.id(0).short(), "ffffffffffff");
}

#[test]
fn what_is_looked_for_around_a_file_is_no_second_repository() {
    let mut rig = one_file();
    let outside = "file:///elsewhere/a.rs".parse().unwrap();
    let (language_id, text) = (String::new(), BEFORE.to_owned());
    rig.wake(Wake::Opened(TextDocumentItem { uri: outside, language_id, version: 1, text }));
    assert_eq!(rig.session.roots.len(), 2);
    assert!(!rig.session.has_several());
    assert!(rig.session.root_meant(None).is_some());
    let looked_for = "file:///elsewhere/a.rs".parse().unwrap();
    let meant = rig.session.root_meant(Some(&looked_for));
    assert!(meant.is_some() && meant != rig.session.root_meant(None));
    let folder = WorkspaceFolder { uri: "file:///s".parse().unwrap(), name: String::new() };
    let event = WorkspaceFoldersChangeEvent { added: vec![folder], removed: vec![] };
    rig.wake(Wake::Folders(event));
    assert!(rig.session.has_several());
    assert!(rig.session.root_meant(None).is_none());
}
