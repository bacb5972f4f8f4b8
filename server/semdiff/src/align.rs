//! Where lines of one text are in another, as far as that is certain.
//!
//! A diff picks one of the shortest ways to turn a text into another. Where text repeats there are several,
//! and the one picked says nothing about what happened: of `f f f` turned into `f f`, any line may be the
//! one that was deleted. So this module looks at *all* shortest ways at once. A line counts as found only if
//! every one of them keeps it and keeps it at the same place.
//!
//! The shortest ways are the shortest paths through the edit graph, whose nodes are pairs (lines of base
//! read, lines of current read):
//!
//! ```text
//!          f   f        Row 0 may leave by the diagonal at column 0, or by the step down (deleted),
//!        o---o---o      so base line 0 is uncertain. With `x f` turned into `x x f`, `f` is certain:
//!     f  | \ | \ |      all paths take the diagonal at column 2.
//!        o---o---o
//!     f  | \ | \ |      A node is on a shortest path if its distance from the start and its distance
//!        o---o---o      to the end add up to the whole. Along a diagonal the one never falls and the other
//!     f  | \ | \ |      never rises, so for each number of steps and each diagonal it is enough to know how
//!        o---o---o      far they get, from either end; the nodes in between are those of the shortest paths.
//! ```
//!
//! How far so many steps get is found greedily (Myers, "An O(ND) difference algorithm and its variations", 1986).
//!
//! Rejected: trusting a heuristic diff and looking for repeated text around the place. It misses repeats
//! that the context does not show, and finds ambiguity where distant lines settle it. Rejected too: all nodes of a
//! band around the main diagonal. It costs the lines times the changed ones, however alike the texts are.

/// How many steps are taken from either end, at most: lines compared, and diagonals looked at for each number of changed
/// lines. About 2,800 lines may be changed (see [`Alignment::certain`]), or 800,000 put into a text that is otherwise as it
/// was; 64 MB are used.
pub(crate) const STEPS_MAX: usize = 8_000_000;

/// Which lines and gaps of base are where in current.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Alignment {
    /// For each line of base, the line of current that it certainly is.
    pub(crate) lines: Vec<Option<usize>>,
    /// For each gap of base (gap 0 is before line 0, the last one is at the end), the gap of current that
    /// it certainly is: nothing was inserted there.
    pub(crate) gaps: Vec<Option<usize>>,
    /// How many lines the two share, in order.
    pub(crate) common: usize,
}

impl Alignment {
    /// The alignment on which all shortest ways from `base` to `current` agree, or `None` if that takes more
    /// than `steps_max` steps, or the deleted times the inserted lines are more than a quarter of that: of so much that
    /// was exchanged, as where sections changed places, the shortest way is no longer what anybody did.
    ///
    /// # Cost
    /// Linear in the lines, and the deleted times the inserted ones; at worst, where much repeats, the lines times the
    /// changed ones.
    pub(crate) fn certain(base: &[u32], current: &[u32], steps_max: usize) -> Option<Self> {
        let reversed = |text: &[u32]| text.iter().rev().copied().collect::<Vec<u32>>();
        let from_start = Reach::of(base, current, steps_max)?;
        let most = (from_start.deletions(base, current), from_start.insertions(base, current));
        if most.0.saturating_mul(most.1) > steps_max / 4 {
            return None;
        }
        let to_end = Reach::within(&reversed(base), &reversed(current), most, steps_max).ok()??;
        Paths { base, current, from_start, to_end }.agreed(steps_max)
    }
}

/// How many lines must be deleted and inserted to turn `base` into `current`, or `None` if finding out takes
/// more than `steps_max` steps.
pub(crate) fn distance(base: &[u32], current: &[u32], steps_max: usize) -> Option<usize> {
    Reach::of(base, current, steps_max).map(|reach| reach.distance)
}

/// How far so many changed lines get through the edit graph.
///
/// Row `d` is for `d` changed lines. It has an entry for each number of them that may be deleted: how many lines of base
/// are read, at most, on the diagonal that these lead to. Beyond the ends of the texts no lines are equal.
struct Reach {
    rows: Vec<u32>,
    /// Where in `rows` each row begins.
    begins: Vec<usize>,
    /// How many lines are deleted, and inserted, at most.
    most: (usize, usize),
    /// How many changed lines get to the end.
    distance: usize,
}

/// It takes too many steps.
struct TooFar;

