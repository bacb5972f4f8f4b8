//! Putting replacements into a text: together, in order, or not at all.

use std::ops::Range;

use model::LineSpan;

/// Why replacements cannot be applied together. Nothing was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Overlap {
    /// Two of them claim the same text, or insert at the same place, so their order is unknown.
    #[error(
        "two changes claim bytes {}..{} and {}..{}: take one of them first",
        first.start, first.end, second.start, second.end
    )]
    Edits {
        /// The one that starts first.
        first: Range<usize>,
        /// The other.
        second: Range<usize>,
    },
    /// A place that the text does not have.
    #[error("bytes {}..{} are not in a text of {size_bytes} bytes", place.start, place.end)]
    Outside {
        /// The place.
        place: Range<usize>,
        /// How long the text is.
        size_bytes: usize,
    },
}

/// `current` with each range replaced. The order of `edits` does not matter.
///
/// # Errors
/// [`Overlap`] if two ranges share a byte, two insertions share a place, or a range is outside.
pub fn place<R: AsRef<[u8]>>(
    current: &[u8],
    edits: &[(Range<usize>, R)],
) -> Result<Vec<u8>, Overlap> {
    let mut ordered: Vec<&(Range<usize>, R)> = edits.iter().collect();
    ordered.sort_by_key(|(range, _)| (range.start, range.end));
    let grown: usize = edits.iter().map(|(_, text)| text.as_ref().len()).sum();
    let mut placed = Vec::with_capacity(current.len() + grown);
    let mut last: Option<&Range<usize>> = None;
    for (range, text) in ordered {
        if let Some(last) = last
            && (range.start < last.end || range == last)
        {
            return Err(Overlap::Edits { first: last.clone(), second: range.clone() });
        }
        let outside = || Overlap::Outside { place: range.clone(), size_bytes: current.len() };
        let copied = last.map_or(0, |last| last.end);
        if range.end < range.start || range.end > current.len() {
            return Err(outside());
        }
        placed.extend_from_slice(current.get(copied..range.start).ok_or_else(outside)?);
        placed.extend_from_slice(text.as_ref());
        last = Some(range);
    }
    let copied = last.map_or(0, |last| last.end);
    placed.extend_from_slice(current.get(copied..).unwrap_or_default());
    Ok(placed)
}

/// `edits`, which are in the order of the text they were made against, with insertions at one place made one.
///
/// Two hunks that only insert have one place when all that lay between them was deleted. Which comes first
/// is known from where they were.
pub fn together(edits: &[(Range<usize>, Vec<u8>)]) -> Vec<(Range<usize>, Vec<u8>)> {
    let mut joined: Vec<(Range<usize>, Vec<u8>)> = Vec::with_capacity(edits.len());
    for (range, text) in edits {
        let twin = joined.iter_mut().find(|(other, _)| range.is_empty() && other == range);
        match twin {
            Some((_, inserted)) => inserted.extend_from_slice(text),
            None => joined.push((range.clone(), text.clone())),
        }
    }
    joined
}

/// `before` with each span replaced: what accepting these hunks gives, if nothing else changed.
///
/// # Errors
/// As [`place`].
pub fn apply<R: AsRef<[u8]>>(before: &[u8], edits: &[(LineSpan, R)]) -> Result<Vec<u8>, Overlap> {
    let edits: Vec<(Range<usize>, &[u8])> =
        edits.iter().map(|(span, text)| (span.bytes(), text.as_ref())).collect();
    place(before, &edits)
}

/// Where `span` of a text is after `landed` was applied to that text.
///
/// # Errors
/// [`Overlap::Edits`] if one of them claims text of `span`.
pub fn shift_past<R: AsRef<[u8]>>(
    span: &LineSpan,
    landed: &[(LineSpan, R)],
) -> Result<LineSpan, Overlap> {
    let mut shifted = *span;
    let mut move_by = |bytes: (usize, usize), lines: (u32, u32)| {
        shifted.start = (shifted.start + bytes.1).saturating_sub(bytes.0);
        shifted.end = (shifted.end + bytes.1).saturating_sub(bytes.0);
        shifted.first_line = (shifted.first_line + lines.1).saturating_sub(lines.0);
    };
    for (other, text) in landed {
        let text = text.as_ref();
        let before = other.end <= span.start && other.bytes() != span.bytes();
        let behind = span.end <= other.start && other.bytes() != span.bytes();
        if before {
            let lines = text.split_inclusive(|&byte| byte == b'\n').count();
            move_by(
                (other.end - other.start, text.len()),
                (other.lines, crate::text::narrow(lines)),
            );
        } else if !behind {
            let (first, second) = if other < span { (other, span) } else { (span, other) };
            return Err(Overlap::Edits { first: first.bytes(), second: second.bytes() });
        }
    }
    Ok(shifted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replacements_land_together_in_any_order() {
        let placed = place(b"abcdef", &[(4..6, "YY"), (0..1, "X"), (2..2, "-")]);
        assert_eq!(placed.unwrap(), b"Xb-cdYY");
    }

    #[test]
    fn what_overlaps_or_lies_outside_is_refused() {
        assert_eq!(
            place(b"abc", &[(1..3, "x"), (0..2, "y")]),
            Err(Overlap::Edits { first: 0..2, second: 1..3 })
        );
        assert_eq!(
            place(b"abc", &[(1..1, "x"), (1..1, "y")]),
            Err(Overlap::Edits { first: 1..1, second: 1..1 })
        );
        let outside = place(b"abc", &[(2..9, "x")]).unwrap_err();
        assert_eq!(outside.to_string(), "bytes 2..9 are not in a text of 3 bytes");
        let backwards = Range { start: 2, end: 1 };
        assert!(place(b"abc", &[(backwards, "x")]).is_err());
    }

    #[test]
    fn an_insertion_touching_a_replacement_keeps_its_side() {
        assert_eq!(place(b"abc", &[(1..2, "x"), (1..1, "-")]).unwrap(), b"a-xc");
        assert_eq!(place(b"abc", &[(1..2, "x"), (2..2, "-")]).unwrap(), b"ax-c");
    }

    #[test]
    fn insertions_at_one_place_are_one_in_their_order() {
        let edits = [(1..1, b"x".to_vec()), (1..2, b"y".to_vec()), (1..1, b"z".to_vec())];
        assert_eq!(together(&edits), [(1..1, b"xz".to_vec()), (1..2, b"y".to_vec())]);
        let both = [(1..2, b"x".to_vec()), (1..2, b"y".to_vec())];
        assert_eq!(together(&both).len(), 2);
    }

    #[test]
    fn a_span_moves_past_what_landed_above_it() {
        let span = |bytes: Range<usize>, first_line, lines| LineSpan {
            start: bytes.start,
            end: bytes.end,
            first_line,
            lines,
        };
        let own = span(4..8, 2, 2);
        let check = |other: LineSpan, text: &str, expected: Option<LineSpan>| {
            assert_eq!(shift_past(&own, &[(other, text)]).ok(), expected);
        };
        check(span(0..2, 0, 1), "a\nb\nc\n", Some(span(8..12, 4, 2)));
        check(span(0..4, 0, 2), "", Some(span(0..4, 0, 2)));
        check(span(4..4, 2, 0), "a\n", Some(span(6..10, 3, 2)));
        check(span(8..8, 4, 0), "a\n", Some(own));
        check(span(8..10, 4, 1), "", Some(own));
        check(own, "a\n", None);
        check(span(2..6, 1, 2), "a\n", None);
        check(span(6..10, 3, 2), "a\n", None);
    }
}
