//! What tests say that the author of the change could not have bent.

use gate::{
    OverlayFile, base_tests_on_proposal, base_witness, changed_tests, proposed_tests_on_base,
    witness_tests,
};
use model::{GateDefinition, GateKind, TestChange, WitnessReport};
use workspace::ProposedFile;

use super::{Built, Effort, Proving, Ran, Side, evidence};
use crate::Error;

impl Proving<'_, '_> {
    /// The tests of the base against the proposed code, and the proposed tests against the code as it was.
    pub(super) fn witness(&mut self, built: &Built) -> Result<(WitnessReport, Vec<Ran>), Error> {
        let tests: Vec<(usize, &GateDefinition)> =
            self.gates.iter().enumerate().filter(|(_, gate)| gate.kind == GateKind::Test).collect();
        let gates: Vec<GateDefinition> = tests.iter().map(|(_, gate)| (*gate).clone()).collect();
        let subject = self.subject;
        let (old_tests, new_tests, changed) = subject.under_review(|files| {
            (base_tests_on_proposal(files), proposed_tests_on_base(files), changed_tests(files))
        });
        let mut report = WitnessReport::default();
        let mut rests_on = Vec::new();
        let once = Effort { runs: 1, ..self.effort };
        // Where the change touches no tests, its own run is the witness.
        let crossed: Vec<Vec<Ran>> = if old_tests.is_empty() {
            tests.iter().filter_map(|(at, _)| self.proposal.get(*at).cloned()).collect()
        } else {
            // Not from what the proposal's own run built: it could have left there what its witness then takes for built.
            let tree = built.base.with(&subject.proposed)?.with(&self.laid(old_tests))?;
            self.runs.all(Side::BaseTests, &gates, &tree, once)?.ran
        };
        for ((at, gate), ran) in tests.iter().zip(&crossed) {
            let base = self.base.get(*at).map(|ran| evidence(ran)).unwrap_or_default();
            report.base_tests.push(base_witness(gate, &base, &evidence(ran)));
        }
        rests_on.extend(crossed.into_iter().flatten());
        let asked = changed.iter().any(|test| test.change != TestChange::Deleted);
        let on_base: Vec<Ran> = if asked && !gates.is_empty() {
            let tree = built.base.with(&self.laid(new_tests))?;
            self.runs
                .all(Side::ProposedTests, &gates, &tree, once)?
                .ran
                .into_iter()
                .flatten()
                .collect()
        } else {
            Vec::new()
        };
        let of_tests = tests.iter().filter_map(|(at, _)| self.proposal.get(*at)).flatten();
        let on_proposal: Vec<_> = of_tests.map(|ran| ran.evidence.clone()).collect();
        report.tests = witness_tests(&changed, &evidence(&on_base), &on_proposal);
        report.findings = subject
            .review
            .findings
            .iter()
            .filter(|finding| finding.rule.starts_with("test."))
            .cloned()
            .collect();
        rests_on.extend(on_base);
        Ok((report, rests_on))
    }

    fn laid(&self, overlay: Vec<OverlayFile>) -> Vec<ProposedFile> {
        let laid = |OverlayFile { path, text }| ProposedFile {
            mode: self.subject.mode(&path),
            path,
            old_path: None,
            bytes: text,
        };
        overlay.into_iter().map(laid).collect()
    }
}
