//! Tests once more, watched: which lines of the project they come to.

use std::ffi::OsString;
use std::time::Duration;

use gate::{LineCoverage, ReportPlace, RunEnd, Watched, conclude, read_report};
use model::{
    Artifact, Evidence, EvidenceRecord, EvidenceSubject, GateOutcome, RelPath, ReportFormat,
};
use workspace::{CHECKOUT_AT, Checkout, REPORTS_AT, Reports};

use super::super::{ProveStep, Side, reports};
use super::{Ran, Runs, Site, as_slice};
use crate::Error;

/// The name under which the lines are kept, as an LCOV tracefile.
const LINES: &str = "lines";

impl Runs<'_> {
    /// The lines that tests come to on `built`, which is `tree` with what was built on it. `None` if that could not be found
    /// out: they were others than in the run `judged`, or ended otherwise, or left nothing that can be read.
    pub(crate) fn watched(
        &mut self,
        watched: &Watched,
        judged: &Evidence,
        tree: &Checkout,
        built: &Checkout,
    ) -> Result<Option<Ran>, Error> {
        let digest = tree.digest(self.place.repository)?;
        let subject = EvidenceSubject {
            gate_digest: watched.digest(),
            ..self.subject(Side::Watched, watched.gate(), digest)
        };
        let known = match self.remember {
            true => self.ledger.evidence_of(&subject)?,
            false => Vec::new(),
        };
        let (ran, duration) = match known.first() {
            Some(evidence) => (self.watched_before(evidence), Duration::ZERO),
            None => self.watch_now(watched, judged, (tree, built), subject)?,
        };
        let known = !known.is_empty();
        self.tally.asked += 1;
        self.tally.known += u32::from(known);
        let (gate, outcome) = (watched.gate().id.clone(), ran.evidence.outcome.clone());
        (self.watch)(&ProveStep { side: Side::Watched, gate, outcome, duration, known });
        Ok(Some(ran).filter(|ran| ran.coverage.is_some()))
    }

    fn watched_before(&self, evidence: &Evidence) -> Ran {
        let kept = evidence.record.artifacts.iter().find(|artifact| artifact.name == LINES);
        let lines = kept.and_then(|kept| self.ledger.blob(&kept.blob).ok()).and_then(|bytes| {
            let place = ReportPlace { root: CHECKOUT_AT, folder: None };
            read_report(ReportFormat::Lcov, &bytes, place).ok()?.coverage
        });
        Ran { evidence: evidence.clone(), coverage: lines }
    }

    fn watch_now(
        &mut self,
        watched: &Watched,
        judged: &Evidence,
        (tree, built): (&Checkout, &Checkout),
        subject: EvidenceSubject,
    ) -> Result<(Ran, Duration), Error> {
        let gate = watched.gate();
        let mut site = Site::new(built.room(self.place.caches)?);
        let folder = site.room.reports()?;
        let started = self.clock.now();
        if let Some(broken) = self.build(Side::Watched, gate, &mut site)? {
            let report = Ok(gate::Report::default());
            let evidence = conclude(subject, &broken.end, report, EvidenceRecord::default());
            return Ok((Ran { evidence, coverage: None }, broken.duration));
        }
        let env = watched.env(REPORTS_AT).into_iter();
        let env: Vec<(OsString, OsString)> =
            env.map(|(name, value)| (name.into(), value.into())).collect();
        let passed = self.pass(gate, &env, &site.room, &folder)?;
        let found = reports::find(gate, &site.room, &folder, &passed.printed)?;
        let report = match &passed.end {
            RunEnd::NotStarted(_) => Ok(gate::Report::default()),
            _ => reports::read(gate, found.iter().map(|f| (f.definition, as_slice(&f.bytes)))),
        };
        let mut evidence = conclude(subject, &passed.end, report, EvidenceRecord::default());
        let same = (&evidence.outcome, &evidence.tests) == (&judged.outcome, &judged.tests);
        let lines = if same { self.lines(watched, tree, &folder)? } else { None };
        evidence.coverage = lines.as_ref().map(LineCoverage::summary);
        evidence.record.started = Some(started);
        evidence.record.duration_ms =
            u64::try_from(passed.duration.as_millis()).unwrap_or(u64::MAX);
        evidence.record.artifacts = self.keep_lines(lines.as_ref())?;
        let repeats = matches!(evidence.outcome, GateOutcome::Passed | GateOutcome::Failed);
        // What ended otherwise once may not the next time.
        if repeats && lines.is_some() && self.remember {
            self.ledger.keep_evidence(&evidence)?;
        }
        Ok((Ran { evidence, coverage: lines.filter(|_| repeats) }, passed.duration))
    }

    fn lines(
        &self,
        watched: &Watched,
        tree: &Checkout,
        folder: &Reports,
    ) -> Result<Option<LineCoverage>, Error> {
        let Some(left) = reports::left(watched.leaves(), folder)? else { return Ok(None) };
        let text = |path: &RelPath| Some(tree.saved(path).ok()??.bytes);
        let place = ReportPlace { root: CHECKOUT_AT, folder: watched.gate().folder.as_ref() };
        let lines = watched.read(&left, &text, place).ok();
        Ok(lines.filter(|lines| lines.summary().lines > 0))
    }

    fn keep_lines(&self, lines: Option<&LineCoverage>) -> Result<Vec<Artifact>, Error> {
        let Some(lines) = lines.filter(|_| self.remember) else { return Ok(Vec::new()) };
        self.stored(vec![(LINES.to_owned(), lines.to_lcov().as_bytes(), false)])
    }
}
