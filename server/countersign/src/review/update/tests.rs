use std::collections::BTreeMap;
use std::sync::Arc;

use engine::{BoardChange, Landing, RefusedHunk};
use expect_test::{Expect, expect};
use model::Event;

use super::*;
use crate::review::fixture;

fn state() -> State {
    State::new(fixture::board(), None)
}

/// Presses the characters of `keys`, with names for the others: `<Enter>`.
fn press(mut state: State, keys: &str) -> (State, Vec<Command>) {
    let mut commands = Vec::new();
    let mut rest = keys;
    while let Some(c) = rest.chars().next() {
        let key = match rest.split_once('>').filter(|_| c == '<') {
            Some((name, after)) => {
                rest = after;
                match &name[1..] {
                    "Enter" => Key::Enter,
                    "Esc" => Key::Escape,
                    "Tab" => Key::Tab,
                    "Back" => Key::Backspace,
                    "Ctrl-C" => Key::Interrupt,
                    other => panic!("{other}"),
                }
            }
            None => {
                rest = &rest[c.len_utf8()..];
                Key::Char(c)
            }
        };
        let (next, more) = update(state, Input::Key(key));
        state = next;
        commands.extend(more);
    }
    (state, commands)
}

fn report(id: ChangeSetId, done: &'static str, hunks: &[u32]) -> Report {
    Report {
        changeset: id,
        done,
        hunks: hunks.to_vec(),
        shifted: 0,
        already: 0,
        files: Vec::new(),
        refused: Vec::new(),
        failed: Vec::new(),
        unmet: Vec::new(),
    }
}

fn place(state: &State) -> (usize, u32) {
    (state.change_index(), state.at.unwrap().hunk)
}

fn rejected(change: &BoardChange, hunk: u32) -> Arc<BoardChange> {
    let (changeset, hunks) = (change.changeset.id, vec![hunk]);
    fixture::after(change, &Event::Rejected { changeset, hunks, reason: None, prints: vec![] })
}

fn check(keys: &str, expected: Expect) {
    let (state, commands) = press(state(), keys);
    let said = format!(
        "at {:?} {:?}\n{:?}\n{}\n",
        place(&state),
        state.focus,
        commands.iter().map(shown).collect::<Vec<_>>(),
        state.status.text
    );
    expected.assert_eq(&said);
}

fn shown(command: &Command) -> String {
    match command {
        Command::Decide { selection, decision, .. } => format!("{decision:?} {selection:?}"),
        Command::Edit { hunk, .. } => format!("Edit {hunk}"),
        Command::Quit => "Quit".to_owned(),
    }
}

