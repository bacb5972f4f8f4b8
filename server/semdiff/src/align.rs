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

/// How many steps are taken, at most: lines compared, and diagonals looked at for each number of changed lines. Two
/// texts may then differ in about 2,800 lines, and 32 MB are used.
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
    /// than `steps_max` steps.
    ///
    /// # Cost
    /// Linear in the lines, and the square of the number of changed ones; at worst, where much repeats, the lines
    /// times the changed ones.
    pub(crate) fn certain(base: &[u32], current: &[u32], steps_max: usize) -> Option<Self> {
        let reversed = |text: &[u32]| text.iter().rev().copied().collect::<Vec<u32>>();
        let from_start = Reach::within(base, current, steps_max / 2)?;
        let to_end = Reach::within(&reversed(base), &reversed(current), steps_max / 2)?;
        Paths { base, current, from_start, to_end }.agreed(steps_max)
    }
}

/// How many lines must be deleted and inserted to turn `base` into `current`, or `None` if finding out takes
/// more than `steps_max` steps.
pub(crate) fn distance(base: &[u32], current: &[u32], steps_max: usize) -> Option<usize> {
    Reach::within(base, current, steps_max).map(|reach| reach.distance)
}

/// How far so many changed lines get through the edit graph.
///
/// Row `d` is for `d` changed lines, its entry `n` for `n` of them deleted: how many lines of base are read, at most,
/// on the diagonal that these lead to. Beyond the ends of the texts no lines are equal.
struct Reach {
    rows: Vec<u32>,
    /// How many changed lines get to the end.
    distance: usize,
}

impl Reach {
    fn within(base: &[u32], current: &[u32], steps_max: usize) -> Option<Self> {
        let mut reach = Self { rows: Vec::new(), distance: 0 };
        let mut steps = 0_usize;
        loop {
            let changed = reach.distance;
            steps += changed + 1;
            let mut arrived = false;
            for deleted in 0..=changed {
                let start = reach.start(deleted);
                let column = start + changed - 2 * deleted;
                let kept = equal_lines(base, start, current, column);
                steps += kept;
                if steps > steps_max {
                    return None;
                }
                arrived |= start + kept >= base.len() && column + kept >= current.len();
                reach.rows.push(u32::try_from(start + kept).ok()?);
            }
            if arrived {
                return Some(reach);
            }
            reach.distance += 1;
        }
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
        let row = self.rows.get(changed * (changed + 1) / 2 + deleted)?;
        (deleted <= changed).then_some(*row as usize)
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
        for (changed, deleted) in (0..=distance).flat_map(|d| (0..=d).map(move |n| (d, n))) {
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
        let deletions = (rows + self.from_start.distance).checked_sub(columns)? / 2;
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
        // Few lines changed, and many ways to have done it.
        let same = |lines: usize| vec![7; lines];
        assert_eq!(Alignment::certain(&same(10_000), &same(10_100), 100_000), None);
    }
}
