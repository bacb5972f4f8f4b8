//! Deliberate mistakes in the changed lines, one after another: whether a test notices.

use gate::{Mutant, MutationFile, is_test_file, mutants};
use model::{
    Comparison, Evidence, GateDefinition, GateKind, GateOutcome, LineSpan, MutationReport,
    TestOutcome,
};
use workspace::{Checkout, ProposedFile};

use super::{Effort, Proving, Side};
use crate::Error;
use crate::examine::{self, changed_lines};

/// What became of one mistake.
enum Fate {
    Noticed,
    Invalid,
    Survived,
    Untried,
}

impl Proving<'_, '_> {
    /// Tries the mistakes that the budget allows against the tests that pass. `None` if there are no such tests, or
    /// nothing to mistake.
    pub(super) fn mutate(
        &mut self,
        built: &Checkout,
        comparisons: &[Comparison],
    ) -> Result<Option<MutationReport>, Error> {
        let passing = |(_, comparison): &(&GateDefinition, &Comparison)| {
            comparison.kind == GateKind::Test && comparison.proposal == GateOutcome::Passed
        };
        let gates: Vec<GateDefinition> = self
            .gates
            .iter()
            .zip(comparisons)
            .filter(passing)
            .map(|(gate, _)| gate.clone())
            .collect();
        if gates.is_empty() || self.effort.mutants == 0 {
            return Ok(None);
        }
        let subject = self.subject;
        let added: Vec<Vec<LineSpan>> = subject
            .files
            .iter()
            .zip(&subject.examined)
            .map(|(file, examined)| changed_lines(file, examined).1)
            .collect();
        let files = subject.files.iter().zip(&subject.examined).zip(&added);
        let files: Vec<MutationFile<'_>> = files
            .filter_map(|((file, examined), added)| {
                let own = !examined.change.generated && !is_test_file(&file.path);
                let (path, language) = (&file.path, examined.change.language?);
                let text = file.after.as_ref().and_then(examine::Side::bytes).filter(|_| own)?;
                Some(MutationFile { path, language, text, hunks: added })
            })
            .collect();
        let found = mutants(&files, self.effort.mutants);
        if found.possible == 0 {
            return Ok(None);
        }
        let budget = u32::try_from(self.effort.mutants).unwrap_or(u32::MAX);
        let mut report = MutationReport { possible: found.possible, budget, ..Default::default() };
        for mutant in &found.chosen {
            let Some(file) = files.iter().find(|file| *file.path == mutant.path) else { continue };
            match self.fate(mutant, file.text, built, &gates)? {
                Fate::Noticed => report.killed += 1,
                Fate::Invalid => report.invalid += 1,
                Fate::Survived => report.survived.push(mutant.survivor(file.text)),
                Fate::Untried => {}
            }
        }
        report.survived.sort();
        Ok(Some(report))
    }

    fn fate(
        &mut self,
        mutant: &Mutant,
        text: &[u8],
        built: &Checkout,
        gates: &[GateDefinition],
    ) -> Result<Fate, Error> {
        let file = ProposedFile {
            path: mutant.path.clone(),
            old_path: None,
            mode: self.subject.mode(&mutant.path),
            bytes: Some(mutant.applied(text)),
        };
        let tree = built.with(&[file])?;
        let once = Effort { runs: 1, ..self.effort };
        let mut fate = Fate::Survived;
        for gate in gates {
            let ran = self.runs.all(Side::Mutant, std::slice::from_ref(gate), &tree, once)?.ran;
            match ran.first().and_then(|ran| ran.first()).map(|ran| judged(gate, &ran.evidence)) {
                Some(Fate::Survived) => {}
                Some(other) => {
                    fate = other;
                    break;
                }
                None => fate = Fate::Untried,
            }
        }
        Ok(fate)
    }
}

/// A gate that reports tests and fails without one that does did not come to run them: the mistake did not build.
fn judged(gate: &GateDefinition, evidence: &Evidence) -> Fate {
    let failed = || evidence.tests.iter().any(|test| test.outcome == TestOutcome::Failed);
    match &evidence.outcome {
        GateOutcome::Passed => Fate::Survived,
        GateOutcome::TimedOut | GateOutcome::Crashed => Fate::Noticed,
        GateOutcome::Failed if !gate.reports.is_empty() && !failed() => Fate::Invalid,
        GateOutcome::Failed => Fate::Noticed,
        GateOutcome::NotRun(_) => Fate::Untried,
    }
}
