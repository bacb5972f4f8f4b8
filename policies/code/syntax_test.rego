package countersign.code.syntax_test

import data.countersign.code.syntax
import data.countersign.lib.change_test as change

test_syntax_broken_is_a_reason if {
	said := syntax.deny with input as change.found("syntax.broken", "error")
	said == {{
		"message": "found by syntax.broken",
		"path": "src/parse.rs",
		"line": 11,
		"severity": "error",
	}}
}

test_a_change_without_it_passes if {
	count(syntax.deny) == 0 with input as change.small
}

test_another_finding_is_not_its_business if {
	count(syntax.deny) == 0 with input as change.found("path.ci", "error")
}

test_every_finding_is_named if {
	first := change.found("syntax.broken", "error").findings[0]
	second := object.union(first, {"first_line": 30})
	both := object.union(change.small, {"findings": [first, second]})
	said := syntax.deny with input as both
	{reason.line | some reason in said} == {11, 30}
}

test_what_may_never_have_parsed_needs_a_person if {
	broken := change.found("syntax.broken", "warning")
	count(syntax.deny) == 0 with input as broken
	count(syntax.review) == 1 with input as broken
}

test_broken_test_data_is_only_noted if {
	broken := change.found("syntax.broken", "note")
	count(syntax.deny) == 0 with input as broken
	count(syntax.review) == 0 with input as broken
}

test_structure_that_was_not_read_needs_a_person if {
	count(syntax.review) == 1 with input as change.found("syntax.unread", "warning")
}

test_a_denial_is_not_a_review_as_well if {
	count(syntax.review) == 0 with input as change.found("syntax.broken", "error")
}
