//! The laws of accepting and undoing one by one, amid a person's edits, on texts of every kind.
//!
//! The person's edits are made at known places, so the text after each acceptance is known line by line.

use super::*;

/// Lines of every kind: beyond the BMP, combining marks, tabs, a mark and returns within a line.
const WILD: &[&str] = &[
    "a",
    "b",
    "",
    "\t}",
    "𝒳é\u{1f980}",
    "e\u{301}\u{20dd}o\u{200d}",
    "x\ry",
    "\r",
    "\u{feff}",
    "\u{2028}",
];

fn wild() -> impl Strategy<Value = String> {
    let lines = prop::collection::vec(line(WILD), 0..12);
    (prop::bool::weighted(0.1), lines, prop::bool::weighted(0.3)).prop_map(|(mark, lines, open)| {
        let mut text = format!("{}{}", if mark { "\u{feff}" } else { "" }, lines.concat());
        if open && text.ends_with('\n') {
            text.pop();
        }
        text
    })
}

/// Where lines `rows` belong in `current`, by the person's edits, if `anchor` says that they have a place.
///
/// Of the lines that were accepted it is known where they belong among those of base, so they are lines that
/// `current` was made from, as base is. Were they taken for the person's, an insertion beside them whose own
/// neighbour the person deleted would have no known place, though it stands before or behind them for certain.
fn truth(rows: &Range<usize>, anchor: &Anchor, current: &Edited) -> Option<Range<usize>> {
    let place = true_place(rows, current)
        .map(|place| offset(&current.text, place.start)..offset(&current.text, place.end));
    match anchor {
        Anchor::Merged(..) if rows.is_empty() => {
            place.or_else(|| beside_the_kept_line(rows.start, current))
        }
        _ => place,
    }
}

/// Lines `rows` of base, where hunks that landed are a part of it.
fn past(landed: &Stated<'_>, rows: &Range<usize>) -> Range<usize> {
    let above = landed.iter().filter(|(before, _)| (before.first_line as usize) < rows.start);
    let start = above
        .fold(rows.start, |start, (before, text)| start + lines_in(text) - before.lines as usize);
    start..start + rows.len()
}

/// `current` with the lines of `range`, which are lines `rows` of what it was made from, replaced in both.
fn with(
    current: &Edited,
    range: &Range<usize>,
    rows_before: &Range<usize>,
    replacement: &str,
) -> Edited {
    let at = rows(&line_span(current.text.as_bytes(), range.clone()));
    let mut lines: Vec<&str> = split(&current.text);
    lines.splice(at.clone(), split(replacement));
    let text = lines.concat();
    let added = split(replacement).len();
    let moved = |row: usize| match row < rows_before.end {
        true => row,
        false => row + added - rows_before.len(),
    };
    let mut origins: Vec<Option<usize>> =
        current.origins.iter().map(|origin| origin.map(moved)).collect();
    origins.splice(at, (rows_before.start..).take(added).map(Some));
    Edited { text, origins, base_lines: current.base_lines + added - rows_before.len() }
}

/// Accepts hunks one by one and says which landed.
fn accepted(
    base: &str,
    hunks: &Stated<'_>,
    order: &[usize],
    mut current: Edited,
) -> Result<(Vec<usize>, String), TestCaseError> {
    let mut landed: Vec<usize> = Vec::new();
    for &nth in order {
        let (before, replacement) = hunks[nth];
        let known: Stated<'_> = landed.iter().map(|&nth| hunks[nth]).collect();
        let anchoring = Anchoring::past(base.as_bytes(), &known, current.text.as_bytes()).unwrap();
        let anchor = anchoring.anchor(&before, replacement);
        let Some(range) = anchor.target() else { continue };
        let rows_before = past(&known, &rows(&before));
        let belongs = truth(&rows_before, &anchor, &current);
        prop_assert_eq!(Some(range), belongs.as_ref(), "{:?}", anchor);
        let replaced = std::str::from_utf8(replacement).unwrap();
        let merged = with(&current, range, &rows_before, replaced);
        let text = place(current.text.as_bytes(), &[(range.clone(), replacement)]).unwrap();
        prop_assert_eq!(merged.text.as_bytes(), text, "a line ran into another");
        current = merged;
        landed.push(nth);
    }
    landed.sort_unstable();
    Ok((landed, current.text))
}

