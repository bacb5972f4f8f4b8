use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;

fn check(features: &RiskFeatures, expected: &Expect) {
    let risk = score(features);
    let mut shown = format!("{} {}\n", risk.score, risk.level.word());
    for RiskReason { feature, points, text } in &risk.reasons {
        shown += &format!("{points:+} {feature}: {text}\n");
    }
    expected.assert_eq(&shown);
}

#[test]
fn nothing_is_no_risk() {
    check(
        &RiskFeatures::default(),
        &expect![[r#"
        0 low
    "#]],
    );
}

#[test]
fn a_typo_in_the_documentation() {
    let features = RiskFeatures {
        files: 1,
        lines_added: 1,
        lines_removed: 1,
        cosmetic_only: true,
        history: Some(HistoryFeatures {
            prior_changes: 40,
            authors: 6,
            age_days: 3.0,
            ..HistoryFeatures::default()
        }),
        ..RiskFeatures::default()
    };
    check(
        &features,
        &expect![[r#"
            2 low
            -6 cosmetic: changes documentation, comments or layout only
            +4 size: adds 1 line
            +2 recent-churn: these files last changed 3 days ago
            +1 authors: 6 authors changed these files before
            +1 lines-removed: removes 1 line
        "#]],
    );
}

#[test]
fn a_small_fix_with_its_test() {
    let features = RiskFeatures {
        files: 2,
        lines_added: 14,
        lines_removed: 3,
        entropy: 0.9,
        body_changes: 1,
        tests_touched: 1,
        history: Some(HistoryFeatures {
            prior_changes: 25,
            authors: 4,
            age_days: 12.0,
            fixes: 3,
            truncated: false,
        }),
        ..RiskFeatures::default()
    };
    check(
        &features,
        &expect![[r#"
            18 low
            +14 size: adds 14 lines
            -4 tested: changes 1 test along with the code
            +2 files: touches 2 files
            +2 spread: is spread over its files (entropy 0.90)
            +1 authors: 4 authors changed these files before
            +1 lines-removed: removes 3 lines
            +1 prior-fixes: 3 of the changes to these files before were fixes
            +1 recent-churn: these files last changed 12 days ago
        "#]],
    );
}

#[test]
fn a_public_interface_changed_over_several_files_without_tests() {
    let features = RiskFeatures {
        files: 5,
        lines_added: 60,
        lines_removed: 40,
        entropy: 0.85,
        public_interface_changes: 3,
        signature_changes: 4,
        body_changes: 4,
        ..RiskFeatures::default()
    };
    check(
        &features,
        &expect![[r#"
        59 high
        +21 size: adds 60 lines
        +14 public-interface: changes 3 public interfaces
        +12 untested: changes 4 bodies and no test
        +5 files: touches 5 files
        +3 lines-removed: removes 40 lines
        +2 signatures: changes 1 other signature
        +2 spread: is spread over its files (entropy 0.85)
    "#]],
    );
}

#[test]
fn a_thousand_lines_over_thirty_files_with_tests_removed() {
    let features = RiskFeatures {
        files: 30,
        lines_added: 1_000,
        lines_removed: 200,
        entropy: 0.8,
        body_changes: 25,
        signature_changes: 5,
        entities_removed: 3,
        tests_touched: 2,
        tests_removed: 3,
        ..RiskFeatures::default()
    };
    check(
        &features,
        &expect![[r#"
        82 critical
        +35 size: adds 1000 lines
        +24 tests-removed: removes 3 tests
        +10 files: touches 30 files
        +6 removed: removes 3 entities
        +5 signatures: changes 5 other signatures
        +4 lines-removed: removes 200 lines
        -4 tested: changes 2 tests along with the code
        +2 spread: is spread over its files (entropy 0.80)
    "#]],
    );
}

#[test]
fn what_was_found_and_what_could_not_be_seen() {
    let features = RiskFeatures {
        files: 1,
        lines_added: 3,
        errors_found: 1,
        warnings_found: 2,
        opaque_files: 1,
        history: Some(HistoryFeatures {
            prior_changes: 900,
            authors: 1,
            age_days: 0.2,
            fixes: 120,
            truncated: true,
        }),
        ..RiskFeatures::default()
    };
    check(
        &features,
        &expect![[r#"
            40 medium
            +15 errors: has 1 finding of severity error
            +7 size: adds 3 lines
            +6 opaque: 1 file could not be examined
            +6 warnings: has 2 findings of severity warning
            +3 prior-fixes: at least 120 of the changes to these files before were fixes
            +3 recent-churn: these files last changed less than a day ago
        "#]],
    );
}

#[test]
fn tests_only() {
    let features = RiskFeatures {
        files: 1,
        lines_added: 60,
        tests_touched: 3,
        tests_only: true,
        ..RiskFeatures::default()
    };
    check(
        &features,
        &expect![[r#"
        11 low
        +21 size: adds 60 lines
        -10 tests-only: changes tests only
    "#]],
    );
}

#[test]
fn files_that_never_changed_before_have_no_history_to_fear() {
    let new = HistoryFeatures::default();
    let features = RiskFeatures { history: Some(new), ..RiskFeatures::default() };
    assert_eq!(score(&features), score(&RiskFeatures::default()));
}

prop_compose! {
    fn some_history()(
        prior_changes in 0..5_000_u32,
        authors in any::<u32>(),
        age_days in any::<f64>(),
        fixes in any::<u32>(),
        truncated in any::<bool>(),
    ) -> HistoryFeatures {
        HistoryFeatures { prior_changes, authors, age_days, fixes, truncated }
    }
}

prop_compose! {
    fn some_features()(
        counts in prop::array::uniform16(prop_oneof![0..6_u32, 0..3_000_u32, any::<u32>()]),
        entropy in prop_oneof![0.0..1.0_f64, any::<f64>()],
        (cosmetic_only, tests_only) in any::<(bool, bool)>(),
        history in prop::option::of(some_history()),
    ) -> RiskFeatures {
        RiskFeatures {
            files: counts[0],
            directories: counts[1],
            subsystems: counts[2],
            lines_added: counts[3],
            lines_removed: counts[4],
            lines_before: counts[5],
            entropy,
            public_interface_changes: counts[6],
            signature_changes: counts[7],
            body_changes: counts[8],
            entities_removed: counts[9],
            entities_added: counts[10],
            tests_touched: counts[11],
            tests_removed: counts[12],
            opaque_files: counts[13],
            cosmetic_only,
            tests_only,
            errors_found: counts[14],
            warnings_found: counts[15],
            history,
        }
    }
}

proptest! {
    #[test]
    fn the_reasons_add_up_to_the_score(features in some_features()) {
        let risk = score(&features);
        let sum: i64 = risk.reasons.iter().map(|reason| i64::from(reason.points)).sum();
        prop_assert_eq!(i64::from(risk.score), sum.clamp(0, 100));
        prop_assert_eq!(risk.level, RiskLevel::of(risk.score));
        prop_assert!(sum >= -4, "nothing but `tested` takes points that were not given");
        for pair in risk.reasons.windows(2) {
            let key = |reason: &RiskReason| (-i32::from(reason.points).abs(), reason.feature.clone());
            prop_assert!(key(&pair[0]) < key(&pair[1]));
        }
        prop_assert!(risk.reasons.iter().all(|reason| reason.points != 0 && !reason.text.is_empty()));
    }

    #[test]
    fn more_of_what_is_feared_never_lowers_the_score(features in some_features(), more in 1..500_u32) {
        let before = score(&features).score;
        let grown: [fn(&mut RiskFeatures) -> &mut u32; 7] = [
            |f| &mut f.lines_added,
            |f| &mut f.files,
            |f| &mut f.errors_found,
            |f| &mut f.opaque_files,
            |f| &mut f.tests_removed,
            |f| &mut f.entities_removed,
            |f| &mut f.warnings_found,
        ];
        for of in grown {
            let mut worse = features.clone();
            let count = of(&mut worse);
            *count = count.saturating_add(more);
            prop_assert!(score(&worse).score >= before);
        }
    }

    #[test]
    fn logarithms_are_cut_to_their_places(number in 1..u64::from(u32::MAX) + 1) {
        let exact = (number as f64).log2() * LOG_ONE as f64;
        let fixed = log2(number) as f64;
        prop_assert!(fixed <= exact + 1e-6 && exact < fixed + 1.01, "{fixed} is not {exact}");
    }
}

#[test]
fn logarithms_of_powers_are_exact() {
    assert_eq!(log2(0), 0);
    for power in 0..64 {
        assert_eq!(log2(1 << power), power * LOG_ONE);
    }
}
