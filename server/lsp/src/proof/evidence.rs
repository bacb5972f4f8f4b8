//! What was found out by running: the part of the page that a proof fills.

use engine::{ProofAccount, Said};
use model::{
    GateFinding, MutationReport, Proof, ProvedGate, TestId, TestValue, WitnessReport, WitnessedTest,
};

use super::{ROWS_MAX, SENTENCE_MAX, TITLE_MAX, sentence};
use crate::prose;

/// Failed tests of one gate whose words are shown; `countersign show --log` has all.
const QUOTED_MAX: usize = 5;
/// Tests or findings of one kind that are named for one gate.
const NAMED_MAX: usize = 20;

/// What the newest proof says, and whether it speaks for what would land.
pub(super) fn text(proved: Option<&ProofAccount>) -> String {
    let Some(ProofAccount { recorded, proof, current, said }) = proved else {
        return "## Proof\n\nNone yet: `countersign prove` has the project's gates run on it.\n\n"
            .to_owned();
    };
    let Some(proof) = proof else {
        let gate = |gate: &model::GateSummary| {
            format!(
                "{} {}: {}",
                name(&gate.id.to_string()),
                gate.verdict.words(),
                sentence(&gate.reason)
            )
        };
        return format!(
            "## Proof: not whole\n\nWhat is kept of it is not what was recorded: `countersign verify` says more. Recorded was:\n\n{}",
            rows(recorded.summary.gates.iter().map(gate))
        );
    };
    let mut out = match current {
        true => "## Proof\n\nIt speaks for what accepting leads to.\n\n".to_owned(),
        false => "## Proof: unproven\n\nThe newest speaks for other files or hunks.\n\n".to_owned(),
    };
    let validation = &proof.validation;
    validation.gates.iter().take(ROWS_MAX).for_each(|gate| out.push_str(&of_gate(gate, said)));
    out.push_str(if validation.gates.is_empty() { "No gate ran.\n\n" } else { "\n" });
    if let Some(witness) = &validation.witness {
        out.push_str(&of_witness(witness));
    }
    if let Some(coverage) = &validation.coverage {
        let (covered, lines) = (coverage.covered, coverage.lines);
        out.push_str(&format!("### Changed lines that ran: {covered} of {lines}\n\n"));
        let missed = coverage.missed.iter();
        out.push_str(&rows(missed.map(|at| format!("not run: {}", place(&at.path, at.line)))));
    }
    if let Some(delta) = &validation.coverage_delta {
        let (lines, before, after) = (delta.lines, delta.before, delta.after);
        out.push_str(&format!("### Other lines that ran: {after} of {lines}, before {before}\n\n"));
        let lost = delta.lost.iter();
        out.push_str(&rows(lost.map(|at| format!("no longer run: {}", place(&at.path, at.line)))));
    }
    if let Some(mutation) = &validation.mutation {
        out.push_str(&of_mutation(mutation));
    }
    out.push_str(&of_record(proof));
    out
}

fn of_gate(gate: &ProvedGate, said: &Said) -> String {
    let found = &gate.comparison;
    let id = name(&found.gate.to_string());
    let required = if gate.required { "" } else { " (not required)" };
    let mut out =
        format!("- {id} {}: {}{required}\n", found.verdict.words(), sentence(&found.reason));
    out.push_str(&quoted(said.last_lines(&found.gate).iter().map(String::as_str), "  "));
    for test in found.new_failures.iter().take(QUOTED_MAX) {
        out.push_str(&format!("  - fails now: {}\n", name(&test.to_string())));
        out.push_str(&quoted(said.by_test(&found.gate, test).into_iter(), "    "));
    }
    let tests = |tests: &[TestId], what: &str| {
        named(tests.iter().map(|test| format!("{what}: {}", name(&test.to_string()))))
    };
    out.push_str(&tests(found.new_failures.get(QUOTED_MAX..).unwrap_or_default(), "fails now"));
    out.push_str(&tests(&found.removed_tests, "did not run"));
    out.push_str(&tests(&found.flaky, "flaky"));
    out.push_str(&tests(&found.fixed, "passes now"));
    let finding = |finding: &GateFinding| {
        let at = finding.path.as_ref().map(|path| match finding.first_line {
            Some(line) => format!("{} ", place(path, line)),
            None => format!("{} ", name(&path.to_string())),
        });
        format!("new: {}{}", at.unwrap_or_default(), sentence(&finding.message))
    };
    out.push_str(&named(found.new_findings.iter().map(finding)));
    out
}