impl Reach {
    fn of(base: &[u32], current: &[u32], steps_max: usize) -> Option<Self> {
        // Whatever is deleted and inserted beyond the difference in length comes in pairs. The number of these is doubled
        // until it is enough, so at most four times the needed work is done.
        let (shorter, longer) =
            (base.len().saturating_sub(current.len()), current.len().saturating_sub(base.len()));
        let mut pairs = 8_usize;
        loop {
            let most = (shorter.checked_add(pairs)?, longer.checked_add(pairs)?);
            if let Some(reach) = Self::within(base, current, most, steps_max).ok()? {
                return Some(reach);
            }
            pairs = pairs.checked_mul(2)?;
        }
    }

    /// `None` if the end is farther than that.
    fn within(
        base: &[u32],
        current: &[u32],
        most: (usize, usize),
        steps_max: usize,
    ) -> Result<Option<Self>, TooFar> {
        let mut reach = Self { rows: Vec::new(), begins: Vec::new(), most, distance: 0 };
        let mut steps = 0_usize;
        for changed in 0..=most.0.saturating_add(most.1) {
            reach.distance = changed;
            reach.begins.push(reach.rows.len());
            let mut arrived = false;
            for deleted in changed.saturating_sub(most.1)..=changed.min(most.0) {
                let start = reach.start(deleted);
                let column = start + changed - 2 * deleted;
                let kept = equal_lines(base, start, current, column);
                steps += 1 + kept;
                if steps > steps_max {
                    return Err(TooFar);
                }
                arrived |= start + kept >= base.len() && column + kept >= current.len();
                reach.rows.push(u32::try_from(start + kept).map_err(|_| TooFar)?);
            }
            if arrived {
                return Ok(Some(reach));
            }
        }
        Ok(None)
    }

    /// How many of the changed lines that get to the end are deleted.
    fn deletions(&self, base: &[u32], current: &[u32]) -> usize {
        (base.len() + self.distance).saturating_sub(current.len()) / 2
    }

    /// How many are inserted.
    fn insertions(&self, base: &[u32], current: &[u32]) -> usize {
        self.distance.saturating_sub(self.deletions(base, current))
    }

    /// Where the last of the changed lines leads, if `deleted` of them are deleted: from the diagonal with one
    /// deleted less, or one inserted less.
    fn start(&self, deleted: usize) -> usize {
        let Some(before) = self.distance.checked_sub(1) else { return 0 };
        let inserts = self.at(before, deleted);
        let deletes = deleted.checked_sub(1).and_then(|deleted| self.at(before, deleted));
        inserts.max(deletes.map(|row| row + 1)).unwrap_or(0)
    }

    fn at(&self, changed: usize, deleted: usize) -> Option<usize> {
        let first = changed.saturating_sub(self.most.1);
        if deleted > changed.min(self.most.0) {
            return None;
        }
        let row = self.rows.get(self.begins.get(changed)? + deleted.checked_sub(first)?)?;
        Some(*row as usize)
    }

    /// How far it is on the same diagonal with less changed lines.
    fn at_less(&self, changed: usize, deleted: usize) -> Option<usize> {
        self.at(changed.checked_sub(2)?, deleted.checked_sub(1)?)
    }
}

/// How many lines of both are equal, one after the other.
fn equal_lines(base: &[u32], row: usize, current: &[u32], column: usize) -> usize {
    let base = base.get(row..).unwrap_or_default();
    let current = current.get(column..).unwrap_or_default();
    base.iter().zip(current).take_while(|(old, new)| old == new).count()
}

/// All shortest paths.
struct Paths<'t> {
    base: &'t [u32],
    current: &'t [u32],
    from_start: Reach,
    /// Of the texts read backwards.
    to_end: Reach,
}

