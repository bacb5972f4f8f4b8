//! A proof for people: what each gate says, then what was asked beside them.

use engine::Said;
use model::{
    BaseWitness, ComparisonVerdict, MutationReport, Proof, ProofRef, ProvedGate, TestValue,
    WitnessReport, WitnessedTest,
};

use super::change::counted;
use super::{DIM, GREEN, RED, RESET, YELLOW, safe};

/// Names that are listed of one kind; JSON has all.
const SHOWN_NAMES: usize = 5;

/// What a recorded proof comes to, and whether it speaks for what would land.
pub fn proof_line(proof: &ProofRef, current: bool) -> String {
    let gates = proof.summary.gates.iter();
    let gates: Vec<String> =
        gates.map(|gate| format!("{} {}", gate.id, verdict(gate.verdict))).collect();
    let standing = if current {
        format!("{GREEN}proved{RESET}")
    } else {
        format!("{YELLOW}unproven{RESET}: its proof speaks for other files or hunks;")
    };
    let digest = proof.digest.short();
    format!("  {standing} {DIM}{digest}{RESET} {}\n", gates.join(", "))
}

/// All of a proof, under its title, with what its gates `said`.
pub fn proof(proof: &Proof, title: &str, said: &Said) -> String {
    let validation = &proof.validation;
    let mut out = format!(
        "{} {}  {DIM}{}, {} added, {} removed{RESET}\n",
        proof.changeset.short(),
        safe(title),
        counted(proof.diff.hunks, "hunk"),
        proof.diff.lines_added,
        proof.diff.lines_removed
    );
    out.push_str("  gates\n");
    if validation.gates.is_empty() {
        out.push_str(&format!("    {YELLOW}none ran{RESET}\n"));
    }
    validation.gates.iter().for_each(|gate| out.push_str(&of_gate(gate, said)));
    if let Some(witness) = &validation.witness {
        out.push_str(&of_witness(witness));
    }
    if let Some(coverage) = &validation.coverage {
        out.push_str(&format!(
            "  coverage of changed lines {} of {}\n",
            coverage.covered, coverage.lines
        ));
        let missed = coverage.missed.iter().map(|at| format!("{}:{}", at.path, at.line + 1));
        out.push_str(&names(missed, "not run"));
    }
    if let Some(delta) = &validation.coverage_delta {
        out.push_str(&format!(
            "  coverage of other lines {} of {}, before {}\n",
            delta.after, delta.lines, delta.before
        ));
        let lost = delta.lost.iter().map(|at| format!("{}:{}", at.path, at.line + 1));
        out.push_str(&names(lost, "no longer run"));
    }
    if let Some(mutation) = &validation.mutation {
        out.push_str(&of_mutation(mutation));
    }
    if let Some(hunks) = &validation.superfluous_hunks {
        let said = match hunks.as_slice() {
            [] => "every hunk is needed by what was found out".to_owned(),
            hunks => {
                let hunks = hunks.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
                format!("nothing that was found out needs these hunks: {hunks}")
            }
        };
        out.push_str(&format!("  {said}\n"));
    }
    let tier =
        proof.sandbox.map_or("nothing ran".to_owned(), |tier| format!("sandbox {}", tier.word()));
    out.push_str(&format!(
        "  {DIM}proof {}, {tier}, {} of {} known before{RESET}\n",
        proof.digest().short(),
        proof.record.cache_hits,
        counted(proof.record.runs, "run"),
    ));
    out
}

/// What a gate says, coloured.
fn verdict(verdict: ComparisonVerdict) -> String {
    let style = match verdict {
        ComparisonVerdict::Passes => GREEN,
        ComparisonVerdict::Worse => RED,
        ComparisonVerdict::NoWorse | ComparisonVerdict::Unknown => YELLOW,
    };
    format!("{style}{}{RESET}", verdict.words())
}

