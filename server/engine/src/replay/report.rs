//! What a replay found, added up.

use std::collections::BTreeMap;
use std::ops::Range;

use model::RelPath;
use serde::Serialize;

use super::case::{Case, ReplayKind};
use super::judge::{Answer, Judged, Worth, anchored, judge};
use super::lines::rows;
use super::planned::{Planned, one_by_one, together};
use super::truth::{Relation, Truth};

/// How many misapplied hunks are told in full.
const MISAPPLIED_MAX: usize = 200;
/// How many refused hunks are named for each reason.
const EXAMPLES_MAX: usize = 12;
/// What part of the separate hunks has to find its place, in percent.
const RATE_MIN_PERCENT: f64 = 95.0;
/// Of how many hunks a case may be to be planned one by one too, and which of these are: every third.
const ONE_BY_ONE_HUNKS_MAX: usize = 8;
const ONE_BY_ONE_EVERY: usize = 3;

/// Hunks of one relation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// How many.
    pub hunks: u32,
    /// Put where they belong.
    pub anchored: u32,
    /// Rightly found to be there already.
    pub there: u32,
    /// Refused.
    pub refused: u32,
    /// Put, or said to be there, as one diff over all commits has it, and not as they do one by one. Not
    /// counted as found.
    pub disputed: u32,
    /// Anything else.
    pub misapplied: u32,
}

impl Tally {
    fn count(&mut self, worth: Worth) {
        self.hunks += 1;
        match worth {
            Worth::Anchored => self.anchored += 1,
            Worth::There => self.there += 1,
            Worth::Refused => self.refused += 1,
            Worth::Disputed => self.disputed += 1,
            Worth::Misapplied => self.misapplied += 1,
        }
    }

    /// How many of a hundred were put where they belong or are there; `None` of none.
    pub fn percent(&self) -> Option<f64> {
        let found = f64::from(self.anchored + self.there);
        (self.hunks > 0).then(|| 100.0 * found / f64::from(self.hunks))
    }

    fn add(&mut self, other: &Self) {
        self.hunks += other.hunks;
        self.anchored += other.anchored;
        self.there += other.there;
        self.refused += other.refused;
        self.disputed += other.disputed;
        self.misapplied += other.misapplied;
    }
}

/// What the engine's planning made of cases.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct PlannedTally {
    /// How many plans: each case at once, and the shorter ones hunk by hunk too.
    pub plans: u32,
    /// How many hunks took effect in them.
    pub hunks: u32,
    /// How many plans would have left a text that is not right.
    pub misapplied: u32,
}

/// One kind of case.
#[derive(Debug, Clone, Serialize)]
pub struct ReplayRow {
    /// Which.
    pub kind: ReplayKind,
    /// Whether its separate hunks count for the rate.
    pub real: bool,
    /// How many cases.
    pub cases: u32,
    /// By relation.
    pub relations: BTreeMap<Relation, Tally>,
    /// Why separate hunks were refused.
    pub separate_refused: BTreeMap<String, u32>,
    /// Why others were.
    pub others_refused: BTreeMap<String, u32>,
    /// The way a person's decision goes.
    pub planned: PlannedTally,
}

/// A hunk that was put, or said to be, where it is not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Misapplied {
    /// The case's number, for `--show`.
    pub case: usize,
    /// Its kind.
    pub kind: ReplayKind,
    /// The file.
    pub path: RelPath,
    /// The commits it is made of, oldest first.
    pub commits: Vec<String>,
    /// The hunk in the case, from 1; `None` where a whole plan is meant.
    pub hunk: Option<usize>,
    /// The line of the base, from 1, and how many lines it replaces.
    pub base_lines: Option<(usize, usize)>,
    /// How it lies to the person's edits.
    pub relation: Option<Relation>,
    /// What was answered, in words.
    pub answer: String,
}

/// A separate hunk that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Example {
    /// The case's number, for `--show`.
    pub case: usize,
    /// Its kind.
    pub kind: ReplayKind,
    /// The hunk in the case, from 1.
    pub hunk: usize,
    /// The file.
    pub path: RelPath,
    /// The words for people.
    pub reason: String,
}

