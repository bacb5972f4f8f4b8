package countersign.dependencies.integrity_test

import data.countersign.dependencies.integrity
import data.countersign.lib.change_test as change

test_the_worst_is_denied if {
	document := change.found("dependency.integrity", "error")
	said := integrity.deny with input as document
	{reason.line | some reason in said} == {11}
	count(integrity.review) == 0 with input as document
}

test_a_milder_one_needs_a_person if {
	document := change.found("dependency.integrity", "warning")
	count(integrity.deny) == 0 with input as document
	count(integrity.review) == 1 with input as document
}

test_a_note_is_no_reason if {
	document := change.found("dependency.integrity", "note")
	count(integrity.deny) == 0 with input as document
	count(integrity.review) == 0 with input as document
}

test_another_finding_is_not_its_business if {
	document := change.found("path.ci", "error")
	count(integrity.deny) == 0 with input as document
	count(integrity.review) == 0 with input as document
}
