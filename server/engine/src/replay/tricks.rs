//! Hard cases on real text: what waits is real, what the person does to the block around it is made up, in a
//! place and a way that only the maker knows.

use std::ops::Range;

use model::LineSpan;

use super::case::{Case, ReplayKind, Waiting};
use super::cases::edits;
use super::dice::Dice;
use super::history::Change;
use super::lines::{Identity, Lines, edited, line_count, rows};

/// How far a block reaches beyond the hunk in it, on each side, in lines.
const BLOCK_MARGIN_MAX: usize = 6;
/// How many hunks wait at most.
const WAITING_MAX: usize = 16;

type Edits = Vec<(LineSpan, Vec<u8>)>;

/// What the person made of a text.
struct Played {
    base: Vec<u8>,
    waiting: Vec<Waiting>,
    current: Vec<u8>,
    identity: Identity,
}

/// A case of `kind` on the text before `change`; what it did waits.
pub(super) fn case(change: Change, kind: ReplayKind, dice: &mut Dice) -> Option<Case> {
    let hunks = edits(&change.before, &change.after);
    let waiting: Vec<Waiting> =
        hunks.iter().take(WAITING_MAX).map(|(span, text)| Waiting::new(*span, text)).collect();
    let target = rows(&dice.pick(&waiting)?.span);
    let lines = Lines::new(&change.before);
    let margin = |dice: &mut Dice| dice.below(BLOCK_MARGIN_MAX + 1);
    let block =
        target.start.saturating_sub(margin(dice))..(target.end + margin(dice)).min(lines.count());
    // Blocks are copied and moved as whole lines.
    if block.is_empty() || lines.of(&block).last() != Some(&b'\n') {
        return None;
    }
    let played = match kind {
        ReplayKind::Copied => copied(&change.before, waiting, &block, dice),
        ReplayKind::Twin => twin(&change.before, waiting, &target, &block, dice),
        ReplayKind::Moved => moved(&change.before, waiting, &block, dice),
        ReplayKind::Indented => {
            let indented = indented(lines.of(&block));
            edits_of(&change.before, waiting, line_edits(&lines, &block, &indented), &block)
        }
        ReplayKind::Deleted => {
            edits_of(&change.before, waiting, vec![(lines.span(&block), Vec::new())], &block)
        }
        _ => line_endings(&change.before, waiting),
    }?;
    Some(Case {
        number: 0,
        kind,
        path: change.path,
        commits: vec![change.parent, change.commit],
        base: played.base,
        current: played.current,
        identity: played.identity,
        waiting: played.waiting,
    })
}

/// The hunks that touch `block` are tricked.
fn mark(waiting: &mut [Waiting], block: &Range<usize>) {
    for hunk in waiting {
        let own = rows(&hunk.span);
        hunk.tricked = own.start <= block.end && block.start <= own.end;
    }
}

fn edits_of(
    base: &[u8],
    mut waiting: Vec<Waiting>,
    persons: Edits,
    block: &Range<usize>,
) -> Option<Played> {
    mark(&mut waiting, block);
    let (current, places) = edited(base, &persons).ok()?;
    let identity = Identity::of_edits(line_count(base), &places);
    Some(Played { base: base.to_vec(), waiting, current, identity })
}

/// A gap that is not within `block`.
fn elsewhere(lines: usize, block: &Range<usize>, dice: &mut Dice) -> usize {
    let gap = dice.below(lines + 1 - block.len().saturating_sub(1).min(lines));
    if gap > block.start { gap + block.len() - 1 } else { gap }
}

/// Whether text that ends in a line end can be inserted at `gap`.
fn insertable(lines: &Lines<'_>, gap: usize) -> bool {
    gap == 0 || lines.of(&(0..gap)).last() == Some(&b'\n')
}

fn copied(
    base: &[u8],
    waiting: Vec<Waiting>,
    block: &Range<usize>,
    dice: &mut Dice,
) -> Option<Played> {
    let lines = Lines::new(base);
    let gap = match dice.below(3) {
        0 => block.start,
        1 => block.end,
        _ => elsewhere(lines.count(), block, dice),
    };
    let copy = (lines.span(&(gap..gap)), lines.of(block).to_vec());
    insertable(&lines, gap).then(|| edits_of(base, waiting, vec![copy], block)).flatten()
}

