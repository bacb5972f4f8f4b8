use std::collections::BTreeMap;
use std::sync::Arc;

use engine::Landing;
use expect_test::{Expect, expect};
use model::ChangeSet;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::style::Color;

use super::*;
use crate::review::command::{Input, Landings};
use crate::review::fixture;
use crate::review::key::Key;
use crate::review::update::update;

const PLAIN: Paint = Paint { color: false };

fn draw(state: &State, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| view(state, PLAIN, frame)).unwrap();
    let buffer = terminal.backend().buffer().clone();
    let mut out = String::new();
    for y in 0..height {
        let mut line = String::new();
        let mut x = 0;
        while x < width {
            let symbol = buffer[(x, y)].symbol();
            line.push_str(symbol);
            x += u16::try_from(symbol.width().max(1)).unwrap();
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

fn press(state: State, keys: &str) -> State {
    keys.chars().fold(state, |state, c| {
        let key = if c == '\n' { Key::Enter } else { Key::Char(c) };
        update(state, Input::Key(key)).0
    })
}

fn state() -> State {
    State::new(fixture::board(), None)
}

fn check(state: &State, (width, height): (u16, u16), expected: Expect) {
    expected.assert_eq(&draw(state, width, height));
}

#[test]
fn a_wide_terminal_shows_everything() {
    let state = state();
    let (id, path) = (state.at.unwrap().id, state.path().unwrap().clone());
    let hunks = BTreeMap::from([(1, Landing::Line(7))]);
    let (state, _) = update(state, Input::Landings(Landings { id, path, hunks }));
    check(
        &state,
        (100, 20),
        expect![[r#"
        ┌ changes 1/2 ──────────────────┐┌ hunk 1/2 proposed · src/queue.rs ───────────────────────────────┐
        │> 2/2 Ask whether it is empty  ││1  /// Whether nothing waits.                                    │
        │  1/1 Greet  recipe rust/len-z…││2  pub fn idle(queue: &[u32]) -> bool {                          │
        └───────────────────────────────┘│3 -    queue.len() == 0                                          │
        ┌ hunks of ecfa7d145ba4 ────────┐│3 +    queue.is_empty()                                          │
        │> ?  1 src/queue.rs:3          ││4  }                                                             │
        │  ?  2 src/queue.rs:17         ││5                                                                │
        └───────────────────────────────┘│6  /// The sum of all.                                           │
        ┌ why ──────────────────────────┐│                                                                 │
        │moved: lands at line 8, made at││                                                                 │
        │3                              ││                                                                 │
        │rationale                      ││                                                                 │
        │  It reads better.             ││                                                                 │
        │from recipe rust/len-zero      ││                                                                 │
        │                               ││                                                                 │
        │                               ││                                                                 │
        │                               ││                                                                 │
        │                               ││                                                                 │
        └───────────────────────────────┘└─────────────────────────────────────────────────────────────────┘
        a accept  r reject  s skip  u undo  e edit  / search  ? keys  q quit
    "#]],
    );
}

#[test]
fn a_middling_terminal_shares_the_rows() {
    check(
        &state(),
        (70, 20),
        expect![[r#"
        ┌ changes 1/2 ────────────────────────┐┌ hunks of ecfa7d145ba4 ──────┐
        │> 2/2 Ask whether it is empty  recip…││> ?  1 src/queue.rs:3        │
        │  1/1 Greet  recipe rust/len-zero    ││  ?  2 src/queue.rs:17       │
        └─────────────────────────────────────┘└─────────────────────────────┘
        ┌ hunk 1/2 proposed · src/queue.rs ──────────────────────────────────┐
        │1  /// Whether nothing waits.                                       │
        │2  pub fn idle(queue: &[u32]) -> bool {                             │
        │3 -    queue.len() == 0                                             │
        │3 +    queue.is_empty()                                             │
        │4  }                                                                │
        │5                                                                   │
        │6  /// The sum of all.                                              │
        └────────────────────────────────────────────────────────────────────┘
        ┌ why ───────────────────────────────────────────────────────────────┐
        │rationale                                                           │
        │  It reads better.                                                  │
        │from recipe rust/len-zero                                           │
        │                                                                    │
        └────────────────────────────────────────────────────────────────────┘
        a accept  r reject  s skip  u undo  e edit  / search  ? keys  q quit
    "#]],
    );
}

#[test]
fn a_narrow_terminal_shows_one_pane() {
    let state = state();
    check(
        &state,
        (40, 8),
        expect![[r#"
        ┌ changes 1/2 ─────────────────────────┐
        │> 2/2 Ask whether it is empty  recipe…│
        │  1/1 Greet  recipe rust/len-zero     │
        │                                      │
        │                                      │
        │                                      │
        └──────────────────────────────────────┘
        a accept  r reject  s skip  u undo  e e…
    "#]],
    );
    check(
        &press(state, "j\n\n"),
        (40, 8),
        expect![[r#"
        ┌ hunk 1/1 proposed · app.py ──────────┐
        │ def greet():                         │
        │-    pass                             │
        │+    return "日本"                    │
        │                                      │
        │                                      │
        └──────────────────────────────────────┘
        a accept  r reject  s skip  u undo  e e…
    "#]],
    );
}

#[test]
fn questions_and_keys_are_at_the_bottom() {
    let asked = press(state(), "rtoo clever");
    assert_eq!(
        draw(&asked, 70, 20).lines().last().unwrap(),
        "why reject (Enter: no reason, Escape: keep)? too clever"
    );
    assert_eq!(
        draw(&press(state(), "A"), 70, 20).lines().last().unwrap(),
        "accept all of: [f]ile src/queue.rs, [c]hange, [Escape] none"
    );
    check(
        &press(state(), "?"),
        (76, 22),
        expect![[r#"
        ┌ changes 1/2 ───────────────────────────┐┌ hunks of ecfa7d145ba4 ─────────┐
        ┌ keys ───────────────────────────────────────────────────────────────────┐│
        │j k, arrows       down and up in the pane in focus                       ││
        │Tab, Enter        next pane: changes, hunks, diff, why                   │┘
        │n p               next and previous hunk (n: next match, while searching)│┐
        │Space, PgUp PgDn  a page down, up                                        ││
        │g G               top and bottom                                         ││
        │h l               scroll to the side                                     ││
        │a                 accept this hunk                                       ││
        │A                 accept all of the file or of the change                ││
        │r                 reject this hunk; asks why                             ││
        │R                 reject all of the file or of the change                ││
        │u                 take back the decision on this hunk, or the last one   ││
        │e                 edit this hunk in $VISUAL or $EDITOR, then accept it   │┘
        │s                 skip: go on to the next hunk that waits                │┐
        │/                 search titles, paths and proposed lines                ││
        │n N               next and previous match; Escape ends the search        ││
        │?                 these keys                                             ││
        │q                 quit                                                   ││
        └─────────────────────────────────────────────────────────────────────────┘│
        └──────────────────────────────────────────────────────────────────────────┘
        any key closes
    "#]],
    );
}

#[test]
fn scrolling_ends_with_the_last_row_in_sight() {
    let (state, _) = update(state(), Input::Size(70, 20));
    let state = press(state, "\n\n");
    assert_eq!(press(state.clone(), "jjjj").scroll.0, 0, "all rows are in sight");
    let (state, _) = update(state, Input::Size(40, 6));
    let end = press(state, "G");
    assert_eq!(end.scroll.0, end.rows.len() - 3);
    assert_eq!(press(end.clone(), "k").scroll.0, end.rows.len() - 4);
    assert!(draw(&end, 40, 6).contains("/// The sum of all."));
}

#[test]
fn no_size_is_too_small() {
    for width in [1, 2, 3, 4, 5, 9, 30, 61] {
        for height in [1, 2, 3, 4, 7, 19] {
            for keys in ["", "\n\n", "\n\n\n", "?", "rx", "A", "/e\n", "\n\nGk ", "\n\n\nGk "] {
                let (sized, _) = update(state(), Input::Size(width, height));
                draw(&press(sized, keys), width, height);
            }
        }
    }
    draw(&State::new(Vec::new(), None), 20, 5);
}

/// A change whose every word tries to steer the terminal.
fn hostile() -> State {
    let mut change =
        (*fixture::change("t", "src/x.rs", "a\n", "b\x1b[2J\x1b]0;gone\x07\u{202e}\n")).clone();
    let ChangeSet { base, mut origin, files, .. } = change.changeset.clone();
    origin.name = "\x1b[31mrecipe\r".to_owned();
    let (title, rationale) = ("\x1b[2Jtitle\n\x1b[H", "\u{9b}2J\nrationale\u{200b}\x08");
    change.changeset =
        ChangeSet { files, ..ChangeSet::new(base, origin, title.into(), rationale.into(), vec![]) };
    change.changeset.id = change.state.id;
    change.changeset.files[0].hunks[0].entity = Some("\x1b[5mentity".to_owned());
    State::new(vec![Arc::new(change)], None)
}

#[test]
fn what_is_proposed_cannot_steer_the_terminal() {
    for (width, height) in [(120, 30), (70, 24), (40, 10)] {
        for keys in ["", "\n", "\n\n", "\n\n\n"] {
            let drawn = draw(&press(hostile(), keys), width, height);
            let steers = |c: char| c != '\n' && crate::output::hidden(c);
            assert!(!drawn.contains(steers), "{drawn:?}");
        }
    }
    let drawn = draw(&press(hostile(), "\n\n"), 120, 30);
    assert!(drawn.contains("\\u{1b}[2Jtitle \\u{1b}[H"), "{drawn}");
    assert!(drawn.contains("+b\\u{1b}[2J\\u{1b}]0;gone\\u{7}\\u{202e}"), "{drawn}");
}

#[test]
fn colours_are_of_the_sixteen_and_go_when_they_are_not_wanted() {
    let colors = |color: bool| {
        let mut terminal = Terminal::new(TestBackend::new(120, 30)).unwrap();
        terminal.draw(|frame| view(&state(), Paint { color }, frame)).unwrap();
        let cells = terminal.backend().buffer().content().to_vec();
        let mut colors: Vec<Color> = cells.iter().flat_map(|cell| [cell.fg, cell.bg]).collect();
        colors.sort_by_key(|color| format!("{color:?}"));
        colors.dedup();
        colors
    };
    assert_eq!(colors(false), [Color::Reset]);
    let wanted = colors(true);
    assert!(wanted.len() > 3, "{wanted:?}");
    let of_the_palette = |color: &Color| !matches!(color, Color::Rgb(..) | Color::Indexed(_));
    assert!(wanted.iter().all(of_the_palette), "{wanted:?}");
}
