//! Every rule by example: what speaks, and what looks like it and does not.

pub(crate) mod changes;
mod paths;
mod secrets;
mod structure;
mod text;

use std::collections::BTreeSet;

use changes::{Case, TestsOnly, case, with_files};
use expect_test::{Expect, expect};
use model::{FileMode, Finding};

use super::*;

fn run(cases: &[Case<'_>]) -> Vec<Finding> {
    let findings = with_files(cases, |files| check(files, &TestsOnly(&[])));
    for finding in &findings {
        let rule = RULES.iter().find(|(id, ..)| *id == finding.rule);
        let (_, severity, _) =
            rule.unwrap_or_else(|| panic!("{} is not in the table", finding.rule));
        assert!(finding.severity <= *severity, "{finding:?} is worse than its rule");
        assert!(finding.lines >= 1);
    }
    findings
}

fn shown(findings: &[Finding]) -> String {
    let line = |f: &Finding| {
        format!("{} {} {}:{}: {}\n", f.severity, f.rule, f.path, f.first_line + 1, f.message)
    };
    findings.iter().map(line).collect()
}

fn check_cases(cases: &[Case<'_>], expected: Expect) {
    expected.assert_eq(&shown(&run(cases)));
}

fn check_change(path: &str, before: &str, after: &str, expected: Expect) {
    check_cases(&[case(path, Some(before), Some(after))], expected);
}

fn check_new(path: &str, after: &str, expected: Expect) {
    check_cases(&[case(path, None, Some(after))], expected);
}

fn nothing() -> Expect {
    expect![[""]]
}

#[test]
fn the_table_of_rules_is_ordered_and_covers_every_kind() {
    let ids: Vec<_> = RULES.iter().map(|(id, ..)| *id).collect();
    assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
    let ids: BTreeSet<_> = ids.into_iter().collect();
    let shapes = crate::secrets::SHAPES.iter().map(|(rule, ..)| *rule);
    let risky = crate::structure::RISKY.iter().map(|(_, rule, _)| *rule);
    for rule in shapes.chain(risky) {
        assert!(ids.contains(rule), "{rule} is not in the table");
    }
}