fn twin(
    before: &[u8],
    waiting: Vec<Waiting>,
    target: &Range<usize>,
    block: &Range<usize>,
    dice: &mut Dice,
) -> Option<Played> {
    let lines = Lines::new(before);
    let gap = elsewhere(lines.count(), block, dice);
    let hit = |hunk: &Waiting| {
        let own = rows(&hunk.span);
        own.start <= gap && gap <= own.end
    };
    if !insertable(&lines, gap) || waiting.iter().any(hit) {
        return None;
    }
    let copy = [(lines.span(&(gap..gap)), lines.of(block).to_vec())];
    let base = semdiff::apply(before, &copy).ok()?;
    let waiting: Vec<Waiting> = waiting
        .into_iter()
        .map(|hunk| Some(Waiting { span: semdiff::shift_past(&hunk.span, &copy).ok()?, ..hunk }))
        .collect::<Option<_>>()?;
    let down = if gap <= block.start { block.len() } else { 0 };
    let block = block.start + down..block.end + down;
    let target = target.start + down..target.end + down;
    let lines = Lines::new(&base);
    // The hunk's own lines, or those around its gap, are no longer what they were.
    let changed = if dice.coin() || target.is_empty() { block.clone() } else { target };
    let text = if dice.coin() {
        Vec::new()
    } else {
        let marked = lines.of(&changed).split_inclusive(|&byte| byte == b'\n');
        marked.flat_map(|line| [b"mine ", line].concat()).collect()
    };
    let persons = vec![(lines.span(&changed), text)];
    edits_of(&base, waiting, persons, &block)
}

fn moved(
    base: &[u8],
    mut waiting: Vec<Waiting>,
    block: &Range<usize>,
    dice: &mut Dice,
) -> Option<Played> {
    let lines = Lines::new(base);
    let gap = elsewhere(lines.count(), block, dice);
    if gap == block.start || gap == block.end || !insertable(&lines, gap) {
        return None;
    }
    mark(&mut waiting, block);
    // A hunk that is now torn apart by the block is no less hard to tell.
    mark_gap(&mut waiting, gap);
    // An insertion between lines that were parted may follow either: nobody knows the right answer.
    let parted = [block.start, block.end, gap];
    waiting
        .retain(|hunk| !rows(&hunk.span).is_empty() || !parted.contains(&rows(&hunk.span).start));
    let order: Vec<usize> = (0..gap)
        .filter(|row| !block.contains(row))
        .chain(block.clone())
        .chain((gap..lines.count()).filter(|row| !block.contains(row)))
        .collect();
    let mut at = vec![None; lines.count()];
    let mut current = Vec::with_capacity(base.len());
    for (there, &row) in order.iter().enumerate() {
        current.extend_from_slice(lines.of(&(row..row + 1)));
        if let Some(slot) = at.get_mut(row) {
            *slot = Some(there);
        }
    }
    // A last line without an end would run into the next.
    if line_count(&current) != lines.count() {
        return None;
    }
    let identity = Identity { at, lines: lines.count() };
    Some(Played { base: base.to_vec(), waiting, current, identity })
}

fn mark_gap(waiting: &mut [Waiting], gap: usize) {
    for hunk in waiting {
        let own = rows(&hunk.span);
        hunk.tricked |= own.start <= gap && gap <= own.end;
    }
}

/// One edit for each line that differs, so that equal lines stay the same lines.
fn line_edits(lines: &Lines<'_>, block: &Range<usize>, text: &[u8]) -> Edits {
    let new = text.split_inclusive(|&byte| byte == b'\n');
    block
        .clone()
        .zip(new)
        .filter(|(row, new)| lines.of(&(*row..row + 1)) != *new)
        .map(|(row, new)| (lines.span(&(row..row + 1)), new.to_vec()))
        .collect()
}

fn indented(text: &[u8]) -> Vec<u8> {
    let lines = text.split_inclusive(|&byte| byte == b'\n');
    let indent = |line: &[u8]| match line {
        b"\n" | b"\r\n" => line.to_vec(),
        _ => [b"    ", line].concat(),
    };
    lines.flat_map(indent).collect()
}

/// The whole file from LF to CRLF, or back. Lines are the same lines, and what waits is right with their ends.
fn line_endings(base: &[u8], mut waiting: Vec<Waiting>) -> Option<Played> {
    let to_crlf = semdiff::line_ending(base) == semdiff::LineEnding::Lf;
    let lines = Lines::new(base);
    let whole = 0..lines.count();
    let mut converted = Vec::with_capacity(base.len() * 2);
    for line in base.split_inclusive(|&byte| byte == b'\n') {
        match line {
            [text @ .., b'\r', b'\n'] if !to_crlf => converted.extend(text.iter().chain(b"\n")),
            [_text @ .., b'\r', b'\n'] => converted.extend(line),
            [text @ .., b'\n'] if to_crlf => converted.extend(text.iter().chain(b"\r\n")),
            _ => converted.extend(line),
        }
    }
    let persons = line_edits(&lines, &whole, &converted);
    mark(&mut waiting, &whole);
    edits_of(base, waiting, persons, &whole)
}
