use expect_test::{Expect, expect};

use super::*;
use crate::fixture::{self, Sketch};

fn check(before: &str, after: &str, buffer: &str, expected: Expect) {
    let change = Sketch::new("a.rs", before, after).on_board();
    let board = Board { seq: 1, changes: vec![change], ..Board::default() };
    let placed = place(&"a.rs".parse().unwrap(), buffer, &board);
    let shown: String = placed
        .iter()
        .map(|hunk| {
            let bytes = hunk.place.bytes();
            format!("{} {:?} {:?}\n", hunk.ordinal, hunk.place, &buffer[bytes])
        })
        .collect();
    expected.assert_eq(&shown);
}

#[test]
fn hunks_follow_what_the_person_typed_above() {
    check(
        "a\nb\nc\nd\ne\n",
        "a\nB\nc\nd\ne\nf\n",
        "typed\na\nb\nc\nd\ne\n",
        expect![[r#"
            1 Proposed { bytes: 8..10, drift: Moved } "b\n"
            2 Proposed { bytes: 16..16, drift: Moved } ""
        "#]],
    );
}

#[test]
fn a_hunk_whose_text_changed_has_no_place_and_one_that_is_there_is_where_it_is() {
    let board = Board {
        changes: vec![Sketch::new("a.rs", "a\nb\nc\n", "a\nB\nc\n").on_board()],
        ..Board::default()
    };
    let placed = place(&"a.rs".parse().unwrap(), "a\nmine\nc\n", &board);
    assert!(matches!(placed[0].place, Place::Nowhere { .. }) && !placed[0].place.waits());
    check(
        "a\nb\nc\n",
        "a\nB\nc\n",
        "a\nB\nc\n",
        expect![[r#"
            1 Landed { bytes: 2..4 } "B\n"
        "#]],
    );
}

#[test]
fn a_hunk_that_landed_with_the_others_is_shown_as_an_acceptance_finds_it() {
    // Both landed, and `a` was deleted since; asked for alone, the last one has a place.
    check(
        "q\na\nq\n",
        "e\na\nq\nq\n",
        "e\nq\nq\n",
        expect![[r#"
            1 Nowhere { reason: "the lines right next to it were changed" } ""
            2 Nowhere { reason: "it seems to have landed with the rest of its change, at line 3" } ""
        "#]],
    );
}

#[test]
fn a_hunk_beside_an_accepted_one_is_shown_as_an_acceptance_finds_it() {
    let mut sketch = Sketch::new("a.rs", "x\n\nx\n\nx\n\n", "X\n\nx\n\nX\n\n");
    sketch.states = vec![fixture::accepted(true)];
    let board = Board { seq: 1, changes: vec![sketch.on_board()], ..Board::default() };
    let placed = place(&"a.rs".parse().unwrap(), "X\n\nx\n\nx\n\n", &board);
    let last = placed.iter().find(|hunk| hunk.ordinal == 2).map(|hunk| &hunk.place);
    assert_eq!(last, Some(&Place::Proposed { bytes: 6..8, drift: Drift::None }));
}

#[test]
fn a_text_with_lone_returns_is_left_alone() {
    check("a\nb\n", "a\nB\n", "a\nb\nx\ry\n", expect![""]);
}

#[test]
fn an_accepted_hunk_is_found_where_it_landed() {
    let mut sketch = Sketch::new("a.rs", "a\nb\nc\n", "a\nB\nc\n");
    sketch.states = vec![fixture::accepted(false)];
    let board = Board { seq: 1, changes: vec![sketch.on_board()], ..Board::default() };
    let placed = place(&"a.rs".parse().unwrap(), "x\na\nB\nc\n", &board);
    assert_eq!(placed.len(), 1);
    assert_eq!(placed[0].place, Place::Accepted { bytes: 4..6 });
}

#[test]
fn an_accepted_hunk_whose_text_was_changed_is_about_where_it_was() {
    let mut sketch = Sketch::new("a.rs", "a\nb\nc\nd\n", "a\nB\nc\nd\n");
    sketch.states = vec![fixture::accepted(true)];
    let board = Board { seq: 1, changes: vec![sketch.on_board()], ..Board::default() };
    let placed = |buffer: &str| {
        let placed = place(&"a.rs".parse().unwrap(), buffer, &board);
        assert_eq!(placed.len(), 1, "{buffer}");
        assert!(!placed[0].place.waits() && placed[0].place.is_accepted());
        (placed[0].place.clone(), buffer[placed[0].place.bytes()].to_owned())
    };
    let settled = |start, end| Place::Settled { bytes: start..end };
    assert_eq!(placed("x\na\nmine\nc\nd\n"), (settled(4, 9), "mine\n".into()));
    assert_eq!(placed("x\na\nd\n"), (settled(4, 4), String::new()));
    assert_eq!(placed("x\na\nb\nc\nd\n"), (settled(4, 6), "b\n".into()));
    assert_eq!(placed(""), (settled(0, 0), String::new()));
}

#[test]
fn an_undone_hunk_is_where_it_would_go_again() {
    let mut sketch = Sketch::new("a.rs", "a\nb\nc\n", "a\nB\nc\n");
    sketch.states = vec![fixture::undone()];
    let board = Board { seq: 1, changes: vec![sketch.on_board()], ..Board::default() };
    let placed = place(&"a.rs".parse().unwrap(), "x\na\nb\nc\n", &board);
    assert_eq!(placed.len(), 1);
    assert_eq!(placed[0].place, Place::Undone { bytes: 4..6 });
    assert!(place(&"a.rs".parse().unwrap(), "a\nmine\nc\n", &board).is_empty());
}

#[test]
fn a_deleted_file_is_one_place() {
    let board =
        Board { seq: 1, changes: vec![fixture::deletion("a.rs", "a\n")], ..Board::default() };
    let placed = place(&"a.rs".parse().unwrap(), "a\n", &board);
    assert_eq!(placed.iter().map(|p| &p.place).collect::<Vec<_>>(), [&Place::WholeFile]);
    assert!(place(&"b.rs".parse().unwrap(), "a\n", &board).is_empty());
}

#[test]
fn a_hunk_whose_own_lines_are_typed_into_stays_stretched_over_it() {
    let text = "q\na\nb\nc\nq\nq\n";
    let change = Sketch::new("a.rs", text, "q\na\nB\nc\nq\nq\n").on_board();
    let board = Board { changes: vec![change], ..Board::default() };
    let after = |start, end, len| {
        let mut placed = place(&"a.rs".parse().unwrap(), text, &board);
        let typed = shift(&mut placed, &[Edit { start, end, len }]);
        let left: Vec<_> = placed.iter().map(|hunk| hunk.place.bytes()).collect();
        (left, !typed.is_empty())
    };
    let elsewhere = |bytes| (vec![bytes], false);
    let typed = |bytes| (vec![bytes], true);
    assert_eq!(after(0, 0, 4), elsewhere(8..10));
    assert_eq!(after(9, 9, 3), elsewhere(4..6));
    // In its line, in the first column of it, and at its end.
    assert_eq!(after(5, 5, 1), typed(4..7));
    assert_eq!(after(4, 4, 1), typed(4..7));
    assert_eq!(after(4, 5, 0), typed(4..5));
    // In the lines beside it.
    assert_eq!(after(2, 3, 2), typed(5..7));
    assert_eq!(after(7, 7, 1), typed(4..6));
    assert_eq!(after(3, 6, 1), typed(3..4));
    // All around it is another text.
    assert_eq!(after(0, 12, 12), (vec![], false));
}

#[test]
fn places_move_through_edits() {
    let through = |start, end, len| through(10..20, Edit { start, end, len });
    assert_eq!(through(0, 0, 5), 15..25);
    assert_eq!(through(0, 10, 0), 0..10);
    assert_eq!(through(25, 30, 0), 10..20);
    assert_eq!(through(12, 14, 5), 10..23);
    assert_eq!(through(5, 12, 1), 5..14);
    assert_eq!(through(18, 22, 4), 10..22);
    assert_eq!(through(5, 30, 0), 5..5);
}

proptest::proptest! {
    #[test]
    fn an_edit_elsewhere_keeps_the_text_of_a_place(
        before in "[ab\n]{0,20}", inside in "[cd]{1,5}", after in "[ab\n]{0,20}",
        first in 0_usize..20, last in 0_usize..20, new in "[xy\n]{0,6}", behind: bool,
    ) {
        let mut text = format!("{before}{inside}{after}");
        let place = before.len()..before.len() + inside.len();
        let (base, limit) = if behind { (place.end, after.len()) } else { (0, before.len()) };
        let (first, last) = (first.min(limit), last.min(limit));
        let (start, end) = (base + first.min(last), base + first.max(last));
        text.replace_range(start..end, &new);
        let moved = through(place, Edit { start, end, len: new.len() });
        proptest::prop_assert_eq!(&text[moved], inside);
    }
}
