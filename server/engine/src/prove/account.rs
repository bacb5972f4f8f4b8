//! What a proof says, in full, and what its runs said: for people to read. Nothing is verified or run.

use std::collections::BTreeMap;

use gate::without_escapes;
use model::{
    Artifact, ChangeSetId, Evidence, GateId, GateOutcome, Proof, ProofRef, ProvedGate, TestId,
};

use crate::Error;
use crate::engine::Engine;

/// The name under which a run's output is kept.
pub(super) const LOG: &str = "log";

/// How many of its last lines speak for a run that said nothing else.
const LAST_LINES: usize = 3;

/// Of a longer message so many lines at its beginning and at its end are shown.
const MESSAGE_LINES: usize = 4;

/// How much of a line is shown.
const LINE_CHARS: usize = 400;

/// A recorded proof, with the words of what it rests on.
#[derive(Debug, Clone)]
pub struct ProofAccount {
    /// Where it is, and what it comes to.
    pub recorded: ProofRef,
    /// All of it; `None` if what is kept is not what was recorded, and [`Engine::verify_proof_of`] says more.
    pub proof: Option<Proof>,
    /// Whether it speaks for what accepting all that waits leads to.
    pub current: bool,
    /// What its gates said of the proposal, as far as that is kept.
    pub said: Said,
}

/// What the gates of a proof said on the proposal: of those that did not pass.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said(BTreeMap<GateId, Words>);

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Words {
    /// What each failed test said, by its shown name.
    tests: BTreeMap<String, String>,
    /// The last lines of its output, where no test or finding says more.
    last: Vec<String>,
}

impl Said {
    /// What a failed test said, in a few lines: of a longer message its beginning and its end.
    pub fn by_test(&self, gate: &GateId, test: &TestId) -> Vec<&str> {
        let words = self.0.get(gate).and_then(|words| words.tests.get(&test.to_string()));
        let lines = words.map_or("", String::as_str).lines();
        let lines: Vec<&str> = lines.filter(|line| !line.trim().is_empty()).collect();
        let split = (lines.first_chunk::<MESSAGE_LINES>(), lines.last_chunk::<MESSAGE_LINES>());
        match split {
            (Some(first), Some(last)) if lines.len() > 2 * MESSAGE_LINES => {
                first.iter().chain(&["..."]).chain(last).copied().collect()
            }
            _ => lines,
        }
    }

    /// The last lines that a gate printed which failed and named neither tests nor findings.
    pub fn last_lines(&self, gate: &GateId) -> &[String] {
        self.0.get(gate).map_or(&[], |words| &words.last)
    }
}

/// The output of one run.
#[derive(Debug, Clone)]
pub struct GateLog {
    /// What it printed, both outputs in their order; the end of it, where it was long.
    pub text: String,
    /// Whether the beginning is missing.
    pub cut: bool,
}

impl Engine {
    /// The newest proof of a change in full; `None` if it was never proved.
    ///
    /// # Errors
    /// The change is not in the ledger, or the files cannot be read.
    /// # Cost
    /// A scan of the working tree, and a few blobs for each gate that did not pass.
    pub fn proof_account(&mut self, id: ChangeSetId) -> Result<Option<ProofAccount>, Error> {
        let Some((recorded, current)) = self.proof(id)? else { return Ok(None) };
        let envelope = self.ledger.blob(&recorded.envelope).ok();
        let envelope = envelope.and_then(|bytes| attest::parse(&bytes).ok());
        let proof = envelope.and_then(|envelope| attest::stated(&envelope).ok());
        // Its digest is in the log of events.
        let proof = proof.filter(|proof| proof.digest() == recorded.digest);
        let said = proof.as_ref().map(|proof| self.said(proof)).unwrap_or_default();
        Ok(Some(ProofAccount { recorded, proof, current, said }))
    }

