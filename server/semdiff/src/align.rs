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
//!        o---o---o      to the end add up to the whole. Only a band around the main diagonal, as wide
//!     f  | \ | \ |      as the whole distance, can hold such nodes, so that is all that is computed.
//!        o---o---o
//! ```
//!
//! Rejected: trusting a heuristic diff and looking for repeated text around the place. It misses repeats
//! that the context does not show, and finds ambiguity where distant lines settle it.

/// How many nodes of the edit graph are looked at, at most. 8 million take 32 MB; 20,000 lines may then
/// differ in about 400.
pub(crate) const NODES_MAX: usize = 8_000_000;

/// Unreachable. Small enough to add to.
const FAR: u32 = u32::MAX / 4;

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
    /// than `nodes_max` nodes of the edit graph.
    pub(crate) fn certain(base: &[u32], current: &[u32], nodes_max: usize) -> Option<Self> {
        let (band, from_start, distance) = wide_enough(base, current, nodes_max)?;
        Some(band.agreed(&from_start, distance))
    }
}

/// How many lines must be deleted and inserted to turn `base` into `current`, or `None` if finding out takes
/// more than `nodes_max` nodes of the edit graph.
pub(crate) fn distance(base: &[u32], current: &[u32], nodes_max: usize) -> Option<u32> {
    wide_enough(base, current, nodes_max).map(|(_, _, distance)| distance)
}

/// A band that the whole distance fits into, with the distances from the start, and the distance.
fn wide_enough<'t>(
    base: &'t [u32],
    current: &'t [u32],
    nodes_max: usize,
) -> Option<(Band<'t>, Vec<u32>, u32)> {
    // The band is doubled until it is wide enough, so at most twice the needed work is done.
    let mut reach = base.len().abs_diff(current.len()).max(8);
    loop {
        let band = Band::new(base, current, reach);
        if band.nodes()? > nodes_max {
            return None;
        }
        let from_start = band.distances_from_start();
        let distance = band.whole_distance(&from_start);
        if distance as usize <= reach {
            return Some((band, from_start, distance));
        }
        reach = reach.checked_mul(2)?;
    }
}

/// The part of the edit graph within `reach` of the main diagonal.
///
/// Distances are kept as rows of `width` slots. Slot `s` of row `x` is the node at column
/// `x + s - below`; slots whose column is outside the graph are [`FAR`].
struct Band<'t> {
    base: &'t [u32],
    current: &'t [u32],
    below: usize,
    width: usize,
}

impl<'t> Band<'t> {
    /// `reach` is at least the difference of the lengths.
    fn new(base: &'t [u32], current: &'t [u32], reach: usize) -> Self {
        // A path that strays d below the main diagonal comes back, so it costs 2d and the difference.
        let (rows, columns) = (base.len(), current.len());
        let spare = (reach - rows.abs_diff(columns)) / 2;
        let below = (rows.saturating_sub(columns) + spare).min(rows);
        let above = (columns.saturating_sub(rows) + spare).min(columns);
        Self { base, current, below, width: below + above + 1 }
    }

    fn nodes(&self) -> Option<usize> {
        (self.base.len() + 1).checked_mul(self.width)
    }

    fn column(&self, row: usize, slot: usize) -> Option<usize> {
        (row + slot).checked_sub(self.below).filter(|&column| column <= self.current.len())
    }

    /// Whether line `row` of base and line `column` of current are equal.
    fn equal(&self, row: usize, column: usize) -> bool {
        let line = self.base.get(row);
        line.is_some() && line == self.current.get(column)
    }

    fn distances_from_start(&self) -> Vec<u32> {
        let rows = self.base.len() + 1;
        let mut all = Vec::with_capacity(rows * self.width);
        let mut above = vec![FAR; self.width];
        for row in 0..rows {
            let mut here = vec![FAR; self.width];
            let mut left = FAR;
            for (slot, node) in here.iter_mut().enumerate() {
                let Some(column) = self.column(row, slot) else { continue };
                let down = at(&above, slot + 1) + 1;
                let kept = row > 0 && column > 0 && self.equal(row - 1, column - 1);
                let diagonal = if kept { at(&above, slot) } else { FAR };
                let start = if row == 0 && column == 0 { 0 } else { FAR };
                *node = start.min(left + 1).min(down).min(diagonal).min(FAR);
                left = *node;
            }
            all.extend_from_slice(&here);
            above = here;
        }
        all
    }

