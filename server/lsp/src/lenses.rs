//! The hunks of a document as code lenses: accept, reject, and what it is and how it is judged. For clients that ask.

use lsp_types::{CodeLens, Command};
use ropey::Rope;

use crate::actions::{arguments, judged, title};
use crate::command::Verb;
use crate::placement::{Place, PlacedHunk, denial};
use crate::position::{self, Encoding};

/// How many hunks of a document get lenses: an editor draws a line for each.
const HUNKS_MAX: usize = 500;

/// The lenses of the hunks that wait, in the order of the text.
pub(crate) fn of(text: &Rope, placed: &[&PlacedHunk], encoding: Encoding) -> Vec<CodeLens> {
    let waiting = placed.iter().filter(|hunk| hunk.place.waits()).take(HUNKS_MAX);
    waiting.flat_map(|hunk| one(text, hunk, encoding)).collect()
}

fn one(text: &Rope, placed: &PlacedHunk, encoding: Encoding) -> Vec<CodeLens> {
    let change = &placed.change;
    let range = position::shown(text, &placed.place.bytes(), encoding);
    let lens = |title: String, verb: Verb, hunks: Option<Vec<u32>>| CodeLens {
        range,
        command: Some(Command {
            title,
            command: verb.name().to_owned(),
            arguments: serde_json::to_value(arguments(change, hunks)).ok().map(|one| vec![one]),
        }),
        data: None,
    };
    let this = Some(vec![placed.ordinal]);
    let (accept, reject) = match placed.place {
        _ if placed.is_adopted() => ("Accept as reviewed", "Reject and take out"),
        Place::Landed { .. } => ("Accept as it is", "Reject and leave the text"),
        _ => ("Accept", "Reject"),
    };
    let what = format!("{}: {}", title(change), judged(change));
    // What can be done stands first: the rest may reach beyond the edge of the window.
    let mut lenses = Vec::new();
    if denial(change).is_none() {
        lenses.push(lens(accept.to_owned(), Verb::Accept, this.clone()));
    }
    lenses.push(lens(reject.to_owned(), Verb::Reject, this));
    lenses.push(lens(what, Verb::Why, None));
    lenses
}

#[cfg(test)]
mod tests {
    use engine::Board;
    use expect_test::{Expect, expect};
    use model::Decision;

    use super::*;
    use crate::fixture::{Sketch, accepted};
    use crate::placement;

    fn check(sketch: &Sketch, expected: Expect) {
        let text = "a\nb\nc\nd\ne\n";
        let board = Board { seq: 1, changes: vec![sketch.on_board()], ..Board::default() };
        let placed = placement::place(&"a.rs".parse().unwrap(), text, &board);
        let lenses = of(&Rope::from_str(text), &placed.iter().collect::<Vec<_>>(), Encoding::Utf16);
        let shown = |lens: CodeLens| {
            let command = lens.command.unwrap();
            format!("{} {} [{}]\n", lens.range.start.line, command.title, command.command)
        };
        expected.assert_eq(&lenses.into_iter().map(shown).collect::<String>());
    }

    #[test]
    fn a_hunk_that_waits_has_its_judgement_and_both_decisions() {
        let mut sketch =
            Sketch::new("a.rs", "a\nb\nc\nd\ne\n", "a\nB\nc\nD\ne\n").judged(34, Decision::Review);
        check(
            &sketch,
            expect![[r#"
                1 Accept [countersign.accept]
                1 Reject [countersign.reject]
                1 Tidy a.rs: risk 34 medium, needs a person [countersign.why]
                3 Accept [countersign.accept]
                3 Reject [countersign.reject]
                3 Tidy a.rs: risk 34 medium, needs a person [countersign.why]
            "#]],
        );
        sketch.states = vec![accepted(true), accepted(true)];
        check(&sketch, expect![""]);
    }

    #[test]
    fn a_denied_hunk_cannot_be_accepted() {
        let sketch =
            Sketch::new("a.rs", "a\nb\nc\nd\ne\n", "a\nB\nc\nd\ne\n").judged(80, Decision::Deny);
        check(
            &sketch,
            expect![[r#"
                1 Reject [countersign.reject]
                1 Tidy a.rs: risk 80 critical, denied by policy [countersign.why]
            "#]],
        );
    }
}
