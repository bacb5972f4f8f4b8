//! Proving: every gate on the base and on the proposal, the base's tests against the proposed code, the new tests
//! against the code as it was, deliberate mistakes; all in the sandbox, signed, and bound to one resulting tree.
//!
//! Evidence is kept by what it is about, so that nothing is run twice. What a report means and what runs come to is
//! said by `gate`; here is decided what runs on what. Start at [`Engine::prove`].

mod account;
mod minimise;
mod mutation;
mod reports;
mod runs;
mod statement;
mod subject;
mod verify;
mod witness;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::time::Duration;

use attest::{SigningKey, TrustStore};
use model::{
    ChangeSetId, Comparison, ComparisonVerdict, Envelope, Event, GateDefinition, GateId, GateKind,
    GateOutcome, Language, MutationReport, PolicyProof, Proof, ProofRef, RelPath, Verdict,
    WitnessReport,
};
use sandbox::{Sandbox, Stop};
use syntax::language_of;
use workspace::{Checkout, Scope, Start, Trees};

use crate::Error;
use crate::board::BoardChange;
use crate::engine::Engine;
use crate::gates::{GateSet, gates_of};
use crate::plan::Selection;
use crate::rules::Rules;
pub use account::{GateLog, ProofAccount, Said};
pub use verify::{ProofCheck, Verification, compare_proofs};

use runs::{Ran, Runs};
use subject::Subject;

/// What is to be proved, and how hard.
#[derive(Debug)]
pub struct ProveTask<'a> {
    /// What.
    pub what: ProveWhat,
    /// The person's environment: it says where their toolchains are, and is not passed on.
    pub env: Vec<(OsString, OsString)>,
    /// Which gates may run.
    pub trust: &'a TrustStore,
    /// What signs the proof.
    pub key: &'a SigningKey,
    /// How hard.
    pub effort: Effort,
    /// Whether what is known counts, and what is found out is recorded. Otherwise everything is run again.
    pub remember: bool,
}

/// What is to be proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProveWhat {
    /// Hunks of a ChangeSet, in the files as they are saved.
    ChangeSet(ChangeSetId, Selection),
    /// What a commit did to its first parent.
    Commit(String),
}

/// How hard is tried. What is not tried is said in the proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effort {
    /// How often each gate runs on each side; one that speaks against the change runs once more in any case.
    pub runs: u32,
    /// How many deliberate mistakes are tried.
    pub mutants: usize,
    /// How many smaller changes are tried, to find hunks that no evidence needs.
    pub reductions: u32,
    /// How long the runs may take together; no new one begins after that.
    pub time: Duration,
}

impl Default for Effort {
    fn default() -> Self {
        Self { runs: 1, mutants: 12, reductions: 0, time: Duration::from_secs(1800) }
    }
}

/// On what a gate ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The files without the change.
    Base,
    /// The files with it.
    Proposal,
    /// The proposed code with the tests of the base.
    BaseTests,
    /// The code of the base with the proposed tests.
    ProposedTests,
    /// The proposal with a deliberate mistake.
    Mutant,
    /// The proposal without some of its hunks.
    Reduced,
    /// The proposal, to see which lines its tests come to.
    Watched,
}

impl Side {
    /// A few words for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Base => "base",
            Self::Proposal => "proposal",
            Self::BaseTests => "the base's tests on the proposal",
            Self::ProposedTests => "the proposed tests on the base",
            Self::Mutant => "a deliberate mistake",
            Self::Reduced => "a smaller change",
            Self::Watched => "the lines that tests come to",
        }
    }
}

/// What just happened, for whoever watches.
#[derive(Debug, Clone)]
pub struct ProveStep {
    /// On what.
    pub side: Side,
    /// Which gate.
    pub gate: GateId,
    /// How it ended.
    pub outcome: GateOutcome,
    /// How long it took.
    pub duration: Duration,
    /// Whether it was not run, since it is known already.
    pub known: bool,
}

/// A proof that was made.
#[derive(Debug, Clone)]
pub struct Proved {
    /// All of it.
    pub proof: Proof,
    /// Signed.
    pub envelope: Envelope,
    /// What policy says with it.
    pub verdict: Verdict,
    /// The title of what was proved.
    pub title: String,
    /// What a person should know beside it.
    pub notices: Vec<String>,
}

/// What came of all runs.
#[derive(Debug)]
pub(crate) struct Gathered {
    pub gates: Vec<(Comparison, Vec<Ran>, Vec<Ran>)>,
    pub witness: WitnessReport,
    /// What the witness rests on.
    pub crossed: Vec<Ran>,
    /// Tests once more, where that told which lines of the proposal they come to.
    pub watched: Vec<WatchedRuns>,
    pub mutation: Option<MutationReport>,
    pub superfluous: Option<Vec<u32>>,
}

