package countersign.risk.high_test

import data.countersign.lib.change_test as change
import data.countersign.risk.high

scored(score, level) := object.union(change.small, {"risk": {"score": score, "level": level}})

test_below_the_limit_passes if {
	count(high.review) == 0 with input as scored(49, "medium")
}

test_the_limit_needs_a_person if {
	high.review == {{"message": "the risk is high: 50 of 100", "severity": "warning"}} with input as scored(50, "high")
}

test_the_reasons_are_told if {
	reasons := [
		{"feature": "size", "points": 30, "text": "900 lines"},
		{"feature": "tests-only", "points": -5, "text": "only tests"},
		{"feature": "spread", "points": 20, "text": "12 folders"},
		{"feature": "age", "points": 1, "text": "new files"},
	]
	change_at_risk := object.union(scored(80, "critical"), {"risk": {"reasons": reasons}})
	said := high.review with input as change_at_risk
	said == {{"message": "the risk is critical: 80 of 100; 900 lines, 12 folders", "severity": "error"}}
}

test_a_stricter_limit_is_heeded if {
	strict := object.union(change.small, {"limits": {"review_risk": 5}})
	count(high.review) == 1 with input as strict
}