    fn whole_distance(&self, from_start: &[u32]) -> u32 {
        let slot = (self.current.len() + self.below).checked_sub(self.base.len());
        slot.and_then(|slot| from_start.get(self.base.len() * self.width + slot))
            .copied()
            .unwrap_or(FAR)
    }

    /// Walks back from the end, row by row, and notes what all shortest paths do.
    fn agreed(&self, from_start: &[u32], distance: u32) -> Alignment {
        let rows = self.base.len();
        let mut lines = vec![None; rows];
        let mut gaps = vec![None; rows + 1];
        let mut below = vec![FAR; self.width];
        let starts = from_start.chunks_exact(self.width).enumerate().rev();
        for (row, starts) in starts {
            let mut here = vec![FAR; self.width];
            let mut right = FAR;
            let mut nodes = Only::default();
            let mut crossings = Only::default();
            for slot in (0..self.width).rev() {
                let Some(column) = self.column(row, slot) else { continue };
                let diagonal = if self.equal(row, column) { at(&below, slot) } else { FAR };
                let down = slot.checked_sub(1).map_or(FAR, |slot| at(&below, slot)) + 1;
                let end = if row == rows && column == self.current.len() { 0 } else { FAR };
                let node = end.min(right + 1).min(down).min(diagonal).min(FAR);
                right = node;
                if let Some(slot) = here.get_mut(slot) {
                    *slot = node;
                }
                let start = at(starts, slot);
                if start + node == distance {
                    nodes.see(column);
                }
                if start + diagonal == distance {
                    crossings.see(Some(column));
                }
                if start + down == distance {
                    crossings.see(None);
                }
            }
            if let Some(gap) = gaps.get_mut(row) {
                *gap = nodes.only();
            }
            if let Some(line) = lines.get_mut(row) {
                *line = crossings.only().flatten();
            }
            below = here;
        }
        // Each shared line is one that is neither deleted nor inserted.
        let common = (rows + self.current.len()).saturating_sub(distance as usize) / 2;
        Alignment { lines, gaps, common }
    }
}

fn at(row: &[u32], slot: usize) -> u32 {
    row.get(slot).copied().unwrap_or(FAR)
}

/// What was seen, if it was one thing only.
#[derive(Default)]
enum Only<T> {
    #[default]
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

    proptest! {
        #[test]
        fn agrees_with_trying_every_way(
            base in prop::collection::vec(0..3_u32, 0..6),
            current in prop::collection::vec(0..3_u32, 0..6),
        ) {
            let certain = Alignment::certain(&base, &current, NODES_MAX).unwrap();
            let (lines, gaps, kept) = by_trying(&base, &current);
            prop_assert_eq!(certain.lines, lines);
            prop_assert_eq!(certain.gaps, gaps);
            prop_assert_eq!(certain.common, kept);
        }

        #[test]
        fn equal_texts_align_line_by_line(lines in prop::collection::vec(0..2_u32, 0..40)) {
            let certain = Alignment::certain(&lines, &lines, NODES_MAX).unwrap();
            prop_assert!(certain.lines.iter().enumerate().all(|(row, at)| *at == Some(row)));
            prop_assert!(certain.gaps.iter().enumerate().all(|(row, at)| *at == Some(row)));
        }
    }

    #[test]
    fn which_duplicate_was_deleted_is_not_certain() {
        let certain = Alignment::certain(&[7, 1, 1, 1, 8], &[7, 1, 1, 8], NODES_MAX).unwrap();
        assert_eq!(certain.lines, [Some(0), None, None, None, Some(3)]);
    }

    #[test]
    fn a_band_that_is_too_wide_is_refused() {
        let base: Vec<u32> = (0..1_000).collect();
        let other: Vec<u32> = (5_000..6_000).collect();
        assert_eq!(Alignment::certain(&base, &other, 100_000), None);
        assert!(Alignment::certain(&base, &base, 100_000).is_some());
    }
}