/// The tests of a gate once more, watched.
#[derive(Debug)]
pub(crate) struct WatchedRuns {
    /// Which gate it is.
    at: usize,
    /// Its folder.
    pub folder: Option<RelPath>,
    pub proposal: Ran,
    /// On the base, if there was time and that told it, too.
    pub base: Option<Ran>,
}

/// The gates, and what they run in.
struct Proving<'a, 'r> {
    gates: &'a [GateDefinition],
    runs: &'a mut Runs<'r>,
    subject: &'a Subject,
    effort: Effort,
    base: Vec<Vec<Ran>>,
    proposal: Vec<Vec<Ran>>,
}

impl Engine {
    /// Proves a change: see the module. Nothing outside the ledger and the cache `trees` is written; `watch` is told of
    /// each run. The proof is recorded if it is of a ChangeSet.
    ///
    /// # Errors
    /// Gates that nobody trusts, hunks without a place, a sandbox that cannot be enforced, no checkout. A gate that
    /// fails, or cannot be run, is no error: the proof says so.
    /// # Cost
    /// Each gate's own time, once for each side that is not known already, and once for each mistake that is tried.
    pub fn prove(
        &mut self,
        task: &ProveTask<'_>,
        sandbox: &Sandbox,
        trees: &Trees,
        stop: &Stop,
        watch: &mut dyn FnMut(&ProveStep),
    ) -> Result<Proved, Error> {
        let started = self.clock.now();
        // A commit is judged by what was in force before it.
        let base = match &task.what {
            ProveWhat::Commit(revision) => match self.repository.commit_scope(revision)? {
                Scope::Range { base, .. } if !base.is_empty() => Some(base),
                _ => return Err(Error::NoBase(revision.clone())),
            },
            ProveWhat::ChangeSet(..) => None,
        };
        let GateSet { repository, gates, digest, mut notices, .. } =
            gates_of(&self.repository, &self.rules_from, base.as_deref())?;
        if !gates.is_empty() && !is_trusted(task.trust, &repository, digest)? {
            return Err(Error::Untrusted { count: gates.len() });
        }
        if gates.is_empty() {
            notices.push(
                "no file of the project says what builds or tests it, so nothing was run"
                    .to_owned(),
            );
        }
        let rules = match &base {
            Some(base) => Rules::load(&self.repository, &self.rules_from, Some(base))?,
            None => self.rules()?,
        };
        let subject = self.subject(&task.what, trees, &rules)?;
        let caches = self.repository.caches()?;
        let mut runs = Runs::new(
            runs::Place { repository: &self.repository, caches: &caches, sandbox, stop },
            &mut self.ledger,
            self.clock,
            &task.env,
            watch,
        )?;
        runs.remember = task.remember;
        runs.proposal = subject.trees.1;
        let builds = gates.iter().filter(|gate| gate.kind == GateKind::Build);
        runs.builds = builds.cloned().collect();
        runs.know_toolchain(&gates, &subject.base)?;
        let gathered = Proving {
            gates: &gates,
            runs: &mut runs,
            subject: &subject,
            effort: task.effort,
            base: Vec::new(),
            proposal: Vec::new(),
        }
        .gather()?;
        let tally = runs.tally();
        let (proof, verdict) =
            statement::state(&subject, &gathered, &tally, &rules, started, self.clock.now());
        let envelope = attest::sign(task.key, &proof);
        if let (ProveWhat::ChangeSet(id, _), true) = (&task.what, task.remember) {
            self.record_proof(*id, &subject, &proof, &envelope)?;
        }
        let title = subject.title.clone();
        notices.extend(rules.notices().iter().cloned());
        Ok(Proved { proof, envelope, verdict, title, notices })
    }

    /// The newest proof of a change, and whether it speaks for what accepting all that waits leads to; where nothing
    /// waits, for the files as they are saved.
    ///
    /// # Errors
    /// The change is not in the ledger, or the files cannot be read.
    /// # Cost
    /// A scan of the working tree, if there is a proof.
    pub fn proof(&mut self, id: ChangeSetId) -> Result<Option<(ProofRef, bool)>, Error> {
        let change = self.change(id)?;
        let Some(proof) = change.state.proof.clone() else { return Ok(None) };
        let waiting = change.state.acceptable();
        let current = if waiting.is_empty() {
            let saved = self.repository.tree_digest(Start::Saved, &[])?;
            proof.hunks == change.state.accepted() && saved == proof.speaks_for
        } else {
            self.proof_of(&change, &waiting)?.is_some_and(|proof| proof.current)
        };
        Ok(Some((proof, current)))
    }