/// A case in full.
#[derive(Debug, Clone, Serialize)]
pub struct ReplayedCase {
    /// Its number.
    pub case: usize,
    /// Its kind.
    pub kind: ReplayKind,
    /// The file.
    pub path: RelPath,
    /// The commits it is made of, oldest first.
    pub commits: Vec<String>,
    /// What the hunks are stated against; what is not UTF-8 is replaced, as in all texts here.
    pub base: String,
    /// What was there.
    pub current: String,
    /// What waits.
    pub hunks: Vec<ReplayedHunk>,
}

/// A hunk of a case in full.
#[derive(Debug, Clone, Serialize)]
pub struct ReplayedHunk {
    /// Its lines in the base, from 0.
    pub base_lines: Range<usize>,
    /// What it puts there.
    pub text: String,
    /// How it lies to the person's edits.
    pub relation: Relation,
    /// The bytes of the current text that are its place, if it has one.
    pub place: Option<Range<usize>>,
    /// Whether it is there already.
    pub there: bool,
    /// The bytes of the current text that stand where it belongs, whatever became of it.
    pub region: Range<usize>,
    /// The bytes it was put at, if it was.
    pub put: Option<Range<usize>>,
    /// What was answered, in words.
    pub answer: String,
    /// Whether that is wrong.
    pub misapplied: bool,
}

/// What a replay found.
#[derive(Debug, Clone, Serialize)]
pub struct ReplayReport {
    /// Of this format.
    pub version: u32,
    /// What the dice started from.
    pub seed: u64,
    /// How many commits there were to start from.
    pub commits: usize,
    /// How many cases were made.
    pub cases: usize,
    /// Of separate hunks of real edits, how many of a hundred found their place; `None` without any.
    pub rate_percent: Option<f64>,
    /// How many hunks, or plans, were misapplied.
    pub misapplied: u32,
    /// Whether nothing was misapplied and the rate is at least 95 percent.
    pub passed: bool,
    /// By kind; those without a case are left out.
    pub kinds: Vec<ReplayRow>,
    /// Those that were misapplied; the first 200.
    pub misapplied_cases: Vec<Misapplied>,
    /// Refused separate hunks of real edits by reason; the first of each.
    pub refused_examples: BTreeMap<String, Vec<Example>>,
    /// The cases that were to be shown.
    pub shown: Vec<ReplayedCase>,
}

impl ReplayReport {
    pub(super) fn new(seed: u64, commits: usize) -> Self {
        Self {
            version: 1,
            seed,
            commits,
            cases: 0,
            rate_percent: None,
            misapplied: 0,
            passed: false,
            kinds: Vec::new(),
            misapplied_cases: Vec::new(),
            refused_examples: BTreeMap::new(),
            shown: Vec::new(),
        }
    }

    /// All hunks of `relation`, of real edits only or of all kinds.
    pub fn total(&self, relation: Relation, real_only: bool) -> Tally {
        let mut total = Tally::default();
        let rows = self.kinds.iter().filter(|row| row.real || !real_only);
        rows.filter_map(|row| row.relations.get(&relation)).for_each(|tally| total.add(tally));
        total
    }

    /// Has `case` answered, and counts.
    pub(super) fn take(&mut self, case: &Case, show: bool) {
        self.cases += 1;
        let judged = judge(case, anchored(case));
        let truths: Vec<Truth> = judged.iter().map(|judged| judged.truth.clone()).collect();
        let mut planned = vec![together(case, &truths)];
        let sampled = case.number.is_multiple_of(ONE_BY_ONE_EVERY);
        if sampled && case.waiting.len() <= ONE_BY_ONE_HUNKS_MAX {
            planned.push(one_by_one(case, &truths));
        }
        let misapplied = self.row(case.kind, |row| {
            row.cases += 1;
            judged.iter().for_each(|hunk| count(row, hunk));
            planned.iter().flatten().for_each(|plan| count_plan(&mut row.planned, plan));
        });
        self.misapplied += misapplied;
        for (hunk, judged) in (1..).zip(&judged) {
            self.tell(case, hunk, judged);
        }
        for wrong in planned.iter().flatten().filter_map(|plan| plan.wrong.as_ref()) {
            self.tell_misapplied(case, None, None, format!("planned: {wrong}"));
        }
        if show {
            self.shown.push(shown(case, &judged));
        }
        let separate = self.total(Relation::Separate, true);
        self.rate_percent = separate.percent();
        let rate_holds = self.rate_percent.is_none_or(|rate| rate >= RATE_MIN_PERCENT);
        self.passed = self.misapplied == 0 && rate_holds;
    }