impl Paths<'_> {
    /// What all shortest paths do; `None` if they have more than `nodes_max` nodes.
    fn agreed(&self, nodes_max: usize) -> Option<Alignment> {
        let (rows, distance) = (self.base.len(), self.from_start.distance);
        let mut nodes = vec![Only::Nothing; rows + 1];
        let mut crossings = vec![Only::Nothing; rows];
        let mut seen = 0;
        let deletions = self.from_start.deletions(self.base, self.current);
        let insertions = self.from_start.insertions(self.base, self.current);
        let all = (0..=deletions).flat_map(|n| (0..=insertions).map(move |m| (n + m, n)));
        for (changed, deleted) in all {
            let Some((first, last)) = self.nodes(changed, deleted) else { continue };
            seen += last - first + 1;
            if seen > nodes_max {
                return None;
            }
            let next = self.nodes(changed + 1, deleted + 1);
            for row in first..=last {
                let column = row + changed - 2 * deleted;
                if let Some(nodes) = nodes.get_mut(row) {
                    nodes.see(column);
                }
                let Some(crossings) = crossings.get_mut(row) else { continue };
                if row < last && self.base.get(row) == self.current.get(column) {
                    crossings.see(Some(column));
                }
                if next.is_some_and(|(first, last)| first <= row + 1 && row < last) {
                    crossings.see(None);
                }
            }
        }
        Some(Alignment {
            lines: crossings.into_iter().map(|crossing| crossing.only().flatten()).collect(),
            gaps: nodes.into_iter().map(Only::only).collect(),
            // Each shared line is one that is neither deleted nor inserted.
            common: (rows + self.current.len()).saturating_sub(distance) / 2,
        })
    }

    /// The first and the last node on shortest paths, by their rows, that come after `changed` lines of which
    /// `deleted` are deleted. All between them are nodes too.
    fn nodes(&self, changed: usize, deleted: usize) -> Option<(usize, usize)> {
        let (rows, columns) = (self.base.len(), self.current.len());
        let left = self.from_start.distance.checked_sub(changed)?;
        let deletions = self.from_start.deletions(self.base, self.current);
        let deletions_left = deletions.checked_sub(deleted)?;
        let mut first = rows.saturating_sub(self.to_end.at(left, deletions_left)?);
        let mut last = self.from_start.at(changed, deleted)?;
        // What less changed lines reach, from either end, comes after less.
        match self.from_start.at_less(changed, deleted) {
            Some(before) => first = first.max(before + 1),
            None => first = first.max((2 * deleted).saturating_sub(changed)),
        }
        match self.to_end.at_less(left, deletions_left) {
            Some(behind) => last = last.min(rows.checked_sub(behind + 1)?),
            None => last = last.min(rows).min((columns + 2 * deleted).checked_sub(changed)?),
        }
        (first <= last).then_some((first, last))
    }
}

/// What was seen, if it was one thing only.
#[derive(Clone)]
enum Only<T> {
    Nothing,
    One(T),
    Several,
}

impl<T> Only<T> {
    fn see(&mut self, thing: T) {
        *self = match self {
            Self::Nothing => Self::One(thing),
            Self::One(_) | Self::Several => Self::Several,
        };
    }