    /// The proof of a change, and whether it speaks for accepting `hunks` in the files as they are saved.
    ///
    /// Cost: a scan of the working tree, if there is a proof.
    pub(crate) fn proof_of(
        &mut self,
        change: &BoardChange,
        hunks: &[u32],
    ) -> Result<Option<PolicyProof>, Error> {
        let Some(proof) = &change.state.proof else { return Ok(None) };
        let current =
            proof.hunks == hunks && self.result_now(change, hunks)? == Some(proof.speaks_for);
        Ok(Some(PolicyProof { current, summary: proof.summary.clone() }))
    }

    /// The tree that accepting `hunks` leads to; `None` if some of them have no place.
    pub(super) fn result_now(
        &mut self,
        change: &BoardChange,
        hunks: &[u32],
    ) -> Result<Option<model::Digest>, Error> {
        let sides = self.sides(change, &Selection::Hunks(hunks.to_vec()))?;
        let Some(proposed) = sides.proposed() else { return Ok(None) };
        Ok(Some(self.repository.tree_digest(Start::Saved, &proposed)?))
    }

    fn record_proof(
        &mut self,
        id: ChangeSetId,
        subject: &Subject,
        proof: &Proof,
        envelope: &Envelope,
    ) -> Result<(), Error> {
        let blob = self.ledger.put_blob(&attest::to_bytes(envelope))?;
        let proof = ProofRef {
            digest: proof.digest(),
            envelope: blob,
            base: proof.base,
            speaks_for: proof.speaks_for,
            hunks: subject.hunks.clone(),
            summary: proof.validation.summary(proof.sandbox),
        };
        self.append(&Event::Proved { changeset: id, proof })?;
        // What is known now may change what policy says; where the rules do not load, the acceptance says so.
        self.current_verdict(id).map(drop)
    }
}

fn is_trusted(
    trust: &TrustStore,
    repository: &std::path::Path,
    gates: model::Digest,
) -> Result<bool, Error> {
    Ok(trust.trusted(repository, gates)?.is_some())
}

impl Proving<'_, '_> {
    fn gather(mut self) -> Result<Gathered, Error> {
        let built = self.both_sides()?;
        let comparisons = self.again_where_in_doubt()?;
        let (witness, crossed) = self.witness(&built)?;
        let (mut watched, languages) = self.watch(&built.proposal)?;
        let mutation = self.mutate(&built.proposal, &comparisons)?;
        self.watch_base(&built.base, &mut watched, &languages)?;
        let superfluous = self.minimise(&built.base, &comparisons, &witness)?;
        let sides = self.base.into_iter().zip(self.proposal);
        let gates =
            comparisons.into_iter().zip(sides).map(|(c, (base, proposal))| (c, base, proposal));
        Ok(Gathered { gates: gates.collect(), witness, crossed, watched, mutation, superfluous })
    }

    /// Which lines the proposal's tests come to, where their own reports do not say it and a file that can be watched is
    /// changed. What tests may have run that were not watched counts as unknown, not as missed.
    ///
    /// Answers the languages of which all is known, too.
    fn watch(&mut self, built: &Checkout) -> Result<(Vec<WatchedRuns>, BTreeSet<Language>), Error> {
        let examined = self.subject.examined.iter();
        let mut languages: BTreeSet<_> = examined.filter_map(|file| file.change.language).collect();
        let measures = |ran: &Vec<Ran>| ran.first().is_some_and(|ran| ran.coverage.is_some());
        let tests = self.gates.iter().zip(&self.proposal).enumerate();
        let tests = tests.filter(|(_, (gate, ran))| gate.kind == GateKind::Test && !measures(ran));
        let tests: Vec<_> = tests
            .map(|(at, (gate, ran))| (at, gate, gate::watched(gate), ran.first().cloned()))
            .collect();
        for (_, gate, ..) in tests.iter().filter(|(_, _, watched, _)| watched.is_none()) {
            languages.retain(|language| !gate::may_run(gate, *language));
        }
        let (mut all, mut unseen) = (Vec::new(), Vec::new());
        for (at, gate, watched, judged) in tests {
            let (Some(watched), Some(judged)) = (watched, judged) else { continue };
            if !languages.iter().any(|language| watched.sees(*language)) {
                continue;
            }
            let ran = match self.runs.left(self.effort) {
                true => {
                    self.runs.watched(&watched, &judged.evidence, &self.subject.proposal, built)?
                }
                false => None,
            };
            match ran {
                Some(proposal) => {
                    let folder = gate.folder.clone();
                    all.push(WatchedRuns { at, folder, proposal, base: None });
                }
                None => unseen.push(gate),
            }
        }
        languages.retain(|language| !unseen.iter().any(|gate| gate::may_run(gate, *language)));
        all.iter_mut().for_each(|ran| only(&languages, &mut ran.proposal));
        Ok((all, languages))
    }

