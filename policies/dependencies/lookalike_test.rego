package countersign.dependencies.lookalike_test

import data.countersign.dependencies.lookalike
import data.countersign.lib.change_test as change

test_the_worst_is_denied if {
	document := change.found("dependency.lookalike", "error")
	said := lookalike.deny with input as document
	{reason.line | some reason in said} == {11}
	count(lookalike.review) == 0 with input as document
}

test_a_milder_one_needs_a_person if {
	document := change.found("dependency.lookalike", "warning")
	count(lookalike.deny) == 0 with input as document
	count(lookalike.review) == 1 with input as document
}

test_a_note_is_no_reason if {
	document := change.found("dependency.lookalike", "note")
	count(lookalike.deny) == 0 with input as document
	count(lookalike.review) == 0 with input as document
}

test_another_finding_is_not_its_business if {
	document := change.found("path.ci", "error")
	count(lookalike.deny) == 0 with input as document
	count(lookalike.review) == 0 with input as document
}

# A program may not take it on itself to say that the name is meant.
test_what_a_program_proposes_is_denied if {
	document := object.union(
		change.found("dependency.lookalike", "warning"),
		{"actor": {"kind": "program", "name": "night", "surface": "headless"}},
	)
	count(lookalike.deny) == 1 with input as document
	count(lookalike.deny) == 0 with input as object.union(document, {"action": "check"})
	count(lookalike.review) == 1 with input as object.union(document, {"action": "check"})
}