    fn only(self) -> Option<T> {
        match self {
            Self::One(thing) => Some(thing),
            Self::Nothing | Self::Several => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Places = Vec<Option<usize>>;
    type Node = (usize, usize);

    /// The certain lines, the certain gaps and the shared lines, by trying every way.
    fn by_trying(base: &[u32], current: &[u32]) -> (Places, Places, usize) {
        let mut ways = Vec::new();
        // Depth first over paths; each path is the nodes it visits.
        let mut stack = vec![(0, 0, vec![(0, 0)])];
        while let Some((x, y, path)) = stack.pop() {
            if (x, y) == (base.len(), current.len()) {
                ways.push(path);
                continue;
            }
            let mut step = |x: usize, y: usize| {
                let mut path = path.clone();
                path.push((x, y));
                stack.push((x, y, path));
            };
            if x < base.len() && y < current.len() && base[x] == current[y] {
                step(x + 1, y + 1);
            }
            if x < base.len() {
                step(x + 1, y);
            }
            if y < current.len() {
                step(x, y + 1);
            }
        }
        let shortest = ways.iter().map(Vec::len).min().unwrap();
        ways.retain(|way| way.len() == shortest);
        let agree = |of: fn(&[Node], usize) -> Option<usize>, row: usize| {
            let first = of(&ways[0], row);
            ways.iter().all(|way| of(way, row) == first).then_some(first).flatten()
        };
        let line = |way: &[Node], row: usize| {
            let step = way.windows(2).find(|step| step[0].0 == row && step[1].0 == row + 1)?;
            (step[1].1 > step[0].1).then_some(step[0].1)
        };
        let gap = |way: &[Node], row: usize| {
            let at: Vec<_> = way.iter().filter(|node| node.0 == row).collect();
            (at.len() == 1).then(|| at[0].1)
        };
        let lines = (0..base.len()).map(|row| agree(line, row)).collect();
        let gaps = (0..=base.len()).map(|row| agree(gap, row)).collect();
        let distance = shortest - 1;
        let kept = base.len() + current.len() - distance;
        (lines, gaps, kept)
    }

    /// The same from the distances of all nodes from the start and to the end.
    fn by_table(base: &[u32], current: &[u32]) -> (Places, Places, usize) {
        let (rows, columns) = (base.len(), current.len());
        let distances = |base: &[u32], current: &[u32]| {
            let mut table = vec![vec![0_usize; columns + 1]; rows + 1];
            for x in 0..=rows {
                for y in 0..=columns {
                    let down = x.checked_sub(1).map(|x| table[x][y] + 1);
                    let right = y.checked_sub(1).map(|y| table[x][y] + 1);
                    let kept = x > 0 && y > 0 && base[x - 1] == current[y - 1];
                    let diagonal = kept.then(|| table[x - 1][y - 1]);
                    table[x][y] = [down, right, diagonal].into_iter().flatten().min().unwrap_or(0);
                }
            }
            table
        };
        let start = distances(base, current);
        let reversed = |text: &[u32]| text.iter().rev().copied().collect::<Vec<_>>();
        let end = distances(&reversed(base), &reversed(current));
        let distance = start[rows][columns];
        let to_end = |x: usize, y: usize| end[rows - x][columns - y];
        let only = |found: Vec<Option<usize>>| match found[..] {
            [place] => place,
            _ => None,
        };
        let crossings = |x: usize| {
            let mut found = Vec::new();
            for y in 0..=columns {
                if y < columns
                    && base[x] == current[y]
                    && start[x][y] + to_end(x + 1, y + 1) == distance
                {
                    found.push(Some(y));
                }
                if start[x][y] + 1 + to_end(x + 1, y) == distance {
                    found.push(None);
                }
            }
            only(found)
        };
        let nodes = |x: usize| {
            let on_path = (0..=columns).filter(|&y| start[x][y] + to_end(x, y) == distance);
            only(on_path.map(Some).collect())
        };
        let kept = (rows + columns - distance) / 2;
        ((0..rows).map(crossings).collect(), (0..=rows).map(nodes).collect(), kept)
    }

    proptest! {
        #[test]
        fn agrees_with_trying_every_way(
            base in prop::collection::vec(0..3_u32, 0..6),
            current in prop::collection::vec(0..3_u32, 0..6),
        ) {
            let certain = Alignment::certain(&base, &current, STEPS_MAX).unwrap();
            let (lines, gaps, kept) = by_trying(&base, &current);
            prop_assert_eq!(certain.lines, lines);
            prop_assert_eq!(certain.gaps, gaps);
            prop_assert_eq!(certain.common, kept);
        }

        #[test]
        fn agrees_with_the_whole_table(
            base in prop::collection::vec(0..6_u32, 0..40),
            edits in prop::collection::vec((0..40_usize, 0..2_usize, 0..6_u32), 0..12),
        ) {
            let mut current = base.clone();
            for (at, taken, put) in edits {
                let at = at.min(current.len());
                current.splice(at..(at + taken).min(current.len()), [put]);
            }
            let certain = Alignment::certain(&base, &current, STEPS_MAX).unwrap();
            let (lines, gaps, kept) = by_table(&base, &current);
            prop_assert_eq!(certain.lines, lines);
            prop_assert_eq!(certain.gaps, gaps);
            prop_assert_eq!(certain.common, kept);
        }

        #[test]
        fn equal_texts_align_line_by_line(lines in prop::collection::vec(0..2_u32, 0..40)) {
            let certain = Alignment::certain(&lines, &lines, STEPS_MAX).unwrap();
            prop_assert!(certain.lines.iter().enumerate().all(|(row, at)| *at == Some(row)));
            prop_assert!(certain.gaps.iter().enumerate().all(|(row, at)| *at == Some(row)));
        }
    }

    #[test]
    fn which_duplicate_was_deleted_is_not_certain() {
        let certain = Alignment::certain(&[7, 1, 1, 1, 8], &[7, 1, 1, 8], STEPS_MAX).unwrap();
        assert_eq!(certain.lines, [Some(0), None, None, None, Some(3)]);
    }

    #[test]
    fn texts_that_are_too_different_are_refused() {
        let base: Vec<u32> = (0..1_000).collect();
        let other: Vec<u32> = (5_000..6_000).collect();
        assert_eq!(Alignment::certain(&base, &other, 100_000), None);
        assert!(Alignment::certain(&base, &base, 100_000).is_some());
        // As much was exchanged as may be, or more.
        let exchanged = |lines: u32| {
            base.iter().copied().map(move |line| line + if line < lines { 5_000 } else { 0 })
        };
        let certain = |lines| {
            let other: Vec<u32> = exchanged(lines).collect();
            Alignment::certain(&base, &other, 1_000_000).is_some()
        };
        assert_eq!([certain(500), certain(501)], [true, false]);
        // Much was put in, and that is all.
        let longer: Vec<u32> = base.iter().copied().chain(5_000..9_000).collect();
        let certain = Alignment::certain(&base, &longer, 100_000).unwrap();
        assert!(certain.lines.iter().enumerate().all(|(row, at)| *at == Some(row)));
        assert_eq!(certain.common, 1_000);
        // Few lines changed, and many ways to have done it.
        let same = |lines: usize| vec![7; lines];
        assert_eq!(Alignment::certain(&same(10_000), &same(10_100), 100_000), None);
    }
}