    /// Which lines the base's tests come to, for what was watched on the proposal. What is known of a base serves every change
    /// that is made on it.
    fn watch_base(
        &mut self,
        built: &Checkout,
        watched: &mut [WatchedRuns],
        languages: &BTreeSet<Language>,
    ) -> Result<(), Error> {
        for of in watched {
            let judged = self.base.get(of.at).and_then(|ran| ran.first()).cloned();
            let watched = self.gates.get(of.at).and_then(gate::watched);
            let (Some(watched), Some(judged)) = (watched, judged) else { continue };
            if !self.runs.left(self.effort) {
                return Ok(());
            }
            let base = &self.subject.base;
            of.base = self.runs.watched(&watched, &judged.evidence, base, built)?;
            of.base.iter_mut().for_each(|ran| only(languages, ran));
        }
        Ok(())
    }

    /// Every gate on the base, then on the proposal, which starts from what the base's runs built.
    fn both_sides(&mut self) -> Result<Built, Error> {
        let base = &self.subject.base;
        let mut outcome = self.runs.all(Side::Base, self.gates, base, self.effort)?;
        self.base = std::mem::take(&mut outcome.ran);
        let base = outcome.built;
        let proposal = base.with(&self.subject.proposed)?;
        let mut outcome = self.runs.all(Side::Proposal, self.gates, &proposal, self.effort)?;
        self.proposal = std::mem::take(&mut outcome.ran);
        Ok(Built { base, proposal: outcome.built })
    }

    /// What the gates say. One that speaks against the change has to do so twice, on the base as well: a test that fails
    /// there now and then neither excuses the change nor counts against it.
    fn again_where_in_doubt(&mut self) -> Result<Vec<Comparison>, Error> {
        let mut comparisons = Vec::new();
        for (at, gate) in self.gates.iter().enumerate() {
            let mut comparison = self.compared(at, gate);
            let failing = comparison.verdict == ComparisonVerdict::Worse
                || !comparison.still_failing.is_empty();
            let alone = self.effort.runs == 1 && gate.kind == GateKind::Test;
            // Where the build is what fails, no test is in doubt.
            let unbuilt =
                self.gates.iter().zip(&comparisons).any(|(build, said): (_, &Comparison)| {
                    said.verdict == ComparisonVerdict::Worse && gate::rests_on(gate, build)
                });
            if failing && alone && !unbuilt && self.runs.left(self.effort) {
                let subject = self.subject;
                let again = self.once_more(Side::Base, at, &subject.base)?;
                self.base.get_mut(at).into_iter().for_each(|ran| ran.extend(again.clone()));
                let again = self.once_more(Side::Proposal, at, &subject.proposal)?;
                self.proposal.get_mut(at).into_iter().for_each(|ran| ran.extend(again.clone()));
                comparison = self.compared(at, gate);
            }
            comparisons.push(comparison);
        }
        Ok(comparisons)
    }

    fn compared(&self, at: usize, gate: &GateDefinition) -> Comparison {
        let of = |side: &[Vec<Ran>]| side.get(at).map(|ran| evidence(ran)).unwrap_or_default();
        gate::compare(gate, &of(&self.base), &of(&self.proposal))
    }

    /// One run beside those that there are.
    fn once_more(&mut self, side: Side, at: usize, tree: &Checkout) -> Result<Option<Ran>, Error> {
        let runs = if side == Side::Base { self.base.get(at) } else { self.proposal.get(at) };
        let repeats =
            |ran: &&Ran| matches!(ran.evidence.outcome, GateOutcome::Passed | GateOutcome::Failed);
        let kept = runs.map_or(0, |ran| ran.iter().filter(repeats).count());
        let kept = if self.runs.remember { u32::try_from(kept).unwrap_or(1) } else { 0 };
        let Some(gate) = self.gates.get(at) else { return Ok(None) };
        let effort = Effort { runs: kept + 1, ..self.effort };
        let mut ran = self.runs.all(side, std::slice::from_ref(gate), tree, effort)?.ran;
        Ok(ran.pop().and_then(|mut ran| ran.pop()))
    }
}

/// The trees with what was built on them.
struct Built {
    base: Checkout,
    proposal: Checkout,
}

/// Keeps what a run says of files of `languages`.
fn only(languages: &BTreeSet<Language>, ran: &mut Ran) {
    let known =
        |path: &RelPath| language_of(path, b"").is_some_and(|found| languages.contains(&found));
    ran.coverage.iter_mut().for_each(|lines| lines.retain(known));
}

/// The evidence alone.
pub(crate) fn evidence(ran: &[Ran]) -> Vec<model::Evidence> {
    ran.iter().map(|ran| ran.evidence.clone()).collect()
}
