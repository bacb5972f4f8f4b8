//! The right answer for a hunk, known without asking what is being measured.
//!
//! The person's edits are given as edits, so it is known of every line of the base which line it is now, or
//! that it is gone. The right place of a hunk is then that of its own lines, wherever they are; for an
//! insertion, next to the line above or below its gap. No search, no context, no similarity.

use std::ops::Range;

use model::LineSpan;
use serde::Serialize;

use super::lines::{Identity, Lines, rows, says_something, slid};

/// How a hunk lies to what the person did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// Its lines, and the line on either side, are there and together. It has to find its place.
    Separate,
    /// Its lines are there and together; what touches them is not. It may find its place or be refused.
    Adjacent,
    /// Its lines are not all there and together; or something was put into the gap that it fills. It must be
    /// refused, unless it is there already.
    Overlapping,
    /// It lies in a block that was copied, moved, indented or otherwise made hard to tell. It may be refused.
    Tricked,
}

/// What is right for one hunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Truth {
    pub(super) relation: Relation,
    /// The bytes of the current text to replace, if it may be applied at all.
    pub(super) place: Option<Range<usize>>,
    /// Whether it is right to say that it is there already.
    pub(super) there: bool,
    /// The bytes of the current text that stand where it belongs, whatever became of it.
    pub(super) region: Range<usize>,
}

/// The right answer for the hunk that replaces `span` of base by `text`.
///
/// Where the edits do not put it there, but the block that accepting makes, both touching lines included, stands
/// in the current text and not in base, it is there; one of these lines is enough beside text that base never has.
/// Likewise the block that it is made against is its place if it stands once in both. How a diff drew a move around
/// such a block does not matter, nor does it for lines without letters and digits, of which there are many. Nor does
/// it where the hunk stands made between the nearest lines that stand once in both texts: of two sections with like
/// lines, one of them new, a diff may take the other for the one that was there.
pub(super) fn truth(
    base: &Lines<'_>,
    current: &Lines<'_>,
    identity: &Identity,
    span: &LineSpan,
    text: &[u8],
) -> Truth {
    let mut right = by_edits(base, current, identity, span, text);
    let own = rows(span);
    if !right.there && made_between_singles(base, current, &own, text) {
        return Truth { there: true, place: None, ..right };
    }
    if right.there || (right.place.is_some() && says_something(base.of(&own))) {
        return right;
    }
    let around = own.start.saturating_sub(1)..(own.end + 1).min(base.count());
    let (above, below) = (base.of(&(around.start..own.start)), base.of(&(own.end..around.end)));
    // The ends of the text are lines that nothing else equals.
    let at_ends = |lines: &Lines<'_>, block: &Range<usize>| {
        (own.start > 0 || block.start == 0)
            && (own.end < base.count() || block.end == lines.text.len())
    };
    let made = Made { above, text, below };
    let times = |lines: &Lines<'_>, block: &[u8]| {
        let found = lines.standing(block);
        found.filter(|block| at_ends(lines, block)).count()
    };
    // Where both lines that touch a gap are together by the edits, only a block right at the gap fills it.
    let open = right.place.clone().filter(|_| right.relation == Relation::Separate);
    let fills = |block: Range<usize>| {
        open.as_ref().is_none_or(|gap| block.start <= gap.start && gap.end <= block.end)
    };
    let stands = |block: &[u8]| {
        let mut found = current.standing(block);
        times(base, block) == 0 && found.any(|block| at_ends(current, &block) && fills(block))
    };
    // A hunk that slides may have slid: all the lines that it slides along belong to the block.
    let along = reach(base, span, text);
    let widely =
        [base.of(&(along.start..own.start)), text, base.of(&(own.end..along.end))].concat();
    if stands(&made.whole())
        || stands(&widely)
        || made.half(base).is_some_and(|half| half.iter().any(|b| stands(b)))
    {
        return Truth { there: true, place: None, ..right };
    }
    if right.place.is_some() {
        return right;
    }
    let whole = base.of(&around);
    let mut now = current.standing(whole);
    if let (Some(place), None, 1) = (now.next(), now.next(), times(base, whole))
        && !own.is_empty()
    {
        right.place = Some(place.start + above.len()..place.end - below.len());
    }
    right
}

