//! Cases from real commits. Each says what the person did as edits in known places.

use std::ops::Range;

use model::LineSpan;

use super::case::{Case, ReplayKind, Waiting};
use super::dice::Dice;
use super::history::{Change, Window};
use super::lines::{Identity, Lines, edited, line_count, rows};
use super::tricks;
use crate::Error;

/// How many hunks of a case wait at most.
const WAITING_MAX: usize = 64;
/// How many commits are the person's at most, near and far.
const NEAR_COMMITS_MAX: usize = 3;
const FAR_COMMITS_MAX: usize = 50;
/// How many commits follow what was accepted or has landed.
const LATER_COMMITS_MAX: usize = 10;

/// A case of `kind` from `window`, if the dice find one there.
pub(super) fn case(
    window: &Window<'_>,
    kind: ReplayKind,
    dice: &mut Dice,
) -> Result<Option<Case>, Error> {
    let made = match kind {
        ReplayKind::Split => window.change(dice)?.and_then(|change| split(change, dice)),
        ReplayKind::Near => drifted(window, kind, 1..NEAR_COMMITS_MAX + 1, dice)?,
        ReplayKind::Far => drifted(window, kind, 4..FAR_COMMITS_MAX + 1, dice)?,
        ReplayKind::Parallel => parallel(window, dice)?,
        ReplayKind::Landed | ReplayKind::UndoLater => later(window, kind, dice)?,
        ReplayKind::UndoSplit => window.change(dice)?.and_then(|change| undo_split(change, dice)),
        ReplayKind::Copied
        | ReplayKind::Twin
        | ReplayKind::Moved
        | ReplayKind::Indented
        | ReplayKind::Deleted
        | ReplayKind::LineEndings => {
            window.change(dice)?.and_then(|change| tricks::case(change, kind, dice))
        }
    };
    Ok(made.filter(|case| !case.waiting.is_empty() && case.base != case.current))
}

/// The hunks of a change as edits of its text before.
pub(super) fn edits(before: &[u8], after: &[u8]) -> Vec<(LineSpan, Vec<u8>)> {
    let hunks = semdiff::hunks(before, after);
    hunks.iter().map(|(old, new)| (*old, new.of(after).to_vec())).collect()
}

type Edits = Vec<(LineSpan, Vec<u8>)>;

/// Deals edits to two hands, neither empty.
fn dealt(edits: Edits, dice: &mut Dice) -> Option<(Edits, Edits)> {
    if edits.len() < 2 {
        return None;
    }
    let sides: Vec<bool> = edits.iter().map(|_| dice.coin()).collect();
    let (first, second) = (dice.below(edits.len()), dice.below(edits.len() - 1));
    let second = second + usize::from(second >= first);
    let (mut one, mut other) = (Vec::new(), Vec::new());
    for (nth, (edit, side)) in edits.into_iter().zip(sides).enumerate() {
        if nth == first || (side && nth != second) {
            one.push(edit);
        } else {
            other.push(edit);
        }
    }
    Some((one, other))
}

fn split(change: Change, dice: &mut Dice) -> Option<Case> {
    let (persons, waiting) = dealt(edits(&change.before, &change.after), dice)?;
    let (current, places) = edited(&change.before, &persons).ok()?;
    let identity = Identity::of_edits(line_count(&change.before), &places);
    let waiting = waiting.iter().map(|(span, text)| Waiting::new(*span, text));
    Some(Case {
        number: 0,
        kind: ReplayKind::Split,
        path: change.path,
        commits: vec![change.parent, change.commit],
        waiting: waiting.take(WAITING_MAX).collect(),
        base: change.before,
        current,
        identity,
    })
}

fn undo_split(change: Change, dice: &mut Dice) -> Option<Case> {
    let (mut accepted, persons) = dealt(edits(&change.before, &change.after), dice)?;
    accepted.truncate(WAITING_MAX);
    let (base, places) = edited(&change.before, &accepted).ok()?;
    let persons: Vec<_> = persons
        .into_iter()
        .map(|(span, text)| Some((semdiff::shift_past(&span, &accepted).ok()?, text)))
        .collect::<Option<_>>()?;
    let (current, moved) = edited(&base, &persons).ok()?;
    let inverse = places.iter().map(|(old, new)| Waiting::new(*new, old.of(&change.before)));
    Some(Case {
        number: 0,
        kind: ReplayKind::UndoSplit,
        path: change.path,
        commits: vec![change.parent, change.commit],
        waiting: inverse.collect(),
        identity: Identity::of_edits(line_count(&base), &moved),
        base,
        current,
    })
}

fn drifted(
    window: &Window<'_>,
    kind: ReplayKind,
    commits: Range<usize>,
    dice: &mut Dice,
) -> Result<Option<Case>, Error> {
    let Some(chain) = window.chain(dice, commits.start + 2) else { return Ok(None) };
    let longest = (chain.versions.len() - 2).min(commits.end - 1);
    let persons = dice.between(commits.start, longest);
    let start = dice.below(chain.versions.len() - 1 - persons);
    let Some(versions) = chain.versions.get(start..start + persons + 2) else { return Ok(None) };
    let Some(texts) = texts(window, versions)? else { return Ok(None) };
    let [base, .., current, proposal] = texts.as_slice() else { return Ok(None) };
    let identity = followed(texts.get(..texts.len() - 1).unwrap_or_default());
    Ok(Some(Case {
        number: 0,
        kind,
        path: chain.path.clone(),
        commits: versions.iter().map(|(_, commit)| commit.clone()).collect(),
        waiting: stated_against(base, current, &identity, proposal),
        base: base.clone(),
        current: current.clone(),
        identity,
    }))
}

