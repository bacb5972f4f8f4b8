//! Verifying: whether a proof is what its maker signed, whether what it rests on is there, and whether it speaks for
//! the files as they are. Offline; nothing is run and nothing is written.

use std::collections::BTreeSet;

use attest::PublicKey;
use model::{ChangeSetId, Digest, Envelope, FileMode, GateOutcome, Proof, ProofRef, ProvedGate};
use workspace::{Scope, Start};

use crate::Error;
use crate::engine::Engine;

/// One thing that was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofCheck {
    /// What.
    pub what: &'static str,
    /// Whether it holds; `None` if that cannot be told here, or is no flaw of the proof.
    pub holds: Option<bool>,
    /// What was found, in a clause.
    pub said: String,
}

/// What came of verifying.
#[derive(Debug, Clone)]
pub struct Verification {
    /// The proof; `None` if nobody trusted signed it: then it is not to be believed.
    pub proof: Option<Proof>,
    /// What was looked at, in order.
    pub checks: Vec<ProofCheck>,
}

/// Whether every run of the gates came to its end, and so was kept.
fn all_ended(proof: &Proof) -> bool {
    let ended =
        |outcome: &GateOutcome| matches!(outcome, GateOutcome::Passed | GateOutcome::Failed);
    let mut gates = proof.validation.gates.iter().map(|gate| &gate.comparison);
    let witness = proof.validation.witness.iter().flat_map(|witness| &witness.base_tests);
    gates.all(|found| ended(&found.base) && ended(&found.proposal))
        && witness.into_iter().all(|of| ended(&of.outcome))
}

fn check(what: &'static str, holds: Option<bool>, said: impl Into<String>) -> ProofCheck {
    ProofCheck { what, holds, said: said.into() }
}

impl Engine {
    /// Verifies the newest proof of a change in the ledger.
    ///
    /// # Errors
    /// It is not in the ledger, or was never proved.
    /// # Cost
    /// Reads the whole ledger.
    pub fn verify_change(
        &mut self,
        id: ChangeSetId,
        trusted: &[PublicKey],
    ) -> Result<Verification, Error> {
        let change = self.change(id)?;
        let proof = change.state.proof.as_ref().ok_or(Error::NeverProved(id))?;
        match self.ledger.blob(&proof.envelope) {
            Ok(envelope) => self.verify_proof(&envelope, trusted),
            Err(error) => {
                let checks = vec![check("signature", Some(false), error.to_string())];
                Ok(Verification { proof: None, checks })
            }
        }
    }

    /// Verifies the bytes of a signed proof.
    ///
    /// # Errors
    /// The ledger does not answer.
    /// # Cost
    /// Reads the whole ledger.
    pub fn verify_proof(
        &mut self,
        envelope: &[u8],
        trusted: &[PublicKey],
    ) -> Result<Verification, Error> {
        let opened =
            attest::parse(envelope).and_then(|envelope| attest::verify(&envelope, trusted));
        let verified = match opened {
            Ok(verified) => verified,
            Err(error) => {
                let checks = vec![check("signature", Some(false), error.to_string())];
                return Ok(Verification { proof: None, checks });
            }
        };
        let (proof, signer) = (verified.said, verified.key.id().short());
        let mut checks =
            vec![check("signature", Some(true), format!("signed by the key {signer}"))];
        let whole = self.ledger.verify().map_err(|error| error.to_string());
        let said = whole.as_ref().map_or_else(Clone::clone, |of| format!("{} events", of.events));
        checks.push(check("ledger", Some(whole.is_ok()), said));
        let known = self.recorded_as(&proof)?;
        checks.push(match known {
            Some(id) => {
                check("record", Some(true), format!("it is the proof of change {}", id.short()))
            }
            None => check("record", None, "it is no newest proof of a change in this ledger"),
        });
        checks.push(self.change_is_whole(proof.changeset)?);
        checks.push(self.evidence_is_whole(&proof, known.is_some())?);
        checks.push(self.speaks_for_now(&proof, known)?);
        Ok(Verification { proof: Some(proof), checks })
    }

