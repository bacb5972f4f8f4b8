//! Replay: how well hunks find their places, measured on a real history against answers that are known.
//!
//! A case takes commits of a file: some are *the person's edits*, others are *what waits* to be accepted (or
//! to be undone). What is right is known from how the case was made (see `truth`), never from the code that
//! is measured. The truth of a drifted case is that of the line diff of each commit in turn: git's idea of
//! which line is which. Where text repeats, the same current text can come about in several ways; the one
//! that is taken as true is one of them, so whoever guesses between them is found out about half the time.
//!
//! Where one diff over all those commits disagrees with them and agrees with the answer, the hunk is counted as
//! *disputed*: neither found nor misapplied. What has landed is never disputed: a second copy of it is wrong.
//!
//! Each case is answered twice: by [`semdiff::Anchoring`], and by the engine's own planning of an acceptance
//! or an undo, all hunks at once and, of every third case, one by one. Nothing is written anywhere. One seed is one run.

mod case;
mod cases;
mod dice;
mod history;
mod judge;
mod lines;
mod planned;
mod report;
mod tricks;
mod truth;

use std::path::Path;

use workspace::Repository;

use case::Case;
use dice::Dice;
use history::{COMMITS_MAX, Window};

use crate::Error;

pub use case::ReplayKind;
pub use report::{
    Example, Misapplied, PlannedTally, ReplayReport, ReplayRow, ReplayedCase, ReplayedHunk, Tally,
};
pub use truth::Relation;

/// How many cases are made of one window of commits, at most.
const WINDOW_CASES: usize = 24;
/// How often the dice are thrown for a case in one window.
const THROWS: usize = 6;
/// How many windows may go by without a case of a kind until the history is taken to have none.
const BARREN_WINDOWS_MAX: usize = 12;
/// Which kinds, in which order: those of real edits come more often.
const ROUND: [ReplayKind; 20] = [
    ReplayKind::Split,
    ReplayKind::Near,
    ReplayKind::Far,
    ReplayKind::Landed,
    ReplayKind::UndoSplit,
    ReplayKind::Copied,
    ReplayKind::Near,
    ReplayKind::Far,
    ReplayKind::Parallel,
    ReplayKind::Twin,
    ReplayKind::Split,
    ReplayKind::Near,
    ReplayKind::UndoLater,
    ReplayKind::Moved,
    ReplayKind::Far,
    ReplayKind::Landed,
    ReplayKind::Indented,
    ReplayKind::Split,
    ReplayKind::Deleted,
    ReplayKind::LineEndings,
];

/// What to replay.
#[derive(Debug, Clone, Default)]
pub struct ReplayOptions {
    /// What the dice start from.
    pub seed: u64,
    /// How many cases.
    pub cases: usize,
    /// The cases to give in full, by number from 1.
    pub show: Vec<usize>,
}

/// Replays cases from the history of the repository around `start`. Writes nothing.
///
/// Fewer cases than asked for are made when the history does not have them.
/// # Errors
/// No repository, no commit, or objects that cannot be read.
/// # Cost
/// For each 24 cases about a hundred tree comparisons; for each case a few line diffs and comparisons of the
/// kind of [`semdiff::Anchoring::new`]. Memory: one case, one window of history, and the ids of at most
/// 100,000 commits.
pub fn replay(start: &Path, options: &ReplayOptions) -> Result<ReplayReport, Error> {
    let repository = Repository::discover(start)?;
    let commits = repository.reachable("HEAD", COMMITS_MAX)?;
    let mut report = ReplayReport::new(options.seed, commits.len());
    let mut makers = Makers { round: ROUND.to_vec(), next: 0, barren: Vec::new() };
    let mut dice = Dice::new(options.seed);
    while report.cases < options.cases && !makers.round.is_empty() {
        let Some(commit) = dice.pick(&commits) else { break };
        let window = Window::before(&repository, commit)?;
        for _ in 0..WINDOW_CASES {
            // How many are asked for must not change which case is which.
            if report.cases == options.cases {
                break;
            }
            let Some(mut case) = makers.make(&window, &mut dice)? else { continue };
            case.number = report.cases + 1;
            report.take(&case, options.show.contains(&case.number));
        }
    }
    Ok(report)
}

/// Whose turn it is to be made.
struct Makers {
    round: Vec<ReplayKind>,
    next: usize,
    /// For each window that had none, its kind.
    barren: Vec<ReplayKind>,
}

impl Makers {
    /// The next case in turn, if `window` has one.
    fn make(&mut self, window: &Window<'_>, dice: &mut Dice) -> Result<Option<Case>, Error> {
        let Some(&kind) = self.round.get(self.next % self.round.len().max(1)) else {
            return Ok(None);
        };
        self.next += 1;
        for _ in 0..THROWS {
            if let Some(case) = cases::case(window, kind, dice)? {
                self.barren.retain(|other| *other != kind);
                return Ok(Some(case));
            }
        }
        self.barren.push(kind);
        if self.barren.iter().filter(|other| **other == kind).count() >= BARREN_WINDOWS_MAX {
            self.round.retain(|other| *other != kind);
        }
        Ok(None)
    }
}