fn texts(
    window: &Window<'_>,
    versions: &[(String, String)],
) -> Result<Option<Vec<Vec<u8>>>, Error> {
    versions.iter().map(|(id, _)| window.text(id)).collect()
}

/// Which line of the first text is which of the last, step by step.
fn followed(texts: &[Vec<u8>]) -> Identity {
    let lines = texts.first().map_or(0, |text| line_count(text));
    let whole = Identity::of_edits(lines, &[]);
    let steps = texts.windows(2).filter_map(|step| match step {
        [before, after] => Some(Identity::between(before, after)),
        _ => None,
    });
    steps.fold(whole, |so_far, step| so_far.then(&step))
}

/// What turns `current` into `proposal`, where it can be said about lines that `base` has.
fn stated_against(
    base: &[u8],
    current: &[u8],
    identity: &Identity,
    proposal: &[u8],
) -> Vec<Waiting> {
    let back = identity.back();
    let lines = Lines::new(base);
    let mut stated: Vec<Waiting> = Vec::new();
    for (old, text) in edits(current, proposal) {
        let own = rows(&old);
        let there = if own.is_empty() {
            let above = own.start.checked_sub(1).map(|row| back.get(row).map(|row| row + 1));
            let gap = above.unwrap_or(Some(0)).or_else(|| back.get(own.start));
            gap.map(|gap| gap..gap)
        } else {
            back.together(&own)
        };
        let Some(there) = there else { continue };
        let fits = ends_lines(&lines, &there, &text);
        let apart = stated.last().is_none_or(|last| {
            let last = rows(&last.span);
            last.end <= there.start && last != there
        });
        if fits && apart && lines.of(&there) != text && stated.len() < WAITING_MAX {
            stated.push(Waiting::new(lines.span(&there), &text));
        }
    }
    stated
}

/// Whether `text` can take the place of `own` without running two lines into one.
pub(super) fn ends_lines(lines: &Lines<'_>, own: &Range<usize>, text: &[u8]) -> bool {
    let ended = |text: &[u8]| text.last().is_none_or(|&byte| byte == b'\n');
    let at_end = own.end == lines.count();
    let open = at_end && !ended(lines.of(&(0..own.start)));
    (at_end || ended(text)) && (!open || text.is_empty())
}

fn later(window: &Window<'_>, kind: ReplayKind, dice: &mut Dice) -> Result<Option<Case>, Error> {
    let Some(chain) = window.chain(dice, 3) else { return Ok(None) };
    let follow = dice.between(1, (chain.versions.len() - 2).min(LATER_COMMITS_MAX));
    let start = dice.below(chain.versions.len() - 1 - follow);
    let Some(versions) = chain.versions.get(start..start + follow + 2) else { return Ok(None) };
    let Some(texts) = texts(window, versions)? else { return Ok(None) };
    let [before, accepted, .., current] = texts.as_slice() else { return Ok(None) };
    let hunks = semdiff::hunks(before, accepted);
    let hunks = hunks.iter().take(WAITING_MAX);
    let undo = kind.undoes();
    // What is taken out again must have been put in whole.
    if undo && hunks.len() < semdiff::hunks(before, accepted).len() {
        return Ok(None);
    }
    let (base, stated, from) = if undo { (accepted, before, 1) } else { (before, accepted, 0) };
    let since = followed(texts.get(1..).unwrap_or_default());
    let direct = Identity::between(before, current);
    let lines = Lines::new(accepted);
    let left_of = |new: &LineSpan| {
        let blank = |row: usize| lines.of(&(row..row + 1)).trim_ascii().is_empty();
        // Blank lines are kept by chance, unless they are all there is.
        let only_blank = rows(new).all(blank);
        rows(new).any(|row| since.get(row).is_some() && (only_blank || !blank(row)))
    };
    let waiting = hunks.map(|(old, new)| {
        let (span, text) = if undo { (new, old) } else { (old, new) };
        let brought_back = new.lines > 0 || direct.together(&rows(old)).is_some();
        let taken_back = !undo && brought_back && !left_of(new);
        Waiting { taken_back, ..Waiting::new(*span, text.of(stated)) }
    });
    Ok(Some(Case {
        number: 0,
        kind,
        path: chain.path.clone(),
        commits: versions.iter().map(|(_, commit)| commit.clone()).collect(),
        waiting: waiting.collect(),
        base: base.clone(),
        current: current.clone(),
        identity: followed(texts.get(from..).unwrap_or_default()),
    }))
}

fn parallel(window: &Window<'_>, dice: &mut Dice) -> Result<Option<Case>, Error> {
    let Some(sides) = window.parallel(dice)? else { return Ok(None) };
    let waiting = edits(&sides.base, &sides.second);
    Ok(Some(Case {
        number: 0,
        kind: ReplayKind::Parallel,
        path: sides.path,
        commits: sides.commits,
        waiting: waiting
            .iter()
            .take(WAITING_MAX)
            .map(|(span, text)| Waiting::new(*span, text))
            .collect(),
        identity: Identity::between(&sides.base, &sides.first),
        base: sides.base,
        current: sides.first,
    }))
}