    /// The change in the ledger whose newest proof this is.
    fn recorded_as(&self, proof: &Proof) -> Result<Option<ChangeSetId>, Error> {
        let digest = proof.digest();
        let states = self.ledger.states()?;
        let is = |state: &model::ChangeSetState| {
            state.proof.as_ref().is_some_and(|proof| proof.digest == digest)
        };
        Ok(states.into_iter().find(|state| is(state)).map(|state| state.id))
    }

    fn change_is_whole(&self, id: ChangeSetId) -> Result<ProofCheck, Error> {
        let Some(changeset) = self.ledger.changeset(id)? else {
            return Ok(check("change", None, format!("{} is not in this ledger", id.short())));
        };
        if Digest::of_json(&changeset.files) != id.0 {
            return Ok(check("change", Some(false), "its edits are not those that its name says"));
        }
        let sides = changeset.files.iter().flat_map(|file| file.before.iter().chain(&file.after));
        for side in sides.filter(|side| side.mode != FileMode::Submodule) {
            if let Err(error) = self.ledger.blob(&side.blob) {
                return Ok(check("change", Some(false), error.to_string()));
            }
        }
        Ok(check("change", Some(true), format!("{} with both sides of its files", id.short())))
    }

    /// What is recorded here must be here.
    fn evidence_is_whole(&self, proof: &Proof, recorded: bool) -> Result<ProofCheck, Error> {
        let of_gates =
            |gate: &ProvedGate| [&gate.base_evidence[..], &gate.proposal_evidence].concat();
        let named: BTreeSet<Digest> = proof.validation.gates.iter().flat_map(of_gates).collect();
        if !named.is_subset(&proof.evidence.iter().copied().collect()) {
            return Ok(check(
                "evidence",
                Some(false),
                "a gate rests on evidence that is not listed",
            ));
        }
        let mut missing = 0;
        for digest in &proof.evidence {
            match self.ledger.evidence(digest) {
                Ok(None) => missing += 1,
                Ok(Some(evidence)) => {
                    let subject = &evidence.subject;
                    if (subject.toolchain, subject.environment)
                        != (proof.toolchain, proof.environment)
                    {
                        let said =
                            format!("{} is of another toolchain or environment", digest.short());
                        return Ok(check("evidence", Some(false), said));
                    }
                    for artifact in &evidence.record.artifacts {
                        if let Err(error) = self.ledger.blob(&artifact.blob) {
                            return Ok(check("evidence", Some(false), error.to_string()));
                        }
                    }
                }
                Err(error) => return Ok(check("evidence", Some(false), error.to_string())),
            }
        }
        let all = proof.evidence.len();
        Ok(match missing {
            0 => check("evidence", Some(true), format!("{all} runs, and what they printed")),
            // What did not come to an end is in the proof and not kept.
            _ if recorded && all_ended(proof) => {
                check("evidence", Some(false), format!("{missing} of {all} runs are gone"))
            }
            _ if recorded => {
                check("evidence", None, format!("{missing} of {all} runs were not kept"))
            }
            _ => check("evidence", None, format!("{missing} of {all} runs are not in this ledger")),
        })
    }

    /// A proof speaks for one tree. That the files are others by now is no flaw of it.
    fn speaks_for_now(
        &mut self,
        proof: &Proof,
        known: Option<ChangeSetId>,
    ) -> Result<ProofCheck, Error> {
        const WHAT: &str = "result";
        if self.repository.tree_digest(Start::Saved, &[])? == proof.speaks_for {
            return Ok(check(WHAT, Some(true), "it speaks for the files as they are saved"));
        }
        if let Some(id) = known {
            let change = self.change(id)?;
            let hunks = change.state.proof.as_ref().map(|proof| proof.hunks.clone());
            let now = self.result_now(&change, &hunks.unwrap_or_default()).ok().flatten();
            if now == Some(proof.speaks_for) {
                return Ok(check(
                    WHAT,
                    Some(true),
                    "it speaks for what accepting the change leads to",
                ));
            }
        }
        if proof.provenance.worker == "commit" {
            let commit = &proof.provenance.name;
            let tree = self.repository.tree_digest(Start::Commit(commit), &[]);
            if tree.is_ok_and(|tree| tree == proof.speaks_for) {
                let short = commit.get(..12).unwrap_or(commit);
                return Ok(check(WHAT, Some(true), format!("it speaks for commit {short}")));
            }
        }
        Ok(check(WHAT, None, "the files are others by now: it does not speak for them"))
    }