#[test]
fn keys_go_through_changes_hunks_and_panes() {
    check(
        "",
        expect![[r#"
        at (0, 1) Changes
        []

    "#]],
    );
    check(
        "j",
        expect![[r#"
        at (1, 1) Changes
        []

    "#]],
    );
    check(
        "jk<Enter>j",
        expect![[r#"
        at (0, 2) Hunks
        []

    "#]],
    );
    check(
        "nn",
        expect![[r#"
        at (0, 2) Changes
        []
        this is the last hunk
    "#]],
    );
    check(
        "np<Tab><Tab>q",
        expect![[r#"
        at (0, 1) Diff
        ["Quit"]

    "#]],
    );
}

#[test]
fn a_decision_is_about_the_hunk_at_hand() {
    check(
        "na",
        expect![[r#"
        at (0, 2) Changes
        ["Accept Hunks([2])"]

    "#]],
    );
    check(
        "rtoo clever<Back>r<Enter>",
        expect![[r#"
            at (0, 1) Changes
            ["Reject(Some(\"too clever\")) Hunks([1])"]

        "#]],
    );
    check(
        "r<Enter>",
        expect![[r#"
        at (0, 1) Changes
        ["Reject(None) Hunks([1])"]

    "#]],
    );
    check(
        "rq<Esc>",
        expect![[r#"
        at (0, 1) Changes
        []
        nothing was rejected
    "#]],
    );
    check(
        "e",
        expect![[r#"
        at (0, 1) Changes
        ["Edit 1"]

    "#]],
    );
    check(
        "u",
        expect![[r#"
        at (0, 1) Changes
        []
        nothing was decided here yet, so there is nothing to undo
    "#]],
    );
}

#[test]
fn many_at_once_need_a_second_key() {
    check(
        "Af",
        expect![[r#"
        at (0, 1) Changes
        ["Accept File(\"src/queue.rs\")"]

    "#]],
    );
    check(
        "Ac",
        expect![[r#"
        at (0, 1) Changes
        ["Accept All"]

    "#]],
    );
    check(
        "Aa",
        expect![[r#"
        at (0, 1) Changes
        []
        nothing was accepted
    "#]],
    );
    check(
        "Rcno<Enter>",
        expect![[r#"
        at (0, 1) Changes
        ["Reject(Some(\"no\")) All"]

    "#]],
    );
}

#[test]
fn a_search_goes_round_and_ends_with_escape() {
    check(
        "/is_empty<Enter>",
        expect![[r#"
        at (0, 1) Changes
        []
        `is_empty`: 1 of 2
    "#]],
    );
    check(
        "/is_empty<Enter>nn",
        expect![[r#"
        at (0, 1) Changes
        []
        `is_empty`: 1 of 2
    "#]],
    );
    check(
        "/greet<Enter>",
        expect![[r#"
        at (1, 1) Changes
        []
        `greet`: 1 of 1
    "#]],
    );
    check(
        "/is_empty<Enter>N",
        expect![[r#"
        at (0, 2) Changes
        []
        `is_empty`: 2 of 2
    "#]],
    );
    check(
        "/nowhere<Enter>",
        expect![[r#"
        at (0, 1) Changes
        []
        `nowhere` is in no hunk, path or title
    "#]],
    );
    check(
        "/is_empty<Enter><Esc>nn",
        expect![[r#"
        at (0, 2) Changes
        []
        this is the last hunk
    "#]],
    );
}

#[test]
fn what_is_pasted_is_never_a_command() {
    let paste = |state| update(state, Input::Key(Key::Paste("a\nAcq".to_owned())));
    let (browsing, commands) = paste(state());
    assert_eq!((browsing.mode, commands), (Mode::Browse, vec![]));
    let (asked, _) = press(state(), "r");
    let (asked, commands) = paste(asked);
    assert_eq!(commands, []);
    let Mode::Typing { text, .. } = asked.mode else { panic!("the question is still open") };
    assert_eq!(text, "a Acq");
}

#[test]
fn ctrl_c_leaves_from_everywhere() {
    for keys in ["<Ctrl-C>", "r<Ctrl-C>", "?<Ctrl-C>", "A<Ctrl-C>", "/x<Ctrl-C>"] {
        assert_eq!(press(state(), keys).1, [Command::Quit], "{keys}");
    }
}

#[test]
fn after_a_decision_the_next_hunk_that_waits_is_at_hand_and_undo_goes_back() {
    let board = fixture::board();
    let id = board[0].changeset.id;
    let now = vec![rejected(&board[0], 1), board[1].clone()];
    let (state, _) = update(state(), Input::Board(now));
    let done =
        Done { id, decision: Decision::Reject(None), result: Ok(report(id, "rejected", &[1])) };
    let (state, _) = update(state, Input::Done(done));
    assert_eq!(place(&state), (0, 2));
    assert_eq!(state.status.text, "hunk 1 rejected");
    let (state, commands) = press(state, "u");
    assert_eq!(commands.iter().map(shown).collect::<Vec<_>>(), ["Undo Hunks([1])"]);
    let done = Done { id, decision: Decision::Undo, result: Ok(report(id, "undone", &[1])) };
    let (state, _) = update(state, Input::Done(done));
    assert_eq!(place(&state), (0, 1));
    assert!(state.decided.is_empty());
}

#[test]
fn a_refusal_says_why_and_loses_nothing() {
    let (state, _) = press(state(), "n");
    let (id, before) = (state.at.unwrap().id, place(&state));
    let conflict = RefusedHunk {
        hunk: 2,
        path: "src/queue.rs".parse().unwrap(),
        reason: "its lines have changed".to_owned(),
    };
    let refused = Report { refused: vec![conflict], ..report(id, "accepted", &[]) };
    let done = Done { id, decision: Decision::Accept, result: Ok(refused) };
    let (state, _) = update(state, Input::Done(done));
    assert_eq!(place(&state), before);
    assert_eq!(state.status.text, "hunk 2 refused: its lines have changed");
    assert!(state.status.refused);
    let done = Done { id, decision: Decision::Accept, result: Err("the world moved".to_owned()) };
    let (state, _) = update(state, Input::Done(done));
    assert_eq!((place(&state), state.status.text.as_str()), (before, "the world moved"));
}

#[test]
fn what_others_do_moves_nothing_under_the_hand() {
    let board = fixture::board();
    let (state, _) = press(state(), "j");
    let new = fixture::change("New", "new.rs", "a\n", "b\n");
    let now = vec![rejected(&rejected(&board[0], 1), 2), board[1].clone(), new];
    let (state, _) = update(state, Input::Board(now));
    let titles: Vec<&str> =
        state.changes.iter().map(|change| change.changeset.title.as_str()).collect();
    assert_eq!(titles, ["Ask whether it is empty", "Greet", "New"]);
    assert_eq!(place(&state), (1, 1));
    let (state, _) = update(state, Input::Board(Vec::new()));
    assert_eq!(state.at, None);
    for keys in ["jknpaeursG", "A", "R", "/x<Enter>", "<Tab>j "] {
        assert_eq!(press(state.clone(), keys).1, [], "{keys} with nothing there");
    }
}

#[test]
fn a_hunk_that_needs_another_is_accepted_with_it_or_knowingly_without() {
    let needing = || {
        let mut board = fixture::board();
        board[0] = fixture::needing(board[0].clone());
        press(State::new(board, None), "na").0
    };
    let Mode::Needed(needs) = needing().mode else { panic!("it is asked first") };
    assert_eq!(needs.together, [1, 2]);
    let after = |keys: &str| {
        let commands = press(needing(), keys).1;
        commands.iter().map(shown).collect::<Vec<_>>()
    };
    assert_eq!(after("b"), ["Accept Hunks([1, 2])"]);
    assert_eq!(after("o"), ["Accept Hunks([2])"]);
    for keys in ["c", "a", "y", "<Esc>"] {
        assert_eq!(after(keys), Vec::<String>::new(), "{keys}");
    }
    assert_eq!(press(press(needing(), "c").0, "pa").1.len(), 1, "the needed one needs nothing");
}

#[test]
fn a_typed_line_survives_what_others_do() {
    let (state, _) = press(state(), "rbecause");
    let (state, _) = update(state, Input::Board(fixture::board()));
    let (_, commands) = press(state, "<Enter>");
    assert_eq!(shown(&commands[0]), "Reject(Some(\"because\")) Hunks([1])");
}

#[test]
fn skipping_goes_on_and_comes_round_to_nothing() {
    check(
        "s",
        expect![[r#"
        at (0, 2) Changes
        []
        skipped hunk 1
    "#]],
    );
    check(
        "ss",
        expect![[r#"
        at (1, 1) Changes
        []
        skipped hunk 2
    "#]],
    );
    check(
        "sss",
        expect![[r#"
        at (1, 1) Changes
        []
        skipped hunk 1; nothing else waits
    "#]],
    );
}

#[test]
fn landings_are_kept_by_hunk() {
    let state = state();
    let id = state.at.unwrap().id;
    let path = state.path().unwrap().clone();
    let hunks = BTreeMap::from([(2, Landing::Line(9))]);
    let (state, _) = update(state, Input::Landings(Landings { id, path, hunks }));
    assert_eq!(state.landings.get(&(id, 2)), Some(&Landing::Line(9)));
}

#[test]
fn taking_back_what_gave_way_names_the_change_that_decides() {
    let mut board = fixture::board();
    let (id, by) = (board[0].changeset.id, board[1].changeset.id);
    let mut given = BoardChange::clone(&board[0]);
    let superseded = Event::Superseded { changeset: id, hunks: vec![1], by };
    given.state = model::ChangeSetState::fold(Some(given.state), 9, &superseded).unwrap();
    board[0] = Arc::new(given);
    let mut state = State::new(board, None);
    state.go_to(Place { id, hunk: 1 });
    let (state, commands) = press(state, "u");
    assert_eq!(commands, []);
    let said = format!("{:?}", state.status);
    assert!(said.contains(&format!("gave way to change {}", by.short())), "{said}");
}