/// Whether the nearest lines above and below rows `own` that say something and stand once in both texts have, in the
/// current one, just what accepting puts between them. The ends of the text are no such lines.
fn made_between_singles(
    base: &Lines<'_>,
    current: &Lines<'_>,
    own: &Range<usize>,
    text: &[u8],
) -> bool {
    let single = |row: &usize| {
        let line = base.of(&(*row..*row + 1));
        let once = |lines: &Lines<'_>| lines.standing(line).count() == 1;
        says_something(line) && once(base) && once(current)
    };
    let (Some(above), Some(below)) =
        ((0..own.start).rev().find(single), (own.end..base.count()).find(single))
    else {
        return false;
    };
    let made = [base.of(&(above..own.start)), text, base.of(&(own.end..below + 1))].concat();
    base.of(own) != text && current.standing(&made).next().is_some()
}

/// The rows that a hunk slides along, with the line on either side.
fn reach(base: &Lines<'_>, span: &LineSpan, text: &[u8]) -> Range<usize> {
    let ways: Vec<Range<usize>> =
        slid(base, span, text).iter().map(|(span, _)| rows(span)).collect();
    let own = [rows(span)];
    let all = || own.iter().chain(&ways);
    let start = all().map(|rows| rows.start).min().unwrap_or(0);
    let end = all().map(|rows| rows.end).max().unwrap_or(0);
    start.saturating_sub(1)..(end + 1).min(base.count())
}

/// What accepting a hunk makes: its text between the lines that touch it.
struct Made<'t> {
    above: &'t [u8],
    text: &'t [u8],
    below: &'t [u8],
}

impl Made<'_> {
    fn whole(&self) -> Vec<u8> {
        [self.above, self.text, self.below].concat()
    }

    /// Its text beside either of these lines, if the text says something that `base` never has.
    fn half(&self, base: &Lines<'_>) -> Option<[Vec<u8>; 2]> {
        let new = says_something(self.text) && base.standing(self.text).next().is_none();
        new.then(|| [[self.above, self.text].concat(), [self.text, self.below].concat()])
    }
}

fn by_edits(
    base: &Lines<'_>,
    current: &Lines<'_>,
    identity: &Identity,
    span: &LineSpan,
    text: &[u8],
) -> Truth {
    let own = rows(span);
    // The ends of the text are lines that are always there.
    let above = match own.start.checked_sub(1) {
        None => Some(0),
        Some(row) => identity.get(row).map(|row| row + 1),
    };
    let below = if own.end == base.count() { Some(current.count()) } else { identity.get(own.end) };
    let at = |relation, place: Range<usize>| Truth {
        relation,
        place: Some(current.range(&place)),
        there: false,
        region: current.range(&place),
    };
    if !own.is_empty()
        && let Some(place) = identity.together(&own)
    {
        let alone = above == Some(place.start) && below == Some(place.end);
        return at(if alone { Relation::Separate } else { Relation::Adjacent }, place);
    }
    if own.is_empty() {
        match (above, below) {
            (Some(above), Some(below)) if above == below => {
                return at(Relation::Separate, above..above);
            }
            (Some(gap), None) | (None, Some(gap)) => {
                // It may be what stands next to its gap now; then a second copy would be wrong.
                let there = overlapping(base, current, identity, &own, text);
                return if there.there { there } else { at(Relation::Adjacent, gap..gap) };
            }
            _ => {}
        }
    }
    overlapping(base, current, identity, &own, text)
}

/// Where its lines are not together: what stands between the nearest lines that are still there decides.
fn overlapping(
    base: &Lines<'_>,
    current: &Lines<'_>,
    identity: &Identity,
    own: &Range<usize>,
    text: &[u8],
) -> Truth {
    let start = (0..own.start).rev().find_map(|row| identity.get(row)).map_or(0, |row| row + 1);
    let end = (own.end..base.count()).find_map(|row| identity.get(row)).unwrap_or(current.count());
    let region = start..end.max(start);
    let gone = own.clone().all(|row| identity.get(row).is_none());
    let within = |region: &Range<usize>| current.standing_in(region, text).next().is_some();
    let there =
        gone && (within(&region) || within(&widened(base, current, identity, own, &region)));
    // Brought back by hand: the same lines, once, though not the same identity. They can be taken at their
    // word, unless the hunk is there too.
    let mut restored = current.standing_in(&region, base.of(own));
    let place = restored.next().filter(|_| !own.is_empty() && (!there || text.is_empty()));
    let place = place.filter(|_| restored.next().is_none());
    Truth {
        relation: Relation::Overlapping,
        there: there && place.is_none(),
        place,
        region: current.range(&region),
    }
}

