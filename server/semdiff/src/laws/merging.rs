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

/// Where `hunk` belongs in `current`, by the person's edits, if `anchor` says that it has a place.
fn truth(before: &LineSpan, anchor: &Anchor, current: &Edited) -> Option<Range<usize>> {
    let lines = true_place(&rows(before), current);
    let place =
        lines.map(|place| offset(&current.text, place.start)..offset(&current.text, place.end));
    match anchor {
        Anchor::Merged(..) if before.lines == 0 => {
            place.or_else(|| beside_the_kept_line(before.first_line as usize, current))
        }
        _ => place,
    }
}

/// `current` with the lines of `range` replaced, and where its lines are from.
fn with(current: &Edited, range: &Range<usize>, replacement: &str) -> Edited {
    let at = rows(&line_span(current.text.as_bytes(), range.clone()));
    let mut lines: Vec<&str> = split(&current.text);
    lines.splice(at.clone(), split(replacement));
    let text = lines.concat();
    let mut origins = current.origins.clone();
    origins.splice(at, split(replacement).iter().map(|_| None));
    Edited { text, origins, base_lines: current.base_lines }
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
        let belongs = truth(&before, &anchor, &current);
        prop_assert_eq!(Some(range), belongs.as_ref(), "{:?}", anchor);
        let merged = with(&current, range, std::str::from_utf8(replacement).unwrap());
        let text = place(current.text.as_bytes(), &[(range.clone(), replacement)]).unwrap();
        prop_assert_eq!(merged.text.as_bytes(), text, "a line ran into another");
        current = merged;
        landed.push(nth);
    }
    landed.sort_unstable();
    Ok((landed, current.text))
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