/// `base` without lines `deleted`.
fn without(base: &str, deleted: Range<usize>) -> Edited {
    let kept: Vec<usize> = (0..split(base).len()).filter(|row| !deleted.contains(row)).collect();
    let text = kept.iter().map(|&row| split(base)[row]).collect();
    Edited { text, origins: kept.into_iter().map(Some).collect(), base_lines: split(base).len() }
}

#[test]
fn an_insertion_stands_before_accepted_text_that_equals_its_deleted_neighbour() {
    let base = "𝒳é\u{1f980}\nq\n";
    let proposal = "a\n𝒳é\u{1f980}\n𝒳é\u{1f980}\na\nq\n";
    let hunks = stated(base, proposal);
    assert_eq!(hunks.len(), 2);
    for order in [[0, 1], [1, 0]] {
        let (landed, text) = accepted(base, &hunks, &order, without(base, 0..1)).unwrap();
        assert_eq!((landed, text.as_str()), (vec![0, 1], "a\n𝒳é\u{1f980}\na\nq\n"));
    }
    // As it was found: with nothing left of the file there is no place at all.
    let (base, proposal) = (&base[..base.len() - 2], &proposal[..proposal.len() - 2]);
    let hunks = stated(base, proposal);
    for order in [[0, 1], [1, 0]] {
        let (landed, text) = accepted(base, &hunks, &order, without(base, 0..1)).unwrap();
        assert_eq!((landed, text.as_str()), (vec![], ""));
    }
}

#[test]
fn an_insertion_at_the_end_stands_behind_accepted_text_that_equals_its_deleted_neighbour() {
    let base = "\n𝒳é\u{1f980}\nb\n";
    let hunks = stated(base, "b\n𝒳é\u{1f980}\nb\na\n");
    assert_eq!(hunks.len(), 2);
    for order in [[0, 1], [1, 0]] {
        let (landed, text) = accepted(base, &hunks, &order, without(base, 1..3)).unwrap();
        assert_eq!((landed, text.as_str()), (vec![0, 1], "b\na\n"));
    }
}

