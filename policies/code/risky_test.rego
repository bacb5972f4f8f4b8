package countersign.code.risky_test

import data.countersign.code.risky
import data.countersign.lib.change_test as change

test_unsafe_added_is_a_reason if {
	said := risky.review with input as change.found("unsafe.added", "warning")
	said == {{
		"message": "found by unsafe.added",
		"path": "src/parse.rs",
		"line": 11,
		"severity": "warning",
	}}
}

test_eval_added_is_a_reason if {
	said := risky.review with input as change.found("eval.added", "warning")
	said == {{
		"message": "found by eval.added",
		"path": "src/parse.rs",
		"line": 11,
		"severity": "warning",
	}}
}

test_exec_added_is_a_reason if {
	said := risky.review with input as change.found("exec.added", "warning")
	said == {{
		"message": "found by exec.added",
		"path": "src/parse.rs",
		"line": 11,
		"severity": "warning",
	}}
}

test_a_change_without_it_passes if {
	count(risky.review) == 0 with input as change.small
}

test_another_finding_is_not_its_business if {
	count(risky.review) == 0 with input as change.found("path.ci", "error")
}

test_every_finding_is_named if {
	first := change.found("unsafe.added", "warning").findings[0]
	second := object.union(first, {"first_line": 30})
	both := object.union(change.small, {"findings": [first, second]})
	said := risky.review with input as both
	{reason.line | some reason in said} == {11, 30}
}

test_a_silenced_check_is_left_to_the_reader if {
	count(risky.review) == 0 with input as change.found("suppression.added", "note")
}

test_each_kind_needs_a_person if {
	every rule in {"built-query.added", "deserialize.added", "disable-verification.added", "raw-html.added", "shell.added", "unsafe-cast.added"} {
		count(risky.review) == 1 with input as change.found(rule, "warning")
	}
}