fn of_gate(gate: &ProvedGate, said: &Said) -> String {
    let found = &gate.comparison;
    let required = if gate.required { "" } else { ", not required" };
    let mut out = format!(
        "    {} {} {DIM}{}{required}{RESET}\n",
        verdict(found.verdict),
        found.gate,
        safe(&found.reason)
    );
    let tests = |tests: &[model::TestId], what| names(tests.iter().map(ToString::to_string), what);
    for test in found.new_failures.iter().take(SHOWN_NAMES) {
        out.push_str(&name(&test.to_string(), "fails now"));
        out.push_str(&lines(said.by_test(&found.gate, test).into_iter()));
    }
    out.push_str(&left_out(found.new_failures.len()));
    out.push_str(&tests(&found.fixed, "passes now"));
    out.push_str(&tests(&found.flaky, "flaky"));
    out.push_str(&tests(&found.removed_tests, "did not run"));
    let finding = |finding: &model::GateFinding| {
        let path = finding.path.as_ref().map(ToString::to_string).unwrap_or_default();
        let line = finding.first_line.map_or_else(String::new, |line| format!(":{}", line + 1));
        format!("{path}{line} {}", finding.message)
    };
    out.push_str(&names(found.new_findings.iter().map(finding), "new"));
    out.push_str(&lines(said.last_lines(&found.gate).iter().map(String::as_str)));
    out
}

fn of_witness(witness: &WitnessReport) -> String {
    let mut out = String::new();
    if !witness.base_tests.is_empty() {
        out.push_str("  the tests of the base, with the proposed code\n");
    }
    for BaseWitness { gate, outcome, broken } in &witness.base_tests {
        let style = if broken.is_empty() { GREEN } else { RED };
        let said = match broken.len() {
            0 => outcome.to_string(),
            broken => counted(u32::try_from(broken).unwrap_or(u32::MAX), "test") + " broken",
        };
        out.push_str(&format!("    {style}{}{RESET} {gate}\n", safe(&said)));
        out.push_str(&names(broken.iter().map(ToString::to_string), "broken"));
    }
    if !witness.tests.is_empty() {
        out.push_str("  new and changed tests, with the code as it was\n");
    }
    witness.tests.iter().for_each(|test| out.push_str(&of_test(test)));
    out
}

fn of_test(test: &WitnessedTest) -> String {
    let style = match test.value {
        Some(TestValue::ProvesTheChange) => GREEN,
        Some(TestValue::ProvesNothing | TestValue::Fails) => RED,
        Some(TestValue::Unknown) | None => YELLOW,
    };
    let word = test.value.map_or("is gone", TestValue::words);
    format!(
        "    {style}{word}{RESET} {} {DIM}{}{RESET}\n",
        safe(&test.name),
        safe(&test.path.to_string())
    )
}

fn of_mutation(mutation: &MutationReport) -> String {
    let mut out = format!(
        "  deliberate mistakes noticed {} of {}{DIM}, {} did not build, {} not tried{RESET}\n",
        mutation.killed,
        mutation.tried(),
        mutation.invalid,
        mutation.skipped()
    );
    let survivor = |one: &model::Survivor| {
        format!("{}:{} `{}` as `{}`", one.path, one.line + 1, one.original, one.replacement)
    };
    out.push_str(&names(mutation.survived.iter().map(survivor), "unnoticed"));
    out
}

/// Some of many, a line each.
fn names(all: impl ExactSizeIterator<Item = String>, what: &str) -> String {
    let count = all.len();
    let mut out: String = all.take(SHOWN_NAMES).map(|one| name(&one, what)).collect();
    out.push_str(&left_out(count));
    out
}

fn name(name: &str, what: &str) -> String {
    format!("      {DIM}{what}{RESET} {}\n", safe(name))
}

/// How many of `count` names are not shown, if any.
fn left_out(count: usize) -> String {
    match count.saturating_sub(SHOWN_NAMES) {
        0 => String::new(),
        left => format!("      {DIM}... {left} more{RESET}\n"),
    }
}

/// What a program said, a line each, beside a bar.
fn lines<'l>(all: impl Iterator<Item = &'l str>) -> String {
    all.map(|line| format!("        {DIM}|{RESET} {}\n", safe(line))).collect()
}