    /// The newest proof in the ledger that speaks for a commit, on its first parent.
    ///
    /// # Errors
    /// There is none; an unknown revision.
    /// # Cost
    /// Two reads of a tree, and a row for each change.
    pub fn proof_for(&mut self, revision: &str) -> Result<(ProofRef, Envelope), Error> {
        let commit = self.repository.commit_id(revision)?;
        let missing = || Error::NoProofOf(commit.clone());
        let parent = match self.repository.commit_scope(&commit)? {
            Scope::Range { base, .. } if !base.is_empty() => base,
            _ => return Err(Error::NoBase(revision.to_owned())),
        };
        let tree = |commit: &str| self.repository.tree_digest(Start::Commit(commit), &[]);
        let (base, result) = (tree(&parent)?, tree(&commit)?);
        let mut states = self.ledger.states()?;
        states.sort_by_key(|state| std::cmp::Reverse(state.updated_seq));
        let speaks = |proof: &ProofRef| proof.base == base && proof.speaks_for == result;
        let proof = states.into_iter().filter_map(|state| state.proof).find(speaks);
        let proof = proof.ok_or_else(missing)?;
        let envelope = attest::parse(&self.ledger.blob(&proof.envelope)?);
        Ok((proof, envelope.map_err(|_| missing())?))
    }

    /// Puts a signed proof beside a commit, as a git note; answers the commit's full id.
    ///
    /// # Errors
    /// An unknown revision, or what git says.
    pub fn attach(&mut self, revision: &str, envelope: &Envelope) -> Result<String, Error> {
        let commit = self.repository.commit_id(revision)?;
        let text = String::from_utf8_lossy(&attest::to_bytes(envelope)).into_owned();
        self.repository.write_note(&commit, &text)?;
        Ok(commit)
    }

    /// The change that a proof is of, to prove it again.
    ///
    /// # Errors
    /// It is not in the ledger.
    pub fn proved_as(&mut self, proof: &Proof) -> Result<ChangeSetId, Error> {
        let id = self.recorded_as(proof)?.unwrap_or(proof.changeset);
        Ok(self.change(id)?.changeset.id)
    }
}

/// Where a second proof of the same thing says otherwise: trees, programs, gate by gate, and what was asked beside them.
pub fn compare_proofs(before: &Proof, again: &Proof) -> Vec<ProofCheck> {
    let same = |what, same: bool, flaw: &str| {
        check(what, Some(same), if same { "the same when run again" } else { flaw })
    };
    let mut checks = vec![same(
        "trees",
        (before.base, before.speaks_for) == (again.base, again.speaks_for),
        "the files are others by now, so this is another proof",
    )];
    let programs = (before.toolchain, before.environment) == (again.toolchain, again.environment);
    checks.push(check(
        "programs",
        programs.then_some(true),
        if programs { "the same" } else { "others than then" },
    ));
    let (gates, others) = (&before.validation, &again.validation);
    let outcomes = |gates: &[ProvedGate]| -> Vec<model::Comparison> {
        gates.iter().map(|gate| gate.comparison.clone()).collect()
    };
    let (first, second) = (outcomes(&gates.gates), outcomes(&others.gates));
    let differ = first.iter().filter(|one| !second.contains(one)).map(|one| one.gate.to_string());
    let differ: Vec<String> = differ.collect();
    let flaw = format!("comes out otherwise: {}", differ.join(", "));
    checks.push(same("gates", first == second, &flaw));
    checks.push(same("witness", gates.witness == others.witness, "the tests say otherwise"));
    // Of lines elsewhere some are run now and then (what waits, what is tried again): they are not compared.
    checks.push(match (&gates.coverage, &others.coverage) {
        (Some(_), None) => check("coverage", None, "it was not measured this time"),
        (None, Some(_)) => check("coverage", None, "it was not measured then"),
        (before, again) => same("coverage", before == again, "other lines were run"),
    });
    checks.push(same("mistakes", gates.mutation == others.mutation, "others were noticed"));
    checks
}