    /// Changes the row of `kind`; by how much more is misapplied in it.
    fn row(&mut self, kind: ReplayKind, change: impl FnOnce(&mut ReplayRow)) -> u32 {
        if !self.kinds.iter().any(|row| row.kind == kind) {
            self.kinds.push(ReplayRow::new(kind));
            self.kinds.sort_by_key(|row| row.kind);
        }
        let Some(row) = self.kinds.iter_mut().find(|row| row.kind == kind) else { return 0 };
        let before = row.misapplied();
        change(row);
        row.misapplied() - before
    }

    fn tell(&mut self, case: &Case, hunk: usize, judged: &Judged) {
        if judged.worth == Worth::Misapplied {
            self.tell_misapplied(case, Some(hunk), Some(judged), words(&judged.answer));
        }
        let separate = judged.truth.relation == Relation::Separate && case.kind.real();
        if let (true, Answer::Refused(reason, words)) = (separate, &judged.answer) {
            let examples = self.refused_examples.entry(reason.clone()).or_default();
            if examples.len() < EXAMPLES_MAX {
                examples.push(Example {
                    case: case.number,
                    kind: case.kind,
                    hunk,
                    path: case.path.clone(),
                    reason: words.clone(),
                });
            }
        }
    }

    fn tell_misapplied(
        &mut self,
        case: &Case,
        hunk: Option<usize>,
        judged: Option<&Judged>,
        answer: String,
    ) {
        if self.misapplied_cases.len() == MISAPPLIED_MAX {
            return;
        }
        let waiting = hunk.and_then(|hunk| case.waiting.get(hunk - 1));
        self.misapplied_cases.push(Misapplied {
            case: case.number,
            kind: case.kind,
            path: case.path.clone(),
            commits: case.commits.clone(),
            hunk,
            base_lines: waiting
                .map(|hunk| (hunk.span.first_line as usize + 1, hunk.span.lines as usize)),
            relation: judged.map(|judged| judged.truth.relation),
            answer,
        });
    }
}

impl ReplayRow {
    fn new(kind: ReplayKind) -> Self {
        Self {
            kind,
            real: kind.real(),
            cases: 0,
            relations: BTreeMap::new(),
            separate_refused: BTreeMap::new(),
            others_refused: BTreeMap::new(),
            planned: PlannedTally::default(),
        }
    }

    /// How many hunks and plans were misapplied.
    pub fn misapplied(&self) -> u32 {
        let hunks = self.relations.values().map(|tally| tally.misapplied);
        hunks.sum::<u32>() + self.planned.misapplied
    }
}

fn count(row: &mut ReplayRow, hunk: &Judged) {
    row.relations.entry(hunk.truth.relation).or_default().count(hunk.worth);
    if let Answer::Refused(reason, _) = &hunk.answer {
        let separate = hunk.truth.relation == Relation::Separate;
        let reasons = if separate { &mut row.separate_refused } else { &mut row.others_refused };
        *reasons.entry(reason.clone()).or_default() += 1;
    }
}

fn count_plan(tally: &mut PlannedTally, plan: &Planned) {
    tally.plans += 1;
    tally.hunks += u32::try_from(plan.hunks).unwrap_or(u32::MAX);
    tally.misapplied += u32::from(plan.wrong.is_some());
}

fn words(answer: &Answer) -> String {
    match answer {
        Answer::Put(_, how) => format!("put: {how}"),
        Answer::There => "already there".to_owned(),
        Answer::Refused(_, reason) => format!("refused: {reason}"),
    }
}

fn shown(case: &Case, judged: &[Judged]) -> ReplayedCase {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let hunk = |(waiting, judged): (&super::case::Waiting, &Judged)| ReplayedHunk {
        base_lines: rows(&waiting.span),
        text: text(&waiting.text),
        relation: judged.truth.relation,
        place: judged.truth.place.clone(),
        there: judged.truth.there,
        region: judged.truth.region.clone(),
        put: match &judged.answer {
            Answer::Put(range, _) => Some(range.clone()),
            Answer::There | Answer::Refused(..) => None,
        },
        answer: words(&judged.answer),
        misapplied: judged.worth == Worth::Misapplied,
    };
    ReplayedCase {
        case: case.number,
        kind: case.kind,
        path: case.path.clone(),
        commits: case.commits.clone(),
        base: text(&case.base),
        current: text(&case.current),
        hunks: case.waiting.iter().zip(judged).map(hunk).collect(),
    }
}
