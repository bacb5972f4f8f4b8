//! Hunks that no evidence needs: taken out in halves, quarters and one by one, as delta debugging does (Zeller and
//! Hildebrandt, TSE 2002), as long as every gate says the same without them.

use std::collections::BTreeSet;

use model::{Comparison, FileChange, HunkKind, TestValue, WitnessReport};
use workspace::{Checkout, ProposedFile};

use super::{Effort, Proving, Side, evidence};
use crate::Error;
use crate::examine::{self, ChangedFile};

impl Proving<'_, '_> {
    /// The hunks that can be taken out together with all evidence unchanged, within the budget. `None` if nothing was
    /// tried: there is no budget, a single hunk, or nothing that tells the proposal from the base.
    pub(super) fn minimise(
        &mut self,
        base: &Checkout,
        comparisons: &[Comparison],
        witness: &WitnessReport,
    ) -> Result<Option<Vec<u32>>, Error> {
        let tells =
            comparisons.iter().any(|found| !found.fixed.is_empty() || found.gone_findings > 0)
                || witness.tests.iter().any(|test| test.value == Some(TestValue::ProvesTheChange));
        let hunks: Vec<u32> =
            self.subject.changeset.hunks().map(|(_, hunk)| hunk.ordinal).collect();
        if self.effort.reductions == 0 || !tells || hunks.len() < 2 {
            return Ok(None);
        }
        let (mut out, mut tried) = (BTreeSet::new(), 0);
        let mut size = hunks.len() / 2;
        while size > 0 {
            let left: Vec<u32> = hunks.iter().copied().filter(|hunk| !out.contains(hunk)).collect();
            for part in left.chunks(size) {
                // Without any hunk there is no change.
                let fewer: BTreeSet<u32> = out.iter().chain(part).copied().collect();
                if fewer.len() == hunks.len() {
                    continue;
                }
                if tried == self.effort.reductions || !self.runs.left(self.effort) {
                    return Ok(Some(self.as_recorded(&hunks, &out)));
                }
                tried += 1;
                if self.says_the_same_without(&fewer, base, comparisons)? {
                    out = fewer;
                }
            }
            size /= 2;
        }
        Ok(Some(self.as_recorded(&hunks, &out)))
    }

    /// The numbers that the recorded change gives its hunks, where they are as many.
    fn as_recorded(&self, hunks: &[u32], out: &BTreeSet<u32>) -> Vec<u32> {
        let recorded = &self.subject.hunks;
        let names = if recorded.len() == hunks.len() { recorded } else { hunks };
        let named = hunks.iter().zip(names).filter(|(hunk, _)| out.contains(hunk));
        named.map(|(_, name)| *name).collect()
    }

    fn says_the_same_without(
        &mut self,
        out: &BTreeSet<u32>,
        base: &Checkout,
        comparisons: &[Comparison],
    ) -> Result<bool, Error> {
        let subject = self.subject;
        let change = |file: &ChangedFile| {
            subject.changeset.files.iter().find(|change| change.path == file.path)
        };
        let files = subject.files.iter().filter_map(|file| Some((file, change(file)?)));
        let laid: Vec<ProposedFile> =
            files.flat_map(|(file, change)| without(file, change, out)).collect();
        let tree = base.with(&laid)?;
        let once = Effort { runs: 1, ..self.effort };
        let ran = self.runs.all(Side::Reduced, self.gates, &tree, once)?.ran;
        let pairs = self.gates.iter().zip(&self.base).zip(&ran).zip(comparisons);
        Ok(pairs.into_iter().all(|(((gate, base), ran), full)| {
            let found = gate::compare(gate, &evidence(base), &evidence(ran));
            let says = |found: &Comparison| {
                let found = found.clone();
                (
                    found.verdict,
                    found.new_failures,
                    found.fixed,
                    found.removed_tests,
                    found.added_tests,
                )
            };
            says(&found) == says(full) && found.new_findings.len() == full.new_findings.len()
        }))
    }
}

/// A changed file with the hunks `out` left as they were.
fn without(file: &ChangedFile, change: &FileChange, out: &BTreeSet<u32>) -> Vec<ProposedFile> {
    let bytes = |side: &Option<examine::Side>| {
        side.as_ref().and_then(examine::Side::bytes).unwrap_or_default().to_vec()
    };
    if change.hunks.iter().any(|hunk| hunk.kind == HunkKind::Whole) {
        let kept = change.hunks.iter().all(|hunk| out.contains(&hunk.ordinal));
        return if kept { Vec::new() } else { super::subject::proposed_of(file) };
    }
    let (before, after) = (bytes(&file.before), bytes(&file.after));
    let (mut text, mut at) = (Vec::with_capacity(after.len()), 0);
    for hunk in change.hunks.iter().filter(|hunk| !out.contains(&hunk.ordinal)) {
        text.extend_from_slice(before.get(at..hunk.before.start).unwrap_or_default());
        text.extend_from_slice(hunk.after.of(&after));
        at = hunk.before.end;
    }
    text.extend_from_slice(before.get(at..).unwrap_or_default());
    let mode = file.after.as_ref().map_or(model::FileMode::File, |side| side.mode);
    vec![ProposedFile { path: file.path.clone(), old_path: None, mode, bytes: Some(text) }]
}