/// `region`, with the kept lines right below it if equal new lines follow them: which of the two are the kept
/// ones is only how the diff draws it.
fn widened(
    base: &Lines<'_>,
    current: &Lines<'_>,
    identity: &Identity,
    own: &Range<usize>,
    region: &Range<usize>,
) -> Range<usize> {
    let Some(first) = (own.end..base.count()).find(|&row| identity.get(row).is_some()) else {
        return region.clone();
    };
    let back = identity.back();
    let line = |text: &Lines<'_>, row: usize| text.of(&(row..row + 1)).to_vec();
    let kept = (0..current.count() - region.end)
        .take_while(|far| identity.get(first + far) == Some(region.end + far))
        .count();
    let equal_follow = |lines: &usize| {
        (0..*lines).all(|nth| {
            let follows = region.end + lines + nth;
            follows < current.count()
                && back.get(follows).is_none()
                && line(base, first + nth) == line(current, follows)
        })
    };
    let lines = (1..=kept).find(equal_follow).unwrap_or(0);
    region.start..region.end + lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "a\nb\nc\nd\ne\n";

    /// What is right for replacing `own` of [`BASE`] by `text`, after it became `current`: the relation, the
    /// text afterwards if it may be applied, and whether it is there.
    fn check(current: &str, own: Range<usize>, text: &str) -> (Relation, Option<String>, bool) {
        let identity = Identity::between(BASE.as_bytes(), current.as_bytes());
        let (base, now) = (Lines::new(BASE.as_bytes()), Lines::new(current.as_bytes()));
        let right = truth(&base, &now, &identity, &base.span(&own), text.as_bytes());
        let after = right.place.map(|place| {
            let after = semdiff::place(current.as_bytes(), &[(place, text)]).unwrap();
            String::from_utf8(after).unwrap()
        });
        (right.relation, after, right.there)
    }

    #[test]
    fn lines_that_are_there_are_replaced_where_they_are() {
        let (relation, after, _) = check("0\na\nb\nc\nd\nE\n", 1..2, "B\n");
        assert_eq!((relation, after.as_deref()), (Relation::Separate, Some("0\na\nB\nc\nd\nE\n")));
        let (relation, after, _) = check("a\nb\nC\nd\ne\n", 1..2, "B\n");
        assert_eq!((relation, after.as_deref()), (Relation::Adjacent, Some("a\nB\nC\nd\ne\n")));
        assert_eq!(check("a\nB\nc\nd\ne\n", 1..3, "X\n"), (Relation::Overlapping, None, false));
        assert_eq!(check("a\nb\nx\nc\nd\ne\n", 1..3, "X\n"), (Relation::Overlapping, None, false));
    }

    #[test]
    fn an_insertion_goes_into_its_gap_if_nothing_else_did() {
        let (relation, after, _) = check("0\na\nb\nc\nd\ne\n", 2..2, "x\n");
        assert_eq!(
            (relation, after.as_deref()),
            (Relation::Separate, Some("0\na\nb\nx\nc\nd\ne\n"))
        );
        let (relation, after, _) = check("a\nb\nC\nd\ne\n", 2..2, "x\n");
        assert_eq!((relation, after.as_deref()), (Relation::Adjacent, Some("a\nb\nx\nC\nd\ne\n")));
        assert_eq!(check("a\nb\ny\nc\nd\ne\n", 2..2, "x\n"), (Relation::Overlapping, None, false));
        assert_eq!(
            check("a\nb\ny\nx\nc\nd\ne\n", 2..2, "x\n"),
            (Relation::Overlapping, None, true)
        );
    }

    #[test]
    fn the_ends_of_the_text_are_neighbours() {
        let (relation, after, _) = check("0\na\nb\nc\nd\ne\n", 5..5, "x\n");
        assert_eq!(
            (relation, after.as_deref()),
            (Relation::Separate, Some("0\na\nb\nc\nd\ne\nx\n"))
        );
        assert_eq!(check("0\na\nb\nc\nd\ne\n", 0..0, "x\n").0, Relation::Overlapping);
    }

    #[test]
    fn what_took_the_place_of_gone_lines_may_be_the_hunk_itself() {
        assert_eq!(check("a\nB\nc\nd\ne\n", 1..2, "B\n"), (Relation::Overlapping, None, true));
        assert_eq!(check("a\nX\nc\nd\ne\n", 1..2, "B\n"), (Relation::Overlapping, None, false));
        assert_eq!(check("a\nc\nd\ne\n", 1..2, ""), (Relation::Overlapping, None, true));
        assert_eq!(check("a\nb\nx\nD\ne\n", 2..2, "x\n"), (Relation::Overlapping, None, true));
    }

    #[test]
    fn a_block_that_stands_once_is_itself_however_the_edits_are_drawn() {
        let base = Lines::new(BASE.as_bytes());
        let answer = |now: &str, own: Range<usize>, text: &[u8]| {
            let lines = now.split_inclusive('\n').count();
            // As if all had been typed anew.
            let identity = Identity { at: vec![None; 5], lines };
            let right =
                truth(&base, &Lines::new(now.as_bytes()), &identity, &base.span(&own), text);
            (right.place, right.there)
        };
        assert_eq!(answer("x\na\nb\nc\n", 1..2, b"B\n"), (Some(4..6), false));
        assert_eq!(answer("x\na\nB\nc\n", 1..2, b"B\n"), (None, true));
        assert_eq!(answer("x\na\nb\nc\na\nb\nc\n", 1..2, b"B\n"), (None, false));
        assert_eq!(answer("x\na\nB\nC\n", 1..2, b"B\n"), (None, true));
        assert_eq!(answer("x\na\nBB\nc\n", 1..2, b"B\n"), (None, false));
        assert_eq!(answer("x\na\nm\nb\n", 1..1, b"m\n"), (None, true));
        assert_eq!(answer("x\na\nb\n", 1..1, b"m\n"), (None, false));
    }

    #[test]
    fn a_section_is_itself_whichever_of_two_like_ones_the_edits_take_for_it() {
        let base = Lines::new(b"title\n1.0\n---\nopen\n- one\n");
        let right = |now: &str, at: [Option<usize>; 5]| {
            let identity = Identity { at: at.to_vec(), lines: now.lines().count() };
            let now = Lines::new(now.as_bytes());
            let right = truth(&base, &now, &identity, &base.span(&(3..4)), b"done\n");
            (right.there, right.place.is_some())
        };
        // The heading was made another, and the old one typed anew below it, as far as the edits say.
        let edits = [Some(0), None, Some(2), Some(3), Some(7)];
        assert_eq!(right("title\n1.1\n---\nopen\n1.0\n---\ndone\n- one\n", edits), (true, false));
        assert_eq!(right("title\n1.1\n---\nopen\n1.0\n---\nlate\n- one\n", edits), (false, true));
        // With two such headings, nothing tells which was meant.
        assert_eq!(right("title\n1.0\n---\nopen\n1.0\n---\ndone\n- one\n", edits), (false, true));
    }

    #[test]
    fn text_that_was_never_there_before_is_known_by_one_of_its_neighbours() {
        let base = Lines::new(BASE.as_bytes());
        // By the edits, what it belongs to is as it was but for its own line.
        let answer = |now: &str, text: &[u8]| {
            let lines = now.split_inclusive('\n').count();
            let identity = Identity { at: vec![Some(0), None, Some(1), None, None], lines };
            let now = Lines::new(now.as_bytes());
            truth(&base, &now, &identity, &base.span(&(1..2)), text).there
        };
        assert!(answer("a\nc\na\nnew\n", b"new\n"));
        assert!(answer("a\nc\nnew\nc\n", b"new\n"));
        assert!(!answer("a\nc\nx\nnew\n", b"new\n"));
        assert!(!answer("a\nc\n}\nc\n", b"}\n"));
        assert!(!answer("a\nc\ne\nc\n", b"e\n"));
    }

    #[test]
    fn the_ends_are_lines_that_nothing_else_equals() {
        let base = Lines::new(b"a\n\n");
        let answer = |now: &str, at: [Option<usize>; 2]| {
            let lines = now.split_inclusive('\n').count();
            let identity = Identity { at: at.to_vec(), lines };
            let now = Lines::new(now.as_bytes());
            truth(&base, &now, &identity, &base.span(&(1..2)), b"").there
        };
        assert!(answer("\na\n", [Some(1), Some(0)]));
        assert!(!answer("a\nb\n\n", [Some(0), Some(2)]));
    }

    #[test]
    fn one_of_several_equal_lines_is_gone_whichever_the_edits_say() {
        let base = Lines::new(b"t\n\n\na\n");
        // The edits took the empty lines for those of what was put above.
        let now = Lines::new(b"u\n\nb\n\nt\n\na\n");
        let identity = Identity { at: vec![Some(4), Some(1), Some(3), Some(6)], lines: 7 };
        let right = |own: Range<usize>| truth(&base, &now, &identity, &base.span(&own), b"").there;
        assert!(right(2..3));
        assert!(right(1..2));
        let both = Lines::new(b"u\n\nb\n\nt\n\n\na\n");
        let identity = Identity { at: vec![Some(4), Some(1), Some(3), Some(7)], lines: 8 };
        assert!(!truth(&base, &both, &identity, &base.span(&(2..3)), b"").there);
    }

    #[test]
    fn a_gap_that_is_open_is_not_filled_by_a_like_block_elsewhere() {
        let base = Lines::new(b"a\n\nb\na\n\nb\nc\n");
        // The person put the same into the other gap.
        let now = Lines::new(b"a\n\nb\na\n\nm\nb\nc\n");
        let at = [0, 1, 2, 3, 4, 6, 7].map(Some).to_vec();
        let identity = Identity { at, lines: 8 };
        let right = truth(&base, &now, &identity, &base.span(&(2..2)), b"m\n");
        assert_eq!((right.place, right.there), (Some(3..3), false));
        let right = truth(&base, &now, &identity, &base.span(&(5..5)), b"m\n");
        assert_eq!((right.place, right.there), (None, true));
        // With one of the lines that touch it gone by the edits, where it stands is where it went.
        let (base, now) = (Lines::new(b"a\nb\nc\n"), Lines::new(b"a\nx\na\nm\nb\nc\n"));
        let identity = Identity { at: vec![Some(0), None, Some(5)], lines: 6 };
        let right = truth(&base, &now, &identity, &base.span(&(1..1)), b"m\n");
        assert_eq!((right.place, right.there), (None, true));
    }

    #[test]
    fn which_of_two_equal_lines_is_the_kept_one_does_not_matter() {
        let base = Lines::new(b"a\nb\n\nc\n");
        let now = Lines::new(b"A\nB\n\n\nC\n");
        // The empty line is the first of the two, and the text that landed has one too.
        let identity = Identity { at: vec![None, None, Some(2), None], lines: 5 };
        let right = |text: &[u8]| truth(&base, &now, &identity, &base.span(&(1..2)), text).there;
        assert!(right(b"B\n\n"));
        assert!(!right(b"B\n\n\n"));
        // With one empty line it is not there.
        let now = Lines::new(b"A\nB\n\nC\n");
        let identity = Identity { at: vec![None, None, Some(2), None], lines: 4 };
        assert!(!truth(&base, &now, &identity, &base.span(&(1..2)), b"B\n\n").there);
    }

    #[test]
    fn lines_that_were_changed_and_changed_back_can_be_replaced() {
        let steps = ["a\nb\nc\n", "a\nB\nc\n", "a\nnew\nb\nc\n"].map(str::as_bytes);
        let [base, landed, current] = steps;
        let identity = Identity::between(base, landed).then(&Identity::between(landed, current));
        let (base, current) = (Lines::new(base), Lines::new(current));
        let right = truth(&base, &current, &identity, &base.span(&(1..2)), b"B\n");
        assert_eq!((right.relation, right.place), (Relation::Overlapping, Some(6..8)));
        assert!(!right.there);
    }
}
