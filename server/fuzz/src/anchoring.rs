//! Anchoring: three texts, and what must hold of the hunks between the first two in the third.

use semdiff::{Anchor, anchor_all, apply, hunks, inverse, line_span, place, together};

/// What stands between two texts.
const SEPARATOR: &[u8] = b"%%\n";

/// More bytes than this only take longer.
const BYTES_MAX: usize = 64 * 1024;

/// Anchors the hunks between two texts in a third; `data` is the three, with `%%` and a line feed between.
///
/// # Panics
/// If a law does not hold.
pub fn anchoring(data: &[u8]) {
    if data.len() > BYTES_MAX {
        return;
    }
    let (base, rest) = parted(data);
    let (proposal, current) = parted(rest);
    let spans = hunks(base, proposal);
    let stated: Vec<_> =
        spans.iter().map(|(before, after)| (*before, after.of(proposal))).collect();
    let back = inverse(&spans);
    let back: Vec<_> = back.iter().map(|(from, to)| (*from, to.of(base))).collect();
    assert_eq!(apply(base, &stated).as_deref(), Ok(proposal), "all hunks give the proposal");
    assert_eq!(apply(proposal, &back).as_deref(), Ok(base), "and back");

    for (text, landed) in [(base, false), (proposal, true)] {
        for anchor in anchor_all(base, &stated, text) {
            match anchor {
                Anchor::Unchanged(_) => assert!(!landed),
                Anchor::AlreadyThere(_) => assert!(landed),
                other => panic!("{other:?} in a text that nobody touched"),
            }
        }
    }

    let anchors = anchor_all(base, &stated, current);
    assert_eq!(anchors.len(), stated.len());
    let mut edits = Vec::new();
    for (anchor, (before, replacement)) in anchors.iter().zip(&stated) {
        match anchor {
            Anchor::AlreadyThere(range) => assert_eq!(&current[range.clone()], *replacement),
            Anchor::Conflict(reason) => assert!(!reason.to_string().is_empty()),
            Anchor::Unchanged(range) | Anchor::Shifted(range, _) | Anchor::Merged(range, _) => {
                assert_eq!(
                    &current[range.clone()],
                    before.of(base),
                    "it replaces what it meant to"
                );
                assert_eq!(line_span(current, range.clone()).bytes(), *range, "whole lines");
                let (above, below) = (&current[..range.start], &current[range.end..]);
                let after = [above, replacement, below].concat();
                let parts: usize = [above, replacement, below].map(lines).iter().sum();
                assert_eq!(lines(&after), parts, "no line runs into another");
                edits.push((range.clone(), replacement.to_vec()));
            }
        }
    }
    assert!(place(current, &together(&edits)).is_ok(), "no hunk stands in the way of another");
}

fn parted(data: &[u8]) -> (&[u8], &[u8]) {
    let at = data.windows(SEPARATOR.len()).position(|window| window == SEPARATOR);
    at.map_or((data, &[]), |at| (&data[..at], &data[at + SEPARATOR.len()..]))
}

fn lines(text: &[u8]) -> usize {
    text.split_inclusive(|&byte| byte == b'\n').count()
}