fn shuffled(count: usize, keys: &[u32]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_key(|&nth| keys[nth % keys.len()]);
    order
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn texts_of_every_kind_anchor_without_harm(base in wild(), proposal in wild(), current in wild()) {
        let hunks = stated(&base, &proposal);
        prop_assert_eq!(apply(base.as_bytes(), &hunks).unwrap(), proposal.as_bytes());
        holds_anywhere(&base, &hunks, &current)?;
        holds_anywhere(&base, &hunks, &proposal)?;
    }

    #[test]
    fn hunks_accepted_amid_edits_land_where_they_belong_in_any_order(
        base in text(),
        changes in edits(FEW),
        own in edits(FOREIGN),
        keys in prop::collection::vec(any::<u32>(), 12),
    ) {
        let proposal = edited(&base, &changes).text;
        let current = edited(&base, &own);
        if !base.ends_with('\n') || !is_shortest(&base, &current) {
            return Ok(());
        }
        let hunks = stated(&base, &proposal);
        let forwards: Vec<usize> = (0..hunks.len()).collect();
        let (landed, text) = accepted(&base, &hunks, &shuffled(hunks.len(), &keys), current.clone())?;
        let (landed_forwards, text_forwards) = accepted(&base, &hunks, &forwards, current.clone())?;
        if landed == landed_forwards {
            prop_assert_eq!(&text, &text_forwards);
        }
        // Together they give what they give one by one.
        let anchors = anchor_all(base.as_bytes(), &hunks, current.text.as_bytes());
        let placed: Vec<usize> = (0..hunks.len()).filter(|&nth| anchors[nth].target().is_some()).collect();
        let edits: Vec<_> = placed
            .iter()
            .map(|&nth| (anchors[nth].target().unwrap().clone(), hunks[nth].1.to_vec()))
            .collect();
        let together = place(current.text.as_bytes(), &together(&edits)).unwrap();
        if placed == landed {
            prop_assert_eq!(together, text.as_bytes());
        }
    }

    #[test]
    fn accepted_amid_edits_and_undone_in_any_order_is_the_persons_text(
        base in wild(),
        changes in edits(WILD),
        own in edits(FOREIGN),
        keys in prop::collection::vec(any::<u32>(), 12),
    ) {
        let proposal = edited(&base, &changes).text;
        let current = edited(&base, &own).text.into_bytes();
        let hunks = stated(&base, &proposal);
        let anchors = anchor_all(base.as_bytes(), &hunks, &current);
        let edits: Vec<_> = anchors
            .iter()
            .zip(&hunks)
            .filter_map(|(anchor, (_, text))| Some((anchor.target()?.clone(), text.to_vec())))
            .collect();
        let edits = together(&edits);
        let left = place(&current, &edits).unwrap();
        let mut grown = 0_isize;
        let inverse: Vec<(LineSpan, &[u8])> = edits
            .iter()
            .map(|(range, text)| {
                let start = range.start.checked_add_signed(grown).unwrap();
                grown += text.len() as isize - range.len() as isize;
                (line_span(&left, start..start + text.len()), &current[range.clone()])
            })
            .collect();
        // Deletions that came to touch have one place; which was first is asked of their order, not of text.
        if inverse.windows(2).any(|pair| pair[0].0.start == pair[1].0.start) {
            return Ok(());
        }
        let (mut text, mut undone) = (left.clone(), Stated::new());
        for nth in shuffled(inverse.len(), &keys) {
            let (before, original) = inverse[nth];
            let anchoring = Anchoring::past(&left, &undone, &text).unwrap();
            let anchor = anchoring.anchor(&before, original);
            prop_assert!(matches!(anchor, Anchor::Unchanged(_)), "{anchor:?}");
            text = place(&text, &[(anchor.target().unwrap().clone(), original)]).unwrap();
            undone.push((before, original));
        }
        prop_assert_eq!(text, current);
    }

    #[test]
    fn undo_lands_where_it_belongs_or_nowhere_after_later_edits(
        base in text(),
        changes in edits(FEW),
        own in edits(FOREIGN),
    ) {
        let left = edited(&base, &changes).text;
        let current = edited(&left, &own);
        if !left.ends_with('\n') {
            return Ok(());
        }
        let hunks = crate::hunks(base.as_bytes(), left.as_bytes());
        let back: Stated<'_> =
            inverse(&hunks).into_iter().map(|(from, to)| (from, to.of(base.as_bytes()))).collect();
        lands_truly(&left, &back, &current)?;
    }
}

proptest! {
    #![proptest_config(Config { failure_persistence: None, ..Config::with_cases(6) })]

    #[test]
    fn lines_of_a_megabyte_are_lines(
        base in prop::collection::vec(0..4_usize, 1..6),
        proposal in prop::collection::vec(0..4_usize, 1..6),
        current in prop::collection::vec(0..4_usize, 1..6),
    ) {
        let long = "z".repeat(1 << 20);
        let other = format!("{long}𝒳");
        let words = ["a", "b", &long, &other];
        let text = |lines: &[usize]| -> String { lines.iter().map(|&nth| words[nth].to_owned() + "\n").collect() };
        let (base, proposal, current) = (text(&base), text(&proposal), text(&current));
        // Compared without being shown: nobody wants to read them.
        let hunks = stated(&base, &proposal);
        prop_assert!(apply(base.as_bytes(), &hunks).unwrap() == proposal.as_bytes());
        for (anchor, (_, replacement)) in anchor_all(base.as_bytes(), &hunks, current.as_bytes()).iter().zip(&hunks) {
            if let Some(range) = anchor.target() {
                let after = place(current.as_bytes(), &[(range.clone(), *replacement)]).unwrap();
                prop_assert!(after.starts_with(&current.as_bytes()[..range.start]));
                prop_assert!(after.ends_with(&current.as_bytes()[range.end..]));
            }
        }
    }
}
