package countersign.tests.weakened_test

import data.countersign.tests.weakened
import data.countersign.lib.change_test as change

test_test_weakened_is_a_reason if {
	said := weakened.review with input as change.found("test.weakened", "warning")
	said == {{
		"message": "found by test.weakened",
		"path": "src/parse.rs",
		"line": 11,
		"severity": "warning",
	}}
}

test_test_skipped_is_a_reason if {
	said := weakened.review with input as change.found("test.skipped", "warning")
	said == {{
		"message": "found by test.skipped",
		"path": "src/parse.rs",
		"line": 11,
		"severity": "warning",
	}}
}

test_a_change_without_it_passes if {
	count(weakened.review) == 0 with input as change.small
}

test_another_finding_is_not_its_business if {
	count(weakened.review) == 0 with input as change.found("path.ci", "error")
}

test_every_finding_is_named if {
	first := change.found("test.weakened", "warning").findings[0]
	second := object.union(first, {"first_line": 30})
	both := object.union(change.small, {"findings": [first, second]})
	said := weakened.review with input as both
	{reason.line | some reason in said} == {11, 30}
}

test_a_marker_that_silences_the_others_needs_a_person if {
	count(weakened.review) == 1 with input as change.found("test.focused", "warning")
}

test_a_test_that_asserts_nothing_needs_a_person if {
	count(weakened.review) == 1 with input as change.found("test.asserts-nothing", "warning")
}

test_code_that_answers_a_test_needs_a_person if {
	count(weakened.review) == 1 with input as change.found("test.special-cased", "warning")
}