    /// What the gates of a proof said of the proposal.
    ///
    /// # Cost
    /// A few blobs for each gate that did not pass.
    pub fn said(&self, proof: &Proof) -> Said {
        let spoke = |gate: &&ProvedGate| gate.comparison.proposal != GateOutcome::Passed;
        let words = |gate: &ProvedGate| {
            let mut words = Words::default();
            for run in self.runs_of(gate) {
                if run.tests.is_empty() && run.findings.is_empty() {
                    let log = self.log_of(&run).map(|log| log.text).unwrap_or_default();
                    words.last = last_lines(&log);
                }
                let messages = run.record.messages.into_iter();
                words.tests.extend(messages.map(|(test, message)| (test, told(&message))));
            }
            (gate.comparison.gate.clone(), words)
        };
        Said(proof.validation.gates.iter().filter(spoke).map(words).collect())
    }

    /// What the last run of `gate` on the proposal printed; `None` if that is not kept, or the newest proof of the change
    /// has no such gate.
    ///
    /// # Errors
    /// As [`Engine::proof_account`].
    pub fn gate_log(&mut self, id: ChangeSetId, gate: &str) -> Result<Option<GateLog>, Error> {
        let Some(account) = self.proof_account(id)? else { return Ok(None) };
        let Some(proof) = account.proof else { return Ok(None) };
        let gate =
            proof.validation.gates.iter().find(|proved| proved.comparison.gate.as_str() == gate);
        let last = gate.and_then(|gate| self.runs_of(gate).pop());
        Ok(last.and_then(|run| self.log_of(&run)))
    }

    /// The runs on the proposal that are kept.
    fn runs_of(&self, gate: &ProvedGate) -> Vec<Evidence> {
        let kept = |digest| self.ledger.evidence(digest).ok().flatten();
        gate.proposal_evidence.iter().filter_map(kept).collect()
    }

    fn log_of(&self, run: &Evidence) -> Option<GateLog> {
        let Artifact { blob, truncated, .. } =
            run.record.artifacts.iter().find(|artifact| artifact.name == LOG)?;
        let bytes = self.ledger.blob(blob).ok()?;
        Some(GateLog { text: String::from_utf8_lossy(&bytes).into_owned(), cut: *truncated })
    }
}

fn last_lines(log: &str) -> Vec<String> {
    let mut lines: Vec<String> = log
        .lines()
        .rev()
        .map(|line| told(line).trim_end().to_owned())
        .filter(|line| !line.trim().is_empty())
        .take(LAST_LINES)
        .collect();
    lines.reverse();
    lines
}

/// Without colours, and no line longer than is read.
fn told(text: &str) -> String {
    let text = without_escapes(text);
    let cut = |line: &str| match line.char_indices().nth(LINE_CHARS) {
        Some((at, _)) => format!("{}...", line.get(..at).unwrap_or_default()),
        None => line.to_owned(),
    };
    text.lines().map(cut).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_message_keeps_its_beginning_and_its_end() {
        let (gate, test): (GateId, TestId) =
            ("mine".parse().unwrap(), TestId { suite: "a".into(), name: "b".into() });
        let lines = |message: &str| {
            let tests = [("a b".to_owned(), message.to_owned())].into();
            let words = Words { tests, last: Vec::new() };
            Said([(gate.clone(), words)].into()).by_test(&gate, &test).join("|")
        };
        assert_eq!(lines("1\n\n2\n3\n4\n5\n6\n7\n8\n"), "1|2|3|4|5|6|7|8");
        assert_eq!(lines("1\n2\n3\n4\n5\n6\n7\n8\n9"), "1|2|3|4|...|6|7|8|9");
        assert_eq!(Said::default().by_test(&gate, &test), Vec::<&str>::new());
    }

    #[test]
    fn a_run_ends_with_the_last_lines_that_say_something() {
        let lines = |log: &str| last_lines(log).join("|");
        assert_eq!(lines("a\n\nb  \n  c\n \nd\n\n"), "b|  c|d");
        assert_eq!(lines("only"), "only");
        assert_eq!(lines("\u{1b}[31mred\u{1b}[0m\n\u{1b}[0m\n\u{1b}[K\n\u{1b}[0m\n"), "red");
        assert_eq!(lines(&"x".repeat(1 << 20)).len(), LINE_CHARS + "...".len());
        assert_eq!(lines("\n \n"), "");
    }
}