/// Some of many, below the row of their gate.
fn named(all: impl ExactSizeIterator<Item = String>) -> String {
    let left = all.len().saturating_sub(NAMED_MAX);
    let mut out: String = all.take(NAMED_MAX).map(|row| format!("  - {row}\n")).collect();
    if left > 0 {
        out.push_str(&format!("  - {left} more\n"));
    }
    out
}

/// What a program said, as a quotation within the list.
fn quoted<'l>(lines: impl Iterator<Item = &'l str>, indent: &str) -> String {
    let lines: Vec<String> = lines
        .map(|line| format!("{indent}> {}", prose::code_span(&prose::one_line(line, SENTENCE_MAX))))
        .collect();
    // A backslash at the end of a line keeps it one.
    if lines.is_empty() { String::new() } else { lines.join("\\\n") + "\n" }
}

fn of_witness(witness: &WitnessReport) -> String {
    let mut out = String::new();
    let of_base = witness.base_tests.iter().flat_map(|of| {
        let broken = of.broken.iter().map(|test| format!("broken: {}", name(&test.to_string())));
        let whole =
            of.broken.is_empty().then(|| format!("{}: {}", name(&of.gate.to_string()), of.outcome));
        whole.into_iter().chain(broken)
    });
    let of_base = rows(of_base);
    if !of_base.is_empty() {
        out.push_str("### The tests of the base, with the proposed code\n\n");
        out.push_str(&of_base);
    }
    if !witness.tests.is_empty() {
        out.push_str("### New and changed tests, with the code as it was\n\n");
        out.push_str(&rows(witness.tests.iter().map(of_test)));
    }
    out
}

fn of_test(test: &WitnessedTest) -> String {
    let says = test.value.map_or("is gone", TestValue::words);
    format!("{} {says}, in {}", name(&test.name), name(&test.path.to_string()))
}

fn of_mutation(mutation: &MutationReport) -> String {
    let mut out =
        format!("### Deliberate mistakes noticed: {} of {}\n\n", mutation.killed, mutation.tried());
    let survivor = |one: &model::Survivor| {
        let (was, is) = (name(&one.original), name(&one.replacement));
        format!("unnoticed: {was} as {is}, {}", place(&one.path, one.line))
    };
    out.push_str(&rows(mutation.survived.iter().map(survivor)));
    out
}

/// Where and how it was made.
fn of_record(proof: &Proof) -> String {
    let tier =
        proof.sandbox.map_or("nothing ran".to_owned(), |tier| format!("sandbox {}", tier.word()));
    let digest = prose::code_span(&proof.digest().short());
    let record = &proof.record;
    format!(
        "Proof {digest}, {tier}, {} in {:.1} s, {} of them known before.\n\n",
        prose::count(usize::try_from(record.runs).unwrap_or(usize::MAX), "run"),
        std::time::Duration::from_millis(record.duration_ms).as_secs_f64(),
        record.cache_hits
    )
}

fn rows(all: impl Iterator<Item = String>) -> String {
    let mut all = all.peekable();
    if all.peek().is_none() {
        return String::new();
    }
    let listed: String = all.by_ref().take(ROWS_MAX).map(|row| format!("- {row}\n")).collect();
    match all.count() {
        0 => listed + "\n",
        left => listed + &format!("- {left} more\n\n"),
    }
}

fn name(text: &str) -> String {
    prose::code_span(&prose::one_line(text, TITLE_MAX))
}

fn place(path: &model::RelPath, line: u32) -> String {
    name(&format!("{path}:{}", line + 1))
}
