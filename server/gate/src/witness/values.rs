//! What came of asking: which tests of the base broke, and what each new test proves.

use model::{
    BaseWitness, Evidence, GateDefinition, GateOutcome, TestChange, TestId, TestOutcome, TestValue,
    WitnessedTest,
};

use super::ChangedTest;
use crate::compare::compare;

/// What the tests of the base say of the proposed code.
///
/// `base`: runs of `gate` on the base; `crossed`: runs on the proposed tree with
/// [`super::base_tests_on_proposal`] laid over it.
pub fn base_witness(gate: &GateDefinition, base: &[Evidence], crossed: &[Evidence]) -> BaseWitness {
    let found = compare(gate, base, crossed);
    let mut broken = found.new_failures;
    // Tests that could not even be run say as much as tests that fail, and so do those that nobody ran where all seems
    // well: the change may have told the runner to leave them out. In a suite of another name they are still there.
    let elsewhere = |test: &TestId| found.added_tests.iter().any(|added| added.name == test.name);
    broken.extend(found.removed_tests.into_iter().filter(|test| !elsewhere(test)));
    // So does a gate that names no tests and no longer passes.
    if broken.is_empty()
        && found.base == GateOutcome::Passed
        && found.proposal != GateOutcome::Passed
    {
        broken.push(TestId { suite: String::new(), name: format!("{} as a whole", found.gate) });
    }
    broken.sort();
    BaseWitness { gate: found.gate, outcome: found.proposal, broken }
}

/// What each test that a change touches proves.
///
/// `base`: runs on the base's tree with [`super::proposed_tests_on_base`] laid over it; `proposal`: runs on
/// the proposed tree. Runs of several gates may be given: a test is looked for in all of them.
pub fn witness_tests(
    tests: &[ChangedTest],
    base: &[Evidence],
    proposal: &[Evidence],
) -> Vec<WitnessedTest> {
    let mut witnessed: Vec<WitnessedTest> = tests
        .iter()
        .map(|test| {
            let on_proposal = outcome(test, proposal);
            // A test that does not even compile with the base's code does not pass there.
            let unseen = || {
                let failed = base.iter().any(|run| run.outcome == GateOutcome::Failed);
                (failed && on_proposal.is_some()).then_some(TestOutcome::Failed)
            };
            let on_base = outcome(test, base).or_else(unseen);
            let value = match test.change {
                TestChange::Deleted => None,
                _ => Some(value(test, on_base, on_proposal)),
            };
            let (path, name) = (test.path.clone(), test.name.clone());
            WitnessedTest { path, name, change: test.change, on_base, on_proposal, value }
        })
        .collect();
    witnessed.sort();
    witnessed
}

fn value(
    test: &ChangedTest,
    on_base: Option<TestOutcome>,
    on_proposal: Option<TestOutcome>,
) -> TestValue {
    match (on_base, on_proposal) {
        (_, Some(TestOutcome::Failed)) => TestValue::Fails,
        (_, Some(TestOutcome::Passed)) if !test.asserts => TestValue::ProvesNothing,
        (Some(TestOutcome::Failed), Some(TestOutcome::Passed)) => TestValue::ProvesTheChange,
        (Some(TestOutcome::Passed), Some(TestOutcome::Passed)) => TestValue::ProvesNothing,
        _ => TestValue::Unknown,
    }
}

/// The worst outcome of the results that are this test's, its parameters' included.
fn outcome(test: &ChangedTest, runs: &[Evidence]) -> Option<TestOutcome> {
    let results = || runs.iter().flat_map(|run| &run.tests);
    let named = || results().filter(|result| is_named(&result.id, &test.own_name));
    // Where several files have a test of that name, the file tells them apart if the runner says it.
    let placed = |id: &TestId| hints(test).iter().any(|hint| mentions(id, hint));
    let here = named().filter(|result| placed(&result.id)).map(|result| result.outcome).max();
    here.or_else(|| named().map(|result| result.outcome).max())
}

fn is_named(id: &TestId, own_name: &str) -> bool {
    let plain = id.name.split('[').next().unwrap_or_default();
    let names = [id.name.as_str(), plain];
    names.iter().any(|name| {
        let Some(before) = name.strip_suffix(own_name) else { return false };
        before.is_empty() || ["::", " > ", ".", "/"].iter().any(|between| before.ends_with(between))
    })
}

/// How runners may call the file: its path, its module, its stem.
fn hints(test: &ChangedTest) -> Vec<String> {
    let path = test.path.to_string();
    let stem = path.rsplit_once('.').map_or(path.as_str(), |(stem, _)| stem).to_owned();
    let module = stem.replace('/', ".");
    vec![path, module, stem]
}

fn mentions(id: &TestId, hint: &str) -> bool {
    id.suite.contains(hint) || id.name.contains(hint)
}
